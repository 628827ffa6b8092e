/** What an API client may be called, may be granted, and may still do. */
import type { Scope } from "./scopes.ts";
import { isUserId } from "./user.ts";

/** Stands for the server itself in records of who did what; no client may go by it. */
export const serverItself = "tapline";

/** An index holds it whole, and people read it in lists. */
const clientIdMax = 100;

/** Why a client cannot be called so; `undefined` if it can. */
export function clientIdProblem(client_id: string): string | undefined {
  if (client_id.length > clientIdMax) return `must be at most ${clientIdMax} characters.`;
  // In `Authorization: Basic` the id ends at the first colon.
  if (client_id.includes(":")) return "must not hold a colon.";
  if (/\p{Cc}/u.test(client_id)) return "must not hold control characters.";
  if (client_id !== client_id.trim()) return "must not begin or end with a space.";
  if (isUserId(client_id)) return "must not have the form of a user's id.";
  if (client_id === serverItself) return `must not be ${serverItself}, which stands for the server itself.`;
  return undefined;
}

/** A partner's guide of the contract turns one scope's name around (auth section 5). */
export const turnedScope = "checkout:admin";

/** The scopes that are meant, each once. */
export const meantScopes = (asked: readonly (Scope | typeof turnedScope)[]): Scope[] => [
  ...new Set(asked.map((scope) => (scope === turnedScope ? "admin:checkout" : scope))),
];

/** What a grant may be used with; `any` where nothing is said (auth section 6). */
export const grantTypes = [
  "any",
  "client_credentials",
  "authorization_code",
  "password",
  "account_user_token",
  "refresh_token",
  "mfa-oob",
] as const;
export type GrantType = (typeof grantTypes)[number];

/** The audience is a name, not an address: whatever host it names, only the account at its end counts (auth section 3). */
export const audienceNames = (audience: string, account_id: string): boolean =>
  audience.endsWith(`/v1/accounts/${account_id}`);

/** The audience in the contract's own form. */
export const audienceOf = (account_id: string): string => `https://api.dintero.com/v1/accounts/${account_id}`;

/** Who may change an account's clients and grants. */
export const administratorScope: Scope = "admin:accounts";

/** How long the old secrets stay good beside a new one: a day, as long as a token, unless something else is asked for. */
export const overlapDefault_s = 86_400;
export const overlapMax_s = 604_800;

/** The path to a member that would hold a secret: what we are sent to keep is given back, and a secret never is. */
export function findSecretMember(value: unknown, path: readonly string[] = []): readonly string[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const here = [...path, name];
    const found = name === "client_secret" ? here : findSecretMember(member, here);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A client as it stands now: the secrets that are good, and what all its grants together allow. */
export interface ClientStanding {
  readonly secret_ids: readonly string[];
  readonly scopes: readonly string[];
}

/**
 * What of a token's scopes is still good, or the sentence that says why the token is not. `secret_id` is the secret that
 * was shown for it; a token that names none is bound to none.
 */
export function goodScopes(
  token: { readonly secret_id?: string | undefined; readonly scopes: readonly string[] },
  standing: ClientStanding | undefined,
): readonly string[] | string {
  if (standing === undefined) return "the API client that the token was issued to has been deleted.";
  if (token.secret_id !== undefined && !standing.secret_ids.includes(token.secret_id)) {
    return "the secret that the token was issued for is no longer good.";
  }
  if (standing.scopes.length === 0) return "the API client that the token was issued to has no grant any more.";
  return token.scopes.filter((scope) => standing.scopes.includes(scope));
}
