/** What an account may be paid with: in-person payments are acted on, every other option is kept and given back. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { AccountConfiguration } from "../../src/contract/profile.ts";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import { tokenOf } from "../support/clients.ts";
import { handTerminal, openBareShop, sell, sold, transactionOf } from "../support/honest-shop.ts";
import type { Answer, Shop } from "../support/shop.ts";
import { assertRefused, leavesNoTrace } from "./refusal.ts";

interface Configured extends ErrorBody {
  readonly configuration: AccountConfiguration;
  readonly updated_by?: string;
}

const path = "/v1/admin/checkout";
const inPerson = { type: "seitatech.in_person" };
const merchant = { name: "Rørlegger Sjø", logo_url: "https://pipes.example.com/logo.png" };

let shop: Shop;
before(async () => {
  shop = await openBareShop();
});
after(() => shop.close());

const put = (configuration: unknown): Promise<Answer<Configured>> => shop.call("PUT", path, { configuration });

async function configured(configuration: unknown): Promise<Configured> {
  const { status, body } = await put(configuration);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const read = async (query = ""): Promise<Configured> => {
  const { status, body } = await shop.call<Configured>("GET", `${path}${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};

const bearer = async (...scopes: string[]): Promise<Record<string, string>> => {
  const { account_id, client_id } = shop.demo;
  return { authorization: `Bearer ${await tokenOf(shop, { account_id, client_id, scopes })}` };
};

/** First of all: nobody has changed anything yet. */
test("an account that nobody has configured shows what it was made with", async () => {
  assert.deepEqual(await read(), { configuration: { payment_options: [inPerson], time_zone: "Europe/Oslo" } });
});

describe("an account's configuration", () => {
  test("comes back as it was put, with who put it, under both paths", async () => {
    const configuration = {
      merchant,
      payment_options: [
        { type: "vipps", currencies: ["NOK"], details: { merchant_serial_number: "1" }, ext_note: "kept" },
        { ...inPerson, currencies: ["NOK", "SEK"], ext_note: "kept too" },
        { type: "bambora.creditcard", currencies: [] },
      ],
      payout: { payment_products: [{ type: "vipps" }] },
      ext_note: ["kept"],
    };
    const body = await configured(configuration);
    assert.deepEqual(body.configuration, { ...configuration, time_zone: "Europe/Oslo" });
    assert.equal(body.updated_by, shop.demo.client_id);
    assert.deepEqual(await read(), body);
    const alias = await shop.call("GET", "/v1/accounts/T12345678/payments/admin/checkout");
    assert.deepEqual(alias.body, body as unknown);
  });

  test("keeps the members that are not sent, and replaces the payment options whole", async () => {
    await configured({ merchant, payment_options: [inPerson, { type: "vipps" }] });
    assert.deepEqual((await configured({ ext_note: 1 })).configuration.payment_options, [inPerson, { type: "vipps" }]);
    const { configuration } = await configured({ payment_options: [inPerson] });
    assert.deepEqual(configuration.payment_options, [inPerson]);
    assert.deepEqual(configuration.merchant, merchant);
  });

  test("shows credentials where they are asked for and only then, and keeps those that are not sent", async () => {
    const details = { credentials: { key: "very-secret-1" }, serial: "1" };
    const answer = await configured({ payment_options: [inPerson, { type: "vipps", details }] });
    assert.ok(!JSON.stringify(answer).includes("very-secret"));
    const shown = await read();
    assert.deepEqual(shown.configuration.payment_options?.[1]?.details, { serial: "1" });
    await configured(shown.configuration);
    const [, option] = (await read("?includes=credentials")).configuration.payment_options ?? [];
    assert.deepEqual(option?.details, details);
    await configured({ payment_options: [inPerson, { type: "vipps", details: { credentials: { key: "other" } } }] });
    const [, changed] = (await read("?includes=credentials")).configuration.payment_options ?? [];
    assert.deepEqual(changed?.details, { credentials: { key: "other" } });
    await configured({ payment_options: [inPerson] });
  });

  test("is recorded when it is changed, without its credentials", async () => {
    const details = { credentials: { key: "very-secret-2" } };
    await configured({ merchant, payment_options: [inPerson, { type: "vipps", details }] });
    const headers = await bearer("read:accounts");
    const changes = "/v1/accounts/T12345678/changes?entity=account&limit=100";
    type Change = { action: string; changed_by: string; entity_id: string; change: object };
    const { body } = await shop.call<Change[]>("GET", changes, undefined, headers);
    assert.ok(!JSON.stringify(body).includes("very-secret"));
    const { action, changed_by, entity_id, change } = body[0] as Change;
    assert.deepEqual([action, changed_by, entity_id], ["updated", shop.demo.client_id, "T12345678"]);
    const payment_options = [inPerson, { type: "vipps", details: {} }];
    assert.deepEqual(change, { configuration: { merchant, payment_options } });
  });

  test("is read with read:checkout, and changed with admin:checkout alone", async () => {
    assert.equal((await shop.call("GET", path, undefined, await bearer("read:checkout"))).status, 200);
    const body = { configuration: {} };
    const answer = await shop.call("PUT", path, body, await bearer("write:checkout", "admin:accounts"));
    assertRefused(answer, { status: 403, code: "INSUFFICIENT_SCOPE" });
  });

  const options = (...payment_options: unknown[]) => ({ payment_options });
  const refused: [what: string, configuration: unknown, field: string, code?: string][] = [
    ["that is missing", undefined, "configuration"],
    ["that is a text", "all", "configuration"],
    ["whose merchant has no name", { merchant: { logo_url: merchant.logo_url } }, "configuration.merchant.name"],
    [
      "whose merchant's logo is nowhere",
      { merchant: { ...merchant, logo_url: "logo" } },
      "configuration.merchant.logo_url",
    ],
    ["with an option of no type", options({}), "configuration.payment_options.0.type"],
    [
      "with currencies that are a text",
      options({ ...inPerson, currencies: "NOK" }),
      "configuration.payment_options.0.currencies",
    ],
    [
      "with in-person payments twice",
      options(inPerson, { type: "vipps" }, inPerson),
      "configuration.payment_options.2.type",
    ],
    [
      "with in-person payments in no currency",
      options({ ...inPerson, currencies: [] }),
      "configuration.payment_options.0.currencies",
    ],
    [
      "with in-person payments in a currency that is none",
      options({ type: "vipps" }, { ...inPerson, currencies: ["NOK", "nok"] }),
      "configuration.payment_options.1.currencies.1",
      "CURRENCY_UNKNOWN",
    ],
  ];
  for (const [what, configuration, field, code = "INVALID_REQUEST_PARAMETER"] of refused) {
    test(`${what} is refused, and nothing is changed`, async () => {
      const before = await read("?includes=credentials");
      assertRefused(await put(configuration), { status: 400, code, field });
      assert.deepEqual(await read("?includes=credentials"), before);
    });
  }

  test("is not to be asked for what nobody knows", async () => {
    const answer = await shop.call("GET", `${path}?includes=secrets`);
    assertRefused(answer, { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "includes.0" });
  });
});

describe("in-person payments", () => {
  beforeEach(() => configured({ payment_options: [inPerson] }));

  const inCurrency = (currency: string) => ({ order: { currency } });
  const notEnabled = { status: 400, code: "CURRENCY_NOT_ENABLED", field: "order.currency" };
  const without = {
    configuration: { seitatech: { in_person: { enabled: true } } },
    profile_id: undefined,
  };
  const sellWithoutProfile = (terminal_id: string, currency: string): Promise<Answer<CreatedSession & ErrorBody>> =>
    shop.call("POST", "/v1/sessions", shop.sale({ ...without, ...inCurrency(currency), store: { terminal_id } }));

  test("are off while they are no option of the account, and on again from the next sale on", async () => {
    const { terminal_id } = await handTerminal(shop);
    await configured({ payment_options: [{ type: "vipps" }] });
    assert.deepEqual((await read()).configuration.payment_options, [{ type: "vipps" }]);
    const answer = await leavesNoTrace(shop, () => sell(shop, terminal_id));
    assertRefused(answer, { status: 400, code: "IN_PERSON_NOT_ENABLED" });
    await configured({ payment_options: [inPerson] });
    await sold(shop, terminal_id);
  });

  test("are taken in the currencies that the account names, from the next sale on, with a profile and without", async () => {
    const { terminal_id } = await handTerminal(shop);
    await shop.call("POST", `/v1/sessions/${await sold(shop, terminal_id)}/cancel`);
    await configured({ payment_options: [{ ...inPerson, currencies: ["SEK", "EUR"] }] });
    const answer = await leavesNoTrace(shop, () => sell(shop, terminal_id));
    assertRefused(answer, notEnabled);
    assert.match(answer.body.error.message, /NOK.*SEK, EUR/);
    assertRefused(await leavesNoTrace(shop, () => sellWithoutProfile(terminal_id, "NOK")), notEnabled);
    const session_id = await sold(shop, terminal_id, inCurrency("SEK"));
    await shop.call("POST", `/v1/sessions/${session_id}/cancel`);
    assert.equal((await sellWithoutProfile(terminal_id, "EUR")).status, 200);
    await configured({ payment_options: [inPerson] });
    await sold(shop, (await handTerminal(shop)).terminal_id, inCurrency("NOK"));
  });

  test("of a session that waits for /pay count the currencies of the day it is paid", async () => {
    const { terminal_id } = await handTerminal(shop);
    await shop.database.sql("UPDATE accounts SET allow_mixed_methods = true");
    const vipps = { vipps: { vipps: { enabled: true } }, publish: [] };
    const session_id = await sold(shop, terminal_id, { configuration: vipps });
    await configured({ payment_options: [{ ...inPerson, currencies: ["SEK"] }] });
    const pay = () =>
      shop.call("POST", `/v1/sessions/${session_id}/pay`, {
        payment: { payment_product_type: "seitatech.in_person" },
      });
    assertRefused(await leavesNoTrace(shop, pay), notEnabled);
    await configured({ payment_options: [{ ...inPerson, currencies: ["NOK"] }] });
    assert.equal((await pay()).status, 200);
    await shop.database.sql("UPDATE accounts SET allow_mixed_methods = false");
  });

  test("that are on the screen go on when they are switched off", async () => {
    const terminal = await handTerminal(shop);
    const link = await terminal.connect();
    const session_id = await sold(shop, terminal.terminal_id);
    const prompt = await link.expect("prompt");
    await configured({ payment_options: [] });
    assert.deepEqual(await link.settled(), [], "nothing is sent to the terminal");
    link.send(terminal.approval(prompt));
    await link.expect("acknowledge");
    assert.equal((await transactionOf(shop, session_id)).status, "CAPTURED");
    const { body } = await shop.call<Session>("GET", `/v1/sessions/${session_id}`);
    assert.equal(body.cancelled_at, undefined);
    terminal.leave();
  });
});
