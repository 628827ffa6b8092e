/** Streams of events: complete, in order, once each; resumed where they broke; and ended when they must be. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { FastifyInstance } from "fastify";
import type { Session } from "../../src/contract/session.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { tellOf } from "../../src/flows/event.ts";
import { EventHub } from "../../src/http/event-hub.ts";
import { buildServer } from "../../src/http/server.ts";
import { TokenKeys } from "../../src/http/token-keys.ts";
import { makeLogger } from "../../src/logger.ts";
import type { Reader } from "../../src/storage/database.ts";
import { forgetEvents, placeEvents, readStreamExtent } from "../../src/storage/events.ts";
import { startAnother } from "../support/another-server.ts";
import { tokenOf } from "../support/clients.ts";
import { approve, type Counter, openCounter } from "../support/counter.ts";
import { JumpClock } from "../support/honest-clock.ts";
import { openBareShop, sold } from "../support/honest-shop.ts";
import { type Shop, until } from "../support/shop.ts";
import { type Message, StreamReader } from "../support/stream-reader.ts";
import { assertErrorBody } from "./refusal.ts";

let shop: Shop;
before(async () => {
  shop = await openBareShop();
});
after(() => shop.close());

const account_id = "T12345678";
const follow = (path: string, after?: string, token = shop.token, address = shop.app.address): Promise<StreamReader> =>
  StreamReader.open(`${address}${path}`, { token, after });

const transactionIn = (message: Message): Transaction => message.transaction as unknown as Transaction;

/** Something is told in the account, of a type that says nothing of money. */
async function tell(type: "account_store_update" | "incident_add" = "incident_add", members: object = {}) {
  const { world } = shop.app;
  await world.db.transaction((tx) => tellOf(world, tx, { account_id, type, members }));
  world.hints.eventWritten();
}

describe("a session's stream", () => {
  let counter: Counter;
  before(async () => {
    counter = await openCounter(shop);
  });

  test("tells a sale from its creation to its end, in order, once each, however late it is opened", async () => {
    const session_id = await sold(shop, counter.terminal.terminal_id);
    const early = await follow(`/v1/sessions/${session_id}/events`);
    await approve(counter, await counter.link.expect("prompt"));
    const isEnd = (type: string) => type === "checkout_authorization";
    const live = await early.until(isEnd);
    const told = live.map(({ type, message }) =>
      type === "checkout_transaction" ? transactionIn(message).status : type,
    );
    assert.deepEqual(told, ["INITIATED", "prompt_sent", "prompt_approved", "CAPTURED", "checkout_authorization"]);
    const late = await follow(`/v1/sessions/${session_id}/events`);
    assert.deepEqual(await late.until(isEnd), live);
    for (const stream of [early, late]) stream.hangUp();
  });

  test("carries the message that a webhook carries, its place as id and its type as event", async () => {
    const session_id = await sold(shop, counter.terminal.terminal_id, { order: { merchant_reference: "Kaffe & Kø" } });
    const stream = await follow(`/v1/sessions/${session_id}/events`);
    const { id, type, message } = await stream.event();
    assert.match(id, /^\d+$/);
    assert.equal(type, "checkout_transaction");
    const { event_id, event_time, sequence, ...rest } = message;
    const transaction = transactionIn(message);
    assert.deepEqual([event_id, sequence], [`${transaction.id}.1`, 1]);
    assert.ok(Date.parse(event_time) > 0);
    assert.deepEqual(Object.keys(rest), ["account_id", "event", "transaction"]);
    assert.deepEqual([rest.account_id, rest.event], [account_id, "checkout_transaction"]);
    assert.deepEqual(
      [transaction.session_id, transaction.status, transaction.merchant_reference],
      [session_id, "INITIATED", "Kaffe & Kø"],
    );
    stream.hangUp();
    await approve(counter, await counter.link.expect("prompt"));
  });

  test("goes on after the event whose id is sent, and tells no other session's", async () => {
    const other = await openCounter(shop);
    const theirs = await sold(shop, other.terminal.terminal_id);
    const whole = await follow(`/v1/sessions/${theirs}/events`);
    await approve(other, await other.link.expect("prompt"));
    await whole.until((type) => type === "checkout_authorization");
    const events = whole.events;
    for (const [index, { id }] of events.slice(0, -1).entries()) {
      const resumed = await follow(`/v1/sessions/${theirs}/events`, id);
      await resumed.until((type) => type === "checkout_authorization");
      assert.deepEqual(resumed.events, events.slice(index + 1));
      resumed.hangUp();
    }
    assert.deepEqual([...new Set(events.map(({ message }) => JSON.stringify(message).includes(theirs)))], [true]);
    whole.hangUp();
    other.terminal.leave();
  });

  test("has the headers of a stream that nobody keeps or buffers", async () => {
    const stream = await follow("/v1/events");
    const { headers } = stream.answer;
    assert.equal(headers.get("content-type"), "text/event-stream");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-accel-buffering"), "no");
    assert.equal(headers.get("access-control-allow-origin"), "*");
    assert.match(headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
    stream.hangUp();
  });

  test("asked for by HEAD is answered without one", async () => {
    const answer = await fetch(`${shop.app.address}/v1/events`, {
      method: "HEAD",
      headers: { authorization: `Bearer ${shop.token}` },
    });
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), "");
  });
});

describe("an account's stream", () => {
  test("tells what happens from the moment that its first comment has come", async () => {
    await tell();
    await until(async () => (await shop.database.sql("SELECT FROM event_inbox")).length === 0);
    const stream = await follow("/v1/events");
    await tell("incident_add", { incident: { id: "inc_1" } });
    const { type, message } = await stream.event();
    assert.deepEqual([type, message.incident], ["incident_add", { id: "inc_1" }]);
    assert.equal(stream.events.length, 1);
    stream.hangUp();
  });

  test("that broke before its first event goes on from where it began, by the id of its first comment", async () => {
    const broken = await follow("/v1/events");
    broken.hangUp();
    await tell("incident_add", { incident: { id: "inc_2" } });
    const resumed = await follow("/v1/events", broken.last_id);
    assert.deepEqual((await resumed.event()).message.incident, { id: "inc_2" });
    resumed.hangUp();
  });

  test("shows only the types that are asked for, however they are written", async () => {
    const token = await tokenOf(shop, {
      account_id,
      client_id: "both",
      scopes: ["read:checkout", "read:accounts"],
    });
    const lists = ["type=account_store_update&type=ping", "type=account_store_update,ping"];
    for (const list of lists) {
      const stream = await follow(`/v1/events?${list}`, undefined, token);
      await tell("incident_add");
      await tell("account_store_update", { store: { id: "s", name: "Tromsø" } });
      const { type, message } = await stream.event();
      assert.deepEqual([type, message.store], ["account_store_update", { id: "s", name: "Tromsø" }]);
      stream.hangUp();
    }
  });

  test("shows what belongs to the set-up only to tokens that may read it", async () => {
    const stream = await follow("/v1/events");
    await tell("account_store_update", { store: { id: "hidden" } });
    await tell("incident_add", { incident: { id: "inc_3" } });
    assert.equal((await stream.event()).type, "incident_add");
    stream.hangUp();
    const asked = await shop.call("GET", "/v1/events?type=account_store_update");
    assert.deepEqual([asked.status, asked.body.error.code], [403, "INSUFFICIENT_SCOPE"]);
  });

  test("of another account tells nothing of this one", async () => {
    const token = await tokenOf(shop, { account_id: "T00000077", client_id: "other", scopes: ["read:checkout"] });
    const theirs = await follow("/v1/events", undefined, token);
    const ours = await follow("/v1/events");
    await tell();
    await ours.event();
    const { world } = shop.app;
    const told = { account_id: "T00000077", type: "incident_add", members: { incident: { id: "theirs" } } } as const;
    await world.db.transaction((tx) => tellOf(world, tx, told));
    world.hints.eventWritten();
    assert.deepEqual((await theirs.event()).message.incident, { id: "theirs" });
    for (const stream of [theirs, ours]) stream.hangUp();
  });

  test("leaves out what is for one hook alone, and goes on after it", async () => {
    const stream = await follow("/v1/events");
    const { world } = shop.app;
    await world.db.transaction((tx) => tellOf(world, tx, { account_id, type: "ping", hook_id: "none", members: {} }));
    await tell("incident_add", { incident: { id: "inc_4" } });
    assert.deepEqual((await stream.event()).message.incident, { id: "inc_4" });
    await tell("incident_add", { incident: { id: "inc_5" } });
    assert.deepEqual((await stream.event()).message.incident, { id: "inc_5" });
    stream.hangUp();
  });

  test("of more events than fit a page comes whole", async () => {
    const stream = await follow("/v1/events");
    const count = 730;
    const { world } = shop.app;
    await world.db.transaction(async (tx) => {
      for (let index = 0; index < count; index++) {
        await tellOf(world, tx, { account_id, type: "incident_add", members: { incident: { id: String(index) } } });
      }
    });
    world.hints.eventWritten();
    const numbers = (reader: StreamReader) =>
      reader.events.map(({ message }) => (message.incident as { id: string }).id);
    const isLast = (_: string, message: Message) => (message.incident as { id: string }).id === String(count - 1);
    const expected = Array.from({ length: count }, (_, index) => String(index));
    await stream.until(isLast);
    assert.deepEqual(numbers(stream), expected);
    const resumed = await follow("/v1/events", stream.blocks[0]?.id);
    await resumed.until(isLast);
    assert.deepEqual(numbers(resumed), expected);
    for (const reader of [stream, resumed]) reader.hangUp();
  });

  test("opened with a place that is no place is refused, and the field is named", async () => {
    const session_id = (await shop.call<Session[]>("GET", "/v1/sessions?limit=1")).body[0]?.id;
    for (const path of ["/v1/events", `/v1/sessions/${session_id}/events`]) {
      for (const place of ["x", "-1", "1.5", "", "9999999999999999999", "1 2"]) {
        const answer = await shop.call("GET", path, undefined, { "last-event-id": place });
        assert.equal(answer.status, 400, place);
        assertErrorBody(answer);
        assert.deepEqual(answer.body.error.errors?.[0]?.path, ["Last-Event-ID"]);
      }
      const beyond = await shop.call("GET", path, undefined, { "last-event-id": "999999999" });
      assert.deepEqual([beyond.status, beyond.body.error.code], [400, "STREAM_PLACE_UNKNOWN"]);
      assertErrorBody(beyond);
    }
  });

  test("opened with a type that does not exist, or an unknown session, is refused", async () => {
    const unknown = await shop.call("GET", "/v1/events?type=checkout_nonsense");
    assert.deepEqual([unknown.status, unknown.body.error.code], [400, "INVALID_REQUEST_PARAMETER"]);
    const missing = await shop.call("GET", "/v1/sessions/T12345678.none/events");
    assert.deepEqual([missing.status, missing.body.error.code], [404, "SESSION_NOT_FOUND"]);
  });
});

describe("what has been forgotten", () => {
  test("is told: a stream that would begin before it is refused, and a newer one is complete", async () => {
    const own = await openBareShop();
    try {
      const counter = await openCounter(own);
      const old = await sold(own, counter.terminal.terminal_id);
      const before = await StreamReader.open(`${own.app.address}/v1/events`, { token: own.token, after: "0" });
      await approve(counter, await counter.link.expect("prompt"));
      await before.until((type) => type === "checkout_authorization");
      before.hangUp();
      const { db } = own.app.world;
      await db.atOnce((tx) => placeEvents(tx, 500, new Date().toISOString()));
      await db.atOnce((tx) => forgetEvents(tx, new Date().toISOString(), 1_000));
      const place = before.events[0]?.id ?? "";
      for (const path of ["/v1/events", `/v1/sessions/${old}/events`]) {
        const gone = await own.call("GET", path, undefined, { "last-event-id": place });
        assert.deepEqual([gone.status, gone.body.error.code], [410, "EVENTS_FORGOTTEN"], path);
        assertErrorBody(gone);
      }
      const whole = await own.call("GET", `/v1/sessions/${old}/events`);
      assert.deepEqual([whole.status, whole.body.error.code], [410, "EVENTS_FORGOTTEN"]);
      const last = before.events.at(-1)?.id;
      const resumed = await StreamReader.open(`${own.app.address}/v1/events`, { token: own.token, after: last });
      const next = await sold(own, counter.terminal.terminal_id);
      const fresh = await StreamReader.open(`${own.app.address}/v1/sessions/${next}/events`, { token: own.token });
      for (const stream of [resumed, fresh]) {
        assert.equal((await stream.event()).message.sequence, 1);
        stream.hangUp();
      }
      counter.terminal.leave();
    } finally {
      await own.close();
    }
  });
});

describe("a stream in the course of time", () => {
  let clock: JumpClock;
  let server: FastifyInstance;
  let hub: EventHub;
  /** How often the hub has read events. */
  let reads: number;
  let address: string;
  let keys: TokenKeys;
  beforeEach(async () => {
    clock = new JumpClock();
    const world = { ...shop.app.world, clock };
    keys = new TokenKeys(world.db, clock, () => "http://here");
    await keys.load();
    reads = 0;
    const db: Reader = {
      query: (asked, values) => {
        if (asked.name === "read_events") reads++;
        return world.db.query(asked, values);
      },
    };
    hub = new EventHub({ ...world, db, hints: { onStreamGrown: () => {} } });
    const parts = { world, keys, findPerson: () => undefined, devices: {} as never, isStopping: () => hub.isStopped };
    server = await buildServer(parts, makeLogger("error", process.stderr), [], hub);
    address = await server.listen({ port: 0, host: "127.0.0.1" });
  });
  afterEach(() => server.close());

  const sign = (life_s?: number) =>
    keys.sign({ account_id, client_id: shop.demo.client_id, scopes: ["read:checkout"] }, "test", life_s);
  const open = async (path = "/v1/events", life_s?: number) => follow(path, undefined, await sign(life_s), address);

  /** Seconds go by until the server has closed it. */
  const untilOver = async (stream: StreamReader): Promise<void> => {
    await until(() => {
      clock.jump(1_000);
      return stream.isOver;
    });
  };

  test("has a heartbeat every fifteen seconds", async () => {
    const stream = await open();
    for (let count = 0; count < 3; count++) {
      clock.jump(15_000);
      assert.equal((await stream.next()).comment, "heartbeat");
    }
    assert.equal(stream.blocks.length, 4);
    stream.hangUp();
  });

  test("learns by a look each second what no hint told, and its heartbeat how far it has come", async () => {
    const all = await open();
    const some = await open("/v1/events?type=checkout_transaction");
    await tell();
    const first = Number(all.blocks[0]?.id);
    await until(async () => {
      clock.jump(1_000);
      return all.events.length > 0;
    });
    clock.jump(15_000);
    await until(() => Number(some.last_id) === first + 1);
    assert.deepEqual(some.events, []);
    for (const stream of [all, some]) stream.hangUp();
  });

  test("ends when its token expires, and says so", async () => {
    const stream = await open("/v1/events", 60);
    clock.jump(45_000);
    assert.equal((await stream.next()).comment, "heartbeat");
    await untilOver(stream);
    assert.match(stream.blocks.at(-1)?.comment ?? "", /^end: Access forbidden: the token has expired/);
  });

  test("ends within a minute when its client is deleted", async () => {
    const client_id = `leaver-${Date.now()}`;
    await tokenOf(shop, { account_id, client_id, scopes: ["read:checkout"] });
    const token = await keys.sign({ account_id, client_id, scopes: ["read:checkout"] }, "test");
    const stream = await follow("/v1/events", undefined, token, address);
    await shop.database.sql("UPDATE api_clients SET deleted_at = now(), deleted_by = 'x' WHERE client_id = $1", [
      client_id,
    ]);
    const began_ms = clock.monotonic();
    await untilOver(stream);
    assert.ok(clock.monotonic() - began_ms < 60_000);
    assert.match(stream.blocks.at(-1)?.comment ?? "", /^end: Access forbidden: the API client .* has been deleted/);
  });

  test("costs no read of its own for an event that others follow too", async () => {
    const streams = await Promise.all(Array.from({ length: 40 }, () => open()));
    await tell();
    await until(async () => (await shop.database.sql("SELECT FROM event_inbox")).length === 0);
    clock.jump(1_000);
    for (const stream of streams) await stream.event();
    assert.equal(reads, 1);
    for (const stream of streams) stream.hangUp();
  });

  test("whose client hangs up before it has begun is not watched either", async () => {
    const headers = { authorization: `Bearer ${await sign()}` };
    for (let count = 0; count < 20; count++) {
      const hangUp = new AbortController();
      const answer = fetch(`${address}/v1/events`, { headers, signal: hangUp.signal });
      if (count % 2 === 0) await new Promise(setImmediate);
      hangUp.abort();
      await answer.catch(() => {});
    }
    await open();
    await until(() => hub.watchers === 1);
  });

  test("is no longer watched when its client hangs up", async () => {
    const streams = await Promise.all([open(), open(), open()]);
    assert.equal(hub.watchers, 3);
    for (const stream of streams) stream.hangUp();
    await until(() => hub.watchers === 0);
  });

  test("does not hold up a server that stops, read or unread, and says why it ends", async () => {
    const stream = await open();
    const { port } = new URL(address);
    const deaf = connect(Number(port), "127.0.0.1").on("error", () => {});
    deaf.pause();
    deaf.write(`GET /v1/events HTTP/1.1\r\nhost: here\r\nauthorization: Bearer ${await sign()}\r\n\r\n`);
    await until(() => hub.watchers === 2);
    await server.close();
    await stream.over();
    assert.equal(stream.blocks.at(-1)?.comment, "end: the server is stopping");
    assert.equal(hub.watchers, 0);
    deaf.destroy();
  });
});

describe("a client that does not read", () => {
  test("is cut off before much waits for it, while others get everything", async () => {
    const stream = await follow("/v1/events");
    const { port } = new URL(shop.app.address);
    const deaf = connect({ port: Number(port), host: "127.0.0.1" });
    let is_cut = false;
    deaf
      .on("error", () => {})
      .on("close", () => {
        is_cut = true;
      });
    deaf.write(`GET /v1/events HTTP/1.1\r\nhost: here\r\nauthorization: Bearer ${shop.token}\r\n\r\n`);
    await new Promise<void>((listening) => deaf.once("data", () => listening()));
    deaf.pause();
    const text = "x".repeat(500_000);
    let told = 0;
    // The kernel's own buffers take a few megabytes first.
    for (; told < 40; told++) {
      await tell("incident_add", { incident: { id: String(told), text } });
      await stream.event();
    }
    deaf.resume();
    await until(() => is_cut);
    assert.equal(stream.events.length, told);
    stream.hangUp();
  });

  test("of more than its line holds does not hold up a server that stops", async () => {
    const second = await startAnother(shop);
    const { last_position } = await readStreamExtent(second.world.db, account_id);
    const deaf = connect({ port: Number(new URL(second.address).port), host: "127.0.0.1" }).on("error", () => {});
    // All that the test before has told: twenty megabytes.
    const head = `host: here\r\nauthorization: Bearer ${shop.token}\r\nlast-event-id: ${last_position - 40}`;
    deaf.write(`GET /v1/events HTTP/1.1\r\n${head}\r\n\r\n`);
    await new Promise<void>((listening) => deaf.once("data", () => listening()));
    deaf.pause();
    const began_ms = performance.now();
    await second.close();
    assert.ok(performance.now() - began_ms < 8_000);
    deaf.destroy();
  });
});

describe("streams of two servers while sales are made on both", () => {
  test("miss nothing and tell nothing twice, wherever they break and go on", async () => {
    const second = await startAnother(shop);
    try {
      const counters = await Promise.all(Array.from({ length: 4 }, () => openCounter(shop)));
      const addresses = [shop.app.address, second.address];
      const begun = await follow("/v1/events");
      const start = begun.last_id ?? "0";
      begun.hangUp();
      const sales_each = 6;
      let is_selling = true;
      const till = async (counter: Counter, index: number) => {
        for (let sale = 0; sale < sales_each; sale++) {
          const address = addresses[(index + sale) % 2];
          const answer = await fetch(`${address}/v1/sessions-profile`, {
            method: "POST",
            headers: { authorization: `Bearer ${shop.token}`, "content-type": "application/json" },
            body: JSON.stringify(shop.sale({ store: { terminal_id: counter.terminal.terminal_id } })),
          });
          assert.equal(answer.status, 200, await answer.text());
          await approve(counter, await counter.link.expect("prompt"));
        }
      };
      /** Follows at either server, breaks after a few events, and goes on at the other. */
      const follower = async (seed: number): Promise<string[]> => {
        const ids: string[] = [];
        let last = start;
        const isDone = () => !is_selling && Number(last) >= end;
        for (let turn = seed; !isDone(); turn++) {
          const stream = await follow("/v1/events", last, shop.token, addresses[turn % 2]);
          const few = 1 + ((turn * 7 + seed) % 9);
          for (let count = 0; count < few && !isDone(); count++) {
            const { id, message } = await stream.event();
            last = id;
            ids.push(`${id} ${message.event_id}`);
          }
          stream.hangUp();
        }
        return ids;
      };
      let end = Number.POSITIVE_INFINITY;
      const following = [1, 2, 3].map(follower);
      const whole = await Promise.all(addresses.map((address) => follow("/v1/events", start, shop.token, address)));
      await Promise.all(counters.map(till));
      await until(async () => (await shop.database.sql("SELECT FROM event_inbox")).length === 0);
      const placed = await shop.database.sql<{ position: string; id: string }>(
        "SELECT position, id FROM events WHERE account_id = $1 AND position > $2 AND hook_id IS NULL ORDER BY position",
        [account_id, start],
      );
      const expected = placed.map(({ position, id }) => `${position} ${id}`);
      assert.ok(expected.length >= counters.length * sales_each * 4, `${expected.length} events`);
      for (const stream of whole) {
        await until(() => stream.events.length >= expected.length);
        assert.deepEqual(
          stream.events.map(({ id, message }) => `${id} ${message.event_id}`),
          expected,
        );
        stream.hangUp();
      }
      end = Number(placed.at(-1)?.position);
      is_selling = false;
      // Those that wait for a next event get one.
      const last = tell();
      for (const ids of await Promise.all(following)) {
        assert.deepEqual(ids.slice(0, expected.length), expected);
      }
      await last;
      for (const { terminal } of counters) terminal.leave();
    } finally {
      await second.close();
    }
  });
});
