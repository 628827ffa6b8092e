/**
 * Keys of the checkout's administration (contract/auth section 6). They are managed with a token only: whoever has stolen a
 * key can neither renew it nor end the others.
 */
import Type from "typebox";
import { ApiKey, ApiKeyRotation, ApiKeyWithKey, NewApiKey, RotatedApiKey } from "../api-key.ts";
import { operation } from "../operation.ts";
import { list, requiredText, text } from "../shapes.ts";

const path = "/v1/admin/api-keys";
const administrators = ["admin:checkout"] as const;
const ofOne = Type.Object({ api_key_id: requiredText("A UUID") });

export const listApiKeys = operation({
  id: "listApiKeys",
  method: "GET",
  path,
  surface: "checkout",
  summary: "The account's API keys, newest first",
  access: administrators,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The id of the last one received")),
    include_deleted: Type.Optional(Type.Boolean({ description: "With those that were deleted" })),
  }),
  reply: list(ApiKey),
  rejections: [],
});

export const createApiKey = operation({
  id: "createApiKey",
  method: "POST",
  path,
  surface: "checkout",
  summary: "Make an API key; it is in the answer and nowhere again",
  description:
    "It is sent as `x-api-key` in the place of a token, where the operation says so. It stands for the client of " +
    "`access_token`, may do what that token may, and loses what is taken from the client.",
  access: administrators,
  body: NewApiKey,
  reply: ApiKeyWithKey,
  rejections: ["EXPIRES_AT_PASSED"],
});

export const deleteApiKey = operation({
  id: "deleteApiKey",
  method: "DELETE",
  path: `${path}/{api_key_id}`,
  surface: "checkout",
  summary: "Delete an API key",
  description: "It is refused within a minute.",
  access: administrators,
  params: ofOne,
  reply: ApiKey,
  rejections: ["API_KEY_NOT_FOUND"],
});

export const rotateApiKey = operation({
  id: "rotateApiKey",
  method: "POST",
  path: `${path}/{api_key_id}/rotate-api-key`,
  surface: "checkout",
  summary: "Change what is sent for an API key",
  description:
    "The key keeps its id, its scopes and its end. What was sent for it before stays good for `overlap_s` seconds, a day " +
    "if nothing is said.",
  access: administrators,
  params: ofOne,
  body: ApiKeyRotation,
  body_optional: true,
  reply: RotatedApiKey,
  rejections: ["API_KEY_NOT_FOUND", "EXPIRES_AT_PASSED"],
});
