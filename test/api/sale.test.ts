import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Session } from "../../src/contract/session.ts";
import { openShop, type Shop } from "../support/shop.ts";

describe("a sale on a terminal that waits for its cardholder", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
    await shop.play("manual");
  });
  after(() => shop.close());
  beforeEach(() => {
    shop.callbacks.length = 0;
  });

  test("is answered with 200 at once, prompts, is captured when the card is tapped, and is called back", async () => {
    const created = await shop.create();
    assert.equal(created.status, 200);
    assert.match(created.body.id, /^T12345678\.[0-9A-Za-z]{22}$/);
    assert.match(created.body.url, /^http:/);
    assert.equal(created.body.publish[0]?.status, "sent");
    assert.equal((await shop.play("tap")).status, 200);
    const transaction = await shop.ended(created.body.id);
    assert.equal(transaction.status, "CAPTURED");
    assert.deepEqual(
      transaction.events.map((event) => [event.id, event.event, event.transaction_status, event.success]),
      [
        ["1", "INITIALIZE", "INITIATED", true],
        ["2", "AUTHORIZE", "AUTHORIZED", true],
        ["3", "CAPTURE", "CAPTURED", true],
      ],
    );
    assert.equal(transaction.card?.masked_pan, "476173******0416");
    assert.equal(transaction.card?.entry_method, "contactless");
    assert.match(String(transaction.events[2]?.metadata?.["seitatech:customerReceipt"]), /399\.00 NOK/);
    assert.equal(transaction.store?.terminal_id, shop.demo.terminal_id);
    const callback = await shop.until(() => shop.callbacks[0]);
    assert.equal(callback.method, "GET");
    assert.equal(callback.url.searchParams.get("transaction_id"), transaction.id);
    assert.equal(callback.url.searchParams.get("session_id"), created.body.id);
    assert.equal(callback.url.searchParams.get("merchant_reference"), "order-12345");
    assert.equal(callback.url.searchParams.get("time"), transaction.created_at);
    assert.equal(callback.url.searchParams.get("error"), null);
  });

  test("that is cancelled by the API ends DECLINED, is called back with error=cancelled, and frees the terminal", async () => {
    const { body: created } = await shop.create({ url: { callback_url: `${shop.callback_url}?report_error=true` } });
    await shop.until(async () => (await shop.database.sql("SELECT FROM prompts WHERE status = 'SHOWN'")).length === 1);
    const cancelled = await shop.call<Session>("POST", `/v1/sessions/${created.id}/cancel`);
    assert.equal(cancelled.status, 200);
    assert.ok(cancelled.body.cancelled_at);
    assert.equal(cancelled.body.cancelled_by, "demo-client");
    const transaction = await shop.ended(created.id);
    assert.equal(transaction.status, "DECLINED");
    assert.equal((await shop.until(() => shop.callbacks[0])).url.searchParams.get("error"), "cancelled");
    const again = await shop.call<Session>("POST", `/v1/sessions/${created.id}/cancel`);
    assert.equal(again.status, 200);
    const [seat] = await shop.database.sql("SELECT occupant_id FROM terminal_seats");
    assert.equal(seat?.occupant_id, null);
  });

  test("that is cancelled on the terminal ends DECLINED", async () => {
    const { body: created } = await shop.create();
    await shop.play("cancel");
    const transaction = await shop.ended(created.id);
    assert.equal(transaction.status, "DECLINED");
    assert.equal(transaction.events.at(-1)?.error?.code, "CANCELLED_ON_TERMINAL");
  });

  test("whose card the issuer declines ends DECLINED with the reason", async () => {
    const { body: created } = await shop.create();
    await shop.play("decline");
    const transaction = await shop.ended(created.id);
    assert.equal(transaction.status, "DECLINED");
    assert.deepEqual(transaction.events.at(-1)?.error?.type, ["DECLINED"]);
  });

  test("finds the terminal busy with the sale before it, which is named", async () => {
    const { body: first } = await shop.create();
    const second = await shop.create();
    assert.equal(second.status, 409);
    assert.equal(second.body.error.code, "TERMINAL_BUSY");
    assert.equal(second.body.error.session_id, first.id);
    assert.equal(second.body.error.merchant_reference, "order-12345");
    await shop.play("tap");
    assert.equal((await shop.ended(first.id)).status, "CAPTURED");
  });
});
