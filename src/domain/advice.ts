/** Captures, voids and lapses of an authorization: whether one may be asked for, and what the host's answer means (prompt-life section 7). */
import type { TakenLine } from "../contract/shapes.ts";
import type { TransactionEvent } from "../contract/transaction.ts";
import { type HostFacts, hostFacts } from "./host-facts.ts";
import { type Lines, refusalOfLines } from "./lines.ts";
import { correctionOf } from "./refund.ts";
import { Rejection } from "./rejections.ts";
import { type Balance, capturable, statusOf, type TransactionStatus } from "./transaction.ts";

/** lapse: nobody captured the rest in time. */
export type AdviceKind = "capture" | "void" | "lapse";

interface Authorization extends Balance {
  readonly status: TransactionStatus;
}

export function refusalOfCapture(
  { amount, items }: { readonly amount: number; readonly items?: readonly TakenLine[] | undefined },
  payment: Authorization,
  lines: Lines,
): Rejection | undefined {
  const { status, authorized_amount } = payment;
  const remaining = capturable(payment);
  if (authorized_amount === 0 || remaining === 0) return new Rejection("NOTHING_TO_CAPTURE", { status });
  if (amount <= 0) return new Rejection("AMOUNT_NOT_POSITIVE", { amount }, "amount");
  if (amount > remaining) return new Rejection("CAPTURE_EXCEEDS_REMAINING", { amount, remaining }, "amount");
  return refusalOfLines(amount, items, lines);
}

export function refusalOfVoid({ status, captured_amount }: Authorization): Rejection | undefined {
  if (status === "AUTHORIZED") return undefined;
  return captured_amount > 0
    ? new Rejection("VOID_AFTER_CAPTURE", { status })
    : new Rejection("NOTHING_TO_VOID", { status });
}

export interface AnsweredAdvice {
  readonly kind: AdviceKind;
  readonly amount: number;
  readonly request_id: string;
  readonly requested_by: string;
  readonly initiated: boolean;
  readonly cancels_session: boolean;
  readonly items: readonly TakenLine[] | null;
  readonly event_reference: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
}

export interface AdviceAnswer {
  readonly accepted: boolean;
  readonly reason?: string | undefined;
  readonly facts?: HostFacts | undefined;
}

export interface AdviceOutcome {
  readonly transaction_status: TransactionStatus;
  readonly balance: Balance;
  readonly transaction_events: readonly Omit<TransactionEvent, "id" | "created_at">[];
  readonly session_events: readonly { name: "CANCELLED"; details?: object }[];
  readonly cancelled_by?: string | undefined;
  readonly callback: { readonly event: "CAPTURE" | "VOID"; readonly error?: "failed" };
}

/** The event is written on the host's answer only. */
export function adviceOutcome(
  advice: AnsweredAdvice,
  { accepted, reason, facts }: AdviceAnswer,
  before: Balance,
  fresh: { readonly request_id: string; readonly payout_correlation_id: string },
): AdviceOutcome {
  const name = advice.kind === "capture" ? "CAPTURE" : "VOID";
  const moved = accepted ? advice.amount : 0;
  const balance: Balance =
    advice.kind === "capture"
      ? { ...before, captured_amount: before.captured_amount + moved }
      : { ...before, voided_amount: before.voided_amount + moved };
  const payout = accepted && name === "CAPTURE" ? { payout_correlation_id: fresh.payout_correlation_id } : {};
  const event = {
    event: name,
    transaction_status: statusOf(balance),
    amount: advice.amount,
    created_by: advice.requested_by,
    // The outcome of what was answered 202 refers to its INITIATE event, and has an id of its own.
    ...(advice.initiated
      ? { request_id: fresh.request_id, correlation_request_id: advice.request_id }
      : { request_id: advice.request_id }),
    ...(advice.items === null ? {} : { items: [...advice.items] }),
    ...(advice.event_reference === null ? {} : { event_reference: advice.event_reference }),
    metadata: { ...advice.metadata, ...hostFacts(facts), ...payout },
  } as const;
  const came_true = accepted && advice.cancels_session;
  const refusal = { code: "REFUSED", message: reason ?? "The terminal's host refused it.", type: ["ERROR"] };
  return {
    transaction_status: event.transaction_status,
    balance,
    transaction_events: accepted
      ? [{ ...event, success: true }]
      : [{ ...event, success: false, error: refusal, correction: correctionOf(balance) }],
    session_events: came_true ? [{ name: "CANCELLED" }] : [],
    cancelled_by: came_true ? advice.requested_by : undefined,
    callback: accepted ? { event: name } : { event: name, error: "failed" },
  };
}
