/** A store is set up, changed and deleted. What is open in it is never touched: it is in the way of some of that instead. */

import { changedMembers, saidMembers } from "../domain/changed-members.ts";
import { refusalOfLink } from "../domain/payout-destination.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { refusalOfOpenWork, refusalOfTerminals } from "../domain/store.ts";
import { lockAccount } from "../storage/accounts.ts";
import type { Tx } from "../storage/database.ts";
import { readOpenWork } from "../storage/open-work.ts";
import { readSeller } from "../storage/payout-destinations.ts";
import {
  createStore as create,
  type FurnishedStore,
  markStoreDeleted,
  nextStoreId,
  readStore,
  type Store,
  type StoreFacts,
  updateStore as update,
} from "../storage/stores.ts";
import { recordChange } from "./account-change.ts";
import { fillLinkedStores } from "./payout-destination.ts";
import { tellOfStore } from "./set-up-event.ts";
import { isoNow, type World } from "./world.ts";

interface Request {
  readonly account_id: string;
  readonly client_id: string;
}

/** Without a `store_id` the generated id is it. */
export async function createStore(
  world: World,
  { account_id, client_id, store_id: chosen, facts }: Request & { store_id?: string | undefined; facts: StoreFacts },
): Promise<FurnishedStore> {
  return world.db.transaction(async (tx) => {
    await lockAccount(tx, account_id);
    if (chosen !== undefined && (await readStore(tx, account_id, chosen)) !== undefined) {
      throw new Rejection("STORE_EXISTS", { store_id: chosen }, "store_id");
    }
    await checkLink(tx, account_id, facts);
    const id = await nextStoreId(tx, account_id);
    const store_id = chosen ?? id;
    await create(tx, { account_id, store_id, id, created_by: client_id, facts }, isoNow(world));
    const change = { id, ...saidMembers(recorded(facts)) };
    await recordStore(world, tx, { account_id, store_id }, { changed_by: client_id, action: "created", change });
    await fill(world, tx, account_id, facts);
    return furnished(tx, account_id, store_id);
  });
}

/** `said` holds what is to change; the rest stays. `named` is either of the store's ids. */
export async function updateStore(
  world: World,
  {
    account_id,
    client_id,
    named,
    said,
  }: Request & { named: string; said: Partial<StoreFacts> & { store_id?: string } },
): Promise<FurnishedStore> {
  return world.db.transaction(async (tx) => {
    const before = await lockStore(tx, account_id, named);
    const { store_id, status } = before;
    const { store_id: wanted, ...changes } = said;
    if (wanted !== undefined && wanted !== store_id) throw fixedId();
    if (status !== "ACTIVE") throw new Rejection("STORE_NOT_ACTIVE", { store_id, status });
    const facts: StoreFacts = { ...before, ...changes, members: { ...before.members, ...said.members } };
    const change = changedMembers(recorded(before), recorded(facts));
    if (change === undefined) return before;
    const is_relinked = facts.payout_destination_id !== before.payout_destination_id;
    if (is_relinked) await checkLink(tx, account_id, facts);
    await update(tx, { account_id, store_id, changed_by: client_id, facts }, isoNow(world));
    if (is_relinked) await checkNothingOpen(tx, before);
    await recordStore(world, tx, before, { changed_by: client_id, action: "updated", change });
    await fill(world, tx, account_id, facts);
    return furnished(tx, account_id, store_id);
  });
}

/** Deleting it again is answered with the store as it is. */
export async function deleteStore(
  world: World,
  { account_id, client_id, named }: Request & { named: string },
): Promise<FurnishedStore> {
  return world.db.transaction(async (tx) => {
    const store = await lockStore(tx, account_id, named);
    const { store_id } = store;
    if (store.status === "DELETED") return store;
    await markStoreDeleted(tx, { account_id, store_id, changed_by: client_id }, isoNow(world));
    await checkNothingOpen(tx, store);
    const { terminals } = await furnished(tx, account_id, store_id);
    const refusal = refusalOfTerminals(
      store_id,
      terminals.map(({ terminal_id }) => terminal_id),
    );
    if (refusal !== undefined) throw refusal;
    await recordStore(world, tx, store, { changed_by: client_id, action: "deleted", change: { status: "DELETED" } });
    return furnished(tx, account_id, store_id);
  });
}

async function lockStore(tx: Tx, account_id: string, named: string): Promise<FurnishedStore> {
  await lockAccount(tx, account_id);
  const store = await readStore(tx, account_id, named);
  if (store === undefined) throw new Rejection("STORE_NOT_FOUND", { store_id: named });
  return store;
}

async function checkLink(tx: Tx, account_id: string, { payout_destination_id }: StoreFacts): Promise<void> {
  if (payout_destination_id === null) return;
  const seller = await readSeller(tx, account_id, payout_destination_id);
  const refusal = refusalOfLink(payout_destination_id, seller?.case_status);
  if (refusal !== undefined) throw refusal;
}

async function checkNothingOpen(tx: Tx, { account_id, store_id }: Store): Promise<void> {
  const refusal = refusalOfOpenWork(store_id, await readOpenWork(tx, account_id, store_id));
  if (refusal !== undefined) throw refusal;
}

async function fill(world: World, tx: Tx, account_id: string, { payout_destination_id }: StoreFacts): Promise<void> {
  if (payout_destination_id !== null) await fillLinkedStores(world, tx, { account_id, payout_destination_id });
}

async function furnished(tx: Tx, account_id: string, store_id: string): Promise<FurnishedStore> {
  const store = await readStore(tx, account_id, store_id);
  if (store === undefined) throw new Error(`The store ${store_id} is not there under its account's lock.`);
  return store;
}

function fixedId(): Rejection {
  const problem = "cannot be changed: sales and terminals name the store by it.";
  return Rejection.ofFields(`store_id ${problem}`, [fieldError("FIXED", "store_id", problem)]);
}

interface StoreChange {
  readonly changed_by: string;
  readonly action: "created" | "updated" | "deleted";
  readonly change: object;
}

/** On record, and told. */
async function recordStore(
  world: World,
  tx: Tx,
  { account_id, store_id }: Pick<Store, "account_id" | "store_id">,
  made: StoreChange,
): Promise<void> {
  await recordChange(world, tx, { account_id, entity: "store", entity_id: store_id, ...made });
  await tellOfStore(world, tx, { account_id, store_id }, made.action);
}

const recorded = ({ members, ...facts }: StoreFacts): Record<string, unknown> => ({ ...facts, ...members });
