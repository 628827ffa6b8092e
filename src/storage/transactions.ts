/** Transactions, as the API shows them: the money row, its session's order, and its events. */
import type { Session } from "../contract/session.ts";
import type { OrderItem, ShippingOption } from "../contract/shapes.ts";
import type { Transaction, TransactionEvent } from "../contract/transaction.ts";
import { settlementStatusOf } from "../domain/settlement.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";
import { hasWord, isBuyer } from "./session-words.ts";

interface TransactionRow {
  readonly id: string;
  readonly session_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: Transaction["status"];
  readonly channel: Transaction["channel"];
  readonly merchant_reference: string;
  readonly merchant_reference_2: string | null;
  readonly terminal_id: string;
  readonly payout_destination_id: string;
  readonly card: Transaction["card"] | null;
  readonly captured_amount: number;
  readonly refunded_amount: number;
  readonly settled_captured_amount: number;
  readonly settled_refunded_amount: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly session_url: Session["url"];
  readonly order: Session["order"];
  readonly members: Record<string, unknown>;
  readonly request_headers: Record<string, string>;
  readonly profile_id: string | null;
  readonly events: TransactionEvent[];
}

const columns = `transaction.id, transaction.session_id, transaction.amount, transaction.currency, transaction.status,
  transaction.channel, transaction.merchant_reference, transaction.merchant_reference_2, transaction.terminal_id,
  transaction.payout_destination_id, transaction.card, transaction.captured_amount, transaction.refunded_amount,
  transaction.settled_captured_amount, transaction.settled_refunded_amount, transaction.created_at,
  transaction.updated_at, session.url AS session_url, session."order", session.members, session.request_headers,
  session.profile_id,
  (SELECT json_agg(json_strip_nulls(json_build_object('id', event.id::text, 'event', event.event,
      'transaction_status', event.transaction_status, 'success', event.success, 'amount', event.amount,
      'items', event.items, 'created_at', iso(event.created_at), 'created_by', event.created_by,
      'request_id', event.request_id, 'correlation_request_id', event.correlation_request_id,
      'event_reference', event.event_reference, 'metadata', event.metadata, 'error', event.error,
      'correction', event.correction, 'settlements', event.settlements, 'request_headers', event.request_headers)) ORDER BY event.id)
   FROM transaction_events AS event
   WHERE event.account_id = transaction.account_id AND event.transaction_id = transaction.id) AS events`;

const joined = `transactions AS transaction
  JOIN sessions AS session ON session.account_id = transaction.account_id AND session.id = transaction.session_id`;

const read = statement(
  "read_transaction",
  `SELECT ${columns} FROM ${joined} WHERE transaction.account_id = $1 AND transaction.id = $2`,
);

export interface TransactionIncludes {
  readonly event_headers: boolean;
  readonly initiating_headers: boolean;
  readonly only_successful_events: boolean;
}

const plain: TransactionIncludes = { event_headers: false, initiating_headers: false, only_successful_events: false };

export async function readTransaction(
  reader: Reader,
  account_id: string,
  transaction_id: string,
  includes: TransactionIncludes = plain,
): Promise<Transaction | undefined> {
  const [row] = await reader.query<TransactionRow>(read, [account_id, transaction_id]);
  return row === undefined ? undefined : transactionOf(row, includes);
}

const several = statement(
  "read_transactions",
  `SELECT ${columns} FROM ${joined} WHERE transaction.account_id = $1 AND transaction.id = ANY($2::text[])`,
);

/** Those of them that there are, in no order. */
export async function readTransactions(
  reader: Reader,
  account_id: string,
  transaction_ids: readonly string[],
): Promise<Transaction[]> {
  const rows = await reader.query<TransactionRow>(several, [account_id, transaction_ids]);
  return rows.map((row) => transactionOf(row, plain));
}

/** Transactions as they stood when they were created, by id: of what has never changed since. */
export async function readTransactionsAsCreated(
  reader: Reader,
  account_id: string,
  transaction_ids: readonly string[],
): Promise<Map<string, Transaction>> {
  const rows = await reader.query<TransactionRow>(several, [account_id, transaction_ids]);
  const asCreated = (row: TransactionRow): TransactionRow => ({
    ...row,
    status: "INITIATED",
    card: null,
    merchant_reference_2: row.order.merchant_reference_2 ?? null,
    captured_amount: 0,
    refunded_amount: 0,
    settled_captured_amount: 0,
    settled_refunded_amount: 0,
    updated_at: row.created_at,
    events: row.events.slice(0, 1),
  });
  return new Map(rows.map((row) => [row.id, transactionOf(asCreated(row), plain)]));
}

/** Members as the API names them. Times are ISO 8601. */
export interface TransactionFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly id?: readonly string[] | undefined;
  readonly status?: readonly string[] | undefined;
  readonly channel?: readonly string[] | undefined;
  readonly terminal_id?: readonly string[] | undefined;
  readonly store_id?: readonly string[] | undefined;
  readonly currency?: readonly string[] | undefined;
  readonly session_id?: readonly string[] | undefined;
  readonly card_brand?: readonly string[] | undefined;
  readonly payment_product?: readonly string[] | undefined;
  readonly payment_product_type?: readonly string[] | undefined;
  readonly payout_correlation_id?: readonly string[] | undefined;
  readonly merchant_reference?: string | undefined;
  readonly merchant_reference_2?: string | undefined;
  readonly payout_destination_id?: string | undefined;
  readonly customer_id?: string | undefined;
  readonly token_id?: readonly string[] | undefined;
  readonly payment_operation?: string | undefined;
  readonly amount?: number | undefined;
  readonly "amount.gte"?: number | undefined;
  readonly "amount.lte"?: number | undefined;
  readonly "created_at.gte"?: string | undefined;
  readonly "created_at.lte"?: string | undefined;
  readonly "captured_at.gte"?: string | undefined;
  readonly "captured_at.lte"?: string | undefined;
  readonly "refunded_at.gte"?: string | undefined;
  readonly "refunded_at.lte"?: string | undefined;
  readonly search?: string | undefined;
}

/**
 * Newest first: an id begins with its time, so the order is the key's. By the key, `transactions_by_terminal`,
 * `transactions_by_reference` or `one_transaction_per_session`; by who bought, `sessions_by_words`; by what happened,
 * `transaction_events_by_time` and `transaction_events_by_payout`. The cursor is the last id received.
 */
export async function listTransactions(
  reader: Reader,
  account_id: string,
  asked: TransactionFilter,
  includes: TransactionIncludes = plain,
): Promise<Transaction[]> {
  const filter = new Filter([account_id, asked.limit])
    .where(asked.starting_after, (parameter) => `transaction.id < ${parameter}`)
    .anyOf("transaction.id", asked.id)
    .anyOf("transaction.status", asked.status)
    .anyOf("transaction.channel", asked.channel)
    .anyOf("transaction.terminal_id", asked.terminal_id)
    .anyOf("transaction.store_id", asked.store_id)
    .anyOf("transaction.currency", asked.currency)
    .anyOf("transaction.session_id", asked.session_id)
    .anyOf("transaction.card ->> 'brand'", asked.card_brand)
    .anyOf("'seitatech'", asked.payment_product)
    .anyOf("'seitatech.in_person'", asked.payment_product_type)
    .equals("transaction.merchant_reference", asked.merchant_reference)
    .where(asked.merchant_reference_2, (reference) => secondReference("transaction", reference))
    .equals("transaction.amount", asked.amount)
    .where(asked.customer_id, boughtBy)
    .between("transaction.amount", asked["amount.gte"], asked["amount.lte"])
    .between("transaction.created_at", asked["created_at.gte"], asked["created_at.lte"])
    .madeBetween("transaction.id", account_id, asked["created_at.gte"], asked["created_at.lte"])
    // Nothing is captured or refunded before it was made.
    .madeBetween("transaction.id", account_id, undefined, asked["captured_at.lte"])
    .madeBetween("transaction.id", account_id, undefined, asked["refunded_at.lte"])
    // No in-person payment has a token, or an operation of that kind.
    .where(asked.token_id, (parameter) => `${parameter}::text[] IS NULL`)
    .where(asked.payment_operation, (parameter) => `${parameter}::text IS NULL`)
    .where(asked["captured_at.gte"], (time) => eventAt("CAPTURE", `event.created_at >= ${time}`))
    .where(asked["captured_at.lte"], (time) => eventAt("CAPTURE", `event.created_at <= ${time}`))
    .where(asked["refunded_at.gte"], (time) => eventAt("REFUND", `event.created_at >= ${time}`))
    .where(asked["refunded_at.lte"], (time) => eventAt("REFUND", `event.created_at <= ${time}`))
    .where(asked.payout_correlation_id, paidOutWith)
    .where(asked.payout_destination_id, soldBy)
    .where(asked.search || undefined, found);
  const unknown = asked.status?.every((one) => one === "UNKNOWN") ? amongUnresolved : "";
  const text = `SELECT ${columns} FROM ${joined} WHERE transaction.account_id = $1${unknown}${filter.text}
    ORDER BY transaction.id DESC LIMIT $2`;
  // No name: the text differs with the filters, and planning it anew lets the planner see which are set.
  const rows = await reader.query<TransactionRow>(statement("", text), filter.values);
  return rows.map((row) => transactionOf(row, includes));
}

/** Those that read UNKNOWN have a prompt that is unresolved: they are few, and in `unresolved_prompts_by_terminal`. */
const amongUnresolved = ` AND transaction.id = ANY(ARRAY(SELECT prompt.transaction_id FROM prompts AS prompt
    WHERE prompt.account_id = $1 AND prompt.status = 'UNRESOLVED'))`;

const eventWith = (condition: string): string =>
  `EXISTS (SELECT FROM transaction_events AS event WHERE event.account_id = transaction.account_id
    AND event.transaction_id = transaction.id AND ${condition})`;

const eventAt = (event: string, time: string): string =>
  eventWith(`event.event = '${event}' AND event.success AND ${time}`);

/** The order's seller, the store's, or one that a line is split to. */
const soldBy = (seller: string): string =>
  `(transaction.payout_destination_id = ${seller} OR session."order" ->> 'payout_destination_id' = ${seller}
    OR EXISTS (SELECT FROM jsonb_path_query(session."order", '$.items[*].splits[*].payout_destination_id') AS split
      WHERE split #>> '{}' = ${seller}))`;

// What few rows have is looked up first, as a list of ids: the planner might walk through all of the account's for it.

/** `transactions_by_second_reference` holds no more than its beginning. */
const secondReference = (row: string, reference: string): string =>
  `(left(${row}.merchant_reference_2, 500) = left(${reference}, 500) AND ${row}.merchant_reference_2 = ${reference})`;

const paidOutWith = (ids: string): string =>
  `transaction.id = ANY(ARRAY(SELECT event.transaction_id FROM transaction_events AS event
    WHERE event.account_id = $1 AND event.metadata ->> 'payout_correlation_id' = ANY(${ids}::text[])))`;

const boughtBy = (customer_id: string): string =>
  `transaction.session_id = ANY(ARRAY(SELECT session.id FROM sessions AS session
    WHERE session.account_id = $1 AND ${hasWord("customer", customer_id)}
      AND session.members -> 'customer' ->> 'customer_id' = ${customer_id}))`;

/** As the contract's `search`: ids, references, and who bought, each by its own index. */
const found = (words: string): string =>
  `transaction.id = ANY(ARRAY(
    SELECT named.id FROM transactions AS named WHERE named.account_id = $1 AND (named.id = ${words}
      OR named.session_id = ${words} OR named.merchant_reference = ${words} OR ${secondReference("named", words)})
    UNION ALL
    SELECT session.transaction_id FROM sessions AS session
    WHERE session.account_id = $1 AND ${hasWord("buyer", `lower(${words})`, words)} AND ${isBuyer(words)}))`;

const update = statement(
  "update_transaction_reference",
  "UPDATE transactions SET merchant_reference_2 = $3, updated_at = $4 WHERE account_id = $1 AND id = $2 RETURNING id",
);

/** False if there is no such transaction. */
export async function writeReference(
  tx: Tx,
  account_id: string,
  transaction_id: string,
  merchant_reference_2: string,
  now: string,
): Promise<boolean> {
  return (await tx.query(update, [account_id, transaction_id, merchant_reference_2, now])).length > 0;
}

function transactionOf(row: TransactionRow, includes: TransactionIncludes): Transaction {
  const { items = [], shipping_option, ...order } = row.order as Record<string, unknown> & { items?: object[] };
  const { metadata, customer, checkboxes } = row.members;
  const url = row.session_url as { return_url?: string; callback_url?: string };
  const events = includes.only_successful_events ? row.events.filter((event) => event.success) : row.events;
  return present({
    id: row.id,
    payment_product: "seitatech",
    payment_product_type: "seitatech.in_person",
    amount: row.amount,
    currency: row.currency,
    status: row.status,
    channel: row.channel,
    merchant_reference: row.merchant_reference,
    merchant_reference_2: row.merchant_reference_2 ?? undefined,
    payout_destination_id: order.payout_destination_id,
    settlement_status: settlementStatusOf(row),
    customer,
    shipping_address: order.shipping_address,
    billing_address: order.billing_address,
    shipping_option,
    // The full id of the terminal, where the order may carry the bare number.
    store: { ...(order.store as object), terminal_id: row.terminal_id },
    items: shipping_option === undefined ? items : [...items, shippingLine(shipping_option as ShippingOption)],
    gift_cards: order.gift_cards,
    url: { redirect_url: url.return_url, ...(url.callback_url ? { callback_url: url.callback_url } : {}) },
    events: includes.event_headers ? events : events.map(withoutHeaders),
    session_id: row.session_id,
    card: row.card ?? undefined,
    metadata: {
      ...(metadata as object),
      ...(row.profile_id === null ? {} : { "session:profile_id": row.profile_id }),
      ...(order.event_reference === undefined ? {} : { event_reference: order.event_reference }),
    },
    checkboxes,
    initiating_system_request_headers: includes.initiating_headers ? row.request_headers : undefined,
    created_at: row.created_at,
    updated_at: row.updated_at,
  });
}

/** Shipping is a line of the transaction, in a line's words; all of it stands in `shipping_option`. */
function shippingLine({ id, line_id, title, amount, vat, vat_amount }: ShippingOption): OrderItem {
  const taxes = { ...(vat === undefined ? {} : { vat }), ...(vat_amount === undefined ? {} : { vat_amount }) };
  return { id, line_id, description: title, quantity: 1, amount, ...taxes, type: "shipping" };
}

const withoutHeaders = ({ request_headers: _, ...event }: TransactionEvent): TransactionEvent =>
  event as TransactionEvent;

/** The contract has no null: what is not there is left out. */
const present = (members: Record<string, unknown>): Transaction =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as unknown as Transaction;
