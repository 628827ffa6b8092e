/**
 * The life of a prompt: one request to one terminal for one cardholder.
 *
 * This table is the rule. The flows ask it what follows from what, the database repeats it as constraints, the
 * documentation draws it, and the tests walk it. A status leaves only by a way out that stands here.
 */

export type PromptKind = "purchase" | "authorize" | "refund";

export type PromptStatus =
  | "WAITING"
  | "PENDING"
  | "SENT"
  | "SHOWN"
  | "PROCESSING"
  | "UNRESOLVED"
  | "APPROVED"
  | "DECLINED"
  | "CANCELLED"
  | "EXPIRED"
  | "FAILED";

/** What can happen to a prompt: our own acts, the clock's, and what the terminal says. */
export type PromptEvent =
  | "terminal_freed"
  | "cancel"
  | "deadline"
  | "sent"
  | "shown"
  | "card_presented"
  | "too_late"
  | "approved"
  | "approved_otherwise"
  | "approved_too_late"
  | "declined"
  | "cancelled"
  | "stopped"
  | "not_shown"
  | "timed_out"
  | "failed"
  | "in_progress"
  | "stop_unanswered"
  | "processing_limit"
  | "journal_lost"
  | "decided_paid"
  | "decided_unpaid";

interface WayOut {
  readonly on: PromptEvent;
  readonly to: PromptStatus;
  /** The way holds only if a cancel was (or was not) asked for before. Absent: it always holds. */
  readonly when?: "cancel_asked" | "no_cancel_asked";
  /** What the server does about it besides changing the status. */
  readonly asks_terminal?: "stop" | "inquire";
}

interface StatusRule {
  readonly meaning: string;
  readonly final: boolean;
  readonly ways_out: readonly WayOut[];
}

/** Every answer of a terminal that ends a prompt on evidence, wherever the prompt stood. */
const results: readonly WayOut[] = [
  { on: "approved", to: "APPROVED" },
  { on: "approved_otherwise", to: "UNRESOLVED" },
  { on: "declined", to: "DECLINED" },
  { on: "cancelled", to: "CANCELLED" },
  { on: "timed_out", to: "EXPIRED" },
  { on: "failed", to: "FAILED" },
  { on: "stopped", to: "CANCELLED", when: "cancel_asked" },
  { on: "stopped", to: "EXPIRED", when: "no_cancel_asked" },
];

const notShown: WayOut = { on: "not_shown", to: "EXPIRED" };

/** The device that knows was wiped, replaced or revoked: its successor's word is no evidence. */
const journalLost: WayOut = { on: "journal_lost", to: "UNRESOLVED" };

export const promptRules: Readonly<Record<PromptStatus, StatusRule>> = {
  WAITING: {
    meaning: "A refund whose terminal is occupied. The terminal has not been told yet.",
    final: false,
    ways_out: [
      { on: "terminal_freed", to: "PENDING" },
      { on: "deadline", to: "EXPIRED" },
    ],
  },
  PENDING: {
    meaning: "A row. Nothing was ever written to a connection.",
    final: false,
    ways_out: [
      { on: "sent", to: "SENT" },
      { on: "cancel", to: "CANCELLED" },
      { on: "deadline", to: "EXPIRED" },
    ],
  },
  SENT: {
    meaning: "It may or may not have arrived.",
    final: false,
    ways_out: [
      { on: "sent", to: "SENT" },
      { on: "shown", to: "SHOWN" },
      { on: "card_presented", to: "PROCESSING" },
      { on: "too_late", to: "PROCESSING" },
      notShown,
      ...results,
      { on: "cancel", to: "SENT", asks_terminal: "stop" },
      { on: "deadline", to: "SENT", asks_terminal: "stop" },
      { on: "stop_unanswered", to: "UNRESOLVED" },
      journalLost,
    ],
  },
  SHOWN: {
    meaning: "It is on the screen, and no card has been presented.",
    final: false,
    ways_out: [
      { on: "card_presented", to: "PROCESSING" },
      { on: "too_late", to: "PROCESSING" },
      ...results,
      { on: "cancel", to: "SHOWN", asks_terminal: "stop" },
      { on: "deadline", to: "SHOWN", asks_terminal: "stop" },
      { on: "stop_unanswered", to: "UNRESOLVED" },
      journalLost,
    ],
  },
  PROCESSING: {
    meaning: "A card was presented. Money may move, and neither the point of sale nor the clock can call it off.",
    final: false,
    ways_out: [...results, { on: "processing_limit", to: "UNRESOLVED", asks_terminal: "inquire" }, journalLost],
  },
  UNRESOLVED: {
    meaning: "We do not know. The transaction reads UNKNOWN until there is evidence or a person's recorded decision.",
    final: false,
    ways_out: [
      ...results,
      { on: "approved_too_late", to: "UNRESOLVED" },
      notShown,
      { on: "in_progress", to: "UNRESOLVED", asks_terminal: "inquire" },
      { on: "cancel", to: "UNRESOLVED", asks_terminal: "stop" },
      { on: "decided_paid", to: "APPROVED" },
      { on: "decided_unpaid", to: "FAILED" },
    ],
  },
  APPROVED: { meaning: "The host approved.", final: true, ways_out: [] },
  DECLINED: { meaning: "The host or the issuer said no.", final: true, ways_out: [] },
  CANCELLED: { meaning: "Called off on the terminal or by the API before money moved.", final: true, ways_out: [] },
  EXPIRED: { meaning: "Nobody presented a card in time, or it was never shown.", final: true, ways_out: [] },
  FAILED: { meaning: "Something broke, and we know that no money moved.", final: true, ways_out: [] },
};

export const promptStatuses = Object.keys(promptRules) as PromptStatus[];

export const isFinal = (status: PromptStatus): boolean => promptRules[status].final;

/** Statuses in which the prompt takes up its terminal. */
export const openPromptStatuses = promptStatuses.filter((status) => !isFinal(status) && status !== "WAITING");

/**
 * The status that follows, or `undefined` where the table has no such way out: then the event is stored as evidence and
 * answered, and changes nothing (prompt-life section 5).
 */
export function nextStatus(from: PromptStatus, on: PromptEvent, cancel_asked: boolean): PromptStatus | undefined {
  const way = promptRules[from].ways_out.find(
    (candidate) =>
      candidate.on === on && (candidate.when === undefined || (candidate.when === "cancel_asked") === cancel_asked),
  );
  return way?.to;
}

/** Every pair of different statuses the table allows; the database's trigger allows exactly these. */
export function allowedPromptSteps(): readonly (readonly [PromptStatus, PromptStatus])[] {
  return promptStatuses.flatMap((from) => {
    const targets = new Set(promptRules[from].ways_out.map((way) => way.to).filter((to) => to !== from));
    return [...targets].map((to) => [from, to] as const);
  });
}

/** A result as a terminal words it. `not_shown` counts only from the journal that the prompt was sent to. */
export type PromptOutcome = "approved" | "declined" | "cancelled" | "stopped" | "not_shown" | "timed_out" | "failed";

/** The callback's word for a payment that did not happen (callbacks-and-webhooks A3). */
export type CallbackError = "cancelled" | "authorization" | "failed";

export interface PosView {
  readonly transaction_status: "AUTHORIZED" | "DECLINED" | "FAILED" | "UNKNOWN";
  readonly callback_error?: CallbackError;
}

/**
 * What the point of sale is told about a purchase or an authorization (prompt-life section 3), or `undefined` while it
 * is still open. APPROVED reads AUTHORIZED here; capture follows from the kind of prompt.
 */
export function posView(status: PromptStatus, was_shown: boolean): PosView | undefined {
  switch (status) {
    case "APPROVED":
      return { transaction_status: "AUTHORIZED" };
    case "DECLINED":
      return { transaction_status: "DECLINED", callback_error: "authorization" };
    case "CANCELLED":
      return { transaction_status: "DECLINED", callback_error: "cancelled" };
    case "EXPIRED":
      return was_shown
        ? { transaction_status: "DECLINED", callback_error: "cancelled" }
        : { transaction_status: "FAILED", callback_error: "failed" };
    case "FAILED":
      return { transaction_status: "FAILED", callback_error: "failed" };
    case "UNRESOLVED":
      return { transaction_status: "UNKNOWN" };
    case "WAITING":
    case "PENDING":
    case "SENT":
    case "SHOWN":
    case "PROCESSING":
      return undefined;
  }
}
