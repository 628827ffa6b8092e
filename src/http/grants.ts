/** Grants of an account's API clients. */
import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { present } from "../domain/present.ts";
import { createGrant, deleteGrant } from "../flows/grant.ts";
import type { World } from "../flows/world.ts";
import { type Grant, listGrants } from "../storage/grants.ts";
import { type Doorkeepers, forget } from "./authentication.ts";
import { keptMembers } from "./kept-members.ts";
import { checkCursor } from "./pages.ts";

const limitDefault = 10;

export const createClientGrant =
  (world: World): Handler<Operations["createClientGrant"]> =>
  async ({ account_id, client_id: caller, body: { client_id, audience, scope, type, ...members } }) =>
    grantOf(
      await createGrant(world, { account_id, client_id, audience, scope, type, members: keptMembers(members) }, caller),
    );

export const listClientGrants =
  (world: World): Handler<Operations["listClientGrants"]> =>
  async ({ account_id, query: { limit = limitDefault, ...filter } }) => {
    await checkCursor(world, "client_grants", account_id, filter.starting_after);
    return (await listGrants(world.db, account_id, { limit, ...filter })).map(grantOf);
  };

export const deleteClientGrant =
  (world: World, door: Doorkeepers): Handler<Operations["deleteClientGrant"]> =>
  async ({ account_id, client_id, params: { id } }) => {
    const grant = await deleteGrant(world, { account_id, id }, client_id);
    forget(door, account_id);
    return grantOf(grant);
  };

const grantOf = ({ members, ...grant }: Grant) => ({ ...members, ...present(grant) });
