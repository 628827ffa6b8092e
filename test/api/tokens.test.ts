/** Who may ask for what: a secret for a token, what a token opens, and the wall between accounts. */
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { startApp } from "../../src/app.ts";
import type { Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Scope } from "../../src/domain/scopes.ts";
import { countWrongSecret } from "../../src/flows/wrong-secret.ts";
import { rotateSigningKey, TokenKeys } from "../../src/http/token-keys.ts";
import { makeLogger } from "../../src/logger.ts";
import { sweeps } from "../../src/maintenance/schedule.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { plantClient, tokenOf } from "../support/clients.ts";
import { later } from "../support/honest-shop.ts";
import { type Answer, openShop, type Shop } from "../support/shop.ts";
import { assertRefused, leavesNoTrace, type RawRequest, send } from "./refusal.ts";

let shop: Shop;
let ours: Session;
/** The server's own signing key: to make tokens that are genuine but for one thing. */
let kid: string;
let private_jwk: JsonWebKey;

before(async () => {
  shop = await openShop();
  await shop.play("manual");
  const { body: created } = await shop.create();
  ours = (await shop.call<Session>("GET", `/v1/sessions/${created.id}`)).body;
  const [key] = await shop.database.sql<{ kid: string; private_jwk: JsonWebKey }>("SELECT * FROM signing_keys");
  if (key === undefined) throw new Error("There is no signing key.");
  ({ kid, private_jwk } = key);
  await plantClient(shop, { account_id: "T87654321", client_id: "their-client" });
  await plantClient(shop, { client_id: "clerk" });
});
after(() => shop.close());

const now_s = () => Math.floor(Date.now() / 1000);
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
const claims = () => ({
  iss: shop.app.address,
  sub: shop.demo.client_id,
  aud: "https://api.dintero.com/v1/accounts/T12345678",
  iat: now_s(),
  exp: now_s() + 3600,
  scope: "admin:checkout",
  account_id: "T12345678",
});

/** A token of any header and claims, signed with ECDSA by `key`, or by the server's own. */
function forged(change: { header?: object; claims?: object } = {}, key?: KeyObject): string {
  const text = `${encoded({ alg: "ES256", kid, typ: "JWT", ...change.header })}.${encoded({ ...claims(), ...change.claims })}`;
  const signer = key === undefined ? ({ key: private_jwk, format: "jwk" } as const) : { key };
  const signature = sign("sha256", Buffer.from(text), { ...signer, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

describe("a request without a good token is answered with 401, and nothing is written", () => {
  const refuses = async (headers: Record<string, string>) => {
    const body = JSON.stringify(shop.sale());
    const request = { method: "POST", path: "/v1/sessions-profile", headers: { ...headers, ...json }, body };
    const answer = await leavesNoTrace(shop, () => send(shop, request));
    assertRefused(answer, { status: 401, code: "INVALID_TOKEN" });
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
  };
  const json = { "content-type": "application/json" };

  test("no Authorization header", () => refuses({}));

  const headers = ["", "Bearer", "Bearer ", "Basic ZGVtbzpkZW1v", "Token abc", "Bearer a b", "bearer"];
  for (const authorization of headers) {
    test(`Authorization: ${JSON.stringify(authorization)}`, () => refuses({ authorization }));
  }

  const malformed = [
    "abc",
    "a.b",
    "a.b.c",
    "...",
    "e30.e30.e30",
    "e30.e30.",
    `${"a".repeat(9000)}.b.c`,
    "é.é.é",
    "null",
  ];
  for (const token of malformed) {
    test(`the token ${token.slice(0, 20)}, which is none`, () => refuses({ authorization: `Bearer ${token}` }));
  }

  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const hmac = (text: string, secret: string) =>
    `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  const forgeries: [what: string, token: () => string | Promise<string>][] = [
    ["signed by a stranger under our key's name", () => forged({}, stranger)],
    ["signed by a stranger under a name of their own", () => forged({ header: { kid: "mine" } }, stranger)],
    [
      "with the stranger's key inside",
      () =>
        forged(
          { header: { jwk: generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" }) } },
          stranger,
        ),
    ],
    ["that names no key", () => forged({ header: { kid: undefined } })],
    ["of algorithm none, without a signature", () => `${encoded({ alg: "none", kid })}.${encoded(claims())}.`],
    ["of algorithm none, with our signature", () => forged({ header: { alg: "none" } })],
    [
      "signed with our public key as if it were a secret",
      () => {
        const { d: _, ...public_jwk } = private_jwk;
        return hmac(`${encoded({ alg: "HS256", kid })}.${encoded(claims())}`, JSON.stringify(public_jwk));
      },
    ],
    ["that has expired", () => forged({ claims: { exp: now_s() - 1 } })],
    ["that expires never", () => forged({ claims: { exp: undefined } })],
    ["that expires at no number", () => forged({ claims: { exp: "tomorrow" } })],
    ["that is not valid yet", () => forged({ claims: { nbf: now_s() + 60 } })],
    ["that names no account", () => forged({ claims: { account_id: undefined } })],
    ["that names no client", () => forged({ claims: { sub: undefined } })],
    ["for a client that is not there", () => forged({ claims: { sub: "nobody" } })],
    ["for a secret that is not there", () => forged({ claims: { secret_id: "none" } })],
    ["that says nothing of scopes", () => forged({ claims: { scope: undefined } })],
    [
      "whose claims were changed after it was signed",
      () => {
        const [header, , signature] = forged({ claims: { scope: "read:checkout" } }).split(".");
        return `${header}.${encoded(claims())}.${signature}`;
      },
    ],
    ["whose signature was cut", () => forged().slice(0, -4)],
  ];
  for (const [what, token] of forgeries) {
    test(`a token ${what}`, async () => refuses({ authorization: `Bearer ${await token()}` }));
  }

  test("while the same token, whole and in time, is good", async () => {
    const answer = await shop.call("GET", "/v1/transactions", undefined, { authorization: `Bearer ${forged()}` });
    assert.equal(answer.status, 200);
  });
});

describe("a token may do what one of its scopes covers, and nothing else", () => {
  const tokenFor = (scopes: readonly string[], account_id = "T12345678") =>
    tokenOf(shop, { account_id, client_id: "clerk", scopes });
  const as = async (scopes: readonly string[]) => ({ authorization: `Bearer ${await tokenFor(scopes)}` });

  type Ask = (headers: Record<string, string>) => Promise<Answer<ErrorBody>>;
  const person = "/v1/accounts/T12345678/simulated-terminals/T0292";
  const asks: Record<string, { ask: Ask; granted: Scope[] }> = {
    "start a sale": {
      ask: (headers) => shop.create({ order: { amount: 0 } }, headers),
      granted: ["admin:checkout", "write:checkout"],
    },
    "call a sale off": {
      ask: (headers) => shop.call("POST", "/v1/sessions/T12345678.x/cancel", undefined, headers),
      granted: ["admin:checkout", "write:checkout"],
    },
    "read a session": {
      ask: (headers) => shop.call("GET", `/v1/sessions/${ours.id}`, undefined, headers),
      granted: ["admin:checkout", "read:checkout"],
    },
    "read a transaction": {
      ask: (headers) => shop.call("GET", `/v1/transactions/${ours.transaction_id}`, undefined, headers),
      granted: ["admin:checkout", "read:checkout"],
    },
    "list transactions": {
      ask: (headers) => shop.call("GET", "/v1/transactions", undefined, headers),
      granted: ["admin:checkout", "read:checkout"],
    },
    "look at a simulated terminal": {
      ask: (headers) => shop.call("GET", person, undefined, headers),
      granted: ["admin:checkout", "read:checkout:/admin/terminals"],
    },
    "play the person in front of it": {
      ask: (headers) => shop.call("POST", `${person}/person`, { action: "manual" }, headers),
      granted: ["admin:checkout", "write:checkout:/admin/terminals"],
    },
  };
  const others: string[] = [
    ...["admin:checkout", "write:checkout", "read:checkout", "admin:accounts", "admin:hooks", "admin:payout"],
    ...["read:checkout:/admin/terminals", "write:checkout:/admin/terminals"],
    ...["", "admin", "checkout", "admin:checkout:x", "ADMIN:CHECKOUT", "*"],
  ];
  for (const [what, { ask, granted }] of Object.entries(asks)) {
    test(`to ${what} takes ${granted.join(" or ")}`, async () => {
      for (const scope of others) {
        const answer = await ask(await as([scope]));
        if ((granted as string[]).includes(scope)) assert.notEqual(answer.status, 403, scope);
        else assertRefused(answer, { status: 403, code: "INSUFFICIENT_SCOPE" });
      }
      assert.notEqual((await ask(await as(["read:hooks", ...granted]))).status, 403, "one of several is enough");
    });
  }

  test("a sale without the scope leaves nothing behind", async () => {
    const headers = await as(["read:checkout"]);
    const answer = await leavesNoTrace(shop, () => shop.create({}, headers));
    assertRefused(answer, { status: 403, code: "INSUFFICIENT_SCOPE" });
  });
});

describe("what belongs to another account", () => {
  const missing = "T12345678.0000000000000000000000";
  const theirs = async () => ({
    authorization: `Bearer ${await tokenOf(shop, { account_id: "T87654321", client_id: "their-client", scopes: ["admin:checkout"] })}`,
  });

  const asks: [what: string, method: string, path: (id: string) => string, id: () => string, code: string][] = [
    ["a session", "GET", (id) => `/v1/sessions/${id}`, () => ours.id, "SESSION_NOT_FOUND"],
    ["a session to call off", "POST", (id) => `/v1/sessions/${id}/cancel`, () => ours.id, "SESSION_NOT_FOUND"],
    [
      "a transaction",
      "GET",
      (id) => `/v1/transactions/${id}`,
      () => ours.transaction_id ?? "",
      "TRANSACTION_NOT_FOUND",
    ],
  ];
  for (const [what, method, path, id, code] of asks) {
    test(`${what} reads as one that never was`, async () => {
      const headers = await theirs();
      const hidden = await shop.call(method, path(id()), undefined, headers);
      const absent = await shop.call(method, path(missing), undefined, headers);
      assertRefused(hidden, { status: 404, code });
      assertRefused(absent, { status: 404, code });
      assert.equal(JSON.stringify(hidden.body).replaceAll(id(), missing), JSON.stringify(absent.body));
      const at_home = await shop.call(method, path(missing));
      assert.deepEqual(at_home.body, absent.body, "at home it is the same sentence");
    });
  }

  test("stands in no list, whatever is asked for", async () => {
    const headers = await theirs();
    const { id, transaction_id } = ours;
    for (const query of ["", `?session_id=${id}`, "?terminal_id=T12345678-T0292", "?merchant_reference=order-12345"]) {
      const { body } = await shop.call<unknown[]>("GET", `/v1/transactions${query}`, undefined, headers);
      assert.deepEqual(body, [], query);
    }
    const { body } = await shop.call<unknown[]>("GET", `/v1/transactions?session_id=${id}`);
    assert.equal(body.length, 1, `${transaction_id} is there for us`);
  });

  test("is not disturbed by a cancel from outside", async () => {
    await shop.call("POST", `/v1/sessions/${ours.id}/cancel`, undefined, await theirs());
    const { body } = await shop.call<Session>("GET", `/v1/sessions/${ours.id}`);
    assert.equal(body.cancelled_at, undefined);
    const [prompt] = await shop.database.sql("SELECT cancel_asked_at FROM prompts WHERE session_id = $1", [ours.id]);
    assert.equal(prompt?.cancel_asked_at, null);
  });

  const paths: [method: string, path: (account_id: string) => string][] = [
    ["GET", (account_id) => `/v1/accounts/${account_id}/payments/transactions`],
    ["GET", (account_id) => `/v1/accounts/${account_id}/payments/sessions/${missing}`],
    ["POST", (account_id) => `/v1/accounts/${account_id}/payments/sessions/${missing}/cancel`],
    ["POST", (account_id) => `/v1/accounts/${account_id}/payments/sessions-profile`],
    ["GET", (account_id) => `/v1/accounts/${account_id}/simulated-terminals/T12345678-T0292`],
  ];
  for (const [method, path] of paths) {
    test(`${method} ${path("{aid}")} of another account is refused alike whether there is one or not`, async () => {
      const body = method === "GET" ? undefined : shop.sale();
      await leavesNoTrace(shop, async () => {
        const existing = await shop.call(method, path("T87654321"), body);
        const invented = await shop.call(method, path("T00000000"), body);
        assertRefused(existing, { status: 403, code: "ACCOUNT_NOT_GRANTED" });
        assertRefused(invented, { status: 403, code: "ACCOUNT_NOT_GRANTED" });
        assert.equal(JSON.stringify(existing.body).replaceAll("T87654321", "T00000000"), JSON.stringify(invented.body));
      });
    });
  }

  test("its terminal, its store and its seller cannot be sold through", async () => {
    await shop.database.sql(
      `INSERT INTO payment_profiles (account_id, profile_id, description, configuration, created_at, updated_at)
       SELECT 'T87654321', profile_id, description, configuration, now(), now() FROM payment_profiles WHERE profile_id = 'in-person'`,
    );
    const headers = await theirs();
    const answer = await leavesNoTrace(shop, () =>
      shop.create({ order: { store: { ...ourStore, terminal_id: "T12345678-T0292" } } }, headers),
    );
    assertRefused(answer, { status: 400, code: "STORE_UNKNOWN", field: "order.store.id" });
  });
  const ourStore = { id: "oslo-center", payout_destination_id: "seller-1" };
});

interface Token {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
}

const audience = "https://api.dintero.com/v1/accounts/T12345678";
const basic = (client_id: string, secret: string) =>
  `Basic ${Buffer.from(`${client_id}:${secret}`).toString("base64")}`;
const right = () => basic("demo-client", shop.secret);

function ask(change: { authorization?: string; body?: object; account_id?: string } = {}, at = shop) {
  const { authorization = right(), body = {}, account_id = "T12345678" } = change;
  const request: RawRequest = {
    method: "POST",
    path: `/v1/accounts/${account_id}/auth/token`,
    headers: { "content-type": "application/json", ...(authorization === "" ? {} : { authorization }) },
    body: JSON.stringify({ grant_type: "client_credentials", audience, ...body }),
  };
  return send(at, request);
}

async function tokenFor(change: Parameters<typeof ask>[0] = {}): Promise<Token> {
  const answer = (await ask(change)) as Answer<unknown>;
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as Token;
}

const readsWith = async ({ access_token }: Token): Promise<number> =>
  (await shop.call("GET", "/v1/transactions", undefined, { authorization: `Bearer ${access_token}` })).status;

const publishedKeys = async (): Promise<JSONWebKeySet> => {
  const answer = await send(shop, { method: "GET", path: "/v1/.well-known/jwks.json" });
  return answer.body as unknown as JSONWebKeySet;
};

describe("a client with the right secret", () => {
  test("gets a Bearer token that is good for hours", async () => {
    const token = await tokenFor();
    assert.equal(token.token_type, "Bearer");
    assert.ok(Number.isInteger(token.expires_in) && token.expires_in >= 3600, String(token.expires_in));
    assert.equal(await readsWith(token), 200);
  });

  test("may hold several tokens at once", async () => {
    const tokens = [await tokenFor(), await tokenFor(), await tokenFor()];
    for (const token of tokens) assert.equal(await readsWith(token), 200);
  });

  const audiences = [
    "https://api.dintero.com/v1/accounts/T12345678",
    "https://checkout.dintero.com/v1/accounts/T12345678",
    "https://T12345678@api.dintero.com/v1/accounts/T12345678",
    "https://test.dintero.com/v1/accounts/T12345678",
    "http://127.0.0.1:8080/v1/accounts/T12345678",
  ];
  for (const audience of audiences) {
    test(`may name its audience ${audience}`, async () => {
      assert.equal(await readsWith(await tokenFor({ body: { audience } })), 200);
    });
  }

  test("may send members that nobody knows", async () => {
    await tokenFor({ body: { scope: "admin:checkout", refresh: true } });
  });

  test("may have a colon in its secret, and letters of any language", async () => {
    const secret = "på:kassen:2";
    await plantClient(shop, { client_id: "kasse", secret, scopes: ["read:checkout"] });
    assert.equal(await readsWith(await tokenFor({ authorization: basic("kasse", secret) })), 200);
  });
});

describe("a token is refused", () => {
  const invalidClient = { status: 401, code: "INVALID_CLIENT" };

  test("for a wrong secret, and for a client that is not there, in the same words", async () => {
    const wrong = await ask({ authorization: basic("demo-client", "wrong") });
    assertRefused(wrong, invalidClient);
    assert.match(wrong.headers.get("www-authenticate") ?? "", /^Basic /);
    const others = [
      await ask({ authorization: basic("nobody", "wrong") }),
      await ask({ authorization: right(), account_id: "T00000000" }),
      await ask({
        authorization: right(),
        account_id: "P12345678",
        body: { audience: "https://a/v1/accounts/P12345678" },
      }),
      await ask({ authorization: basic("demo-client", "") }),
    ];
    for (const other of others) {
      assertRefused(other, invalidClient);
      assert.deepEqual(other.body, wrong.body);
    }
  });

  const headers = [
    "",
    "Basic",
    "Basic !!!",
    "Bearer abc",
    basic("", "secret"),
    `Basic ${Buffer.from("a\0b:c").toString("base64")}`,
  ];
  for (const authorization of headers) {
    test(`for the Authorization ${JSON.stringify(authorization)}`, async () => {
      assertRefused(await ask({ authorization }), invalidClient);
    });
  }

  test("to a client that has been deleted", async () => {
    const id = await plantClient(shop, { client_id: "gone", secret: "secret" });
    await shop.database.sql("UPDATE api_clients SET deleted_at = now(), deleted_by = 'test' WHERE id = $1", [id]);
    assertRefused(await ask({ authorization: basic("gone", "secret") }), invalidClient);
  });

  for (const grant_type of ["account_user_token", "authorization_code", "CLIENT_CREDENTIALS"]) {
    test(`for the grant type ${grant_type}`, async () => {
      const refusal = { status: 400, code: "GRANT_TYPE_NOT_SUPPORTED", field: "grant_type" };
      assertRefused(await ask({ body: { grant_type } }), refusal);
    });
  }

  const foreign = [
    "https://api.dintero.com/v1/accounts/T87654321",
    "https://api.dintero.com/v1/accounts/P12345678",
    "https://api.dintero.com/v1/accounts/T12345678/T87654321",
    "https://T12345678@api.dintero.com/v1/accounts/",
    "T12345678",
  ];
  for (const audience of foreign) {
    test(`for the audience ${audience}, which the client has no grant for`, async () => {
      const refusal = { status: 403, code: "AUDIENCE_NOT_GRANTED", field: "audience" };
      assertRefused(await ask({ body: { audience } }), refusal);
    });
  }

  for (const member of ["grant_type", "audience"]) {
    test(`without ${member}`, async () => {
      const refusal = { status: 400, code: "INVALID_REQUEST_PARAMETER", field: member };
      assertRefused(await ask({ body: { [member]: undefined } }), refusal);
      assertRefused(await ask({ body: { [member]: null } }), refusal);
    });
  }
});

describe("after ten wrong secrets", () => {
  const tooMany = { status: 429, code: "TOO_MANY_ATTEMPTS" };

  /** Ten that are told they are wrong, then one that is told to wait. */
  async function exhaust(authorization: string): Promise<void> {
    for (let count = 1; count <= 10; count++)
      assert.equal((await ask({ authorization })).status, 401, `wrong secret ${count}`);
    const answer = await ask({ authorization });
    assertRefused(answer, tooMany);
    const wait_s = answer.headers.get("retry-after") ?? "";
    assert.match(wait_s, /^\d+$/);
    assert.ok(Number(wait_s) >= 1 && Number(wait_s) <= 60, wait_s);
  }

  test("a client is told to wait, and the right secret is answered all the same", async () => {
    await plantClient(shop, { client_id: "new-till", secret: "right", scopes: ["read:checkout"] });
    await exhaust(basic("new-till", "wrong"));
    assert.equal(await readsWith(await tokenFor({ authorization: basic("new-till", "right") })), 200);
    assertRefused(await ask({ authorization: basic("new-till", "wrong again") }), tooMany);
  });

  test("a client that is not there is told the same", () => exhaust(basic("ghost", "wrong")));

  test("asked of two processes, they are counted together", async () => {
    const other = await startApp({
      config: { ...shop.config, port: 0, simulators: false },
      clock: systemClock,
      random: systemRandom,
      logger: makeLogger("error", process.stderr),
      onLost: (problem) => {
        throw problem;
      },
    });
    try {
      const authorization = basic("roaming", "wrong");
      const elsewhere = { ...shop, app: other };
      for (let count = 1; count <= 5; count++) {
        assert.equal((await ask({ authorization })).status, 401);
        assert.equal((await ask({ authorization }, elsewhere)).status, 401);
      }
      assertRefused(await ask({ authorization }), tooMany);
      assertRefused(await ask({ authorization }, elsewhere), tooMany);
    } finally {
      await other.close();
    }
  });

  test("a client may try again when the minute is over", async () => {
    const { world } = shop.app;
    await exhaust(basic("patient", "wrong"));
    assert.ok((await countWrongSecret(later(world, 30_000), "T12345678", "patient")) > 0);
    assert.equal(await countWrongSecret(later(world, 60_001), "T12345678", "patient"), 0);
  });

  test("they are forgotten when nobody counts them any more", async () => {
    await exhaust(basic("forgetful", "wrong"));
    const sweep = sweeps.find(({ name }) => name === "wrong secrets");
    assert.ok(sweep !== undefined);
    const rows = () => shop.database.sql("SELECT FROM wrong_secrets");
    assert.notEqual((await rows()).length, 0);
    await sweep.work(shop.app.world);
    assert.notEqual((await rows()).length, 0, "they count for a minute");
    await sweep.work(later(shop.app.world, 120_000));
    assert.deepEqual(await rows(), []);
  });

  test("nothing more is written, and neither is it for the right secret", async () => {
    const authorization = basic("stubborn", "wrong");
    await exhaust(authorization);
    const written = () => shop.database.sql("SELECT client_sha256, since, count, xmin::text FROM wrong_secrets");
    const before = await written();
    assertRefused(await ask({ authorization }), tooMany);
    await tokenFor();
    assert.deepEqual(await written(), before);
  });

  test("other clients are not kept waiting", async () => {
    await exhaust(basic("clumsy", "wrong"));
    assertRefused(await ask({ authorization: basic("careful", "wrong") }), { status: 401, code: "INVALID_CLIENT" });
  });
});

describe("the published keys", () => {
  const verify = async (token: Token) => jwtVerify(token.access_token, createLocalJWKSet(await publishedKeys()));

  test("verify a token, which says who it is for", async () => {
    const { payload, protectedHeader } = await verify(await tokenFor());
    assert.equal(protectedHeader.alg, "ES256");
    assert.equal(payload.iss, shop.app.address);
    assert.equal(payload.sub, "demo-client");
    assert.equal(payload.aud, audience);
    assert.equal(payload.account_id, "T12345678");
    assert.ok(String(payload.scope).split(" ").includes("admin:checkout"), String(payload.scope));
    const { iat = 0, exp = 0 } = payload;
    assert.ok(Math.abs(iat - Date.now() / 1000) < 60, "issued now");
    assert.equal(exp - iat, (await tokenFor()).expires_in);
  });

  test("are public: no part of them is secret", async () => {
    const { keys } = await publishedKeys();
    assert.ok(keys.length > 0);
    for (const key of keys) {
      assert.deepEqual(Object.keys(key).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    }
  });

  test("may be rotated: what was signed before stays good, and what is signed now is signed by the new key", async () => {
    const old = await tokenFor();
    const unused = await tokenFor();
    const kid = await rotateSigningKey(shop.app.world.db, systemClock);
    assert.equal(await readsWith(old), 200, "while the server has not looked at its keys");
    await shop.app.keys.load();
    const fresh = await tokenFor();
    assert.equal(decodeProtectedHeader(fresh.access_token).kid, kid);
    assert.notEqual(decodeProtectedHeader(old.access_token).kid, kid);
    for (const token of [old, unused, fresh]) {
      assert.equal(await readsWith(token), 200);
      assert.equal((await verify(token)).payload.sub, "demo-client");
    }
  });

  test("accept a token of a key that another process has just made", async () => {
    const before = await tokenFor();
    await rotateSigningKey(shop.app.world.db, systemClock);
    const [newest] = await shop.database.sql<{ kid: string }>("SELECT kid FROM signing_keys WHERE retires_at IS NULL");
    const other = new TokenKeys(shop.app.world.db, systemClock, () => "x");
    await other.load();
    const claims = { account_id: "T12345678", client_id: "demo-client", scopes: ["admin:checkout"] };
    const access_token = await other.sign(claims, audience);
    assert.equal(decodeProtectedHeader(access_token).kid, newest?.kid);
    assert.equal(await readsWith({ ...before, access_token }), 200);
  });

  test("forget a key when its last token has expired", async () => {
    const token = await tokenFor();
    await rotateSigningKey(shop.app.world.db, systemClock);
    await shop.database.sql(
      "UPDATE signing_keys SET retires_at = now() - interval '1 second' WHERE retires_at IS NOT NULL",
    );
    await shop.app.keys.load();
    assert.equal((await publishedKeys()).keys.length, 1);
    assert.equal(await readsWith(token), 401);
    assert.equal(await readsWith(await tokenFor()), 200);
  });
});

describe("the database", () => {
  test("holds neither a client's secret nor a token, in any column or spelling", async () => {
    const { access_token } = await tokenFor();
    const columns = await shop.database.sql<{ table_name: string; column_name: string }>(
      `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
       AND data_type IN ('text', 'bytea', 'jsonb', 'json', 'ARRAY', 'character varying')`,
    );
    const holds = async (text: string): Promise<string[]> => {
      const spellings = [
        text,
        Buffer.from(text).toString("hex"),
        Buffer.from(text).toString("base64").replace(/=+$/, ""),
      ];
      const found: string[] = [];
      for (const { table_name, column_name } of columns) {
        const rows = await shop.database.sql(
          `SELECT FROM "${table_name}" WHERE EXISTS (SELECT FROM unnest($1::text[]) AS spelling
             WHERE position(spelling IN "${column_name}"::text) > 0)`,
          [spellings],
        );
        if (rows.length > 0) found.push(`${table_name}.${column_name}`);
      }
      return found;
    };
    assert.ok((await holds("demo-client")).includes("api_clients.client_id"), "the search finds what is there");
    assert.deepEqual(await holds(shop.secret), []);
    assert.deepEqual(await holds(access_token), []);
    assert.deepEqual(await holds(access_token.split(".")[2] ?? ""), []);
  });
});
