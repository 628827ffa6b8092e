/** Who calls with an API key: asked of the database, and remembered as long as the standing of a token's client. */
import { type ApiKeyStanding, scopesOfKey } from "../domain/api-key.ts";
import type { Clock } from "../domain/environment.ts";
import { hashOfKey } from "../flows/api-key.ts";
import { readKeyStanding } from "../storage/api-keys.ts";
import type { Reader } from "../storage/database.ts";
import { Remembered } from "./remembered.ts";
import type { TokenClaims } from "./token-keys.ts";

/** Keys that are remembered at once. */
const rememberMax = 1_000;

export interface KeyClaims extends TokenClaims {
  readonly api_key_id: string;
}

export class ApiKeyStandings {
  readonly #reader: Reader;
  readonly #clock: Clock;
  /** By the hash of what was sent. */
  readonly #remembered: Remembered<ApiKeyStanding>;

  constructor(reader: Reader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
    this.#remembered = new Remembered(clock, rememberMax);
  }

  /** Who has this key, with what of its scopes is still good; `undefined` if it is no good key. */
  async claimsOf(api_key: string): Promise<KeyClaims | undefined> {
    const key_sha256 = hashOfKey(api_key);
    const name = key_sha256.toString("hex");
    const remembered = this.#remembered.recent(name);
    if (remembered !== undefined && !this.#hasEnded(remembered)) {
      // A grant may be newer than what is remembered, so only a key that has kept everything is known from memory.
      if (scopesOfKey(remembered).length === remembered.scope.length) return claimsBy(remembered);
    }
    const now = new Date(this.#clock.now()).toISOString();
    const standing = await this.#remembered.ask(name, () => readKeyStanding(this.#reader, key_sha256, now));
    return standing === undefined ? undefined : claimsBy(standing);
  }

  /** A key or a client of this account was changed through this process, which then need not wait to see it. */
  forget(account_id: string): void {
    this.#remembered.forget((_, standing) => standing.account_id === account_id);
  }

  #hasEnded({ ends_at }: ApiKeyStanding): boolean {
    return ends_at !== null && Date.parse(ends_at) <= this.#clock.now();
  }
}

function claimsBy(standing: ApiKeyStanding): KeyClaims | undefined {
  const scopes = scopesOfKey(standing);
  const { account_id, client_id, api_key_id } = standing;
  return scopes.length === 0 ? undefined : { account_id, client_id, scopes, api_key_id };
}
