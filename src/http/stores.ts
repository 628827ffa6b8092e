import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import type { UpdateStore } from "../contract/store.ts";
import { Rejection } from "../domain/rejections.ts";
import { storeOf } from "../flows/shown-set-up.ts";
import { createStore as create, deleteStore as remove, updateStore as update } from "../flows/store.ts";
import type { World } from "../flows/world.ts";
import { listStores as list, readStore as read } from "../storage/stores.ts";
import { onlySent, orNull, otherMembers } from "./own-members.ts";
import { pageOf, unknownCursor } from "./pages.ts";

export const createStore =
  (world: World): Handler<Operations["createStore"]> =>
  async ({ account_id, client_id, body: { store_id, ...body } }) => {
    const { members, link = {}, ...said } = splitOf(body);
    const facts = { ...orNull(said), link, members };
    return storeOf(await create(world, { account_id, client_id, store_id, facts }));
  };

export const updateStore =
  (world: World): Handler<Operations["updateStore"]> =>
  async ({ account_id, client_id, params: { store_id: named }, body: { store_id, ...body } }) => {
    const { members, ...said } = splitOf(body);
    const sent = { ...onlySent({ ...said, store_id }), members };
    return storeOf(await update(world, { account_id, client_id, named, said: sent }));
  };

export const deleteStore =
  (world: World): Handler<Operations["deleteStore"]> =>
  async ({ account_id, client_id, params: { store_id: named } }) =>
    storeOf(await remove(world, { account_id, client_id, named }));

export const readStore =
  (world: World): Handler<Operations["readStore"]> =>
  async ({ account_id, params: { store_id } }) => {
    const store = await read(world.db, account_id, store_id);
    if (store === undefined) throw new Rejection("STORE_NOT_FOUND", { store_id });
    return storeOf(store);
  };

const limitDefault = 10;

export const listStores =
  (world: World): Handler<Operations["listStores"]> =>
  async ({ account_id, query: { limit = limitDefault, status = ["ACTIVE"], ...filter } }) => {
    const rows = await list(world.db, account_id, { ...filter, status, limit: limit + 1 });
    const { starting_after } = filter;
    if (rows.length === 0 && starting_after !== undefined) {
      if ((await read(world.db, account_id, starting_after))?.store_id !== starting_after) throw unknownCursor();
    }
    const { page, cursor } = pageOf(rows, limit, ({ store_id }) => store_id);
    return { stores: page.map(storeOf), ...cursor };
  };

/** What has a column of its own, and the other members as they were sent. */
function splitOf(body: Omit<UpdateStore, "store_id">) {
  const { store_name, organization, payout_destination, address, coordinates, phone_number, email, ...more } = body;
  const { website, ...others } = more;
  // Its status and its type are the seller's to say.
  const { payout_destination_id, status: _, type: __, ...link } = payout_destination ?? {};
  const linked = payout_destination === undefined ? {} : { payout_destination_id, link };
  const told = { store_name, organization, address, coordinates, phone_number, email, website };
  const unlinked: { payout_destination_id?: string | undefined; link?: Record<string, unknown> } = linked;
  return { payout_destination_id: undefined, ...told, ...unlinked, members: otherMembers(others) };
}
