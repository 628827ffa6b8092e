/** Whether a refund may be asked for, and what its end means for the money (in-person-rules R50-R64, prompt-life section 6). */
import type { OrderItem, TakenLine } from "../contract/shapes.ts";
import type { TransactionEvent } from "../contract/transaction.ts";
import { hostFacts } from "./host-facts.ts";
import { refusalOfLines } from "./lines.ts";
import { formatAmount } from "./money.ts";
import type { CallbackError, PromptStatus } from "./prompt.ts";
import { Rejection } from "./rejections.ts";
import type { TerminalWord } from "./sale-outcome.ts";
import { type Balance, refundable, statusOf, type TransactionStatus } from "./transaction.ts";

export interface WantedRefund {
  /** Minor units of the transaction's currency. */
  readonly amount: number;
  readonly items?: readonly TakenLine[] | undefined;
  readonly terminal_id: string;
}

export interface RefundedPayment extends Balance {
  readonly status: TransactionStatus;
  readonly currency: string;
  readonly payout_destination_id: string;
  readonly lines: readonly OrderItem[];
  /** The lines of earlier refunds that were paid back, or of which nobody knows yet. */
  readonly refunded_lines: readonly TakenLine[];
}

/** What the terminal's name leads to; `undefined` where the account has no such terminal. */
export interface RefundTerminal {
  readonly terminal_status: string;
  readonly store_status: string;
  readonly payout_destination_id: string | null;
  /** Null before its first connection. */
  readonly capabilities: { readonly kinds: readonly string[]; readonly currencies: readonly string[] } | null;
}

/** Why the refund cannot be accepted, or `undefined` if it can. */
export function refusalOfRefund(
  wanted: WantedRefund,
  payment: RefundedPayment,
  terminal: RefundTerminal | undefined,
): Rejection | undefined {
  return (
    statusRefusal(payment) ??
    amountRefusal(wanted, payment) ??
    refusalOfLines(wanted.amount, wanted.items, { ordered: payment.lines, taken: payment.refunded_lines }) ??
    terminalRefusal(wanted, payment, terminal)
  );
}

const refundableStatuses: readonly TransactionStatus[] = [
  "CAPTURED",
  "PARTIALLY_CAPTURED",
  "PARTIALLY_REFUNDED",
  "PARTIALLY_CAPTURED_REFUNDED",
];

function statusRefusal({ status }: RefundedPayment): Rejection | undefined {
  if (status === "UNKNOWN") return new Rejection("REFUND_OF_UNKNOWN");
  if (status === "REFUNDED") return new Rejection("ALREADY_REFUNDED");
  if (!refundableStatuses.includes(status)) return new Rejection("NOT_CAPTURED", { status });
  return undefined;
}

function amountRefusal({ amount }: WantedRefund, payment: RefundedPayment): Rejection | undefined {
  if (amount <= 0) return new Rejection("AMOUNT_NOT_POSITIVE", { amount }, "amount");
  const remaining = refundable(payment);
  if (amount <= remaining) return undefined;
  const { reserved_refund_amount: reserved } = payment;
  return new Rejection("REFUND_EXCEEDS_REMAINING", { amount, remaining, reserved }, "amount");
}

function terminalRefusal(
  { terminal_id }: WantedRefund,
  { currency, payout_destination_id }: RefundedPayment,
  terminal: RefundTerminal | undefined,
): Rejection | undefined {
  const field = "terminal_id";
  if (terminal === undefined || terminal.terminal_status === "DELETED") {
    return new Rejection("TERMINAL_UNKNOWN", { terminal_id }, field);
  }
  if (terminal.payout_destination_id !== payout_destination_id || terminal.store_status !== "ACTIVE") {
    return new Rejection("TERMINAL_OF_ANOTHER_SELLER", { terminal_id, payout_destination_id }, field);
  }
  const status = terminal.terminal_status;
  if (status !== "ACTIVE") return new Rejection("TERMINAL_NOT_ACTIVE", { terminal_id, status }, field);
  const can = terminal.capabilities;
  if (can === null) return undefined;
  if (!can.kinds.includes("refund")) return new Rejection("TERMINAL_CANNOT_REFUND", { terminal_id }, field);
  if (can.currencies.includes(currency)) return undefined;
  return new Rejection("CURRENCY_NOT_TAKEN", { terminal_id, currency, currencies: can.currencies.join(", ") }, field);
}

/** A refund that is under way, or whose failure has been told while nobody knew better. */
export interface OpenRefund {
  readonly request_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly items: readonly TakenLine[] | null;
  readonly event_reference: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly terminal_id: string;
  readonly was_shown: boolean;
  /** The till has been told that it failed. */
  readonly is_told: boolean;
}

export interface RefundOutcome {
  readonly status: PromptStatus;
  readonly transaction_status: TransactionStatus;
  readonly balance: Balance;
  readonly transaction_events: readonly Omit<TransactionEvent, "id" | "created_at">[];
  readonly session_events: readonly [];
  /** Is the amount still reserved? */
  readonly is_reserved: boolean;
  /** What the till is called back about, if anything happened that it has not been told. */
  readonly callback: "none" | { readonly event: "REFUND"; readonly error?: CallbackError };
}

/**
 * What the end of a refund's prompt means. The outcome event is written once: at the first end, or when nobody knows the
 * end in time. Then the amount stays reserved until there is evidence, and no other outcome is told; only a person's
 * decision that the money did go back books it.
 */
export function refundOutcome(
  refund: OpenRefund,
  status: PromptStatus,
  word: TerminalWord,
  before: Balance,
  fresh: { readonly request_id: string; readonly booked_by?: string | undefined },
): RefundOutcome {
  const is_reserved = status === "UNRESOLVED";
  const paid_back = status === "APPROVED" ? refund.amount : 0;
  const balance: Balance = {
    ...before,
    refunded_amount: before.refunded_amount + paid_back,
    reserved_refund_amount: before.reserved_refund_amount - (is_reserved ? 0 : refund.amount),
  };
  const common = { status, transaction_status: statusOf(balance), balance, session_events: [] as const, is_reserved };
  if (refund.is_told && status !== "APPROVED") return { ...common, transaction_events: [], callback: "none" };
  const event = {
    event: "REFUND",
    transaction_status: common.transaction_status,
    amount: refund.amount,
    created_by: refund.terminal_id,
    request_id: fresh.request_id,
    ...(refund.items === null ? {} : { items: [...refund.items] }),
    ...(refund.event_reference === null ? {} : { event_reference: refund.event_reference }),
    metadata: { ...refund.metadata, ...hostFacts(word.facts) },
  } as const;
  if (refund.is_told) {
    // Its failure was told, and is its outcome; this books what a person found out.
    const booked = { ...event, success: true, created_by: fresh.booked_by ?? refund.terminal_id };
    return { ...common, transaction_events: [booked], callback: { event: "REFUND" } };
  }
  const outcome = { ...event, correlation_request_id: refund.request_id };
  if (status === "APPROVED") {
    return { ...common, transaction_events: [{ ...outcome, success: true }], callback: { event: "REFUND" } };
  }
  const { error, callback_error } = failureOf(refund, status, word);
  const failed = { ...outcome, success: false, error, correction: correctionOf(balance) };
  return { ...common, transaction_events: [failed], callback: { event: "REFUND", error: callback_error } };
}

/** What may be done with the transaction after a failed operation (transactions section 4). */
export const correctionOf = (balance: Balance) => ({
  status: statusOf(balance),
  remaining_capture_amount: balance.authorized_amount - balance.captured_amount - balance.voided_amount,
  remaining_refund_amount: refundable(balance),
  remaining_void_amount: balance.captured_amount === 0 ? balance.authorized_amount - balance.voided_amount : 0,
});

/** Code, sentence and the contract's error type (open-questions Q-FAILED-REFUND). */
function failureOf(
  { amount, currency, was_shown }: OpenRefund,
  status: PromptStatus,
  { reason }: TerminalWord,
): { error: { code: string; message: string; type: string[] }; callback_error: CallbackError } {
  switch (status) {
    case "DECLINED":
      return failure("DECLINED", reason ?? "The refund was declined.", "DECLINED", "authorization");
    case "CANCELLED":
      return failure("CANCELLED_ON_TERMINAL", reason ?? "Cancelled on the terminal.", "DECLINED", "cancelled");
    case "UNRESOLVED": {
      const sum = formatAmount(amount, currency);
      const known = "The outcome is not known yet: the terminal has not said how it ended.";
      return failure("EXPIRED", `${known} ${sum} stay reserved until it does.`, "UNKNOWN", "failed");
    }
    case "EXPIRED":
      return was_shown
        ? failure("EXPIRED", reason ?? "Nobody presented a card in time.", "DECLINED", "cancelled")
        : failure("EXPIRED", reason ?? "The terminal could not ask for the card in time.", "ERROR", "failed");
    default:
      return failure("FAILED", reason ?? "The refund failed; no money moved.", "ERROR", "failed");
  }
}

const failure = (code: string, message: string, type: string, callback_error: CallbackError) => ({
  error: { code, message, type: [type] },
  callback_error,
});
