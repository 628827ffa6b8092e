/** Invitations: the newest of each user, known by a hash, gone when it is accepted. */
import { type Reader, statement, type Tx } from "./database.ts";

export interface NewInvitation {
  readonly account_id: string;
  readonly user_id: string;
  readonly token_sha256: Buffer;
  readonly created_by: string;
  readonly expires_at: string;
}

const put = statement(
  "put_user_invitation",
  `INSERT INTO user_invitations (account_id, user_id, token_sha256, created_at, created_by, expires_at)
   VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT (account_id, user_id) DO UPDATE SET token_sha256 = EXCLUDED.token_sha256,
     created_at = EXCLUDED.created_at, created_by = EXCLUDED.created_by, expires_at = EXCLUDED.expires_at,
     password_scrypt = NULL, otp_secret = NULL`,
);

/** In the place of the one before. */
export async function putInvitation(tx: Tx, made: NewInvitation, now: string): Promise<void> {
  const { account_id, user_id, token_sha256, created_by, expires_at } = made;
  await tx.query(put, [account_id, user_id, token_sha256, now, created_by, expires_at]);
}

export interface Invitation {
  readonly account_id: string;
  readonly user_id: string;
  readonly email: string;
  readonly account_name: string;
  readonly password_scrypt: string | null;
  readonly otp_secret: Buffer | null;
}

const read = statement(
  "read_user_invitation",
  `SELECT invited.account_id, invited.user_id, person.email, account.name AS account_name, invited.password_scrypt,
     invited.otp_secret
   FROM user_invitations AS invited
   JOIN users AS person ON person.account_id = invited.account_id AND person.id = invited.user_id
   JOIN accounts AS account ON account.account_id = invited.account_id
   WHERE invited.token_sha256 = $1 AND invited.expires_at > $2`,
);

/** The invitation that is good now: a hash tells nothing by the time it takes to be found. */
export async function readInvitation(
  reader: Reader,
  token_sha256: Buffer,
  now: string,
): Promise<Invitation | undefined> {
  return (await reader.query<Invitation>(read, [token_sha256, now]))[0];
}

const choose = statement(
  "choose_password",
  `UPDATE user_invitations SET password_scrypt = $3, otp_secret = $4
   WHERE token_sha256 = $1 AND expires_at > $2 RETURNING user_id`,
);

/** False if the invitation is good no more. */
export async function keepChosen(
  tx: Tx,
  token_sha256: Buffer,
  chosen: { readonly password_scrypt: string; readonly otp_secret: Uint8Array },
  now: string,
): Promise<boolean> {
  const values = [token_sha256, now, chosen.password_scrypt, chosen.otp_secret];
  return (await tx.query(choose, values)).length > 0;
}

const take = statement(
  "take_user_invitation",
  `DELETE FROM user_invitations WHERE token_sha256 = $1 AND expires_at > $2 AND otp_secret = $3 RETURNING user_id`,
);

/** True for one caller only, and only while what was chosen is what the code was right for. */
export async function takeInvitation(tx: Tx, token_sha256: Buffer, otp_secret: Buffer, now: string): Promise<boolean> {
  return (await tx.query(take, [token_sha256, now, otp_secret])).length > 0;
}

const drop = statement("drop_user_invitation", "DELETE FROM user_invitations WHERE account_id = $1 AND user_id = $2");

export async function dropInvitation(tx: Tx, account_id: string, user_id: string): Promise<void> {
  await tx.query(drop, [account_id, user_id]);
}

const forget = statement("forget_user_invitations", "DELETE FROM user_invitations WHERE expires_at < $1");

export async function forgetInvitations(tx: Tx, now: string): Promise<void> {
  await tx.query(forget, [now]);
}
