/** The users of an account. */
import type { Role } from "../domain/role.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

export interface User {
  readonly account_id: string;
  readonly id: string;
  readonly email: string;
  readonly name: string | null;
  readonly role: Role;
  /** INVITED until a password is set and a first code was right. */
  readonly status: "INVITED" | "ACTIVE";
  readonly created_at: string;
  readonly created_by: string;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
}

const status = "CASE WHEN password_scrypt IS NULL THEN 'INVITED' ELSE 'ACTIVE' END";
const columns = `account_id, id, email, name, role, ${status} AS status, created_at, created_by, updated_at, updated_by,
  deleted_at, deleted_by`;

const insert = statement(
  "insert_user",
  `INSERT INTO users (account_id, id, email, email_key, name, role, created_at, created_by)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
   ON CONFLICT (account_id, email_key) WHERE deleted_at IS NULL DO NOTHING RETURNING ${columns}`,
);

export interface NewUser {
  readonly account_id: string;
  readonly id: string;
  readonly email: string;
  readonly email_key: string;
  readonly name: string | undefined;
  readonly role: Role;
  readonly created_by: string;
}

/** `undefined` if the account has a user of that email address. */
export async function insertUser(tx: Tx, asked: NewUser, now: string): Promise<User | undefined> {
  const { account_id, id, email, email_key, name, role, created_by } = asked;
  return (await tx.query<User>(insert, [account_id, id, email, email_key, name ?? null, role, now, created_by]))[0];
}

const read = statement(
  "read_user",
  `SELECT ${columns} FROM users WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL`,
);

export async function readUser(reader: Reader, account_id: string, id: string): Promise<User | undefined> {
  return (await reader.query<User>(read, [account_id, id]))[0];
}

const owners = statement(
  "read_owners",
  `SELECT id, password_scrypt IS NOT NULL AS is_active FROM users
   WHERE account_id = $1 AND role = 'owner' AND deleted_at IS NULL`,
);

/** By `one_user_per_email`: an account has few users. */
export const readOwners = (reader: Reader, account_id: string): Promise<{ id: string; is_active: boolean }[]> =>
  reader.query(owners, [account_id]);

export interface UserFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly role?: readonly string[] | undefined;
  readonly status?: readonly string[] | undefined;
  readonly email_key?: readonly string[] | undefined;
}

/** Newest first, by `users_newest_first`, or by `one_user_per_email`. */
export async function listUsers(reader: Reader, account_id: string, asked: UserFilter): Promise<User[]> {
  const filter = new Filter([account_id, asked.limit])
    .where(
      asked.starting_after,
      (cursor) => `(created_at, id) < (SELECT created_at, id FROM users WHERE account_id = $1 AND id = ${cursor})`,
    )
    .anyOf("role", asked.role)
    .anyOf(`(${status})`, asked.status)
    .anyOf("email_key", asked.email_key);
  const text = `SELECT ${columns} FROM users WHERE account_id = $1 AND deleted_at IS NULL${filter.text}
    ORDER BY created_at DESC, id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}

const wasThere = statement("user_was_there", "SELECT FROM users WHERE account_id = $1 AND id = $2");

/** A cursor may name a user who was removed since the page before. */
export async function userWasThere(reader: Reader, account_id: string, id: string): Promise<boolean> {
  return (await reader.query(wasThere, [account_id, id])).length > 0;
}

const update = statement(
  "update_user",
  `UPDATE users SET role = $3, name = $4, updated_at = $5, updated_by = $6
   WHERE account_id = $1 AND id = $2 RETURNING ${columns}`,
);

/** Under the account's lock. */
export async function updateUser(
  tx: Tx,
  { account_id, id }: Pick<User, "account_id" | "id">,
  said: { readonly role: Role; readonly name: string | null; readonly updated_by: string },
  now: string,
): Promise<User> {
  return written(await tx.query<User>(update, [account_id, id, said.role, said.name, now, said.updated_by]));
}

const remove = statement(
  "delete_user",
  `UPDATE users SET deleted_at = $3, deleted_by = $4, password_scrypt = NULL, otp_secret = NULL
   WHERE account_id = $1 AND id = $2 RETURNING ${columns}`,
);

/** Under the account's lock. The password goes with them. */
export async function deleteUser(
  tx: Tx,
  { account_id, id }: Pick<User, "account_id" | "id">,
  deleted_by: string,
  now: string,
): Promise<User> {
  return written(await tx.query<User>(remove, [account_id, id, now, deleted_by]));
}

const setPassword = statement(
  "set_password",
  `UPDATE users SET password_scrypt = $3, otp_secret = $4, otp_last_step = $5, updated_at = $6, updated_by = $2
   WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING ${columns}`,
);

/** What a person proves who they are with; they change it themselves. */
export async function setPasswordAndCode(
  tx: Tx,
  { account_id, id }: Pick<User, "account_id" | "id">,
  chosen: { readonly password_scrypt: string; readonly otp_secret: Buffer; readonly otp_last_step: number },
  now: string,
): Promise<User> {
  const { password_scrypt, otp_secret, otp_last_step } = chosen;
  return written(await tx.query<User>(setPassword, [account_id, id, password_scrypt, otp_secret, otp_last_step, now]));
}

function written([row]: readonly User[]): User {
  if (row === undefined) throw new Error("A user who was read under the account's lock is not there.");
  return row;
}

export interface UserToSignIn {
  readonly id: string;
  readonly password_scrypt: string;
  /** Whether they signed in from this address since. */
  readonly is_known_address: boolean;
}

const toSignIn = statement(
  "read_user_to_sign_in",
  `SELECT person.id, person.password_scrypt,
     EXISTS (SELECT FROM sign_ins AS earlier WHERE earlier.account_id = person.account_id
       AND earlier.user_id = person.id AND earlier.address_sha256 = $3) AS is_known_address
   FROM users AS person
   WHERE person.account_id = $1 AND person.email_key = $2 AND person.deleted_at IS NULL
     AND person.password_scrypt IS NOT NULL`,
);

/** Whoever may sign in by this email address. */
export async function readUserToSignIn(
  reader: Reader,
  account_id: string,
  email_key: string,
  address_sha256: Buffer,
): Promise<UserToSignIn | undefined> {
  return (await reader.query<UserToSignIn>(toSignIn, [account_id, email_key, address_sha256]))[0];
}

const takeStep = statement(
  "take_one_time_code",
  `UPDATE users SET otp_last_step = $3
   WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL AND otp_last_step < $3 RETURNING id`,
);

/** True for one caller only, and never again for this or an earlier step. */
export async function takeCodeStep(tx: Tx, account_id: string, id: string, step: number): Promise<boolean> {
  return (await tx.query(takeStep, [account_id, id, step])).length > 0;
}
