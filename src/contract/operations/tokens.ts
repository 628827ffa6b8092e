/** Tokens, and the keys they are signed with (contract/auth). */
import Type from "typebox";
import { JsonWebKeySet, Token, TokenRequest } from "../account.ts";
import { operation } from "../operation.ts";
import { requiredText } from "../shapes.ts";

export const issueToken = operation({
  id: "issueToken",
  method: "POST",
  path: "/v1/accounts/{oid}/auth/token",
  surface: "accounts",
  summary: "Exchange a client id and secret for a token",
  description: "`Authorization: Basic base64(client_id:client_secret)`. Several tokens may be valid at once.",
  access: "client",
  params: Type.Object({ oid: requiredText("The account") }),
  body: TokenRequest,
  reply: Token,
  rejections: ["INVALID_CLIENT", "AUDIENCE_NOT_GRANTED", "GRANT_TYPE_NOT_SUPPORTED", "TOO_MANY_ATTEMPTS"],
});

export const readKeys = operation({
  id: "readKeys",
  method: "GET",
  path: "/v1/.well-known/jwks.json",
  surface: "server",
  summary: "The public keys that tokens are signed with",
  access: "anyone",
  reply: JsonWebKeySet,
  rejections: [],
});
