/**
 * A day's settlements as they are made, in batches of one transaction each. The account's calendar is locked first, which
 * no payment ever is; then the batch's transactions, whose tills wait for no more than that.
 */

import type { OpenSettlement, SettledTransaction, UnsettledEvent, UnsettledTransaction } from "../domain/settlement.ts";
import { type Reader, statement, type Tx } from "./database.ts";

const dueAccounts = statement(
  "due_settlement_calendars",
  "SELECT account_id FROM settlement_calendars WHERE due_at <= $1 ORDER BY due_at, account_id LIMIT $2",
);

/** By `settlement_calendars_by_due`. */
export async function readDueAccounts(reader: Reader, now: string, limit: number): Promise<string[]> {
  return (await reader.query<{ account_id: string }>(dueAccounts, [now, limit])).map(({ account_id }) => account_id);
}

export interface Calendar {
  readonly account_id: string;
  readonly time_zone: string;
  readonly settled_until: string | null;
  readonly day_ends_at: string | null;
  readonly account_created_at: string;
}

const lockDue = statement(
  "lock_settlement_calendar",
  `SELECT calendar.account_id, calendar.time_zone, calendar.settled_until, calendar.day_ends_at,
     account.created_at AS account_created_at
   FROM settlement_calendars AS calendar JOIN accounts AS account ON account.account_id = calendar.account_id
   WHERE calendar.account_id = $1 AND calendar.due_at <= $2
   FOR UPDATE OF calendar SKIP LOCKED`,
);

/** `undefined` where another process is at it, or has been. */
export async function lockDueCalendar(tx: Tx, account_id: string, now: string): Promise<Calendar | undefined> {
  return (await tx.query<Calendar>(lockDue, [account_id, now]))[0];
}

const writeCalendar = statement(
  "write_settlement_calendar",
  "UPDATE settlement_calendars SET settled_until = $2, day_ends_at = $3, due_at = $4 WHERE account_id = $1",
);

export async function updateCalendar(
  tx: Tx,
  account_id: string,
  { settled_until, day_ends_at, due_at }: { settled_until: string; day_ends_at: string | null; due_at: string },
): Promise<void> {
  await tx.query(writeCalendar, [account_id, settled_until, day_ends_at, due_at]);
}

/** Captures and refunds that no settlement holds, booked before $2. `event` is looked up by its transaction. */
const isDue = `event.event IN ('CAPTURE', 'REFUND') AND event.success AND event.created_at < $2
  AND NOT EXISTS (SELECT FROM settlement_items AS item WHERE item.account_id = event.account_id
    AND item.transaction_id = event.transaction_id AND item.event_id = event.id AND NOT item.is_test)`;

/** By `unsettled_transactions`: a sale is older than its capture, so that a later sale has nothing for the day. */
const lockBatch = statement(
  "lock_unsettled_transactions",
  `SELECT transaction.id FROM transactions AS transaction
   WHERE transaction.account_id = $1 AND transaction.created_at < $2
     AND (transaction.captured_amount <> transaction.settled_captured_amount
       OR transaction.refunded_amount <> transaction.settled_refunded_amount)
     AND EXISTS (SELECT FROM transaction_events AS event WHERE event.account_id = transaction.account_id
       AND event.transaction_id = transaction.id AND ${isDue})
   ORDER BY transaction.created_at, transaction.id LIMIT $3 FOR UPDATE OF transaction`,
);

const readBatch = statement(
  "read_unsettled_transactions",
  `SELECT transaction.id, transaction.payout_destination_id, transaction.store_id, transaction.captured_amount,
     transaction.refunded_amount, transaction.settled_captured_amount, transaction.settled_refunded_amount,
     json_agg(json_build_object('transaction_id', transaction.id, 'event_id', event.id, 'event', event.event,
       'amount', event.amount, 'payout_correlation_id', event.metadata ->> 'payout_correlation_id')
       ORDER BY event.id) AS events
   FROM transactions AS transaction
   JOIN transaction_events AS event ON event.account_id = transaction.account_id
     AND event.transaction_id = transaction.id AND ${isDue}
   WHERE transaction.account_id = $1 AND transaction.id = ANY($3::text[])
   GROUP BY transaction.account_id, transaction.id ORDER BY transaction.id`,
);

/**
 * So many transactions, locked, with what of them is booked before `before` and stands in no settlement. The events are
 * read after the locks are had, so that none is missed that was committed while they were waited for.
 */
export async function lockUnsettled(
  tx: Tx,
  account_id: string,
  before: string,
  limit: number,
): Promise<(UnsettledTransaction & { readonly events: readonly UnsettledEvent[] })[]> {
  const locked = await tx.query<{ id: string }>(lockBatch, [account_id, before, limit]);
  if (locked.length === 0) return [];
  return tx.query(readBatch, [account_id, before, locked.map(({ id }) => id)]);
}

const open = statement(
  "open_settlements",
  `INSERT INTO settlements (account_id, id, payout_destination_id, store_id, start_at, end_at, provider_reference,
     created_at, updated_at)
   SELECT $1, asked.id, asked.payout_destination_id, asked.store_id, $3, $4, asked.provider_reference, $5, $5
   FROM json_to_recordset($2::json) AS asked (id text, payout_destination_id text, store_id text,
     provider_reference text)
   ON CONFLICT (account_id, payout_destination_id, store_id, start_at) WHERE NOT is_test DO NOTHING`,
);

const readOpen = statement(
  "read_settlements_being_made",
  `SELECT id, provider_reference, payout_destination_id, store_id FROM settlements
   WHERE account_id = $1 AND settled_at IS NULL AND NOT is_test`,
);

/** Those that an earlier batch of the day began are kept as they are. Answers all that are being made. */
export async function openSettlements(
  tx: Tx,
  account_id: string,
  asked: readonly OpenSettlement[],
  day: { readonly start_at: string; readonly end_at: string },
  now: string,
): Promise<OpenSettlement[]> {
  await tx.query(open, [account_id, JSON.stringify(asked), day.start_at, day.end_at, now]);
  return tx.query(readOpen, [account_id]);
}

const write = statement(
  "write_settled",
  `WITH asked AS (
     SELECT * FROM json_to_recordset($2::json) AS asked (transaction_id text, settlement_id text, event_ids integer[],
       capture integer, refund integer, settlements jsonb)
   ), items AS (
     INSERT INTO settlement_items (account_id, settlement_id, created_at, transaction_id, event_id, event, amount,
       currency)
     SELECT $1, asked.settlement_id, event.created_at, event.transaction_id, event.id, event.event, event.amount,
       transaction.currency
     FROM asked
     JOIN transactions AS transaction ON transaction.account_id = $1 AND transaction.id = asked.transaction_id
     JOIN transaction_events AS event ON event.account_id = $1 AND event.transaction_id = asked.transaction_id
       AND event.id = ANY(asked.event_ids)
     RETURNING settlement_id, event, amount, currency
   ), amounts AS (
     INSERT INTO settlement_amounts AS sum (account_id, settlement_id, currency, capture, refund)
     SELECT $1, settlement_id, currency, coalesce(sum(amount) FILTER (WHERE event = 'CAPTURE'), 0),
       coalesce(sum(amount) FILTER (WHERE event = 'REFUND'), 0)
     FROM items GROUP BY settlement_id, currency
     ON CONFLICT (account_id, settlement_id, currency)
       DO UPDATE SET capture = sum.capture + EXCLUDED.capture, refund = sum.refund + EXCLUDED.refund
   ), marked AS (
     UPDATE transactions AS transaction SET
       settled_captured_amount = transaction.settled_captured_amount + asked.capture,
       settled_refunded_amount = transaction.settled_refunded_amount + asked.refund,
       event_count = transaction.event_count + 1, updated_at = $3
     FROM asked WHERE transaction.account_id = $1 AND transaction.id = asked.transaction_id
     RETURNING transaction.id, transaction.event_count, transaction.status, asked.settlements
   )
   INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, created_at,
     created_by, settlements)
   SELECT $1, id, event_count, 'SETTLEMENT', status, true, $3, $4, settlements FROM marked`,
);

/** Items, sums, marks and SETTLEMENT events, in one statement. Throws `ConstraintRefusal` where an event has its item. */
export async function writeSettled(
  tx: Tx,
  account_id: string,
  settled: readonly SettledTransaction[],
  by: { readonly now: string; readonly created_by: string },
): Promise<void> {
  await tx.query(write, [account_id, JSON.stringify(settled), by.now, by.created_by]);
}

const close = statement(
  "close_settlements",
  `UPDATE settlements SET settled_at = $2, updated_at = $2
   WHERE account_id = $1 AND settled_at IS NULL AND NOT is_test RETURNING id`,
);

/** The day's settlements are whole: from now on everybody sees them, and nothing is added. Answers their ids. */
export async function closeSettlements(tx: Tx, account_id: string, now: string): Promise<string[]> {
  return (await tx.query<{ id: string }>(close, [account_id, now])).map(({ id }) => id);
}

const setZone = statement(
  "set_time_zone",
  "UPDATE settlement_calendars SET time_zone = $2, due_at = $3 WHERE account_id = $1 AND time_zone <> $2",
);

/** Whoever settles looks at the calendar again at `now`, and finds out when the next day of the new time zone ends. */
export async function writeTimeZone(tx: Tx, account_id: string, time_zone: string, now: string): Promise<void> {
  await tx.query(setZone, [account_id, time_zone, now]);
}
