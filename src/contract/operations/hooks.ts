/** Webhook subscriptions (contract/callbacks-and-webhooks part C). */
import Type from "typebox";
import { eventTypes } from "../events.ts";
import {
  DeliveryStatus,
  Hook,
  HookDelivery,
  HookDeliveryDetail,
  HookWithSecret,
  NewHook,
  Redelivered,
  Redelivery,
  SigningSecretRotation,
} from "../hook.ts";
import { operation } from "../operation.ts";
import { AccountId, list, requiredText, text } from "../shapes.ts";
import { several } from "./parameters.ts";

const readHooks = ["admin:hooks", "read:hooks"] as const;
const writeHooks = ["admin:hooks", "write:hooks"] as const;

const path = "/v1/accounts/{aid}/hooks/subscriptions";
const one = `${path}/{hid}`;
const surface = "accounts";

const ofAccount = Type.Object({ aid: AccountId });
const ofHook = Type.Object({ aid: AccountId, hid: requiredText("A UUID") });
const ofDelivery = Type.Object({
  aid: AccountId,
  hid: requiredText("A UUID"),
  delivery_id: requiredText("A UUID"),
});

const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
  starting_after: Type.Optional(text("The id of the last one received")),
};

export const createHook = operation({
  id: "createHook",
  method: "POST",
  path,
  surface,
  summary: "Subscribe to events; a ping is sent at once",
  description:
    "The answer shows `signing_secret`, which every message is signed with, and which is shown nowhere again. Of " +
    "`config.secret` no answer shows the value.",
  access: writeHooks,
  params: ofAccount,
  body: NewHook,
  reply: HookWithSecret,
  rejections: ["HOOK_ADDRESS_REFUSED", "HOOK_LIMIT_REACHED"],
});

export const listHooks = operation({
  id: "listHooks",
  method: "GET",
  path,
  surface,
  summary: "The account's webhook subscriptions, newest first",
  access: readHooks,
  params: ofAccount,
  query: Type.Object({
    ...page,
    include_deleted: Type.Optional(Type.Boolean({ default: false, description: "Deleted ones too" })),
    total: Type.Optional(
      Type.Boolean({ default: false, description: "Count them all: the answer has the header `total-count`" }),
    ),
  }),
  reply: list(Hook),
  counted: true,
  rejections: [],
});

export const readHook = operation({
  id: "readHook",
  method: "GET",
  path: one,
  surface,
  summary: "Read a webhook subscription, a deleted one too",
  access: readHooks,
  params: ofHook,
  reply: Hook,
  rejections: ["HOOK_NOT_FOUND"],
});

export const deleteHook = operation({
  id: "deleteHook",
  method: "DELETE",
  path: one,
  surface,
  summary: "Delete a webhook subscription: what still waits for it is not sent",
  description: "Deleting it twice is 200.",
  access: writeHooks,
  params: ofHook,
  reply: Hook,
  rejections: ["HOOK_NOT_FOUND"],
});

export const pingHook = operation({
  id: "pingHook",
  method: "POST",
  path: `${one}/ping`,
  surface,
  summary: "Send a ping, which shows the subscription itself",
  access: writeHooks,
  params: ofHook,
  reply: Type.Null(),
  no_content: true,
  rejections: ["HOOK_NOT_FOUND"],
});

export const pauseHook = operation({
  id: "pauseHook",
  method: "POST",
  path: `${one}/pause`,
  surface,
  summary: "Keep what comes, and send nothing until it is resumed (additive)",
  description: "Nothing is lost: what comes is kept and sent in order once the subscription is resumed.",
  access: writeHooks,
  params: ofHook,
  reply: Hook,
  rejections: ["HOOK_NOT_FOUND"],
});

export const resumeHook = operation({
  id: "resumeHook",
  method: "POST",
  path: `${one}/resume`,
  surface,
  summary: "Send what was kept, in order, and what comes from then on (additive)",
  access: writeHooks,
  params: ofHook,
  reply: Hook,
  rejections: ["HOOK_NOT_FOUND"],
});

export const rotateHookSecret = operation({
  id: "rotateHookSecret",
  method: "POST",
  path: `${one}/rotate-secret`,
  surface,
  summary: "Make a new signing secret; the one before signs beside it for a while (additive)",
  access: writeHooks,
  params: ofHook,
  body: SigningSecretRotation,
  body_optional: true,
  reply: HookWithSecret,
  rejections: ["HOOK_NOT_FOUND"],
});

export const listHookDeliveries = operation({
  id: "listHookDeliveries",
  method: "GET",
  path: `${one}/deliveries`,
  surface,
  summary: "What was sent to a subscription, or is to be, newest first",
  access: readHooks,
  params: ofHook,
  query: Type.Object({
    ...page,
    delivery_status: Type.Optional(several(DeliveryStatus, "Any of these (additive)")),
    event: Type.Optional(several(Type.Enum([...eventTypes]), "Of any of these types (additive)")),
  }),
  reply: list(HookDelivery),
  rejections: ["HOOK_NOT_FOUND"],
});

export const readHookDelivery = operation({
  id: "readHookDelivery",
  method: "GET",
  path: `${one}/deliveries/{delivery_id}`,
  surface,
  summary: "Read a delivery: what was sent, what was answered, and every try",
  access: readHooks,
  params: ofDelivery,
  reply: HookDeliveryDetail,
  rejections: ["HOOK_NOT_FOUND", "HOOK_DELIVERY_NOT_FOUND"],
});

export const redeliverHookDelivery = operation({
  id: "redeliverHookDelivery",
  method: "POST",
  path: `${one}/deliveries/{delivery_id}/redeliver`,
  surface,
  summary: "Send a delivery again, under the same ids, with all its tries anew (additive)",
  access: writeHooks,
  params: ofDelivery,
  reply: HookDelivery,
  rejections: ["HOOK_NOT_FOUND", "HOOK_DELIVERY_NOT_FOUND"],
});

export const redeliverHook = operation({
  id: "redeliverHook",
  method: "POST",
  path: `${one}/redeliver`,
  surface,
  summary: "Send again what was made between two times, in the order in which it happened (additive)",
  description: "Under the same ids, with all its tries anew. What still waits to be sent is left to its own schedule.",
  access: writeHooks,
  params: ofHook,
  body: Redelivery,
  reply: Redelivered,
  rejections: ["HOOK_NOT_FOUND", "HOOK_DELIVERY_NOT_FOUND"],
});
