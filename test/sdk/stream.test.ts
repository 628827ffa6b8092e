/** The client follows streams: it comes back by itself, goes on where it was, and ends when it is told to. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { type StreamedEvent, Tapline, TaplineError } from "@tapline/sdk";
import { tellOf } from "../../src/flows/event.ts";
import { approve, type Counter, openCounter } from "../support/counter.ts";
import { openBareShop, sold, transactionOf } from "../support/honest-shop.ts";
import type { Shop } from "../support/shop.ts";

let shop: Shop;
let tapline: Tapline;
let counter: Counter;
before(async () => {
  shop = await openBareShop();
  counter = await openCounter(shop);
  tapline = clientAt(shop.app.address);
});
after(async () => {
  counter.terminal.leave();
  await shop.close();
});

function clientAt(base_url: string, send: typeof fetch = fetch): Tapline {
  const { account_id, client_id } = shop.demo;
  return new Tapline({ base_url, account_id, client_id, client_secret: shop.secret, fetch: send });
}

async function tell(id: string): Promise<void> {
  const { world } = shop.app;
  const told = { account_id: shop.demo.account_id, type: "incident_add", members: { incident: { id } } } as const;
  await world.db.transaction((tx) => tellOf(world, tx, told));
  world.hints.eventWritten();
}

const incidentIn = ({ data }: StreamedEvent): string => (data.incident as { id: string }).id;

describe("a session followed through the client", () => {
  test("is told from its first event to its last", async () => {
    const session_id = await sold(shop, counter.terminal.terminal_id);
    await approve(counter, await counter.link.expect("prompt"));
    const types: string[] = [];
    for await (const { type, data, id } of tapline.sessions.events(session_id)) {
      assert.match(id, /^\d+$/);
      assert.equal(data.event, type);
      types.push(type);
      if (type === "checkout_authorization") break;
    }
    assert.equal(types[0], "checkout_transaction");
    assert.ok(types.includes("prompt_approved"));
  });

  test("goes on after the event that the till had got before it restarted", async () => {
    const session_id = await sold(shop, counter.terminal.terminal_id);
    await approve(counter, await counter.link.expect("prompt"));
    const follow = async (lastEventId?: string) => {
      const events: StreamedEvent[] = [];
      const options = lastEventId === undefined ? {} : { lastEventId };
      for await (const event of tapline.sessions.events(session_id, options)) {
        events.push(event);
        if (event.type === "checkout_authorization") break;
      }
      return events;
    };
    const whole = await follow();
    assert.deepEqual(await follow(whole[1]?.id), whole.slice(2));
  });

  test("that does not exist is thrown, not tried for ever", async () => {
    const events = tapline.sessions.events("T12345678.none")[Symbol.asyncIterator]();
    await assert.rejects(events.next(), (error) => error instanceof TaplineError && error.code === "SESSION_NOT_FOUND");
  });

  test("is read with a wait until it is paid", async () => {
    const session_id = await sold(shop, counter.terminal.terminal_id);
    const { id } = await transactionOf(shop, session_id);
    const reads = [tapline.transactions.read(id, { wait_s: 60 }), tapline.sessions.read(session_id, { wait_s: 60 })];
    await approve(counter, await counter.link.expect("prompt"));
    const [transaction] = await Promise.all(reads);
    assert.equal(transaction?.status, "CAPTURED");
  });
});

describe("an account followed through the client", () => {
  test("is told what happens from when it is open, until the signal ends it", async () => {
    const ending = new AbortController();
    const seen: string[] = [];
    const onOpen = () => void tell("first");
    for await (const event of tapline.events({ types: ["incident_add"], signal: ending.signal, onOpen })) {
      seen.push(incidentIn(event));
      if (seen.length === 2) ending.abort();
      else await tell("second");
    }
    assert.deepEqual(seen, ["first", "second"]);
  });

  test("with a signal that was given before is over at once", async () => {
    for await (const _ of tapline.events({ signal: AbortSignal.abort() })) assert.fail();
  });

  test("is followed with a new token where the old one is refused", async () => {
    let spoilt = 1;
    const spoiling: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (!String(input).endsWith("/auth/token") || spoilt-- <= 0) return answer;
      return Response.json({ ...((await answer.json()) as object), access_token: "spoilt" });
    };
    const ending = new AbortController();
    const onOpen = () => ending.abort();
    for await (const _ of clientAt(shop.app.address, spoiling).events({ signal: ending.signal, onOpen })) assert.fail();
    assert.equal(spoilt, -1);
  });
});

describe("a stream that breaks", () => {
  /** Between the client and the shop: passes requests on, and breaks streams when the test says so. */
  let line: Awaited<ReturnType<typeof openLine>>;
  beforeEach(async () => {
    line = await openLine(shop.app.address);
  });
  afterEach(() => line.close());

  test("is opened again after its last event, and nothing is missed or told twice", async () => {
    const seen: string[] = [];
    const ending = new AbortController();
    let breaks = 0;
    const onOpen = () => {
      if (seen.length === 0 && breaks === 0) void tell("1");
    };
    const onBreak = () => {
      breaks++;
      // Told while nobody listens.
      void tell(String(seen.length + 1));
    };
    const events = clientAt(line.address).events({ types: ["incident_add"], signal: ending.signal, onOpen, onBreak });
    for await (const event of events) {
      seen.push(incidentIn(event));
      if (seen.length === 4) ending.abort();
      else line.cut();
    }
    assert.deepEqual(seen, ["1", "2", "3", "4"]);
    assert.equal(breaks, 3);
    const places = line.places;
    assert.equal(places[0], undefined);
    assert.equal(new Set(places).size, 4);
  });

  test("before its first event is opened again from where it began", async () => {
    const ending = new AbortController();
    let opened = 0;
    const onOpen = () => {
      if (++opened === 1) void tell("between").then(() => line.cut());
    };
    line.holdEvents = true;
    const onBreak = () => {
      line.holdEvents = false;
    };
    for await (const event of clientAt(line.address).events({ signal: ending.signal, onOpen, onBreak })) {
      assert.equal(incidentIn(event), "between");
      ending.abort();
    }
    assert.equal(opened, 2);
    assert.ok(line.places[1]);
  });

  test("in the middle of an event tells that event whole, once", async () => {
    const ending = new AbortController();
    line.tearNextEvent = true;
    const seen: string[] = [];
    let opened = 0;
    const onOpen = () => {
      if (++opened === 1) void tell("torn");
    };
    for await (const event of clientAt(line.address).events({ signal: ending.signal, onOpen })) {
      seen.push(incidentIn(event));
      ending.abort();
    }
    assert.deepEqual([seen, opened], [["torn"], 2]);
  });

  test("because the server is away is tried again until it is back", async () => {
    const ending = new AbortController();
    line.refuseNext = 2;
    const problems: unknown[] = [];
    const onBreak = (problem: unknown) => problems.push(problem);
    const onOpen = () => ending.abort();
    for await (const _ of clientAt(line.address).events({ signal: ending.signal, onOpen, onBreak })) assert.fail();
    assert.deepEqual(
      problems.map((problem) => (problem as TaplineError).status),
      [503, 503],
    );
  });
});

async function openLine(target: string) {
  const open = new Set<ServerResponse>();
  const line = {
    address: "",
    places: [] as (string | undefined)[],
    holdEvents: false,
    tearNextEvent: false,
    refuseNext: 0,
    cut: () => {
      for (const response of open) response.destroy();
    },
    close: () => {
      line.cut();
      server.closeAllConnections();
      server.close();
    },
  };
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const is_stream = request.url?.startsWith("/v1/events") ?? false;
    if (is_stream) {
      if (line.refuseNext-- > 0) {
        response.writeHead(503).end();
        return;
      }
      line.places.push(request.headers["last-event-id"] as string | undefined);
      open.add(response);
    }
    const leaving = new AbortController();
    response.on("close", () => {
      open.delete(response);
      leaving.abort();
    });
    const { authorization = "", "content-type": type = "", "last-event-id": place } = request.headers;
    const answer = await fetch(target + request.url, {
      method: request.method ?? "GET",
      headers: {
        authorization,
        "content-type": type,
        ...(place === undefined ? {} : { "last-event-id": String(place) }),
      },
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      signal: leaving.signal,
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    for await (const chunk of answer.body ?? []) {
      const text = Buffer.from(chunk as Uint8Array);
      if (line.tearNextEvent && text.includes("data:")) {
        line.tearNextEvent = false;
        response.write(text.subarray(0, text.length - 10), () => response.destroy());
        return;
      }
      if (!(line.holdEvents && text.includes("data:"))) response.write(text);
    }
    response.end();
  }
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  line.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return line;
}
