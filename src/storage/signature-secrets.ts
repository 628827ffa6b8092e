/** The secret that an account's callbacks are signed with: the newest one, and no other. */
import { type Reader, statement, type Tx } from "./database.ts";

export interface SignatureSecret {
  readonly id: string;
  /** As it is: a signature is made with it each time, which a hash would not allow. */
  readonly secret: string;
  readonly created_at: string;
  readonly created_by: string;
}

const read = statement(
  "read_signature_secret",
  "SELECT id, secret, created_at, created_by FROM signature_secrets WHERE account_id = $1",
);

export async function readSignatureSecret(reader: Reader, account_id: string): Promise<SignatureSecret | undefined> {
  return (await reader.query<SignatureSecret>(read, [account_id]))[0];
}

const put = statement(
  "put_signature_secret",
  `INSERT INTO signature_secrets (account_id, id, secret, created_at, created_by) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (account_id) DO UPDATE SET id = EXCLUDED.id, secret = EXCLUDED.secret, created_at = EXCLUDED.created_at,
     created_by = EXCLUDED.created_by
   RETURNING xmax <> 0 AS was_there`,
);

/** True if it took the place of an older one. */
export async function putSignatureSecret(tx: Tx, account_id: string, made: SignatureSecret): Promise<boolean> {
  const { id, secret, created_at, created_by } = made;
  const rows = await tx.query<{ was_there: boolean }>(put, [account_id, id, secret, created_at, created_by]);
  return rows[0]?.was_there === true;
}
