/** Who may ask for tokens of an account: its API clients, their secrets and their grants. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import { ClientStandings } from "../../src/http/client-standings.ts";
import { systemClock } from "../../src/system-environment.ts";
import { plantClient, tokenOf } from "../support/clients.ts";
import { type Answer, openShop, type Shop } from "../support/shop.ts";
import { assertRefused, send } from "./refusal.ts";

interface Client {
  readonly id: string;
  readonly client_id: string;
  readonly name: string;
  readonly client_secret: string;
  readonly [member: string]: unknown;
}

interface Grant {
  readonly id: string;
  readonly client_id: string;
  readonly scope: string[];
  readonly type: string;
  readonly [member: string]: unknown;
}

let shop: Shop;
/** Of the demo's client, for account management. */
let admin: { authorization: string };
const auth = "/v1/accounts/T12345678/auth";
const audience = "https://api.dintero.com/v1/accounts/T12345678";
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

before(async () => {
  shop = await openShop({ TAPLINE_SIMULATORS: "off" });
  admin = { authorization: `Bearer ${await tokenOf(shop, { ...ours(), scopes: ["admin:accounts"] })}` };
});
after(() => shop.close());

const ours = () => ({ account_id: shop.demo.account_id, client_id: shop.demo.client_id });

const call = <Body = ErrorBody>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = admin,
) => shop.call<Body>(method, path, body, headers);

async function made<Body>(answer: Promise<Answer<unknown>>): Promise<Body> {
  const { status, body } = await answer;
  assert.equal(status, 200, JSON.stringify(body));
  return body as Body;
}

let clients = 0;
const makeClient = (change: object = {}): Promise<Client> =>
  made(call("POST", `${auth}/clients`, { name: `Kasse ${++clients}`, ...change }));
const grant = (client: Client, scope: string[], change: object = {}): Promise<Grant> =>
  made(call("POST", `${auth}/client-grants`, { client_id: client.id, audience, scope, ...change }));
const rotate = (client: Client, body?: object) =>
  made<Client & { old_secrets_end_at: string }>(call("POST", `${auth}/clients/${client.id}/rotate-secret`, body));
const remove = (client: Client) => made<Client>(call("DELETE", `${auth}/clients/${client.id}`));

interface Token {
  readonly access_token: string;
  readonly expires_in: number;
}

function askToken({ client_id, client_secret }: Client): Promise<Answer<ErrorBody>> {
  const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
  const headers = { authorization, "content-type": "application/json" };
  const body = JSON.stringify({ grant_type: "client_credentials", audience });
  return send(shop, { method: "POST", path: `${auth}/token`, headers, body });
}
const tokenFor = (client: Client): Promise<Token> => made(askToken(client));
const scopesOf = ({ access_token }: Token): string[] =>
  JSON.parse(Buffer.from(access_token.split(".")[1] ?? "", "base64url").toString()).scope.split(" ");
const reads = ({ access_token }: Token, path = "/v1/transactions") =>
  call("GET", path, undefined, { authorization: `Bearer ${access_token}` });

const count = async (table: string): Promise<number> => (await shop.database.sql(`SELECT FROM ${table}`)).length;

describe("an API client", () => {
  test("is made with a name of any letters, and its secret is shown in that answer alone", async () => {
    const { client_secret, ...client } = await makeClient({ name: "Kiosk på Bodø ø", description: "Ved utgangen" });
    assert.match(client.id, uuid);
    assert.match(client.client_id, /^client_\w{22}$/);
    assert.match(client_secret, /^\w{43}$/);
    assert.deepEqual([client.name, client.description], ["Kiosk på Bodø ø", "Ved utgangen"]);
    assert.equal(client.created_by, shop.demo.client_id);
    assert.ok(Math.abs(Date.parse(String(client.created_at)) - Date.now()) < 60_000);
    assert.deepEqual((await call("GET", `${auth}/clients/${client.id}`)).body, client);
    const list = await made<Client[]>(call("GET", `${auth}/clients?limit=100`));
    assert.deepEqual(
      list.find(({ id }) => id === client.id),
      client,
    );
    assert.ok(!JSON.stringify(list).includes("client_secret"));
    const kept = await shop.database.sql("SELECT account_changes::text AS line FROM account_changes");
    assert.ok(kept.length > 0 && !JSON.stringify(kept).includes(client_secret));
  });

  test("goes by the client_id that its owner chose", async () => {
    const client = await makeClient({ client_id: "kassé 7" });
    assert.equal(client.client_id, "kassé 7");
    await grant(client, ["read:checkout"]);
    assert.equal((await reads(await tokenFor(client))).status, 200);
  });

  test("keeps what was sent besides, and gives it back; null is absent", async () => {
    const echoed = { id: "mine", created_by: "me", deleted_at: "2020-01-01T00:00:00.000Z", deleted_by: "me" };
    const client = await makeClient({ callbacks: ["https://till.example.com"], description: null, ...echoed });
    assert.deepEqual([client.callbacks, client.description], [["https://till.example.com"], undefined]);
    assert.match(client.id, uuid, "what is the server's to say stays so");
    assert.deepEqual([client.created_by, client.deleted_at, client.deleted_by], ["demo-client", undefined, undefined]);
  });

  test("gets no token before it has a grant", async () => {
    const client = await makeClient();
    assertRefused(await askToken(client), { status: 403, code: "AUDIENCE_NOT_GRANTED", field: "audience" });
    await grant(client, ["read:checkout"]);
    assert.deepEqual(scopesOf(await tokenFor(client)), ["read:checkout"]);
  });

  const wrong: [what: string, body: object, field: string | string[]][] = [
    ["without a name", {}, "name"],
    ["with an empty name", { name: "" }, "name"],
    ["with a number for a name", { name: 7 }, "name"],
    ["with an empty client_id", { name: "K", client_id: "" }, "client_id"],
    ["with a colon in its client_id", { name: "K", client_id: "till:7" }, "client_id"],
    ["with a line break in its client_id", { name: "K", client_id: "till\n7" }, "client_id"],
    ["with a client_id that begins with a space", { name: "K", client_id: " till" }, "client_id"],
    ["with a client_id of 101 characters", { name: "K", client_id: "k".repeat(101) }, "client_id"],
    ["that calls itself by the server's own name", { name: "K", client_id: "tapline" }, "client_id"],
    ["with a secret of its own", { name: "K", client_secret: "hunter2" }, "client_secret"],
    ["with a secret deep inside", { name: "K", oidc: { client_secret: "hunter2" } }, "oidc.client_secret"],
  ];
  for (const [what, body, field] of wrong) {
    test(`${what} is refused, and nothing is written`, async () => {
      const before = [await count("api_clients"), await count("client_secrets"), await count("account_changes")];
      const answer = await call("POST", `${auth}/clients`, body);
      assertRefused(answer, { status: 400, code: "INVALID_REQUEST_PARAMETER", field });
      assert.ok(!JSON.stringify(answer.body).includes("hunter2"));
      assert.deepEqual(
        [await count("api_clients"), await count("client_secrets"), await count("account_changes")],
        before,
      );
    });
  }

  test("cannot be called as another is, or was", async () => {
    const client = await makeClient({ client_id: "taken" });
    const refusal = { status: 409, code: "CLIENT_ID_TAKEN", field: "client_id" };
    assertRefused(await call("POST", `${auth}/clients`, { name: "Second", client_id: "taken" }), refusal);
    await remove(client);
    assertRefused(await call("POST", `${auth}/clients`, { name: "Third", client_id: "taken" }), refusal);
    await plantClient(shop, { account_id: "T87654321", client_id: "taken" });
  });

  test("stands in pages, newest first, that stay as they are while clients are added", async () => {
    const five = [];
    for (let number = 0; number < 5; number++) five.unshift((await makeClient()).id);
    const ids = async (query: string) =>
      (await made<Client[]>(call("GET", `${auth}/clients?${query}`))).map(({ id }) => id);
    const first = await ids("limit=3");
    assert.deepEqual(first, five.slice(0, 3));
    await makeClient();
    assert.deepEqual((await ids(`limit=3&starting_after=${first[2]}`)).slice(0, 2), five.slice(3));
    assert.equal((await ids("")).length, 10, "ten, if nothing is said");
    for (const limit of ["0", "101", "ten"]) {
      assertRefused(await call("GET", `${auth}/clients?limit=${limit}`), { status: 400, field: "limit" });
    }
  });

  test("is deleted with its grants: it is gone from reads and lists, gets no token, and those it has are refused", async () => {
    const client = await makeClient();
    const { id: grant_id } = await grant(client, ["read:checkout"]);
    const token = await tokenFor(client);
    assert.equal((await reads(token)).status, 200);
    const deleted = await remove(client);
    assert.equal(deleted.deleted_by, shop.demo.client_id);
    assert.ok(Math.abs(Date.parse(String(deleted.deleted_at)) - Date.now()) < 60_000);
    assertRefused(await reads(token), { status: 401, code: "INVALID_TOKEN" });
    assertRefused(await askToken(client), { status: 401, code: "INVALID_CLIENT" });
    const gone = { status: 404, code: "CLIENT_NOT_FOUND" };
    assertRefused(await call("GET", `${auth}/clients/${client.id}`), gone);
    assertRefused(await call("DELETE", `${auth}/clients/${client.id}`), gone);
    assertRefused(await call("POST", `${auth}/clients/${client.id}/rotate-secret`), gone);
    assert.ok(!JSON.stringify((await call("GET", `${auth}/clients?limit=100`)).body).includes(client.id));
    assert.ok(!JSON.stringify((await call("GET", `${auth}/client-grants?limit=100`)).body).includes(grant_id));
    const again = { client_id: client.id, audience, scope: ["read:checkout"] };
    const refusal = { status: 400, code: "CLIENT_UNKNOWN", field: "client_id" };
    assertRefused(await call("POST", `${auth}/client-grants`, again), refusal);
  });

  test("leaves on record who made it, gave it a secret and deleted it", async () => {
    const client = await makeClient({ client_id: "on-record" });
    await rotate(client);
    await remove(client);
    const path = `/v1/accounts/T12345678/changes?entity=client&entity_id=${client.id}`;
    const changes = await made<{ action: string; changed_by: string }[]>(call("GET", path));
    const by = shop.demo.client_id;
    assert.deepEqual(
      changes.map(({ action, changed_by }) => [action, changed_by]),
      ["deleted", "rotated", "created"].map((action) => [action, by]),
    );
  });
});

describe("clients and grants", () => {
  const requests: [method: string, path: string, body?: object][] = [
    ["POST", "/clients", { name: "K" }],
    ["GET", "/clients"],
    ["GET", "/clients/x"],
    ["DELETE", "/clients/x"],
    ["POST", "/clients/x/rotate-secret", {}],
    ["POST", "/client-grants", { client_id: "x", audience, scope: ["read:checkout"] }],
    ["GET", "/client-grants"],
    ["DELETE", "/client-grants/x"],
  ];
  for (const [method, path, body] of requests) {
    test(`are for admin:accounts alone, and for the token's own account: ${method} ${path}`, async () => {
      const scopes = ["admin:checkout", "write:accounts", "read:accounts"];
      const clerk = { authorization: `Bearer ${await tokenOf(shop, { ...ours(), scopes })}` };
      assertRefused(await call(method, auth + path, body, clerk), { status: 403, code: "INSUFFICIENT_SCOPE" });
      const elsewhere = `/v1/accounts/T00000001/auth${path}`;
      assertRefused(await call(method, elsewhere, body), { status: 403, code: "ACCOUNT_NOT_GRANTED" });
    });
  }

  test("of another account look as those that never were", async () => {
    const theirs = await plantClient(shop, { account_id: "T87654322", client_id: "their-client" });
    const [{ id: their_grant = "" } = {}] = await shop.database.sql<{ id?: string }>(
      "SELECT id FROM client_grants WHERE account_id = 'T87654322'",
    );
    const missing = "00000000-0000-4000-8000-000000000000";
    const asks: [method: string, path: (id: string) => string, id: string, body?: (id: string) => object][] = [
      ["GET", (id) => `/clients/${id}`, theirs],
      ["DELETE", (id) => `/clients/${id}`, theirs],
      ["POST", (id) => `/clients/${id}/rotate-secret`, theirs],
      ["POST", () => "/client-grants", theirs, (id) => ({ client_id: id, audience, scope: ["read:checkout"] })],
      ["DELETE", (id) => `/client-grants/${id}`, their_grant],
    ];
    for (const [method, path, id, body] of asks) {
      const hidden = await call(method, auth + path(id), body?.(id));
      const absent = await call(method, auth + path(missing), body?.(missing));
      assert.ok([400, 404].includes(hidden.status), `${method} ${path(id)} ${hidden.status}`);
      assert.equal(hidden.status, absent.status);
      assert.equal(JSON.stringify(hidden.body).replaceAll(id, missing), JSON.stringify(absent.body));
    }
    const { body } = await call<Grant[]>("GET", `${auth}/client-grants?client_id=${theirs}`);
    assert.deepEqual(body, []);
  });

  test("keep one who may change them: the last is not deleted, and of the last two at once only one is", async () => {
    const other = await tokenOf(shop, { account_id: "T11112222", client_id: "owner", scopes: ["admin:accounts"] });
    const headers = { authorization: `Bearer ${other}` };
    const there = "/v1/accounts/T11112222/auth";
    const last = { status: 409, code: "LAST_ADMINISTRATOR" };
    const [owner] = await made<Client[]>(call("GET", `${there}/clients`, undefined, headers));
    const [held] = await made<Grant[]>(call("GET", `${there}/client-grants`, undefined, headers));
    assertRefused(await call("DELETE", `${there}/clients/${owner?.id}`, undefined, headers), last);
    assertRefused(await call("DELETE", `${there}/client-grants/${held?.id}`, undefined, headers), last);
    const second = await plantClient(shop, { account_id: "T11112222", client_id: "deputy" });
    const answers = await Promise.all(
      [owner?.id, second].map((id) => call("DELETE", `${there}/clients/${id}`, undefined, headers)),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  });
});

describe("a new secret", () => {
  test("is good beside the old one, which ends a day later if nothing is said", async () => {
    const client = await makeClient();
    await grant(client, ["read:checkout"]);
    const { client_secret, old_secrets_end_at, updated_by } = await rotate(client);
    assert.notEqual(client_secret, client.client_secret);
    assert.equal(updated_by, shop.demo.client_id);
    assert.ok(Math.abs(Date.parse(old_secrets_end_at) - Date.now() - 86_400_000) < 60_000, old_secrets_end_at);
    assert.equal((await tokenFor({ ...client, client_secret })).expires_in, 86_400);
    assert.ok((await tokenFor(client)).expires_in > 86_000);
  });

  test("leaves the old one's tokens no longer than the old one", async () => {
    const client = await makeClient();
    await grant(client, ["read:checkout"]);
    await rotate(client, { overlap_s: 600 });
    const { expires_in } = await tokenFor(client);
    assert.ok(expires_in > 500 && expires_in <= 600, String(expires_in));
  });

  test("ends the old one and its tokens, if asked to, and leaves its own", async () => {
    const client = await makeClient();
    await grant(client, ["read:checkout"]);
    const old = await tokenFor(client);
    assert.equal((await reads(old)).status, 200);
    const { client_secret } = await rotate(client, { overlap_s: 0 });
    assertRefused(await askToken(client), { status: 401, code: "INVALID_CLIENT" });
    assertRefused(await reads(old), { status: 401, code: "INVALID_TOKEN" });
    const fresh = await tokenFor({ ...client, client_secret });
    assert.equal((await reads(fresh)).status, 200);
  });

  test("never gives an older one more time than it had", async () => {
    const client = await makeClient();
    await grant(client, ["read:checkout"]);
    await rotate(client, { overlap_s: 600 });
    await rotate(client, { overlap_s: 604_800 });
    const { expires_in } = await tokenFor(client);
    assert.ok(expires_in <= 600, String(expires_in));
  });

  for (const overlap_s of [-1, 604_801, 1.5, "60"]) {
    test(`with an overlap of ${JSON.stringify(overlap_s)} is refused, and none is made`, async () => {
      const client = await makeClient();
      const before = await count("client_secrets");
      const answer = await call("POST", `${auth}/clients/${client.id}/rotate-secret`, { overlap_s });
      assertRefused(answer, { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "overlap_s" });
      assert.equal(await count("client_secrets"), before);
    });
  }
});

describe("a grant", () => {
  test("names what it grants, to whom, and who granted it", async () => {
    const client = await makeClient();
    const granted = await grant(client, ["read:checkout", "read:checkout", "checkout:admin"]);
    assert.match(granted.id, uuid);
    assert.deepEqual(
      [granted.client_id, granted.audience, granted.scope, granted.type, granted.created_by],
      [client.id, audience, ["read:checkout", "admin:checkout"], "any", shop.demo.client_id],
    );
    assert.deepEqual((await call("GET", `${auth}/client-grants?client_id=${client.id}`)).body, [granted]);
  });

  test("adds its scopes to those of the client's other grants", async () => {
    const client = await makeClient();
    await grant(client, ["read:checkout"], { type: "client_credentials" });
    await grant(client, ["read:accounts", "read:checkout"], { audience: audience.replace("api.", "checkout.") });
    assert.deepEqual(scopesOf(await tokenFor(client)), ["read:accounts", "read:checkout"]);
  });

  test("is good at once, even where an older token of the client was seen a moment ago", async () => {
    const client = await makeClient();
    await grant(client, ["read:checkout"]);
    assert.equal((await reads(await tokenFor(client))).status, 200);
    await grant(client, ["read:accounts"]);
    assert.equal((await reads(await tokenFor(client), "/v1/accounts/T12345678/changes")).status, 200);
  });

  test("for another way to a token is none for a client's secret", async () => {
    const client = await makeClient();
    await grant(client, ["read:checkout"], { type: "password" });
    assertRefused(await askToken(client), { status: 403, code: "AUDIENCE_NOT_GRANTED", field: "audience" });
  });

  test("that is taken back is in no new token, and tokens issued before lose it", async () => {
    const client = await makeClient();
    await grant(client, ["read:checkout"]);
    const { id } = await grant(client, ["read:accounts"]);
    const token = await tokenFor(client);
    const changes = "/v1/accounts/T12345678/changes";
    assert.equal((await reads(token, changes)).status, 200);
    const deleted = await made<Grant>(call("DELETE", `${auth}/client-grants/${id}`));
    assert.equal(deleted.deleted_by, shop.demo.client_id);
    assertRefused(await reads(token, changes), { status: 403, code: "INSUFFICIENT_SCOPE" });
    assert.equal((await reads(token)).status, 200, "the other grant stands");
    assert.deepEqual(scopesOf(await tokenFor(client)), ["read:checkout"]);
    assertRefused(await call("DELETE", `${auth}/client-grants/${id}`), { status: 404, code: "GRANT_NOT_FOUND" });
  });

  test("that was a client's only one ends its tokens when it is taken back", async () => {
    const client = await makeClient();
    const { id } = await grant(client, ["read:checkout"]);
    const token = await tokenFor(client);
    await made(call("DELETE", `${auth}/client-grants/${id}`));
    assertRefused(await reads(token), { status: 401, code: "INVALID_TOKEN" });
  });

  const wrong: [what: string, change: object, refusal: { code: string; field: string }][] = [
    [
      "for another account",
      { audience: audience.replace("T", "P") },
      { code: "AUDIENCE_OF_ANOTHER_ACCOUNT", field: "audience" },
    ],
    ["of an unknown scope", { scope: ["read:checkout", "*"] }, { code: "INVALID_REQUEST_PARAMETER", field: "scope.1" }],
    ["of no scope", { scope: [] }, { code: "INVALID_REQUEST_PARAMETER", field: "scope" }],
    ["of a scope that is no list", { scope: "read:checkout" }, { code: "INVALID_REQUEST_PARAMETER", field: "scope" }],
    ["of an unknown type", { type: "implicit" }, { code: "INVALID_REQUEST_PARAMETER", field: "type" }],
    ["to nobody", { client_id: undefined }, { code: "INVALID_REQUEST_PARAMETER", field: "client_id" }],
    ["to a client by its name", { client_id: "demo-client" }, { code: "CLIENT_UNKNOWN", field: "client_id" }],
    [
      "with a secret in it",
      { oidc: { client_secret: "x" } },
      { code: "INVALID_REQUEST_PARAMETER", field: "oidc.client_secret" },
    ],
  ];
  for (const [what, change, refusal] of wrong) {
    test(`${what} is refused, and nothing is written`, async () => {
      const client = await makeClient();
      const before = await count("client_grants");
      const body = { client_id: client.id, audience, scope: ["read:checkout"], ...change };
      assertRefused(await call("POST", `${auth}/client-grants`, body), { status: 400, ...refusal });
      assert.equal(await count("client_grants"), before);
    });
  }

  test("stands in the list by its client and its audience, newest first and in pages", async () => {
    const one = await makeClient();
    const two = await makeClient();
    const elsewhere = audience.replace("api.", "checkout.");
    const granted = [
      await grant(one, ["read:checkout"]),
      await grant(one, ["read:hooks"], { audience: elsewhere }),
      await grant(two, ["read:checkout"]),
    ].map(({ id }) => id);
    const ids = async (query: string) =>
      (await made<Grant[]>(call("GET", `${auth}/client-grants?${query}`))).map(({ id }) => id);
    assert.deepEqual(await ids(`client_id=${one.id}`), [granted[1], granted[0]]);
    assert.deepEqual(await ids(`client_id=${one.id}&client_id=${two.id}`), [granted[2], granted[1], granted[0]]);
    assert.deepEqual(await ids(`client_id=${one.id},${two.id}&audience=${audience}`), [granted[2], granted[0]]);
    assert.deepEqual(await ids(`client_id=${one.id},${two.id}&limit=1&starting_after=${granted[2]}`), [granted[1]]);
    assert.deepEqual(await ids(`client_id=${(await makeClient()).id}`), []);
  });
});

describe("a process that has seen a token", () => {
  /** Two of them, at a time that the test owns. */
  function processes() {
    let monotonic = 0;
    const clock = { ...systemClock, now: () => systemClock.now(), monotonic: () => monotonic };
    const start = () => new ClientStandings(shop.app.world.db, clock);
    const pass = (ms: number) => {
      monotonic += ms;
    };
    return { here: start(), elsewhere: start(), pass };
  }
  const claims = (client_id: string, secret_id?: string) => ({
    ...{ account_id: "T12345678", client_id, scopes: ["read:checkout"] },
    ...(secret_id === undefined ? {} : { secret_id }),
  });

  test("refuses it within a minute after its client was deleted through another", async () => {
    const id = await plantClient(shop, { client_id: "seen", scopes: ["read:checkout"] });
    const { here, elsewhere, pass } = processes();
    assert.deepEqual(await here.goodScopes(claims("seen")), ["read:checkout"]);
    assert.deepEqual(await elsewhere.goodScopes(claims("seen")), ["read:checkout"]);
    await made(call("DELETE", `${auth}/clients/${id}`));
    here.forget("T12345678");
    assert.match(String(await here.goodScopes(claims("seen"))), /has been deleted/, "at once, where it was deleted");
    pass(59_000);
    assert.match(String(await elsewhere.goodScopes(claims("seen"))), /has been deleted/);
  });

  test("asks the database once in half a minute, and not for every request", async () => {
    await plantClient(shop, { client_id: "busy", scopes: ["read:checkout"] });
    let asked = 0;
    let monotonic = 0;
    const { db } = shop.app.world;
    const reader: typeof db.query = (statement, values) => {
      asked++;
      return db.query(statement, values);
    };
    const clock = { ...systemClock, now: () => systemClock.now(), monotonic: () => monotonic };
    const standings = new ClientStandings({ query: reader }, clock);
    for (let request = 0; request < 100; request++) {
      await standings.goodScopes(claims("busy"));
      monotonic += 290;
    }
    assert.equal(asked, 1);
    monotonic += 1_000;
    await standings.goodScopes(claims("busy"));
    assert.equal(asked, 2);
  });

  test("knows no client that is not there, as after a restore of an older database", async () => {
    assert.match(String(await processes().here.goodScopes(claims("nobody"))), /has been deleted/);
  });
});
