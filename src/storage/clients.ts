/** API clients and their secrets. */
import type { ClientStanding } from "../domain/api-client.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

export interface ApiClient {
  readonly id: string;
  /** What it calls itself by. Other tables know the client by `id`. */
  readonly client_id: string;
  readonly name: string;
  readonly description: string | null;
  readonly members: Readonly<Record<string, unknown>>;
  readonly created_at: string;
  readonly created_by: string;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
}

const columns =
  "id, client_id, name, description, members, created_at, created_by, updated_at, updated_by, deleted_at, deleted_by";

const insert = statement(
  "insert_api_client",
  `INSERT INTO api_clients (account_id, id, client_id, name, description, members, created_at, created_by)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account_id, client_id) DO NOTHING RETURNING ${columns}`,
);

export interface NewApiClient {
  readonly account_id: string;
  readonly id: string;
  readonly client_id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly members: object;
  readonly created_by: string;
}

/** `undefined` if a client of that name is there, or was. */
export async function insertApiClient(tx: Tx, asked: NewApiClient, now: string): Promise<ApiClient | undefined> {
  const { account_id, id, client_id, name, description, members, created_by } = asked;
  const values = [account_id, id, client_id, name, description ?? null, JSON.stringify(members), now, created_by];
  return (await tx.query<ApiClient>(insert, values))[0];
}

const read = statement(
  "read_api_client",
  `SELECT ${columns} FROM api_clients WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL`,
);

export async function readApiClient(reader: Reader, account_id: string, id: string): Promise<ApiClient | undefined> {
  return (await reader.query<ApiClient>(read, [account_id, id]))[0];
}

const lock = statement(
  "lock_api_client",
  `SELECT ${columns} FROM api_clients WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE`,
);

export async function lockApiClient(tx: Tx, account_id: string, id: string): Promise<ApiClient | undefined> {
  return (await tx.query<ApiClient>(lock, [account_id, id]))[0];
}

const readNamed = statement(
  "read_api_client_named",
  "SELECT id FROM api_clients WHERE account_id = $1 AND client_id = $2 AND deleted_at IS NULL",
);

/** The id of the client that calls itself so. */
export async function findApiClient(
  reader: Reader,
  account_id: string,
  client_id: string,
): Promise<string | undefined> {
  return (await reader.query<{ id: string }>(readNamed, [account_id, client_id]))[0]?.id;
}

/** Newest first, by `api_clients_newest_first`. */
export async function listApiClients(
  reader: Reader,
  account_id: string,
  asked: { readonly limit: number; readonly starting_after?: string | undefined },
): Promise<ApiClient[]> {
  const filter = new Filter([account_id, asked.limit]).where(
    asked.starting_after,
    (cursor) => `(created_at, id) < (SELECT created_at, id FROM api_clients WHERE account_id = $1 AND id = ${cursor})`,
  );
  const text = `SELECT ${columns} FROM api_clients WHERE account_id = $1 AND deleted_at IS NULL${filter.text}
    ORDER BY created_at DESC, id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}

const remove = statement(
  "delete_api_client",
  `UPDATE api_clients SET deleted_at = $3, deleted_by = $4 WHERE account_id = $1 AND id = $2 RETURNING ${columns}`,
);

/** Under the client's lock. */
export async function deleteApiClient(
  tx: Tx,
  account_id: string,
  id: string,
  deleted_by: string,
  now: string,
): Promise<ApiClient | undefined> {
  return (await tx.query<ApiClient>(remove, [account_id, id, now, deleted_by]))[0];
}

export interface NewSecret {
  readonly account_id: string;
  /** The client's `id`. */
  readonly client_id: string;
  readonly id: string;
  readonly secret_sha256: Buffer;
  readonly created_by: string;
}

const insertOne = statement(
  "insert_client_secret",
  `INSERT INTO client_secrets (account_id, client_id, id, secret_sha256, created_at, created_by)
   VALUES ($1, $2, $3, $4, $5, $6)`,
);

export async function insertSecret(tx: Tx, made: NewSecret, now: string): Promise<void> {
  const { account_id, client_id, id, secret_sha256, created_by } = made;
  await tx.query(insertOne, [account_id, client_id, id, secret_sha256, now, created_by]);
}

const retire = statement(
  "retire_client_secrets",
  `UPDATE client_secrets SET retires_at = $3
   WHERE account_id = $1 AND client_id = $2 AND (retires_at IS NULL OR retires_at > $3)`,
);
const touch = statement(
  "touch_api_client",
  `UPDATE api_clients SET updated_at = $3, updated_by = $4 WHERE account_id = $1 AND id = $2 RETURNING ${columns}`,
);

/** The client's new secret; those it had end at `retires_at`, or earlier where that was settled before. */
export async function replaceSecrets(
  tx: Tx,
  made: NewSecret,
  retires_at: string,
  now: string,
): Promise<ApiClient | undefined> {
  const { account_id, client_id, created_by } = made;
  await tx.query(retire, [account_id, client_id, retires_at]);
  await insertSecret(tx, made, now);
  return (await tx.query<ApiClient>(touch, [account_id, client_id, now, created_by]))[0];
}

export interface GoodSecret {
  /** The client's `id`. */
  readonly client_id: string;
  readonly id: string;
  readonly secret_sha256: Buffer;
  readonly retires_at: string | null;
}

const goodSecrets = statement(
  "read_good_secrets",
  `SELECT secret.client_id, secret.id, secret.secret_sha256, secret.retires_at
   FROM api_clients AS client
   JOIN client_secrets AS secret ON secret.account_id = client.account_id AND secret.client_id = client.id
   WHERE client.account_id = $1 AND client.client_id = $2 AND client.deleted_at IS NULL
     AND (secret.retires_at IS NULL OR secret.retires_at > $3)`,
);

/** The secrets that are good now of the client that calls itself so. */
export const readGoodSecrets = (
  reader: Reader,
  account_id: string,
  client_id: string,
  now: string,
): Promise<GoodSecret[]> => reader.query(goodSecrets, [account_id, client_id, now]);

const standing = statement(
  "read_client_standing",
  `SELECT
     ARRAY(SELECT secret.id FROM client_secrets AS secret
       WHERE secret.account_id = client.account_id AND secret.client_id = client.id
         AND (secret.retires_at IS NULL OR secret.retires_at > $3)) AS secret_ids,
     ARRAY(SELECT DISTINCT unnest(scope) FROM client_grants AS held
       WHERE held.account_id = client.account_id AND held.client_id = client.id AND held.deleted_at IS NULL
         AND held.type IN ('any', 'client_credentials')) AS scopes
   FROM api_clients AS client WHERE account_id = $1 AND client_id = $2 AND deleted_at IS NULL`,
);

/** What the client that calls itself so has now; `undefined` if it is gone. */
export async function readStanding(
  reader: Reader,
  account_id: string,
  client_id: string,
  now: string,
): Promise<ClientStanding | undefined> {
  return (await reader.query<ClientStanding>(standing, [account_id, client_id, now]))[0];
}
