/**
 * The statement that creates sales: one round trip, an array of them, all or nothing for each.
 *
 * A sale is created only if everything it was planned from still holds: the profile's revision, the links between
 * terminal, store and seller, and a free terminal. Where one does not, no row of that sale is written, and
 * `readObstacles` tells which.
 */
import type { Obstacles } from "../domain/obstacles.ts";
import type { PromptKind } from "../domain/prompt.ts";
import { type Reader, statement, type Tx } from "./database.ts";

export interface NewSale {
  readonly account_id: string;
  readonly session_id: string;
  readonly transaction_id: string;
  readonly prompt_id: string;
  readonly kind: PromptKind;
  /** Absent where the request carried its whole configuration. */
  readonly profile_id?: string | undefined;
  readonly profile_revision?: number | undefined;
  readonly store_id: string;
  readonly terminal_id: string;
  readonly payout_destination_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly channel: string;
  readonly merchant_reference: string;
  readonly merchant_reference_2?: string | undefined;
  readonly url: unknown;
  readonly order: unknown;
  readonly configuration: unknown;
  readonly members: unknown;
  readonly request_headers: unknown;
  readonly request_id: string;
  readonly created_by: string;
  /** ISO 8601 times. */
  readonly created_at: string;
  readonly expires_at: string;
  readonly deadline_at: string;
  /** With an Idempotency-Key: the answer to keep, for a terminal that is connected and for one that is not. */
  readonly kept?: KeptSale | undefined;
}

export interface KeptSale {
  readonly operation: string;
  readonly key: string;
  readonly request_sha256: string;
  readonly answer_sent: unknown;
  readonly answer_waiting: unknown;
}

/** A sale that was created, by its session, and whether its terminal is connected somewhere now. */
export interface CreatedSale {
  readonly session_id: string;
  readonly connected_to: string | null;
}

/** Takes the terminal's seat for each asked-for sale whose ground still holds. `asked` comes before it. */
const seated = `seated AS (
     UPDATE terminal_seats AS seat
     SET occupant_kind = 'prompt', occupant_id = asked.prompt_id, occupied_at = asked.created_at
     FROM asked
     LEFT JOIN payment_profiles AS profile ON profile.account_id = asked.account_id
       AND profile.profile_id = asked.profile_id AND profile.revision = asked.profile_revision
       AND profile.deleted_at IS NULL
     WHERE (asked.profile_id IS NULL OR profile.profile_id IS NOT NULL)
       AND seat.account_id = asked.account_id AND seat.terminal_id = asked.terminal_id AND seat.occupant_id IS NULL
       AND seat.takes_payments AND seat.store_id = asked.store_id
       AND seat.payout_destination_id = asked.payout_destination_id
       AND (seat.capabilities IS NULL
         OR (seat.capabilities -> 'currencies' ? asked.currency AND seat.capabilities -> 'kinds' ? asked.kind))
       AND (asked.kind <> 'authorize' OR (seat.capabilities ->> 'advice')::boolean)
     RETURNING asked.*, seat.connected_to
   )`;

/** What a payment is made of, from the rows of `seated`: the money record, its first event, the prompt, and the word of it. */
const payment = `new_transactions AS (
     INSERT INTO transactions (account_id, id, session_id, amount, currency, status, channel, merchant_reference,
       merchant_reference_2, store_id, terminal_id, payout_destination_id, created_at, updated_at)
     SELECT account_id, transaction_id, session_id, amount, currency, 'INITIATED', channel, merchant_reference,
       merchant_reference_2, store_id, terminal_id, payout_destination_id, created_at, created_at
     FROM seated
   ), new_transaction_events AS (
     INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, amount,
       created_at, created_by, request_id, request_headers)
     SELECT account_id, transaction_id, 1, 'INITIALIZE', 'INITIATED', true, amount, created_at, created_by, request_id,
       request_headers
     FROM seated
   ), new_prompts AS (
     INSERT INTO prompts (account_id, id, session_id, transaction_id, terminal_id, kind, amount, currency, status,
       created_at, deadline_at)
     SELECT account_id, prompt_id, session_id, transaction_id, terminal_id, kind, amount, currency, 'PENDING',
       created_at, deadline_at
     FROM seated
   ), new_events AS (
     INSERT INTO event_inbox (account_id, id, type, session_id, transaction_id, sequence, created_at)
     SELECT account_id, transaction_id || '.1', 'checkout_transaction', session_id, transaction_id, 1, created_at
     FROM seated
   )`;

const asked = `asked AS MATERIALIZED (
     SELECT * FROM json_to_recordset($1::json) AS asked (
       account_id text, session_id text, transaction_id text, prompt_id text, kind text,
       profile_id text, profile_revision bigint, store_id text, terminal_id text, payout_destination_id text,
       amount integer, currency text, channel text, merchant_reference text, merchant_reference_2 text,
       url jsonb, "order" jsonb, configuration jsonb, members jsonb, request_headers jsonb,
       request_id text, created_by text, created_at timestamptz, expires_at timestamptz, deadline_at timestamptz,
       kept jsonb)
   )`;

const insert = statement(
  "insert_sales",
  `WITH ${asked}, ${seated}, new_sessions AS (
     INSERT INTO sessions (account_id, id, profile_id, transaction_id, merchant_reference, url, "order", configuration,
       members, request_headers, created_by, created_at, updated_at, expires_at)
     SELECT account_id, session_id, profile_id, transaction_id, merchant_reference, url, "order", configuration,
       members, request_headers, created_by, created_at, created_at, expires_at
     FROM seated
   ), new_session_events AS (
     INSERT INTO session_events (account_id, session_id, id, name, created_at, request_id)
     SELECT account_id, session_id, 1, 'INITIATED', created_at, request_id FROM seated
   ), ${payment}, kept_answers AS (
     -- A key that is taken refuses the whole statement: the sale has been made already.
     INSERT INTO idempotency_keys (account_id, client_id, operation, key, request_sha256, answer, created_at)
     SELECT account_id, created_by, kept ->> 'operation', kept ->> 'key', kept ->> 'request_sha256',
       CASE WHEN connected_to IS NULL THEN kept -> 'answer_waiting' ELSE kept -> 'answer_sent' END, created_at
     FROM seated WHERE kept IS NOT NULL
   )
   SELECT session_id, connected_to FROM seated`,
);

/** Creates those of `sales` that nothing stands in the way of. Throws `ConstraintRefusal` for a reused id. */
export const insertSales = (tx: Tx, sales: readonly NewSale[]): Promise<CreatedSale[]> =>
  tx.query(insert, [JSON.stringify(sales)]);

const created = statement(
  "read_created_sales",
  `SELECT session.id AS session_id, seat.connected_to FROM sessions AS session
   JOIN transactions AS transaction ON transaction.account_id = session.account_id AND transaction.session_id = session.id
   JOIN terminal_seats AS seat ON seat.account_id = session.account_id AND seat.terminal_id = transaction.terminal_id
   WHERE (session.account_id, session.id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
);

/** Which of these sales are on disk. */
export const readCreated = (reader: Reader, sales: readonly NewSale[]): Promise<CreatedSale[]> =>
  reader.query(created, [sales.map((sale) => sale.account_id), sales.map((sale) => sale.session_id)]);

const start = statement(
  "start_payment",
  `WITH ${asked}, ${seated}, started AS (
     UPDATE sessions AS session SET transaction_id = seated.transaction_id, updated_at = seated.created_at
     FROM seated WHERE session.account_id = seated.account_id AND session.id = seated.session_id
   ), ${payment}
   SELECT session_id, connected_to FROM seated`,
);

/** Starts the payment of a session that is there, under the session's lock. Nothing comes back where something stands in its way. */
export async function insertPayment(tx: Tx, sale: NewSale): Promise<CreatedSale | undefined> {
  return (await tx.query<CreatedSale>(start, [JSON.stringify([sale])]))[0];
}

const obstacles = statement(
  "read_sale_obstacles",
  `SELECT accounts.in_person_enabled, profile.revision AS profile_revision,
     terminal.status AS terminal_status, terminal.store_id AS terminal_store_id,
     store.status AS store_status, store.payout_destination_id AS store_payout_destination_id, seller.case_status,
     seat.capabilities, seat.occupant_kind, prompt.kind AS occupant_prompt_kind, session.id AS occupant_session_id,
     session.merchant_reference AS occupant_merchant_reference
   FROM accounts
   LEFT JOIN payment_profiles AS profile ON profile.account_id = $1 AND profile.profile_id = $2
     AND profile.deleted_at IS NULL
   LEFT JOIN terminals AS terminal ON terminal.account_id = $1 AND terminal.terminal_id = $3
   LEFT JOIN stores AS store ON store.account_id = $1 AND store.store_id = $4
   LEFT JOIN payout_destinations AS seller ON seller.account_id = $1 AND seller.payout_destination_id = $5
   LEFT JOIN terminal_seats AS seat ON seat.account_id = $1 AND seat.terminal_id = $3
   LEFT JOIN prompts AS prompt ON prompt.account_id = $1 AND prompt.id = seat.occupant_id
   LEFT JOIN sessions AS session ON session.account_id = $1 AND session.id = prompt.session_id
   WHERE accounts.account_id = $1`,
);

export async function readObstacles(
  reader: Reader,
  sale: Pick<NewSale, "account_id" | "profile_id" | "terminal_id" | "store_id" | "payout_destination_id">,
): Promise<Obstacles | undefined> {
  const values = [
    sale.account_id,
    sale.profile_id ?? null,
    sale.terminal_id,
    sale.store_id,
    sale.payout_destination_id,
  ];
  return (await reader.query<Obstacles>(obstacles, values))[0];
}
