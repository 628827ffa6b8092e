/** Two server processes on one database, each with terminals of its own (design section 5). */
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { App } from "../../src/app.ts";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { startAnother } from "../support/another-server.ts";
import { adviceResult, approve, authorized, paid, say, whole } from "../support/counter.ts";
import type { HandLink, HandTerminal } from "../support/honest-hand.ts";
import {
  handTerminal,
  occupantOf,
  openBareShop,
  transactionOf,
  untilConnected,
  untilPrompt,
} from "../support/honest-shop.ts";
import { Wire } from "../support/honest-wire.ts";
import { type Answer, openShop, type Shop, until } from "../support/shop.ts";

async function callAt<Body = ErrorBody>(
  shop: Shop,
  { address }: App,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  const json = body === undefined ? {} : { "content-type": "application/json", body: JSON.stringify(body) };
  const { body: text, ...type } = json as { body?: string };
  const answer = await fetch(`${address}${path}`, {
    method,
    headers: { authorization: `Bearer ${shop.token}`, ...type, ...headers },
    ...(text === undefined ? {} : { body: text }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
}

const sellAt = (shop: Shop, app: App, terminal_id: string, headers?: Record<string, string>) =>
  callAt<CreatedSession & ErrorBody>(
    shop,
    app,
    "POST",
    "/v1/sessions-profile",
    shop.sale({ store: { terminal_id } }),
    headers,
  );

const cancelAt = (shop: Shop, app: App, session_id: string) =>
  callAt<Session & ErrorBody>(shop, app, "POST", `/v1/sessions/${session_id}/cancel`);

describe("two processes on one database", () => {
  let shop: Shop;
  let here: App;
  let there: App;
  let terminal: HandTerminal;
  before(async () => {
    shop = await openBareShop({ TAPLINE_STOP_ANSWER_S: "3" });
    here = shop.app;
    there = await startAnother(shop);
  });
  after(async () => {
    await there.close();
    await shop.close();
  });
  beforeEach(async () => {
    terminal = await handTerminal(shop);
  });
  afterEach(() => terminal.leave());

  /** A sale at one process, taken by the terminal at the other and paid; how long the prompt was under way. */
  async function sale(at: App, link: HandLink): Promise<number> {
    const began = performance.now();
    const { status, body } = await sellAt(shop, at, terminal.terminal_id);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.publish[0]?.status, "sent");
    const prompt = await link.expect("prompt");
    const took_ms = performance.now() - began;
    link.send(terminal.approval(prompt));
    await link.expect("acknowledge");
    assert.equal((await transactionOf(shop, body.id)).status, "CAPTURED");
    return took_ms;
  }

  const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

  test("a sale posted to the one reaches the terminal of the other at once, not by a sweep", async () => {
    const remote = terminal.at(there.address);
    terminal = remote;
    const link = await remote.connect();
    const took: number[] = [];
    for (let sales = 0; sales < 11; sales++) took.push(await sale(here, link));
    // A sweep comes every half a second: found by sweeps alone, half of them would take longer than a quarter.
    assert.ok(median(took) < 150, `median ${median(took)} ms`);
  });

  test("a cancel posted to the one stops the terminal of the other, and is answered with 200", async () => {
    terminal = terminal.at(there.address);
    const link = await terminal.connect();
    const { body } = await sellAt(shop, here, terminal.terminal_id);
    const { prompt_id } = await link.expect("prompt");
    link.send({ type: "shown", prompt_id });
    const answer = cancelAt(shop, here, body.id);
    assert.equal((await link.expect("stop")).prompt_id, prompt_id);
    link.send(terminal.result(prompt_id, "stopped"));
    assert.equal((await answer).status, 200);
    assert.equal((await transactionOf(shop, body.id)).status, "DECLINED");
  });

  test("a refund posted to the one is asked for by the terminal of the other at once, in its turn too", async () => {
    terminal = terminal.at(there.address);
    const counter = { terminal, link: await terminal.connect([], whole) };
    const payment = await paid(shop, counter);
    const took: number[] = [];
    const path = `/v1/transactions/${payment.id}/refund`;
    for (let refunds = 0; refunds < 7; refunds++) {
      const began = performance.now();
      const { status } = await callAt(shop, here, "POST", path, { amount: 1, terminal_id: terminal.terminal_id });
      const waiting = await callAt(shop, here, "POST", path, { amount: 2, terminal_id: terminal.terminal_id });
      assert.deepEqual([status, waiting.status], [202, 202]);
      const first = await counter.link.expect("prompt");
      await approve(counter, first);
      const second = await counter.link.expect("prompt");
      took.push(performance.now() - began);
      await approve(counter, second);
      assert.deepEqual([first.amount, second.amount], [1, 2]);
    }
    assert.ok(median(took) < 250, `median ${median(took)} ms`);
  });

  test("a capture posted to the one is carried by the terminal of the other, and answered with 200", async () => {
    terminal = terminal.at(there.address);
    const counter = { terminal, link: await terminal.connect([], whole) };
    const payment = await authorized(shop, counter);
    const path = `/v1/transactions/${payment.id}/capture`;
    const took: number[] = [];
    for (let captures = 0; captures < 7; captures++) {
      const began = performance.now();
      const asked = callAt<Transaction>(shop, here, "POST", path, { amount: 100 });
      const { advice_id } = await counter.link.expect("advice");
      took.push(performance.now() - began);
      await say(counter, adviceResult(counter, advice_id, "accepted"));
      const { status, body } = await asked;
      assert.deepEqual([status, body.status], [200, "PARTIALLY_CAPTURED"]);
    }
    // As for a sale: a sweep would take twice as long.
    assert.ok(median(took) < 150, `median ${median(took)} ms`);
  });

  test("a terminal is sold to once: of fifty sales posted to both at once one is taken, and one prompt is shown", async () => {
    terminal = terminal.at(there.address);
    const link = await terminal.connect();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => sellAt(shop, index % 2 === 0 ? here : there, terminal.terminal_id)),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.ok(answers.every(({ status, body }) => status === 200 || body.error.code === "TERMINAL_BUSY"));
    await link.expect("prompt");
    assert.deepEqual(await link.settled(), []);
  });

  test("a till that asks both under one Idempotency-Key has one sale, and the same answer from both", async () => {
    terminal = terminal.at(there.address);
    const link = await terminal.connect();
    const headers = { "idempotency-key": "both-processes" };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        sellAt(shop, index % 2 === 0 ? here : there, terminal.terminal_id, headers),
      ),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    assert.equal(new Set(answers.map(({ body }) => `${body.id} ${JSON.stringify(body.publish)}`)).size, 1);
    await link.expect("prompt");
    assert.deepEqual(await link.settled(), []);
  });

  test("a sale still reaches the terminal when hints are lost, and fast again once they are not", async () => {
    terminal = terminal.at(there.address);
    const link = await terminal.connect();
    const listening = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    const cut = await shop.database.sql(`SELECT pg_terminate_backend(pid) ${listening}`);
    assert.equal(cut.length, 2);
    await sale(here, link);
    await until(async () => (await shop.database.sql(`SELECT ${listening}`)).length === 2);
    const took: number[] = [];
    for (let sales = 0; sales < 7; sales++) took.push(await sale(here, link));
    assert.ok(median(took) < 150, `median ${median(took)} ms`);
  });

  describe("and one device's key at both (a clone, or a device that came back another way)", () => {
    test("have one owner, the later; the older is told so, and there is one prompt, on the later", async () => {
      const older = await terminal.connect();
      const elsewhere = terminal.at(there.address);
      const newer = await elsewhere.connect();
      assert.equal((await older.expect("refused")).code, "REPLACED");
      assert.equal(await older.closed(), 4000, "trying again may help");
      const { body } = await sellAt(shop, here, terminal.terminal_id);
      const prompt = await newer.expect("prompt");
      newer.send(elsewhere.approval(prompt));
      await newer.expect("acknowledge");
      assert.equal((await transactionOf(shop, body.id)).status, "CAPTURED");
      assert.equal(older.frames.filter(({ type }) => type === "prompt").length, 0);
      elsewhere.leave();
    });

    test("in turn, with a prompt open, send it again on the newer connection and on no other", async () => {
      const first = await terminal.connect();
      const { body } = await sellAt(shop, here, terminal.terminal_id);
      const { prompt_id } = await first.expect("prompt");
      const elsewhere = terminal.at(there.address);
      const second = await elsewhere.connect();
      assert.equal((await second.expect("prompt")).prompt_id, prompt_id, "the same prompt: it is shown once");
      assert.equal((await first.expect("refused")).code, "REPLACED");
      const third = await terminal.connect([{ prompt_id, step: "shown" }]);
      assert.equal((await second.expect("refused")).code, "REPLACED");
      assert.deepEqual(await third.settled(), [], "it is on the screen: nothing is sent");
      third.send(terminal.result(prompt_id, "cancelled"));
      await third.expect("acknowledge");
      await untilPrompt(shop, body.id, "CANCELLED");
      elsewhere.leave();
    });

    test("never make two prompts of one sale, however often the terminal changes sides while sales come", async () => {
      const elsewhere = terminal.at(there.address);
      const links: HandLink[] = [];
      const sales: string[] = [];
      for (let round = 0; round < 12; round++) {
        const link = await (round % 2 === 0 ? terminal : elsewhere).connect();
        links.push(link);
        const [, answer] = await Promise.all([
          link.settled().catch(() => []),
          sellAt(shop, round % 3 === 0 ? here : there, terminal.terminal_id),
        ]);
        if (answer.status === 200) sales.push(answer.body.id);
      }
      const last = links.at(-1);
      assert.ok(last !== undefined);
      const seen = () =>
        links.flatMap(({ frames }) => frames.flatMap((frame) => (frame.type === "prompt" ? [frame] : [])));
      await until(() => seen().length > 0);
      await last.settled();
      assert.equal(sales.length, 1, "the terminal is busy with the first");
      assert.equal(new Set(seen().map(({ prompt_id }) => prompt_id)).size, 1);
      elsewhere.leave();
    });
  });

  describe("and a terminal that went from the one to the other without a goodbye", () => {
    let wire: Wire;
    let newer: HandLink;
    let elsewhere: HandTerminal;
    beforeEach(async () => {
      wire = await Wire.to(Number(new URL(here.address).port));
      const overWire = terminal.at(`http://127.0.0.1:${wire.port}`);
      terminal = overWire;
      await overWire.connect();
      // Half open: this process hears nothing more, and does not know it yet.
      wire.lose("up");
      wire.lose("down");
      elsewhere = terminal.at(there.address);
      newer = await elsewhere.connect();
    });
    afterEach(() => {
      elsewhere.leave();
      wire.close();
    });

    test("a sale posted to the one that it left reaches it at the other", async () => {
      terminal = elsewhere;
      const took: number[] = [];
      for (let sales = 0; sales < 5; sales++) took.push(await sale(here, newer));
      assert.ok(median(took) < 150, `median ${median(took)} ms`);
    });

    test("a cancel posted to the one that it left stops it at the other, and is answered with 200", async () => {
      const { body } = await sellAt(shop, here, terminal.terminal_id);
      const { prompt_id } = await newer.expect("prompt");
      newer.send({ type: "shown", prompt_id });
      const stopped = newer.expect("stop").then(() => newer.send(elsewhere.result(prompt_id, "stopped")));
      const [answer] = await Promise.allSettled([cancelAt(shop, here, body.id), stopped]);
      assert.ok(answer.status === "fulfilled");
      assert.equal(answer.value.status, 200, JSON.stringify(answer.value.body));
      assert.equal(await occupantOf(shop, terminal.terminal_id), null);
    });
  });

  test("a terminal whose process stops is free for the other, which takes over its open sale", async () => {
    const third = await startAnother(shop);
    const leaving = terminal.at(third.address);
    const link = await leaving.connect();
    const { body } = await sellAt(shop, here, terminal.terminal_id);
    const prompt = await link.expect("prompt");
    link.send({ type: "shown", prompt_id: prompt.prompt_id });
    await untilPrompt(shop, body.id, "SHOWN");
    const closing = third.close();
    assert.equal((await link.expect("refused")).code, "STOPPING");
    await closing;
    await untilConnected(shop, terminal.terminal_id, false);
    const again = await terminal.connect([{ prompt_id: prompt.prompt_id, step: "shown" }]);
    assert.deepEqual(await again.settled(), []);
    again.send(terminal.approval(prompt));
    await again.expect("acknowledge");
    assert.equal((await transactionOf(shop, body.id)).status, "CAPTURED");
  });

  test("a process that stops answers the cancel that waits there, and is gone then, however long tills keep connections", async () => {
    const third = await startAnother(shop);
    terminal = terminal.at(third.address);
    const link = await terminal.connect();
    const { body } = await sellAt(shop, here, terminal.terminal_id);
    await link.expect("prompt");
    const agent = new Agent({ keepAlive: true });
    const answered = new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${shop.token}` };
      const asked = request(`${third.address}/v1/sessions/${body.id}/cancel`, { method: "POST", agent, headers });
      asked.on("error", reject);
      asked.on("response", (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      });
      asked.end();
    });
    await link.expect("stop");
    const closing = third.close();
    assert.equal(await answered, 409);
    const patience_ms = 5_000;
    const is_gone = await Promise.race([
      closing.then(() => true),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), patience_ms)),
    ]);
    agent.destroy();
    await closing;
    assert.ok(is_gone, `it is still there ${patience_ms} ms after its last answer`);
  });
});

describe("a second process that runs no simulated terminals", () => {
  let shop: Shop;
  let second: App;
  before(async () => {
    shop = await openShop();
    second = await startAnother(shop);
    await shop.play("manual");
  });
  after(async () => {
    await second.close();
    await shop.close();
  });

  test("sells on those of the first, and calls off what it sold there", async () => {
    const { terminal_id } = shop.demo;
    const first = await sellAt(shop, second, terminal_id);
    assert.equal(first.status, 200);
    assert.equal((await shop.play("tap")).status, 200);
    assert.equal((await shop.ended(first.body.id)).status, "CAPTURED");
    const next = await sellAt(shop, second, terminal_id);
    await untilPrompt(shop, next.body.id, "SHOWN");
    assert.equal((await cancelAt(shop, second, next.body.id)).status, 200);
    assert.equal((await shop.ended(next.body.id)).status, "DECLINED");
  });
});
