/** Answers that were given under an Idempotency-Key. The rows are written with what the answer is about (see sales.ts and refunds.ts). */
import { type Reader, statement, type Tx } from "./database.ts";

export interface IdempotencyKey {
  readonly account_id: string;
  readonly client_id: string;
  readonly operation: string;
  readonly key: string;
}

export interface KeptAnswer {
  /** Of the request that earned the answer: another request under the same key is refused. */
  readonly request_sha256: string;
  readonly answer: unknown;
}

const read = statement(
  "read_kept_answer",
  `SELECT request_sha256, answer FROM idempotency_keys
   WHERE account_id = $1 AND client_id = $2 AND operation = $3 AND key = $4`,
);

export async function readKeptAnswer(reader: Reader, asked: IdempotencyKey): Promise<KeptAnswer | undefined> {
  const values = [asked.account_id, asked.client_id, asked.operation, asked.key];
  return (await reader.query<KeptAnswer>(read, values))[0];
}

const keep = statement(
  "keep_answer",
  `INSERT INTO idempotency_keys (account_id, client_id, operation, key, request_sha256, answer, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7)`,
);

/** Keeps an answer, in the transaction of what it is about. Throws `ConstraintRefusal` where the key is taken. */
export async function keepAnswer(
  tx: Tx,
  { account_id, client_id }: Pick<IdempotencyKey, "account_id" | "client_id">,
  { operation, key, request_sha256 }: { operation: string; key: string; request_sha256: string },
  answer: unknown,
  now: string,
): Promise<void> {
  await tx.query(keep, [account_id, client_id, operation, key, request_sha256, JSON.stringify(answer), now]);
}

const forget = statement(
  "forget_idempotency_keys",
  `DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
     SELECT ctid FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT 1000))`,
);

/** Forgets keys that are older than the time they are kept. */
export async function forgetKeys(tx: Tx, created_before: string): Promise<void> {
  await tx.query(forget, [created_before]);
}
