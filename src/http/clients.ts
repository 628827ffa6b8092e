/** API clients of an account. */
import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { overlapDefault_s } from "../domain/api-client.ts";
import { present } from "../domain/present.ts";
import { Rejection } from "../domain/rejections.ts";
import { createClient, deleteClient, rotateSecret } from "../flows/client.ts";
import type { World } from "../flows/world.ts";
import { type ApiClient, listApiClients as list, readApiClient as read } from "../storage/clients.ts";
import { type Doorkeepers, forget } from "./authentication.ts";
import { keptMembers } from "./kept-members.ts";
import { checkCursor } from "./pages.ts";

const limitDefault = 10;

export const createApiClient =
  (world: World): Handler<Operations["createApiClient"]> =>
  async ({ account_id, client_id: caller, body: { name, description, client_id, ...members } }) => {
    const asked = { account_id, name, description, client_id, members: keptMembers(members) };
    const { client, client_secret } = await createClient(world, asked, caller);
    return { ...clientOf(client), client_secret };
  };

export const listApiClients =
  (world: World): Handler<Operations["listApiClients"]> =>
  async ({ account_id, query: { limit = limitDefault, starting_after } }) => {
    await checkCursor(world, "api_clients", account_id, starting_after);
    return (await list(world.db, account_id, { limit, starting_after })).map(clientOf);
  };

export const readApiClient =
  (world: World): Handler<Operations["readApiClient"]> =>
  async ({ account_id, params: { id } }) => {
    const client = await read(world.db, account_id, id);
    if (client === undefined) throw new Rejection("CLIENT_NOT_FOUND", { id });
    return clientOf(client);
  };

export const deleteApiClient =
  (world: World, door: Doorkeepers): Handler<Operations["deleteApiClient"]> =>
  async ({ account_id, client_id, params: { id } }) => {
    const client = await deleteClient(world, { account_id, id }, client_id);
    forget(door, account_id);
    return clientOf(client);
  };

export const rotateClientSecret =
  (world: World, door: Doorkeepers): Handler<Operations["rotateClientSecret"]> =>
  async ({ account_id, client_id, params: { id }, body: { overlap_s = overlapDefault_s } }) => {
    const rotated = await rotateSecret(world, { account_id, id, overlap_s }, client_id);
    forget(door, account_id);
    const { client, client_secret, old_secrets_end_at } = rotated;
    return { ...clientOf(client), client_secret, old_secrets_end_at };
  };

/** What was sent besides is given back, and never in the place of what is ours. */
const clientOf = ({ members, ...client }: ApiClient) => ({ ...members, ...present(client) });
