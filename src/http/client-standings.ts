/** Whether the client that a token was issued to still stands: asked of the database, and remembered for a short while. */
import { type ClientStanding, goodScopes } from "../domain/api-client.ts";
import type { Clock } from "../domain/environment.ts";
import { readStanding } from "../storage/clients.ts";
import type { Reader } from "../storage/database.ts";
import type { TokenClaims } from "./token-keys.ts";

/** What was taken from a client ends within a minute in every process: half of that leaves room for a slow answer. */
const rememberFor_ms = 30_000;
/** Clients that are remembered at once; beyond it the oldest is asked for again. */
const rememberMax = 10_000;

interface Remembered {
  readonly standing: ClientStanding;
  /** In monotonic time, from before the database was asked. */
  readonly asked_ms: number;
}

export class ClientStandings {
  readonly #reader: Reader;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, Remembered>();

  constructor(reader: Reader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
  }

  /** What of the token's scopes is still good, or the sentence that says why the token is not. */
  async goodScopes(claims: TokenClaims): Promise<readonly string[] | string> {
    const key = keyOf(claims.account_id, claims.client_id);
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined && this.#clock.monotonic() - remembered.asked_ms < rememberFor_ms) {
      const good = goodScopes(claims, remembered.standing);
      // A token may be newer than what is remembered, so only what is granted whole is granted from memory.
      if (typeof good !== "string" && good.length === claims.scopes.length) return good;
    }
    return goodScopes(claims, await this.#ask(key, claims));
  }

  /** A client of this account was changed through this process, which then need not wait to see it. */
  forget(account_id: string): void {
    for (const key of this.#remembered.keys()) {
      if (key.startsWith(keyOf(account_id, ""))) this.#remembered.delete(key);
    }
  }

  async #ask(key: string, { account_id, client_id }: TokenClaims): Promise<ClientStanding | undefined> {
    const asked_ms = this.#clock.monotonic();
    const now = new Date(this.#clock.now()).toISOString();
    const standing = await readStanding(this.#reader, account_id, client_id, now);
    this.#remembered.delete(key);
    if (standing === undefined) return undefined;
    this.#remembered.set(key, { standing, asked_ms });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > rememberMax && oldest !== undefined) this.#remembered.delete(oldest);
    return standing;
  }
}

/** An account's id holds no space. */
const keyOf = (account_id: string, client_id: string): string => `${account_id} ${client_id}`;
