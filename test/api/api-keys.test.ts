/** Keys of the checkout's administration: what they stand for, how they change, and when they end. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import { newSecret } from "../../src/domain/ids.ts";
import { ApiKeyStandings } from "../../src/http/api-key-standings.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { plantClient, tokenOf } from "../support/clients.ts";
import { openBareShop } from "../support/honest-shop.ts";
import type { Answer, Shop } from "../support/shop.ts";
import { assertRefused } from "./refusal.ts";

interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly api_key: string;
  readonly client_id: string;
  readonly scope: string[];
  readonly [member: string]: unknown;
}

const path = "/v1/admin/api-keys";
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const account_id = "T12345678";

let shop: Shop;
/** A token of an administrator of the checkout, who calls. */
let token: string;
before(async () => {
  shop = await openBareShop();
  token = await tokenOf(shop, { account_id, client_id: "office", scopes: ["admin:checkout", "read:accounts"] });
});
after(() => shop.close());

const call = <Body = ErrorBody>(method: string, at: string, body?: unknown): Promise<Answer<Body>> =>
  shop.call<Body>(method, at, body, { authorization: `Bearer ${token}` });

async function made<Body>(answer: Promise<Answer<unknown>>): Promise<Body> {
  const { status, body } = await answer;
  assert.equal(status, 200, JSON.stringify(body));
  return body as Body;
}

const makeKey = (change: object = {}): Promise<ApiKey> =>
  made(call("POST", path, { name: "A plugin", access_token: token, ...change }));
const rotate = (key: ApiKey, body?: object) =>
  made<ApiKey & { old_keys_end_at: string }>(call("POST", `${path}/${key.id}/rotate-api-key`, body));
const remove = (key: ApiKey) => made<ApiKey>(call("DELETE", `${path}/${key.id}`));
/** Calls with the key and without a token. */
async function withKey(api_key: string, method = "GET", at = "/v1/admin/session/profiles"): Promise<Answer<ErrorBody>> {
  const answer = await fetch(`${shop.app.address}${at}`, { method, headers: { "x-api-key": api_key } });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as ErrorBody };
}
const isGood = async ({ api_key }: Pick<ApiKey, "api_key">) => (await withKey(api_key)).status === 200;

describe("an API key", () => {
  test("is made with a name of any letters, and is shown in that answer alone", async () => {
    const { api_key, ...key } = await makeKey({ name: "Nettbutikk på Bodø", shop_system: { plugin: "v7" } });
    assert.match(key.id, uuid);
    assert.match(api_key, /^\w{43}$/);
    assert.deepEqual([key.name, key.client_id, key.created_by], ["Nettbutikk på Bodø", "office", "office"]);
    assert.deepEqual(key.scope, ["admin:checkout", "read:accounts"]);
    assert.deepEqual([key.shop_system, key.expires_at, key.deleted_at], [{ plugin: "v7" }, undefined, undefined]);
    const listed = await made<ApiKey[]>(call("GET", path));
    assert.deepEqual(listed[0], key);
    for (const table of ["api_keys", "api_key_secrets", "account_changes"]) {
      const rows = JSON.stringify(await shop.database.sql(`SELECT * FROM ${table}`));
      assert.ok(rows.length > 2 && !rows.includes(api_key) && !rows.includes(token), table);
    }
  });

  test("stands for the client of the token it was made with, which is who changes what is changed with it", async () => {
    const other = await tokenOf(shop, { account_id, client_id: "webshop", scopes: ["write:checkout"] });
    const { api_key, client_id, scope, created_by } = await makeKey({ access_token: other });
    assert.deepEqual([client_id, scope, created_by], ["webshop", ["write:checkout"], "office"]);
    assert.equal((await withKey(api_key, "POST", "/v1/admin/signature")).status, 200);
    const [change] = await made<{ changed_by: string }[]>(
      call("GET", `/v1/accounts/${account_id}/changes?entity=signature`),
    );
    assert.equal(change?.changed_by, "webshop");
    assertRefused(await withKey(api_key), { status: 403, code: "INSUFFICIENT_SCOPE" });
  });

  test("goes by what its owner chose, if nobody can guess it", async () => {
    const chosen = newSecret(systemRandom);
    assert.equal((await makeKey({ api_key: chosen })).api_key, chosen);
    assert.ok(await isGood({ api_key: chosen }));
    for (const api_key of [
      "",
      "0123456789",
      "a".repeat(43),
      `${newSecret(systemRandom)}ø`,
      newSecret(systemRandom).slice(1),
    ]) {
      const answer = await call("POST", path, { name: "Short", access_token: token, api_key });
      assertRefused(answer, { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "api_key" });
      assert.ok(api_key === "" || !JSON.stringify(answer.body).includes(api_key), "a key is not repeated");
    }
  });

  test("is one key's alone: what another shows, or has shown, is refused and changes neither", async () => {
    const chosen = newSecret(systemRandom);
    const key = await makeKey({ api_key: chosen });
    const count = async () => (await shop.database.sql("SELECT FROM api_keys")).length;
    const before = await count();
    const again = { name: "Second", access_token: token, api_key: chosen };
    assertRefused(await call("POST", path, again), { status: 400, field: "api_key" });
    const other = await makeKey();
    const turned = await call("POST", `${path}/${other.id}/rotate-api-key`, { api_key: chosen, overlap_s: 0 });
    assertRefused(turned, { status: 400, field: "api_key" });
    assert.ok(await isGood(other), "what was refused has ended nothing");
    await remove(key);
    assertRefused(await call("POST", path, again), { status: 400, field: "api_key" });
    assert.equal(await count(), before + 1);
  });

  test("needs a token that is good, and of this account", async () => {
    const elsewhere = await tokenOf(shop, { account_id: "T00000042", client_id: "x", scopes: ["admin:checkout"] });
    const reader = await plantClient(shop, { client_id: "gone", scopes: ["read:checkout"] });
    const gone = await shop.app.keys.sign({ account_id, client_id: "gone", scopes: ["read:checkout"] }, "test");
    await shop.database.sql("UPDATE api_clients SET deleted_at = now() WHERE id = $1", [reader]);
    await plantClient(shop, { client_id: "small", scopes: ["read:hooks"] });
    const lost = await shop.app.keys.sign({ account_id, client_id: "small", scopes: ["admin:checkout"] }, "test");
    for (const access_token of ["no token", "", elsewhere, gone, lost, undefined]) {
      const answer = await call("POST", path, { name: "K", access_token });
      assertRefused(answer, { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "access_token" });
    }
  });

  const wrong: [what: string, body: object, field: string][] = [
    ["without a name", { name: undefined }, "name"],
    ["with an empty name", { name: "" }, "name"],
    ["with a number for a key", { api_key: 7 }, "api_key"],
    ["that has expired already", { expires_at: "2020-01-01T00:00:00.000Z" }, "expires_at"],
    ["that expires at no time", { expires_at: "tomorrow" }, "expires_at"],
    ["with a client's secret in it", { shop: { client_secret: "x" } }, "shop.client_secret"],
  ];
  for (const [what, body, field] of wrong) {
    test(`${what} is not made`, async () => {
      const count = async () => (await shop.database.sql("SELECT FROM api_key_secrets")).length;
      const before = await count();
      assertRefused(await call("POST", path, { name: "K", access_token: token, ...body }), { status: 400, field });
      assert.equal(await count(), before);
    });
  }

  test("has no scope that its token had not, and loses what is taken from its client", async () => {
    const id = await plantClient(shop, { client_id: "shrinking", scopes: ["admin:checkout", "read:checkout"] });
    const claims = { account_id, client_id: "shrinking", scopes: ["read:checkout"] };
    const access_token = await shop.app.keys.sign(claims, "test");
    const key = await makeKey({ access_token });
    assert.deepEqual(key.scope, ["read:checkout"]);
    const signature = () => withKey(key.api_key, "GET", "/v1/admin/signature");
    assert.equal((await signature()).status, 200);
    assertRefused(await withKey(key.api_key), { status: 403, code: "INSUFFICIENT_SCOPE" });
    const admin = await tokenOf(shop, { account_id, client_id: "admin", scopes: ["admin:accounts"] });
    const headers = { authorization: `Bearer ${admin}` };
    const auth = `/v1/accounts/${account_id}/auth`;
    await shop.call("POST", `${auth}/client-grants`, grantOf(id, ["admin:hooks"]), headers);
    const [grant] = await shop.database.sql<{ id: string }>(
      "SELECT id FROM client_grants WHERE client_id = $1 AND 'read:checkout' = ANY (scope)",
      [id],
    );
    await made(shop.call("DELETE", `${auth}/client-grants/${grant?.id}`, undefined, headers));
    assertRefused(await signature(), { status: 401, code: "INVALID_TOKEN" });
    await made(shop.call("POST", `${auth}/client-grants`, grantOf(id, ["read:checkout"]), headers));
    assert.equal((await signature()).status, 200, "what is granted again, it may again");
    await made(shop.call("DELETE", `${auth}/clients/${id}`, undefined, headers));
    assertRefused(await signature(), { status: 401, code: "INVALID_TOKEN" });
  });

  test("that was deleted is refused, stays on record, and is not deleted twice", async () => {
    const key = await makeKey();
    assert.ok(await isGood(key));
    const deleted = await remove(key);
    assert.equal(deleted.deleted_by, "office");
    assert.equal(deleted.api_key, undefined);
    assertRefused(await withKey(key.api_key), { status: 401, code: "INVALID_TOKEN" });
    assertRefused(await call("DELETE", `${path}/${key.id}`), { status: 404, code: "API_KEY_NOT_FOUND" });
    assertRefused(await call("POST", `${path}/${key.id}/rotate-api-key`), { status: 404, code: "API_KEY_NOT_FOUND" });
    const changes = `/v1/accounts/${account_id}/changes?entity=api_key&entity_id=${key.id}`;
    const listed = await made<{ action: string; changed_by: string }[]>(call("GET", changes));
    assert.deepEqual(
      listed.map(({ action, changed_by }) => [action, changed_by]),
      [
        ["deleted", "office"],
        ["created", "office"],
      ],
    );
  });
});

const grantOf = (client_id: string, scope: string[]) => ({
  client_id,
  audience: `https://api.dintero.com/v1/accounts/${account_id}`,
  scope,
});

describe("a key that is rotated", () => {
  test("shows another text; the older one is good for a day, and longer than that where it was asked for", async () => {
    const key = await makeKey();
    const { api_key, old_keys_end_at, ...rotated } = await rotate(key);
    assert.deepEqual([rotated.id, rotated.scope, rotated.updated_by], [key.id, key.scope, "office"]);
    assert.notEqual(api_key, key.api_key);
    const overlap_ms = Date.parse(old_keys_end_at) - Date.now();
    assert.ok(Math.abs(overlap_ms - 86_400_000) < 60_000, `${overlap_ms}`);
    assert.ok((await isGood(key)) && (await isGood({ api_key })));
    const { old_keys_end_at: week } = await rotate(key, { overlap_s: 604_800 });
    assert.ok(Date.parse(week) - Date.now() > 600_000_000);
    const [first] = await shop.database.sql<{ retires_at: Date }>(
      "SELECT retires_at FROM api_key_secrets WHERE api_key_id = $1 ORDER BY created_at LIMIT 1",
      [key.id],
    );
    assert.equal(first?.retires_at.toISOString(), old_keys_end_at, "an end that was settled is not put off");
  });

  test("without overlap ends the older one at once; with a key of one's own it shows that", async () => {
    const key = await makeKey();
    const chosen = newSecret(systemRandom);
    const { api_key } = await rotate(key, { overlap_s: 0, api_key: chosen });
    assert.equal(api_key, chosen);
    assert.deepEqual([await isGood(key), await isGood({ api_key })], [false, true]);
  });

  test("keeps its end, unless another is asked for; one that has ended needs another", async () => {
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const key = await makeKey({ expires_at });
    assert.equal(key.expires_at, expires_at);
    assert.equal((await rotate(key)).expires_at, expires_at);
    await shop.database.sql("UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1", [key.id]);
    const rotation = `${path}/${key.id}/rotate-api-key`;
    assertRefused(await call("POST", rotation), { status: 400, code: "EXPIRES_AT_PASSED", field: "expires_at" });
    const { api_key } = await rotate(key, { expires_at });
    assert.ok(await isGood({ api_key }));
  });

  test("is refused with an overlap that is none, and goes on as it was", async () => {
    const key = await makeKey();
    for (const overlap_s of [-1, 604_801, "60", 1.5]) {
      const answer = await call("POST", `${path}/${key.id}/rotate-api-key`, { overlap_s });
      assertRefused(answer, { status: 400, field: "overlap_s" });
    }
    assert.ok(await isGood(key));
  });
});

describe("the list of keys", () => {
  test("is empty where there are none, and tells nothing of another account's", async () => {
    const fresh = await tokenOf(shop, { account_id: "T00000043", client_id: "x", scopes: ["admin:checkout"] });
    const { body } = await shop.call("GET", path, undefined, { authorization: `Bearer ${fresh}` });
    assert.deepEqual(body, []);
  });

  test("is newest first, in pages that follow one another, with deleted keys where they are asked for", async () => {
    const keys = [await makeKey(), await makeKey(), await makeKey()];
    const [first, second, third] = keys.map(({ id }) => id);
    const ids = async (query: string) => (await made<ApiKey[]>(call("GET", `${path}?${query}`))).map(({ id }) => id);
    assert.deepEqual(await ids("limit=2"), [third, second]);
    assert.equal((await ids(`limit=1&starting_after=${second}`))[0], first);
    await remove(keys[1] as ApiKey);
    assert.deepEqual(await ids("limit=2"), [third, first]);
    assert.deepEqual(await ids("limit=3&include_deleted=true"), [third, second, first]);
    assert.equal((await ids(`limit=1&starting_after=${second}`))[0], first, "a page may go on from a deleted key");
  });

  test("is asked for after a key that never was, or for too much, and refuses", async () => {
    assertRefused(await call("GET", `${path}?starting_after=nothing`), { status: 400, field: "starting_after" });
    assertRefused(await call("GET", `${path}?limit=101`), { status: 400, field: "limit" });
    assertRefused(await call("GET", `${path}?include_deleted=perhaps`), { status: 400, field: "include_deleted" });
  });
});

describe("a key that other processes know", () => {
  function processes() {
    let monotonic = 0;
    let asked = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + monotonic, monotonic: () => monotonic };
    const { db } = shop.app.world;
    const reader: typeof db.query = (statement, values) => {
      asked++;
      return db.query(statement, values);
    };
    const pass = (ms: number) => {
      monotonic += ms;
    };
    return { elsewhere: new ApiKeyStandings({ query: reader }, clock), pass, asked: () => asked };
  }

  test("is refused there within a minute after it was deleted here", async () => {
    const key = await makeKey();
    const { elsewhere, pass } = processes();
    assert.equal((await elsewhere.claimsOf(key.api_key))?.client_id, "office");
    await remove(key);
    pass(59_000);
    assert.equal(await elsewhere.claimsOf(key.api_key), undefined);
  });

  test("is asked for once in half a minute, and refused at its end however well it is remembered", async () => {
    const key = await makeKey({ expires_at: new Date(Date.now() + 20_000).toISOString() });
    const { elsewhere, pass, asked } = processes();
    for (let request = 0; request < 50; request++) {
      assert.ok(await elsewhere.claimsOf(key.api_key));
      pass(300);
    }
    assert.equal(asked(), 1);
    pass(6_000);
    assert.equal(await elsewhere.claimsOf(key.api_key), undefined);
  });
});
