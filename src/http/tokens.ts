/** `POST /v1/accounts/{oid}/auth/token`: a client id and secret for a token; people's tokens are made by `user-tokens.ts`. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Call } from "../contract/operation.ts";
import type { issueToken } from "../contract/operations/tokens.ts";
import { audienceNames } from "../domain/api-client.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { isoNow, type World } from "../flows/world.ts";
import { countWrongSecret } from "../flows/wrong-secret.ts";
import { type GoodSecret, readGoodSecrets } from "../storage/clients.ts";
import { readGrantedScopes } from "../storage/grants.ts";
import { type TokenKeys, tokenLife_s } from "./token-keys.ts";
import type { UserTokens } from "./user-tokens.ts";

export class TokenOffice {
  readonly #world: World;
  readonly #keys: TokenKeys;
  readonly #users: UserTokens;

  constructor(world: World, keys: TokenKeys, users: UserTokens) {
    this.#world = world;
    this.#keys = keys;
    this.#users = users;
  }

  async issue(call: Call<typeof issueToken>) {
    const { grant_type } = call.body;
    switch (grant_type) {
      case "client_credentials":
        return this.#toClient(call);
      case "password":
        return this.#users.byPassword(call);
      case "mfa-oob":
      case "mfa":
        return this.#users.byCode(call);
      case "refresh_token":
        return this.#users.byRefreshToken(call);
      default:
        throw new Rejection("GRANT_TYPE_NOT_SUPPORTED", { grant_type }, "grant_type");
    }
  }

  async #toClient(call: Call<typeof issueToken>) {
    const account_id = call.params.oid;
    const { audience } = call.body;
    const { client_id, secret } = credentialsOf(call.headers.authorization);
    if (audience === undefined) {
      throw Rejection.ofFields("audience: is required.", [fieldError("REQUIRED", "audience", "is required.")]);
    }
    const { db } = this.#world;
    const shown = secretAmong(await readGoodSecrets(db, account_id, client_id, isoNow(this.#world)), secret);
    if (shown === undefined) throw await this.#refusal(account_id, client_id);
    const scopes = audienceNames(audience, account_id) ? await readGrantedScopes(db, account_id, shown.client_id) : [];
    if (scopes.length === 0) throw new Rejection("AUDIENCE_NOT_GRANTED", { audience }, "audience");
    const expires_in = this.#lifeBy(shown);
    const access_token = await this.#keys.sign(
      { account_id, client_id, scopes, secret_id: shown.id },
      audience,
      expires_in,
    );
    return { access_token, token_type: "Bearer" as const, expires_in };
  }

  /** A token goes no later than the secret that was shown for it, so that nobody is refused before they expect it. */
  #lifeBy({ retires_at }: GoodSecret): number {
    if (retires_at === null) return tokenLife_s;
    const left_s = Math.floor((Date.parse(retires_at) - this.#world.clock.now()) / 1000);
    return Math.max(1, Math.min(tokenLife_s, left_s));
  }

  /** The right secret always answers; a wrong one, after too many, is told to wait. */
  async #refusal(account_id: string, client_id: string): Promise<Rejection> {
    const retry_after_s = await countWrongSecret(this.#world, account_id, client_id);
    return retry_after_s === 0
      ? new Rejection("INVALID_CLIENT")
      : new Rejection("TOO_MANY_ATTEMPTS", { retry_after_s });
  }
}

/** No secret has this hash. */
const nobodys = Buffer.alloc(32);

/** The one that was shown. An unknown client takes as long as a wrong secret, and answers the same. */
function secretAmong(good: readonly GoodSecret[], secret: string): GoodSecret | undefined {
  const shown_sha256 = createHash("sha256").update(secret).digest();
  if (good.length === 0) timingSafeEqual(nobodys, shown_sha256);
  return good.filter(({ secret_sha256 }) => timingSafeEqual(secret_sha256, shown_sha256))[0];
}

function credentialsOf(header: string | string[] | undefined): { client_id: string; secret: string } {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(String(header ?? ""))?.[1];
  const text = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 1 || text.includes("\0")) throw new Rejection("INVALID_CLIENT");
  return { client_id: text.slice(0, colon), secret: text.slice(colon + 1) };
}
