import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import type { PaymentProfile } from "../contract/profile.ts";
import { present } from "../domain/present.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { changeProfile, createProfile as create, deleteProfile as remove } from "../flows/profile.ts";
import type { World } from "../flows/world.ts";
import { listPaymentProfiles, type ProfileRow, readPaymentProfile } from "../storage/profiles.ts";

const limitDefault = 10;

export const listProfiles =
  (world: World): Handler<Operations["listProfiles"]> =>
  async ({ account_id, query: { limit = limitDefault, starting_after } }) => {
    const rows = await listPaymentProfiles(world.db, account_id, { limit, starting_after });
    if (rows !== undefined) return rows.map(profileOf);
    const problem = "is not the id of a payment profile.";
    throw Rejection.ofFields(`starting_after ${problem}`, [fieldError("INVALID_VALUE", "starting_after", problem)]);
  };

export const createProfile =
  (world: World): Handler<Operations["createProfile"]> =>
  async ({ account_id, client_id, body }) =>
    profileOf(await create(world, { account_id, client_id, asked: body }));

export const readProfile =
  (world: World): Handler<Operations["readProfile"]> =>
  async ({ account_id, params: { profile_id } }) => {
    const row = await readPaymentProfile(world.db, account_id, profile_id);
    if (row === undefined) throw new Rejection("PAYMENT_PROFILE_NOT_FOUND", { profile_id });
    return profileOf(row);
  };

export const putProfile =
  (world: World): Handler<Operations["putProfile"]> =>
  async ({ account_id, client_id, params: { profile_id }, body }) =>
    profileOf(await changeProfile(world, { account_id, client_id, profile_id, asked: body }));

export const deleteProfile =
  (world: World): Handler<Operations["deleteProfile"]> =>
  async ({ account_id, client_id, params: { profile_id } }) =>
    profileOf(await remove(world, { account_id, client_id, profile_id }));

function profileOf({ members, ...row }: ProfileRow): PaymentProfile {
  return { ...members, id: row.profile_id, ...present(row) } as PaymentProfile;
}
