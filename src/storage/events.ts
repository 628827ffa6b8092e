/**
 * What happened, to be told. Events are written into an inbox in the transaction that made them; once they have committed,
 * each gets its place in its account's stream and is handed to the hooks that subscribe.
 */
import { type Reader, statement, type Tx } from "./database.ts";
import { readTransactionsAsCreated } from "./transactions.ts";

export interface NewEvent {
  readonly account_id: string;
  /** The one id under which everybody is told of it, however often. */
  readonly id: string;
  readonly type: string;
  readonly session_id?: string | undefined;
  readonly transaction_id?: string | undefined;
  /** For this hook alone. */
  readonly hook_id?: string | undefined;
  /** The members of the message: how things stand now. */
  readonly members: object;
  readonly created_at: string;
}

const insert = statement(
  "insert_event",
  `INSERT INTO event_inbox (account_id, id, type, session_id, transaction_id, hook_id, body, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);

export async function insertEvent(tx: Tx, event: NewEvent): Promise<void> {
  const { account_id, id, type, session_id, transaction_id, hook_id, members, created_at } = event;
  const ids = [session_id ?? null, transaction_id ?? null, hook_id ?? null];
  await tx.query(insert, [account_id, id, type, ...ids, JSON.stringify(members), created_at]);
}

const insertOfTransactions = statement(
  "insert_transaction_events",
  `WITH told AS (
     SELECT * FROM unnest($2::text[], $3::text[]) AS told (id, body)
   ), counted AS (
     UPDATE transactions AS transaction SET sequence = sequence + 1 FROM told
     WHERE transaction.account_id = $1 AND transaction.id = told.id
     RETURNING transaction.id, transaction.session_id, transaction.sequence, told.body)
   INSERT INTO event_inbox (account_id, id, type, session_id, transaction_id, sequence, body, created_at)
   SELECT $1, id || '.' || sequence, 'checkout_transaction', session_id, id, sequence, body, $4 FROM counted`,
);

/** Tells of transactions as they stand, under their rows' locks: the numbers of what is told of one have no gap. */
export async function insertTransactionEvents(
  tx: Tx,
  account_id: string,
  transactions: readonly { readonly id: string }[],
  now: string,
): Promise<void> {
  const ids = transactions.map(({ id }) => id);
  const bodies = transactions.map((transaction) => JSON.stringify({ transaction }));
  await tx.query(insertOfTransactions, [account_id, ids, bodies, now]);
}

/** One at a time in the whole database: an account's places are given in the order of the commits. */
const turn = 7_236_413;

const place = statement(
  "place_events",
  `WITH turn AS MATERIALIZED (
     SELECT pg_try_advisory_xact_lock(${turn}) AS is_mine
   ), taken AS (
     DELETE FROM event_inbox WHERE (SELECT is_mine FROM turn)
       AND written IN (SELECT written FROM event_inbox ORDER BY written LIMIT $1)
     RETURNING *
   ), counted AS (
     SELECT account_id, count(*) AS new_events FROM taken GROUP BY account_id
   ), streams AS (
     INSERT INTO event_streams AS stream (account_id, last_position) SELECT account_id, new_events FROM counted
     ON CONFLICT (account_id) DO UPDATE SET last_position = stream.last_position + excluded.last_position
     RETURNING account_id, last_position
   ), placed AS (
     INSERT INTO events (account_id, position, id, type, session_id, transaction_id, sequence, hook_id, body, created_at)
     SELECT account_id, streams.last_position - counted.new_events
         + row_number() OVER (PARTITION BY account_id ORDER BY taken.written),
       taken.id, taken.type, taken.session_id, taken.transaction_id, taken.sequence, taken.hook_id, taken.body,
       taken.created_at
     FROM taken JOIN counted USING (account_id) JOIN streams USING (account_id)
     RETURNING *
   ), handed AS (
     -- The delivery's id follows from hook and event: a UUID (version 8, RFC 9562).
     INSERT INTO deliveries (account_id, id, kind, lane_id, hook_id, event_position, session_id, transaction_id, method,
       url, status, due_at, created_at)
     SELECT account_id, overlay(overlay(md5(hook.id || ' ' || placed.id) PLACING '8' FROM 13) PLACING '8' FROM 17)
         ::uuid::text,
       'webhook', hook.id, hook.id, placed.position, placed.session_id, placed.transaction_id, 'POST', hook.url,
       'PENDING', $2, $2
     FROM placed JOIN hooks AS hook USING (account_id)
     WHERE hook.deleted_at IS NULL AND (placed.hook_id = hook.id
       OR (placed.hook_id IS NULL AND hook.active AND placed.type = ANY(hook.events)))
     -- One that cannot be handed on must not keep all others from their places.
     ON CONFLICT DO NOTHING
   )
   SELECT is_mine, account_id, last_position, new_events
   FROM turn LEFT JOIN (streams JOIN counted USING (account_id)) ON true`,
);

/** The streams that have grown. */
export interface GrownStream {
  readonly account_id: string;
  readonly last_position: number;
  readonly new_events: number;
}

/**
 * Gives places to the oldest in the inbox, and hands them on. `is_mine` is false while another process is at it; it may
 * not see what was written since it began.
 */
export async function placeEvents(
  tx: Tx,
  limit: number,
  now: string,
): Promise<{ readonly is_mine: boolean; readonly streams: readonly GrownStream[] }> {
  const rows = await tx.query<GrownStream & { is_mine: boolean }>(place, [limit, now]);
  const streams = rows.flatMap(({ is_mine: _, ...stream }) => (stream.account_id === null ? [] : stream));
  return { is_mine: rows[0]?.is_mine === true, streams };
}

/** An event in its place. */
export interface PlacedEvent {
  readonly account_id: string;
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly session_id: string | null;
  readonly transaction_id: string | null;
  /** Counts what was told of its transaction, for `checkout_transaction`. */
  readonly sequence: number | null;
  readonly members: Readonly<Record<string, unknown>>;
  readonly created_at: string;
}

type EventRow = Omit<PlacedEvent, "members"> & { readonly body: string | null };

const columns = "account_id, position, id, type, session_id, transaction_id, sequence, body, created_at";

const ofAccount = statement(
  "read_events",
  `SELECT ${columns} FROM events WHERE account_id = $1 AND position > $2 AND hook_id IS NULL ORDER BY position LIMIT $3`,
);
const ofSession = statement(
  "read_session_events",
  `SELECT ${columns} FROM events WHERE account_id = $1 AND session_id = $4 AND position > $2 AND hook_id IS NULL
   ORDER BY position LIMIT $3`,
);

export interface StreamPlace {
  readonly account_id: string;
  /** Of this session alone. */
  readonly session_id?: string | undefined;
  readonly after: number;
  readonly limit: number;
}

/** What follows in an account's stream, by its key, or in a session's, by `events_by_session`. */
export async function readEvents(reader: Reader, place: StreamPlace): Promise<PlacedEvent[]> {
  const { account_id, session_id, after, limit } = place;
  const rows =
    session_id === undefined
      ? await reader.query<EventRow>(ofAccount, [account_id, after, limit])
      : await reader.query<EventRow>(ofSession, [account_id, after, limit, session_id]);
  return withMembers(reader, rows);
}

const atPosition = statement(
  "read_events_at",
  `SELECT ${columns} FROM events WHERE account_id = $1 AND position = ANY($2::bigint[])`,
);

/** The events at these places, in no order. */
export async function readEventsAt(
  reader: Reader,
  account_id: string,
  positions: readonly number[],
): Promise<PlacedEvent[]> {
  return withMembers(reader, await reader.query<EventRow>(atPosition, [account_id, positions]));
}

/** A payment's creation is made of what never changes: read now, it is what it was then. */
async function withMembers(reader: Reader, rows: readonly EventRow[]): Promise<PlacedEvent[]> {
  const made = rows.filter(({ body }) => body === null);
  const transaction_ids = made.map(({ transaction_id }) => transaction_id ?? "");
  const [first] = made;
  const created =
    first === undefined ? undefined : await readTransactionsAsCreated(reader, first.account_id, transaction_ids);
  return rows.map(({ body, ...event }) => ({
    ...event,
    members:
      body === null
        ? { transaction: created?.get(event.transaction_id ?? "") }
        : (JSON.parse(body) as PlacedEvent["members"]),
  }));
}

const lastPosition = statement("read_last_position", "SELECT last_position FROM event_streams WHERE account_id = $1");

/** Where an account's stream ends now; 0 before its first event. */
export async function readLastPosition(reader: Reader, account_id: string): Promise<number> {
  return (await reader.query<{ last_position: number }>(lastPosition, [account_id]))[0]?.last_position ?? 0;
}

/** What of an account's stream is there. */
export interface StreamExtent {
  /** 0 before the first event. */
  readonly last_position: number;
  /** Some at or before it have been forgotten; 0 where none have. */
  readonly forgotten_position: number;
  /** The newest that was forgotten happened then. */
  readonly forgotten_until: string | null;
}

const extent = statement(
  "read_stream_extent",
  "SELECT last_position, forgotten_position, forgotten_until FROM event_streams WHERE account_id = $1",
);

export async function readStreamExtent(reader: Reader, account_id: string): Promise<StreamExtent> {
  const [row] = await reader.query<StreamExtent>(extent, [account_id]);
  return row ?? { last_position: 0, forgotten_position: 0, forgotten_until: null };
}

const lastPositions = statement(
  "read_last_positions",
  "SELECT account_id, last_position FROM event_streams WHERE account_id = ANY($1::text[])",
);

export const readLastPositions = (
  reader: Reader,
  account_ids: readonly string[],
): Promise<{ account_id: string; last_position: number }[]> => reader.query(lastPositions, [account_ids]);

const forget = statement(
  "forget_events",
  `WITH old AS (
     SELECT account_id, position FROM events AS event WHERE created_at < $1
       AND NOT EXISTS (SELECT FROM hooks AS hook JOIN deliveries AS delivery ON delivery.account_id = hook.account_id
           AND delivery.hook_id = hook.id AND delivery.event_position = event.position
         WHERE hook.account_id = event.account_id AND delivery.status = 'PENDING')
     ORDER BY created_at LIMIT $2
   ), undelivered AS (
     DELETE FROM deliveries AS delivery USING old, hooks AS hook
     WHERE hook.account_id = old.account_id AND delivery.account_id = old.account_id AND delivery.hook_id = hook.id
       AND delivery.event_position = old.position
   ), forgotten AS (
     DELETE FROM events AS event USING old WHERE event.account_id = old.account_id AND event.position = old.position
     RETURNING event.account_id, event.position, event.created_at
   ), marked AS (
     UPDATE event_streams AS stream SET forgotten_position = greatest(stream.forgotten_position, gone.position),
       forgotten_until = greatest(stream.forgotten_until, gone.created_at)
     FROM (SELECT account_id, max(position) AS position, max(created_at) AS created_at FROM forgotten
       GROUP BY account_id) AS gone
     WHERE stream.account_id = gone.account_id
   )
   SELECT count(*) AS forgotten FROM forgotten`,
);

/**
 * Forgets events from before `before`, with the log of their deliveries, but for those that somebody still waits for: by
 * `events_by_age` and `one_delivery_per_event`. Answers how many.
 */
export async function forgetEvents(tx: Tx, before: string, limit: number): Promise<number> {
  return (await tx.query<{ forgotten: number }>(forget, [before, limit]))[0]?.forgotten ?? 0;
}
