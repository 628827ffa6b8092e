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
  summary: "Exchange a client id and secret for a token, or sign a user in",
  description:
    "An API client sends `Authorization: Basic base64(client_id:client_secret)`. A user sends `password` first, which a " +
    "right one is answered 403 to, with `mfa_required` and an `mfa_token`; then `mfa-oob` with that token and a one-time " +
    "code; and `refresh_token` from then on. Several tokens may be valid at once.",
  access: "client",
  params: Type.Object({ oid: requiredText("The account") }),
  body: TokenRequest,
  reply: Token,
  rejections: [
    "INVALID_CLIENT",
    "AUDIENCE_NOT_GRANTED",
    "GRANT_TYPE_NOT_SUPPORTED",
    "TOO_MANY_ATTEMPTS",
    "INVALID_CREDENTIALS",
    "mfa_required",
    "MFA_TOKEN_INVALID",
    "ONE_TIME_CODE_WRONG",
    "REFRESH_TOKEN_INVALID",
    "TOO_MANY_TRIES",
  ],
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
