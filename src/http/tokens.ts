/** `POST /v1/accounts/{oid}/auth/token`: a client id and secret for a token. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Call } from "../contract/operation.ts";
import type { issueToken } from "../contract/operations/tokens.ts";
import type { Clock } from "../domain/environment.ts";
import { Rejection } from "../domain/rejections.ts";
import { readApiClient } from "../storage/accounts.ts";
import type { Database } from "../storage/database.ts";
import { type TokenKeys, tokenLife_s } from "./token-keys.ts";

/** Wrong secrets of one client within a minute before it is told to wait (field-clients: at least 10). */
const wrongMax = 10;
const window_ms = 60_000;
/** Clients whose wrong secrets are counted at once; beyond it the oldest is forgotten. */
const countedMax = 10_000;

export class TokenOffice {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #keys: TokenKeys;
  readonly #wrong = new Map<string, { count: number; since: number }>();

  constructor(db: Database, clock: Clock, keys: TokenKeys) {
    this.#db = db;
    this.#clock = clock;
    this.#keys = keys;
  }

  async issue(call: Call<typeof issueToken>) {
    const account_id = call.params.oid;
    const { grant_type, audience } = call.body;
    const { client_id, secret } = credentialsOf(call.headers.authorization);
    if (grant_type !== "client_credentials") {
      throw new Rejection("GRANT_TYPE_NOT_SUPPORTED", { grant_type }, "grant_type");
    }
    const client = await readApiClient(this.#db, account_id, client_id);
    // An unknown client takes as long as a wrong secret, and answers the same.
    const known = client?.secret_sha256 ?? Buffer.alloc(32);
    const right = timingSafeEqual(known, createHash("sha256").update(secret).digest()) && client !== undefined;
    if (!right) throw this.#refusal(`${account_id} ${client_id}`);
    // The audience is a name, not an address: only the account at its end counts (auth section 3).
    if (!audience.endsWith(`/v1/accounts/${account_id}`)) {
      throw new Rejection("AUDIENCE_NOT_GRANTED", { audience }, "audience");
    }
    const access_token = await this.#keys.sign({ account_id, client_id, scopes: client.scopes }, audience);
    return { access_token, token_type: "Bearer" as const, expires_in: tokenLife_s };
  }

  /** The right secret always answers; a wrong one, after too many, is told to wait. */
  #refusal(key: string): Rejection {
    const now = this.#clock.now();
    const before = this.#wrong.get(key);
    const current = before !== undefined && now - before.since < window_ms ? before : { count: 0, since: now };
    this.#wrong.delete(key);
    this.#wrong.set(key, { ...current, count: current.count + 1 });
    const [oldest] = this.#wrong.keys();
    if (this.#wrong.size > countedMax && oldest !== undefined) this.#wrong.delete(oldest);
    if (current.count < wrongMax) return new Rejection("INVALID_CLIENT");
    const retry_after_s = Math.max(1, Math.ceil((current.since + window_ms - now) / 1000));
    return new Rejection("TOO_MANY_ATTEMPTS", { retry_after_s });
  }
}

function credentialsOf(header: string | string[] | undefined): { client_id: string; secret: string } {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(String(header ?? ""))?.[1];
  const text = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 1 || text.includes("\0")) throw new Rejection("INVALID_CLIENT");
  return { client_id: text.slice(0, colon), secret: text.slice(colon + 1) };
}
