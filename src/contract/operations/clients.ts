/** API clients, their secrets and their grants (contract/auth section 6). */
import Type from "typebox";
import {
  ApiClient,
  ApiClientWithSecret,
  ClientGrant,
  NewApiClient,
  NewClientGrant,
  RotatedApiClient,
  SecretRotation,
} from "../client.ts";
import { operation } from "../operation.ts";
import { AccountId, list, requiredText, text } from "../shapes.ts";
import { several } from "./parameters.ts";

const administrators = ["admin:accounts"] as const;
const ofAccount = Type.Object({ oid: AccountId });
const ofOne = Type.Object({ oid: AccountId, id: requiredText("A UUID") });

const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
  starting_after: Type.Optional(text("The id of the last one received")),
};

export const createApiClient = operation({
  id: "createApiClient",
  method: "POST",
  path: "/v1/accounts/{oid}/auth/clients",
  surface: "accounts",
  summary: "Make an API client; its secret is in the answer and nowhere again",
  description: "It gets no token before it has a grant: see createClientGrant.",
  access: administrators,
  params: ofAccount,
  body: NewApiClient,
  reply: ApiClientWithSecret,
  rejections: ["CLIENT_ID_TAKEN"],
});

export const listApiClients = operation({
  id: "listApiClients",
  method: "GET",
  path: "/v1/accounts/{oid}/auth/clients",
  surface: "accounts",
  summary: "The account's API clients, newest first",
  access: administrators,
  params: ofAccount,
  query: Type.Object(page),
  reply: list(ApiClient),
  rejections: [],
});

export const readApiClient = operation({
  id: "readApiClient",
  method: "GET",
  path: "/v1/accounts/{oid}/auth/clients/{id}",
  surface: "accounts",
  summary: "Read an API client",
  access: administrators,
  params: ofOne,
  reply: ApiClient,
  rejections: ["CLIENT_NOT_FOUND"],
});

export const deleteApiClient = operation({
  id: "deleteApiClient",
  method: "DELETE",
  path: "/v1/accounts/{oid}/auth/clients/{id}",
  surface: "accounts",
  summary: "Delete an API client and its grants",
  description: "It gets no token any more, and those it has are refused within a minute.",
  access: administrators,
  params: ofOne,
  reply: ApiClient,
  rejections: ["CLIENT_NOT_FOUND", "LAST_ADMINISTRATOR"],
});

export const rotateClientSecret = operation({
  id: "rotateClientSecret",
  method: "POST",
  path: "/v1/accounts/{oid}/auth/clients/{id}/rotate-secret",
  surface: "accounts",
  summary: "Give an API client a new secret (additive)",
  description:
    "The older secrets stay good for `overlap_s` seconds, a day if nothing is said. When they end, so do the tokens that " +
    "they were shown for, within a minute.",
  access: administrators,
  params: ofOne,
  body: SecretRotation,
  body_optional: true,
  reply: RotatedApiClient,
  rejections: ["CLIENT_NOT_FOUND"],
});

export const createClientGrant = operation({
  id: "createClientGrant",
  method: "POST",
  path: "/v1/accounts/{oid}/auth/client-grants",
  surface: "accounts",
  summary: "Grant scopes to an API client",
  description: "Tokens that the client asks for from then on carry the scopes of all its grants.",
  access: administrators,
  params: ofAccount,
  body: NewClientGrant,
  reply: ClientGrant,
  rejections: ["CLIENT_UNKNOWN", "AUDIENCE_OF_ANOTHER_ACCOUNT"],
});

export const listClientGrants = operation({
  id: "listClientGrants",
  method: "GET",
  path: "/v1/accounts/{oid}/auth/client-grants",
  surface: "accounts",
  summary: "The grants of the account's API clients, newest first",
  access: administrators,
  params: ofAccount,
  query: Type.Object({
    ...page,
    audience: Type.Optional(several(text(), "Any of these")),
    client_id: Type.Optional(several(text(), "Of any of these clients, by their `id`")),
  }),
  reply: list(ClientGrant),
  rejections: [],
});

export const deleteClientGrant = operation({
  id: "deleteClientGrant",
  method: "DELETE",
  path: "/v1/accounts/{oid}/auth/client-grants/{id}",
  surface: "accounts",
  summary: "Take a grant back",
  description: "New tokens are without its scopes, and tokens issued before lose them within a minute.",
  access: administrators,
  params: ofOne,
  reply: ClientGrant,
  rejections: ["GRANT_NOT_FOUND", "LAST_ADMINISTRATOR"],
});
