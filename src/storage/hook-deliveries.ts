/** What was sent to a hook, for whoever looks for the fault; and sending it again. How it is sent is in deliveries.ts. */
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

export interface HookDelivery {
  readonly id: string;
  readonly event_position: number;
  readonly url: string;
  readonly created_at: string;
  readonly delivery_status: "PENDING" | "DELIVERED" | "REFUSED" | "EXHAUSTED";
  readonly attempts: number;
  readonly due_at: string;
  readonly finished_at: string | null;
  readonly event: string;
  readonly event_id: string;
  /** Of the last answer there was. */
  readonly status: number | null;
}

const shown = `SELECT delivery.id, delivery.event_position, delivery.url, delivery.created_at,
     delivery.status AS delivery_status, delivery.attempts, delivery.due_at, delivery.finished_at, event.type AS event,
     event.id AS event_id,
     (SELECT attempt.status FROM delivery_attempts AS attempt WHERE attempt.account_id = delivery.account_id
       AND attempt.delivery_id = delivery.id AND attempt.status IS NOT NULL ORDER BY attempt.try DESC LIMIT 1) AS status
   FROM deliveries AS delivery
   JOIN events AS event ON event.account_id = delivery.account_id AND event.position = delivery.event_position
   WHERE delivery.account_id = $1 AND delivery.hook_id = $2`;

const read = statement("read_hook_delivery", `${shown} AND delivery.id = $3`);

export async function readHookDelivery(
  reader: Reader,
  account_id: string,
  hook_id: string,
  delivery_id: string,
): Promise<HookDelivery | undefined> {
  return (await reader.query<HookDelivery>(read, [account_id, hook_id, delivery_id]))[0];
}

export interface HookDeliveryFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly delivery_status?: readonly string[] | undefined;
  readonly event?: readonly string[] | undefined;
}

const placeOf = (delivery_id: string): string =>
  `(SELECT event_position FROM deliveries WHERE account_id = $1 AND hook_id = $2 AND id = ${delivery_id})`;

/** Newest first, in the order in which it happened, by `one_delivery_per_event`. */
export async function listHookDeliveries(
  reader: Reader,
  account_id: string,
  hook_id: string,
  asked: HookDeliveryFilter,
): Promise<HookDelivery[]> {
  const filter = new Filter([account_id, hook_id, asked.limit])
    .where(
      asked.starting_after,
      // Said of both sides of the join, so that a page far back begins where it begins, whichever is read first.
      (cursor) => `delivery.event_position < ${placeOf(cursor)} AND event.position < ${placeOf(cursor)}`,
    )
    .anyOf("delivery.status", asked.delivery_status)
    .anyOf("event.type", asked.event);
  const text = `${shown}${filter.text} ORDER BY delivery.event_position DESC LIMIT $3`;
  return reader.query(statement("", text), filter.values);
}

export interface DeliveryTry {
  readonly started_at: string;
  readonly duration_ms: number;
  readonly request_headers: Readonly<Record<string, string>>;
  readonly status: number | null;
  readonly response_headers: Readonly<Record<string, unknown>> | null;
  readonly response_body: string | null;
  readonly problem: string | null;
}

const tries = statement(
  "read_delivery_tries",
  `SELECT started_at, duration_ms, request_headers, status, response_headers, response_body, problem
   FROM delivery_attempts WHERE account_id = $1 AND delivery_id = $2 ORDER BY try`,
);

/** In order. */
export const readTries = (reader: Reader, account_id: string, delivery_id: string): Promise<DeliveryTry[]> =>
  reader.query(tries, [account_id, delivery_id]);

const again = statement(
  "redeliver_one",
  `UPDATE deliveries SET status = 'PENDING', attempts = 0, due_at = $4, finished_at = NULL
   WHERE account_id = $1 AND hook_id = $2 AND id = $3 RETURNING id`,
);

/** Has it sent again, under its ids, with all its tries. False where there is none. */
export async function redeliver(
  tx: Tx,
  account_id: string,
  hook_id: string,
  delivery_id: string,
  now: string,
): Promise<boolean> {
  return (await tx.query(again, [account_id, hook_id, delivery_id, now])).length > 0;
}

export interface RedeliveryRange {
  readonly from: string;
  readonly to: string | null;
  readonly delivery_status: readonly string[];
  /** Only what happened after that one. */
  readonly starting_after: string | null;
  readonly limit: number;
}

// Their order is that of the events; what is due is taken in the order of `due_at`.
const manyAgain = statement(
  "redeliver_many",
  `WITH chosen AS (
     SELECT id, event_position, row_number() OVER (ORDER BY event_position) AS place FROM deliveries
     WHERE account_id = $1 AND hook_id = $2 AND created_at >= $3 AND created_at <= coalesce($4, created_at)
       AND status = ANY($5::text[]) AND status <> 'PENDING'
       AND ($6::text IS NULL OR event_position > (SELECT event_position FROM deliveries
         WHERE account_id = $1 AND hook_id = $2 AND id = $6))
     ORDER BY event_position LIMIT $7
   )
   UPDATE deliveries AS delivery SET status = 'PENDING', attempts = 0, finished_at = NULL,
     due_at = $8::timestamptz - ($7 - chosen.place) * interval '1 microsecond'
   FROM chosen WHERE delivery.account_id = $1 AND delivery.id = chosen.id
   RETURNING delivery.id, delivery.event_position`,
);

const drain = statement(
  "drain_lane",
  "UPDATE delivery_lanes SET draining = true WHERE account_id = $1 AND id = $2 AND paused_at IS NULL",
);

/** Has what has ended sent again, the oldest first, one after the other. Answers how many, and the last of them. */
export async function redeliverMany(
  tx: Tx,
  account_id: string,
  hook_id: string,
  { from, to, delivery_status, starting_after, limit }: RedeliveryRange,
  now: string,
): Promise<{ count: number; last_id: string | undefined }> {
  const asked = [from, to, delivery_status, starting_after, limit, now];
  const rows = await tx.query<{ id: string; event_position: number }>(manyAgain, [account_id, hook_id, ...asked]);
  if (rows.length > 0) await tx.query(drain, [account_id, hook_id]);
  const last = rows.reduce<(typeof rows)[number] | undefined>(
    (latest, row) => (latest === undefined || row.event_position > latest.event_position ? row : latest),
    undefined,
  );
  return { count: rows.length, last_id: last?.id };
}
