/** Who calls, and may they: the token, its account, its scopes. */
import type { Operation } from "../contract/operation.ts";
import { Rejection } from "../domain/rejections.ts";
import type { ApiKeyStandings, KeyClaims } from "./api-key-standings.ts";
import type { ClientStandings } from "./client-standings.ts";
import type { TokenClaims, TokenKeys } from "./token-keys.ts";

export interface Doorkeepers {
  readonly keys: TokenKeys;
  readonly standings: ClientStandings;
  readonly api_keys: ApiKeyStandings;
}

/** Who calls, by a token or by a key. */
export type Caller = TokenClaims & Partial<Pick<KeyClaims, "api_key_id">>;

export interface Credentials {
  readonly authorization?: string | undefined;
  readonly "x-api-key"?: string | string[] | undefined;
}

/**
 * Who calls, with those of their scopes that are still good. Throws `INVALID_TOKEN` or `INSUFFICIENT_SCOPE`. A key counts
 * where the operation takes one and no token was sent; anywhere else it is as if it were not there.
 */
export async function authenticate(
  door: Doorkeepers,
  operation: Operation,
  { authorization, "x-api-key": api_key }: Credentials,
): Promise<Caller> {
  const by_key = operation.api_key === true && authorization === undefined && api_key !== undefined;
  const caller = by_key ? await callerByKey(door, api_key) : await callerByToken(door, authorization);
  const allowed = operation.access;
  if (Array.isArray(allowed) && !allowed.some((scope) => caller.scopes.includes(scope))) {
    throw new Rejection("INSUFFICIENT_SCOPE", { scopes: allowed.join(", ") });
  }
  return caller;
}

async function callerByToken({ keys, standings }: Doorkeepers, authorization: string | undefined): Promise<Caller> {
  if (authorization === undefined) throw new Rejection("INVALID_TOKEN", { reason: "no token was sent." });
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) {
    throw new Rejection("INVALID_TOKEN", { reason: "the Authorization header is not `Bearer` and a token." });
  }
  const claims = await keys.verify(token);
  if (typeof claims === "string") throw new Rejection("INVALID_TOKEN", { reason: claims });
  const scopes = await standings.goodScopes(claims);
  if (typeof scopes === "string") throw new Rejection("INVALID_TOKEN", { reason: scopes });
  return { ...claims, scopes };
}

/** Unknown, deleted, expired: a key that is not good is told nothing more. */
async function callerByKey({ api_keys }: Doorkeepers, api_key: string | string[]): Promise<Caller> {
  const claims = await api_keys.claimsOf([api_key].flat().join(", "));
  if (claims === undefined) throw new Rejection("INVALID_TOKEN", { reason: "the API key is not good." });
  return claims;
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

/** The account's clients were changed through this process. */
export function forget({ standings, api_keys }: Doorkeepers, account_id: string): void {
  standings.forget(account_id);
  api_keys.forget(account_id);
}
