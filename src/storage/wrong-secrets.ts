/** Wrong secrets and wrong pairing codes of the last minute, counted for all processes together. */
import { type Reader, statement, type Tx } from "./database.ts";

export interface WrongSecrets {
  readonly count: number;
  readonly since: string;
}

const read = statement("read_wrong_secrets", "SELECT count, since FROM wrong_secrets WHERE client_sha256 = $1");

export async function readWrongSecrets(reader: Reader, client_sha256: Buffer): Promise<WrongSecrets | undefined> {
  return (await reader.query<WrongSecrets>(read, [client_sha256]))[0];
}

const add = statement(
  "add_wrong_secret",
  `INSERT INTO wrong_secrets (client_sha256, since, count) VALUES ($1, $2, 1)
   ON CONFLICT (client_sha256) DO UPDATE SET
     since = CASE WHEN wrong_secrets.since > $3 THEN wrong_secrets.since ELSE EXCLUDED.since END,
     count = CASE WHEN wrong_secrets.since > $3 THEN wrong_secrets.count + 1 ELSE 1 END
   RETURNING count, since`,
);

/** Counts one more, from one on where the first of them was before `counted_from`. */
export async function addWrongSecret(
  tx: Tx,
  client_sha256: Buffer,
  counted_from: string,
  now: string,
): Promise<WrongSecrets> {
  const [counted] = await tx.query<WrongSecrets>(add, [client_sha256, now, counted_from]);
  return counted ?? { count: 1, since: now };
}

const forgive = statement(
  "forgive_wrong_secret",
  `WITH last AS (DELETE FROM wrong_secrets WHERE client_sha256 = $1 AND count <= 1)
   UPDATE wrong_secrets SET count = count - 1 WHERE client_sha256 = $1 AND count > 1`,
);

/** What was counted was no wrong one after all. */
export async function forgiveWrongSecrets(tx: Tx, client_sha256: Buffer): Promise<void> {
  await tx.query(forgive, [client_sha256]);
}

const forget = statement("forget_wrong_secrets", "DELETE FROM wrong_secrets WHERE since < $1");

export async function forgetWrongSecrets(tx: Tx, before: string): Promise<void> {
  await tx.query(forget, [before]);
}
