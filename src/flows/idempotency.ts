/**
 * A request that is repeated under its Idempotency-Key is answered as the first time (prompt-life section 10). Only answers
 * that said yes are kept: a refused request did nothing, and may be made again.
 */
import { Rejection } from "../domain/rejections.ts";
import { ConstraintRefusal } from "../storage/database.ts";
import { readKeptAnswer } from "../storage/idempotency-keys.ts";
import type { World } from "./world.ts";

export interface RequestKey {
  readonly operation: string;
  readonly key: string;
  /** Of the request: another one under the same key is refused. */
  readonly request_sha256: string;
}

interface KeyedRequest {
  readonly account_id: string;
  readonly client_id: string;
  readonly idempotency?: RequestKey | undefined;
}

/**
 * Does `work`. Where that is refused, what was answered the first time counts before the refusal: another request under the
 * same key may have been faster, and what this one wants be gone for that alone.
 */
export async function orKeptAnswer<Answer>(
  world: World,
  request: KeyedRequest,
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    const is_refusal = error instanceof Rejection || error instanceof ConstraintRefusal;
    const kept = is_refusal ? await keptAnswer(world, request) : undefined;
    if (kept === undefined) throw error;
    return kept as Answer;
  }
}

/** What was answered the first time, or `undefined`. Throws `IDEMPOTENCY_KEY_REUSED` for another request. */
export async function keptAnswer(world: World, request: KeyedRequest): Promise<unknown> {
  const { account_id, client_id, idempotency } = request;
  if (idempotency === undefined) return undefined;
  const kept = await readKeptAnswer(world.db, { account_id, client_id, ...idempotency });
  if (kept === undefined) return undefined;
  if (kept.request_sha256 !== idempotency.request_sha256) {
    throw new Rejection("IDEMPOTENCY_KEY_REUSED", { key: idempotency.key });
  }
  return kept.answer;
}
