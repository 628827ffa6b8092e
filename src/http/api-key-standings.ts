/** Who calls with an API key: asked of the database, and remembered as long as the standing of a token's client. */
import { type ApiKeyStanding, scopesOfKey } from "../domain/api-key.ts";
import type { Clock } from "../domain/environment.ts";
import { hashOfKey } from "../flows/api-key.ts";
import { readKeyStanding } from "../storage/api-keys.ts";
import type { Reader } from "../storage/database.ts";
import { rememberFor_ms } from "./client-standings.ts";
import type { TokenClaims } from "./token-keys.ts";

/** Keys that are remembered at once; beyond it the oldest is asked for again. */
const rememberMax = 1_000;

interface Remembered {
  readonly standing: ApiKeyStanding;
  /** In monotonic time, from before the database was asked. */
  readonly asked_ms: number;
}

export interface KeyClaims extends TokenClaims {
  readonly api_key_id: string;
}

export class ApiKeyStandings {
  readonly #reader: Reader;
  readonly #clock: Clock;
  /** By the hash of what was sent. */
  readonly #remembered = new Map<string, Remembered>();

  constructor(reader: Reader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
  }

  /** Who has this key, with what of its scopes is still good; `undefined` if it is no good key. */
  async claimsOf(api_key: string): Promise<KeyClaims | undefined> {
    const key_sha256 = hashOfKey(api_key);
    const name = key_sha256.toString("hex");
    const remembered = this.#remembered.get(name);
    if (remembered !== undefined && this.#isFresh(remembered)) {
      // A grant may be newer than what is remembered, so only a key that has kept everything is known from memory.
      const { standing } = remembered;
      if (scopesOfKey(standing).length === standing.scope.length) return claimsBy(standing);
    }
    const standing = await this.#ask(name, key_sha256);
    return standing === undefined ? undefined : claimsBy(standing);
  }

  /** A key or a client of this account was changed through this process, which then need not wait to see it. */
  forget(account_id: string): void {
    for (const [name, { standing }] of this.#remembered) {
      if (standing.account_id === account_id) this.#remembered.delete(name);
    }
  }

  #isFresh({ standing, asked_ms }: Remembered): boolean {
    const has_ended = standing.ends_at !== null && Date.parse(standing.ends_at) <= this.#clock.now();
    return !has_ended && this.#clock.monotonic() - asked_ms < rememberFor_ms;
  }

  async #ask(name: string, key_sha256: Buffer): Promise<ApiKeyStanding | undefined> {
    const asked_ms = this.#clock.monotonic();
    const standing = await readKeyStanding(this.#reader, key_sha256, new Date(this.#clock.now()).toISOString());
    this.#remembered.delete(name);
    if (standing === undefined) return undefined;
    this.#remembered.set(name, { standing, asked_ms });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > rememberMax && oldest !== undefined) this.#remembered.delete(oldest);
    return standing;
  }
}

function claimsBy(standing: ApiKeyStanding): KeyClaims | undefined {
  const scopes = scopesOfKey(standing);
  const { account_id, client_id, api_key_id } = standing;
  return scopes.length === 0 ? undefined : { account_id, client_id, scopes, api_key_id };
}
