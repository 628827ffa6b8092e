import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { openShop, type ReceivedCallback, type Shop } from "../support/shop.ts";

const seitatech = {
  type: "payment_type",
  in_person: { type: "payment_product_type", enabled: true, payability: "payable" },
};
const vipps = { type: "payment_type", ecommerce: { type: "payment_product_type", enabled: true } };

type Created = CreatedSession & ErrorBody;

describe("a session without a profile", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
    await shop.play("manual");
  });
  after(() => shop.close());

  const inline = (configuration: object, order: object = {}) => {
    const { profile_id: _, ...sale } = shop.sale({ order: { ...order } });
    return { ...sale, configuration };
  };

  test("starts by itself as one from a profile does", async () => {
    const created = await shop.call<Created>("POST", "/v1/sessions", inline({ seitatech }));
    assert.equal(created.status, 200);
    await shop.play("tap");
    assert.equal((await shop.ended(created.body.id)).status, "CAPTURED");
  });

  test("needs its configuration", async () => {
    const { profile_id: _, ...sale } = shop.sale();
    const refused = await shop.call("POST", "/v1/sessions", sale);
    assert.equal(refused.status, 400);
    assert.deepEqual(refused.body.error.errors?.[0]?.path, ["configuration"]);
  });

  test("with another method beside in person is refused, unless the account allows that", async () => {
    const refused = await shop.call("POST", "/v1/sessions", inline({ seitatech, vipps }));
    assert.equal(refused.body.error.code, "OTHER_METHODS_ENABLED");
  });
});

describe("a session with other methods, where the account allows them", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
    await shop.play("manual");
    await shop.database.sql("UPDATE accounts SET allow_mixed_methods = true");
  });
  after(() => shop.close());

  const create = async (order: object = {}, members: object = {}) => {
    const { profile_id: _, ...sale } = shop.sale({ order: { ...order } });
    const body = { ...sale, configuration: { seitatech, vipps }, ...members };
    return shop.call<Created>("POST", "/v1/sessions", body);
  };
  const pay = (session_id: string) =>
    shop.call<{ success: boolean } & ErrorBody>("POST", `/v1/sessions/${session_id}/pay`, {
      payment: { payment_product_type: "seitatech.in_person" },
    });

  test("waits for /pay, and then prompts", async () => {
    const { body } = await create();
    const { body: session } = await shop.call<Session>("GET", `/v1/sessions/${body.id}`);
    assert.equal(session.transaction_id, undefined);
    const paid = await pay(body.id);
    assert.deepEqual([paid.status, paid.body.success], [200, true]);
    await shop.play("tap");
    assert.equal((await shop.ended(body.id)).status, "CAPTURED");
    const again = await pay(body.id);
    assert.equal(again.body.error.code, "SESSION_NOT_PAYABLE");
  });

  test("starts by itself where it is published to the terminal", async () => {
    const configuration = { seitatech, vipps, publish: [{ channel: "push", type: "terminal" }] };
    const { body } = await create({}, { configuration });
    await shop.play("tap");
    assert.equal((await shop.ended(body.id)).status, "CAPTURED");
  });

  test("can be changed until its payment begins, and tells what it was before", async () => {
    const { body } = await create();
    const items = [{ line_id: "1", description: "Bønner", amount: 5000, quantity: 1 }];
    const changed = await shop.call<Session>("PUT", `/v1/sessions/${body.id}`, { order: { amount: 5000, items } });
    assert.equal(changed.status, 200);
    assert.equal(changed.body.order.amount, 5000);
    assert.equal(changed.body.order.merchant_reference, "order-12345");
    const update = changed.body.events.at(-1);
    assert.equal(update?.name, "UPDATE_SESSION");
    await pay(body.id);
    const late = await shop.call("PUT", `/v1/sessions/${body.id}`, { order: { amount: 1 } });
    assert.deepEqual([late.status, late.body.error.code], [400, "SESSION_STARTED"]);
    await shop.play("tap");
    const transaction = await shop.ended(body.id);
    assert.deepEqual([transaction.status, transaction.amount], ["CAPTURED", 5000]);
  });

  test("is not changed to an order that does not add up", async () => {
    const { body } = await create();
    const refused = await shop.call("PUT", `/v1/sessions/${body.id}`, { order: { amount: 1 } });
    assert.equal(refused.body.error.code, "AMOUNT_MISMATCH");
  });

  test("can be cancelled before anything began, and then not be paid", async () => {
    const { body } = await create();
    const cancelled = await shop.call<Session>("POST", `/v1/sessions/${body.id}/cancel`);
    assert.equal(cancelled.status, 200);
    assert.ok(cancelled.body.cancelled_at);
    assert.equal((await pay(body.id)).body.error.code, "SESSION_NOT_PAYABLE");
  });

  for (const method of ["GET", "POST"]) {
    test(`that is cancelled before anything began is told of by ${method} without a transaction, where that is asked for`, async () => {
      const callback_url = `${shop.callback_url}?report_error=true&method=${method}`;
      const { body } = await create({}, { url: { ...shop.sale().url, callback_url } });
      const { body: session } = await shop.call<Session>("POST", `/v1/sessions/${body.id}/cancel`);
      await shop.call("POST", `/v1/sessions/${body.id}/cancel`);
      const isOfIt = ({ url }: ReceivedCallback) => url.searchParams.get("session_id") === body.id;
      const told = await shop.until(() => shop.callbacks.find(isOfIt));
      const { searchParams } = told.url;
      assert.deepEqual(
        ["error", "transaction_id", "time"].map((name) => searchParams.get(name)),
        ["cancelled", null, session.created_at],
      );
      assert.equal(told.body, method === "POST" ? "{}" : "");
      assert.equal(shop.callbacks.filter(isOfIt).length, 1);
    });
  }

  test("cannot be paid without saying on which terminal", async () => {
    const { body } = await create({ store: undefined });
    assert.equal((await pay(body.id)).body.error.code, "STORE_FIELD_MISSING");
  });

  test("stops being payable when it expires", async () => {
    const { body } = await create();
    await shop.database.sql(
      "UPDATE sessions SET created_at = created_at - interval '2 days', expires_at = created_at - interval '1 day' WHERE id = $1",
      [body.id],
    );
    assert.equal((await pay(body.id)).body.error.code, "SESSION_NOT_PAYABLE");
  });

  test("takes turns with the till that pays it twice at the same instant", async () => {
    const { body } = await create();
    const answers = await Promise.all([pay(body.id), pay(body.id), pay(body.id)]);
    assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
    await shop.play("tap");
    assert.equal((await shop.ended(body.id)).status, "CAPTURED");
  });
});

describe("the lists", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
  });
  after(() => shop.close());

  const sessions = async (query: string): Promise<Session[]> =>
    (await shop.call<Session[]>("GET", `/v1/sessions?${query}`)).body;
  const transactions = async (query: string): Promise<Transaction[]> =>
    (await shop.call<Transaction[]>("GET", `/v1/transactions?${query}`)).body;

  test("find by every filter, and nothing by another value", async () => {
    const billing_address = { first_name: "Bjørn", last_name: "Åsen" };
    const order = { merchant_reference: "ref-ø", merchant_reference_2: "second", billing_address };
    const customer = { customer_id: "c-1", email: "bjorn@example.com", phone_number: "+4799999999" };
    const headers = { "dintero-system-plugin-name": "till-plugin" };
    const { body } = await shop.create({ order, customer }, headers);
    const { id: transaction_id, created_at } = await shop.ended(body.id);
    const day = created_at.slice(0, 10);
    const found = encodeURIComponent;
    for (const query of [
      `id=${body.id}`,
      `transaction_id=${transaction_id}`,
      "store_id=oslo-center",
      "terminal_id=T0292",
      `merchant_reference=${found("ref-ø")}`,
      `search=${found("ref-ø")}`,
      `search=${found("bjørn åsen")}`,
      "search=second",
      "initiating_system.dintero_system_plugin_name=till-plugin",
      `created_at.gte=${day}`,
      "created_at.lte=2999-01-01",
      "open=false",
    ])
      assert.deepEqual(
        (await sessions(query)).map(({ id }) => id),
        [body.id],
        query,
      );
    for (const query of [
      "id=x",
      "transaction_id=x",
      "store_id=x",
      "terminal_id=T0001",
      "merchant_reference=x",
      "search=x",
      "initiating_system.dintero_system_plugin_name=x",
      "created_at.gte=2999-01-01",
      "created_at.lte=2000-01-01",
      "payment_operation=recurring_purchase",
      "open=true",
    ])
      assert.deepEqual(await sessions(query), [], query);
    for (const query of [
      `id=${transaction_id}`,
      "status=CAPTURED",
      "channel=in_store",
      "terminal_id=T0292",
      "store_id=oslo-center",
      "currency=NOK",
      "card_brand=Visa",
      "payment_product=seitatech",
      "payment_product_type=seitatech.in_person",
      `merchant_reference=${found("ref-ø")}`,
      "merchant_reference_2=second",
      `session_id=${body.id}`,
      "payout_destination_id=seller-1",
      "customer_id=c-1",
      "amount=39900",
      "amount.gte=39900",
      "amount.lte=39900",
      `created_at.gte=${day}`,
      "created_at.lte=2999-01-01",
      `captured_at.gte=${day}`,
      "captured_at.lte=2999-01-01",
      `search=${transaction_id}`,
      "search=%2B4799999999",
      "search=bjorn%40example.com",
      `search=${found("Bjørn Åsen")}`,
      "status=CAPTURED&terminal_id=T0292",
      "status=DECLINED,CAPTURED",
    ]) {
      assert.deepEqual(
        (await transactions(query)).map(({ id }) => id),
        [transaction_id],
        query,
      );
    }
    for (const query of [
      "id=x",
      "status=DECLINED",
      "channel=in_app",
      "store_id=x",
      "currency=SEK",
      "card_brand=Amex",
      "payment_product=vipps",
      "payment_product_type=x",
      "merchant_reference_2=x",
      "payout_destination_id=x",
      "payout_correlation_id=x",
      "customer_id=x",
      "token_id=x",
      "payment_operation=x",
      "amount=1",
      "amount.gte=39901",
      "amount.lte=1",
      "captured_at.gte=2999-01-01",
      "refunded_at.gte=2000-01-01",
      "search=x",
      "status=CAPTURED&terminal_id=T0001",
    ])
      assert.deepEqual(await transactions(query), [], query);
    const [{ events } = { events: [] }] = await transactions("limit=1");
    const correlation = String(events.at(-1)?.metadata?.payout_correlation_id);
    assert.equal((await transactions(`payout_correlation_id=${correlation}`)).length, 1);
  });

  test("refuse a time that is none, and take one without a zone as UTC", async () => {
    const refused = await shop.call("GET", "/v1/transactions?created_at.gte=yesterday");
    assert.deepEqual([refused.status, refused.body.error.errors?.[0]?.path], [400, ["created_at", "gte"]]);
    assert.equal((await transactions("created_at.gte=2000-01-01T00:00:00")).length, 1);
  });

  test("a transaction's second reference can be changed, and nothing else of it", async () => {
    const [first] = await transactions("limit=1");
    const changed = await shop.call<Transaction>("PUT", `/v1/transactions/${first?.id}`, {
      merchant_reference_2: "ny",
    });
    assert.deepEqual([changed.status, changed.body.merchant_reference_2], [200, "ny"]);
    const missing = await shop.call("PUT", "/v1/transactions/T12345678.x", { merchant_reference_2: "ny" });
    assert.deepEqual([missing.status, missing.body.error.code], [404, "TRANSACTION_NOT_FOUND"]);
  });
});
