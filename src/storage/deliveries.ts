/** The outbox: what is to be told to whom. Written with what happened, leased by a sender, and recorded. */
import { type Reader, statement, type Tx } from "./database.ts";

export interface NewDelivery {
  readonly account_id: string;
  readonly id: string;
  readonly kind: "callback";
  readonly session_id: string;
  readonly transaction_id: string;
  readonly transaction_event_id: number;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly body: string | null;
  readonly due_at: string;
}

export interface Delivery extends NewDelivery {
  /** Tries made before this one. */
  readonly attempts: number;
}

const insert = statement(
  "insert_delivery",
  `INSERT INTO deliveries (account_id, id, kind, session_id, transaction_id, transaction_event_id, method, url, body,
     status, due_at, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'PENDING', $10, $11)`,
);

export async function insertDelivery(tx: Tx, delivery: NewDelivery, now: string): Promise<void> {
  await tx.query(insert, [
    delivery.account_id,
    delivery.id,
    delivery.kind,
    delivery.session_id,
    delivery.transaction_id,
    delivery.transaction_event_id,
    delivery.method,
    delivery.url,
    delivery.body,
    delivery.due_at,
    now,
  ]);
}

const lease = statement(
  "lease_deliveries",
  `UPDATE deliveries AS delivery SET leased_until = $2
   FROM (SELECT account_id, id FROM deliveries
     WHERE status = 'PENDING' AND due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
     ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
   WHERE delivery.account_id = due.account_id AND delivery.id = due.id
   RETURNING delivery.*`,
);

/** Takes due deliveries until `until`; a sender that dies loses them to the next when the lease has run out. */
export const leaseDeliveries = (tx: Tx, now: string, until: string, limit: number): Promise<Delivery[]> =>
  tx.query(lease, [now, until, limit]);

const record = statement(
  "record_delivery",
  `UPDATE deliveries SET status = $3, attempts = attempts + 1, leased_until = NULL, last_answer = $4,
     due_at = coalesce($5, due_at), finished_at = CASE WHEN $3 = 'PENDING' THEN NULL ELSE $6::timestamptz END
   WHERE account_id = $1 AND id = $2`,
);

export interface DeliveryRecord {
  readonly status: "PENDING" | "DELIVERED" | "REFUSED" | "EXHAUSTED";
  readonly answer: string;
  /** When to try again, for PENDING. */
  readonly due_at: string | null;
}

export async function recordDelivery(tx: Tx, delivery: Delivery, result: DeliveryRecord, now: string): Promise<void> {
  await tx.query(record, [delivery.account_id, delivery.id, result.status, result.answer, result.due_at, now]);
}

const nextDue = statement(
  "next_due_delivery",
  "SELECT min(greatest(due_at, coalesce(leased_until, due_at))) AS due_at FROM deliveries WHERE status = 'PENDING'",
);

/** When the next delivery is due, or `undefined` if none waits. */
export async function readNextDue(reader: Reader): Promise<string | undefined> {
  return (await reader.query<{ due_at: string | null }>(nextDue, []))[0]?.due_at ?? undefined;
}
