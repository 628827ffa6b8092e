/** Whether settlements agree with the books: each capture and refund in one of them at most, and their sums to the øre. */

export interface AuditedSum {
  readonly currency: string;
  readonly capture: number;
  readonly refund: number;
}

export interface AuditedSettlement {
  readonly id: string;
  /** As it is told, and as its items add up to. */
  readonly amounts: readonly (AuditedSum & { readonly fee: number })[];
  readonly items: readonly AuditedSum[];
  /** Transactions that it names and that are not there; the first of them. */
  readonly strays: readonly string[];
}

export interface AuditedItem {
  readonly settlement_id: string;
  readonly event_id: number;
  readonly event: "CAPTURE" | "REFUND";
  readonly amount: number;
  readonly currency: string;
  /** The event that it stands for; null where it is not there. */
  readonly booked: { readonly event: string; readonly amount: number | null; readonly success: boolean } | null;
  /** Whose settlement it stands in; null where that is not there. */
  readonly settlement: { readonly payout_destination_id: string; readonly store_id: string } | null;
}

/** A transaction as far as it is settled. */
export interface AuditedSettling {
  readonly id: string;
  readonly currency: string;
  readonly payout_destination_id: string;
  readonly store_id: string;
  readonly settled_captured_amount: number;
  readonly settled_refunded_amount: number;
  readonly items: readonly AuditedItem[];
}

export function settlementDifferences({ id, amounts, items, strays }: AuditedSettlement): string[] {
  const found: string[] = [];
  for (const currency of new Set([...amounts, ...items].map((sum) => sum.currency))) {
    const told = amounts.find((sum) => sum.currency === currency) ?? { capture: 0, refund: 0, fee: 0 };
    const held = items.find((sum) => sum.currency === currency) ?? { capture: 0, refund: 0 };
    for (const name of ["capture", "refund"] as const) {
      if (told[name] === held[name]) continue;
      found.push(`it says ${name} ${told[name]} ${currency}, its items add up to ${held[name]}`);
    }
    if (told.fee !== 0) found.push(`it says fee ${told.fee} ${currency}, and no fee is known`);
  }
  for (const transaction of strays) found.push(`it holds transaction ${transaction}, which is not there`);
  return found.map((what) => `Settlement ${id}: ${what}.`);
}

export function settlingDifferences(transaction: AuditedSettling): string[] {
  const { id, items, settled_captured_amount, settled_refunded_amount } = transaction;
  const sumOf = (name: AuditedItem["event"]) =>
    items.reduce((sum, { event, amount }) => sum + (event === name ? amount : 0), 0);
  const found = items.flatMap((item) => itemDifferences(transaction, item));
  for (const [event_id, same = []] of Object.entries(Object.groupBy(items, (item) => item.event_id))) {
    if (same.length > 1) found.push(`event ${event_id} is settled ${same.length} times`);
  }
  const marks = { CAPTURE: settled_captured_amount, REFUND: settled_refunded_amount } as const;
  for (const [event, marked] of Object.entries(marks)) {
    const held = sumOf(event as AuditedItem["event"]);
    if (marked !== held) found.push(`its row has ${marked} of ${event} settled, settlements hold ${held}`);
  }
  return found.map((what) => `Transaction ${id}: ${what}.`);
}

function itemDifferences(transaction: AuditedSettling, item: AuditedItem): string[] {
  const { settlement_id, event_id, event, amount, currency, booked, settlement } = item;
  const found: string[] = [];
  const name = `event ${event_id} (${event})`;
  if (booked === null) found.push(`settlement ${settlement_id} holds ${name}, which is not there`);
  else if (booked.event !== event || !booked.success || booked.amount !== amount) {
    const is = `${booked.success ? "" : "failed "}${booked.event} of ${booked.amount}`;
    found.push(`settlement ${settlement_id} holds ${name} of ${amount}, it is a ${is}`);
  }
  if (currency !== transaction.currency) {
    found.push(`settlement ${settlement_id} holds ${name} in ${currency}, not ${transaction.currency}`);
  }
  if (settlement === null) found.push(`${name} stands in settlement ${settlement_id}, which is not there`);
  else {
    for (const whose of ["payout_destination_id", "store_id"] as const) {
      if (settlement[whose] === transaction[whose]) continue;
      found.push(`${name} stands in a settlement of ${settlement[whose]}, and belongs to ${transaction[whose]}`);
    }
  }
  return found;
}
