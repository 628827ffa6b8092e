/**
 * Lanes: everything that goes to one receiver. A process takes a lane that has something to send, works on it alone, and
 * gives it back; what a dead one held is free again (see server-processes.ts).
 */
import { type Reader, statement, type Tx } from "./database.ts";

/** What a hook's messages are signed with, and what of an event they show. */
export interface HookSettings {
  readonly id: string;
  readonly url: string;
  readonly secret: HookSecret | null;
  readonly insecure_ssl: boolean;
  readonly fields: string | null;
  readonly exclude_fields: readonly string[] | null;
  readonly signing_secret: string;
  readonly former_signing_secret: string | null;
  readonly former_until: string | null;
}

export type HookSecret =
  | { readonly type: "HMAC-SHA1"; readonly value: string }
  | { readonly type: "Authorization"; readonly value: string }
  | {
      readonly type: "AWS4-HMAC-SHA256";
      readonly aws_access_key_id: string;
      readonly aws_secret_access_key: string;
      readonly region: string;
      readonly service: string;
    };

export interface Lane {
  readonly account_id: string;
  readonly id: string;
  readonly held_by: string | null;
  /** Tries that failed one after the other. */
  readonly failures: number;
  readonly paused_at: string | null;
  readonly paused_by: string | null;
  readonly probe_at: string | null;
  readonly draining: boolean;
  /** Of a webhook's lane. */
  readonly hook: HookSettings | null;
  /** The hook was deleted: what waits is refused. */
  readonly is_deleted: boolean;
}

export interface DueLane {
  readonly account_id: string;
  readonly id: string;
  readonly held_by: string | null;
  /** Tries that failed one after the other. */
  readonly failures: number;
  readonly due_at: string;
  /** How many deliveries are due, counted to no more than a worker has in hand at once. */
  readonly due_count: number;
}

/** More than a worker has in hand. */
const countedMax = 32;

const due = statement(
  "due_lanes",
  `WITH RECURSIVE pending AS (
     (SELECT account_id, lane_id, due_at FROM deliveries WHERE status = 'PENDING'
      ORDER BY account_id, lane_id, due_at LIMIT 1)
     UNION ALL
     SELECT next.account_id, next.lane_id, next.due_at FROM pending CROSS JOIN LATERAL (
       SELECT account_id, lane_id, due_at FROM deliveries
       WHERE status = 'PENDING' AND (account_id, lane_id) > (pending.account_id, pending.lane_id)
       ORDER BY account_id, lane_id, due_at LIMIT 1) AS next
   )
   SELECT lane.account_id, lane.id, lane.held_by, lane.failures,
     -- What drains goes out whenever it was due.
     coalesce(lane.probe_at, CASE WHEN lane.draining THEN $2 ELSE pending.due_at END) AS due_at,
     (SELECT count(*) FROM (SELECT FROM deliveries WHERE status = 'PENDING' AND account_id = pending.account_id
        AND lane_id = pending.lane_id AND due_at <= $2 LIMIT ${countedMax}) AS counted) AS due_count
   FROM pending JOIN delivery_lanes AS lane ON lane.account_id = pending.account_id AND lane.id = pending.lane_id
   WHERE (lane.held_by IS NULL OR lane.held_by = $1) AND (lane.paused_at IS NULL OR lane.probe_at IS NOT NULL)`,
);

/** Lanes with something to send that nobody else works on, and when: skipping through `pending_deliveries`. */
export const readDueLanes = (reader: Reader, process_id: string, now: string): Promise<DueLane[]> =>
  reader.query(due, [process_id, now]);

const take = statement(
  "take_lanes",
  `UPDATE delivery_lanes AS lane SET held_by = $1
   FROM unnest($2::text[], $3::text[]) AS asked (account_id, id)
   WHERE lane.account_id = asked.account_id AND lane.id = asked.id AND lane.held_by IS NULL
   RETURNING lane.account_id, lane.id`,
);

export interface LaneKey {
  readonly account_id: string;
  readonly id: string;
}

/** Takes those of the lanes that are still nobody's. */
export const takeLanes = (tx: Tx, process_id: string, lanes: readonly LaneKey[]): Promise<LaneKey[]> =>
  tx.query(take, [process_id, lanes.map(({ account_id }) => account_id), lanes.map(({ id }) => id)]);

const giveBack = statement(
  "give_lanes_back",
  `UPDATE delivery_lanes AS lane SET held_by = NULL
   FROM unnest($2::text[], $3::text[]) AS asked (account_id, id)
   WHERE lane.account_id = asked.account_id AND lane.id = asked.id AND lane.held_by = $1`,
);

export async function giveLanesBack(tx: Tx, process_id: string, lanes: readonly LaneKey[]): Promise<void> {
  await tx.query(giveBack, [process_id, lanes.map(({ account_id }) => account_id), lanes.map(({ id }) => id)]);
}

const read = statement(
  "read_lane",
  `SELECT lane.*, CASE WHEN hook.id IS NULL THEN NULL ELSE json_build_object('id', hook.id, 'url', hook.url,
     'secret', hook.secret, 'insecure_ssl', hook.insecure_ssl, 'fields', hook.fields,
     'exclude_fields', hook.exclude_fields, 'signing_secret', hook.signing_secret,
     'former_signing_secret', hook.former_signing_secret, 'former_until', iso(hook.former_until)) END AS hook,
     hook.deleted_at IS NOT NULL AS is_deleted
   FROM delivery_lanes AS lane LEFT JOIN hooks AS hook ON hook.account_id = lane.account_id AND hook.id = lane.hook_id
   WHERE lane.account_id = $1 AND lane.id = $2`,
);

export async function readLane(reader: Reader, { account_id, id }: LaneKey): Promise<Lane | undefined> {
  return (await reader.query<Lane>(read, [account_id, id]))[0];
}

const failed = statement(
  "lane_failed",
  "UPDATE delivery_lanes SET failures = failures + 1 WHERE account_id = $1 AND id = $2 RETURNING failures, paused_at",
);

/** Answers how many tries have failed one after the other, and whether the lane is paused already. */
export async function markFailed(
  tx: Tx,
  { account_id, id }: LaneKey,
): Promise<{ readonly failures: number; readonly paused_at: string | null }> {
  const [row] = await tx.query<{ failures: number; paused_at: string | null }>(failed, [account_id, id]);
  return row ?? { failures: 0, paused_at: null };
}

const pause = statement(
  "pause_lane",
  `UPDATE delivery_lanes SET paused_at = coalesce(paused_at, $3), paused_by = $4, probe_at = $5, draining = false
   WHERE account_id = $1 AND id = $2 AND (paused_by IS NULL OR paused_by = 'tapline' OR $4 <> 'tapline')
   RETURNING paused_at`,
);

/**
 * Keeps what comes, and spends no tries on it. With `probe_at` the receiver is asked then whether it is back; without, it
 * waits for a person. A person's pause outlasts the server's own.
 */
export async function pauseLane(
  tx: Tx,
  { account_id, id }: LaneKey,
  { paused_by, probe_at, now }: { readonly paused_by: string; readonly probe_at: string | null; readonly now: string },
): Promise<boolean> {
  return (await tx.query(pause, [account_id, id, now, paused_by, probe_at])).length > 0;
}

const resume = statement(
  "resume_lane",
  `UPDATE delivery_lanes SET paused_at = NULL, paused_by = NULL, probe_at = NULL, draining = true, failures = 0
   WHERE account_id = $1 AND id = $2 AND paused_at IS NOT NULL AND ($3::text IS NULL OR paused_by = $3)
   RETURNING id`,
);

/** Lets out what was kept, in order. False where it was not paused, or not by `paused_by`. */
export async function resumeLane(tx: Tx, { account_id, id }: LaneKey, paused_by: string | null): Promise<boolean> {
  return (await tx.query(resume, [account_id, id, paused_by])).length > 0;
}

const drained = statement(
  "lane_drained",
  "UPDATE delivery_lanes SET draining = false WHERE account_id = $1 AND id = $2 AND draining",
);

export async function markDrained(tx: Tx, { account_id, id }: LaneKey): Promise<void> {
  await tx.query(drained, [account_id, id]);
}
