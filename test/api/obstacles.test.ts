/** What keeps a terminal from prompting: each obstacle has a code of its own and names the field to blame. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { simulatedCapabilities } from "../../src/simulator/terminal.ts";
import { openShop, type SaleChange, type Shop } from "../support/shop.ts";
import { assertRefused, leavesNoTrace } from "./refusal.ts";

async function refuses(shop: Shop, change: SaleChange, code: string, field?: string): Promise<void> {
  const answer = await leavesNoTrace(shop, () => shop.create(change));
  assertRefused(answer, { status: 400, code, ...(field === undefined ? {} : { field }) });
}

describe("at a shop", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
    await shop.play("manual");
    await plant(shop);
  });
  after(() => shop.close());

  /** Creates the sale, calls it off, and hands over what was answered. */
  async function accepted(change: SaleChange = {}): Promise<CreatedSession> {
    const { status, body } = await shop.create(change);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal((await shop.call("POST", `/v1/sessions/${body.id}/cancel`)).status, 200);
    return body;
  }

  const id = "order.store.id";
  const terminal_id = "order.store.terminal_id";
  const payout_destination_id = "order.store.payout_destination_id";

  describe("store, terminal and seller are named together", () => {
    for (const field of [id, terminal_id, payout_destination_id]) {
      const name = field.split(".")[2] ?? "";
      for (const [what, value] of [
        ["missing", undefined],
        ["null", null],
        ["empty", ""],
      ] as const) {
        test(`${field} is ${what}`, () =>
          refuses(shop, { order: { store: { ...here, [name]: value } } }, "STORE_FIELD_MISSING", field));
      }
    }
    const here = { id: "oslo-center", terminal_id: "T0292", payout_destination_id: "seller-1" };

    test("no store at all", () => refuses(shop, { order: { store: undefined } }, "STORE_FIELD_MISSING", id));
    test("everything that is missing is said at once", async () => {
      const { body } = await shop.create({ order: { store: { id: "oslo-center" } } });
      assert.match(body.error.message, /order\.store\.terminal_id, order\.store\.payout_destination_id/);
    });
  });

  describe("a name that leads nowhere, or somewhere else, is refused by its field", () => {
    const rows: [what: string, store: Record<string, unknown>, code: string, field: string][] = [
      ["a store that is not there", { id: "bergen" }, "STORE_UNKNOWN", id],
      ["a store by the id that was generated for it", { id: "T12345678-0001" }, "STORE_UNKNOWN", id],
      ["a store in other letters", { id: "Oslo-Center" }, "STORE_UNKNOWN", id],
      ["a store that was deleted", { id: "closed-down", terminal_id: "T0300" }, "STORE_NOT_ACTIVE", id],
      ["a terminal that is not there", { terminal_id: "T12345678-T9999" }, "TERMINAL_UNKNOWN", terminal_id],
      ["a bare number that is not there", { terminal_id: "T9999" }, "TERMINAL_UNKNOWN", terminal_id],
      ["a number that is none", { terminal_id: "292" }, "TERMINAL_UNKNOWN", terminal_id],
      ["a terminal of another account", { terminal_id: "T87654321-T0001" }, "TERMINAL_UNKNOWN", terminal_id],
      ["a terminal that was deleted", { terminal_id: "T0305" }, "TERMINAL_UNKNOWN", terminal_id],
      ["a terminal of another store", { terminal_id: "T0301" }, "TERMINAL_NOT_LINKED", terminal_id],
      [
        "another store than the terminal's",
        { id: "trondheim", payout_destination_id: "seller-2" },
        "TERMINAL_NOT_LINKED",
        terminal_id,
      ],
      ["a terminal that is not enrolled yet", { terminal_id: "T0302" }, "TERMINAL_NOT_ACTIVE", terminal_id],
      ["a terminal that is switched off", { terminal_id: "T0303" }, "TERMINAL_NOT_ACTIVE", terminal_id],
      ["a terminal that needs somebody", { terminal_id: "T0304" }, "TERMINAL_NOT_ACTIVE", terminal_id],
      [
        "a seller that is not there",
        { payout_destination_id: "nobody" },
        "PAYOUT_DESTINATION_UNKNOWN",
        payout_destination_id,
      ],
      [
        "a seller of another store",
        { payout_destination_id: "seller-2" },
        "PAYOUT_DESTINATION_NOT_LINKED",
        payout_destination_id,
      ],
      [
        "a seller of another account",
        { payout_destination_id: "their-seller" },
        "PAYOUT_DESTINATION_UNKNOWN",
        payout_destination_id,
      ],
      [
        "a seller who is still being looked into",
        { id: "stavanger", terminal_id: "T0306", payout_destination_id: "seller-3" },
        "PAYOUT_DESTINATION_NOT_ACTIVE",
        payout_destination_id,
      ],
    ];
    for (const [what, store, code, field] of rows) {
      test(`${what}: ${code}`, () => refuses(shop, { store }, code, field));
    }

    test("an account where in-person payments are off: IN_PERSON_NOT_ENABLED", async () => {
      await shop.database.sql("UPDATE accounts SET in_person_enabled = false WHERE account_id = 'T12345678'");
      await refuses(shop, {}, "IN_PERSON_NOT_ENABLED");
      await shop.database.sql("UPDATE accounts SET in_person_enabled = true WHERE account_id = 'T12345678'");
      await accepted();
    });

    test("what was in order and is no more counts at once, and so does the way back", async () => {
      const change = (sql: string) => shop.database.sql(`${sql} AND account_id = 'T12345678'`);
      const rows: [table: string, column: string, key: string, bad: string, code: string][] = [
        ["terminals", "status", "terminal_id = 'T12345678-T0292'", "INACTIVE", "TERMINAL_NOT_ACTIVE"],
        ["stores", "status", "store_id = 'oslo-center'", "DELETED", "STORE_NOT_ACTIVE"],
        ["stores", "payout_destination_id", "store_id = 'oslo-center'", "seller-2", "PAYOUT_DESTINATION_NOT_LINKED"],
        [
          "payout_destinations",
          "case_status",
          "payout_destination_id = 'seller-1'",
          "TERMINATED",
          "PAYOUT_DESTINATION_NOT_ACTIVE",
        ],
      ];
      for (const [table, column, key, bad, code] of rows) {
        const good = column === "payout_destination_id" ? "seller-1" : "ACTIVE";
        await change(`UPDATE ${table} SET ${column} = '${bad}' WHERE ${key}`);
        await refuses(shop, {}, code);
        await change(`UPDATE ${table} SET ${column} = '${good}' WHERE ${key}`);
        await accepted();
      }
    });
  });

  describe("a terminal's id", () => {
    for (const terminal_id of ["T0292", "T12345678-T0292"]) {
      test(`${terminal_id} is kept as sent on the session, and is whole on the transaction`, async () => {
        const { id } = await accepted({ store: { terminal_id } });
        const { body: session } = await shop.call<Session>("GET", `/v1/sessions/${id}`);
        assert.equal((session.order.store as { terminal_id: string }).terminal_id, terminal_id);
        const { body } = await shop.call<Transaction>("GET", `/v1/transactions/${session.transaction_id}`);
        assert.equal(body.store?.terminal_id, "T12345678-T0292");
      });
    }
  });

  describe("money", () => {
    const taken: [currency: string, receipt: string][] = [
      ["NOK", "399.00 NOK"],
      ["EUR", "399.00 EUR"],
      ["JPY", "39900 JPY"],
      ["ISK", "39900 ISK"],
    ];
    for (const [currency, receipt] of taken) {
      test(`in ${currency} is captured, and the receipt says ${receipt}`, async () => {
        const { body: created } = await shop.create({ order: { currency }, url: { callback_url: undefined } });
        await shop.play("tap");
        const transaction = await shop.ended(created.id);
        assert.equal(transaction.status, "CAPTURED");
        assert.deepEqual([transaction.amount, transaction.currency], [39900, currency]);
        const text = String(transaction.events.at(-1)?.metadata?.["seitatech:customerReceipt"]);
        assert.match(text, new RegExp(`PURCHASE ${receipt.replace(".", "\\.")}\n`));
      });
    }

    const refused: [currency: string, code: string, what: string][] = [
      ["KWD", "CURRENCY_NOT_TAKEN", "a currency that the terminal does not take"],
      ["XXX", "CURRENCY_UNKNOWN", "no currency"],
      ["XAU", "CURRENCY_UNKNOWN", "gold"],
      ["nok", "CURRENCY_UNKNOWN", "small letters"],
      ["kr", "CURRENCY_UNKNOWN", "what people write"],
    ];
    for (const [currency, code, what] of refused) {
      test(`in ${currency}, ${what}, is refused: ${code}`, () =>
        refuses(shop, { order: { currency } }, code, "order.currency"));
    }

    test("in a currency not taken is told which ones are", async () => {
      const { body } = await shop.create({ order: { currency: "KWD" } });
      assert.match(body.error.message, /\bKWD\b.*\bNOK\b/);
    });
  });

  describe("holding the money for a later capture", () => {
    const field = "configuration.auto_capture";
    test("is refused on a terminal that cannot", () =>
      refuses(
        shop,
        { store: { terminal_id: "T0308" }, configuration: { auto_capture: false } },
        "TERMINAL_CANNOT_AUTHORIZE",
        field,
      ));
    test("is refused on a terminal that never said what it can do", () =>
      refuses(
        shop,
        { store: { terminal_id: "T0307" }, configuration: { auto_capture: false } },
        "TERMINAL_CANNOT_AUTHORIZE",
        field,
      ));
    test("is not what auto_capture: true asks for", async () => {
      await accepted({ configuration: { auto_capture: true } });
    });
  });

  describe("the payment profile", () => {
    const inPerson = { in_person: { type: "payment_product_type", enabled: true } };
    const card = { type: "payment_type", creditcard: { type: "payment_product_type", enabled: true } };

    beforeEach(() => profile("changing", { seitatech: inPerson }));

    /** What an operator does: the profile as it is from now on. */
    async function profile(profile_id: string, configuration: object): Promise<void> {
      await shop.database.sql(
        `INSERT INTO payment_profiles (account_id, profile_id, description, configuration, created_at, updated_at)
         VALUES ('T12345678', $1, '', $2, now(), now())
         ON CONFLICT (account_id, profile_id) DO UPDATE SET configuration = EXCLUDED.configuration,
           revision = payment_profiles.revision + 1, deleted_at = NULL`,
        [profile_id, JSON.stringify(configuration)],
      );
    }
    const changing = { profile_id: "changing" };

    test("that is not there: PROFILE_NOT_FOUND", () =>
      refuses(shop, { profile_id: "nobodys" }, "PROFILE_NOT_FOUND", "profile_id"));

    const empty: [what: string, configuration: object][] = [
      ["nothing", {}],
      ["in person switched off", { seitatech: { in_person: { enabled: false } } }],
      ["in person without a word about it", { seitatech: { in_person: { payability: "payable" } } }],
    ];
    for (const [what, configuration] of empty) {
      test(`with ${what} has nothing to pay with: NO_METHOD_ENABLED`, async () => {
        await profile("changing", configuration);
        await refuses(shop, changing, "NO_METHOD_ENABLED", "profile_id");
      });
    }

    test("with another method beside in person is refused by its name: OTHER_METHODS_ENABLED", async () => {
      await profile("changing", { seitatech: inPerson, bambora: card });
      await refuses(shop, changing, "OTHER_METHODS_ENABLED", "configuration");
      const { body } = await shop.create(changing);
      assert.match(body.error.message, /bambora\.creditcard/);
    });

    test("may be overridden by the request, to switch in person on, and another method off", async () => {
      await profile("changing", { seitatech: { in_person: { enabled: false } }, bambora: card });
      const configuration = { seitatech: inPerson, bambora: { creditcard: { enabled: false } } };
      await accepted({ ...changing, configuration });
      await refuses(
        shop,
        { ...changing, configuration: { seitatech: inPerson } },
        "OTHER_METHODS_ENABLED",
        "configuration",
      );
    });

    test("may be overridden by the request to the worse as well", async () => {
      const off = { configuration: { seitatech: { in_person: { enabled: false } } } };
      await refuses(shop, { ...changing, ...off }, "NO_METHOD_ENABLED", "profile_id");
      const mixed = { configuration: { vipps: { type: "payment_type", enabled: true } } };
      await refuses(shop, { ...changing, ...mixed }, "OTHER_METHODS_ENABLED", "configuration");
    });

    test("that changes between two sales counts from the next sale on, whichever way", async () => {
      await accepted(changing);
      await profile("changing", { seitatech: inPerson, swish: card });
      await refuses(shop, changing, "OTHER_METHODS_ENABLED");
      await profile("changing", { seitatech: inPerson, channel: "in_app" });
      const { id } = await accepted(changing);
      assert.equal((await shop.call<Session>("GET", `/v1/sessions/${id}`)).body.configuration?.channel, "in_app");
      await profile("changing", {});
      await refuses(shop, changing, "NO_METHOD_ENABLED");
      await shop.database.sql("UPDATE payment_profiles SET deleted_at = now() WHERE profile_id = 'changing'");
      await refuses(shop, changing, "PROFILE_NOT_FOUND", "profile_id");
      await profile("changing", { seitatech: inPerson });
      await accepted(changing);
    });

    test("that is deleted between two sales is gone for the next", async () => {
      await accepted(changing);
      await shop.database.sql("UPDATE payment_profiles SET deleted_at = now() WHERE profile_id = 'changing'");
      await refuses(shop, changing, "PROFILE_NOT_FOUND", "profile_id");
    });
  });

  describe("a session's time", () => {
    for (const expires_at of ["2020-01-01T00:00:00.000Z", "0001-01-01T00:00:00Z"]) {
      test(`${expires_at} has passed: EXPIRES_AT_PASSED`, () =>
        refuses(shop, { expires_at }, "EXPIRES_AT_PASSED", "expires_at"));
    }

    test("is kept in UTC, whatever zone it was sent in", async () => {
      const { id } = await accepted({ expires_at: "2099-06-01T12:00:00+02:00" });
      assert.equal((await shop.call<Session>("GET", `/v1/sessions/${id}`)).body.expires_at, "2099-06-01T10:00:00.000Z");
    });

    test("is a day where nobody says otherwise", async () => {
      const { body } = await shop.call<Session>("GET", `/v1/sessions/${(await accepted()).id}`);
      assert.equal(Date.parse(body.expires_at) - Date.parse(body.created_at), 24 * 60 * 60 * 1000);
    });
  });

  describe("metadata", () => {
    const reserved = [
      ...["dintero", "merchant", "session", "event", "payout", "gateway", "bambora", "collector", "instabank"],
      ...["klarna", "kravia", "netaxept", "payex", "santander", "swish", "vipps"],
    ];
    for (const prefix of reserved) {
      test(`under ${prefix} and what begins with it is ours: METADATA_KEY_RESERVED`, async () => {
        for (const key of [prefix, `${prefix}:till`, `${prefix}_till`]) {
          await refuses(shop, { metadata: { ext_till: 4, [key]: "x" } }, "METADATA_KEY_RESERVED", `metadata.${key}`);
        }
      });
    }

    test("under a reserved word with a dot is refused by its whole name", async () => {
      const answer = await shop.create({ metadata: { "merchant.name": "x" } });
      assertRefused(answer, { status: 400, code: "METADATA_KEY_RESERVED", field: ["metadata", "merchant.name"] });
    });

    test("of your own is taken, in texts and numbers", async () => {
      const metadata = { ext_till: 4, ext_share: 0.25, ext_clerk: "Kari", eventual: "x", sessions: 1, "": "nameless" };
      const { id } = await accepted({ metadata });
      const { body } = await shop.call<Session>("GET", `/v1/sessions/${id}`);
      assert.deepEqual(body.metadata, { ...metadata, "session:profile_id": "in-person" });
    });
  });
});

/** Other stores, terminals and sellers, each with something about it. */
async function plant({ database }: Shop): Promise<void> {
  await database.sql(
    `INSERT INTO accounts (account_id, name, in_person_enabled, created_at) VALUES ('T87654321', 'Other', true, now())`,
  );
  await database.sql(
    `INSERT INTO payout_destinations (account_id, payout_destination_id, case_status, created_at) VALUES
       ('T12345678', 'seller-2', 'ACTIVE', now()), ('T12345678', 'seller-3', 'UNDER_MANUAL_REVIEW', now()),
       ('T87654321', 'their-seller', 'ACTIVE', now())`,
  );
  await database.sql(
    `INSERT INTO stores (account_id, store_id, id, payout_destination_id, status, created_at) VALUES
       ('T12345678', 'trondheim', 'T12345678-0002', 'seller-2', 'ACTIVE', now()),
       ('T12345678', 'stavanger', 'T12345678-0003', 'seller-3', 'ACTIVE', now()),
       ('T12345678', 'closed-down', 'T12345678-0004', 'seller-1', 'DELETED', now()),
       ('T87654321', 'their-store', 'T87654321-0001', 'their-seller', 'ACTIVE', now())`,
  );
  await database.sql(
    `WITH enrolled AS (
       INSERT INTO terminals (account_id, terminal_id, device_serial_number, store_id, status, driver, created_at) VALUES
         ('T12345678', 'T12345678-T0300', '300', 'closed-down', 'ACTIVE', 'socket', now()),
         ('T12345678', 'T12345678-T0301', '301', 'trondheim', 'ACTIVE', 'socket', now()),
         ('T12345678', 'T12345678-T0302', '302', 'oslo-center', 'PENDING', 'socket', now()),
         ('T12345678', 'T12345678-T0303', '303', 'oslo-center', 'INACTIVE', 'socket', now()),
         ('T12345678', 'T12345678-T0304', '304', 'oslo-center', 'ACTION_REQUIRED', 'socket', now()),
         ('T12345678', 'T12345678-T0305', '305', 'oslo-center', 'DELETED', 'socket', now()),
         ('T12345678', 'T12345678-T0306', '306', 'stavanger', 'ACTIVE', 'socket', now()),
         ('T12345678', 'T12345678-T0307', '307', 'oslo-center', 'ACTIVE', 'socket', now()),
         ('T12345678', 'T12345678-T0308', '308', 'oslo-center', 'ACTIVE', 'socket', now()),
         ('T87654321', 'T87654321-T0001', '001', 'their-store', 'ACTIVE', 'socket', now())
       RETURNING account_id, terminal_id)
     INSERT INTO terminal_seats (account_id, terminal_id) SELECT account_id, terminal_id FROM enrolled`,
  );
  // It has said that it only sells.
  await database.sql("UPDATE terminal_seats SET capabilities = $1 WHERE terminal_id = 'T12345678-T0308'", [
    JSON.stringify({ ...simulatedCapabilities, kinds: ["purchase"], advice: false }),
  ]);
}

describe("on a server that calls public addresses alone", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop({ TAPLINE_CALLBACK_ADDRESSES: "public" });
    await shop.play("manual");
  });
  after(() => shop.close());

  const refused = [
    ...[
      "http://shop.example.com/callback",
      "ftp://shop.example.com/",
      "mailto:till@example.com",
      "javascript:alert(1)",
    ],
    ...["https://localhost/", "https://localhost.:8443/", "https://till.localhost/", "https://intranet/callback"],
    ...["https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://0.0.0.0/", "https://[::1]/"],
    ...["https://10.1.2.3/", "https://192.168.1.4/", "https://172.16.0.9/", "https://100.64.0.1/"],
    ...[
      "https://169.254.169.254/latest/meta-data/",
      "https://[fd00::1]/",
      "https://[fe80::1]/",
      "https://[::ffff:10.0.0.1]/",
    ],
    "https://clerk:secret@shop.example.com/callback",
  ];
  for (const callback_url of refused) {
    test(`a callback to ${callback_url} is refused`, () =>
      refuses(shop, { url: { callback_url } }, "CALLBACK_ADDRESS_REFUSED", "url.callback_url"));
  }

  test("a callback to a public HTTPS address is taken, and so is none", async () => {
    for (const callback_url of ["https://shop.example.com/callback?order=1&report_error=true", undefined, ""]) {
      const { status, body } = await shop.create({ url: { callback_url } });
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal((await shop.call("POST", `/v1/sessions/${body.id}/cancel`)).status, 200);
    }
  });
});
