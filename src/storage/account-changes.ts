/** Who changed what of an account's set-up: rows that are only ever added. */
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

export type ChangedEntity =
  | "account"
  | "client"
  | "grant"
  | "payout_destination"
  | "store"
  | "terminal"
  | "device"
  | "profile"
  | "signature"
  | "user"
  | "api_key"
  | "hook";

export type ChangeAction =
  | "created"
  | "updated"
  | "deleted"
  | "rotated"
  | "paired"
  | "revoked"
  | "invited"
  | "accepted";

export interface AccountChange {
  readonly account_id: string;
  readonly id: string;
  /** The client, the person, or "tapline". */
  readonly changed_by: string;
  readonly entity: ChangedEntity;
  readonly entity_id: string;
  readonly action: ChangeAction;
  /** The members that changed, with what they became. Never a secret. */
  readonly change: object;
}

const insert = statement(
  "insert_account_change",
  `INSERT INTO account_changes (account_id, id, changed_at, changed_by, entity, entity_id, action, change)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);

/** In the transaction that makes the change. */
export async function insertAccountChange(tx: Tx, made: AccountChange, now: string): Promise<void> {
  const { account_id, id, changed_by, entity, entity_id, action, change } = made;
  await tx.query(insert, [account_id, id, now, changed_by, entity, entity_id, action, JSON.stringify(change)]);
}

export interface ChangeFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly entity?: readonly string[] | undefined;
  readonly entity_id?: string | undefined;
  readonly changed_by?: string | undefined;
}

/** Newest first, by the key or by `account_changes_by_entity`: an id begins with its time. */
export async function listAccountChanges(
  reader: Reader,
  account_id: string,
  asked: ChangeFilter,
): Promise<(Omit<AccountChange, "account_id"> & { changed_at: string })[]> {
  const filter = new Filter([account_id, asked.limit])
    .where(asked.starting_after, (parameter) => `id < ${parameter}`)
    .anyOf("entity", asked.entity)
    .equals("entity_id", asked.entity_id)
    .equals("changed_by", asked.changed_by);
  const text = `SELECT id, changed_at, changed_by, entity, entity_id, action, change FROM account_changes
    WHERE account_id = $1${filter.text} ORDER BY id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}
