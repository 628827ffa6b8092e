/** Settlements as the API shows them, and what a report of one holds. */
import type { ReportedItem } from "../domain/settlement-report.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

export interface SettlementAmount {
  readonly currency: string;
  readonly capture: number;
  readonly refund: number;
  readonly fee: number;
}

export interface Settlement {
  readonly id: string;
  readonly payout_destination_id: string;
  readonly store_id: string;
  readonly start_at: string;
  readonly end_at: string;
  readonly provider_reference: string;
  readonly is_test: boolean;
  readonly payment_status: "paid" | "postponed";
  readonly created_at: string;
  readonly updated_at: string;
  readonly settled_at: string;
  readonly amounts: readonly SettlementAmount[];
}

const columns = `settlement.id, settlement.payout_destination_id, settlement.store_id, settlement.start_at,
  settlement.end_at, settlement.provider_reference, settlement.is_test, settlement.payment_status,
  settlement.created_at, settlement.updated_at, settlement.settled_at,
  (SELECT coalesce(json_agg(json_build_object('currency', sum.currency, 'capture', sum.capture, 'refund', sum.refund,
      'fee', sum.fee) ORDER BY sum.currency), '[]')
   FROM settlement_amounts AS sum
   WHERE sum.account_id = settlement.account_id AND sum.settlement_id = settlement.id) AS amounts`;

const read = statement(
  "read_settlement",
  `SELECT ${columns} FROM settlements AS settlement
   WHERE settlement.account_id = $1 AND settlement.id = $2 AND settlement.settled_at IS NOT NULL`,
);

/** `undefined` while it is being made, too. */
export async function readSettlement(reader: Reader, account_id: string, id: string): Promise<Settlement | undefined> {
  return (await reader.query<Settlement>(read, [account_id, id]))[0];
}

export interface SettlementFilter {
  /** How many rows at most. */
  readonly limit: number;
  /** The last settlement of the page before, by both of its keys. */
  readonly after?: { readonly id: string; readonly settled_at: string } | undefined;
  readonly "created_at.gte"?: string | undefined;
  readonly "created_at.lte"?: string | undefined;
  readonly "item_created_at.gte"?: string | undefined;
  readonly "item_created_at.lte"?: string | undefined;
  /** None of them is ours: then nothing is found. */
  readonly no_provider?: true | undefined;
  readonly payout_destination_id?: string | undefined;
  readonly search?: string | undefined;
}

/**
 * Newest first, by `settlements_newest_first`, of one seller by `settlements_by_seller`. The items' times are looked up in
 * each settlement by the items' key; a search by `settlements_by_reference` and `an_event_is_settled_once`.
 */
export async function listSettlements(
  reader: Reader,
  account_id: string,
  asked: SettlementFilter,
): Promise<Settlement[]> {
  const filter = new Filter([account_id, asked.limit]);
  if (asked.after !== undefined) {
    const { settled_at, id } = asked.after;
    filter.where(settled_at, (time) => `settlement.settled_at <= ${time}::timestamptz`);
    const time = `$${filter.values.length}::timestamptz`;
    filter.where(id, (last) => `(settlement.settled_at, settlement.id) < (${time}, ${last})`);
  }
  filter
    .between("settlement.settled_at", asked["created_at.gte"], asked["created_at.lte"])
    .equals("settlement.payout_destination_id", asked.payout_destination_id)
    .where(asked.no_provider, (none) => `NOT ${none}::boolean`)
    .where(asked.search, found);
  const items = new Filter(filter.values).between(
    "item.created_at",
    asked["item_created_at.gte"],
    asked["item_created_at.lte"],
  );
  const holds = `EXISTS (SELECT FROM settlement_items AS item WHERE item.account_id = settlement.account_id
    AND item.settlement_id = settlement.id${items.text})`;
  const text = `SELECT ${columns} FROM settlements AS settlement
    WHERE settlement.account_id = $1 AND settlement.settled_at IS NOT NULL${filter.text}${items.text === "" ? "" : ` AND ${holds}`}
    ORDER BY settlement.settled_at DESC, settlement.id DESC LIMIT $2`;
  return reader.query(statement("", text), items.values);
}

/** Its id or reference, or a transaction that it holds. */
const found = (words: string): string =>
  `settlement.id IN (SELECT ${words}::text
     UNION SELECT named.id FROM settlements AS named
       WHERE named.account_id = $1 AND named.provider_reference = ${words}
     UNION SELECT item.settlement_id FROM settlement_items AS item
       WHERE item.account_id = $1 AND item.transaction_id = ${words} AND NOT item.is_test)`;

export interface SettlementItem extends ReportedItem {
  readonly settlement_id: string;
}

/** The rows in the order of their key, so that a page begins where the one before has ended, to the microsecond. */
const pageOfItems = statement(
  "settlement_items_page",
  `SELECT item.transaction_id, item.event_id, item.event, item.created_at, item.amount, item.currency,
     item.created_at::text AS key_at, transaction.terminal_id, transaction.merchant_reference,
     transaction.merchant_reference_2, transaction.card ->> 'brand' AS card_brand, event.event_reference,
     event.metadata ->> 'payout_correlation_id' AS payout_correlation_id
   FROM settlement_items AS item
   LEFT JOIN transactions AS transaction ON transaction.account_id = item.account_id
     AND transaction.id = item.transaction_id
   LEFT JOIN transaction_events AS event ON event.account_id = item.account_id
     AND event.transaction_id = item.transaction_id AND event.id = item.event_id
   WHERE item.account_id = $1 AND item.settlement_id = $2
     AND (item.created_at, item.transaction_id, item.event_id) > ($3::timestamptz, $4, $5)
   ORDER BY item.created_at, item.transaction_id, item.event_id LIMIT $6`,
);

/** Rows held in memory at a time, however large the report is. */
const itemsInPage = 1_000;

/** All items of a settlement, oldest first. A settlement that is settled does not change, so its pages fit together. */
export async function* readItems(
  reader: Reader,
  account_id: string,
  settlement_id: string,
): AsyncGenerator<ReportedItem[]> {
  for (let last = { key_at: "-infinity", transaction_id: "", event_id: 0 }; ; ) {
    const key = [last.key_at, last.transaction_id, last.event_id];
    const page = await reader.query<ReportedItem & { key_at: string }>(pageOfItems, [
      ...[account_id, settlement_id],
      ...[...key, itemsInPage],
    ]);
    if (page.length > 0) yield page;
    const end = page.at(-1);
    if (end === undefined || page.length < itemsInPage) return;
    last = end;
  }
}

/** What of an account a test settlement may be made of: captured transactions, newest first. */
export interface TestSelection {
  readonly transaction_ids?: readonly string[] | undefined;
  readonly start_at?: string | undefined;
  readonly end_at?: string | undefined;
  /** How many at most. */
  readonly limit: number;
}

export interface TestCandidate {
  readonly id: string;
  readonly payout_destination_id: string;
  readonly store_id: string;
  readonly captured_amount: number;
  readonly first_at: string | null;
  readonly last_at: string | null;
}

/** With the times of its first and last CAPTURE or REFUND, of those in the range if there is one. */
export async function readTestCandidates(
  reader: Reader,
  account_id: string,
  asked: TestSelection,
): Promise<TestCandidate[]> {
  const filter = new Filter([account_id, asked.limit, asked.start_at ?? "-infinity", asked.end_at ?? "infinity"]).anyOf(
    "transaction.id",
    asked.transaction_ids,
  );
  const moved = `event.event IN ('CAPTURE', 'REFUND') AND event.success AND event.created_at >= $3
    AND event.created_at < $4`;
  // What is named is judged one by one; of the others only those count that have something to show.
  const text = `SELECT transaction.id, transaction.payout_destination_id, transaction.store_id,
      transaction.captured_amount, moved.first_at, moved.last_at
    FROM transactions AS transaction
    CROSS JOIN LATERAL (SELECT min(event.created_at) AS first_at, max(event.created_at) AS last_at
      FROM transaction_events AS event WHERE event.account_id = transaction.account_id
        AND event.transaction_id = transaction.id AND ${moved}) AS moved
    WHERE transaction.account_id = $1 AND transaction.created_at < $4${filter.text}
      ${asked.transaction_ids === undefined ? "AND transaction.captured_amount > 0 AND moved.first_at IS NOT NULL" : ""}
    ORDER BY transaction.id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}

const writeTest = statement(
  "write_test_settlement",
  `WITH settlement AS (
     INSERT INTO settlements (account_id, id, payout_destination_id, store_id, start_at, end_at, provider_reference,
       is_test, created_at, updated_at, settled_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, true, $8, $8, $8)
     RETURNING account_id, id
   ), items AS (
     INSERT INTO settlement_items (account_id, settlement_id, created_at, transaction_id, event_id, event, amount,
       currency, is_test)
     SELECT settlement.account_id, settlement.id, event.created_at, transaction.id, event.id, event.event, event.amount,
       transaction.currency, true
     FROM settlement
     JOIN transactions AS transaction ON transaction.account_id = settlement.account_id
       AND transaction.id = ANY($9::text[])
     JOIN transaction_events AS event ON event.account_id = transaction.account_id
       AND event.transaction_id = transaction.id AND event.event IN ('CAPTURE', 'REFUND') AND event.success
       AND event.created_at >= $5 AND event.created_at < $6
     RETURNING settlement_id, event, amount, currency
   )
   INSERT INTO settlement_amounts (account_id, settlement_id, currency, capture, refund)
   SELECT $1, settlement_id, currency, coalesce(sum(amount) FILTER (WHERE event = 'CAPTURE'), 0),
     coalesce(sum(amount) FILTER (WHERE event = 'REFUND'), 0)
   FROM items GROUP BY settlement_id, currency`,
);

export interface NewTestSettlement
  extends Pick<Settlement, "id" | "payout_destination_id" | "store_id" | "start_at" | "end_at" | "provider_reference"> {
  readonly account_id: string;
  readonly transaction_ids: readonly string[];
}

/** Marks nothing on the transactions: the same money stands in its day's settlement as well. */
export async function insertTestSettlement(tx: Tx, made: NewTestSettlement, now: string): Promise<void> {
  const { account_id, id, payout_destination_id, store_id, start_at, end_at, provider_reference } = made;
  const about = [account_id, id, payout_destination_id, store_id, start_at, end_at, provider_reference];
  await tx.query(writeTest, [...about, now, made.transaction_ids]);
}

const timeZone = statement("read_time_zone", "SELECT time_zone FROM settlement_calendars WHERE account_id = $1");

export async function readTimeZone(reader: Reader, account_id: string): Promise<string | undefined> {
  return (await reader.query<{ time_zone: string }>(timeZone, [account_id]))[0]?.time_zone;
}
