/** Keys of the checkout's administration (contract/auth section 6). */
import Type from "typebox";
import { overlapDefault_s, overlapMax_s } from "../domain/api-client.ts";
import { scopes } from "../domain/scopes.ts";
import { dateTime, entityMembers, list, open, requiredText, text } from "./shapes.ts";

const name = requiredText("For people");

const chosenKey = Type.Optional(
  text("A key of your own choice: 256 random bits, written in at least 43 characters; made for you if it is left out"),
);

const expires_at = Type.Optional(dateTime("From then on the key is refused; it has no end if this is left out"));

export const NewApiKey = open({
  name,
  access_token: requiredText("A token of the account. The key stands for its client, and has its scopes"),
  api_key: chosenKey,
  expires_at,
});

const keyMembers = {
  id: text("A UUID"),
  name,
  client_id: text("The API client that the key stands for; it ends with that client (additive)"),
  scope: list(Type.Enum([...scopes], { description: "What the token might do that it was made with (additive)" })),
  expires_at,
  ...entityMembers,
};

export const ApiKey = open(keyMembers);

const api_key = text("Shown in this answer and nowhere again; send it as `x-api-key`");

export const ApiKeyWithKey = open({ ...keyMembers, api_key });

export const RotatedApiKey = open({
  ...keyMembers,
  api_key,
  old_keys_end_at: dateTime("Until then what was shown before is good as well (additive)"),
});

export const ApiKeyRotation = open({
  overlap_s: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: overlapMax_s,
      default: overlapDefault_s,
      description: "How many seconds the old key stays good; 0 ends it (additive)",
    }),
  ),
  api_key: chosenKey,
  expires_at: Type.Optional(dateTime("Another end of the key; it stays as it is if this is left out (additive)")),
});
