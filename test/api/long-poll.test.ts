/** Reads that wait: answered when the payment is at rest, on whichever server that is heard, and never later than asked. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { FastifyInstance } from "fastify";
import type { App } from "../../src/app.ts";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { actOnDeadlines } from "../../src/flows/deadlines.ts";
import { EventHub } from "../../src/http/event-hub.ts";
import { buildServer } from "../../src/http/server.ts";
import { makeLogger } from "../../src/logger.ts";
import { callsAt, startAnother } from "../support/another-server.ts";
import { approve, type Counter, openCounter, paid, refunding, say } from "../support/counter.ts";
import { JumpClock } from "../support/honest-clock.ts";
import { later, openBareShop, sold, transactionOf } from "../support/honest-shop.ts";
import { type Shop, until } from "../support/shop.ts";

let shop: Shop;
let second: App;
before(async () => {
  shop = await openBareShop();
  second = await startAnother(shop);
});
after(async () => {
  await second.close();
  await shop.close();
});

let counter: Counter;
beforeEach(async () => {
  counter = await openCounter(shop);
});
afterEach(() => counter.terminal.leave());

interface Waiting<Body> {
  isAnswered: boolean;
  readonly answer: Promise<{ status: number; body: Body }>;
}

function waiting<Body>(calls: Pick<Shop, "call">, path: string): Waiting<Body> {
  const state: Waiting<Body> = {
    isAnswered: false,
    answer: calls.call<Body>("GET", path).then((answer) => {
      state.isAnswered = true;
      return answer;
    }),
  };
  return state;
}

const configuration = {
  seitatech: {
    type: "payment_type",
    in_person: { type: "payment_product_type", enabled: true, payability: "payable" },
  },
  vipps: { type: "payment_type", ecommerce: { type: "payment_product_type", enabled: true } },
};

/** A request that was sent after it has been answered, so the one before had its chance. */
const chance = () => shop.call("GET", "/v1/transactions?limit=1");

describe("a read that waits", () => {
  test("is answered when the sale is paid, by session and by transaction, on the server that heard it and on another", async () => {
    const session_id = await sold(shop, counter.terminal.terminal_id);
    const { id } = await transactionOf(shop, session_id);
    const prompt = await counter.link.expect("prompt");
    const both = [shop, callsAt(shop, second)];
    const transactions = both.map((calls) => waiting<Transaction>(calls, `/v1/transactions/${id}?wait_s=60`));
    const sessions = both.map((calls) => waiting<Session>(calls, `/v1/sessions/${session_id}?wait_s=60`));
    await chance();
    assert.ok([...transactions, ...sessions].every(({ isAnswered }) => !isAnswered));
    await approve(counter, prompt);
    for (const { answer } of transactions) {
      const { status, body } = await answer;
      assert.deepEqual([status, body.status], [200, "CAPTURED"]);
    }
    for (const { answer } of sessions) {
      const { body } = await answer;
      assert.equal(body.transaction_id, id);
      assert.ok(
        body.events.some(({ name }) => name === "COMPLETED" || name === "AUTHORIZED"),
        JSON.stringify(body.events),
      );
    }
  });

  test("of what is at rest already is answered at once, with what else was asked for", async () => {
    const { id, session_id } = await paid(shop, counter);
    const { body } = await shop.call<Transaction & { session: Session }>(
      "GET",
      `/v1/transactions/${id}?wait_s=60&includes=session,events.success.true`,
    );
    assert.deepEqual([body.status, body.session.id], ["CAPTURED", session_id]);
    assert.equal((await shop.call<Session>("GET", `/v1/sessions/${session_id}?wait_s=60`)).body.id, session_id);
  });

  test("waits for the end of a refund, and is answered when the cardholder has cancelled it", async () => {
    const { id } = await paid(shop, counter);
    await refunding(shop, { id }, { amount: 100, terminal_id: counter.terminal.terminal_id });
    const { prompt_id } = await counter.link.expect("prompt");
    const read = waiting<Transaction>(shop, `/v1/transactions/${id}?wait_s=60`);
    await chance();
    assert.equal(read.isAnswered, false);
    await say(counter, counter.terminal.result(prompt_id, "cancelled"));
    const { body } = await read.answer;
    assert.deepEqual([body.events.at(-1)?.event, body.events.at(-1)?.success], ["REFUND", false]);
  });

  test("takes UNKNOWN for an answer", async () => {
    const session_id = await sold(shop, counter.terminal.terminal_id);
    const { id } = await transactionOf(shop, session_id);
    await counter.link.expect("prompt");
    const read = waiting<Transaction>(shop, `/v1/transactions/${id}?wait_s=60`);
    await chance();
    assert.equal(read.isAnswered, false);
    // Its time is over, and the terminal does not answer to a stop either.
    await actOnDeadlines(later(shop.app.world, 123_000));
    await actOnDeadlines(later(shop.app.world, 140_000));
    const { body } = await read.answer;
    assert.equal(body.status, "UNKNOWN");
  });

  test("of nothing is refused at once", async () => {
    for (const path of ["/v1/sessions/T12345678.none", "/v1/transactions/T12345678.none"]) {
      assert.equal((await shop.call("GET", `${path}?wait_s=60`)).status, 404);
    }
  });

  test("waits for whole seconds up to a minute, and the field is named otherwise", async () => {
    const { id, session_id } = await paid(shop, counter);
    for (const path of [`/v1/transactions/${id}`, `/v1/sessions/${session_id}`]) {
      for (const wait_s of ["-1", "61", "1.5", "x", ""]) {
        const { status, body } = await shop.call<ErrorBody>("GET", `${path}?wait_s=${wait_s}`);
        assert.equal(status, 400, wait_s);
        assert.deepEqual(body.error.errors?.[0]?.path, ["wait_s"]);
      }
      for (const wait_s of ["0", "60"]) assert.equal((await shop.call("GET", `${path}?wait_s=${wait_s}`)).status, 200);
    }
  });
});

describe("a read that waits for a payment that has not begun", () => {
  /** Another method beside in-person payments keeps the payment from starting by itself. */
  async function unbegun(): Promise<string> {
    await shop.database.sql("UPDATE accounts SET allow_mixed_methods = true");
    const { profile_id: _, ...sale } = shop.sale({ store: { terminal_id: counter.terminal.terminal_id } });
    const { status, body } = await shop.call<CreatedSession>("POST", "/v1/sessions", { ...sale, configuration });
    assert.equal(status, 200, JSON.stringify(body));
    return body.id;
  }

  test("is answered when it has begun and ended", async () => {
    const session_id = await unbegun();
    const read = waiting<Session>(shop, `/v1/sessions/${session_id}?wait_s=60`);
    await chance();
    assert.equal(read.isAnswered, false);
    const payment = { payment_product_type: "seitatech.in_person" };
    assert.equal((await shop.call("POST", `/v1/sessions/${session_id}/pay`, { payment })).status, 200);
    const prompt = await counter.link.expect("prompt");
    assert.equal(read.isAnswered, false);
    await approve(counter, prompt);
    assert.ok((await read.answer).body.transaction_id);
  });

  test("is answered soon when it is called off", async () => {
    const session_id = await unbegun();
    const read = waiting<Session>(callsAt(shop, second), `/v1/sessions/${session_id}?wait_s=60`);
    await chance();
    assert.equal((await shop.call("POST", `/v1/sessions/${session_id}/cancel`)).status, 200);
    assert.ok((await read.answer).body.cancelled_at);
  });
});

describe("a read that waits, in the course of time", () => {
  let clock: JumpClock;
  let server: FastifyInstance;
  let hub: EventHub;
  let address: string;
  beforeEach(async () => {
    clock = new JumpClock();
    const world = { ...shop.app.world, clock };
    hub = new EventHub({ ...world, hints: { onStreamGrown: () => {} } });
    const others = { findPerson: () => undefined, devices: {} as never, isStopping: () => hub.isStopped };
    server = await buildServer({ world, keys: shop.app.keys, ...others }, makeLogger("error", process.stderr), [], hub);
    address = await server.listen({ port: 0, host: "127.0.0.1" });
  });
  afterEach(() => server.close());

  const read = (path: string, signal?: AbortSignal) =>
    fetch(`${address}${path}`, { headers: { authorization: `Bearer ${shop.token}` }, ...(signal ? { signal } : {}) });

  test("is answered at the end of the wait as it stands, and not before", async () => {
    const session_id = await sold(shop, counter.terminal.terminal_id);
    const { id } = await transactionOf(shop, session_id);
    let is_answered = false;
    const answer = read(`/v1/transactions/${id}?wait_s=25`).finally(() => {
      is_answered = true;
    });
    await until(() => hub.watchers === 1);
    clock.jump(24_000);
    await read("/healthz");
    assert.equal(is_answered, false);
    clock.jump(1_000);
    assert.equal(((await (await answer).json()) as Transaction).status, "INITIATED");
    await until(() => hub.watchers === 0);
  });

  test("is forgotten when the client hangs up", async () => {
    const session_id = await sold(shop, counter.terminal.terminal_id);
    const hangUp = new AbortController();
    const answers = [1, 2].map(() => read(`/v1/sessions/${session_id}?wait_s=60`, hangUp.signal));
    await until(() => hub.watchers === 2);
    hangUp.abort();
    for (const answer of answers) await assert.rejects(answer);
    await until(() => hub.watchers === 0);
  });

  test("is answered at once when the server stops", async () => {
    const session_id = await sold(shop, counter.terminal.terminal_id);
    const answer = read(`/v1/sessions/${session_id}?wait_s=60`);
    await until(() => hub.watchers === 1);
    await server.close();
    assert.equal(((await (await answer).json()) as Session).id, session_id);
  });
});
