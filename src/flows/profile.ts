/**
 * Payment profiles: made, changed and deleted. A change is true from the next sale on, in every process: the statement
 * that creates a sale is guarded by the revision it was planned from. A sale that has begun carries its own copy.
 */
import type { NewPaymentProfile } from "../contract/profile.ts";
import { newCheckoutId } from "../domain/ids.ts";
import { changedMembers, defaultProfileId, type ProfileContent, profileContent } from "../domain/profile.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import type { ChangeAction } from "../storage/account-changes.ts";
import type { Tx } from "../storage/database.ts";
import {
  insertProfile,
  lockProfile,
  markProfileDeleted,
  type ProfileRow,
  replaceProfile,
} from "../storage/profiles.ts";
import { recordChange } from "./account-change.ts";
import { isoNow, type World } from "./world.ts";

interface ProfileRequest {
  readonly account_id: string;
  readonly client_id: string;
}

/** Throws `PROFILE_ID_TAKEN`, also where the profile of that id was deleted. */
export function createProfile(
  world: World,
  request: ProfileRequest & { readonly asked: NewPaymentProfile },
): Promise<ProfileRow> {
  const { account_id, client_id, asked } = request;
  const profile_id = asked.profile_id ?? newCheckoutId(account_id, world.clock.now(), world.random);
  const content = profileContent(asked);
  return world.db.transaction(async (tx) => {
    const by = { client_id, now: isoNow(world) };
    const row = await insertProfile(tx, { account_id, profile_id }, content, by);
    if (row === undefined) throw new Rejection("PROFILE_ID_TAKEN", { profile_id }, "profile_id");
    await record(world, tx, { ...request, profile_id }, "created", present(content));
    return row;
  });
}

/** Replaces all of it. What was there already is no change: then nothing is written. */
export function changeProfile(
  world: World,
  request: ProfileRequest & { readonly profile_id: string; readonly asked: NewPaymentProfile },
): Promise<ProfileRow> {
  const { profile_id, client_id, asked } = request;
  if (asked.profile_id !== undefined && asked.profile_id !== profile_id) {
    const problem = "is not the profile's, and cannot be changed.";
    throw Rejection.ofFields(`profile_id ${problem}`, [fieldError("INVALID_VALUE", "profile_id", problem)]);
  }
  const content = profileContent(asked);
  return world.db.transaction(async (tx) => {
    const before = await found(tx, request);
    const changed = changedMembers(before, content);
    if (Object.keys(changed).length === 0) return before;
    const row = await replaceProfile(tx, request, content, { client_id, now: isoNow(world) });
    await record(world, tx, request, "updated", changed);
    return row;
  });
}

/** Its id stays taken: old sessions name it. */
export function deleteProfile(
  world: World,
  request: ProfileRequest & { readonly profile_id: string },
): Promise<ProfileRow> {
  return world.db.transaction(async (tx) => {
    await found(tx, request);
    if (request.profile_id === defaultProfileId) throw new Rejection("DEFAULT_PROFILE_STAYS");
    const row = await markProfileDeleted(tx, request, { client_id: request.client_id, now: isoNow(world) });
    await record(world, tx, request, "deleted", {});
    return row;
  });
}

async function found(tx: Tx, asked: { account_id: string; profile_id: string }): Promise<ProfileRow> {
  const row = await lockProfile(tx, asked.account_id, asked.profile_id);
  if (row === undefined) throw new Rejection("PAYMENT_PROFILE_NOT_FOUND", { profile_id: asked.profile_id });
  return row;
}

const present = (content: ProfileContent): object =>
  Object.fromEntries(Object.entries(content).filter(([, value]) => value !== null));

async function record(
  world: World,
  tx: Tx,
  { account_id, client_id, profile_id }: ProfileRequest & { readonly profile_id: string },
  action: ChangeAction,
  change: object,
): Promise<void> {
  const made = { account_id, changed_by: client_id, entity: "profile", entity_id: profile_id } as const;
  await recordChange(world, tx, { ...made, action, change });
}
