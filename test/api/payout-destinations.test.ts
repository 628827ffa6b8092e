/** Sellers: set up in two ways and shown in two ways, decided by a person, and sold for when they are ACTIVE. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Approval, PayoutDestination } from "../../src/contract/payout-destination.ts";
import { tokenOf } from "../support/clients.ts";
import { sell, sold, transactionOf, untilPrompt } from "../support/honest-shop.ts";
import { type Onboarding, openOnboarding, sellerBody } from "../support/onboarding.ts";
import type { Answer } from "../support/shop.ts";
import { assertRefused } from "./refusal.ts";

const approvals = "/management/settings/approvals/payout-destinations";
const sellers = "/payout-destinations";
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const iban = {
  bank_account_currency: "NOK",
  bank_name: "Sparebanken Sør",
  bank_account_number: "NO93 8601 1117 947",
  bank_account_number_type: "IBAN",
  bank_account_country_code: "NO",
  bank_identification_code: "DNBANOKKXXX",
};

/** Everything that the contract names, and a member that it does not. */
const whole = (payout_destination_id: string) => ({
  payout_destination_id,
  payout_reference: "Torget",
  bank_accounts: [iban, { bank_account_currency: "SEK", bank_account_number: "123-45", ext_note: "kept" }],
  type: "company",
  country_code: "NO",
  payout_interval_type: "week",
  merchant_category_code: "5814",
  organization: { organization_number: "974760673", name: "Grünerløkka Kiosk AS", trade_name: "Løkka" },
  individual: { name: "Kari Ødegård", email: "kari@example.com" },
  name: "Kiosken på Grünerløkka",
  description: "Brus og pølser",
  address: { address_line: "Thorvald Meyers gate 1", postal_code: "0555", postal_place: "Oslo", country: "NO" },
  phone_number: "+4722222222",
  email: "post@example.com",
  website: "https://kiosk.example.com",
  form_submitter: { email: "kari@example.com", name: "Kari", title: "Daglig leder" },
  report_configuration: [{ type: "settlement" }],
  ext_chain: "Narvesen",
});

let office: Onboarding;
before(async () => {
  office = await openOnboarding();
});
after(() => office.shop.close());

const create = (body: object, ...scopes: string[]) =>
  office.manage<PayoutDestination>("POST", sellers, body, ...scopes);
const approve = (body: object, ...scopes: string[]) => office.manage<Approval>("POST", approvals, body, ...scopes);
const read = (id: string) => office.manage<PayoutDestination>("GET", `${sellers}/${id}`);
const change = (id: string, body: object, ...scopes: string[]) =>
  office.manage<PayoutDestination>("PUT", `${sellers}/${id}`, body, ...scopes);
const decide = (id: string, case_status: string, ...scopes: string[]) =>
  office.manage<PayoutDestination>(
    "POST",
    `${sellers}/${id}/decision`,
    { case_status, reason: "Looked into" },
    ...scopes,
  );

const refuses = (answer: Answer<unknown>, status: number, code: string, field?: string): void =>
  assertRefused(answer as never, { status, code, ...(field === undefined ? {} : { field }) });

describe("a payout destination", () => {
  test("is answered with everything that was sent, and with what is ours", async () => {
    const { status, body } = await create(whole("whole"));
    assert.equal(status, 200, JSON.stringify(body));
    const { id, account_id, case_status, created_at, created_by, ...sent } = body;
    assert.deepEqual(sent, whole("whole"));
    assert.match(id, uuid);
    assert.deepEqual([account_id, case_status, created_by], [office.account_id, "AUTOMATIC_REVIEW", "office"]);
    assert.ok(!Number.isNaN(Date.parse(created_at)));
    const { body: again } = await read("whole");
    assert.deepEqual(again, { ...body, stores: [], terminals: [], number_of_stores: 0, number_of_terminals: 0 });
  });

  test("is shown as its approval in the approvals' words", async () => {
    await create(whole("two-views"));
    const { body } = await office.manage<{ payout_destinations: Approval[] }>(
      "GET",
      `${approvals}?payout_destination_id=two-views`,
    );
    const [approval] = body.payout_destinations;
    assert.equal(body.payout_destinations.length, 1);
    assert.equal(approval?.payout_destination_name, "Kiosken på Grünerløkka");
    assert.equal(approval.payout_destination_description, "Brus og pølser");
    assert.equal(approval.payout_interval_type, "weekly");
    assert.equal(approval.organization_number, "974760673");
    assert.equal(approval.country_code, "NO");
    assert.deepEqual(approval.links, []);
    assert.equal(approval.id, (await read("two-views")).body.id);
  });

  test("that began as an approval is shown as a payout destination", async () => {
    const asked = {
      payout_destination_id: "approved",
      payout_reference: "Torget",
      bank_accounts: [{ ...iban, payout_currency: "EUR" }],
      language: "no",
      payout_destination_name: "Bergen Øl",
      payout_destination_description: "AUTO_APPROVE",
      type: "company",
      country_code: "NO",
      organization_number: "974760673",
      payout_interval_type: "monthly",
      form_submitter: { email: "kari@example.com" },
      settlement_report_configuration: { emails: ["bok@example.com"] },
      report_configuration: { emails: [] },
    };
    const { status, body } = await approve(asked, "write:accounts:/management/settings/approvals");
    assert.equal(status, 200, JSON.stringify(body));
    const { id, case_status, created_at: _, created_by, links, organization, ...sent } = body;
    assert.deepEqual(sent, asked);
    assert.deepEqual([case_status, created_by, links], ["ACTIVE", "office", []]);
    assert.deepEqual(organization, { organization_number: "974760673" });
    const { body: seller } = await read("approved");
    assert.equal(seller.id, id);
    assert.equal(seller.name, "Bergen Øl");
    assert.equal(seller.description, "AUTO_APPROVE");
    assert.equal(seller.payout_interval_type, "month");
    assert.deepEqual(seller.organization, { organization_number: "974760673" });
    assert.deepEqual(seller.bank_accounts, asked.bank_accounts);
  });

  for (const [words, case_status] of [
    ["AUTO_APPROVE", "ACTIVE"],
    ["AUTO_DECLINE", "DECLINED"],
    ["AUTO_WAITING_FOR_SIGNATURE", "WAITING_FOR_SIGNATURE"],
  ] as const) {
    test(`with ${words} in either view's description is ${case_status} on a test account`, async () => {
      const id = words.toLowerCase();
      assert.equal((await create({ ...sellerBody(id), description: words })).body.case_status, case_status);
      const asked = { ...sellerBody(`${id}-2`), payout_destination_description: words };
      assert.equal((await create(asked)).body.case_status, case_status);
    });
  }

  test("needs no more than an id, a reference and a currency, and takes empty optional texts", async () => {
    assert.equal((await create({ ...sellerBody("small"), email: "", website: "", name: "" })).status, 200);
  });

  test("takes the other view's words for a name and a description", async () => {
    const bank_accounts = [{ bank_account_currency: "NOK", payout_currency: "NOK" }];
    const { body } = await approve({
      ...sellerBody("other-words"),
      bank_accounts,
      name: "Ø",
      description: "AUTO_APPROVE",
    });
    const { payout_destination_name, payout_destination_description, case_status } = body;
    assert.deepEqual(
      [payout_destination_name, payout_destination_description, case_status],
      ["Ø", "AUTO_APPROVE", "ACTIVE"],
    );
  });

  test("cannot say of itself that it was approved", async () => {
    const { body } = await create({ ...sellerBody("sly"), case_status: "ACTIVE", id: "mine", created_by: "me" });
    assert.deepEqual([body.case_status, body.created_by], ["AUTOMATIC_REVIEW", "office"]);
    assert.match(body.id, uuid);
  });

  test("of an id that is taken is refused, in both ways, and the first one stays as it is", async () => {
    await create({ ...sellerBody("taken"), name: "First" });
    refuses(await create(sellerBody("taken")), 409, "PAYOUT_DESTINATION_EXISTS", "payout_destination_id");
    const asked = { ...sellerBody("taken"), bank_accounts: [{ bank_account_currency: "NOK", payout_currency: "NOK" }] };
    refuses(await approve(asked), 409, "PAYOUT_DESTINATION_EXISTS", "payout_destination_id");
    assert.equal((await read("taken")).body.name, "First");
  });

  test("asked for ten times at once is one", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(sellerBody("at-once"))));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array.from({ length: 9 }, () => 409)]);
    assert.equal((await office.changes("payout_destination", "at-once")).length, 1);
  });
});

describe("a payout destination is refused by the field that is wrong, and nothing is written", () => {
  const account = (change: object) => ({ bank_accounts: [{ ...iban, ...change }] });
  const rows: [what: string, change: Record<string, unknown>, field: string, code?: string][] = [
    ["no id", { payout_destination_id: undefined }, "payout_destination_id"],
    ["an id of 41 characters", { payout_destination_id: "x".repeat(41) }, "payout_destination_id"],
    ["an id with an ø", { payout_destination_id: "øl" }, "payout_destination_id"],
    ["an empty id", { payout_destination_id: "" }, "payout_destination_id"],
    ["no reference", { payout_reference: undefined }, "payout_reference"],
    ["an empty reference", { payout_reference: "" }, "payout_reference"],
    ["no bank account", { bank_accounts: [] }, "bank_accounts"],
    ["three bank accounts", { bank_accounts: [iban, iban, iban] }, "bank_accounts"],
    ["a bank account of no currency", { bank_accounts: [{}] }, "bank_accounts.0.bank_account_currency"],
    ["a type that is none", account({ bank_account_number_type: "SWIFT" }), "bank_accounts.0.bank_account_number_type"],
    [
      "a country in words",
      account({ bank_account_country_code: "Norge" }),
      "bank_accounts.0.bank_account_country_code",
    ],
    [
      "a currency that is none",
      account({ bank_account_currency: "NKR" }),
      "bank_accounts.0.bank_account_currency",
      "CURRENCY_UNKNOWN",
    ],
    [
      "an IBAN with a typing error",
      account({ bank_account_number: "NO9386011117974" }),
      "bank_accounts.0.bank_account_number",
      "BANK_ACCOUNT_NUMBER_INVALID",
    ],
    ["a type of seller that is none", { type: "club" }, "type"],
    ["an interval that is none", { payout_interval_type: "hour" }, "payout_interval_type"],
    ["a category of five digits", { merchant_category_code: "12345" }, "merchant_category_code"],
    ["a category in letters", { merchant_category_code: "kiosk" }, "merchant_category_code"],
    ["a name of 61 characters", { name: "ø".repeat(61) }, "name"],
    ["a description of 1001 characters", { description: "ø".repeat(1001) }, "description"],
    ["an email that is none", { email: "kari" }, "email"],
    ["a company without its number", { type: "company", country_code: "NO" }, "organization.organization_number"],
    [
      "a company without its country",
      { type: "company", organization: { organization_number: "974760673" } },
      "country_code",
    ],
  ];
  for (const [what, wrong, field, code = "INVALID_REQUEST_PARAMETER"] of rows) {
    test(what, async () => {
      const answer = await create({ ...sellerBody("never"), ...wrong });
      refuses(answer, 400, code, field);
      assert.ok(!JSON.stringify(answer.body).includes("9386011117974"), "the number is repeated");
      refuses(await read("never"), 404, "PAYOUT_DESTINATION_NOT_FOUND");
    });
  }

  const both = { bank_account_currency: "NOK", payout_currency: "NOK" };
  const approvalRows: [what: string, change: Record<string, unknown>, field: string, code?: string][] = [
    ["two bank accounts", { bank_accounts: [both, both] }, "bank_accounts"],
    [
      "no currency of the payout",
      { bank_accounts: [{ bank_account_currency: "NOK" }] },
      "bank_accounts.0.payout_currency",
    ],
    [
      "a currency of the payout that is none",
      { bank_accounts: [{ ...both, payout_currency: "nok" }] },
      "bank_accounts.0.payout_currency",
      "CURRENCY_UNKNOWN",
    ],
    ["a reference of 61 characters", { payout_reference: "x".repeat(61) }, "payout_reference"],
    ["a language that is none", { language: "nn" }, "language"],
    ["an interval of the other view", { payout_interval_type: "week" }, "payout_interval_type"],
    ["a country of three letters", { country_code: "NOR" }, "country_code"],
    ["reports to nobody", { settlement_report_configuration: {} }, "settlement_report_configuration.emails"],
    ["a company without its number", { type: "company", country_code: "NO" }, "organization_number"],
    ["a company without its country", { type: "company", organization_number: "974760673" }, "country_code"],
  ];
  for (const [what, wrong, field, code = "INVALID_REQUEST_PARAMETER"] of approvalRows) {
    test(`an approval: ${what}`, async () => {
      refuses(await approve({ ...sellerBody("never"), bank_accounts: [both], ...wrong }), 400, code, field);
      refuses(await read("never"), 404, "PAYOUT_DESTINATION_NOT_FOUND");
    });
  }
});

describe("changing a payout destination", () => {
  test("changes what is sent and leaves the rest, and says who did it", async () => {
    const { body: before } = await create(whole("changed"));
    const { body } = await change("changed", { name: "Ølbutikken", bank_accounts: [{ bank_account_currency: "EUR" }] });
    const { updated_at, updated_by, ...rest } = body;
    assert.deepEqual(rest, { ...before, name: "Ølbutikken", bank_accounts: [{ bank_account_currency: "EUR" }] });
    assert.equal(updated_by, "office");
    assert.ok(Date.parse(updated_at ?? "") >= Date.parse(before.created_at));
  });
  test("is recorded with who did it, and without a number that could be paid to", async () => {
    await create(sellerBody("recorded"));
    await change("recorded", { bank_accounts: [iban], name: "Ny" });
    const [changed, created] = await office.changes("payout_destination", "recorded");
    assert.deepEqual([created?.action, created?.changed_by], ["created", "office"]);
    assert.equal(created?.change.case_status, "AUTOMATIC_REVIEW");
    assert.deepEqual(
      [changed?.action, Object.keys(changed?.change ?? {}).sort()],
      ["updated", ["bank_accounts", "name"]],
    );
    assert.match(JSON.stringify(changed), /\*7947/);
    assert.doesNotMatch(JSON.stringify(changed), /8601/);
  });
  test("to a bank account whose number ends alike and is as long is a change too", async () => {
    const account = (bank_account_number: string) => [{ bank_account_currency: "NOK", bank_account_number }];
    await create({ ...sellerBody("alike"), bank_accounts: account("11117947") });
    await change("alike", { bank_accounts: account("22227947") });
    assert.deepEqual((await read("alike")).body.bank_accounts, account("22227947"));
    assert.equal((await office.changes("payout_destination", "alike")).length, 2);
  });
  test("of a private person is recorded without what it says of them", async () => {
    await create({
      ...sellerBody("private"),
      type: "individual",
      individual: { name: "Kari", birth_date: "1980-01-31" },
    });
    await change("private", { individual: { name: "Kari", birth_date: "1981-01-31" } });
    const records = await office.changes("payout_destination", "private");
    assert.deepEqual(Object.keys(records[0]?.change ?? {}), ["individual"]);
    assert.doesNotMatch(JSON.stringify(records), /01-31|Kari/);
    const { individual } = (await read("private")).body;
    assert.deepEqual(individual, { name: "Kari", birth_date: "1981-01-31" });
  });
  test("with what was read changes nothing and records nothing", async () => {
    await create(whole("same"));
    const { body } = await read("same");
    const answer = await change("same", body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.updated_at, undefined);
    assert.equal((await office.changes("payout_destination", "same")).length, 1);
  });
  test("cannot change its id, nor decide its case", async () => {
    await create(sellerBody("fixed"));
    refuses(
      await change("fixed", { payout_destination_id: "free" }),
      400,
      "INVALID_REQUEST_PARAMETER",
      "payout_destination_id",
    );
    assert.equal((await change("fixed", { case_status: "ACTIVE", name: "X" })).body.case_status, "AUTOMATIC_REVIEW");
    assert.equal((await change("fixed", { description: "AUTO_APPROVE" })).body.case_status, "AUTOMATIC_REVIEW");
  });
  test("is refused by its field like creating it", async () => {
    await create(sellerBody("checked"));
    const bank_accounts = [{ ...iban, bank_account_number: "NO9386011117974" }];
    refuses(
      await change("checked", { bank_accounts }),
      400,
      "BANK_ACCOUNT_NUMBER_INVALID",
      "bank_accounts.0.bank_account_number",
    );
    refuses(await change("checked", { payout_reference: "" }), 400, "INVALID_REQUEST_PARAMETER", "payout_reference");
    refuses(await change("nobody", { name: "X" }), 404, "PAYOUT_DESTINATION_NOT_FOUND");
  });
});

describe("deciding a case", () => {
  test("is recorded with the reason, and a decision made again is answered and recorded once", async () => {
    await create(sellerBody("decided"));
    for (let time = 0; time < 2; time++) {
      const { status, body } = await decide("decided", "ACTIVE");
      assert.deepEqual([status, body.case_status, body.updated_by], [200, "ACTIVE", "office"]);
    }
    const [decision, ...others] = await office.changes("payout_destination", "decided");
    assert.deepEqual(decision?.change, { case_status: "ACTIVE", reason: "Looked into" });
    assert.equal(others.length, 1);
  });
  test("needs a reason and a status that a person may decide", async () => {
    await create(sellerBody("reasons"));
    const post = (body: object) => office.manage("POST", `${sellers}/reasons/decision`, body);
    refuses(await post({ case_status: "ACTIVE" }), 400, "INVALID_REQUEST_PARAMETER", "reason");
    refuses(await post({ case_status: "ACTIVE", reason: "" }), 400, "INVALID_REQUEST_PARAMETER", "reason");
    refuses(
      await post({ case_status: "AUTOMATIC_REVIEW", reason: "x" }),
      400,
      "INVALID_REQUEST_PARAMETER",
      "case_status",
    );
    refuses(await decide("nobody", "ACTIVE"), 404, "PAYOUT_DESTINATION_NOT_FOUND");
  });
  test("brings nobody back who has left", async () => {
    await create(sellerBody("left"));
    await decide("left", "TERMINATED");
    refuses(await decide("left", "ACTIVE"), 409, "CASE_DECISION_NOT_ALLOWED", "case_status");
    assert.equal((await read("left")).body.case_status, "TERMINATED");
  });
});

describe("selling for a payout destination made by API", () => {
  const place = async (name: string) => {
    await office.seller(`${name}-seller`);
    await office.store(`${name}-shop`, `${name}-seller`);
    return office.terminal(`${name}-shop`);
  };
  const at = (name: string) => ({ store: { id: `${name}-shop`, payout_destination_id: `${name}-seller` } });

  test("goes at once where it is ACTIVE, and it shows the store and the terminal", async () => {
    const hand = await place("at-once");
    const link = await hand.connect();
    const session_id = await sold(office.shop, hand.terminal_id, at("at-once"));
    link.send(hand.approval(await link.expect("prompt")));
    assert.equal((await office.shop.ended(session_id)).status, "CAPTURED");
    hand.leave();
    const { body } = await read("at-once-seller");
    assert.deepEqual(body.stores, [{ store_id: "at-once-shop", id: body.stores?.[0]?.id, status: "ACTIVE" }]);
    assert.deepEqual(body.terminals, [
      {
        terminal_id: hand.terminal_id,
        device_serial_number: `HAND-${hand.terminal_id}`,
        status: "ACTIVE",
        store_id: "at-once-shop",
      },
    ]);
    assert.deepEqual([body.number_of_stores, body.number_of_terminals], [1, 1]);
  });

  test("waits for the decision, and goes from that moment on", async () => {
    await create(sellerBody("slow-seller"));
    await office.store("slow-shop", "slow-seller");
    const { terminal_id } = await office.terminal("slow-shop");
    const field = "order.store.payout_destination_id";
    refuses(await sell(office.shop, terminal_id, at("slow")), 400, "PAYOUT_DESTINATION_NOT_ACTIVE", field);
    await decide("slow-seller", "ACTIVE");
    assert.equal((await sell(office.shop, terminal_id, at("slow"))).status, 200);
  });

  for (const case_status of ["TERMINATED", "ARCHIVED", "DECLINED", "UNDER_MANUAL_REVIEW"]) {
    test(`ends with ${case_status}; the sale on the screen is paid all the same, and can be refunded`, async () => {
      const name = case_status.toLowerCase();
      const hand = await place(name);
      const link = await hand.connect();
      const session_id = await sold(office.shop, hand.terminal_id, at(name));
      const prompt = await link.expect("prompt");
      link.send({ type: "shown", prompt_id: prompt.prompt_id });
      await untilPrompt(office.shop, session_id, "SHOWN");
      assert.equal((await decide(`${name}-seller`, case_status)).status, 200);
      link.send(hand.approval(prompt));
      const paid = await office.shop.ended(session_id);
      assert.deepEqual([paid.status, paid.amount], ["CAPTURED", prompt.amount]);
      refuses(await sell(office.shop, hand.terminal_id, at(name)), 400, "PAYOUT_DESTINATION_NOT_ACTIVE");
      const refund = { amount: prompt.amount, terminal_id: hand.terminal_id };
      assert.equal((await office.shop.call("POST", `/v1/transactions/${paid.id}/refund`, refund)).status, 202);
      await link.expect("acknowledge");
      link.send(hand.approval(await link.expect("prompt")));
      await office.shop.until(async () => (await transactionOf(office.shop, session_id)).status === "REFUNDED");
      hand.leave();
    });
  }

  test("ends while nobody can reach the terminal: what it says later counts as before", async () => {
    const hand = await place("away");
    const link = await hand.connect();
    const session_id = await sold(office.shop, hand.terminal_id, at("away"));
    const prompt = await link.expect("prompt");
    await untilPrompt(office.shop, session_id, "SENT");
    link.cut();
    await decide("away-seller", "TERMINATED");
    const back = await hand.connect([{ prompt_id: prompt.prompt_id, step: "concluded" }]);
    back.send(hand.result(prompt.prompt_id, "declined"));
    assert.equal((await office.shop.ended(session_id)).status, "DECLINED");
    hand.leave();
  });
});

describe("a list of payout destinations", () => {
  let fresh: Onboarding;
  before(async () => {
    fresh = await openOnboarding();
    await fresh.shop.database.sql("DELETE FROM terminal_seats");
    await fresh.shop.database.sql("DELETE FROM simulated_terminals");
    await fresh.shop.database.sql("DELETE FROM devices");
    for (const table of ["terminals", "stores", "payout_destinations"]) {
      await fresh.shop.database.sql(`DELETE FROM ${table}`);
    }
  });
  after(() => fresh.shop.close());

  const page = async (path: string) => {
    const { status, body } = await fresh.manage<{ payout_destinations: PayoutDestination[]; starting_after?: string }>(
      "GET",
      path,
    );
    assert.equal(status, 200, JSON.stringify(body));
    return { ids: body.payout_destinations.map((one) => one.payout_destination_id), next: body.starting_after };
  };

  test("is empty where there is none, and has no next page", async () => {
    assert.deepEqual(await page(sellers), { ids: [], next: undefined });
    assert.deepEqual(await page(approvals), { ids: [], next: undefined });
  });

  test("is told newest first in pages that stay the same while more are added", async () => {
    for (let number = 1; number <= 12; number++) await fresh.seller(`seller-${String(number).padStart(2, "0")}`);
    const first = await page(sellers);
    assert.equal(first.ids.length, 10);
    assert.equal(first.ids[0], "seller-12");
    await fresh.seller("seller-13");
    const second = await page(`${sellers}?starting_after=${first.next}`);
    assert.deepEqual(second, { ids: ["seller-02", "seller-01"], next: undefined });
    assert.deepEqual((await page(`${sellers}?limit=2`)).ids, ["seller-13", "seller-12"]);
    assert.equal((await page(approvals)).ids.length, 13);
    assert.deepEqual(await page(`${approvals}?limit=13`), { ids: (await page(approvals)).ids, next: undefined });
  });

  test("has every row once where all are of the same millisecond", async () => {
    await fresh.shop.database.sql("UPDATE payout_destinations SET created_at = '2026-11-22T12:00:00.123456Z'");
    const seen: string[] = [];
    for (let next: string | undefined = ""; next !== undefined; ) {
      const found: { ids: string[]; next: string | undefined } = await page(
        `${sellers}?limit=4${next === "" ? "" : `&starting_after=${next}`}`,
      );
      seen.push(...found.ids);
      next = found.next;
    }
    assert.equal(seen.length, 13);
    assert.equal(new Set(seen).size, 13);
  });

  test("is filtered by id and by case, and several of either mean any of them", async () => {
    await fresh.manage("POST", `${sellers}/seller-03/decision`, { case_status: "ARCHIVED", reason: "x" });
    await fresh.manage("POST", `${sellers}/seller-04/decision`, { case_status: "DECLINED", reason: "x" });
    for (const path of [sellers, approvals]) {
      assert.deepEqual((await page(`${path}?case_status=ARCHIVED`)).ids, ["seller-03"]);
      assert.deepEqual((await page(`${path}?case_status[]=ARCHIVED&case_status[]=DECLINED`)).ids.sort(), [
        "seller-03",
        "seller-04",
      ]);
      assert.deepEqual((await page(`${path}?case_status=ARCHIVED,DECLINED&payout_destination_id=seller-04`)).ids, [
        "seller-04",
      ]);
      assert.deepEqual((await page(`${path}?case_status=ERROR`)).ids, []);
    }
  });

  test("refuses a cursor that leads nowhere, a page of 101 and a case that is none, by their names", async () => {
    for (const [query, field] of [
      ["starting_after=nobody", "starting_after"],
      ["limit=101", "limit"],
      ["limit=0", "limit"],
    ] as const) {
      refuses(await fresh.manage("GET", `${sellers}?${query}`), 400, "INVALID_REQUEST_PARAMETER", field);
    }
    refuses(
      await fresh.manage("GET", `${sellers}?case_status=OPEN`),
      400,
      "INVALID_REQUEST_PARAMETER",
      "case_status.0",
    );
  });
});

describe("who may", () => {
  test("read, write and decide follows the scopes", async () => {
    await create(sellerBody("scoped"));
    for (const scope of ["admin:accounts", "read:accounts"]) {
      assert.equal((await office.manage("GET", `${sellers}/scoped`, undefined, scope)).status, 200);
      assert.equal((await office.manage("GET", approvals, undefined, scope)).status, 200);
    }
    for (const [index, scope] of ["write:accounts", "write:accounts:/management/settings/approvals"].entries()) {
      assert.equal((await create(sellerBody(`by-${index}`), scope)).status, 200);
    }
    refuses(await create(sellerBody("never"), "read:accounts"), 403, "INSUFFICIENT_SCOPE");
    refuses(
      await change("scoped", { name: "X" }, "write:accounts:/management/settings/approvals"),
      403,
      "INSUFFICIENT_SCOPE",
    );
    refuses(await decide("scoped", "ACTIVE", "write:accounts"), 403, "INSUFFICIENT_SCOPE");
    refuses(await office.manage("GET", sellers, undefined, "admin:checkout"), 403, "INSUFFICIENT_SCOPE");
  });

  test("another account's payout destination reads like one that never was", async () => {
    const other = "T87654321";
    await office.shop.database.sql(
      "INSERT INTO accounts (account_id, name, in_person_enabled, created_at) VALUES ($1, 'Other', true, now())",
      [other],
    );
    const token = await tokenOf(office.shop, { account_id: other, client_id: "theirs", scopes: ["admin:accounts"] });
    const headers = { authorization: `Bearer ${token}` };
    const theirs = (method: string, path: string, body?: object) =>
      office.shop.call(method, `/v1/accounts/${other}${path}`, body, headers);
    await create(sellerBody("ours"));
    assert.equal((await theirs("POST", sellers, { ...sellerBody("theirs") })).status, 200);
    assert.equal((await theirs("POST", sellers, { ...sellerBody("ours") })).status, 200, "an id is the account's own");
    for (const id of ["theirs", "never"]) {
      const answer = await read(id);
      refuses(answer, 404, "PAYOUT_DESTINATION_NOT_FOUND");
      assert.equal(
        (answer.body as never as { error: { message: string } }).error.message,
        `There is no payout destination ${id}.`,
      );
      refuses(await change(id, { name: "X" }), 404, "PAYOUT_DESTINATION_NOT_FOUND");
      refuses(await decide(id, "TERMINATED"), 404, "PAYOUT_DESTINATION_NOT_FOUND");
    }
    const { status } = await office.shop.call("GET", `/v1/accounts/${office.account_id}${sellers}`, undefined, headers);
    assert.equal(status, 403);
  });
});
