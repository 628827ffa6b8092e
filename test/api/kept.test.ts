/** What was sent is kept and given back, member for member; what is absent stays absent; nobody can play the server. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
before(async () => {
  shop = await openShop();
  await shop.play("manual");
});
after(() => shop.close());
afterEach(async () => {
  const open = () => shop.database.sql("SELECT FROM prompts WHERE status IN ('PENDING', 'SENT', 'SHOWN')");
  if ((await open()).length === 0) return;
  await shop.play("cancel");
  await shop.until(async () => (await open()).length === 0);
});

async function create(body: unknown): Promise<CreatedSession> {
  const created = await shop.call<CreatedSession>("POST", "/v1/sessions-profile", body);
  assert.equal(created.status, 200, JSON.stringify(created.body));
  return created.body;
}

async function session(id: string): Promise<Session> {
  const { status, body } = await shop.call<Session>("GET", `/v1/sessions/${id}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

async function transaction({ transaction_id }: Session): Promise<Transaction> {
  const { status, body } = await shop.call<Transaction>("GET", `/v1/transactions/${transaction_id}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** Something of every kind that JSON has, under names that programs trip over. */
const strange = {
  text: 'Blåbær "Ægte" \\ \n\t\u2028 \u{1f4b3} </script>',
  empty: "",
  whole: 12345,
  negative: -1,
  part: 0.1,
  large: 9_007_199_254_740_991,
  tiny: 1e-7,
  yes: true,
  no: false,
  list: [1, "two", [3, { four: 4 }], {}, []],
  "a key.with dots": { "": "nameless" },
  'quote"back\\slash': "\u007f",
  toString: "a",
  toJSON: "b",
  constructor: { prototype: 1 },
  hasOwnProperty: 2,
};

const address = {
  first_name: "Kari",
  last_name: "Nordmann",
  address_line: "Storgata 1",
  address_line_2: "",
  co_address: "c/o Ola",
  business_name: "Nordmann AS",
  postal_code: "0155",
  postal_place: "Oslo",
  country: "NO",
  phone_number: "+4712345678",
  email: "kari@example.com",
  latitude: 59.91,
  longitude: 10.75,
  comment: "Ring twice",
  organization_number: "123456785",
  organization_type: "merchant",
  customer_reference: "K-1",
  cost_center: "42",
  strange,
};

const discount = {
  amount: 100,
  percentage: 2.5,
  discount_type: "loyalty",
  discount_id: "d1",
  description: "Member",
  line_id: 1,
  strange,
};

const item = {
  id: "sku-coffee-001",
  line_id: "1",
  description: "Premium Coffee Beans 1kg",
  quantity: 2.125,
  amount: 35000,
  vat_amount: 4275,
  vat: 12.5,
  groups: [{ id: "g1", name: "Coffee", strange }],
  type: "physical",
  unit_volume: 0.5,
  unit_weight: 1.25,
  unit_dimensional_weight: 0,
  splits: [{ payout_destination_id: "seller-1", amount: 35000, strange }],
  fee_split: { type: "proportional", destinations: ["seller-1"], strange },
  thumbnail_url: "https://shop.example.com/coffee.png",
  emd: strange,
  store: { id: "oslo-center", name: "Oslo", strange },
  eligible_for_discount: false,
  discount_lines: [discount],
  strange,
};

const shipping_option = {
  id: "post",
  line_id: "2",
  amount: 4900,
  title: "Post",
  operator: "Posten",
  vat: 25,
  vat_amount: 980,
  description: "In a day",
  delivery_method: "pick_up",
  pick_up_address: address,
  strange,
};

/** What a line of the transaction knows of the shipping option. */
const shippingLine = {
  id: "post",
  line_id: "2",
  description: "Post",
  quantity: 1,
  amount: 4900,
  vat: 25,
  vat_amount: 980,
  type: "shipping",
};

const order = {
  amount: 39900,
  currency: "NOK",
  merchant_reference: "order-12345",
  vat_amount: 5255,
  merchant_reference_2: "second",
  event_reference: "event-1",
  payout_destination_id: "seller-1",
  partial_payment: false,
  items: [item, { line_id: "3" }, {}],
  shipping_option,
  shipping_address: address,
  billing_address: address,
  store: {
    id: "oslo-center",
    terminal_id: "T0292",
    payout_destination_id: "seller-1",
    name: "Oslo Center",
    business_name: "Oslo Center AS",
    chain: "Centers",
    email: "oslo@example.com",
    gln: "7080000000000",
    organization_number: "123456785",
    phone_number: "+4787654321",
    mcc: "5499",
    bax: "1",
    address,
    strange,
  },
  discount_lines: [discount],
  discount_codes: ["SUMMER", ""],
  gift_cards: [{ type: "dintero.wallets", card_id: "c1", amount: 1, masked_card_token: "***1", strange }],
  strange,
};

const members = {
  customer: {
    customer_id: "c-1",
    email: "kari@example.com",
    phone_number: "+4712345678",
    tokens: { "payex.creditcard": strange },
    gift_cards: [{ type: "dintero.wallets", card_id: "c1", amount: 1 }],
    strange,
  },
  express: { shipping_options: [shipping_option], strange },
  merchant: { name: "Coffee AS", logo_url: "https://shop.example.com/logo.png", platform_type: "marketplace", strange },
  checkboxes: [
    {
      id: "terms",
      label: "I agree",
      checked: true,
      link: { url: "https://a.example", text: "Terms", strange },
      strange,
    },
  ],
  strange,
};

const metadata = { ext_till: 4, ext_share: 0.25, ext_clerk: 'Kari "K"', "ext:å": "" };

describe("everything that a till sends", () => {
  let created: CreatedSession;
  let read: Session;
  let paid: Transaction;
  const url = {
    return_url: "https://yourpos.example.com/payment/return?a=1&b=%20",
    callback_url: "https://yourpos.example.com/callback?method=POST",
    merchant_terms_url: "https://yourpos.example.com/terms",
    strange,
  };
  before(async () => {
    const configuration = {
      channel: "in_app",
      theme: { backdrop: "#fff", strange },
      discounts: [discount],
      seitatech: { in_person: { payability: "payable", strange }, strange },
      payout: { dynamic_payout_destination_ids: [{ type: "order_store_id", strange }], strange },
      strange,
    };
    created = await create({ ...members, profile_id: "in-person", url, order, configuration, metadata });
    read = await session(created.id);
    paid = await transaction(read);
  });

  test("in the order is on the session as it was sent", () => assert.deepEqual(read.order, order));
  test("in the addresses is on the session as it was sent", () => assert.deepEqual(read.url, url));
  for (const [name, member] of Object.entries(members)) {
    test(`in ${name} is on the session as it was sent`, () =>
      assert.deepEqual({ ...read }[name as keyof Session], member));
  }
  test("in the metadata is on the session, beside the profile's name", () =>
    assert.deepEqual(read.metadata, { ...metadata, "session:profile_id": "in-person" }));
  test("in the configuration is on the session, over the profile's", () =>
    assert.deepEqual(read.configuration, {
      auto_capture: true,
      channel: "in_app",
      publish: [{ channel: "terminal", type: "push", id: created.publish[0]?.id }],
      theme: { backdrop: "#fff", strange },
      discounts: [discount],
      seitatech: {
        type: "payment_type",
        in_person: { type: "payment_product_type", enabled: true, payability: "payable", strange },
        strange,
      },
      payout: { dynamic_payout_destination_ids: [{ type: "order_store_id", strange }], strange },
      strange,
    }));

  test("and nothing else is on the session but what the contract names", () => {
    const named = ["id", "created_at", "updated_at", "expires_at", "transaction_id", "events", "profile_id"];
    const sent = ["url", "order", "configuration", "metadata", ...Object.keys(members)];
    assert.deepEqual(Object.keys(read).sort(), [...named, ...sent].sort());
    assert.equal(read.profile_id, "in-person");
  });

  test("is on the transaction, in the transaction's places", () => {
    const { id, created_at, updated_at, events, ...rest } = paid;
    assert.equal(id, read.transaction_id);
    assert.ok(created_at <= updated_at && events.length > 0);
    assert.deepEqual(rest, {
      payment_product: "seitatech",
      payment_product_type: "seitatech.in_person",
      amount: 39900,
      currency: "NOK",
      status: "INITIATED",
      channel: "in_app",
      merchant_reference: "order-12345",
      merchant_reference_2: "second",
      payout_destination_id: "seller-1",
      settlement_status: "NOT_SETTLED",
      customer: members.customer,
      shipping_address: address,
      billing_address: address,
      shipping_option,
      store: { ...order.store, terminal_id: "T12345678-T0292" },
      items: [item, { line_id: "3" }, {}, shippingLine],
      gift_cards: order.gift_cards,
      url: { redirect_url: url.return_url, callback_url: url.callback_url },
      session_id: read.id,
      metadata: { ...metadata, "session:profile_id": "in-person", event_reference: "event-1" },
      checkboxes: members.checkboxes,
    });
  });

  test("is in the list of transactions just as on the transaction", async () => {
    const { body } = await shop.call<Transaction[]>("GET", `/v1/transactions?session_id=${read.id}`);
    assert.deepEqual(body, [await transaction(read)]);
  });
});

test("a metadata key with a line break is given back like any other", async () => {
  const { id } = await create(shop.sale({ metadata: { "ext\nnote": "x", ext_till: 4 } }));
  assert.deepEqual((await session(id)).metadata, { "ext\nnote": "x", ext_till: 4, "session:profile_id": "in-person" });
});

test("members of a shipping option that only order lines know do not keep the transaction from being read", async () => {
  const option = { ...shipping_option, quantity: "one parcel", groups: "heavy" };
  const { id } = await create(shop.sale({ order: { shipping_option: option } }));
  const read = await session(id);
  assert.deepEqual(read.order.shipping_option, option);
  const { shipping_option: shipped, items } = await transaction(read);
  assert.deepEqual(shipped, option);
  assert.deepEqual(items.at(-1), shippingLine);
});

describe("null means absent", () => {
  test("for every optional member, at every depth", async () => {
    const sale = shop.sale({
      customer: null,
      configuration: { publish: null, seitatech: null, theme: { primary: null } },
      metadata: { ext_till: null, ext_clerk: "Kari" },
      expires_at: null,
      checkboxes: null,
      strange: null,
      url: { callback_url: null },
      order: {
        merchant_reference_2: null,
        shipping_option: null,
        billing_address: { first_name: null, postal_code: "0155" },
        items: [{ line_id: "1", groups: null, vat: null, amount: 39900 }],
        discount_lines: null,
      },
    });
    const read = await session((await create(sale)).id);
    assert.ok(!JSON.stringify(read).includes("null"), JSON.stringify(read));
    const { merchant_reference_2: _, shipping_option: __, discount_lines: ___, ...kept } = sale.order;
    const items = [{ line_id: "1", amount: 39900 }];
    assert.deepEqual(read.order, { ...kept, billing_address: { postal_code: "0155" }, items });
    assert.deepEqual(read.url, { return_url: sale.url.return_url });
    assert.deepEqual(read.metadata, { ext_clerk: "Kari", "session:profile_id": "in-person" });
    for (const name of ["customer", "checkboxes", "strange"]) assert.ok(!(name in read), name);
    assert.equal(read.configuration?.publish?.length, 1, "the profile's own entry stands");
    assert.ok(!JSON.stringify(await transaction(read)).includes("null"));
  });
});

describe("an empty text", () => {
  test("is taken for every optional address, and given back", async () => {
    const empty = {
      url: { callback_url: "", merchant_terms_url: "" },
      customer: { email: "", phone_number: "", customer_id: "" },
      order: {
        merchant_reference_2: "",
        billing_address: { email: "", country: "" },
        items: [{ id: "", line_id: "", thumbnail_url: "", description: "" }, { line_id: "" }],
      },
      store: { email: "", mcc: "", name: "" },
      metadata: { ext_note: "" },
    };
    const sale = shop.sale(empty);
    const read = await session((await create(sale)).id);
    assert.deepEqual(read.order, sale.order);
    assert.deepEqual(read.url, sale.url);
    assert.deepEqual(read.customer, sale.customer);
    assert.equal((await transaction(read)).merchant_reference_2, "");
  });
});

describe("a till that sends members in the server's name", () => {
  const pretended = {
    id: "T12345678.0000000000000000000000",
    transaction_id: "T12345678.1111111111111111111111",
    created_at: "2020-01-01T00:00:00.000Z",
    updated_at: "2020-01-01T00:00:00.000Z",
    events: [],
  };

  test("does not change who and when the session is", async () => {
    const { id } = await create(shop.sale(pretended));
    const read = await session(id);
    assert.equal(read.id, id);
    assert.match(read.transaction_id ?? "", /^T12345678\.[0-9A-Za-z]{22}$/);
    assert.notEqual(read.transaction_id, pretended.transaction_id);
    assert.ok(Date.parse(read.created_at) > Date.now() - 60_000);
    assert.equal(read.events[0]?.name, "INITIATED");
  });

  test("cannot have a session look cancelled while its terminal prompts", async () => {
    const { id } = await create(shop.sale({ cancelled_at: "2020-01-01T00:00:00.000Z", cancelled_by: "nobody" }));
    const { cancelled_at, cancelled_by } = await session(id);
    assert.deepEqual([cancelled_at, cancelled_by], [undefined, undefined]);
  });

  test("can call its sale off like any other", async () => {
    const { id } = await create(shop.sale({ cancelled_at: "2020-01-01T00:00:00.000Z" }));
    assert.equal((await shop.call("POST", `/v1/sessions/${id}/cancel`)).status, 200);
    const [prompt] = await shop.database.sql("SELECT status FROM prompts WHERE session_id = $1", [id]);
    assert.equal(prompt?.status, "CANCELLED");
  });

  test("can read its session whatever kind those members were of", async () => {
    const { id } = await create(shop.sale({ cancelled_at: 5, cancelled_by: {}, events: "none", transaction_id: 7 }));
    assert.equal((await session(id)).id, id);
  });

  test("does not put headers on the session that nobody sent", async () => {
    const { id } = await create(shop.sale({ initiating_system_request_headers: { "user-agent": "forged" } }));
    assert.ok(!("initiating_system_request_headers" in (await session(id))));
  });
});
