/** Transactions, as the API shows them: the money row, its session's order, and its events. */
import type { Session } from "../contract/session.ts";
import type { OrderItem, ShippingOption } from "../contract/shapes.ts";
import type { Transaction, TransactionEvent } from "../contract/transaction.ts";
import { type Reader, statement } from "./database.ts";

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
  readonly settlement_status: string;
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
  transaction.payout_destination_id, transaction.card, transaction.settlement_status, transaction.created_at,
  transaction.updated_at, session.url AS session_url, session."order", session.members, session.request_headers,
  session.profile_id,
  (SELECT json_agg(json_strip_nulls(json_build_object('id', event.id::text, 'event', event.event,
      'transaction_status', event.transaction_status, 'success', event.success, 'amount', event.amount,
      'items', event.items, 'created_at', iso(event.created_at), 'created_by', event.created_by,
      'request_id', event.request_id, 'correlation_request_id', event.correlation_request_id,
      'event_reference', event.event_reference, 'metadata', event.metadata, 'error', event.error,
      'correction', event.correction, 'request_headers', event.request_headers)) ORDER BY event.id)
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

export interface TransactionFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly status?: readonly string[] | undefined;
  readonly terminal_id?: readonly string[] | undefined;
  readonly merchant_reference?: string | undefined;
  readonly session_id?: readonly string[] | undefined;
}

/**
 * Newest first: an id begins with its time, so the order is the key's. By the key, `transactions_by_terminal`,
 * `transactions_by_reference` or `one_transaction_per_session`. The cursor is the last id received.
 */
export async function listTransactions(
  reader: Reader,
  account_id: string,
  filter: TransactionFilter,
  includes: TransactionIncludes = plain,
): Promise<Transaction[]> {
  const values: unknown[] = [account_id, filter.limit];
  const conditions: string[] = [];
  const where = (name: string, condition: (parameter: string) => string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(`${name}${condition(`$${values.length}`)}`);
  };
  const anyOf = (parameter: string) => ` = ANY(${parameter}::text[])`;
  where("transaction.status", anyOf, filter.status);
  where("transaction.terminal_id", anyOf, filter.terminal_id);
  where("transaction.merchant_reference", (parameter) => ` = ${parameter}`, filter.merchant_reference);
  where("transaction.session_id", anyOf, filter.session_id);
  where("transaction.id", (parameter) => ` < ${parameter}`, filter.starting_after);
  const text = `SELECT ${columns} FROM ${joined} WHERE transaction.account_id = $1
    ${conditions.map((condition) => `AND ${condition}`).join(" ")}
    ORDER BY transaction.id DESC LIMIT $2`;
  // No name: the text differs with the filters, and planning it anew lets the planner see which are set.
  const rows = await reader.query<TransactionRow>(statement("", text), values);
  return rows.map((row) => transactionOf(row, includes));
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
    settlement_status: row.settlement_status,
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
