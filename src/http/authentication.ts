/** Who calls, and may they: the token, its account, its scopes. */
import type { Operation } from "../contract/operation.ts";
import { Rejection } from "../domain/rejections.ts";
import type { ClientStandings } from "./client-standings.ts";
import type { TokenClaims, TokenKeys } from "./token-keys.ts";

export interface Doorkeepers {
  readonly keys: TokenKeys;
  readonly standings: ClientStandings;
}

/** The claims of the request's token, with those of its scopes that are still good. Throws `INVALID_TOKEN` or `INSUFFICIENT_SCOPE`. */
export async function authenticate(
  { keys, standings }: Doorkeepers,
  operation: Operation,
  authorization: string | undefined,
): Promise<TokenClaims> {
  if (authorization === undefined) throw new Rejection("INVALID_TOKEN", { reason: "no token was sent." });
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) {
    throw new Rejection("INVALID_TOKEN", { reason: "the Authorization header is not `Bearer` and a token." });
  }
  const claims = await keys.verify(token);
  if (typeof claims === "string") throw new Rejection("INVALID_TOKEN", { reason: claims });
  const scopes = await standings.goodScopes(claims);
  if (typeof scopes === "string") throw new Rejection("INVALID_TOKEN", { reason: scopes });
  const allowed = operation.access;
  if (Array.isArray(allowed) && !allowed.some((scope) => scopes.includes(scope))) {
    throw new Rejection("INSUFFICIENT_SCOPE", { scopes: allowed.join(", ") });
  }
  return { ...claims, scopes };
}

/**
 * The account in the path must be the token's. Any other is refused in the same way whether it exists or not, so that
 * nobody learns which do.
 */
export function checkAccount(claims: TokenClaims, account_id: string | undefined): void {
  if (account_id !== undefined && account_id !== claims.account_id) {
    throw new Rejection("ACCOUNT_NOT_GRANTED", { account_id });
  }
}
