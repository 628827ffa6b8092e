/** Refunds, captures and voids through the client that integrators use. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { type OperationAnswer, type Refund, Tapline, TaplineError } from "@tapline/sdk";
import type { App } from "../../src/app.ts";
import { startAnother } from "../support/another-server.ts";
import { answerAdvice, approve, authorized, type Counter, openCounter, paid, say } from "../support/counter.ts";
import { openBareShop } from "../support/honest-shop.ts";
import type { Shop } from "../support/shop.ts";

const amount = 39_900;

let shop: Shop;
let counter: Counter;
let tapline: Tapline;
/** At a second server of the shop, which waits for the host no longer than a second. */
let impatient: Tapline;
let second: App;
before(async () => {
  shop = await openBareShop();
  second = await startAnother(shop, { stop_answer_ms: 1_000 });
  const { account_id, client_id } = shop.demo;
  const client = { account_id, client_id, client_secret: shop.secret };
  tapline = new Tapline({ base_url: shop.app.address, ...client });
  impatient = new Tapline({ base_url: second.address, ...client });
});
after(async () => {
  await second.close();
  await shop.close();
});
beforeEach(async () => {
  counter = await openCounter(shop);
});
afterEach(() => counter.terminal.leave());

const refundOf = (part: number): Refund => ({ amount: part, terminal_id: counter.terminal.terminal_id });

/** The event that ends what was accepted. */
async function endOf({ transaction, event_request_id }: OperationAnswer) {
  const { events } = await tapline.transactions.read(transaction.id);
  return events.find(({ correlation_request_id }) => correlation_request_id === event_request_id);
}

async function refusal(call: Promise<unknown>): Promise<TaplineError> {
  const [{ reason }] = (await Promise.allSettled([call])) as [{ reason?: unknown }];
  assert.ok(reason instanceof TaplineError, String(reason));
  return reason;
}

describe("a refund through the client", () => {
  test("is accepted first, and refunded when the cardholder has approved", async () => {
    const { id } = await paid(shop, counter);
    const accepted = await tapline.transactions.refund(id, { ...refundOf(amount), refund_reference: "return-77" });
    assert.equal(accepted.transaction.status, "CAPTURED");
    assert.match(accepted.event_request_id ?? "", /^[0-9a-f-]{36}$/);
    assert.equal(await endOf(accepted), undefined);
    await approve(counter, await counter.link.expect("prompt"));
    const end = await endOf(accepted);
    assert.deepEqual([end?.event, end?.success, end?.event_reference], ["REFUND", true, "return-77"]);
    assert.equal((await tapline.transactions.read(id)).status, "REFUNDED");
  });

  test("that the cardholder cancels ends without success, and may be asked for again", async () => {
    const { id } = await paid(shop, counter);
    const accepted = await tapline.transactions.refund(id, refundOf(amount));
    const { prompt_id } = await counter.link.expect("prompt");
    await say(counter, counter.terminal.result(prompt_id, "cancelled"));
    const end = await endOf(accepted);
    assert.deepEqual([end?.event, end?.success], ["REFUND", false]);
    assert.equal((await tapline.transactions.refund(id, refundOf(amount))).transaction.id, id);
  });

  test("repeated under its key is the same refund; without one it is a second", async () => {
    const { id } = await paid(shop, counter);
    const key = { idempotency_key: "till-7/return-77" };
    const first = await tapline.transactions.refund(id, refundOf(100), key);
    assert.deepEqual(await tapline.transactions.refund(id, refundOf(100), key), first);
    assert.notEqual((await tapline.transactions.refund(id, refundOf(100))).event_request_id, first.event_request_id);
    const { events } = await tapline.transactions.read(id);
    assert.equal(events.filter(({ event }) => event === "INITIATE_REFUND").length, 2);
  });

  test("that is refused is thrown with its code and field", async () => {
    const { id } = await paid(shop, counter);
    const no_terminal = await refusal(tapline.transactions.refund(id, { amount }));
    assert.deepEqual([no_terminal.status, no_terminal.code], [400, "REFUND_TERMINAL_MISSING"]);
    assert.deepEqual(no_terminal.errors[0]?.path, ["terminal_id"]);
    const too_much = await refusal(tapline.transactions.refund(id, refundOf(amount + 1)));
    assert.equal(too_much.code, "REFUND_EXCEEDS_REMAINING");
  });
});

describe("an authorization through the client", () => {
  test("is captured in parts, each done when it is answered", async () => {
    const { id } = await authorized(shop, counter);
    const statuses: string[] = [];
    for (const part of [100, amount - 100]) {
      const [answer] = await Promise.all([
        tapline.transactions.capture(id, { amount: part }),
        answerAdvice(counter, "accepted"),
      ]);
      assert.equal(answer.event_request_id, undefined);
      statuses.push(answer.transaction.status);
    }
    assert.deepEqual(statuses, ["PARTIALLY_CAPTURED", "CAPTURED"]);
  });

  test("whose capture the host has not answered is accepted, and repeated under its key still the same", async () => {
    const { id } = await authorized(shop, counter);
    const key = { idempotency_key: "till-7/shipment-1" };
    const accepted = await impatient.transactions.capture(id, { amount }, key);
    assert.equal(accepted.transaction.status, "AUTHORIZED");
    assert.ok(accepted.event_request_id);
    await answerAdvice(counter, "accepted");
    const again = await tapline.transactions.capture(id, { amount }, key);
    assert.deepEqual([again.transaction.status, again.event_request_id], ["CAPTURED", accepted.event_request_id]);
    assert.equal((await endOf(accepted))?.event, "CAPTURE");
  });

  test("is voided, once", async () => {
    const { id } = await authorized(shop, counter);
    const [{ transaction, event_request_id }] = await Promise.all([
      tapline.transactions.void(id, { idempotency_key: "till-7/void-1" }),
      answerAdvice(counter, "accepted"),
    ]);
    assert.deepEqual([transaction.status, event_request_id], ["AUTHORIZATION_VOIDED", undefined]);
    const again = await tapline.transactions.void(id, { idempotency_key: "till-7/void-1" });
    assert.deepEqual(again, { transaction });
    assert.equal((await refusal(tapline.transactions.void(id))).code, "NOTHING_TO_VOID");
  });

  test("that the host refuses to capture is thrown as refused", async () => {
    const { id } = await authorized(shop, counter);
    const [error] = await Promise.all([
      refusal(tapline.transactions.capture(id, { amount })),
      answerAdvice(counter, "refused", "The card has expired."),
    ]);
    assert.deepEqual([error.status, error.code], [400, "REFUSED_BY_HOST"]);
    assert.match(error.message, /The card has expired/);
  });
});
