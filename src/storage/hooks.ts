/** Webhook subscriptions. What waits for one, and whether it is paused, is its lane's (lanes.ts), whose id is its own. */
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";
import type { HookSecret } from "./lanes.ts";

export interface Hook {
  readonly account_id: string;
  readonly id: string;
  readonly url: string;
  readonly secret_type: HookSecret["type"] | null;
  readonly insecure_ssl: boolean;
  readonly events: readonly string[];
  readonly active: boolean;
  readonly fields: string | null;
  readonly exclude_fields: readonly string[] | null;
  /** What was sent besides; of its `config` under that name. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly former_until: string | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly updated_at: string;
  readonly updated_by: string;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
  readonly paused_at: string | null;
  readonly paused_by: string | null;
  readonly failures: number;
  readonly pending_deliveries: number;
}

// What signs is read where it signs (lanes.ts), and nowhere else.
const shown = `SELECT hook.account_id, hook.id, hook.url, hook.secret ->> 'type' AS secret_type, hook.insecure_ssl,
     hook.events, hook.active, hook.fields, hook.exclude_fields, hook.members, hook.former_until, hook.created_at,
     hook.created_by, hook.updated_at, hook.updated_by, hook.deleted_at, hook.deleted_by, lane.paused_at, lane.paused_by,
     lane.failures,
     (SELECT count(*) FROM deliveries AS delivery WHERE delivery.account_id = hook.account_id
       AND delivery.lane_id = hook.id AND delivery.status = 'PENDING') AS pending_deliveries
   FROM hooks AS hook JOIN delivery_lanes AS lane ON lane.account_id = hook.account_id AND lane.id = hook.id`;

const read = statement("read_hook", `${shown} WHERE hook.account_id = $1 AND hook.id = $2`);

/** A deleted one too. */
export async function readHook(reader: Reader, account_id: string, id: string): Promise<Hook | undefined> {
  return (await reader.query<Hook>(read, [account_id, id]))[0];
}

const lock = statement(
  "lock_hook",
  `SELECT hook.id, hook.account_id, hook.url, hook.deleted_at, lane.paused_at, lane.paused_by
   FROM hooks AS hook JOIN delivery_lanes AS lane ON lane.account_id = hook.account_id AND lane.id = hook.id
   WHERE hook.account_id = $1 AND hook.id = $2 FOR NO KEY UPDATE OF hook`,
);

export type LockedHook = Pick<Hook, "id" | "account_id" | "url" | "deleted_at" | "paused_at" | "paused_by">;

/** Nobody else changes it until the transaction ends. */
export async function lockHook(tx: Tx, account_id: string, id: string): Promise<LockedHook | undefined> {
  return (await tx.query<LockedHook>(lock, [account_id, id]))[0];
}

export interface HookFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly include_deleted: boolean;
}

const notDeleted = (include_deleted: boolean): string => (include_deleted ? "" : " AND hook.deleted_at IS NULL");

/** Newest first, by `hooks_by_age`. */
export async function listHooks(reader: Reader, account_id: string, asked: HookFilter): Promise<Hook[]> {
  const filter = new Filter([account_id, asked.limit]).where(
    asked.starting_after,
    (cursor) =>
      `(hook.created_at, hook.id) < (SELECT created_at, id FROM hooks WHERE account_id = $1 AND id = ${cursor})`,
  );
  const text = `${shown} WHERE hook.account_id = $1${notDeleted(asked.include_deleted)}${filter.text}
    ORDER BY hook.created_at DESC, hook.id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}

const count = statement("count_hooks", "SELECT count(*) AS total FROM hooks AS hook WHERE hook.account_id = $1");
const countLeft = statement("count_hooks_left", `${count.text}${notDeleted(false)}`);

/** How many there are in all. */
export async function countHooks(reader: Reader, account_id: string, include_deleted: boolean): Promise<number> {
  const [row] = await reader.query<{ total: number }>(include_deleted ? count : countLeft, [account_id]);
  return row?.total ?? 0;
}

export interface NewHook {
  readonly account_id: string;
  readonly id: string;
  readonly url: string;
  readonly secret: HookSecret | null;
  readonly insecure_ssl: boolean;
  readonly events: readonly string[];
  readonly active: boolean;
  readonly fields: string | null;
  readonly exclude_fields: readonly string[] | null;
  readonly members: object;
  readonly signing_secret: string;
  readonly created_by: string;
}

const insert = statement(
  "insert_hook",
  `WITH made AS (
     INSERT INTO hooks (account_id, id, url, secret, insecure_ssl, events, active, fields, exclude_fields, members,
       signing_secret, created_at, created_by, updated_at, updated_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12, $13) RETURNING account_id, id
   )
   INSERT INTO delivery_lanes (account_id, id, hook_id) SELECT account_id, id, id FROM made`,
);

/** With its lane. */
export async function insertHook(tx: Tx, hook: NewHook, now: string): Promise<void> {
  const { account_id, id, url, secret, insecure_ssl, events, active, fields, exclude_fields, signing_secret } = hook;
  const shown_members = [fields, exclude_fields, JSON.stringify(hook.members)];
  const secret_json = secret === null ? null : JSON.stringify(secret);
  const values = [account_id, id, url, secret_json, insecure_ssl, events, active, ...shown_members, signing_secret];
  await tx.query(insert, [...values, now, hook.created_by]);
}

const rotate = statement(
  "rotate_hook_secret",
  `UPDATE hooks SET former_signing_secret = CASE WHEN $4::timestamptz IS NULL THEN NULL ELSE signing_secret END,
     former_until = $4, signing_secret = $3, updated_at = $5, updated_by = $6
   WHERE account_id = $1 AND id = $2`,
);

interface HookChange {
  readonly account_id: string;
  readonly id: string;
  readonly changed_by: string;
}

/** The secret before signs as well until `former_until`; with `null`, no more. */
export async function replaceSigningSecret(
  tx: Tx,
  { account_id, id, changed_by }: HookChange,
  { signing_secret, former_until }: { readonly signing_secret: string; readonly former_until: string | null },
  now: string,
): Promise<void> {
  await tx.query(rotate, [account_id, id, signing_secret, former_until, now, changed_by]);
}

const touch = statement(
  "touch_hook",
  "UPDATE hooks SET updated_at = $3, updated_by = $4 WHERE account_id = $1 AND id = $2",
);

export async function touchHook(tx: Tx, { account_id, id, changed_by }: HookChange, now: string): Promise<void> {
  await tx.query(touch, [account_id, id, now, changed_by]);
}

const remove = statement(
  "delete_hook",
  `WITH let_go AS (
     -- Paused or not, what waits is to be refused now.
     UPDATE delivery_lanes SET paused_at = NULL, paused_by = NULL, probe_at = NULL, draining = true
     WHERE account_id = $1 AND id = $2
   )
   UPDATE hooks SET deleted_at = $3, deleted_by = $4, updated_at = $3, updated_by = $4
   WHERE account_id = $1 AND id = $2`,
);

/** Nothing more goes out to it. What waits for it is refused by whoever works on its lane. */
export async function markHookDeleted(tx: Tx, { account_id, id, changed_by }: HookChange, now: string): Promise<void> {
  await tx.query(remove, [account_id, id, now, changed_by]);
}
