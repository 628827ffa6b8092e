/** Keys of the checkout's administration, and what is shown for them. */
import type { ApiKeyStanding } from "../domain/api-key.ts";
import type { Scope } from "../domain/scopes.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** The client that it stands for, by what it calls itself. */
  readonly client_id: string;
  readonly scope: Scope[];
  readonly members: Readonly<Record<string, unknown>>;
  readonly expires_at: string | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
}

const columns = `id, name, client_id, scope, members, expires_at, created_at, created_by, updated_at, updated_by,
  deleted_at, deleted_by`;

const insert = statement(
  "insert_api_key",
  `INSERT INTO api_keys (account_id, id, name, client_id, scope, members, expires_at, created_at, created_by)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ${columns}`,
);

export interface NewApiKey {
  readonly account_id: string;
  readonly id: string;
  readonly name: string;
  readonly client_id: string;
  readonly scope: readonly string[];
  readonly members: object;
  readonly expires_at: string | undefined;
  readonly created_by: string;
}

export async function insertApiKey(tx: Tx, asked: NewApiKey, now: string): Promise<ApiKey> {
  const { account_id, id, name, client_id, scope, members, expires_at, created_by } = asked;
  const facts = [name, client_id, scope, JSON.stringify(members), expires_at ?? null];
  const [made] = await tx.query<ApiKey>(insert, [account_id, id, ...facts, now, created_by]);
  if (made === undefined) throw new Error(`API key ${id} was not written.`);
  return made;
}

const insertShown = statement(
  "insert_api_key_secret",
  `INSERT INTO api_key_secrets (key_sha256, account_id, api_key_id, created_at, created_by) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (key_sha256) DO NOTHING RETURNING api_key_id`,
);

export interface NewKeySecret {
  readonly account_id: string;
  readonly api_key_id: string;
  readonly key_sha256: Buffer;
  readonly created_by: string;
}

/** False where the same is shown for another key, or was. */
export async function insertKeySecret(tx: Tx, made: NewKeySecret, now: string): Promise<boolean> {
  const { account_id, api_key_id, key_sha256, created_by } = made;
  return (await tx.query(insertShown, [key_sha256, account_id, api_key_id, now, created_by])).length > 0;
}

const read = statement("read_api_key", `SELECT ${columns} FROM api_keys WHERE account_id = $1 AND id = $2`);

/** A deleted one too. */
export async function readApiKey(reader: Reader, account_id: string, id: string): Promise<ApiKey | undefined> {
  return (await reader.query<ApiKey>(read, [account_id, id]))[0];
}

const lock = statement(
  "lock_api_key",
  `SELECT ${columns} FROM api_keys WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE`,
);

export async function lockApiKey(tx: Tx, account_id: string, id: string): Promise<ApiKey | undefined> {
  return (await tx.query<ApiKey>(lock, [account_id, id]))[0];
}

export interface ApiKeyFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly include_deleted?: boolean | undefined;
}

/** Newest first, by `good_api_keys_newest_first`, or `api_keys_newest_first` with deleted ones. */
export async function listApiKeys(reader: Reader, account_id: string, asked: ApiKeyFilter): Promise<ApiKey[]> {
  const filter = new Filter([account_id, asked.limit]).where(
    asked.starting_after,
    (cursor) => `(created_at, id) < (SELECT created_at, id FROM api_keys WHERE account_id = $1 AND id = ${cursor})`,
  );
  const hidden = asked.include_deleted === true ? "" : " AND deleted_at IS NULL";
  const text = `SELECT ${columns} FROM api_keys WHERE account_id = $1${hidden}${filter.text}
    ORDER BY created_at DESC, id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}

const remove = statement(
  "delete_api_key",
  `UPDATE api_keys SET deleted_at = $3, deleted_by = $4
   WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING ${columns}`,
);

/** `undefined` if there is none. */
export async function deleteApiKey(
  tx: Tx,
  { account_id, id }: { account_id: string; id: string },
  deleted_by: string,
  now: string,
): Promise<ApiKey | undefined> {
  return (await tx.query<ApiKey>(remove, [account_id, id, now, deleted_by]))[0];
}

const retire = statement(
  "retire_api_key_secrets",
  `UPDATE api_key_secrets SET retires_at = $3
   WHERE account_id = $1 AND api_key_id = $2 AND (retires_at IS NULL OR retires_at > $3)`,
);

/** What was shown for the key ends then, or earlier where that was settled before. By `api_key_secrets_by_key`. */
export async function retireKeySecrets(
  tx: Tx,
  { account_id, id }: { account_id: string; id: string },
  retires_at: string,
): Promise<void> {
  await tx.query(retire, [account_id, id, retires_at]);
}

const touch = statement(
  "touch_api_key",
  `UPDATE api_keys SET expires_at = $3, updated_at = $4, updated_by = $5 WHERE account_id = $1 AND id = $2
   RETURNING ${columns}`,
);

/** Under the key's lock. */
export async function touchApiKey(
  tx: Tx,
  { account_id, id, expires_at }: { account_id: string; id: string; expires_at: string | null },
  updated_by: string,
  now: string,
): Promise<ApiKey> {
  const [key] = await tx.query<ApiKey>(touch, [account_id, id, expires_at, now, updated_by]);
  if (key === undefined) throw new Error(`API key ${id} changed under its lock.`);
  return key;
}

const standing = statement(
  "read_api_key_standing",
  `SELECT key.account_id, key.id AS api_key_id, key.client_id, key.scope,
     ARRAY(SELECT DISTINCT unnest(held.scope) FROM client_grants AS held
       WHERE held.account_id = client.account_id AND held.client_id = client.id AND held.deleted_at IS NULL
         AND held.type IN ('any', 'client_credentials')) AS granted,
     least(key.expires_at, shown.retires_at) AS ends_at
   FROM api_key_secrets AS shown
   JOIN api_keys AS key ON key.account_id = shown.account_id AND key.id = shown.api_key_id
   JOIN api_clients AS client ON client.account_id = key.account_id AND client.client_id = key.client_id
   WHERE shown.key_sha256 = $1 AND key.deleted_at IS NULL AND client.deleted_at IS NULL
     AND (key.expires_at IS NULL OR key.expires_at > $2) AND (shown.retires_at IS NULL OR shown.retires_at > $2)`,
);

/** What is shown, if it is good now: a hash tells nothing by the time it takes to be found. */
export async function readKeyStanding(
  reader: Reader,
  key_sha256: Buffer,
  now: string,
): Promise<ApiKeyStanding | undefined> {
  return (await reader.query<ApiKeyStanding>(standing, [key_sha256, now]))[0];
}
