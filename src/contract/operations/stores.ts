/** Stores (contract/management section 2). */
import Type from "typebox";
import { operation } from "../operation.ts";
import { AccountId, requiredText, text } from "../shapes.ts";
import { AccountStore, AccountStores, CreateStore, UpdateStore } from "../store.ts";
import { readAccounts, several, writeAccounts } from "./parameters.ts";

const path = "/v1/accounts/{aid}/stores";
const also_at = "/v1/accounts/{aid}/management/stores";
const one = "/{store_id}";

const ofAccount = Type.Object({ aid: AccountId });
const ofStore = Type.Object({ aid: AccountId, store_id: requiredText("The store_id, or the generated id") });

export const createStore = operation({
  id: "createStore",
  method: "POST",
  path,
  also_at,
  surface: "accounts",
  summary: "Create a store",
  description:
    "Where it is linked to a payout destination that is ACTIVE, an address, a phone number, an email address and a " +
    "website that it lacks are filled from that one. All operations on stores answer under " +
    "`/v1/accounts/{aid}/management/stores` as well.",
  access: writeAccounts,
  params: ofAccount,
  body: CreateStore,
  reply: AccountStore,
  rejections: ["STORE_EXISTS", "PAYOUT_DESTINATION_UNKNOWN", "PAYOUT_DESTINATION_NOT_ACTIVE"],
});

export const listStores = operation({
  id: "listStores",
  method: "GET",
  path,
  also_at,
  surface: "accounts",
  summary: "List stores, newest first",
  description: "Deleted stores are left out unless `status` asks for them.",
  access: readAccounts,
  params: ofAccount,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The `starting_after` of the page before")),
    store_id: Type.Optional(several(text(), "Any of these (additive)")),
    payout_destination_id: Type.Optional(several(text(), "Linked to any of these (additive)")),
    status: Type.Optional(several(Type.Enum(["ACTIVE", "DELETED"]), "Any of these (additive)")),
  }),
  reply: AccountStores,
  rejections: [],
});

export const readStore = operation({
  id: "readStore",
  method: "GET",
  path: path + one,
  also_at: also_at + one,
  surface: "accounts",
  summary: "Read a store, by its store_id or its generated id",
  access: readAccounts,
  params: ofStore,
  reply: AccountStore,
  rejections: ["STORE_NOT_FOUND"],
});

export const updateStore = operation({
  id: "updateStore",
  method: "PUT",
  path: path + one,
  also_at: also_at + one,
  surface: "accounts",
  summary: "Change a store",
  description:
    "What is left out stays as it is. A store in which something is open (a prompt, a refund that waits, a capture, void " +
    "or reversal that the host has not answered) cannot be linked to another payout destination.",
  access: writeAccounts,
  params: ofStore,
  body: UpdateStore,
  reply: AccountStore,
  rejections: [
    "STORE_NOT_FOUND",
    "STORE_NOT_ACTIVE",
    "STORE_HAS_OPEN_WORK",
    "PAYOUT_DESTINATION_UNKNOWN",
    "PAYOUT_DESTINATION_NOT_ACTIVE",
  ],
});

export const deleteStore = operation({
  id: "deleteStore",
  method: "DELETE",
  path: path + one,
  also_at: also_at + one,
  surface: "accounts",
  summary: "Delete a store",
  description:
    "Answers the store, DELETED; it can still be read, and its ids are not given out again. Refused while something is " +
    "open in it, and while terminals stand in it that are not deleted. Deleting it twice is 200.",
  access: writeAccounts,
  params: ofStore,
  reply: AccountStore,
  rejections: ["STORE_NOT_FOUND", "STORE_HAS_OPEN_WORK", "STORE_HAS_TERMINALS"],
});
