/** The outbox: what is to be told to whom. Written with what happened, sent by whoever holds its lane, and recorded. */
import { type Reader, statement, type Tx } from "./database.ts";
import type { LaneKey } from "./lanes.ts";

export interface NewCallback {
  readonly account_id: string;
  readonly id: string;
  /** The origin it goes to. */
  readonly lane_id: string;
  readonly session_id: string;
  /** None where the session was called off before its payment began. */
  readonly transaction_id: string | null;
  readonly transaction_event_id: number | null;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly body: string | null;
  readonly due_at: string;
}

interface Written {
  readonly account_id: string;
  readonly id: string;
  readonly lane_id: string;
  readonly url: string;
  readonly method: "GET" | "POST";
  /** Tries that count against the limit, made before this one. */
  readonly attempts: number;
}

export interface CallbackDelivery extends Written {
  readonly kind: "callback";
  readonly session_id: string;
  readonly transaction_id: string | null;
  readonly transaction_event_id: number | null;
  readonly body: string | null;
}

export interface WebhookDelivery extends Written {
  readonly kind: "webhook";
  readonly hook_id: string;
  readonly event_position: number;
}

export type Delivery = CallbackDelivery | WebhookDelivery;

const insert = statement(
  "insert_callback",
  `WITH lane AS (
     INSERT INTO delivery_lanes (account_id, id) VALUES ($1, $3) ON CONFLICT DO NOTHING
   )
   INSERT INTO deliveries (account_id, id, kind, lane_id, session_id, transaction_id, transaction_event_id, method, url,
     body, status, due_at, created_at)
   VALUES ($1, $2, 'callback', $3, $4, $5, $6, $7, $8, $9, 'PENDING', $10, $11)`,
);

export async function insertCallback(tx: Tx, callback: NewCallback, now: string): Promise<void> {
  await tx.query(insert, [
    callback.account_id,
    callback.id,
    callback.lane_id,
    callback.session_id,
    callback.transaction_id,
    callback.transaction_event_id,
    callback.method,
    callback.url,
    callback.body,
    callback.due_at,
    now,
  ]);
}

const due = statement(
  "due_deliveries",
  `SELECT * FROM deliveries WHERE account_id = $1 AND lane_id = $2 AND status = 'PENDING' AND due_at <= $3
     AND NOT (id = ANY($4::text[]))
     AND NOT EXISTS (SELECT FROM delivery_lanes AS lane WHERE lane.account_id = $1 AND lane.id = $2
       AND (lane.draining OR lane.paused_at IS NOT NULL))
   ORDER BY due_at, event_position LIMIT $5`,
);

/**
 * What is due in a lane, but for what is under way, by `pending_deliveries`. Nothing of one that was paused meanwhile, or
 * that is to be drained in order.
 */
export const readDue = (
  reader: Reader,
  { account_id, id }: LaneKey,
  now: string,
  under_way: readonly string[],
  limit: number,
): Promise<Delivery[]> => reader.query(due, [account_id, id, now, under_way, limit]);

const inOrder = statement(
  "deliveries_in_order",
  `SELECT * FROM deliveries WHERE account_id = $1 AND lane_id = $2 AND status = 'PENDING' AND event_position IS NOT NULL
   ORDER BY event_position LIMIT $3`,
);

/** What waits in a hook's lane, in the order in which it happened, by `pending_deliveries_in_order`. */
export const readInOrder = (reader: Reader, { account_id, id }: LaneKey, limit: number): Promise<Delivery[]> =>
  reader.query(inOrder, [account_id, id, limit]);

const forget = statement(
  "forget_callbacks",
  `DELETE FROM deliveries WHERE (account_id, id) IN (SELECT account_id, id FROM deliveries
     WHERE kind = 'callback' AND finished_at < $1 ORDER BY finished_at LIMIT $2)
   RETURNING id`,
);

/** Forgets callbacks that ended before `before`, with all their tries, by `ended_callbacks`. Answers how many. */
export async function forgetCallbacks(tx: Tx, before: string, limit: number): Promise<number> {
  return (await tx.query(forget, [before, limit])).length;
}

const refuse = statement(
  "refuse_waiting_deliveries",
  `UPDATE deliveries SET status = 'REFUSED', last_answer = 'The subscription was deleted.', finished_at = $3
   WHERE account_id = $1 AND id IN (SELECT id FROM deliveries
     WHERE account_id = $1 AND lane_id = $2 AND status = 'PENDING' LIMIT $4)
   RETURNING id`,
);

/** Ends what waits in the lane of a hook that was deleted. Answers how many. */
export async function refuseWaiting(tx: Tx, { account_id, id }: LaneKey, now: string, limit: number): Promise<number> {
  return (await tx.query(refuse, [account_id, id, now, limit])).length;
}

const lastInOrder = statement(
  "last_delivery_in_order",
  `SELECT event_position FROM deliveries WHERE account_id = $1 AND lane_id = $2 AND status = 'PENDING'
     AND event_position IS NOT NULL
   ORDER BY event_position DESC LIMIT 1`,
);

/** The place of the last event that waits in a hook's lane; 0 where none does. */
export async function readLastInOrder(reader: Reader, { account_id, id }: LaneKey): Promise<number> {
  const [last] = await reader.query<{ event_position: number }>(lastInOrder, [account_id, id]);
  return last?.event_position ?? 0;
}

export interface Try {
  readonly status: "PENDING" | "DELIVERED" | "REFUSED" | "EXHAUSTED";
  readonly started_at: string;
  readonly duration_ms: number;
  readonly request_headers: Readonly<Record<string, string>>;
  readonly answer:
    | { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: string }
    | { readonly problem: string };
  /** When to try again, for PENDING. */
  readonly due_at: string | null;
}

const record = statement(
  "record_try",
  `WITH tried AS (
     UPDATE deliveries SET status = $3, attempts = attempts + 1, tries = tries + 1, last_answer = $4,
       due_at = coalesce($5, due_at), finished_at = CASE WHEN $3 = 'PENDING' THEN NULL ELSE $6::timestamptz END
     WHERE account_id = $1 AND id = $2 AND status = 'PENDING'
     RETURNING lane_id, tries
   ), answered AS (
     UPDATE delivery_lanes AS lane SET failures = 0 FROM tried
     WHERE $14 AND lane.account_id = $1 AND lane.id = tried.lane_id AND lane.failures > 0
   ), told AS (
     UPDATE sessions SET event_count = event_count + 1, updated_at = $6 FROM tried
     WHERE sessions.account_id = $1 AND sessions.id = $15
     RETURNING event_count
   ), told_event AS (
     INSERT INTO session_events (account_id, session_id, id, name, created_at, details)
     SELECT $1, $15, event_count, 'AUTH_CALLBACK_SENT', $6, $16 FROM told
   )
   INSERT INTO delivery_attempts (account_id, delivery_id, try, started_at, duration_ms, request_headers, status,
     response_headers, response_body, problem)
   SELECT $1, $2, tries, $7, $8, $9, $10, $11, $12, $13 FROM tried
   RETURNING (SELECT held_by FROM delivery_lanes JOIN tried ON tried.lane_id = delivery_lanes.id
     WHERE delivery_lanes.account_id = $1) AS held_by`,
);

/**
 * Records a try and what follows from it: a receiver that has answered has not failed since, and the session tells of a
 * callback that has arrived. A delivery that has ended meanwhile stays as it ended. Answers who has the lane now; `undefined` where nothing was recorded.
 */
export async function recordTry(
  tx: Tx,
  delivery: Delivery,
  tried: Try,
  now: string,
): Promise<{ readonly held_by: string | null } | undefined> {
  const { answer } = tried;
  const words = "problem" in answer ? answer.problem : `HTTP ${answer.status}`;
  const answered =
    "problem" in answer
      ? [null, null, null, answer.problem]
      : [answer.status, JSON.stringify(answer.headers), answer.body, null];
  const ended = [tried.status, words, tried.due_at, now];
  const made = [tried.started_at, tried.duration_ms, JSON.stringify(tried.request_headers)];
  const has_answered = "status" in answer && (tried.status === "DELIVERED" || tried.status === "REFUSED");
  const ids = [delivery.account_id, delivery.id];
  const told = tried.status === "DELIVERED" && delivery.kind === "callback" ? delivery : undefined;
  const event_id = told?.transaction_event_id ?? null;
  const details = event_id === null ? null : { transaction_event_id: String(event_id) };
  const of_session = [told?.session_id ?? null, details];
  const values = [...ids, ...ended, ...made, ...answered, has_answered, ...of_session];
  return (await tx.query<{ held_by: string | null }>(record, values))[0];
}

export interface CallbackLog {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly status: Try["status"];
  readonly created_at: string;
  readonly due_at: string;
  readonly finished_at?: string;
  readonly tries: {
    readonly started_at: string;
    readonly duration_ms: number;
    readonly status?: number;
    readonly response_body?: string;
    readonly problem?: string;
  }[];
}

const callbacks = statement(
  "read_callbacks_of_transaction",
  `SELECT json_strip_nulls(json_build_object('id', delivery.id, 'method', delivery.method, 'url', delivery.url,
       'status', delivery.status, 'created_at', iso(delivery.created_at), 'due_at', iso(delivery.due_at),
       'finished_at', iso(delivery.finished_at),
       'tries', (SELECT coalesce(json_agg(json_build_object('started_at', iso(attempt.started_at),
           'duration_ms', attempt.duration_ms, 'status', attempt.status, 'response_body', attempt.response_body,
           'problem', attempt.problem) ORDER BY attempt.try), '[]')
         FROM delivery_attempts AS attempt
         WHERE attempt.account_id = delivery.account_id AND attempt.delivery_id = delivery.id))) AS callback
   FROM transactions AS transaction
   JOIN deliveries AS delivery ON delivery.account_id = transaction.account_id
     AND delivery.session_id = transaction.session_id AND delivery.kind = 'callback'
   WHERE transaction.account_id = $1 AND transaction.id = $2 ORDER BY delivery.created_at, delivery.id`,
);

/** What was sent to the session's `callback_url`, with every try, by `deliveries_by_session`. */
export async function readCallbacksOf(
  reader: Reader,
  account_id: string,
  transaction_id: string,
): Promise<CallbackLog[]> {
  const rows = await reader.query<{ callback: CallbackLog }>(callbacks, [account_id, transaction_id]);
  return rows.map(({ callback }) => callback);
}
