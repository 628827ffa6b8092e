/** Many tills refund one payment at once, over several server processes: no money is given back twice. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { App } from "../../src/app.ts";
import type { PromptFrame } from "../../src/contract/terminal-protocol.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { startAnother } from "../support/another-server.ts";
import { approve, booksOf, type Counter, type Operated, openCounter, paid, read, say } from "../support/counter.ts";
import { openBareShop } from "../support/honest-shop.ts";
import type { Shop } from "../support/shop.ts";

const amount = 39_900;
const tills = 200;

describe("two hundred tills that refund one payment at once, over three server processes,", () => {
  let shop: Shop;
  let servers: App[];
  let counter: Counter;
  let payment: Transaction;
  before(async () => {
    shop = await openBareShop();
    servers = [shop.app, await startAnother(shop), await startAnother(shop)];
  });
  after(async () => {
    for (const server of servers.slice(1)) await server.close();
    await shop.close();
  });
  beforeEach(async () => {
    counter = await openCounter(shop);
    payment = await paid(shop, counter);
  });
  afterEach(() => counter.terminal.leave());

  async function refundAt(server: App | undefined, body: object): Promise<Operated> {
    const answer = await fetch(`${server?.address}/v1/transactions/${payment.id}/refund`, {
      method: "POST",
      headers: { authorization: `Bearer ${shop.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Operated["body"] };
  }

  /** Every till asks, one server after the other. The answers that said yes, and the rest. */
  async function refundByAll(part: number, terminal_ids: readonly string[]) {
    const answers = await Promise.all(
      Array.from({ length: tills }, (_, till) =>
        refundAt(servers[till % servers.length], {
          amount: part,
          terminal_id: terminal_ids[till % terminal_ids.length],
        }),
      ),
    );
    const taken = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status !== 202);
    for (const { status, body } of refused) {
      const told = `${status} ${body.error?.code}`;
      assert.ok(["400 REFUND_EXCEEDS_REMAINING", "400 ALREADY_REFUNDED"].includes(told), told);
    }
    return { taken, refused };
  }

  const requestOf = ({ headers }: Operated): string => headers.get("event-request-id") ?? "";

  /** What the host gave back, what the events say, and what the books say. */
  async function assertAgreed(approved: readonly PromptFrame[], part: number, status: string): Promise<void> {
    const given_back = approved.reduce((sum, prompt) => sum + prompt.amount, 0);
    const { events, status: now } = await read(shop, payment);
    const told = events.filter(({ event }) => event === "REFUND");
    assert.ok(told.every((event) => event.success && event.amount === part));
    assert.equal(told.length, approved.length);
    assert.equal(now, status);
    const { refunded, reserved } = await booksOf(shop, payment);
    assert.deepEqual([refunded, reserved], [given_back, 0]);
  }

  test("are one refund where each wants all of it: one is accepted, the others are told so, one amount goes back", async () => {
    const { taken, refused } = await refundByAll(amount, [counter.terminal.terminal_id]);
    assert.deepEqual([taken.length, refused.length], [1, tills - 1]);
    const { event_count, reserved } = await booksOf(shop, payment);
    assert.deepEqual([event_count, reserved], [payment.events.length + 1, amount]);
    const prompt = await counter.link.expect("prompt");
    await approve(counter, prompt);
    assert.deepEqual(await counter.link.settled(), [], "nobody is asked a second time");
    await assertAgreed([prompt], amount, "REFUNDED");
    const again = await refundByAll(amount, [counter.terminal.terminal_id]);
    assert.deepEqual([...new Set(again.refused.map(({ body }) => body.error.code))], ["ALREADY_REFUNDED"]);
    assert.equal(again.taken.length, 0);
  });

  test("are one refund though each is at a terminal of its own", async () => {
    const others = await Promise.all(Array.from({ length: 4 }, () => openCounter(shop)));
    const { taken } = await refundByAll(
      amount,
      others.map(({ terminal }) => terminal.terminal_id),
    );
    assert.equal(taken.length, 1);
    const asked = taken[0]?.body.events.at(-1)?.metadata?.terminal_id;
    const prompts: PromptFrame[] = [];
    for (const other of others) {
      if (other.terminal.terminal_id === asked) {
        prompts.push(await other.link.expect("prompt"));
        await approve(other, prompts[0] ?? assert.fail("no prompt"));
      }
      assert.deepEqual(await other.link.settled(), []);
      other.terminal.leave();
    }
    await assertAgreed(prompts, amount, "REFUNDED");
  });

  test("are seven refunds where each wants a seventh: shown in turn, the oldest first, and no more goes back than was paid", async () => {
    const seventh = amount / 7;
    const { taken, refused } = await refundByAll(seventh, [counter.terminal.terminal_id]);
    assert.deepEqual([taken.length, refused.length], [7, tills - 7]);
    assert.equal((await booksOf(shop, payment)).reserved, amount);
    const waiting = "SELECT id FROM prompts WHERE terminal_id = $1 AND kind = 'refund' ORDER BY created_at, id";
    const turns = await shop.database.sql<{ id: string }>(waiting, [counter.terminal.terminal_id]);
    const prompts: PromptFrame[] = [];
    for (let turn = 0; turn < 7; turn++) {
      const prompt = await counter.link.expect("prompt");
      assert.deepEqual(await counter.link.settled(), [], "one at a time");
      await approve(counter, prompt);
      prompts.push(prompt);
    }
    const [first, ...rest] = prompts.map(({ prompt_id }) => prompt_id);
    const in_turn = turns.map(({ id }) => id);
    assert.ok(first !== undefined && in_turn.includes(first));
    assert.deepEqual(
      rest,
      in_turn.filter((id) => id !== first),
      "the first came while the terminal was free; the others waited",
    );
    assert.deepEqual(await counter.link.settled(), []);
    await assertAgreed(prompts, seventh, "REFUNDED");
    const { events } = await read(shop, payment);
    const ended = events.flatMap(({ event, correlation_request_id }) =>
      event === "REFUND" ? [correlation_request_id] : [],
    );
    assert.deepEqual(ended.toSorted(), taken.map(requestOf).toSorted(), "every one that was accepted has its end");
  });

  test("leave room for exactly as many again as the cardholder cancels", async () => {
    const seventh = amount / 7;
    await refundByAll(seventh, [counter.terminal.terminal_id]);
    for (const outcome of ["cancelled", "cancelled"] as const) {
      const { prompt_id } = await counter.link.expect("prompt");
      await say(counter, counter.terminal.result(prompt_id, outcome));
    }
    const { taken } = await refundByAll(seventh, [counter.terminal.terminal_id]);
    assert.equal(taken.length, 2);
    assert.equal((await booksOf(shop, payment)).reserved, amount);
  });
});
