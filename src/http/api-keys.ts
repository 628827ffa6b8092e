/** Keys of the checkout's administration. */
import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { overlapDefault_s } from "../domain/api-client.ts";
import { present } from "../domain/present.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { createApiKey as create, deleteApiKey as remove, rotateApiKey as rotate } from "../flows/api-key.ts";
import type { World } from "../flows/world.ts";
import { type ApiKey, listApiKeys as list, readApiKey } from "../storage/api-keys.ts";
import type { Doorkeepers } from "./authentication.ts";
import { keptMembers } from "./kept-members.ts";
import { unknownCursor } from "./pages.ts";
import type { TokenClaims } from "./token-keys.ts";

const limitDefault = 10;

export const listApiKeys =
  (world: World): Handler<Operations["listApiKeys"]> =>
  async ({ account_id, query: { limit = limitDefault, starting_after, include_deleted } }) => {
    // A key that was deleted since it ended a page is still a place to go on from.
    if (starting_after !== undefined && (await readApiKey(world.db, account_id, starting_after)) === undefined) {
      throw unknownCursor();
    }
    return (await list(world.db, account_id, { limit, starting_after, include_deleted })).map(keyOf);
  };

export const createApiKey =
  (world: World, door: Doorkeepers): Handler<Operations["createApiKey"]> =>
  async ({ account_id, client_id: caller, body: { name, access_token, api_key, expires_at, ...members } }) => {
    const { client_id, scopes } = await standsFor(door, account_id, access_token);
    const asked = { account_id, name, client_id, scope: scopes, api_key, expires_at, members: keptMembers(members) };
    const made = await create(world, asked, caller);
    return { ...keyOf(made.key), api_key: made.api_key };
  };

export const deleteApiKey =
  (world: World, { api_keys }: Doorkeepers): Handler<Operations["deleteApiKey"]> =>
  async ({ account_id, client_id, params: { api_key_id } }) => {
    const key = await remove(world, { account_id, id: api_key_id }, client_id);
    api_keys.forget(account_id);
    return keyOf(key);
  };

export const rotateApiKey =
  (world: World, { api_keys }: Doorkeepers): Handler<Operations["rotateApiKey"]> =>
  async ({ account_id, client_id, params, body: { overlap_s = overlapDefault_s, api_key, expires_at } }) => {
    const asked = { account_id, id: params.api_key_id, overlap_s, api_key, expires_at };
    const rotated = await rotate(world, asked, client_id);
    api_keys.forget(account_id);
    return { ...keyOf(rotated.key), api_key: rotated.api_key, old_keys_end_at: rotated.old_keys_end_at };
  };

/** The key is made of what the token is good for now: a grant that was taken back does not come back with it. */
async function standsFor(
  { keys, standings }: Doorkeepers,
  account_id: string,
  access_token: string,
): Promise<TokenClaims> {
  const claims = await keys.verify(access_token);
  if (typeof claims === "string") throw refusedToken(`is not good: ${claims}`);
  if (claims.account_id !== account_id) throw refusedToken("is not a token of this account.");
  // A person goes, and what they may do changes with their role: a program's key stands for a program.
  if (claims.sign_in_id !== undefined) throw refusedToken("is a person's: a key stands for an API client.");
  const scopes = await standings.goodScopes(claims);
  if (typeof scopes === "string") throw refusedToken(`is not good: ${scopes}`);
  if (scopes.length === 0) throw refusedToken("has no scope that is still granted.");
  return { ...claims, scopes };
}

const refusedToken = (problem: string): Rejection =>
  Rejection.ofFields(`access_token ${problem}`, [fieldError("INVALID_VALUE", "access_token", problem)]);

/** What was sent besides is given back, and never in the place of what is ours. */
const keyOf = ({ members, ...key }: ApiKey) => ({ ...members, ...present(key) });
