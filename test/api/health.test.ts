/** The server's own door: whether it lives, whether it is ready, and what pages of other origins may do. */
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { type Answer, openShop, type Shop } from "../support/shop.ts";
import { assertErrorBody, assertRefused, send } from "./refusal.ts";

const status = (body: unknown) => (body as { status?: string }).status;
const healthz = (shop: Shop) => send(shop, { method: "GET", path: "/healthz" });
const readyz = (shop: Shop) => send(shop, { method: "GET", path: "/readyz" });

describe("a server that runs", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
    await shop.play("manual");
  });
  after(() => shop.close());

  test("says that it lives and is ready, to anybody", async () => {
    for (const answer of [await healthz(shop), await readyz(shop)]) assert.equal(answer.status, 200);
    assert.equal(status((await healthz(shop)).body), "ok");
    assert.equal(status((await readyz(shop)).body), "ready");
  });

  test("gives every answer a request id of its own, whatever the caller calls it", async () => {
    const headers = { "x-request-id": "mine", "request-id": "mine" };
    const created = await shop.create();
    const answers = [
      await healthz(shop),
      await shop.call("GET", "/v1/transactions"),
      await shop.call("GET", "/v1/transactions", undefined, headers),
      await shop.call("GET", "/v1/transactions?limit=0", undefined, headers),
      await shop.call("GET", "/nowhere"),
      await shop.create({ order: { amount: 0 } }),
      created,
    ];
    const ids = answers.map((answer) => answer.headers.get("x-request-id"));
    for (const id of ids) assert.match(id ?? "", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(new Set(ids).size, ids.length);
    const first = "SELECT request_id FROM session_events WHERE session_id = $1 AND id = 1";
    const [event] = await shop.database.sql(first, [created.body.id]);
    assert.equal(event?.request_id, ids.at(-1), "the sale's first event names the request that made it");
  });

  describe("is open to pages of any origin", () => {
    const origin = "https://till.example.com";

    for (const [method, path] of [
      ["POST", "/v1/sessions-profile"],
      ["GET", "/v1/transactions"],
      ["POST", "/v1/accounts/T12345678/auth/token"],
    ] as const) {
      test(`which may ask beforehand whether they may ${method} ${path}`, async () => {
        const answer = await fetch(`${shop.app.address}${path}`, {
          method: "OPTIONS",
          headers: {
            origin,
            "access-control-request-method": method,
            "access-control-request-headers": "authorization,content-type,dintero-system-name",
          },
        });
        assert.equal(answer.status, 204);
        assert.equal(answer.headers.get("access-control-allow-origin"), "*");
        assert.ok((answer.headers.get("access-control-allow-methods") ?? "").split(/, */).includes(method));
        const allowed = (answer.headers.get("access-control-allow-headers") ?? "").split(/, */);
        for (const header of ["authorization", "content-type", "dintero-system-name"])
          assert.ok(allowed.includes(header), header);
        assert.ok(Number(answer.headers.get("access-control-max-age")) > 0);
      });
    }

    test("and gives that answer a request id as well", async () => {
      const headers = { origin, "access-control-request-method": "GET" };
      const answer = await fetch(`${shop.app.address}/v1/transactions`, { method: "OPTIONS", headers });
      assert.match(answer.headers.get("x-request-id") ?? "no request id", /^[0-9a-f-]{36}$/);
    });

    const asks: [what: string, ask: () => Promise<Answer<unknown>>][] = [
      ["an answer", () => shop.call("GET", "/v1/transactions", undefined, { origin })],
      ["a 400", () => shop.create({ order: { amount: 0 } }, { origin })],
      ["a 400 for a path that is none", () => shop.call("GET", "/v1/transactions/%zz", undefined, { origin })],
      ["a 401", () => shop.call("GET", "/v1/transactions", undefined, { origin, authorization: "Bearer x" })],
      ["a 403", () => shop.call("GET", "/v1/accounts/T00000000/payments/transactions", undefined, { origin })],
      ["a 404", () => shop.call("GET", "/nowhere", undefined, { origin })],
      ["a 405", () => shop.call("DELETE", "/v1/transactions", undefined, { origin })],
      ["a 413", () => shop.call("POST", "/v1/sessions-profile", "x".repeat(600_000), { origin })],
      ["a 415", () => shop.call("POST", "/v1/sessions-profile", "x", { origin, "content-type": "text/plain" })],
    ];
    for (const [what, ask] of asks) {
      test(`which may read ${what}, and its request id`, async () => {
        const { headers } = await ask();
        assert.equal(headers.get("access-control-allow-origin"), "*");
        const exposed = (headers.get("access-control-expose-headers") ?? "").split(/, */);
        for (const header of ["x-request-id", "retry-after", "event-request-id"])
          assert.ok(exposed.includes(header), header);
      });
    }
  });

  test("answers a client that offers HTTP/2 in HTTP/1.1, as if it had not", async () => {
    const { hostname, port } = new URL(shop.app.address);
    const socket = connect(Number(port), hostname);
    const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
    socket.write(`GET /healthz HTTP/1.1\r\nHost: tapline\r\n${offer}\r\n`);
    const received = await new Promise<string>((resolve, reject) => {
      socket.once("data", (chunk) => resolve(String(chunk)));
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("The connection was closed without an answer.")));
    });
    socket.destroy();
    assert.match(received, /^HTTP\/1\.1 200 /);
    assert.match(received, /\{"status":"ok"\}$/);
  });
});

describe("a server whose database is away", () => {
  let shop: Shop;
  let database: TestDatabase;
  let way: Way;
  before(async () => {
    database = await makeDatabase({ migrated: false });
    way = await openWay(database.url);
    shop = await openShop({ DATABASE_URL: way.url, TAPLINE_SIMULATORS: "off" });
  });
  after(async () => {
    await way.mend();
    await shop.close();
    await way.cut("refuses");
    await database.close();
  });

  const unavailable = async (answer: Answer<{ error: { code?: string; message: string } }>) => {
    assert.equal(answer.status, 503, JSON.stringify(answer.body));
    assert.equal(answer.body.error.code, "SERVICE_UNAVAILABLE");
    assert.match(answer.body.error.message, /\S/);
    assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
    assert.match(answer.headers.get("x-request-id") ?? "", /\S/);
  };

  for (const manner of ["hangs up", "refuses"] as const) {
    test(`because it ${manner} lives, is not ready, answers 503 to whoever needs it, and is ready when it is back`, async () => {
      assert.equal((await readyz(shop)).status, 200);
      // A client that was seen a moment ago: any other could not be known for one that still stands.
      assert.equal((await shop.call("GET", "/v1/transactions")).status, 200);
      await way.cut(manner);
      assert.equal((await healthz(shop)).status, 200);
      await unavailable(await readyz(shop));
      await unavailable(await shop.call("GET", "/v1/transactions"));
      await unavailable(await shop.call("GET", "/v1/sessions/T12345678.0"));
      await unavailable(await shop.create());
      assertRefused(await shop.create({ order: { amount: 0 } }), { status: 400, field: "order.amount" });
      assertErrorBody(await send(shop, { method: "GET", path: "/v1/transactions" }));
      await way.mend();
      await shop.until(async () => (await readyz(shop)).status === 200);
      assert.equal((await shop.call("GET", "/v1/transactions")).status, 200);
      const [row] = await database.sql<{ count: string }>("SELECT count(*) FROM sessions");
      assert.equal(row?.count, "0", "what was answered with 503 was not written");
    });
  }
});

/** The way to a database, which can be cut and mended. */
interface Way {
  /** For DATABASE_URL. */
  readonly url: string;
  cut(manner: "hangs up" | "refuses"): Promise<void>;
  mend(): Promise<void>;
}

async function openWay(database_url: string): Promise<Way> {
  // It names a folder with a socket in it, and no host, as only PostgreSQL's addresses do.
  const { username, pathname, searchParams } = new URL(database_url.replace("@/", "@localhost/"));
  const path = `${searchParams.get("host")}/.s.PGSQL.${searchParams.get("port")}`;
  const sockets = new Set<Socket>();
  let whole = true;
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(path);
    keep(near, far);
    keep(far, near);
    near.pipe(far).pipe(near);
  });
  const listen = (port: number) => new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `postgres://${username}@127.0.0.1:${port}${pathname}`,
    cut: async (manner) => {
      whole = false;
      const closed = manner === "refuses" ? new Promise((done) => server.close(done)) : undefined;
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: async () => {
      whole = true;
      if (!server.listening) await listen(port);
    },
  };
}
