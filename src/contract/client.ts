/** API clients and what they are granted (contract/auth section 6). */
import Type from "typebox";
import { grantTypes, overlapDefault_s, overlapMax_s, turnedScope } from "../domain/api-client.ts";
import { scopes } from "../domain/scopes.ts";
import { dateTime, entityMembers, list, open, requiredText, text } from "./shapes.ts";

const given = {
  name: requiredText("For people"),
  description: Type.Optional(text()),
};

export const NewApiClient = open({
  ...given,
  client_id: Type.Optional(
    requiredText("What the client calls itself by when it asks for a token; made for you if it is left out"),
  ),
});

const clientMembers = {
  id: text("A UUID; grants name the client by it"),
  client_id: text("What the client calls itself by when it asks for a token"),
  ...given,
  ...entityMembers,
};

export const ApiClient = open(clientMembers);

const client_secret = text("Shown in this answer and nowhere again");

export const ApiClientWithSecret = open({ ...clientMembers, client_secret });

export const RotatedApiClient = open({
  ...clientMembers,
  client_secret,
  old_secrets_end_at: dateTime("Until then the older secrets are good as well"),
});

export const SecretRotation = open({
  overlap_s: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: overlapMax_s,
      default: overlapDefault_s,
      description: "How many seconds the older secrets stay good; 0 ends them, and the tokens they were shown for",
    }),
  ),
});

const grantMembers = {
  client_id: requiredText("The client's `id`, not its `client_id`"),
  audience: requiredText("A name ending in /v1/accounts/{aid}; whatever host it names"),
};

export const NewClientGrant = open({
  ...grantMembers,
  scope: Type.Array(
    Type.Enum([...scopes, turnedScope], { description: "`checkout:admin` is taken for `admin:checkout`" }),
    { minItems: 1 },
  ),
  type: Type.Optional(
    Type.Enum([...grantTypes], { description: "What the grant may be used with; `any` if it is left out" }),
  ),
});

export const ClientGrant = open({
  id: text("A UUID"),
  ...grantMembers,
  scope: list(Type.Enum([...scopes])),
  type: Type.Enum([...grantTypes]),
  ...entityMembers,
});
