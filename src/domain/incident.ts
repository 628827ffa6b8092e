/** What only a person can settle, and what they may decide. */

export type IncidentKind =
  | "UNRESOLVED_PAYMENT"
  | "JOURNAL_LOST"
  | "ORPHAN_RESULT"
  | "FOREIGN_RESULT"
  | "SEQUENCE_BACKWARDS"
  | "CONTRADICTION"
  | "WRONG_AMOUNT"
  | "CARD_NUMBER"
  | "UNREADABLE_RESULT"
  | "REVERSAL_REFUSED"
  | "REVERSAL_UNRESOLVED"
  | "ADVICE_UNANSWERED"
  | "DELETED_WITH_OPEN_WORK";

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
    meaning: "The device that was asked to pay was wiped, replaced or revoked before it said how the payment ended.",
    remedy: "Ask the terminal's host about the payment, and decide `paid` or `not_paid`.",
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
      "An approval that came too late could not be taken back: the cardholder has paid, and the till was told no.",
    remedy:
      "Give the money back by other means, or keep the sale with the cardholder's consent. Then decide `settled`.",
  },
  REVERSAL_UNRESOLVED: {
    meaning: "It is not known whether an approval that came too late has been taken back.",
    remedy: "Bring the terminal back online, or ask its host. Then decide `settled`.",
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
};

/** Decisions that an incident takes, by what it is about and whether that is still open. */
export function allowedDecisions(
  kind: IncidentKind,
  still: { readonly prompt_is_unresolved: boolean; readonly advice_is_open: boolean },
): readonly DecisionOutcome[] {
  if (kind === "ADVICE_UNANSWERED") return still.advice_is_open ? ["accepted", "refused"] : ["settled"];
  return still.prompt_is_unresolved ? ["paid", "not_paid"] : ["settled"];
}
