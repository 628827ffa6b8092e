/** The client that integrators use, against a server that runs: its token, its errors, and where it finds the server. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import {
  type CreateSessionFromProfile,
  Tapline,
  TaplineError,
  type TaplineOptions,
  TaplineUnreachable,
} from "@tapline/sdk";
import { plantClient } from "../support/clients.ts";
import { openShop, type SaleChange, type Shop } from "../support/shop.ts";

let shop: Shop;
before(async () => {
  shop = await openShop();
  await shop.play("manual");
});
after(() => shop.close());

/** What the client sent, in order: the path of each request and the token it came with. */
interface Sent {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
}

const tokenPath = "/v1/accounts/T12345678/auth/token";

function client(change: Partial<TaplineOptions> = {}) {
  const sent: Sent[] = [];
  const passOn = change.fetch ?? fetch;
  const watched: typeof fetch = (input, init) => {
    const { pathname, search } = new URL(String(input));
    const authorization = new Headers(init?.headers).get("authorization") ?? "";
    sent.push({ method: init?.method ?? "GET", path: pathname + search, authorization });
    return passOn(input, init);
  };
  const tapline = new Tapline({
    base_url: shop.app.address,
    account_id: "T12345678",
    client_id: "demo-client",
    client_secret: shop.secret,
    ...change,
    fetch: watched,
  });
  const tokensAsked = () => sent.filter(({ path }) => path === tokenPath).length;
  return { tapline, sent, tokensAsked };
}

/** The same sale, in the types that the client's own package writes out. */
const saleOf = (change?: SaleChange) => shop.sale(change) as object as CreateSessionFromProfile;

/** What the call throws; fails if it throws nothing. */
async function thrown(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  assert.fail("Nothing was thrown.");
}

async function refusal(call: Promise<unknown>): Promise<TaplineError> {
  const error = await thrown(call);
  assert.ok(error instanceof TaplineError, String(error));
  return error;
}

describe("a sale through the client", () => {
  test("starts, is read, is paid, and is found in the list", async () => {
    const { tapline } = client();
    const created = await tapline.sessions.createFromProfile(saleOf({ order: { merchant_reference: "sdk 1&2" } }));
    assert.equal(created.publish[0]?.status, "sent");
    const { transaction_id = "" } = await tapline.sessions.read(created.id);
    assert.equal((await tapline.transactions.read(transaction_id)).status, "INITIATED");
    const state = await tapline.simulatedTerminals.play("T12345678-T0292", "tap");
    assert.equal(state.terminal_id, "T12345678-T0292");
    await shop.ended(created.id);
    const paid = await tapline.transactions.read(transaction_id, { includes: ["session", "events.success.true"] });
    assert.equal(paid.status, "CAPTURED");
    assert.equal((paid.session as { id: string }).id, created.id);
    const found = await tapline.transactions.list({
      merchant_reference: "sdk 1&2",
      status: ["CAPTURED", "DECLINED"],
      terminal_id: ["T0292"],
      session_id: [created.id],
      limit: 5,
    });
    assert.deepEqual(
      found.map(({ id }) => id),
      [transaction_id],
    );
    assert.deepEqual(await tapline.transactions.list({ starting_after: transaction_id }), []);
  });

  test("is called off", async () => {
    const { tapline } = client();
    const { id } = await tapline.sessions.createFromProfile(saleOf());
    assert.equal((await tapline.sessions.cancel(id)).cancelled_by, "demo-client");
    assert.equal((await tapline.simulatedTerminals.read("T0292")).screen.amount, undefined);
  });
});

describe("the client's token", () => {
  test("is asked for once, and used for every call", async () => {
    const { tapline, sent, tokensAsked } = client();
    for (let count = 0; count < 3; count++) await tapline.transactions.list();
    assert.equal(tokensAsked(), 1);
    assert.equal(sent[0]?.path, tokenPath);
    const used = new Set(sent.slice(1).map(({ authorization }) => authorization));
    assert.deepEqual([...used], [`Bearer ${await tapline.token()}`]);
  });

  test("is renewed when half its life is over, and not before", async () => {
    let now = 1_000_000;
    const { tapline, sent, tokensAsked } = client({ now: () => now });
    const first = await tapline.token();
    const life_ms = 86_400_000;
    now += life_ms / 2 - 1;
    assert.equal(await tapline.token(), first);
    assert.equal(tokensAsked(), 1);
    now += 1;
    await tapline.transactions.list();
    assert.equal(tokensAsked(), 2);
    assert.equal(sent.at(-1)?.authorization, `Bearer ${await tapline.token()}`);
    now += life_ms / 2 - 1;
    await tapline.transactions.list();
    assert.equal(tokensAsked(), 2, "the new token's life began when it was asked for");
  });

  /** Hands out a token that the server does not know, so many times. */
  const spoiling = (times: number): typeof fetch => {
    let left = times;
    return async (input, init) => {
      const answer = await fetch(input, init);
      if (!String(input).endsWith(tokenPath) || left === 0) return answer;
      left--;
      return Response.json({ ...((await answer.json()) as object), access_token: "spoilt" });
    };
  };

  test("that is refused is renewed once, and the call is made again", async () => {
    const { tapline, sent, tokensAsked } = client({ fetch: spoiling(1) });
    assert.ok(Array.isArray(await tapline.transactions.list({ limit: 1 })));
    assert.equal(tokensAsked(), 2);
    const calls = sent.filter(({ path }) => path === "/v1/transactions?limit=1");
    assert.equal(calls[0]?.authorization, "Bearer spoilt");
    assert.equal(calls.length, 2);
    assert.notEqual(calls[1]?.authorization, "Bearer spoilt");
  });

  test("that is refused again is not renewed again: the refusal is told", async () => {
    const { tapline, sent, tokensAsked } = client({ fetch: spoiling(10) });
    const error = await refusal(tapline.transactions.list());
    assert.deepEqual([error.status, error.code], [401, "INVALID_TOKEN"]);
    assert.equal(tokensAsked(), 2);
    assert.equal(sent.length, 4);
  });

  test("is not asked for twice when the secret is wrong", async () => {
    const { tapline, tokensAsked } = client({ client_id: "stranger", client_secret: "wrong" });
    const error = await refusal(tapline.transactions.list());
    assert.deepEqual([error.status, error.code], [401, "INVALID_CLIENT"]);
    assert.equal(tokensAsked(), 1);
  });

  test("is not asked for twice when the secret has become wrong", async () => {
    let now = 0;
    let secret_is_right = true;
    const { tapline, tokensAsked } = client({
      now: () => now,
      fetch: (input, init) =>
        String(input).endsWith(tokenPath) && !secret_is_right
          ? Promise.resolve(Response.json({ error: { code: "INVALID_CLIENT", message: "Wrong." } }, { status: 401 }))
          : fetch(input, init),
    });
    await tapline.transactions.list();
    secret_is_right = false;
    now += 86_400_000;
    assert.equal((await refusal(tapline.transactions.list())).code, "INVALID_CLIENT");
    assert.equal(tokensAsked(), 2, "one at the start, and one that was refused");
  });

  test("works with an id and a secret of any letters", async () => {
    const secret = "hemmelig:nøkkel✓";
    await plantClient(shop, { client_id: "kassé", secret, scopes: ["read:checkout"] });
    const { tapline } = client({ client_id: "kassé", client_secret: secret });
    assert.ok(Array.isArray(await tapline.transactions.list()));
  });
});

describe("what the server refuses", () => {
  test("is thrown with its status, code, sentence, fields and request id", async () => {
    const { tapline } = client();
    const error = await refusal(tapline.sessions.createFromProfile(saleOf({ order: { amount: 0 } })));
    assert.equal(error.name, "TaplineError");
    assert.equal(error.status, 400);
    assert.equal(error.code, "INVALID_REQUEST_PARAMETER");
    assert.match(error.message, /order\.amount/);
    assert.deepEqual(
      error.errors.map(({ path }) => path),
      [["order", "amount"]],
    );
    assert.match(error.errors[0]?.description ?? "", /^order\.amount: /);
    assert.match(error.request_id ?? "", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test("without fields is thrown with none", async () => {
    const { tapline } = client();
    const error = await refusal(tapline.transactions.read("T12345678.0"));
    assert.deepEqual([error.status, error.code, error.errors], [404, "TRANSACTION_NOT_FOUND", []]);
  });

  test("for an id with strange letters is about that id", async () => {
    const { tapline } = client();
    for (const id of ["../transactions", "a/b?c=d#e", "æ ø", "%41"]) {
      const error = await refusal(tapline.sessions.read(id));
      assert.equal(error.code, "SESSION_NOT_FOUND", id);
      assert.ok(error.message.includes(id), error.message);
    }
  });

  const bodies: [what: string, answer: () => Response][] = [
    ["a page of a proxy", () => new Response("<h1>Bad gateway</h1>", { status: 502 })],
    ["nothing", () => new Response(null, { status: 502 })],
    ["JSON of another kind", () => Response.json(["no"], { status: 502 })],
    ["an error that is a text", () => Response.json({ error: "no" }, { status: 502 })],
  ];
  for (const [what, answer] of bodies) {
    test(`in the form of ${what} is thrown with its status and a sentence`, async () => {
      const { tapline } = client({ fetch: async () => answer() });
      const error = await refusal(tapline.transactions.list());
      assert.equal(error.status, 502);
      assert.equal(error.code, undefined);
      assert.deepEqual(error.errors, []);
      assert.match(error.message, /502/);
      assert.equal(error.request_id, undefined);
    });
  }
});

describe("a server that does not answer", () => {
  const unreachable = async (call: Promise<unknown>, address: string) => {
    const error = await thrown(call);
    assert.ok(error instanceof TaplineUnreachable, String(error));
    assert.equal(error.name, "TaplineUnreachable");
    assert.ok(error.message.includes(address), error.message);
    assert.ok(error.cause instanceof Error, "the reason is kept");
  };

  test("because nobody listens is told apart from one that refuses", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((closed) => server.close(closed));
    await unreachable(client({ base_url }).tapline.transactions.list(), base_url);
  });

  test("because the line broke in the middle of an answer is one as well", async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"access_token":', () => response.destroy());
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await unreachable(client({ base_url }).tapline.transactions.list(), base_url);
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  test("is not asked again by the client itself", async () => {
    const { tapline, sent } = client({ fetch: () => Promise.reject(new TypeError("fetch failed")) });
    await unreachable(tapline.transactions.list(), shop.app.address);
    assert.equal(sent.length, 1);
  });
});

describe("the server's address", () => {
  for (const ending of ["", "/", "/v1", "/v1/", "//"]) {
    test(`may end in ${JSON.stringify(ending)}`, async () => {
      const { tapline, sent } = client({ base_url: `${shop.app.address}${ending}` });
      assert.ok(Array.isArray(await tapline.transactions.list()));
      assert.deepEqual(
        sent.map(({ method, path }) => `${method} ${path}`),
        [`POST ${tokenPath}`, "GET /v1/transactions"],
      );
    });
  }
});
