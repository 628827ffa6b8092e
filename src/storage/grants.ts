/** Grants: what an API client may do. */
import type { GrantType } from "../domain/api-client.ts";
import type { Scope } from "../domain/scopes.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

export interface Grant {
  readonly id: string;
  /** The client's `id`. */
  readonly client_id: string;
  readonly audience: string;
  readonly scope: Scope[];
  readonly type: GrantType;
  readonly members: Readonly<Record<string, unknown>>;
  readonly created_at: string;
  readonly created_by: string;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
}

const columns =
  "id, client_id, audience, scope, type, members, created_at, created_by, updated_at, updated_by, deleted_at, deleted_by";

const insert = statement(
  "insert_grant",
  `INSERT INTO client_grants (account_id, id, client_id, audience, scope, type, members, created_at, created_by)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ${columns}`,
);

export interface NewGrant {
  readonly account_id: string;
  readonly id: string;
  readonly client_id: string;
  readonly audience: string;
  readonly scope: readonly Scope[];
  readonly type: GrantType;
  readonly members: object;
  readonly created_by: string;
}

export async function insertGrant(tx: Tx, asked: NewGrant, now: string): Promise<Grant> {
  const { account_id, id, client_id, audience, scope, type, members, created_by } = asked;
  const facts = [audience, scope, type, JSON.stringify(members)];
  const [made] = await tx.query<Grant>(insert, [account_id, id, client_id, ...facts, now, created_by]);
  if (made === undefined) throw new Error(`Grant ${id} was not written.`);
  return made;
}

export interface GrantFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly audience?: readonly string[] | undefined;
  readonly client_id?: readonly string[] | undefined;
}

/** Newest first, by `client_grants_newest_first` or `client_grants_by_client`. */
export async function listGrants(reader: Reader, account_id: string, asked: GrantFilter): Promise<Grant[]> {
  const filter = new Filter([account_id, asked.limit])
    .where(
      asked.starting_after,
      (cursor) =>
        `(created_at, id) < (SELECT created_at, id FROM client_grants WHERE account_id = $1 AND id = ${cursor})`,
    )
    .anyOf("audience", asked.audience)
    .anyOf("client_id", asked.client_id);
  const text = `SELECT ${columns} FROM client_grants WHERE account_id = $1 AND deleted_at IS NULL${filter.text}
    ORDER BY created_at DESC, id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}

const remove = statement(
  "delete_grant",
  `UPDATE client_grants SET deleted_at = $3, deleted_by = $4
   WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING ${columns}`,
);

/** `undefined` if there is none. */
export async function deleteGrant(
  tx: Tx,
  account_id: string,
  id: string,
  deleted_by: string,
  now: string,
): Promise<Grant | undefined> {
  return (await tx.query<Grant>(remove, [account_id, id, now, deleted_by]))[0];
}

const removeAll = statement(
  "delete_grants_of_client",
  `UPDATE client_grants SET deleted_at = $3, deleted_by = $4
   WHERE account_id = $1 AND client_id = $2 AND deleted_at IS NULL RETURNING id`,
);

/** Deletes what a client was granted. Answers the grants' ids. */
export async function deleteGrantsOf(
  tx: Tx,
  account_id: string,
  client_id: string,
  deleted_by: string,
  now: string,
): Promise<string[]> {
  return (await tx.query<{ id: string }>(removeAll, [account_id, client_id, now, deleted_by])).map(({ id }) => id);
}

const granted = statement(
  "read_granted_scopes",
  `SELECT DISTINCT unnest(scope) AS scope FROM client_grants
   WHERE account_id = $1 AND client_id = $2 AND deleted_at IS NULL AND type IN ('any', 'client_credentials')
   ORDER BY scope`,
);

/** All that a client may ask a token for with its secret. */
export async function readGrantedScopes(reader: Reader, account_id: string, client_id: string): Promise<Scope[]> {
  return (await reader.query<{ scope: Scope }>(granted, [account_id, client_id])).map(({ scope }) => scope);
}

const holders = statement(
  "read_scope_holders",
  `SELECT id, client_id FROM client_grants
   WHERE account_id = $1 AND $2 = ANY (scope) AND deleted_at IS NULL AND type IN ('any', 'client_credentials')`,
);

/** The account's grants that hold this scope. */
export const readHolders = (
  reader: Reader,
  account_id: string,
  scope: Scope,
): Promise<{ readonly id: string; readonly client_id: string }[]> => reader.query(holders, [account_id, scope]);
