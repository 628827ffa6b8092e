/** The keys that tokens are signed with. */
import { type Reader, statement, type Tx } from "./database.ts";

export interface SigningKey {
  readonly kid: string;
  readonly private_jwk: JsonWebKey;
  readonly public_jwk: JsonWebKey;
}

const read = statement(
  "read_signing_keys",
  `SELECT kid, private_jwk, public_jwk FROM signing_keys WHERE retires_at IS NULL OR retires_at > $1
   ORDER BY retires_at DESC NULLS FIRST, created_at DESC`,
);

/** Keys that still verify, the one that signs first. */
export const readSigningKeys = (reader: Reader, now: string): Promise<SigningKey[]> => reader.query(read, [now]);

const lock = statement("lock_signing_keys", "SELECT pg_advisory_xact_lock(7236413)");
const retire = statement("retire_signing_keys", "UPDATE signing_keys SET retires_at = $1 WHERE retires_at IS NULL");
const insert = statement(
  "insert_signing_key",
  `INSERT INTO signing_keys (kid, algorithm, private_jwk, public_jwk, created_at) VALUES ($1, 'ES256', $2, $3, $4)`,
);

/** Held until the transaction ends, so that two processes do not make a first key each. */
export async function lockSigningKeys(tx: Tx): Promise<void> {
  await tx.query(lock, []);
}

/** The new key signs from now on; the older ones verify until `retires_at`. */
export async function insertSigningKey(tx: Tx, key: SigningKey, now: string, retires_at: string): Promise<void> {
  await tx.query(retire, [retires_at]);
  await tx.query(insert, [key.kid, JSON.stringify(key.private_jwk), JSON.stringify(key.public_jwk), now]);
}
