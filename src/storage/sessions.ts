/** Sessions, as rows and as the API shows them. */
import type { Configuration, Session, SessionEvent, SessionEventName } from "../contract/session.ts";
import type { Order } from "../contract/shapes.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";
import { hasName, hasWord } from "./session-words.ts";

interface SessionRow {
  readonly id: string;
  readonly profile_id: string | null;
  readonly transaction_id: string | null;
  readonly url: Session["url"];
  readonly order: Session["order"];
  readonly configuration: NonNullable<Session["configuration"]>;
  readonly members: Record<string, unknown> & { metadata?: Session["metadata"] };
  readonly request_headers: Record<string, string>;
  readonly created_at: string;
  readonly updated_at: string;
  readonly expires_at: string;
  readonly cancelled_at: string | null;
  readonly cancelled_by: string | null;
  readonly events: SessionEvent[];
}

const columns = `id, profile_id, transaction_id, url, "order", configuration, members, request_headers, created_at,
     updated_at, expires_at, cancelled_at, cancelled_by,
     (SELECT json_agg(json_strip_nulls(json_build_object('id', event.id::text, 'created_at', iso(event.created_at),
         'name', event.name, 'request_id', event.request_id, 'details', event.details)) ORDER BY event.id)
      FROM session_events AS event
      WHERE event.account_id = session.account_id AND event.session_id = session.id) AS events`;

const read = statement("read_session", `SELECT ${columns} FROM sessions AS session WHERE account_id = $1 AND id = $2`);

export interface SessionIncludes {
  readonly event_headers: boolean;
  readonly initiating_headers: boolean;
}

export async function readSession(
  reader: Reader,
  account_id: string,
  session_id: string,
  includes: SessionIncludes = { event_headers: false, initiating_headers: false },
): Promise<Session | undefined> {
  const [row] = await reader.query<SessionRow>(read, [account_id, session_id]);
  return row === undefined ? undefined : sessionOf(row, includes);
}

/** Members as the API names them. Times are ISO 8601. */
export interface SessionFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly id?: readonly string[] | undefined;
  readonly transaction_id?: readonly string[] | undefined;
  readonly store_id?: readonly string[] | undefined;
  readonly plugin_name?: readonly string[] | undefined;
  readonly terminal_id?: readonly string[] | undefined;
  readonly merchant_reference?: string | undefined;
  readonly "created_at.gte"?: string | undefined;
  readonly "created_at.lte"?: string | undefined;
  readonly search?: string | undefined;
  readonly payment_operation?: string | undefined;
  readonly open?: boolean | undefined;
}

/**
 * Newest first, by the key; by reference, `sessions_by_reference`; by who bought, `sessions_by_words`; what a terminal has
 * open, by its partial indexes.
 */
export async function listSessions(reader: Reader, account_id: string, asked: SessionFilter): Promise<Session[]> {
  const filter = new Filter([account_id, asked.limit])
    .where(asked.starting_after, (parameter) => `session.id < ${parameter}`)
    .anyOf("session.id", asked.id)
    .where(asked.transaction_id, ofTransactions)
    .anyOf(`session."order" -> 'store' ->> 'id'`, asked.store_id)
    .anyOf("session.request_headers ->> 'dintero-system-plugin-name'", asked.plugin_name)
    .equals("session.merchant_reference", asked.merchant_reference)
    .between("session.created_at", asked["created_at.gte"], asked["created_at.lte"])
    .madeBetween("session.id", account_id, asked["created_at.gte"], asked["created_at.lte"])
    // No in-person session has an operation of that kind.
    .where(asked.payment_operation, (parameter) => `${parameter}::text IS NULL`)
    .where(asked.search || undefined, searched)
    .where(asked.terminal_id, (ids) => promptWith(`prompt.terminal_id = ANY(${ids}::text[])`));
  // Written out, so that the few that are open are found by their partial index, and their sessions by them.
  const open = asked.open === undefined ? "" : ` AND ${asked.open ? "" : "NOT "}${promptWith(openPrompt)}`;
  const text = `SELECT ${columns} FROM sessions AS session WHERE session.account_id = $1${open}${filter.text}
    ORDER BY session.id DESC LIMIT $2`;
  const rows = await reader.query<SessionRow>(statement("", text), filter.values);
  return rows.map((row) => sessionOf(row, { event_headers: false, initiating_headers: false }));
}

/** A transaction names its session, and is found by its key. */
const ofTransactions = (ids: string): string =>
  `session.id IN (SELECT transaction.session_id FROM transactions AS transaction
    WHERE transaction.account_id = $1 AND transaction.id = ANY(${ids}::text[]))`;

const promptWith = (condition: string): string =>
  `EXISTS (SELECT FROM prompts AS prompt WHERE prompt.account_id = session.account_id
    AND prompt.session_id = session.id AND prompt.kind IN ('purchase', 'authorize') AND ${condition})`;

const openPrompt = "prompt.status IN ('WAITING', 'PENDING', 'SENT', 'SHOWN', 'PROCESSING', 'UNRESOLVED')";

/** References, and who bought: each by its own index, first of all, so that nothing is walked through. */
const searched = (words: string): string =>
  `session.id = ANY(ARRAY(
    SELECT named.id FROM sessions AS named WHERE named.account_id = $1 AND named.merchant_reference = ${words}
    UNION ALL
    SELECT session.id FROM sessions AS session
    WHERE session.account_id = $1 AND ${hasWord("reference", words)}
      AND session."order" ->> 'merchant_reference_2' = ${words}
    UNION ALL
    SELECT session.id FROM sessions AS session
    WHERE session.account_id = $1 AND ${hasWord("buyer", `lower(${words})`)} AND ${hasName(words)}))`;

/** Members that are the server's to say; a till that sends one of these names has said nothing. */
const serverMembers = new Set([
  ...["id", "created_at", "updated_at", "events", "transaction_id", "cancelled_at", "cancelled_by"],
  ...["initiating_system_request_headers", "customer_ip", "user_agent", "payment_operation"],
]);

function sessionOf(row: SessionRow, includes: SessionIncludes): Session {
  const { metadata, ...members } = row.members;
  const theirs = Object.entries(members).filter(([name]) => !serverMembers.has(name));
  return {
    ...Object.fromEntries(theirs),
    id: row.id,
    url: row.url,
    order: row.order,
    configuration: row.configuration,
    metadata: { ...metadata, ...(row.profile_id === null ? {} : { "session:profile_id": row.profile_id }) },
    ...(row.profile_id === null ? {} : { profile_id: row.profile_id }),
    ...(row.transaction_id === null ? {} : { transaction_id: row.transaction_id }),
    created_at: row.created_at,
    updated_at: row.updated_at,
    expires_at: row.expires_at,
    ...(row.cancelled_at === null ? {} : { cancelled_at: row.cancelled_at }),
    ...(row.cancelled_by === null ? {} : { cancelled_by: row.cancelled_by }),
    // The request headers belong to the request that made the session: its first event.
    events: row.events.map((event) =>
      includes.event_headers && event.id === "1" ? { ...event, request_headers: row.request_headers } : event,
    ),
    ...(includes.initiating_headers ? { initiating_system_request_headers: row.request_headers } : {}),
  };
}

const insert = statement(
  "insert_session",
  `WITH created AS (
     INSERT INTO sessions (account_id, id, profile_id, merchant_reference, url, "order", configuration, members,
       request_headers, created_by, created_at, updated_at, expires_at)
     SELECT $1, $2, $3, $4, $5::jsonb, $6::jsonb, $7::jsonb, $8::jsonb, $9::jsonb, $10, $11::timestamptz,
       $11::timestamptz, $12::timestamptz
     WHERE $3::text IS NULL OR EXISTS (SELECT FROM payment_profiles WHERE account_id = $1 AND profile_id = $3
       AND revision = $15 AND deleted_at IS NULL)
     RETURNING id
   ), kept_answer AS (
     INSERT INTO idempotency_keys (account_id, client_id, operation, key, request_sha256, answer, created_at)
     SELECT $1, $10, $14::jsonb ->> 'operation', $14::jsonb ->> 'key', $14::jsonb ->> 'request_sha256',
       $14::jsonb -> 'answer_sent', $11::timestamptz FROM created WHERE $14::jsonb IS NOT NULL
   )
   INSERT INTO session_events (account_id, session_id, id, name, created_at, request_id)
   SELECT $1, id, 1, 'INITIATED', $11::timestamptz, $13 FROM created RETURNING session_id`,
);

export interface NewSession {
  readonly account_id: string;
  readonly session_id: string;
  readonly profile_id?: string | undefined;
  readonly profile_revision?: number | undefined;
  readonly merchant_reference: string;
  readonly url: object;
  readonly order: object;
  readonly configuration: object;
  readonly members: object;
  readonly request_headers: object;
  readonly request_id: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly kept?: object | undefined;
}

/** A session whose payment is not started by itself. False if its profile is no longer the one it was planned from. */
export async function insertSession(tx: Tx, session: NewSession): Promise<boolean> {
  const made = await tx.query(insert, [
    session.account_id,
    session.session_id,
    session.profile_id ?? null,
    session.merchant_reference,
    JSON.stringify(session.url),
    JSON.stringify(session.order),
    JSON.stringify(session.configuration),
    JSON.stringify(session.members),
    JSON.stringify(session.request_headers),
    session.created_by,
    session.created_at,
    session.expires_at,
    session.request_id,
    session.kept === undefined ? null : JSON.stringify(session.kept),
    session.profile_revision ?? null,
  ]);
  return made.length > 0;
}

export interface LockedSession {
  readonly transaction_id: string | null;
  readonly profile_id: string | null;
  readonly order: Order;
  readonly configuration: Configuration;
  readonly expires_at: string;
  readonly cancelled_at: string | null;
  readonly merchant_reference: string;
  readonly callback_url: string | null;
  readonly created_at: string;
}

const lock = statement(
  "lock_session",
  `SELECT transaction_id, profile_id, "order", configuration, expires_at, cancelled_at, merchant_reference,
     url ->> 'callback_url' AS callback_url, created_at
   FROM sessions WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE`,
);

export async function lockSession(tx: Tx, account_id: string, session_id: string): Promise<LockedSession | undefined> {
  return (await tx.query<LockedSession>(lock, [account_id, session_id]))[0];
}

const changeOrder = statement(
  "update_session_order",
  `UPDATE sessions SET "order" = $3 WHERE account_id = $1 AND id = $2`,
);

export async function updateOrder(tx: Tx, account_id: string, session_id: string, order: object): Promise<void> {
  await tx.query(changeOrder, [account_id, session_id, JSON.stringify(order)]);
}

const callOff = statement(
  "cancel_unstarted_session",
  "UPDATE sessions SET cancelled_at = $3, cancelled_by = $4 WHERE account_id = $1 AND id = $2",
);

export async function updateCancelled(
  tx: Tx,
  asked: { account_id: string; session_id: string; cancelled_by: string },
  now: string,
): Promise<void> {
  await tx.query(callOff, [asked.account_id, asked.session_id, now, asked.cancelled_by]);
}

const append = statement(
  "append_session_event",
  `WITH counted AS (
     UPDATE sessions SET event_count = event_count + 1, updated_at = $4 WHERE account_id = $1 AND id = $2
     RETURNING event_count)
   INSERT INTO session_events (account_id, session_id, id, name, created_at, details)
   SELECT $1, $2, event_count, $3, $4, $5 FROM counted`,
);

export async function appendSessionEvent(
  tx: Tx,
  event: { account_id: string; session_id: string; name: SessionEventName; now: string; details?: object },
): Promise<void> {
  await tx.query(append, [event.account_id, event.session_id, event.name, event.now, event.details ?? null]);
}
