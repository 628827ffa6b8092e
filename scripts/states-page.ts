/** The tables of docs/states.md: the prompt's life, what the point of sale reads, and a transaction's status. */
import { readConfig } from "../src/config.ts";
import {
  isFinal,
  type PosView,
  type PromptEvent,
  type PromptStatus,
  posView,
  promptRules,
  promptStatuses,
} from "../src/domain/prompt.ts";
import { refundOutcome } from "../src/domain/refund.ts";
import { type Balance, noBalance, statusOf } from "../src/domain/transaction.ts";
import { deadlineGrace_ms } from "../src/flows/deadlines.ts";
import { code, table, withSections } from "./markdown.ts";

export const statesPage = (before: string): string =>
  withSections(before, "docs/states.md", {
    statuses: table(["Status", "Meaning", "Final"], promptStatuses.map(statusRow)),
    events: table(["What happens", "Who says so", "Meaning"], eventRows()),
    "ways-out": promptStatuses
      .filter((status) => !isFinal(status))
      .map(waysOut)
      .join("\n\n"),
    "point-of-sale": table(["Prompt", "Transaction", "Callback's `error`"], posRows()),
    refunds: table(
      ["Prompt", "`REFUND` event", "Its error", "The amount", "Callback's `error`, with `report_event=REFUND`"],
      refundRows(),
    ),
    amounts: table(["Authorized", "Captured", "Refunded", "Voided", "Status"], balances.map(balanceRow)),
  });

const statusRow = (status: PromptStatus): string[] => [
  code(status),
  promptRules[status].meaning,
  isFinal(status) ? "yes" : "",
];

const limits = readConfig({});
const seconds = (ms: number): string => `${ms / 1000} seconds`;

type Witness = "the terminal" | "the server" | "the clock" | "the point of sale" | "a person";

/** Every event, so that a new one is not forgotten here: the type says so. */
const events: Readonly<Record<PromptEvent, readonly [Witness, string]>> = {
  terminal_freed: ["the server", "What occupied the terminal has ended."],
  sent: ["the server", "The prompt is about to be written to the terminal's connection, for the first time or again."],
  cancel: ["the point of sale", "The payment is to be called off. The mark stays on the prompt until it has ended."],
  deadline: [
    "the clock",
    `The time to present a card is over, and ${seconds(deadlineGrace_ms)} more have passed. It is ` +
      `${seconds(limits.present_within_ms)} from the request on, or the session's end if that is earlier.`,
  ],
  shown: ["the terminal", "The prompt is on the screen."],
  card_presented: ["the terminal", "A card was presented. From here money may move."],
  too_late: ["the terminal", "It was asked to stop, but a card had been presented."],
  approved: ["the terminal", "Its host approved the amount and the currency that were asked for."],
  approved_otherwise: ["the terminal", "Its host approved another amount or another currency."],
  approved_too_late: [
    "the terminal",
    "Its host approved a refund whose failure had been told, as nobody knew better. It is taken back.",
  ],
  declined: ["the terminal", "Its host or the issuer said no."],
  cancelled: ["the terminal", "Somebody cancelled on the terminal."],
  stopped: ["the terminal", "It took the prompt down because it was asked to."],
  not_shown: ["the terminal", "It never showed the prompt, and never will."],
  timed_out: ["the terminal", "It showed the prompt until the deadline, and nobody presented a card."],
  failed: ["the terminal", "Something broke, and no money moved."],
  in_progress: ["the terminal", "Its host has not answered yet."],
  stop_unanswered: ["the clock", `The terminal did not answer a stop for ${seconds(limits.stop_answer_ms)}.`],
  processing_limit: ["the clock", `No result came for ${seconds(limits.processing_ms)} after the card was presented.`],
  journal_lost: ["the server", "The device that was asked was wiped, replaced or revoked before it said how it ended."],
  decided_paid: ["a person", "The operator decided, on record, that the money moved."],
  decided_unpaid: ["a person", "The operator decided, on record, that no money moved."],
};

const eventRows = (): string[][] =>
  Object.entries(events).map(([event, [witness, meaning]]) => [code(event), witness, meaning]);

const conditions = { cancel_asked: "a cancel was asked for", no_cancel_asked: "no cancel was asked for" };

function waysOut(status: PromptStatus): string {
  const rows = promptRules[status].ways_out.map(({ on, to, when, asks_terminal }) => [
    code(on),
    to === status ? "stays" : code(to),
    when === undefined ? "" : conditions[when],
    asks_terminal === undefined ? "" : code(asks_terminal),
  ]);
  return `### From ${status}\n\n${table(["On", "To", "Only if", "The terminal is asked to"], rows)}`;
}

/** Only an expired prompt is told differently when it was never shown. */
function posRows(): string[][] {
  const ofSales = promptStatuses.filter((status) => status !== "WAITING");
  return ofSales.flatMap((status) => {
    const shown = posView(status, true);
    const never_shown = posView(status, false);
    if (shown?.transaction_status === never_shown?.transaction_status) return [posRow(code(status), shown)];
    return [posRow(`${code(status)} after it was shown`, shown), posRow(`${code(status)}, never shown`, never_shown)];
  });
}

function posRow(prompt: string, view: PosView | undefined): string[] {
  if (view === undefined) return [prompt, code("INITIATED"), "no callback yet"];
  const { transaction_status, callback_error } = view;
  if (transaction_status === "UNKNOWN") return [prompt, code("UNKNOWN"), "no callback until there is an outcome"];
  const transaction =
    transaction_status === "AUTHORIZED" ? "`CAPTURED`, or `AUTHORIZED` without auto-capture" : code(transaction_status);
  return [prompt, transaction, callback_error === undefined ? "none" : code(callback_error)];
}

/** What each end of a refund's prompt tells the till, from the rule itself. */
function refundRows(): string[][] {
  const ends = promptStatuses.filter((status) => isFinal(status) || status === "UNRESOLVED");
  return ends.flatMap((status) =>
    status === "EXPIRED"
      ? [
          refundRow(`${code(status)} after it was shown`, status, true),
          refundRow(`${code(status)}, never shown`, status, false),
        ]
      : [refundRow(code(status), status, true)],
  );
}

function refundRow(prompt: string, status: PromptStatus, was_shown: boolean): string[] {
  const refund = { request_id: "", amount: 10000, currency: "NOK", items: null, event_reference: null, metadata: null };
  const open = { ...refund, terminal_id: "", was_shown, is_told: false };
  const before = { ...captured, reserved_refund_amount: 10000 };
  const { transaction_events, is_reserved, callback } = refundOutcome(open, status, {}, before, { request_id: "" });
  const [event] = transaction_events;
  const error = event?.error?.code === undefined ? "none" : code(event.error.code);
  const told = callback === "none" || callback.error === undefined ? "none" : code(callback.error);
  const money = is_reserved ? "stays reserved" : status === "APPROVED" ? "is paid back" : "is free again";
  return [prompt, event?.success === true ? "success" : "failed", error, money, told];
}

/** One balance for each status that follows from the amounts, of a payment of 399.00. */
const authorized: Balance = { ...noBalance, authorized_amount: 39900 };
const captured: Balance = { ...authorized, captured_amount: 39900 };
const partly: Balance = { ...authorized, captured_amount: 30000 };
const balances: readonly Balance[] = [
  authorized,
  { ...authorized, voided_amount: 39900 },
  partly,
  captured,
  { ...captured, refunded_amount: 10000 },
  { ...captured, refunded_amount: 39900 },
  { ...partly, refunded_amount: 10000 },
];

function balanceRow(balance: Balance): string[] {
  const { authorized_amount, captured_amount, refunded_amount, voided_amount } = balance;
  return [...[authorized_amount, captured_amount, refunded_amount, voided_amount].map(String), code(statusOf(balance))];
}
