/** Wrong passwords and codes, counted for all processes together. */
import { statement, type Tx } from "./database.ts";

export interface WrongTries {
  readonly subject_sha256: Buffer;
  readonly count: number;
  readonly last_at: string;
  readonly waits_until: string;
}

const open = statement(
  "open_wrong_tries",
  `INSERT INTO wrong_tries (subject_sha256, count, last_at, waits_until)
   SELECT subject, 0, $2, $3 FROM unnest($1::bytea[]) AS subject ORDER BY subject ON CONFLICT DO NOTHING`,
);
const lock = statement(
  "lock_wrong_tries",
  "SELECT * FROM wrong_tries WHERE subject_sha256 = ANY($1::bytea[]) ORDER BY subject_sha256 FOR UPDATE",
);

/** One row for each, locked in one order: tries of the same thing follow one another. */
export async function lockWrongTries(
  tx: Tx,
  subjects: readonly Buffer[],
  now: string,
  no_wait: string,
): Promise<WrongTries[]> {
  await tx.query(open, [subjects, now, no_wait]);
  return tx.query(lock, [subjects]);
}

const write = statement(
  "write_wrong_tries",
  "UPDATE wrong_tries SET count = $2, last_at = $3, waits_until = $4 WHERE subject_sha256 = $1",
);

/** Under its lock. */
export async function writeWrongTries(tx: Tx, tries: WrongTries): Promise<void> {
  await tx.query(write, [tries.subject_sha256, tries.count, tries.last_at, tries.waits_until]);
}

const forgetSome = statement(
  "forget_wrong_tries_of",
  "DELETE FROM wrong_tries WHERE subject_sha256 = ANY($1::bytea[])",
);

export async function forgetTriesOf(tx: Tx, subjects: readonly Buffer[]): Promise<void> {
  await tx.query(forgetSome, [subjects]);
}

const forget = statement("forget_wrong_tries", "DELETE FROM wrong_tries WHERE last_at < $1 AND waits_until < $1");

export async function forgetOldTries(tx: Tx, before: string): Promise<void> {
  await tx.query(forget, [before]);
}
