/** Who changed what of an account's set-up (additive). */
import Type from "typebox";
import { operation } from "../operation.ts";
import { AccountId, dateTime, list, open, text } from "../shapes.ts";
import { readAccounts, several } from "./parameters.ts";

const entities = [
  "account",
  "client",
  "grant",
  "payout_destination",
  "store",
  "terminal",
  "device",
  "profile",
  "signature",
  "user",
  "api_key",
  "hook",
] as const;

const AccountChange = open({
  id: text(),
  changed_at: dateTime(),
  changed_by: text("The client, the person, or `tapline` for what the server does by itself"),
  entity: Type.Enum([...entities]),
  entity_id: text(),
  action: Type.Enum(["created", "updated", "deleted", "rotated", "paired", "revoked", "invited", "accepted"]),
  change: open({}, "The members that changed, with what they became"),
});

export const listAccountChanges = operation({
  id: "listAccountChanges",
  method: "GET",
  path: "/v1/accounts/{aid}/changes",
  surface: "accounts",
  summary: "Who changed what of the account's set-up, newest first (additive)",
  access: readAccounts,
  params: Type.Object({ aid: AccountId }),
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The id of the last change received")),
    entity: Type.Optional(several(Type.Enum([...entities]), "Any of these")),
    entity_id: Type.Optional(text("Exactly this one")),
    changed_by: Type.Optional(text("Exactly this one")),
  }),
  reply: list(AccountChange),
  rejections: [],
});
