/**
 * What a settlement is made of. A CAPTURE or REFUND that succeeded stands in exactly one settlement: that of its seller,
 * its store and the local day it was booked on, or of a later day where it was committed after its own had been settled.
 */
import { localDate, nextLocalMidnight, startOfLocalDay } from "./local-day.ts";

export type SettlementStatus = "NOT_SETTLED" | "PENDING_SETTLEMENT" | "PARTIALLY_SETTLED" | "SETTLED";

/** What of a transaction's money has moved, and how much of it stands in settlements. */
export interface SettledMoney {
  readonly captured_amount: number;
  readonly refunded_amount: number;
  readonly settled_captured_amount: number;
  readonly settled_refunded_amount: number;
}

/** A refund after the settlement makes a settled transaction PARTIALLY_SETTLED until that is settled as well. */
export function settlementStatusOf(money: SettledMoney): SettlementStatus {
  const { captured_amount, refunded_amount, settled_captured_amount, settled_refunded_amount } = money;
  if (captured_amount === 0) return "NOT_SETTLED";
  if (settled_captured_amount === 0 && settled_refunded_amount === 0) return "PENDING_SETTLEMENT";
  const is_whole = settled_captured_amount === captured_amount && settled_refunded_amount === refunded_amount;
  return is_whole ? "SETTLED" : "PARTIALLY_SETTLED";
}

/** We take nothing of what is paid, and know of nobody's fee: what an acquirer takes stands on its own invoice. */
export const fee = 0;

/** What the settlement of one day is about, an interval that its end is no part of. */
export interface Day {
  readonly start: number;
  readonly end: number;
}

/**
 * How long after midnight a day is settled. An event is committed within moments of its time; one that is not stands in
 * the next settlement.
 */
export const settleAfter_ms = 5 * 60 * 1000;

/** The day after all those that are settled; of an account that nothing is settled of, the day it was made on. */
export function dayToSettle(settled_until: number | undefined, account_made: number, time_zone: string): Day {
  const start = settled_until ?? startOfLocalDay(account_made, time_zone);
  return { start, end: nextLocalMidnight(start, time_zone) };
}

/** When a day that begins at `start` may be settled. */
export const dueAfter = (start: number, time_zone: string): number =>
  nextLocalMidnight(start, time_zone) + settleAfter_ms;

/** What a statement of account names a settlement by: its day, and the beginning of its id. */
export const referenceOf = (id: string, day: Day, time_zone: string): string =>
  `${localDate(day.start, time_zone)}-${id.slice(0, 8)}`;

/** A transaction whose money waits, and the row's lock is held. */
export interface UnsettledTransaction extends SettledMoney {
  readonly id: string;
  readonly payout_destination_id: string;
  readonly store_id: string;
}

export interface UnsettledEvent {
  readonly transaction_id: string;
  readonly event_id: number;
  readonly event: "CAPTURE" | "REFUND";
  readonly amount: number;
  /** What the event is known by on reports. */
  readonly payout_correlation_id: string | null;
}

export interface OpenSettlement {
  readonly id: string;
  readonly provider_reference: string;
  readonly payout_destination_id: string;
  readonly store_id: string;
}

/** What a SETTLEMENT event says: which captures and refunds stand in which settlement, and what that makes of the whole. */
export interface SettlementFacts {
  readonly events: readonly {
    readonly settlement_id: string;
    readonly provider_reference: string;
    readonly event_correlation_id?: string;
    readonly amount: number;
    readonly capture: number;
    readonly refund: number;
    readonly fee: number;
  }[];
  readonly settlement_status: SettlementStatus;
}

export interface SettledTransaction {
  readonly transaction_id: string;
  readonly settlement_id: string;
  readonly event_ids: readonly number[];
  readonly capture: number;
  readonly refund: number;
  readonly settlements: SettlementFacts;
}

/** A seller's store: each has a settlement of its own, because one bank account is paid and one store's books are kept. */
export const placeOf = ({ payout_destination_id, store_id }: Omit<OpenSettlement, "id" | "provider_reference">) =>
  JSON.stringify([payout_destination_id, store_id]);

/** What settling these events makes of their transaction. */
export function settledTransaction(
  transaction: UnsettledTransaction,
  events: readonly UnsettledEvent[],
  { id: settlement_id, provider_reference }: OpenSettlement,
): SettledTransaction {
  const sumOf = (name: UnsettledEvent["event"]) =>
    events.reduce((sum, { event, amount }) => sum + (event === name ? amount : 0), 0);
  const [capture, refund] = [sumOf("CAPTURE"), sumOf("REFUND")];
  const settled = {
    ...transaction,
    settled_captured_amount: transaction.settled_captured_amount + capture,
    settled_refunded_amount: transaction.settled_refunded_amount + refund,
  };
  return {
    transaction_id: transaction.id,
    settlement_id,
    event_ids: events.map(({ event_id }) => event_id),
    capture,
    refund,
    settlements: {
      events: events.map(({ event, amount, payout_correlation_id }) => {
        const moved = event === "CAPTURE" ? { capture: amount, refund: 0 } : { capture: 0, refund: amount };
        const correlation = payout_correlation_id === null ? {} : { event_correlation_id: payout_correlation_id };
        const net = moved.capture - moved.refund - fee;
        return { settlement_id, provider_reference, ...correlation, amount: net, ...moved, fee };
      }),
      settlement_status: settlementStatusOf(settled),
    },
  };
}
