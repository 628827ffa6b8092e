/** Payment profiles: set up through the API, and what a sale makes of them, in one process and in two. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type App, startApp } from "../../src/app.ts";
import type { PaymentProfile } from "../../src/contract/profile.ts";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import { makeLogger } from "../../src/logger.ts";
import { insertAccount } from "../../src/storage/accounts.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { tokenOf } from "../support/clients.ts";
import { handTerminal, openBareShop, transactionOf } from "../support/honest-shop.ts";
import type { Answer, Shop } from "../support/shop.ts";
import { assertRefused, leavesNoTrace } from "./refusal.ts";

const path = "/v1/admin/session/profiles";
const other_account = "T00000042";
const inPerson = { type: "payment_type", in_person: { type: "payment_product_type", enabled: true } };
const off = { type: "payment_type", in_person: { type: "payment_product_type", enabled: false } };

let shop: Shop;
before(async () => {
  shop = await openBareShop();
  const now = new Date().toISOString();
  await shop.app.world.db.transaction((tx) =>
    insertAccount(tx, { account_id: other_account, name: "Other", in_person_enabled: true }, now),
  );
});
after(() => shop.close());

type Profile = PaymentProfile & ErrorBody & Record<string, unknown>;

const call = (method: string, id = "", body?: unknown, headers?: Record<string, string>): Promise<Answer<Profile>> =>
  shop.call<Profile>(method, id === "" ? path : `${path}/${encodeURIComponent(id)}`, body, headers);

const list = async (query = ""): Promise<Profile[]> => {
  const { status, body } = await shop.call<Profile[]>("GET", `${path}${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};

async function made(profile: Record<string, unknown> = {}): Promise<Profile> {
  const content = { description: "A profile", configuration: { seitatech: inPerson }, ...profile };
  const { status, body } = await call("POST", "", content);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

async function bearer(account_id: string, ...scopes: string[]): Promise<Record<string, string>> {
  const token = await tokenOf(shop, { account_id, client_id: "somebody", scopes });
  return { authorization: `Bearer ${token}` };
}

const changesOf = async (profile_id: string) => {
  const query = `entity=profile&entity_id=${encodeURIComponent(profile_id)}`;
  const headers = await bearer(shop.demo.account_id, "admin:accounts");
  type Change = { action: string; changed_by: string; change: Record<string, unknown> };
  return (await shop.call<Change[]>("GET", `/v1/accounts/T12345678/changes?${query}`, undefined, headers)).body;
};

describe("a payment profile", () => {
  const whole = {
    profile_id: "Bjørns kafé / kasse 1",
    description: "Rødgrød med fløde",
    configuration: { channel: "in_store", seitatech: inPerson, theme: { primary: "#aabbcc" } },
    merchant: { name: "Bjørns kafé", logo_url: "https://cafe.example.com/logo.png" },
    url: { merchant_terms_url: "https://cafe.example.com/terms" },
    checkboxes: [{ id: "terms", label: "I agree", required: true }],
    ext_note: { of: ["ours", "and kept"] },
  };

  test("comes back as it was sent, with its id and who made it when, and reads the same", async () => {
    const { created_at, updated_at, ...body } = await made(whole);
    const by = { created_by: shop.demo.client_id, updated_by: shop.demo.client_id };
    assert.deepEqual(body, { ...whole, id: whole.profile_id, ...by });
    assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.equal(updated_at, created_at);
    assert.deepEqual((await call("GET", whole.profile_id)).body, { ...body, created_at, updated_at });
  });

  test("is given an id where it has none: the account's, a dot, and 22 letters and digits", async () => {
    const { profile_id, id } = await made();
    assert.match(profile_id, /^T12345678\.[0-9A-Za-z]{22}$/);
    assert.equal(id, profile_id);
    assert.equal((await call("GET", profile_id)).status, 200);
  });

  test("that is put is replaced whole, and says who changed it; what the server says of it is not taken", async () => {
    const { profile_id, created_at } = await made({ merchant: whole.merchant, ext_note: 1 });
    const put = { description: "Another", configuration: { seitatech: off }, created_by: "me", deleted_at: created_at };
    const headers = await bearer("T12345678", "write:checkout");
    const { status, body } = await call("PUT", profile_id, put, headers);
    assert.equal(status, 200, JSON.stringify(body));
    const { updated_at, ...rest } = body;
    const { description, configuration } = put;
    const by = { created_by: shop.demo.client_id, updated_by: "somebody" };
    assert.deepEqual(rest, { id: profile_id, profile_id, description, configuration, created_at, ...by });
    assert.ok((updated_at ?? "") >= created_at);
    assert.deepEqual((await call("GET", profile_id)).body, body);
  });

  test("that is deleted says when and by whom, is gone for every reader, and its id stays taken", async () => {
    const { profile_id } = await made({ profile_id: "to-be-deleted" });
    const { status, body } = await call("DELETE", profile_id);
    assert.equal(status, 200);
    assert.equal(body.deleted_by, shop.demo.client_id);
    assert.ok((body.deleted_at ?? "") >= body.created_at);
    const missing = { status: 404, code: "PAYMENT_PROFILE_NOT_FOUND" };
    assertRefused(await call("GET", profile_id), missing);
    assertRefused(await call("PUT", profile_id, { description: "a", configuration: {} }), missing);
    assertRefused(await call("DELETE", profile_id), missing);
    assert.ok(!(await list("?limit=100")).some(({ id }) => id === profile_id));
    const again = await call("POST", "", { profile_id, description: "Again", configuration: {} });
    assertRefused(again, { status: 409, code: "PROFILE_ID_TAKEN", field: "profile_id" });
  });

  test("of an id that is taken is refused, and the one that is there stays", async () => {
    const { profile_id } = await made({ profile_id: "first-come", description: "First" });
    const answers = await Promise.all(
      ["Second", "Third"].map((description) => call("POST", "", { profile_id, description, configuration: {} })),
    );
    for (const answer of answers) assertRefused(answer, { status: 409, code: "PROFILE_ID_TAKEN", field: "profile_id" });
    assert.equal((await call("GET", profile_id)).body.description, "First");
  });

  test("asked for twice at the same moment is made once", async () => {
    const profile = { profile_id: "at-once", description: "a", configuration: {} };
    const statuses = await Promise.all([1, 2, 3, 4].map(async () => (await call("POST", "", profile)).status));
    assert.deepEqual(statuses.toSorted(), [200, 409, 409, 409]);
  });

  test("default is there on every account, can be changed, and cannot be deleted", async () => {
    const { status, body } = await call("GET", "default");
    assert.equal(status, 200);
    // The demo's account takes in-person payments from its beginning, as every account does that Tapline makes.
    const { seitatech } = body.configuration;
    assert.deepEqual([body.id, body.created_by, seitatech?.in_person?.enabled], ["default", "tapline", true]);
    const elsewhere = await call("GET", "default", undefined, await bearer(other_account, "read:checkout"));
    assert.equal(elsewhere.status, 200);
    assertRefused(await call("DELETE", "default"), { status: 400, code: "DEFAULT_PROFILE_STAYS" });
    const put = await call("PUT", "default", { description: "Default", configuration: { channel: "in_store" } });
    assert.equal(put.body.configuration.channel, "in_store");
    assert.equal((await call("PUT", "default", { description: "Default", configuration: {} })).status, 200);
  });

  test("is recorded each time it is changed: by whom, and what it became", async () => {
    const { profile_id } = await made({ profile_id: "recorded" });
    const kept = { configuration: { seitatech: inPerson } };
    await call("PUT", profile_id, { description: "New words", ...kept });
    await call("PUT", profile_id, { description: "New words", ...kept });
    await call("DELETE", profile_id);
    const told = (await changesOf(profile_id)).map(({ action, changed_by, change }) => [action, changed_by, change]);
    const by = shop.demo.client_id;
    assert.deepEqual(told.toReversed(), [
      ["created", by, { description: "A profile", ...kept, members: {} }],
      ["updated", by, { description: "New words" }],
      ["deleted", by, {}],
    ]);
  });

  const refused: [what: string, change: object, field: string][] = [
    ["without a description", { description: undefined }, "description"],
    ["with an empty description", { description: "" }, "description"],
    ["without a configuration", { configuration: undefined }, "configuration"],
    ["whose configuration is a list", { configuration: [] }, "configuration"],
    ["with a channel that nobody knows", { configuration: { channel: "shop" } }, "configuration.channel"],
    [
      "that enables in-person payments by a text",
      { configuration: { seitatech: { in_person: { enabled: "true" } } } },
      "configuration.seitatech.in_person.enabled",
    ],
    [
      "that publishes to a number",
      { configuration: { publish: [{ channel: "terminal" }, { channel: 7 }] } },
      "configuration.publish.1.channel",
    ],
    ["whose merchant has no name", { merchant: { logo_url: "https://a.example.com/" } }, "merchant.name"],
    ["whose terms are at no address", { url: { merchant_terms_url: "terms" } }, "url.merchant_terms_url"],
    ["whose checkbox has no label", { checkboxes: [{ id: "a" }] }, "checkboxes.0.label"],
    ["whose id begins with a space", { profile_id: " a" }, "profile_id"],
    ["whose id ends with a space", { profile_id: "a " }, "profile_id"],
    ["whose id ends with a line", { profile_id: "a\n" }, "profile_id"],
    ["whose id is empty", { profile_id: "" }, "profile_id"],
    ["whose id is a folder's", { profile_id: ".." }, "profile_id"],
    ["whose id is too long for an index", { profile_id: "å".repeat(256) }, "profile_id"],
  ];
  for (const [what, change, field] of refused) {
    test(`${what} is refused, and the field is named`, async () => {
      const before = await list("?limit=100");
      const answer = await call("POST", "", { description: "a", configuration: {}, ...change });
      assertRefused(answer, { status: 400, code: "INVALID_REQUEST_PARAMETER", field });
      assert.deepEqual(await list("?limit=100"), before);
    });
  }

  test("keeps its id: another one in the body of a PUT is refused", async () => {
    const { profile_id } = await made();
    const put = { profile_id: "elsewhere", description: "a", configuration: {} };
    const refusal = { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "profile_id" };
    assertRefused(await call("PUT", profile_id, put), refusal);
    assert.equal((await call("PUT", profile_id, { ...put, profile_id })).status, 200);
  });

  test("is made and changed with write:checkout as well, and listed with admin:checkout alone", async () => {
    const write = await bearer("T12345678", "write:checkout");
    const read = await bearer("T12345678", "read:checkout");
    const profile = { description: "a", configuration: {} };
    const { status, body } = await call("POST", "", profile, write);
    assert.equal(status, 200);
    assert.equal((await call("POST", "", profile, read)).status, 200, "the contract lists read:checkout for it");
    assert.equal((await call("GET", body.id, undefined, read)).status, 200);
    assertRefused(await call("GET", "", undefined, read), { status: 403, code: "INSUFFICIENT_SCOPE" });
    assertRefused(await call("PUT", body.id, profile, read), { status: 403, code: "INSUFFICIENT_SCOPE" });
    assertRefused(await call("DELETE", body.id, undefined, read), { status: 403, code: "INSUFFICIENT_SCOPE" });
    assert.equal((await call("DELETE", body.id, undefined, write)).status, 200);
  });
});

describe("the list of payment profiles", () => {
  test("of a new account has the default alone", async () => {
    const headers = await bearer(other_account, "admin:checkout");
    const { body } = await shop.call<Profile[]>("GET", path, undefined, headers);
    assert.deepEqual(
      body.map(({ id }) => id),
      ["default"],
    );
  });

  test("is the same under /v1/accounts/{aid}/payments", async () => {
    const there = await shop.call<Profile[]>("GET", `/v1/accounts/T12345678/payments/admin/session/profiles`);
    assert.deepEqual(there.body, await list());
  });

  test("goes on after a profile that was deleted since", async () => {
    for (const number of [1, 2, 3]) await made({ profile_id: `page-${number}` });
    const [newest, next] = await list("?limit=2");
    assert.deepEqual([newest?.id, next?.id], ["page-3", "page-2"]);
    await call("DELETE", "page-2");
    assert.equal((await list("?limit=1&starting_after=page-2"))[0]?.id, "page-1");
  });

  test("is not to be had after an id that is no profile's, of this account or of another", async () => {
    const foreign = await bearer(other_account, "admin:checkout");
    await call("POST", "", { profile_id: "foreign", description: "a", configuration: {} }, foreign);
    const refusal = { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "starting_after" };
    for (const id of ["foreign", "never-was", ""]) {
      assertRefused(await shop.call("GET", `${path}?starting_after=${id}`), refusal);
    }
  });
});

describe("a sale", () => {
  const startSecond = (): Promise<App> =>
    startApp({
      config: { ...shop.config, port: 0, simulators: false },
      clock: systemClock,
      random: systemRandom,
      logger: makeLogger(shop.config.log_level, process.stderr),
      onLost: (problem) => {
        throw problem;
      },
    });

  async function sell(terminal_id: string, change: object, at: App = shop.app) {
    const answer = await fetch(`${at.address}/v1/sessions-profile`, {
      method: "POST",
      headers: { authorization: `Bearer ${shop.token}`, "content-type": "application/json" },
      body: JSON.stringify(shop.sale({ ...change, store: { terminal_id } })),
    });
    const body = (await answer.json()) as CreatedSession & ErrorBody;
    return { status: answer.status, headers: answer.headers, body };
  }

  const session = async (id: string) => (await shop.call<Session>("GET", `/v1/sessions/${id}`)).body;
  const put = async (profile_id: string, configuration: object) => {
    const { status, body } = await call("PUT", profile_id, { description: "a", configuration });
    assert.equal(status, 200, JSON.stringify(body));
  };
  const cancelled = async (id: string) =>
    assert.equal((await shop.call("POST", `/v1/sessions/${id}/cancel`)).status, 200);

  test("begins with the profile's configuration, merchant, terms and checkboxes, and the request overrides them", async () => {
    const { profile_id } = await made({
      configuration: { seitatech: inPerson, channel: "in_app", theme: { primary: "red", backdrop: "blue" } },
      merchant: { name: "Profile", logo_url: "https://a.example.com/" },
      url: { merchant_terms_url: "https://a.example.com/terms" },
      checkboxes: [{ id: "a", label: "A" }],
    });
    const terminal = await handTerminal(shop);
    const first = await session((await sell(terminal.terminal_id, { profile_id })).body.id);
    assert.equal(first.configuration?.channel, "in_app");
    assert.equal(first.merchant?.name, "Profile");
    assert.equal(first.url.merchant_terms_url, "https://a.example.com/terms");
    assert.deepEqual(first.checkboxes, [{ id: "a", label: "A" }]);
    await cancelled(first.id);
    const change = {
      profile_id,
      configuration: { channel: "in_store", theme: { primary: "green" } },
      merchant: { name: "Request", logo_url: "https://b.example.com/" },
      checkboxes: [],
      url: { return_url: "https://b.example.com/", merchant_terms_url: "https://b.example.com/terms" },
    };
    const second = await session((await sell(terminal.terminal_id, change)).body.id);
    const { channel, theme } = second.configuration as { channel: string; theme: object };
    assert.deepEqual([channel, theme], ["in_store", { primary: "green", backdrop: "blue" }]);
    assert.equal(second.merchant?.name, "Request");
    assert.equal(second.url.merchant_terms_url, "https://b.example.com/terms");
    assert.deepEqual(second.checkboxes, []);
    await cancelled(second.id);
  });

  test("of a profile with nothing enabled is refused in words that say what to do", async () => {
    const { profile_id } = await made({ configuration: { channel: "in_store" } });
    const terminal = await handTerminal(shop);
    const answer = await leavesNoTrace(shop, () => sell(terminal.terminal_id, { profile_id }));
    assertRefused(answer, { status: 400, code: "NO_METHOD_ENABLED", field: "profile_id" });
    assert.match(answer.body.error.message, /payment profile.*seitatech\.in_person.*nothing to pay with/);
  });

  test("of a profile with another method beside is refused, unless the account allows it; then it waits for /pay", async () => {
    const { profile_id } = await made({ configuration: { seitatech: inPerson, vipps: { vipps: { enabled: true } } } });
    const { terminal_id } = await handTerminal(shop);
    const refusal = { status: 400, code: "OTHER_METHODS_ENABLED", field: "configuration" };
    assertRefused(await sell(terminal_id, { profile_id }), refusal);
    await shop.database.sql("UPDATE accounts SET allow_mixed_methods = true WHERE account_id = 'T12345678'");
    const { body } = await sell(terminal_id, { profile_id });
    assert.equal((await session(body.id)).transaction_id, undefined);
    await shop.database.sql("UPDATE accounts SET allow_mixed_methods = false WHERE account_id = 'T12345678'");
    assertRefused(await sell(terminal_id, { profile_id }), refusal);
  });

  describe("in two processes", () => {
    let there: App;
    before(async () => {
      there = await startSecond();
    });
    after(() => there.close());

    test("counts a profile as it was last put, at either process, from the next sale on", async () => {
      const { profile_id } = await made();
      const { terminal_id } = await handTerminal(shop);
      const both = [shop.app, there];
      for (const at of both) await cancelled((await sell(terminal_id, { profile_id }, at)).body.id);
      await put(profile_id, { seitatech: inPerson, channel: "in_app" });
      for (const at of both) {
        const { body } = await sell(terminal_id, { profile_id }, at);
        assert.equal((await session(body.id)).configuration?.channel, "in_app");
        await cancelled(body.id);
      }
      await put(profile_id, { seitatech: off });
      for (const at of both) {
        const answer = await leavesNoTrace(shop, () => sell(terminal_id, { profile_id }, at));
        assertRefused(answer, { status: 400, code: "NO_METHOD_ENABLED", field: "profile_id" });
      }
      await put(profile_id, { seitatech: inPerson });
      for (const at of both) await cancelled((await sell(terminal_id, { profile_id }, at)).body.id);
      await call("DELETE", profile_id);
      for (const at of both) {
        const answer = await leavesNoTrace(shop, () => sell(terminal_id, { profile_id }, at));
        assertRefused(answer, { status: 400, code: "PROFILE_NOT_FOUND", field: "profile_id" });
      }
    });

    test("counts it too where the sale is not started by itself, but by /pay", async () => {
      await shop.database.sql("UPDATE accounts SET allow_mixed_methods = true WHERE account_id = 'T12345678'");
      const mixed = { seitatech: inPerson, vipps: { vipps: { enabled: true } } };
      const { profile_id } = await made({ configuration: mixed });
      const { terminal_id } = await handTerminal(shop);
      assert.equal((await sell(terminal_id, { profile_id }, there)).status, 200, "the other process remembers it now");
      await put(profile_id, { ...mixed, channel: "in_app" });
      const { body } = await sell(terminal_id, { profile_id }, there);
      assert.equal((await session(body.id)).configuration?.channel, "in_app");
      await call("DELETE", profile_id);
      const answer = await leavesNoTrace(shop, () => sell(terminal_id, { profile_id }, there));
      assertRefused(answer, { status: 400, code: "PROFILE_NOT_FOUND", field: "profile_id" });
      await shop.database.sql("UPDATE accounts SET allow_mixed_methods = false WHERE account_id = 'T12345678'");
    });
  });

  test("on the screen goes on as it was planned, whatever becomes of its profile", async () => {
    const { profile_id } = await made({ configuration: { seitatech: inPerson, channel: "in_store" } });
    const terminal = await handTerminal(shop);
    const link = await terminal.connect();
    const { body } = await sell(terminal.terminal_id, { profile_id });
    const prompt = await link.expect("prompt");
    link.send({ type: "shown", prompt_id: prompt.prompt_id });
    await link.settled();
    const planned = await session(body.id);
    await put(profile_id, { seitatech: off, channel: "in_app", auto_capture: false });
    await call("DELETE", profile_id);
    assert.deepEqual(await link.settled(), [], "nothing is sent to the terminal");
    link.send(terminal.approval(prompt));
    await link.expect("acknowledge");
    const { status, channel } = await transactionOf(shop, body.id);
    assert.deepEqual([status, channel], ["CAPTURED", "in_store"]);
    const paid = await session(body.id);
    assert.deepEqual([paid.profile_id, paid.configuration], [profile_id, planned.configuration]);
    terminal.leave();
  });
});
