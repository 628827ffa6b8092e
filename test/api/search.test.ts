/** A sale is found again by whoever bought, by its references and by its ids, in the lists of sessions and transactions. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Session } from "../../src/contract/session.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { tokenOf } from "../support/clients.ts";
import { openShop, type SaleChange, type Shop } from "../support/shop.ts";

let shop: Shop;
/** Sales by what is told of them, as ids of sessions. */
const sold: Record<string, string> = {};
/** Longer than any index takes, and of nothing that could be pressed together. */
const long = randomBytes(6_000).toString("base64");

async function sell(name: string, change: SaleChange): Promise<void> {
  const { status, body } = await shop.create(change);
  assert.equal(status, 200, JSON.stringify(body).slice(0, 500));
  sold[name] = body.id;
  await shop.ended(body.id);
}

before(async () => {
  shop = await openShop();
  await shop.play("auto");
  await sell("billed", { order: { billing_address: { first_name: "Bjørn", last_name: "Ødegård" } } });
  await sell("shipped", { order: { shipping_address: { first_name: "Bjørn", last_name: "Ødegård" } } });
  await sell("half a name", { order: { billing_address: { last_name: "Ødegård" } } });
  await sell("a customer", {
    customer: { customer_id: "kunde-7", email: "kari@example.com", phone_number: "+4799999999" },
  });
  await sell("another customer", { customer: { customer_id: "kunde-8" } });
  await sell("referred", { order: { merchant_reference: "kvittering-1", merchant_reference_2: "bord 7" } });
  await sell("referred at length", { order: { merchant_reference_2: long } });
  await sell("named at length", { order: { billing_address: { first_name: long } }, customer: { customer_id: long } });
  await sell("plain", {});
});
after(() => shop.close());

const names = (ids: readonly (string | undefined)[]): string[] =>
  Object.entries(sold).flatMap(([name, id]) => (ids.includes(id) ? [name] : []));

async function sessions(query: object): Promise<string[]> {
  const { status, body } = await shop.call<Session[]>("GET", `/v1/sessions?limit=100&${text(query)}`);
  assert.equal(status, 200, JSON.stringify(body));
  return names(body.map(({ id }) => id));
}

async function transactions(query: object, token = shop.token): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}` };
  const path = `/v1/transactions?limit=100&${text(query)}`;
  const { status, body } = await shop.call<Transaction[]>("GET", path, undefined, headers);
  assert.equal(status, 200, JSON.stringify(body));
  return names(body.map(({ session_id }) => session_id));
}

const text = (query: object): string => new URLSearchParams(query as Record<string, string>).toString();

const everything = () => Object.keys(sold);

describe("a search", () => {
  const searches: [words: string, in_transactions: string[], in_sessions?: string[]][] = [
    ["Bjørn Ødegård", ["billed", "shipped"]],
    ["BJØRN ødegård", ["billed", "shipped"]],
    ["Ødegård", ["half a name"]],
    ["Bjørn", []],
    ["kari@example.com", ["a customer"], []],
    ["+4799999999", ["a customer"], []],
    ["kvittering-1", ["referred"]],
    ["bord 7", ["referred"]],
    ["Bord 7", []],
    ["kunde-7", []],
    ["nobody", []],
    ["' OR 1=1 --", []],
  ];
  for (const [search, in_transactions, in_sessions = in_transactions] of searches) {
    test(`for ${search} finds ${in_transactions.length === 0 ? "nothing" : in_transactions.join(" and ")}`, async () => {
      assert.deepEqual(await transactions({ search }), in_transactions);
      assert.deepEqual(await sessions({ search }), in_sessions);
    });
  }

  test("for nothing leaves nothing out", async () => {
    assert.deepEqual(await transactions({ search: "" }), everything());
    assert.deepEqual(await sessions({ search: "" }), everything());
  });

  test("finds by the ids of the sale, and together with another filter", async () => {
    const id = sold.plain ?? "";
    assert.deepEqual(await transactions({ search: id }), ["plain"]);
    assert.deepEqual(await transactions({ search: "Bjørn Ødegård", session_id: sold.shipped }), ["shipped"]);
    assert.deepEqual(await transactions({ search: "Bjørn Ødegård", status: "DECLINED" }), []);
  });

  test("of another account finds nothing of ours", async () => {
    const theirs = await tokenOf(shop, { account_id: "T00000042", client_id: "x", scopes: ["admin:checkout"] });
    assert.deepEqual(await transactions({ search: "kari@example.com" }, theirs), []);
    assert.deepEqual(await transactions({ customer_id: "kunde-7" }, theirs), []);
  });

  test("finds what is longer than an index takes, whole and not by its beginning", async () => {
    assert.deepEqual(await transactions({ merchant_reference_2: "bord 7" }), ["referred"]);
    const [row] = await shop.database.sql<{ id: string }>(
      "SELECT id FROM transactions WHERE merchant_reference_2 = $1",
      [long],
    );
    assert.ok(row, "the sale was taken");
    const path = `/v1/transactions/${row.id}`;
    const put = await shop.call("PUT", path, { merchant_reference_2: `${long.slice(0, 5_000)}ø` });
    assert.equal(put.status, 200);
    assert.deepEqual(await transactions({ search: long.slice(0, 5_000) }), []);
    assert.deepEqual(await transactions({ merchant_reference_2: `${long.slice(0, 5_000)}ø` }), ["referred at length"]);
  });
});

test("a customer's sales are found by the customer, and no other's", async () => {
  assert.deepEqual(await transactions({ customer_id: "kunde-7" }), ["a customer"]);
  assert.deepEqual(await transactions({ customer_id: "kunde" }), []);
});

test("a time range holds exactly the sales that were made in it, to the millisecond", async () => {
  const { body } = await shop.call<Transaction>("GET", `/v1/sessions/${sold.referred}`);
  const at = body.created_at;
  const before = new Date(Date.parse(at) - 1).toISOString();
  const after = new Date(Date.parse(at) + 1).toISOString();
  const between = (gte: string, lte: string) => ({ "created_at.gte": gte, "created_at.lte": lte });
  assert.deepEqual(await sessions(between(at, at)), ["referred"]);
  assert.deepEqual(await sessions(between(after, after)), []);
  assert.deepEqual(await sessions(between(before, after)), ["referred"]);
  assert.deepEqual(await sessions({ "created_at.lte": "1960-01-01T00:00:00.000Z" }), []);
  assert.deepEqual(await sessions({ "created_at.gte": "9999-01-01T00:00:00.000Z" }), []);
  assert.deepEqual(await transactions(between("1960-01-01", "9999-12-31")), everything());
});
