/** Keys of the checkout's administration: made, given a new text to show, deleted. A key is answered once and kept as a hash. */
import { createHash } from "node:crypto";
import { apiKeyProblem } from "../domain/api-key.ts";
import { newSecret, newUuid } from "../domain/ids.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import {
  type ApiKey,
  deleteApiKey as deleteRow,
  insertApiKey,
  insertKeySecret,
  lockApiKey,
  retireKeySecrets,
  touchApiKey,
} from "../storage/api-keys.ts";
import type { Tx } from "../storage/database.ts";
import { recordChange } from "./account-change.ts";
import { refuseSecrets, type SetUp } from "./client.ts";
import { isoNow } from "./world.ts";

export interface ApiKeyRequest {
  readonly account_id: string;
  readonly name: string;
  /** The client that the key is to stand for, and what it may do now at most. */
  readonly client_id: string;
  readonly scope: readonly string[];
  /** What is to be shown for the key; made here if nothing is said. */
  readonly api_key?: string | undefined;
  readonly expires_at?: string | undefined;
  /** What was sent besides; kept and given back. */
  readonly members: object;
}

export interface MadeApiKey {
  readonly key: ApiKey;
  /** Answered here and nowhere again. */
  readonly api_key: string;
}

export async function createApiKey(world: SetUp, asked: ApiKeyRequest, created_by: string): Promise<MadeApiKey> {
  const { account_id, name, client_id, scope, expires_at, members } = asked;
  refuseSecrets(members);
  const api_key = keyFrom(world, asked.api_key);
  refuseIfPassed(world, expires_at);
  const id = newUuid(world.random);
  const key = await world.db.transaction(async (tx) => {
    const key = await insertApiKey(
      tx,
      { account_id, id, name, client_id, scope, members, expires_at, created_by },
      isoNow(world),
    );
    await show(world, tx, { account_id, id, api_key }, created_by);
    const about = { account_id, changed_by: created_by, entity: "api_key", entity_id: id } as const;
    const change = { name, client_id, scope, ...(expires_at === undefined ? {} : { expires_at }), ...members };
    await recordChange(world, tx, { ...about, action: "created", change });
    return key;
  });
  return { key, api_key };
}

export interface RotationRequest {
  readonly account_id: string;
  readonly id: string;
  readonly overlap_s: number;
  readonly api_key?: string | undefined;
  readonly expires_at?: string | undefined;
}

export interface RotatedApiKey extends MadeApiKey {
  /** Until then what was shown before is good as well. */
  readonly old_keys_end_at: string;
}

/** Another text to show; the older ones stay good for `overlap_s`, so that everybody can be given the new one first. */
export async function rotateApiKey(world: SetUp, asked: RotationRequest, changed_by: string): Promise<RotatedApiKey> {
  const { account_id, id, overlap_s } = asked;
  const api_key = keyFrom(world, asked.api_key);
  return world.db.transaction(async (tx) => {
    const before = await lockApiKey(tx, account_id, id);
    if (before === undefined) throw new Rejection("API_KEY_NOT_FOUND", { api_key_id: id });
    const expires_at = asked.expires_at ?? before.expires_at;
    refuseIfPassed(world, expires_at ?? undefined);
    const old_keys_end_at = new Date(world.clock.now() + overlap_s * 1000).toISOString();
    await retireKeySecrets(tx, { account_id, id }, old_keys_end_at);
    await show(world, tx, { account_id, id, api_key }, changed_by);
    const key = await touchApiKey(tx, { account_id, id, expires_at }, changed_by, isoNow(world));
    const about = { account_id, changed_by, entity: "api_key", entity_id: id } as const;
    const moved = expires_at === before.expires_at ? {} : { expires_at };
    await recordChange(world, tx, { ...about, action: "rotated", change: { old_keys_end_at, ...moved } });
    return { key, api_key, old_keys_end_at };
  });
}

export async function deleteApiKey(
  world: SetUp,
  { account_id, id }: { account_id: string; id: string },
  deleted_by: string,
): Promise<ApiKey> {
  return world.db.transaction(async (tx) => {
    const key = await deleteRow(tx, { account_id, id }, deleted_by, isoNow(world));
    if (key === undefined) throw new Rejection("API_KEY_NOT_FOUND", { api_key_id: id });
    const about = { account_id, changed_by: deleted_by, entity: "api_key", entity_id: id } as const;
    await recordChange(world, tx, { ...about, action: "deleted", change: { name: key.name } });
    return key;
  });
}

/** What was sent for a key: its SHA-256, as it is kept and looked for. */
export const hashOfKey = (api_key: string): Buffer => createHash("sha256").update(api_key).digest();

function keyFrom({ random }: SetUp, chosen: string | undefined): string {
  if (chosen === undefined) return newSecret(random);
  const problem = apiKeyProblem(chosen);
  if (problem !== undefined) refuse("api_key", problem);
  return chosen;
}

function refuseIfPassed({ clock }: SetUp, expires_at: string | undefined): void {
  if (expires_at === undefined || Date.parse(expires_at) > clock.now()) return;
  throw new Rejection("EXPIRES_AT_PASSED", { expires_at }, "expires_at");
}

interface Shown {
  readonly account_id: string;
  readonly id: string;
  readonly api_key: string;
}

/** Two keys that are shown alike could not be told apart. Whose the other one is, or was, is not said. */
async function show(world: SetUp, tx: Tx, { account_id, id, api_key }: Shown, created_by: string): Promise<void> {
  const made = { account_id, api_key_id: id, key_sha256: hashOfKey(api_key), created_by };
  if (await insertKeySecret(tx, made, isoNow(world))) return;
  refuse("api_key", "cannot be taken: choose another.");
}

function refuse(field: string, problem: string): never {
  throw Rejection.ofFields(`${field} ${problem}`, [fieldError("INVALID_VALUE", field, problem)]);
}
