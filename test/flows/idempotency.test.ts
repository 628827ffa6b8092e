/** A till that repeats a request because it lost the answer (prompt-life section 10). */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import { sweeps } from "../../src/maintenance/schedule.ts";
import { tokenOf } from "../support/clients.ts";
import type { HandLink, HandTerminal } from "../support/honest-hand.ts";
import { handTerminal, later, openBareShop, sell, transactionOf } from "../support/honest-shop.ts";
import type { Shop } from "../support/shop.ts";

let shop: Shop;
let terminal: HandTerminal;
let link: HandLink;
before(async () => {
  shop = await openBareShop();
});
after(() => shop.close());
beforeEach(async () => {
  terminal = await handTerminal(shop);
  link = await terminal.connect();
});
afterEach(() => terminal.leave());

let keys = 0;
const newKey = (): { "idempotency-key": string } => ({ "idempotency-key": `till-7/sale-${++keys}` });

const salesOf = async ({ terminal_id }: HandTerminal): Promise<number> =>
  (await shop.database.sql("SELECT FROM transactions WHERE terminal_id = $1", [terminal_id])).length;

const promptsShown = (): number => link.frames.filter(({ type }) => type === "prompt").length;

describe("a sale asked for under an Idempotency-Key", () => {
  test("by fifty requests at once is one sale: fifty equal answers, one session, one prompt", async () => {
    const headers = newKey();
    const answers = await Promise.all(Array.from({ length: 50 }, () => sell(shop, terminal.terminal_id, {}, headers)));
    const [first] = answers;
    assert.equal(first?.status, 200, JSON.stringify(first?.body));
    for (const { status, body } of answers) assert.deepEqual([status, body], [200, first?.body]);
    assert.equal(await salesOf(terminal), 1);
    await link.expect("prompt");
    await link.settled();
    assert.equal(promptsShown(), 1);
  });

  test("by fifty requests at once on as many terminals is one sale: another body is refused", async () => {
    const headers = newKey();
    const others = await Promise.all(Array.from({ length: 10 }, () => handTerminal(shop)));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => sell(shop, others[index % 10]?.terminal_id ?? "", {}, headers)),
    );
    const taken = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ body }) => body.error?.code === "IDEMPOTENCY_KEY_REUSED");
    assert.deepEqual([taken.length, refused.length], [5, 45]);
    assert.ok(refused.every(({ status }) => status === 409));
    assert.equal(new Set(taken.map(({ body }) => body.id)).size, 1);
    const sales = await Promise.all(others.map(salesOf));
    assert.equal(
      sales.reduce((sum, count) => sum + count),
      1,
    );
  });

  test("with another body is refused with 409, and the first sale stands alone", async () => {
    const headers = newKey();
    const { body: first } = await sell(shop, terminal.terminal_id, {}, headers);
    const { status, body } = await sell(shop, terminal.terminal_id, { order: { amount: 500, items: [] } }, headers);
    assert.deepEqual([status, body.error.code], [409, "IDEMPOTENCY_KEY_REUSED"]);
    assert.equal(await salesOf(terminal), 1);
    assert.equal((await transactionOf(shop, first.id)).amount, 39_900);
  });

  test("is found again while it keeps the terminal busy, where a sale of its own finds the terminal busy", async () => {
    const headers = newKey();
    const first = await sell(shop, terminal.terminal_id, {}, headers);
    const again = await sell(shop, terminal.terminal_id, {}, headers);
    assert.deepEqual([again.status, again.body], [200, first.body]);
    const another = await sell(shop, terminal.terminal_id, {}, newKey());
    assert.deepEqual([another.status, another.body.error.code], [409, "TERMINAL_BUSY"]);
    assert.equal(another.body.error.session_id, first.body.id, "which names the open sale");
  });

  test("is found again after it has ended: the first answer, not a new sale", async () => {
    const headers = newKey();
    const first = await sell(shop, terminal.terminal_id, {}, headers);
    link.send(terminal.approval(await link.expect("prompt")));
    await link.expect("acknowledge");
    assert.equal((await transactionOf(shop, first.body.id)).status, "CAPTURED");
    const again = await sell(shop, terminal.terminal_id, {}, headers);
    assert.deepEqual([again.status, again.body], [200, first.body]);
    assert.deepEqual(await link.settled(), [], "nothing is prompted for");
    assert.equal(await salesOf(terminal), 1);
  });

  test("is found again though its terminal can take no payments any more", async () => {
    const headers = newKey();
    const first = await sell(shop, terminal.terminal_id, {}, headers);
    await shop.database.sql("UPDATE terminals SET status = 'INACTIVE' WHERE terminal_id = $1", [terminal.terminal_id]);
    const again = await sell(shop, terminal.terminal_id, {}, headers);
    assert.deepEqual([again.status, again.body], [200, first.body]);
  });

  test("for an offline terminal is answered alike: not pushed yet, until when", async () => {
    const offline = await handTerminal(shop);
    const headers = newKey();
    const first = await sell(shop, offline.terminal_id, {}, headers);
    assert.equal(first.body.publish[0]?.status, "failed");
    assert.ok(first.body.publish[0]?.expires_at);
    const again = await sell(shop, offline.terminal_id, {}, headers);
    assert.deepEqual([again.status, again.body], [200, first.body]);
  });

  test("and refused is not kept: the same request under the same key is a sale once nothing is in its way", async () => {
    const first = await sell(shop, terminal.terminal_id);
    const headers = newKey();
    const refused = await sell(shop, terminal.terminal_id, {}, headers);
    assert.equal(refused.body.error.code, "TERMINAL_BUSY");
    link.send(terminal.approval(await link.expect("prompt")));
    await link.expect("acknowledge");
    const taken = await sell(shop, terminal.terminal_id, {}, headers);
    assert.equal(taken.status, 200);
    assert.notEqual(taken.body.id, first.body.id);
  });

  test("brings its whole session where that is asked for, as it is now", async () => {
    const headers = newKey();
    const { body: created } = await sell(shop, terminal.terminal_id, {}, headers);
    const body = shop.sale({ store: { terminal_id: terminal.terminal_id } });
    const again = await shop.call<CreatedSession>("POST", "/v1/sessions-profile?include_session=true", body, headers);
    assert.equal(again.status, 200);
    assert.equal(again.body.id, created.id);
    assert.equal(again.body.session?.id, created.id);
  });
});

describe("an Idempotency-Key", () => {
  test("belongs to one client: under another client's the same key is another sale", async () => {
    const headers = newKey();
    const claims = { account_id: shop.demo.account_id, client_id: "another-till", scopes: ["admin:checkout"] };
    const other = await tokenOf(shop, claims);
    const first = await sell(shop, terminal.terminal_id, {}, headers);
    const elsewhere = await handTerminal(shop);
    const second = await sell(shop, elsewhere.terminal_id, {}, { ...headers, authorization: `Bearer ${other}` });
    assert.deepEqual([first.status, second.status], [200, 200], JSON.stringify(second.body));
    assert.notEqual(first.body.id, second.body.id);
  });

  test("belongs to one operation: the same key for another is another request", async () => {
    const headers = newKey();
    const first = await sell(shop, terminal.terminal_id, {}, headers);
    const elsewhere = await handTerminal(shop);
    const { profile_id: _, ...body } = shop.sale({ store: { terminal_id: elsewhere.terminal_id } });
    const configuration = { seitatech: { in_person: { enabled: true } } };
    const second = await shop.call<CreatedSession & ErrorBody>(
      "POST",
      "/v1/sessions",
      { ...body, configuration },
      headers,
    );
    assert.equal(second.status, 200, JSON.stringify(second.body));
    assert.notEqual(second.body.id, first.body.id);
    const session = await shop.call<Session>("GET", `/v1/sessions/${second.body.id}`);
    assert.equal(session.status, 200);
  });

  for (const { what, key } of [
    { what: "empty", key: "" },
    { what: "of 256 characters", key: "k".repeat(256) },
    { what: "with a space in it", key: "two words" },
    { what: "with a letter that is not ASCII", key: "n\u00f8kkel" },
    { what: "with a tab in it", key: "a\tb" },
  ]) {
    test(`${what} is refused with 400, and nothing is sold`, async () => {
      const { status, body } = await sell(shop, terminal.terminal_id, {}, { "idempotency-key": key });
      assert.deepEqual([status, body.error.code], [400, "IDEMPOTENCY_KEY_INVALID"]);
      assert.equal(await salesOf(terminal), 0);
    });
  }

  test("of 255 characters is taken", async () => {
    const { status } = await sell(shop, terminal.terminal_id, {}, { "idempotency-key": "k".repeat(255) });
    assert.equal(status, 200);
  });

  test("is kept for a day, and forgotten after it: then it makes a new sale", async () => {
    const headers = newKey();
    const first = await sell(shop, terminal.terminal_id, {}, headers);
    link.send(terminal.approval(await link.expect("prompt")));
    await link.expect("acknowledge");
    const sweep = sweeps.find(({ name }) => name === "idempotency keys");
    assert.ok(sweep !== undefined);
    const day_ms = 24 * 60 * 60 * 1000;
    await sweep.work(later(shop.app.world, day_ms - 60_000));
    assert.equal((await sell(shop, terminal.terminal_id, {}, headers)).body.id, first.body.id);
    await sweep.work(later(shop.app.world, day_ms + 60_000));
    const anew = await sell(shop, terminal.terminal_id, {}, headers);
    assert.equal(anew.status, 200);
    assert.notEqual(anew.body.id, first.body.id);
    assert.equal(await salesOf(terminal), 2);
  });
});
