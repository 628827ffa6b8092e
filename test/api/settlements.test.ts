/** A shop's settlements: made by themselves, listed, read, reported, and tried out on a test account (management section 8). */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Settlement, Settlements } from "../../src/contract/settlement.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { settleDays } from "../../src/flows/settlement.ts";
import { tokenOf } from "../support/clients.ts";
import { approve, type Counter, openCounter, paid, read, refunding, untilEvent } from "../support/counter.ts";
import { later, openBareShop } from "../support/honest-shop.ts";
import type { Answer, Shop } from "../support/shop.ts";
import { auditFindings } from "../support/whole-books.ts";
import { assertRefused } from "./refusal.ts";

type Listed = Settlements & ErrorBody;
type One = Settlement & ErrorBody;

const hour_ms = 3_600_000;

let shop: Shop;
let counter: Counter;
let authorization: string;
let path: string;
before(async () => {
  shop = await openBareShop();
  counter = await openCounter(shop);
  const { account_id } = shop.demo;
  path = `/v1/accounts/${account_id}/settlements`;
  authorization = `Bearer ${await tokenOf(shop, { account_id, client_id: "books", scopes: ["admin:accounts"] })}`;
  // It is noon there, so that no test's day ends under it.
  const offset = 12 - new Date().getUTCHours();
  const time_zone = offset === 0 ? "UTC" : `Etc/GMT${offset > 0 ? "-" : "+"}${Math.abs(offset)}`;
  const { status } = await putZone(time_zone);
  assert.equal(status, 200);
});
after(async () => {
  counter.terminal.leave();
  await shop.close();
});

const putZone = (time_zone: unknown) => shop.call("PUT", "/v1/admin/checkout", { configuration: { time_zone } });

const call = <Body>(method: string, where: string, body?: unknown, headers: Record<string, string> = {}) =>
  shop.call<Body>(method, where, body, { authorization, ...headers });

const list = async (query = "") => (await call<Listed>("GET", `${path}?${query}`)).body;

let days = 0;
/** Two days go by, so that every sale until now is settled. */
async function settle(): Promise<Settlement[]> {
  days += 2;
  await settleDays(later(shop.app.world, days * 24 * hour_ms));
  return (await list()).items;
}

async function refunded(payment: Transaction, amount: number): Promise<void> {
  const { terminal_id } = counter.terminal;
  const request_id = await refunding(shop, payment, { amount, terminal_id });
  await approve(counter, await counter.link.expect("prompt"));
  await untilEvent(shop, payment, "REFUND", request_id);
}

async function report({ attachments }: Settlement): Promise<{ headers: Headers; text: string }> {
  const [attachment] = attachments;
  const answer = await fetch(`${shop.app.address}${attachment?.url}`, { headers: { authorization } });
  assert.equal(answer.status, 200);
  return { headers: answer.headers, text: await answer.text() };
}

test("an account without a settlement has an empty list", async () => {
  assert.deepEqual(await list(), { items: [] });
});

describe("a settlement", () => {
  test("holds what a store has captured and paid back, and says whose and of which day it is", async () => {
    const payment = await paid(shop, counter);
    await refunded(payment, 19_950);
    const [settlement, ...more] = await settle();
    assert.ok(settlement);
    assert.deepEqual(more, []);
    const { id, start_at, end_at, created_at, updated_at, settled_at, provider_reference, ...rest } = settlement;
    assert.deepEqual(rest, {
      provider: "seitatech",
      payment_status: "postponed",
      store_id: shop.demo.store_id,
      payout_destination_id: shop.demo.payout_destination_id,
      amounts: [{ amount: 19_950, capture: 39_900, refund: 19_950, fee: 0, currency: "NOK" }],
      attachments: [
        {
          name: `settlement-${provider_reference}.csv`,
          content_type: "text/csv",
          url: `${path}/${id}/items.csv`,
        },
      ],
    });
    assert.ok(start_at <= payment.created_at && payment.created_at < end_at, `${start_at} to ${end_at}`);
    assert.deepEqual([updated_at, created_at <= settled_at], [settled_at, true]);
    assert.ok(provider_reference.endsWith(id.slice(0, 8)));
    assert.deepEqual((await call<One>("GET", `${path}/${id}`)).body, settlement);
    assert.deepEqual(await auditFindings(shop.database.db), []);
  });

  test("is told by the transaction: PENDING_SETTLEMENT until then, SETTLED after, and PARTIALLY_SETTLED by a refund", async () => {
    const payment = await paid(shop, counter);
    assert.equal(payment.settlement_status, "PENDING_SETTLEMENT");
    const [{ id: settlement_id, provider_reference } = { id: "", provider_reference: "" }] = await settle();
    const settled = await read(shop, payment);
    assert.deepEqual([settled.settlement_status, settled.status, settled.amount], ["SETTLED", "CAPTURED", 39_900]);
    const captured = settled.events.find(({ event }) => event === "CAPTURE");
    const said = settled.events.at(-1);
    assert.equal(said?.event, "SETTLEMENT");
    assert.equal(said?.amount, undefined, "who sums the events' amounts finds no more money than before");
    assert.equal(said?.created_by, "tapline");
    const part = { settlement_id, provider_reference, amount: 39_900, capture: 39_900, refund: 0, fee: 0 };
    const event_correlation_id = captured?.metadata?.payout_correlation_id;
    const events = [{ ...part, event_correlation_id }];
    assert.deepEqual(said?.settlements, { settlement_status: "SETTLED", events });
    await refunded(payment, 39_900);
    assert.equal((await read(shop, payment)).settlement_status, "PARTIALLY_SETTLED");
    const [next] = await settle();
    assert.deepEqual(
      next?.amounts.map(({ amount, capture, refund }) => [amount, capture, refund]),
      [[-39_900, 0, 39_900]],
    );
    const paidBack = await read(shop, payment);
    assert.deepEqual([paidBack.settlement_status, paidBack.status], ["SETTLED", "REFUNDED"]);
  });

  test("of a declined sale there is none", async () => {
    const before = await settle();
    const created = await shop.create({ store: { terminal_id: counter.terminal.terminal_id } });
    const { prompt_id } = await counter.link.expect("prompt");
    counter.link.send(counter.terminal.result(prompt_id, "declined"));
    await counter.link.expect("acknowledge");
    const declined = await shop.ended(created.body.id);
    assert.deepEqual([declined.status, declined.settlement_status], ["DECLINED", "NOT_SETTLED"]);
    assert.deepEqual(await settle(), before);
  });

  test("is listed newest first, page by page, by both parts of the key", async () => {
    const all = (await list("limit=1000")).items;
    assert.ok(all.length >= 3);
    const walked: Settlement[] = [];
    let query = "limit=2";
    for (;;) {
      const { items, last_evaluated_key: key } = await list(query);
      walked.push(...items);
      if (key === undefined) break;
      const date = encodeURIComponent(key.settled_at);
      query = `limit=2&starting_after_id=${key.id}&starting_after_date=${date}`;
    }
    assert.deepEqual(walked, all);
  });

  test("is found by the time it was settled and by the times of its items, by the seller and by a search", async () => {
    const all = (await list("limit=1000")).items;
    const [newest, second] = all;
    assert.ok(newest && second);
    const ids = async (query: string) => (await list(`limit=1000&${query}`)).items.map(({ id }) => id);
    assert.deepEqual(await ids(`created_at.gte=${newest.settled_at}`), [newest.id]);
    assert.deepEqual((await ids(`created_at.lte=${second.settled_at}`))[0], second.id);
    assert.deepEqual(await ids(`item_created_at.gte=${newest.settled_at}`), []);
    assert.equal((await ids(`item_created_at.lte=${newest.settled_at}`)).length, all.length);
    assert.deepEqual(await ids(`search=${second.provider_reference}`), [second.id]);
    assert.deepEqual(await ids(`search=${second.id}`), [second.id]);
    const { text } = await report(second);
    const transaction_id = text.split("\r\n")[1]?.split(",")[5] ?? "";
    assert.ok((await ids(`search=${transaction_id}`)).includes(second.id));
    assert.deepEqual(await ids("payment_provider=vipps"), []);
    assert.equal((await ids("payment_provider[]=vipps&payment_provider[]=seitatech")).length, all.length);
    assert.equal((await ids(`payout_destination_id=${shop.demo.payout_destination_id}`)).length, all.length);
    assert.deepEqual(await ids("payout_destination_id=somebody"), []);
  });

  const halves: [query: string, field: string][] = [
    ["starting_after_id=x", "starting_after_date"],
    ["starting_after_date=2026-01-01", "starting_after_id"],
    ["starting_after_id=x&starting_after_date=yesterday", "starting_after_date"],
    ["limit=1001", "limit"],
    ["limit=0", "limit"],
    ["created_at.gte=soon", "created_at.gte"],
    ["item_created_at.lte=soon", "item_created_at.lte"],
  ];
  for (const [query, field] of halves) {
    test(`is not to be had with ${query}`, async () => {
      const refusal = { status: 400, code: "INVALID_REQUEST_PARAMETER", field: field.includes(".") ? [field] : field };
      const answer = await call<ErrorBody>("GET", `${path}?${query}`);
      assert.equal(answer.status, refusal.status);
      assert.ok(answer.body.error.message.includes(field), answer.body.error.message);
    });
  }

  test("that is not there is not found, and neither is its report", async () => {
    for (const where of [`${path}/nothing`, `${path}/nothing/items.csv`]) {
      assertRefused(await call("GET", where), { status: 404, code: "SETTLEMENT_NOT_FOUND" });
    }
  });

  test("is for those alone who may read the account", async () => {
    const { account_id } = shop.demo;
    const till = await tokenOf(shop, { account_id, client_id: "till-9", scopes: ["admin:checkout"] });
    const refused = await call<ErrorBody>("GET", path, undefined, { authorization: `Bearer ${till}` });
    assertRefused(refused, { status: 403, code: "INSUFFICIENT_SCOPE" });
  });
});

describe("a settlement's report", () => {
  test("has a line for each capture and refund, safe to open in a spreadsheet, and adds up", async () => {
    const merchant_reference = '=HYPERLINK("http://example.com","Blåbær, søt")';
    const payment = await paid(shop, counter, { order: { merchant_reference } });
    await refunded(payment, 900);
    const [settlement] = await settle();
    assert.ok(settlement);
    const { headers, text } = await report(settlement);
    assert.equal(headers.get("content-type"), "text/csv; charset=utf-8");
    assert.match(headers.get("content-disposition") ?? "", /^attachment; filename="settlement-[\w-]+\.csv"$/);
    const [head, ...lines] = text.split("\r\n");
    assert.match(head ?? "", /^settlement_id,provider_reference,.*,currency,capture,refund,fee,amount$/);
    assert.equal(lines.pop(), "", "the last line is ended too");
    assert.equal(lines.length, 2);
    for (const line of lines) assert.ok(line.includes(`,"'=HYPERLINK(""http://example.com"",""Blåbær, søt"")",`), line);
    assert.deepEqual(
      lines.map((line) => line.split(",").slice(-5)),
      [
        ["NOK", "39900", "0", "0", "39900"],
        ["NOK", "0", "900", "0", "-900"],
      ],
    );
    assert.deepEqual(settlement.amounts[0]?.amount, 39_900 - 900);
  });

  test("is whole where it is larger than what is held in memory", async () => {
    const [settlement] = (await list()).items;
    assert.ok(settlement);
    await shop.database.sql(
      `INSERT INTO settlement_items (account_id, settlement_id, created_at, transaction_id, event_id, event, amount,
         currency, is_test)
       SELECT $1, $2, '2026-01-01'::timestamptz + (n / 3) * interval '1 microsecond', 'many-' || n, 3, 'CAPTURE', n,
         'NOK', true
       FROM generate_series(1, 2500) AS n`,
      [shop.demo.account_id, settlement.id],
    );
    const { text } = await report(settlement);
    const amounts = text
      .split("\r\n")
      .flatMap((line) => (line.includes(",many-") ? [Number(line.split(",").at(-1))] : []));
    assert.equal(amounts.length, 2_500);
    assert.equal(new Set(amounts).size, 2_500);
    await shop.database.sql("DELETE FROM settlement_items WHERE transaction_id LIKE 'many-%'");
  });
});

describe("a test settlement", () => {
  const where = () => `${path}/reports/generate-test-report`;
  const generate = (body: unknown) => call<Listed>("POST", where(), body);

  async function generated(body: unknown): Promise<Settlement> {
    const { status, body: answer } = await generate(body);
    assert.equal(status, 201, JSON.stringify(answer));
    const [settlement, ...more] = answer.items;
    assert.ok(settlement);
    assert.deepEqual(more, []);
    return settlement;
  }

  test("of named transactions looks like a real one, and settles nothing", async () => {
    const payment = await paid(shop, counter, { order: { merchant_reference: "Smørbrød" } });
    const settlement = await generated({ transaction_ids: [payment.id] });
    assert.equal(settlement.test, true);
    assert.match(settlement.provider_reference, /^TEST-\d{8}-/);
    assert.deepEqual(settlement.amounts, [{ amount: 39_900, capture: 39_900, refund: 0, fee: 0, currency: "NOK" }]);
    assert.match((await report(settlement)).text, /,Smørbrød,/);
    assert.deepEqual((await call<One>("GET", `${path}/${settlement.id}`)).body, settlement);
    assert.deepEqual(await read(shop, payment), payment);
    // It may be made again, and the day is settled as if there were none.
    await generated({ transaction_ids: [payment.id] });
    await settle();
    const settled = await read(shop, payment);
    assert.equal(settled.settlement_status, "SETTLED");
    const [said] = settled.events.flatMap((event) => event.settlements?.events ?? []);
    const real = (await call<One>("GET", `${path}/${said?.settlement_id}`)).body;
    assert.deepEqual([real.test, real.amounts[0]?.capture], [undefined, 39_900]);
    assert.deepEqual(await auditFindings(shop.database.db), []);
  });

  test("of the newest transactions holds so many", async () => {
    await paid(shop, counter);
    await paid(shop, counter);
    const { amounts } = await generated({ number_of_transactions: 2 });
    assert.equal(amounts[0]?.capture, 2 * 39_900);
  });

  test("of a range holds what was captured and paid back in it", async () => {
    const payment = await paid(shop, counter);
    const at = payment.events.find(({ event }) => event === "CAPTURE")?.created_at ?? "";
    const range = { start_at: at, end_at: new Date(Date.parse(at) + 1).toISOString() };
    const settlement = await generated({ date_range: range });
    assert.deepEqual([settlement.start_at, settlement.end_at], [range.start_at, range.end_at]);
    assert.equal(settlement.amounts[0]?.capture, 39_900);
  });

  const nothing = { start_at: "2001-01-01", end_at: "2001-01-02" };
  const refusals: [what: string, body: unknown, code: string, field: string][] = [
    ["of nothing", {}, "INVALID_REQUEST_PARAMETER", "transaction_ids"],
    [
      "of two things at once",
      { number_of_transactions: 1, date_range: nothing },
      "INVALID_REQUEST_PARAMETER",
      "date_range",
    ],
    ["of an empty list", { transaction_ids: [] }, "INVALID_REQUEST_PARAMETER", "transaction_ids"],
    ["of a list of numbers", { transaction_ids: [1] }, "INVALID_REQUEST_PARAMETER", "transaction_ids.0"],
    ["of a transaction that is not there", { transaction_ids: ["none"] }, "TRANSACTION_UNKNOWN", "transaction_ids.0"],
    ["of no transactions", { number_of_transactions: 0 }, "INVALID_REQUEST_PARAMETER", "number_of_transactions"],
    ["of too many", { number_of_transactions: 1_001 }, "INVALID_REQUEST_PARAMETER", "number_of_transactions"],
    ["of one and a half", { number_of_transactions: 1.5 }, "INVALID_REQUEST_PARAMETER", "number_of_transactions"],
    [
      "of a range without an end",
      { date_range: { start_at: "2026-01-01" } },
      "INVALID_REQUEST_PARAMETER",
      "date_range.end_at",
    ],
    [
      "of a range that is no time",
      { date_range: { ...nothing, end_at: "later" } },
      "INVALID_REQUEST_PARAMETER",
      "date_range.end_at",
    ],
    [
      "of a range that ends before it begins",
      { date_range: { ...nothing, start_at: "2002-01-01" } },
      "INVALID_REQUEST_PARAMETER",
      "date_range.end_at",
    ],
    ["of a range in which nothing was sold", { date_range: nothing }, "NOTHING_TO_SETTLE", "date_range"],
  ];
  for (const [what, body, code, field] of refusals) {
    test(`${what} is refused, and none is made`, async () => {
      const before = await list("limit=1000");
      assertRefused(await generate(body), { status: 400, code, field });
      assert.deepEqual(await list("limit=1000"), before);
    });
  }

  test("of a sale that was declined is refused", async () => {
    const [declined] = await shop.database.sql<{ id: string }>("SELECT id FROM transactions WHERE status = 'DECLINED'");
    const answer = await generate({ transaction_ids: [declined?.id] });
    assertRefused(answer, { status: 400, code: "NOTHING_TO_SETTLE", field: "transaction_ids.0" });
  });

  test("is refused on a live account", async () => {
    const account_id = "P12345678";
    const live = await tokenOf(shop, { account_id, client_id: "books", scopes: ["admin:accounts"] });
    const answer: Answer<ErrorBody> = await shop.call(
      "POST",
      `/v1/accounts/${account_id}/settlements/reports/generate-test-report`,
      { number_of_transactions: 1 },
      { authorization: `Bearer ${live}` },
    );
    assertRefused(answer, { status: 400, code: "TEST_SETTLEMENT_OF_LIVE_ACCOUNT" });
  });
});

describe("the account's time zone", () => {
  for (const time_zone of ["europe/oslo", "+01:00", "Grønland", ""]) {
    test(`is not ${JSON.stringify(time_zone)}`, async () => {
      const before = (await shop.call("GET", "/v1/admin/checkout")).body;
      assertRefused(await putZone(time_zone), {
        status: 400,
        code: "INVALID_REQUEST_PARAMETER",
        field: "configuration.time_zone",
      });
      assert.deepEqual((await shop.call("GET", "/v1/admin/checkout")).body, before);
    });
  }

  test("is changed on record, and stays where it is not sent", async () => {
    type Configured = { configuration: { time_zone: string } };
    await putZone("Arctic/Longyearbyen");
    const { body } = await shop.call<Configured>("PUT", "/v1/admin/checkout", { configuration: {} });
    assert.equal(body.configuration.time_zone, "Arctic/Longyearbyen");
    const changes = await call<{ change: unknown }[]>(
      "GET",
      `/v1/accounts/${shop.demo.account_id}/changes?entity=account&limit=2`,
    );
    assert.deepEqual(changes.body[1]?.change, { configuration: { time_zone: "Arctic/Longyearbyen" } });
  });
});
