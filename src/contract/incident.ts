/** Incidents and evidence: what a person needs to settle what only a person can (additive). */
import Type, { type Static } from "typebox";
import { dateTime, list, open, text } from "./shapes.ts";

export const incidentKinds = [
  "UNRESOLVED_PAYMENT",
  "JOURNAL_LOST",
  "ORPHAN_RESULT",
  "FOREIGN_RESULT",
  "SEQUENCE_BACKWARDS",
  "SEQUENCE_GAP",
  "CONTRADICTION",
  "WRONG_AMOUNT",
  "CARD_NUMBER",
  "UNREADABLE_RESULT",
  "REVERSAL_REFUSED",
  "REVERSAL_UNRESOLVED",
  "ADVICE_UNANSWERED",
  "DELETED_WITH_OPEN_WORK",
  "DELIVERY_EXHAUSTED",
  "RECEIVER_FAILING",
] as const;

export const DecisionOutcome = Type.Enum(["paid", "not_paid", "accepted", "refused", "settled"], {
  description:
    "`paid`, `not_paid`: whether the money of a payment or refund moved whose end is not known. `accepted`, `refused`: " +
    "what the host made of a capture, void or lapse. `settled`: seen, and dealt with",
});

export const Incident = open({
  id: text(),
  kind: Type.Enum([...incidentKinds]),
  meaning: text("What has happened, in a sentence"),
  remedy: text("What to do about it"),
  subject: text("What it is about: the id of a prompt, a reversal or an advice, or the key of a terminal's word"),
  terminal_id: Type.Optional(text()),
  session_id: Type.Optional(text()),
  transaction_id: Type.Optional(text()),
  details: open({}),
  created_at: dateTime(),
  decided_at: Type.Optional(dateTime()),
  decided_by: Type.Optional(text()),
  outcome: Type.Optional(DecisionOutcome),
  reason: Type.Optional(text()),
});
export type Incident = Static<typeof Incident>;

export const Decision = open({
  outcome: DecisionOutcome,
  reason: Type.String({ minLength: 1, description: "How it was found out, for whoever reads this later" }),
});

const PromptEvidence = open({
  id: text("The id the terminal knows it by"),
  kind: text(),
  terminal_id: text(),
  amount: Type.Integer(),
  currency: text(),
  status: text(),
  created_at: dateTime(),
  deadline_at: dateTime("Until when a card could be presented"),
  sent_at: Type.Optional(dateTime()),
  sent_epoch: Type.Optional(Type.Integer({ description: "The connection it was sent over" })),
  sent_journal_id: Type.Optional(text("The journal it was sent to: only that one's word is evidence")),
  shown_at: Type.Optional(dateTime()),
  card_presented_at: Type.Optional(dateTime()),
  cancel_asked_at: Type.Optional(dateTime()),
  cancel_asked_by: Type.Optional(text()),
  unresolved_at: Type.Optional(dateTime()),
  finished_at: Type.Optional(dateTime()),
});

const Word = open({
  received_at: dateTime(),
  terminal_id: text(),
  epoch: Type.Integer(),
  journal_id: text(),
  sequence: Type.Integer(),
  prompt_id: text(),
  verdict: text("What became of it: applied, late, contradiction, orphan, foreign, backwards, unreadable"),
  frame: open({}, "Word for word, card numbers masked"),
});

const ReversalEvidence = open({
  id: text(),
  prompt_id: text(),
  amount: Type.Integer(),
  currency: text(),
  status: Type.Enum(["ISSUED", "SENT", "REVERSED", "REFUSED", "UNRESOLVED"]),
  reason: Type.Optional(text()),
  issued_at: dateTime(),
  sent_at: Type.Optional(dateTime()),
  unresolved_at: Type.Optional(dateTime()),
  finished_at: Type.Optional(dateTime()),
});

const RefundEvidence = open({
  prompt_id: text(),
  request_id: text("Of its INITIATE_REFUND"),
  amount: Type.Integer(),
  reason: Type.Optional(text()),
  requested_by: text(),
  outcome: Type.Optional(Type.Enum(["SUCCEEDED", "FAILED"], { description: "As the till was told" })),
  told_at: Type.Optional(dateTime()),
  reserved_amount: Type.Integer({ description: "Kept back while nobody knows whether the money moved" }),
});

const AdviceEvidence = open({
  id: text(),
  kind: Type.Enum(["capture", "void", "lapse"]),
  terminal_id: text(),
  amount: Type.Integer(),
  currency: text(),
  status: Type.Enum(["DUE", "SENT", "ACCEPTED", "REFUSED"]),
  request_id: text(),
  requested_by: text(),
  reason: Type.Optional(text()),
  created_at: dateTime(),
  sent_at: Type.Optional(dateTime()),
  finished_at: Type.Optional(dateTime()),
});

const CallbackEvidence = open({
  id: text("The `event-delivery` it is sent under"),
  method: text(),
  url: text(),
  status: Type.Enum(["PENDING", "DELIVERED", "REFUSED", "EXHAUSTED"]),
  created_at: dateTime(),
  due_at: dateTime("When it is, or was, to be sent next"),
  finished_at: Type.Optional(dateTime()),
  tries: list(
    open({
      started_at: dateTime(),
      duration_ms: Type.Integer(),
      status: Type.Optional(Type.Integer({ description: "The receiver's HTTP status" })),
      response_body: Type.Optional(text("Its beginning")),
      problem: Type.Optional(text("Why nothing came back")),
    }),
  ),
});

export const Evidence = open(
  {
    transaction_id: text(),
    prompts: list(PromptEvidence),
    words: list(Word),
    reversals: list(ReversalEvidence),
    refunds: list(RefundEvidence),
    advices: list(AdviceEvidence),
    incidents: list(Incident),
    callbacks: list(CallbackEvidence),
  },
  "What was sent, when and over which connection; what the terminal said, and from which journal",
);
export type Evidence = Static<typeof Evidence>;
