/** Stores: who is paid there, what stands there, and what may be done to one while something is open in it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AccountStore } from "../../src/contract/store.ts";
import { tokenOf } from "../support/clients.ts";
import { sell, sold, transactionOf, untilPrompt } from "../support/honest-shop.ts";
import { type Onboarding, openOnboarding, sellerBody } from "../support/onboarding.ts";
import { type Answer, until } from "../support/shop.ts";
import { assertRefused } from "./refusal.ts";

const stores = "/stores";

const whole = (store_id: string, payout_destination_id: string) => ({
  store_id,
  store_name: "Kiosken på Grünerløkka",
  organization: {
    organization_number: "974760673",
    country: "NO",
    type: "main_unit",
    name: "Løkka AS",
    trade_name: "Ø",
  },
  payout_destination: { payout_destination_id, merchant_category_code: "5814", ext_since: "2026" },
  address: { address_line: "Thorvald Meyers gate 1", postal_code: "0555", postal_place: "Oslo", country: "NO" },
  coordinates: { latitude: 59.9225, longitude: 10.7583 },
  phone_number: "+4722222222",
  email: "kiosk@example.com",
  website: "https://kiosk.example.com",
  ext_region: "Øst",
});

let office: Onboarding;
before(async () => {
  office = await openOnboarding();
  await office.seller("seller-a", { name: "A", type: "individual" });
  await office.seller("seller-b");
});
after(() => office.shop.close());

const create = (body: object, ...scopes: string[]) => office.manage<AccountStore>("POST", stores, body, ...scopes);
const read = (id: string) => office.manage<AccountStore>("GET", `${stores}/${encodeURIComponent(id)}`);
const change = (id: string, body: object) => office.manage<AccountStore>("PUT", `${stores}/${id}`, body);
const remove = (id: string) => office.manage<AccountStore>("DELETE", `${stores}/${id}`);
const relink = (id: string, payout_destination_id: string) =>
  change(id, { payout_destination: { payout_destination_id } });
const decide = (id: string, case_status: string) =>
  office.manage("POST", `/payout-destinations/${id}/decision`, { case_status, reason: "Test" });

const refuses = (answer: Answer<unknown>, status: number, code: string, field?: string): void =>
  assertRefused(answer as never, { status, code, ...(field === undefined ? {} : { field }) });
const messageOf = (answer: Answer<unknown>): string => (answer.body as { error: { message: string } }).error.message;

describe("a store", () => {
  test("is answered with everything that was sent, and with what is ours", async () => {
    const asked = whole("whole", "seller-a");
    const { status, body } = await create(asked);
    assert.equal(status, 200, JSON.stringify(body));
    const { payout_destination, ...members } = asked;
    const link = { ...payout_destination, status: "ACTIVE", type: "individual" };
    const { id, created_at, ...rest } = body;
    assert.match(id, /^T12345678-\d{4}$/);
    assert.ok(!Number.isNaN(Date.parse(created_at)));
    assert.deepEqual(rest, {
      ...members,
      payout_destination: link,
      status: "ACTIVE",
      verified: true,
      created_by: "office",
      number_of_terminals: 0,
      terminals: [],
      operator_payout_destinations: [
        {
          payout_destination_id: "seller-a",
          status: "ACTIVE",
          type: "individual",
          name: "A",
          merchant_category_code: "5814",
        },
      ],
    });
    assert.deepEqual((await read("whole")).body, body);
    assert.deepEqual((await read(id)).body, body, "the generated id leads to it as well");
  });

  test("answers at both of its addresses", async () => {
    const { status, body } = await office.manage<AccountStore>("POST", "/management/stores", { store_id: "alias" });
    assert.equal(status, 200);
    assert.deepEqual((await office.manage("GET", "/management/stores/alias")).body, body);
    assert.equal((await office.manage("PUT", "/management/stores/alias", { store_name: "Ø" })).status, 200);
    assert.equal((await office.manage<AccountStore>("DELETE", "/management/stores/alias")).body.status, "DELETED");
    assert.deepEqual((await office.manage<{ stores: [] }>("GET", "/management/stores?store_id=alias")).body.stores, []);
  });

  test("without an id gets one, which is its store_id too", async () => {
    const { body } = await create({});
    assert.match(body.id, /^T12345678-\d{4}$/);
    assert.equal(body.store_id, body.id);
    assert.equal(body.verified, false);
    assert.deepEqual([body.payout_destination, body.operator_payout_destinations], [undefined, []]);
  });

  test("never gets a number that a merchant has chosen, nor a merchant a number that was given", async () => {
    const { body: last } = await create({});
    const next = `${office.account_id}-${String(Number(last.id.slice(-4)) + 1).padStart(4, "0")}`;
    refuses(await create({ store_id: last.id }), 409, "STORE_EXISTS", "store_id");
    const { body: chosen } = await create({ store_id: next });
    assert.equal(chosen.store_id, next);
    const { body: another } = await create({});
    assert.notEqual(another.id, next);
    assert.equal((await read(next)).body.id, chosen.id);
  });

  test("of numbers given to twenty at once no two are alike", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => create({})));
    assert.equal(new Set(made.map(({ body }) => body.id)).size, 20);
  });

  test("of an id that is taken is refused, asked for ten times at once too", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create({ store_id: "at-once" })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array.from({ length: 9 }, () => 409)]);
    assert.equal((await office.changes("store", "at-once")).length, 1);
  });

  for (const store_id of ["kiosk.example.com", "Løkka", "S312", "a_b-c", "x".repeat(255)]) {
    test(`may be called ${store_id.slice(0, 20)}`, async () => {
      assert.equal((await create({ store_id })).status, 200);
      assert.equal((await read(store_id)).body.store_id, store_id);
    });
  }

  test("counts the terminals that stand there and shows them, deleted ones left out", async () => {
    await office.store("furnished", "seller-a");
    const kept = await office.terminal("furnished");
    const gone = await office.terminal("furnished");
    await office.shop.database.sql("UPDATE terminals SET status = 'DELETED' WHERE terminal_id = $1", [
      gone.terminal_id,
    ]);
    const { body } = await read("furnished");
    assert.equal(body.number_of_terminals, 1);
    assert.deepEqual(body.terminals, [
      { terminal_id: kept.terminal_id, device_serial_number: `HAND-${kept.terminal_id}`, status: "ACTIVE" },
    ]);
  });
});

describe("a store is refused by the field that is wrong, and nothing is written", () => {
  const rows: [what: string, change: Record<string, unknown>, field: string, code?: string][] = [
    ["an empty id", { store_id: "" }, "store_id"],
    ["an id with a slash", { store_id: "oslo/center" }, "store_id"],
    ["an id with a space", { store_id: "oslo center" }, "store_id"],
    ["an id of two dots", { store_id: ".." }, "store_id"],
    ["an id of 256 characters", { store_id: "x".repeat(256) }, "store_id"],
    ["a number for a name", { store_name: 7 }, "store_name"],
    ["a latitude beyond the pole", { coordinates: { latitude: 90.1, longitude: 0 } }, "coordinates.latitude"],
    ["a longitude in text", { coordinates: { latitude: 0, longitude: "10" } }, "coordinates.longitude"],
    ["an email that is none", { email: "kiosk" }, "email"],
    ["a country in words", { organization: { country: "Norge" } }, "organization.country"],
    ["two payout destinations", { payout_destination: [{ payout_destination_id: "seller-a" }] }, "payout_destination"],
    ["a link to nobody", { payout_destination: {} }, "payout_destination.payout_destination_id"],
    [
      "a category that is none",
      { payout_destination: { payout_destination_id: "seller-a", merchant_category_code: "kiosk" } },
      "payout_destination.merchant_category_code",
    ],
    [
      "a payout destination that is not there",
      { payout_destination: { payout_destination_id: "nobody" } },
      "payout_destination.payout_destination_id",
      "PAYOUT_DESTINATION_UNKNOWN",
    ],
  ];
  for (const [what, wrong, field, code = "INVALID_REQUEST_PARAMETER"] of rows) {
    test(what, async () => {
      refuses(await create({ store_id: "never", ...wrong }), 400, code, field);
      refuses(await read("never"), 404, "STORE_NOT_FOUND");
    });
  }
  for (const case_status of ["ARCHIVED", "TERMINATED"]) {
    test(`a payout destination that is ${case_status}, for a new store and for one that is there`, async () => {
      const payout_destination_id = `closed-${case_status}`;
      await office.seller(payout_destination_id);
      await decide(payout_destination_id, case_status);
      const payout_destination = { payout_destination_id };
      const field = "payout_destination.payout_destination_id";
      refuses(await create({ store_id: "never", payout_destination }), 400, "PAYOUT_DESTINATION_NOT_ACTIVE", field);
      refuses(await read("never"), 404, "STORE_NOT_FOUND");
      const { body: store } = await create({});
      refuses(await change(store.store_id, { payout_destination }), 400, "PAYOUT_DESTINATION_NOT_ACTIVE", field);
      assert.deepEqual((await read(store.store_id)).body, store);
    });
  }
});

describe("what a store lacks", () => {
  const contact = {
    address: { address_line: "Storgata 1", postal_place: "Tromsø", country: "NO" },
    phone_number: "+4777777777",
    email: "post@example.com",
    website: "https://example.com",
  };
  const contactOf = ({ address, phone_number, email, website }: AccountStore) => ({
    address,
    phone_number,
    email,
    website,
  });

  test("it gets from the payout destination that it is linked to, and what it has it keeps", async () => {
    await office.seller("filling", contact);
    const payout_destination = { payout_destination_id: "filling" };
    const { body } = await create({ store_id: "filled", payout_destination, phone_number: "+47 1", email: "" });
    assert.deepEqual(contactOf(body), { ...contact, phone_number: "+47 1" });
    const [filled, created] = await office.changes("store", "filled");
    assert.equal(filled?.changed_by, "tapline");
    assert.deepEqual(filled.change.address, contact.address);
    assert.deepEqual([created?.action, created?.changed_by], ["created", "office"]);
  });
  test("it gets when the payout destination is approved, and not before", async () => {
    await office.manage("POST", "/payout-destinations", { ...sellerBody("later"), ...contact });
    await office.store("waiting", "later");
    assert.equal((await read("waiting")).body.address, undefined);
    assert.equal((await read("waiting")).body.verified, false);
    await decide("later", "ACTIVE");
    assert.deepEqual(contactOf((await read("waiting")).body), contact);
    assert.equal((await read("waiting")).body.verified, true);
  });
  test("it gets when it is linked later", async () => {
    await create({ store_id: "unlinked" });
    assert.deepEqual(contactOf((await relink("unlinked", "filling")).body), contact);
  });
});

describe("changing a store", () => {
  test("changes what is sent and leaves the rest, and is recorded with who did it", async () => {
    const { body: before } = await create(whole("changed", "seller-a"));
    const { body } = await change("changed", { store_name: "Ølhallen", coordinates: { latitude: 1, longitude: 2 } });
    const { updated_at, updated_by, ...rest } = body;
    assert.deepEqual(rest, { ...before, store_name: "Ølhallen", coordinates: { latitude: 1, longitude: 2 } });
    assert.ok(Date.parse(updated_at ?? "") >= Date.parse(before.created_at));
    assert.equal(updated_by, "office");
    const [changed] = await office.changes("store", "changed");
    assert.deepEqual(changed?.change, { store_name: "Ølhallen", coordinates: { latitude: 1, longitude: 2 } });
  });
  test("with what was read changes nothing and records nothing", async () => {
    const { body } = await create(whole("same", "seller-a"));
    const answer = await change(body.id, body);
    assert.deepEqual(answer.body, body);
    assert.equal((await office.changes("store", "same")).length, 1);
  });
  test("cannot change its id, is refused for one that is not there, and for one that was deleted", async () => {
    await create({ store_id: "fixed" });
    refuses(await change("fixed", { store_id: "free" }), 400, "INVALID_REQUEST_PARAMETER", "store_id");
    refuses(await change("nobody", { store_name: "X" }), 404, "STORE_NOT_FOUND");
    await remove("fixed");
    refuses(await change("fixed", { store_name: "X" }), 400, "STORE_NOT_ACTIVE");
  });
});

describe("deleting a store", () => {
  test("answers it as DELETED, and says who did it; again is the same answer", async () => {
    await create(whole("closed", "seller-a"));
    const { status, body } = await remove("closed");
    assert.deepEqual([status, body.status, body.deleted_by], [200, "DELETED", "office"]);
    assert.ok(body.deleted_at);
    assert.deepEqual((await remove("closed")).body, body);
    assert.deepEqual((await read("closed")).body, body);
    const [deleted, ...others] = await office.changes("store", "closed");
    assert.deepEqual([deleted?.action, others.length], ["deleted", 1]);
  });
  test("does not give its ids out again", async () => {
    const { body } = await create({ store_id: "once" });
    await remove("once");
    refuses(await create({ store_id: "once" }), 409, "STORE_EXISTS", "store_id");
    refuses(await create({ store_id: body.id }), 409, "STORE_EXISTS", "store_id");
  });
  test("is refused while terminals stand in it, by their names", async () => {
    await office.store("standing", "seller-a");
    const { terminal_id } = await office.terminal("standing");
    const answer = await remove("standing");
    refuses(answer, 409, "STORE_HAS_TERMINALS");
    assert.ok(messageOf(answer).includes(terminal_id));
    const { body } = await read("standing");
    assert.deepEqual([body.status, body.deleted_at], ["ACTIVE", undefined]);
    await office.shop.database.sql("UPDATE terminals SET status = 'DELETED' WHERE terminal_id = $1", [terminal_id]);
    assert.equal((await remove("standing")).body.status, "DELETED");
  });
  test("is refused for one that is not there", async () => refuses(await remove("nobody"), 404, "STORE_NOT_FOUND"));
});

describe("while something is open in a store", () => {
  const at = (store: string, payout_destination_id = "seller-a") => ({ store: { id: store, payout_destination_id } });

  async function open(store: string) {
    await office.store(store, "seller-a");
    const hand = await office.terminal(store);
    const link = await hand.connect();
    const session_id = await sold(office.shop, hand.terminal_id, {
      ...at(store),
      order: { merchant_reference: `order-${store}` },
    } as never);
    return { hand, link, session_id, prompt: await link.expect("prompt") };
  }

  async function bothRefused(store: string, words: RegExp): Promise<void> {
    for (const answer of [await remove(store), await relink(store, "seller-b")]) {
      refuses(answer, 409, "STORE_HAS_OPEN_WORK");
      assert.match(messageOf(answer), words);
    }
    const { body } = await read(store);
    assert.deepEqual([body.status, body.payout_destination?.payout_destination_id], ["ACTIVE", "seller-a"]);
    assert.equal((await office.changes("store", store)).length, 1, "what was refused is not recorded");
  }

  test("a sale on the screen: it is neither deleted nor linked to another, and the sale is paid", async () => {
    const { hand, link, session_id, prompt } = await open("screen");
    await bothRefused("screen", /the sale order-screen \(session T12345678\.\w+\) on T12345678-T\d{4}/);
    assert.equal((await change("screen", { store_name: "Nytt navn på døra" })).status, 200);
    link.send(hand.approval(prompt));
    const paid = await office.shop.ended(session_id);
    assert.deepEqual([paid.status, paid.amount], ["CAPTURED", prompt.amount]);
    assert.equal((await relink("screen", "seller-b")).status, 200);
    assert.equal((await sell(office.shop, hand.terminal_id, at("screen", "seller-b"))).status, 200);
    hand.leave();
  });

  test("a sale on the screen of a terminal that was deleted since: it is still in the way, and is paid", async () => {
    const { hand, link, session_id, prompt } = await open("deleted-under");
    await office.shop.database.sql("UPDATE terminals SET status = 'DELETED' WHERE terminal_id = $1", [
      hand.terminal_id,
    ]);
    await bothRefused("deleted-under", /the sale order-deleted-under/);
    link.send(hand.approval(prompt));
    assert.equal((await office.shop.ended(session_id)).status, "CAPTURED");
    assert.equal((await remove("deleted-under")).status, 200);
    hand.leave();
  });

  test("a payment that nobody knows the end of, until it is known", async () => {
    const { hand, link, session_id, prompt } = await open("unknown");
    const sql = office.shop.database.sql;
    await untilPrompt(office.shop, session_id, "SENT", "SHOWN");
    await sql("UPDATE prompts SET status = 'UNRESOLVED', unresolved_at = now() WHERE id = $1", [prompt.prompt_id]);
    await bothRefused("unknown", /the sale order-unknown/);
    link.send(hand.result(prompt.prompt_id, "declined"));
    assert.equal((await office.shop.ended(session_id)).status, "DECLINED");
    assert.equal((await relink("unknown", "seller-b")).status, 200);
    hand.leave();
  });

  test("a refund that waits for its turn", async () => {
    const { hand, link, session_id, prompt } = await open("refunding");
    link.send(hand.approval(prompt));
    const paid = await office.shop.ended(session_id);
    await link.expect("acknowledge");
    const second = await sold(office.shop, hand.terminal_id, at("refunding"));
    const shown = await link.expect("prompt");
    const refund = { amount: 100, terminal_id: hand.terminal_id };
    assert.equal((await office.shop.call("POST", `/v1/transactions/${paid.id}/refund`, refund)).status, 202);
    await bothRefused("refunding", /the refund of the sale order-refunding/);
    link.send(hand.approval(shown));
    await office.shop.ended(second);
    await link.expect("acknowledge");
    const asked = await link.expect("prompt");
    await bothRefused("refunding", /: the refund of the sale order-refunding/);
    link.send(hand.approval(asked));
    await until(async () => (await transactionOf(office.shop, session_id)).status === "PARTIALLY_REFUNDED");
    assert.equal((await relink("refunding", "seller-b")).status, 200);
    hand.leave();
  });

  test("an approval that is being taken back", async () => {
    const { hand, link, session_id, prompt } = await open("reversing");
    link.send(hand.result(prompt.prompt_id, "declined"));
    await office.shop.ended(session_id);
    await office.shop.database.sql(
      `INSERT INTO reversals (account_id, id, prompt_id, session_id, transaction_id, terminal_id, journal_id, amount,
         currency, status, issued_at)
       SELECT account_id, 'rev_1', id, session_id, transaction_id, terminal_id, 'jr', amount, currency, 'UNRESOLVED', now()
       FROM prompts WHERE id = $1`,
      [prompt.prompt_id],
    );
    await bothRefused("reversing", /the reversal of the sale order-reversing/);
    await office.shop.database.sql("UPDATE reversals SET status = 'REFUSED', finished_at = now()");
    assert.equal((await relink("reversing", "seller-b")).status, 200);
    hand.leave();
  });

  test("a capture that the terminal's host has not answered", async () => {
    await office.store("capturing", "seller-a");
    const hand = await office.terminal("capturing");
    const link = await hand.connect();
    const session_id = await sold(office.shop, hand.terminal_id, {
      ...at("capturing"),
      configuration: { auto_capture: false },
    });
    link.send(hand.approval(await link.expect("prompt")));
    const { id } = await office.shop.ended(session_id);
    await link.expect("acknowledge");
    const capture = office.shop.call("POST", `/v1/transactions/${id}/capture`, { amount: 39900 });
    const advice = await link.expect("advice");
    await bothRefused("capturing", /the capture of the sale order-12345/);
    const key = { journal_id: hand.journal_id, sequence: ++hand.sequence };
    link.send({ type: "advice_result", ...key, advice_id: advice.advice_id, outcome: "accepted" });
    assert.equal((await capture).status, 200);
    assert.equal((await relink("capturing", "seller-b")).status, 200);
    hand.leave();
  });

  test("sales and relinking at once: a sale is paid to one of the two, or refused; never to another", async () => {
    await office.store("racing", "seller-a");
    const hands = await Promise.all(Array.from({ length: 8 }, () => office.terminal("racing")));
    const sales = hands.map(({ terminal_id }) => sell(office.shop, terminal_id, at("racing")));
    const linked = await relink("racing", "seller-b");
    const statuses = (await Promise.all(sales)).map(({ status }) => status);
    const rows = await office.shop.database.sql<{ payout_destination_id: string }>(
      "SELECT payout_destination_id FROM transactions WHERE store_id = 'racing'",
    );
    const taken = statuses.filter((status) => status === 200).length;
    assert.equal(rows.length, taken);
    for (const row of rows) assert.equal(row.payout_destination_id, "seller-a");
    // One or the other: with a sale under way the store stays, and in a store that has gone no sale begins.
    assert.deepEqual([linked.status, taken > 0], taken > 0 ? [409, true] : [200, false]);
  });
});

describe("a list of stores", () => {
  let fresh: Onboarding;
  before(async () => {
    fresh = await openOnboarding();
    for (const table of ["terminal_seats", "simulated_terminals", "devices", "terminals", "stores"]) {
      await fresh.shop.database.sql(`DELETE FROM ${table}`);
    }
    await fresh.seller("seller-a");
    await fresh.seller("seller-b");
  });
  after(() => fresh.shop.close());

  const page = async (query = "") => {
    const { status, body } = await fresh.manage<{ stores: AccountStore[]; starting_after?: string }>(
      "GET",
      `/stores${query}`,
    );
    assert.equal(status, 200, JSON.stringify(body));
    return { ids: body.stores.map(({ store_id }) => store_id), next: body.starting_after };
  };

  test("is empty where there is none, and has no next page", async () =>
    assert.deepEqual(await page(), { ids: [], next: undefined }));

  test("is told newest first in pages that stay the same while more are added", async () => {
    for (let number = 1; number <= 12; number++) {
      await fresh.store(`shop-${String(number).padStart(2, "0")}`, number % 2 === 0 ? "seller-a" : "seller-b");
    }
    const first = await page();
    assert.equal(first.ids.length, 10);
    assert.equal(first.ids[0], "shop-12");
    await fresh.store("shop-13", "seller-b");
    assert.deepEqual(await page(`?starting_after=${first.next}`), { ids: ["shop-02", "shop-01"], next: undefined });
    assert.deepEqual(await page("?limit=13"), { ids: (await page("?limit=100")).ids, next: undefined });
  });

  test("leaves deleted ones out unless they are asked for, and goes on after one that was deleted since", async () => {
    const { next } = await page("?limit=3");
    assert.equal(next, "shop-11");
    await fresh.manage("DELETE", "/stores/shop-11");
    assert.equal((await page(`?limit=1&starting_after=${next}`)).ids[0], "shop-10");
    assert.ok(!(await page("?limit=100")).ids.includes("shop-11"));
    assert.deepEqual((await page("?status=DELETED")).ids, ["shop-11"]);
    assert.equal((await page("?limit=100&status=DELETED&status=ACTIVE")).ids.length, 13);
  });

  test("is filtered by store and by payout destination, and several mean any of them", async () => {
    assert.deepEqual((await page("?store_id=shop-01,shop-02")).ids, ["shop-02", "shop-01"]);
    assert.deepEqual((await page("?store_id=shop-01&store_id=shop-02&payout_destination_id=seller-a")).ids, [
      "shop-02",
    ]);
    assert.equal((await page("?payout_destination_id=seller-a")).ids.length, 6);
    assert.deepEqual((await page("?payout_destination_id=nobody")).ids, []);
  });

  test("refuses a cursor that leads nowhere, a page of 101 and a status that is none, by their names", async () => {
    for (const [query, field] of [
      ["starting_after=nobody", "starting_after"],
      ["limit=101", "limit"],
      ["status=OPEN", "status.0"],
    ] as const) {
      refuses(await fresh.manage("GET", `/stores?${query}`), 400, "INVALID_REQUEST_PARAMETER", field);
    }
  });
});

describe("who may", () => {
  test("read and write follows the scopes", async () => {
    assert.equal((await create({ store_id: "scoped" }, "write:accounts")).status, 200);
    assert.equal((await office.manage("GET", "/stores/scoped", undefined, "read:accounts")).status, 200);
    refuses(await create({ store_id: "never" }, "read:accounts"), 403, "INSUFFICIENT_SCOPE");
    refuses(await office.manage("DELETE", "/stores/scoped", undefined, "read:accounts"), 403, "INSUFFICIENT_SCOPE");
    refuses(await office.manage("GET", "/stores", undefined, "write:accounts"), 403, "INSUFFICIENT_SCOPE");
    refuses(await office.manage("GET", "/stores", undefined, "admin:checkout"), 403, "INSUFFICIENT_SCOPE");
  });

  test("another account's store reads like one that never was, and its seller cannot be linked", async () => {
    const other = "T87654321";
    const { sql } = office.shop.database;
    await sql("INSERT INTO accounts (account_id, name, in_person_enabled, created_at) VALUES ($1, 'O', true, now())", [
      other,
    ]);
    await sql(
      "INSERT INTO payout_destinations (account_id, payout_destination_id, case_status, created_at) VALUES ($1, 'theirs', 'ACTIVE', now())",
      [other],
    );
    const claims = { account_id: other, client_id: "theirs", scopes: ["admin:accounts" as const] };
    const headers = { authorization: `Bearer ${await tokenOf(office.shop, claims)}` };
    const { status, body } = await office.shop.call<AccountStore>("POST", `/v1/accounts/${other}/stores`, {}, headers);
    assert.deepEqual([status, body.id], [200, "T87654321-0001"]);
    for (const id of [body.id, "never"]) {
      const answer = await read(id);
      refuses(answer, 404, "STORE_NOT_FOUND");
      assert.equal(messageOf(answer), `There is no store ${id}.`);
      refuses(await change(id, {}), 404, "STORE_NOT_FOUND");
      refuses(await remove(id), 404, "STORE_NOT_FOUND");
    }
    const payout_destination = { payout_destination_id: "theirs" };
    refuses(await create({ store_id: "never", payout_destination }), 400, "PAYOUT_DESTINATION_UNKNOWN");
    const { status: theirs } = await office.shop.call(
      "GET",
      `/v1/accounts/${office.account_id}/stores`,
      undefined,
      headers,
    );
    assert.equal(theirs, 403);
  });
});
