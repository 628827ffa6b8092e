/** Who is signed in: what a right password is answered with, and the refresh tokens that follow a right code. */
import type { Role, UserStanding } from "../domain/role.ts";
import { type Reader, statement, type Tx } from "./database.ts";

const insertMfa = statement(
  "insert_mfa_token",
  `INSERT INTO mfa_tokens (token_sha256, account_id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
);

export async function insertMfaToken(
  tx: Tx,
  made: { account_id: string; user_id: string; token_sha256: Buffer; expires_at: string },
  now: string,
): Promise<void> {
  await tx.query(insertMfa, [made.token_sha256, made.account_id, made.user_id, now, made.expires_at]);
}

export interface AwaitedCode {
  readonly user_id: string;
  readonly email_key: string;
  readonly otp_secret: Buffer;
  readonly role: Role;
  readonly is_known_address: boolean;
}

const readMfa = statement(
  "read_mfa_token",
  `SELECT token.user_id, person.email_key, person.otp_secret, person.role,
     EXISTS (SELECT FROM sign_ins AS earlier WHERE earlier.account_id = token.account_id
       AND earlier.user_id = token.user_id AND earlier.address_sha256 = $4) AS is_known_address
   FROM mfa_tokens AS token
   JOIN users AS person ON person.account_id = token.account_id AND person.id = token.user_id
   WHERE token.token_sha256 = $1 AND token.account_id = $2 AND token.expires_at > $3 AND person.otp_secret IS NOT NULL`,
);

/** Whose code is waited for. */
export async function readMfaToken(
  reader: Reader,
  asked: { account_id: string; token_sha256: Buffer; address_sha256: Buffer },
  now: string,
): Promise<AwaitedCode | undefined> {
  return (
    await reader.query<AwaitedCode>(readMfa, [asked.token_sha256, asked.account_id, now, asked.address_sha256])
  )[0];
}

const takeMfa = statement("take_mfa_token", "DELETE FROM mfa_tokens WHERE token_sha256 = $1 RETURNING user_id");

/** True for one caller only. */
export async function takeMfaToken(tx: Tx, token_sha256: Buffer): Promise<boolean> {
  return (await tx.query(takeMfa, [token_sha256])).length > 0;
}

const insert = statement(
  "insert_sign_in",
  `INSERT INTO sign_ins (account_id, id, user_id, address_sha256, created_at, expires_at)
   VALUES ($1, $2, $3, $4, $5, $6)`,
);

export interface NewSignIn {
  readonly account_id: string;
  readonly id: string;
  readonly user_id: string;
  readonly address_sha256: Buffer;
  readonly expires_at: string;
}

export async function insertSignIn(tx: Tx, made: NewSignIn, now: string): Promise<void> {
  const { account_id, id, user_id, address_sha256, expires_at } = made;
  await tx.query(insert, [account_id, id, user_id, address_sha256, now, expires_at]);
}

const insertRefresh = statement(
  "insert_refresh_token",
  "INSERT INTO refresh_tokens (token_sha256, account_id, sign_in_id, created_at) VALUES ($1, $2, $3, $4)",
);

export async function insertRefreshToken(
  tx: Tx,
  made: { account_id: string; sign_in_id: string; token_sha256: Buffer },
  now: string,
): Promise<void> {
  await tx.query(insertRefresh, [made.token_sha256, made.account_id, made.sign_in_id, now]);
}

export interface HeldRefreshToken {
  readonly sign_in_id: string;
  readonly user_id: string;
  readonly role: Role;
  readonly used_at: string | null;
}

const lockRefresh = statement(
  "lock_refresh_token",
  `SELECT token.sign_in_id, held.user_id, person.role, token.used_at
   FROM refresh_tokens AS token
   JOIN sign_ins AS held ON held.account_id = token.account_id AND held.id = token.sign_in_id
   JOIN users AS person ON person.account_id = held.account_id AND person.id = held.user_id
   WHERE token.token_sha256 = $1 AND token.account_id = $2 AND held.ended_at IS NULL AND held.expires_at > $3
     AND person.deleted_at IS NULL
   FOR UPDATE OF token, held`,
);

/** Of a sign-in that is good now, used or not. Two who show the same one follow one another. */
export async function lockRefreshToken(
  tx: Tx,
  asked: { account_id: string; token_sha256: Buffer },
  now: string,
): Promise<HeldRefreshToken | undefined> {
  return (await tx.query<HeldRefreshToken>(lockRefresh, [asked.token_sha256, asked.account_id, now]))[0];
}

const useRefresh = statement("use_refresh_token", "UPDATE refresh_tokens SET used_at = $2 WHERE token_sha256 = $1");

export async function useRefreshToken(tx: Tx, token_sha256: Buffer, now: string): Promise<void> {
  await tx.query(useRefresh, [token_sha256, now]);
}

const end = statement("end_sign_in", "UPDATE sign_ins SET ended_at = $3 WHERE account_id = $1 AND id = $2");

export async function endSignIn(tx: Tx, account_id: string, id: string, now: string): Promise<void> {
  await tx.query(end, [account_id, id, now]);
}

const dropMfa = statement("drop_mfa_tokens", "DELETE FROM mfa_tokens WHERE account_id = $1 AND user_id = $2");
const dropAll = statement("drop_sign_ins", "DELETE FROM sign_ins WHERE account_id = $1 AND user_id = $2");

/** Whoever is signed in as this user is so no more, and no address is known any more as theirs. */
export async function dropSignIns(tx: Tx, account_id: string, user_id: string): Promise<void> {
  await tx.query(dropMfa, [account_id, user_id]);
  await tx.query(dropAll, [account_id, user_id]);
}

const standing = statement(
  "read_user_standing",
  `SELECT role, ARRAY(SELECT held.id FROM sign_ins AS held
     WHERE held.account_id = person.account_id AND held.user_id = person.id AND held.ended_at IS NULL
       AND held.expires_at > $3) AS sign_in_ids
   FROM users AS person WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL`,
);

/** `undefined` if the user was removed. */
export async function readUserStanding(
  reader: Reader,
  account_id: string,
  user_id: string,
  now: string,
): Promise<UserStanding | undefined> {
  return (await reader.query<UserStanding>(standing, [account_id, user_id, now]))[0];
}

const forgetMfa = statement("forget_mfa_tokens", "DELETE FROM mfa_tokens WHERE expires_at < $1");
const forget = statement("forget_sign_ins", "DELETE FROM sign_ins WHERE expires_at < $1");

/** Those that have run out. Until then a sign-in that ended still tells a known address, and a stolen token. */
export async function forgetSignIns(tx: Tx, now: string): Promise<void> {
  await tx.query(forgetMfa, [now]);
  await tx.query(forget, [now]);
}
