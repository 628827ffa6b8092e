/** What only a person can settle, and what they may decide. */

export type IncidentKind =
  | "UNRESOLVED_PAYMENT"
  | "JOURNAL_LOST"
  | "ORPHAN_RESULT"
  | "FOREIGN_RESULT"
  | "SEQUENCE_BACKWARDS"
  | "SEQUENCE_GAP"
  | "CONTRADICTION"
  | "WRONG_AMOUNT"
  | "CARD_NUMBER"
  | "UNREADABLE_RESULT"
  | "REVERSAL_REFUSED"
  | "REVERSAL_UNRESOLVED"
  | "ADVICE_UNANSWERED"
  | "DELETED_WITH_OPEN_WORK"
  | "DELIVERY_EXHAUSTED"
  | "RECEIVER_FAILING";

/**
 * What a person found out. paid, not_paid: whether the money of an unresolved payment or refund moved. accepted, refused:
 * what the host made of an advice. settled: seen, and dealt with.
 */
export type DecisionOutcome = "paid" | "not_paid" | "accepted" | "refused" | "settled";

interface IncidentRule {
  readonly meaning: string;
  readonly remedy: string;
}

export const incidentRules: Readonly<Record<IncidentKind, IncidentRule>> = {
  UNRESOLVED_PAYMENT: {
    meaning:
      "A payment has been UNKNOWN for a long time, or a refund's amount reserved: the terminal has not said how it ended.",
    remedy: "Bring the terminal back online; it reports by itself. Else ask its host, and decide `paid` or `not_paid`.",
  },
  JOURNAL_LOST: {
    meaning:
      "The device that was asked for a payment or a refund was wiped, replaced or revoked before it said how that ended.",
    remedy: "Ask the terminal's host about it, and decide `paid` or `not_paid`: whether the money moved.",
  },
  ORPHAN_RESULT: {
    meaning: "A terminal reported a result of a prompt that we do not know, as after a restore from an old backup.",
    remedy: "Compare with the till and the host; nothing is reversed by itself. Then decide `settled`.",
  },
  FOREIGN_RESULT: {
    meaning: "A result came from another journal than the one the prompt was sent to. It counts as no evidence.",
    remedy: "Find out which device sent it: a cloned key, or an old device. Then decide `settled`.",
  },
  SEQUENCE_BACKWARDS: {
    meaning: "A terminal's results ran backwards: its journal was set back. The result counts as no evidence.",
    remedy: "Have the device wiped and paired anew; compare its totals with the books. Then decide `settled`.",
  },
  SEQUENCE_GAP: {
    meaning: "A terminal's results have a gap: one is missing for good, and may have said otherwise than the next.",
    remedy:
      "Ask the terminal's host what it approved and paid back since the last result before the gap, and compare. Then " +
      "decide `settled`.",
  },
  CONTRADICTION: {
    meaning: "A terminal said two different things about one prompt. The first one stands.",
    remedy: "Ask the host which is right. Then decide `settled`.",
  },
  WRONG_AMOUNT: {
    meaning: "A terminal approved another amount or currency than was asked. It is being reversed.",
    remedy:
      "See that the reversal has succeeded; have the terminal looked at. Then decide `settled`, or what was paid.",
  },
  CARD_NUMBER: {
    meaning: "A terminal sent what looks like a whole card number. It was masked before it was stored.",
    remedy: "Tell the terminal's maker which field it was. Then decide `settled`.",
  },
  UNREADABLE_RESULT: {
    meaning: "A terminal reported a result that is not of the protocol. It was stored and acknowledged.",
    remedy: "Read the stored frame, ask the host about the payment, and decide.",
  },
  REVERSAL_REFUSED: {
    meaning:
      "An approval that came too late could not be taken back. Of a sale: the cardholder has paid, and the till was told " +
      "no. Of a refund: the cardholder has the money back, and the till was told that the refund failed.",
    remedy:
      "Of a sale: give the money back by other means, or keep the sale with the cardholder's consent, and decide " +
      "`settled`. Of a refund: do not give the money back again; decide `paid`, which books it, or `not_paid` if the host " +
      "says that it did not go back after all.",
  },
  REVERSAL_UNRESOLVED: {
    meaning: "It is not known whether an approval that came too late, of a sale or of a refund, has been taken back.",
    remedy:
      "Bring the terminal back online, or ask its host. Then decide `settled`; of a refund whose amount is still reserved " +
      "`paid` if the cardholder has the money, else `not_paid`.",
  },
  ADVICE_UNANSWERED: {
    meaning: "A capture, a void or a lapse has not been answered by the terminal's host for a long time.",
    remedy:
      "Bring the terminal back online; it is asked again by itself. Else ask its host, and decide `accepted` or `refused`.",
  },
  DELETED_WITH_OPEN_WORK: {
    meaning: "A terminal was deleted while something was open on it. That goes on to its end; nothing was called off.",
    remedy: "Leave the device switched on and connected until what `details` names has ended. Then decide `settled`.",
  },
  DELIVERY_EXHAUSTED: {
    meaning: "A callback or a webhook has failed at its last try: the receiver has not been told.",
    remedy:
      "Mend the receiver. A webhook's delivery is sent again with its `redeliver` call; what a callback would have said is " +
      "read from the transaction. Then decide `settled`.",
  },
  RECEIVER_FAILING: {
    meaning:
      "A webhook's receiver has failed again and again. Its hook is paused: everything is kept, and nothing is lost.",
    remedy:
      "Mend the receiver. It is asked each minute whether it is back, and then gets what was kept, in order; this incident " +
      "is settled by that.",
  },
};

/** Decisions that an incident takes, by what it is about and whether that is still open. */
export function allowedDecisions(
  kind: IncidentKind,
  still: { readonly prompt_is_unresolved: boolean; readonly advice_is_open: boolean },
): readonly DecisionOutcome[] {
  if (kind === "ADVICE_UNANSWERED") return still.advice_is_open ? ["accepted", "refused"] : ["settled"];
  return still.prompt_is_unresolved ? ["paid", "not_paid"] : ["settled"];
}
