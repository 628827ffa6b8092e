/** Signs tokens and checks them, with the keys in the database. */
import { calculateJwkThumbprint, errors, exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../domain/environment.ts";
import type { Database } from "../storage/database.ts";
import { insertSigningKey, lockSigningKeys, readSigningKeys, type SigningKey } from "../storage/signing-keys.ts";

/** 24 hours, as the contract's example (auth section 3); clients in the field want hours. */
export const tokenLife_s = 86_400;

export interface TokenClaims {
  readonly account_id: string;
  readonly client_id: string;
  readonly scopes: readonly string[];
  /** The secret that was shown for the token, by its id: when that ends, so does the token. */
  readonly secret_id?: string;
  /** Only of a user: when this sign-in ends, so does the token. `client_id` is the user's id then. */
  readonly sign_in_id?: string;
}

type Key = Awaited<ReturnType<typeof importJWK>>;
const algorithm = "ES256";

/** Tokens that were checked before: a till sends the same one all day. */
const rememberMax = 10_000;

export class TokenKeys {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #issuer: () => string;
  #signing: { kid: string; key: Key } | undefined;
  #verifying = new Map<string, Key>();
  #public: JsonWebKey[] = [];
  readonly #checked = new Map<string, { claims: TokenClaims; expires_at: number }>();

  constructor(db: Database, clock: Clock, issuer: () => string) {
    this.#db = db;
    this.#clock = clock;
    this.#issuer = issuer;
  }

  /** Reads the keys, and makes the first one if there is none. */
  async load(): Promise<void> {
    const now = new Date(this.#clock.now()).toISOString();
    const keys = await this.#db.transaction(async (tx) => {
      await lockSigningKeys(tx);
      const known = await readSigningKeys(tx, now);
      if (known.length > 0) return known;
      const made = await makeSigningKey();
      await insertSigningKey(tx, made, now, now);
      return [made];
    });
    await this.#use(keys);
  }

  get publicKeys(): readonly JsonWebKey[] {
    return this.#public;
  }

  async sign(claims: TokenClaims, audience: string, life_s = tokenLife_s): Promise<string> {
    if (this.#signing === undefined) throw new Error("There is no signing key.");
    const now_s = Math.floor(this.#clock.now() / 1000);
    const { account_id, scopes, client_id, ...proof } = claims;
    return new SignJWT({ scope: scopes.join(" "), account_id, ...proof })
      .setProtectedHeader({ alg: algorithm, kid: this.#signing.kid, typ: "JWT" })
      .setIssuer(this.#issuer())
      .setSubject(client_id)
      .setAudience(audience)
      .setIssuedAt(now_s)
      .setExpirationTime(now_s + life_s)
      .sign(this.#signing.key);
  }

  /** The token's claims, or the sentence that says what is wrong with it. */
  async verify(token: string): Promise<TokenClaims | string> {
    const remembered = this.#checked.get(token);
    if (remembered !== undefined) {
      return remembered.expires_at > this.#clock.now() ? remembered.claims : "the token has expired.";
    }
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.#keyFor(kid), {
        algorithms: [algorithm],
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ["exp", "sub", "account_id", "scope"],
      });
      const claims = {
        account_id: String(payload.account_id),
        client_id: String(payload.sub),
        scopes: String(payload.scope).split(" "),
        ...(payload.secret_id === undefined ? {} : { secret_id: String(payload.secret_id) }),
        ...(payload.sign_in_id === undefined ? {} : { sign_in_id: String(payload.sign_in_id) }),
      };
      this.#remember(token, claims, (payload.exp ?? 0) * 1000);
      return claims;
    } catch (error) {
      if (error instanceof errors.JWTExpired) return "the token has expired.";
      if (error instanceof errors.JOSEError) return "the token is not valid.";
      throw error;
    }
  }

  #remember(token: string, claims: TokenClaims, expires_at: number): void {
    if (this.#checked.size >= rememberMax) {
      const [oldest] = this.#checked.keys();
      if (oldest !== undefined) this.#checked.delete(oldest);
    }
    this.#checked.set(token, { claims, expires_at });
  }

  async #keyFor(kid: string | undefined): Promise<Key> {
    if (kid === undefined) throw new errors.JWSInvalid("The token names no key.");
    // Another process may have made a new key since we looked.
    if (!this.#verifying.has(kid)) {
      await this.#use(await readSigningKeys(this.#db, new Date(this.#clock.now()).toISOString()));
    }
    const key = this.#verifying.get(kid);
    if (key === undefined) throw new errors.JWSSignatureVerificationFailed();
    return key;
  }

  async #use(keys: readonly SigningKey[]): Promise<void> {
    const verifying = new Map<string, Key>();
    for (const { kid, public_jwk } of keys) verifying.set(kid, await importJWK(public_jwk, algorithm));
    const [newest] = keys;
    if (newest !== undefined) {
      this.#signing = { kid: newest.kid, key: await importJWK(newest.private_jwk, algorithm) };
    }
    this.#verifying = verifying;
    this.#public = keys.map(({ kid, public_jwk }) => ({ ...public_jwk, kid, alg: algorithm, use: "sig" }));
  }
}

/** A new key that signs from now on; tokens signed before stay good until they expire. */
export async function rotateSigningKey(db: Database, clock: Clock): Promise<string> {
  const made = await makeSigningKey();
  const now = clock.now();
  await db.transaction(async (tx) => {
    await lockSigningKeys(tx);
    const retires_at = new Date(now + tokenLife_s * 1000).toISOString();
    await insertSigningKey(tx, made, new Date(now).toISOString(), retires_at);
  });
  return made.kid;
}

async function makeSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const public_jwk = (await exportJWK(publicKey)) as JsonWebKey;
  const private_jwk = (await exportJWK(privateKey)) as JsonWebKey;
  return { kid: await calculateJwkThumbprint(public_jwk as never), private_jwk, public_jwk };
}
