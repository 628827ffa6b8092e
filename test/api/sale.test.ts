/** A sale from the till to the receipt: its everyday ends, and what happens when many come at once. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { CreatedSession, PublishEntry, Session } from "../../src/contract/session.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { scriptsByAmount } from "../../src/simulator/amounts.ts";
import { openShop, type SaleChange, type Shop } from "../support/shop.ts";

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop.close());

describe("a sale on a terminal that waits for its cardholder", () => {
  before(async () => {
    await shop.play("manual");
  });
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

async function sold(amount: number, change: SaleChange = {}): Promise<Transaction> {
  const url = { callback_url: `${shop.callback_url}?report_error=true` };
  const { status, body } = await shop.create({ ...change, url, order: { amount } });
  assert.equal(status, 200, JSON.stringify(body));
  return shop.ended(body.id);
}

/** What the merchant's server is told: the error's word, or null for a payment. */
const toldError = async ({ session_id }: Transaction): Promise<string | null> => {
  const callback = await shop.until(() =>
    shop.callbacks.find(({ url }) => url.searchParams.get("session_id") === session_id),
  );
  return callback.url.searchParams.get("error");
};

async function terminalIsFree(): Promise<void> {
  const [seat] = await shop.database.sql("SELECT occupant_id FROM terminal_seats");
  assert.equal(seat?.occupant_id, null);
}

const approved: [amount: number, brand: string, masked_pan: string, type: string][] = [
  [39900, "Visa", "476173******0416", "Debit Card"],
  [1, "Visa", "476173******0416", "Debit Card"],
  [2147483647, "Visa", "476173******0416", "Debit Card"],
  [991100, "Mastercard", "541333******4111", "Credit Card"],
  [991200, "BankAxept", "957881******6047", "Debit Card"],
];

interface Unpaid {
  readonly end: string;
  readonly status: string;
  readonly code: string;
  readonly type: string;
  /** What the host answered, where it did. */
  readonly result_code?: string;
  /** The callback's word. */
  readonly told: string;
}

const declined = { status: "DECLINED", code: "DECLINED", told: "authorization" };
const unpaid: [amount: number, Unpaid][] = [
  [990100, { ...declined, end: "is declined by the issuer", type: "DECLINED", result_code: "05" }],
  [990200, { ...declined, end: "is declined for want of funds", type: "INSUFFICIENT_FUNDS", result_code: "51" }],
  [990300, { ...declined, end: "is declined because the card has expired", type: "EXPIRED_CARD", result_code: "54" }],
  [
    990400,
    {
      end: "is cancelled by the customer",
      status: "DECLINED",
      code: "CANCELLED_ON_TERMINAL",
      type: "DECLINED",
      told: "cancelled",
    },
  ],
  [
    990600,
    {
      end: "fails because the host cannot be reached",
      status: "FAILED",
      code: "FAILED",
      type: "ERROR",
      told: "failed",
    },
  ],
];

/** Nobody presents a card; it ends with its time. */
const ignored = 990500;

describe("on a terminal whose person answers by amount, a sale of", () => {
  before(async () => {
    await shop.play("auto");
  });

  for (const [amount, brand, masked_pan, type] of approved) {
    test(`${amount} is captured from a ${brand} card`, async () => {
      const sale = await sold(amount);
      assert.equal(sale.status, "CAPTURED");
      assert.equal(sale.amount, amount);
      assert.deepEqual(
        sale.events.map(({ event, transaction_status, success, amount }) => [
          event,
          transaction_status,
          success,
          amount,
        ]),
        [
          ["INITIALIZE", "INITIATED", true, amount],
          ["AUTHORIZE", "AUTHORIZED", true, amount],
          ["CAPTURE", "CAPTURED", true, amount],
        ],
      );
      assert.deepEqual([sale.card?.brand, sale.card?.masked_pan, sale.card?.type], [brand, masked_pan, type]);
      assert.equal(sale.card?.entry_method, "contactless");
      const receipt = sale.events[2]?.metadata ?? {};
      for (const key of ["seitatech:customerReceipt", "seitatech:merchantReceipt"]) {
        assert.match(String(receipt[key]), new RegExp(`${brand} .*\\n[^]*APPROVED`), key);
      }
      assert.equal(receipt["seitatech:saleAmount"], String(amount));
      assert.ok(
        Object.entries(receipt).every(([, value]) => typeof value === "string"),
        "receipts and facts are texts",
      );
      assert.equal(await toldError(sale), null);
      await terminalIsFree();
    });
  }

  for (const [amount, { end, status, code, type, result_code, told }] of unpaid) {
    test(`${amount} ${end}`, async () => {
      const sale = await sold(amount);
      assert.equal(sale.status, status);
      assert.deepEqual(
        sale.events.map(({ event, transaction_status, success }) => [event, transaction_status, success]),
        [
          ["INITIALIZE", "INITIATED", true],
          ["AUTHORIZE", status, false],
        ],
      );
      const error = sale.events[1]?.error;
      assert.deepEqual([error?.code, error?.type, error?.result_code], [code, [type], result_code]);
      assert.match(error?.message ?? "", /\S/);
      assert.equal(await toldError(sale), told);
      await terminalIsFree();
    });
  }

  test(`${ignored} is cancelled when nobody has presented a card until the time limit`, async () => {
    const sale = await sold(ignored, { expires_at: new Date(Date.now() + 1_500).toISOString() });
    assert.equal(sale.status, "DECLINED");
    assert.equal(sale.events.at(-1)?.error?.code, "EXPIRED");
    assert.equal(await toldError(sale), "cancelled");
    await terminalIsFree();
  });

  test("every amount that the simulator knows stands above", () => {
    const tried = [...approved.map(([amount]) => amount), ...unpaid.map(([amount]) => amount), ignored];
    assert.deepEqual(
      [...scriptsByAmount.keys()].filter((amount) => !tried.includes(amount)),
      [],
    );
  });
});

describe("on its way to the terminal's screen, a sale with", () => {
  before(async () => {
    await shop.play("manual");
    await shop.database.sql(
      `INSERT INTO payment_profiles (account_id, profile_id, description, configuration, created_at, updated_at)
       SELECT account_id, 'quiet', '', configuration - 'publish' - 'channel', now(), now() FROM payment_profiles WHERE profile_id = 'in-person'`,
    );
  });
  afterEach(async () => {
    await shop.play("online");
    const open = "SELECT session_id FROM prompts WHERE status IN ('PENDING', 'SENT', 'SHOWN')";
    for (const { session_id } of await shop.database.sql<{ session_id: string }>(open)) {
      await shop.call("POST", `/v1/sessions/${session_id}/cancel`);
    }
  });

  async function create(change: SaleChange = {}): Promise<CreatedSession> {
    const { status, body } = await shop.create(change);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  const read = async (id: string): Promise<Session> => (await shop.call<Session>("GET", `/v1/sessions/${id}`)).body;

  const onScreen = async () => {
    const path = `/v1/accounts/T12345678/simulated-terminals/T12345678-T0292`;
    const { body } = await shop.call<{ screen: { amount?: number; text: string } }>("GET", path);
    return body.screen;
  };
  /** The prompt is on the terminal's screen. */
  const prompted = (amount: number) => shop.until(async () => (await onScreen()).amount === amount);

  async function unplugged(): Promise<void> {
    await shop.play("offline");
    await shop.until(async () => {
      const [seat] = await shop.database.sql("SELECT connected_to FROM terminal_seats");
      return seat?.connected_to === null;
    });
  }

  /** The entry without what the server said about it. */
  const asSent = ({ id: _, status: __, expires_at: ___, ...sent }: PublishEntry) => sent;

  describe("a publish entry for the terminal", () => {
    const spellings = [
      { channel: "terminal", type: "push" },
      { channel: "push", type: "terminal" },
    ];
    for (const entry of spellings) {
      test(`written ${entry.channel}/${entry.type} pushes the sale, and comes back as sent, with an id and a status`, async () => {
        const { publish } = await create({ profile_id: "quiet", configuration: { publish: [entry] } });
        assert.equal(publish.length, 1);
        const [pushed] = publish;
        assert.ok(pushed);
        assert.deepEqual(asSent(pushed), entry);
        assert.equal(pushed.status, "sent");
        assert.match(pushed.id ?? "", /\S/);
        assert.equal(pushed.expires_at, undefined);
        await prompted(39900);
      });
    }

    test("in the profile counts where the request has none, and gets an id of its own for each sale", async () => {
      const first = await create();
      await shop.call("POST", `/v1/sessions/${first.id}/cancel`);
      const second = await create();
      const [one, other] = [first.publish[0], second.publish[0]];
      assert.ok(one && other);
      assert.deepEqual(asSent(one), { channel: "terminal", type: "push" });
      assert.notEqual(one.id, other.id);
    });

    test("stands on the session under the id that was answered", async () => {
      const sent = { channel: "push", type: "terminal", note: "till 4" };
      const { id, publish } = await create({ configuration: { publish: [sent] } });
      assert.deepEqual((await read(id)).configuration?.publish, [{ ...sent, id: publish[0]?.id }]);
    });

    test("may stand beside one for something else, which is skipped", async () => {
      const publish = [
        { channel: "sms", type: "checkout-link" },
        { channel: "terminal", type: "push", id: "mine", status: "failed" },
      ];
      const answered = (await create({ configuration: { publish } })).publish;
      assert.deepEqual(
        answered.map(({ status }) => status),
        ["skipped", "sent"],
      );
      assert.notEqual(answered[0]?.id, answered[1]?.id);
      assert.notEqual(answered[1]?.id, "mine", "an id is given by the server");
    });
  });

  describe("no publish entry", () => {
    for (const [what, configuration] of [
      ["in profile or request", {}],
      ["in an empty list", { publish: [] }],
    ] as const) {
      test(`${what}, the sale is on the terminal all the same`, async () => {
        const { publish } = await create({ profile_id: "quiet", configuration, order: { amount: 12300 } });
        assert.deepEqual(publish, []);
        await prompted(12300);
      });
    }

    test("and without a channel, the sale is one in a shop", async () => {
      const { id } = await create({ profile_id: "quiet" });
      const { transaction_id } = await read(id);
      const { body } = await shop.call<{ channel: string }>("GET", `/v1/transactions/${transaction_id}`);
      assert.equal(body.channel, "in_store");
    });
  });

  describe("a terminal that is offline", () => {
    test("is taken, says that it was not pushed and until when it may be, and is pushed when the terminal comes back", async () => {
      await unplugged();
      const created = await create({ order: { amount: 45600 } });
      const [entry] = created.publish;
      assert.equal(entry?.status, "failed");
      const waiting = await read(created.id);
      assert.equal(Date.parse(entry?.expires_at ?? "") - Date.parse(waiting.created_at), 120_000);
      assert.deepEqual(
        waiting.events.map(({ name }) => name),
        ["INITIATED"],
      );
      assert.ok(waiting.transaction_id, "the transaction is there from the start");

      await shop.play("online");
      await prompted(45600);
      await shop.play("tap");
      assert.equal((await shop.ended(created.id)).status, "CAPTURED");
      assert.equal((await read(created.id)).events[1]?.name, "PUSH_NOTIFICATION_SENT");
    });

    test("takes the terminal: another sale is told so", async () => {
      await unplugged();
      const { id } = await create();
      const second = await shop.create();
      assert.equal(second.status, 409);
      assert.equal(second.body.error.session_id, id);
    });

    test("is called off at once, and is never shown", async () => {
      await unplugged();
      const { id } = await create({ order: { amount: 78900 } });
      const cancelled = await shop.call<Session>("POST", `/v1/sessions/${id}/cancel`);
      assert.equal(cancelled.status, 200);
      assert.equal((await shop.ended(id)).status, "DECLINED");
      await shop.play("online");
      await create({ order: { amount: 11100 } });
      await prompted(11100);
      const names = (await read(id)).events.map(({ name }) => name);
      assert.deepEqual(names, ["INITIATED", "CANCELLED"]);
    });

    test("stays valid no longer than its session", async () => {
      await unplugged();
      const expires_at = new Date(Date.now() + 60_000).toISOString();
      assert.equal((await create({ expires_at })).publish[0]?.expires_at, expires_at);
    });
  });

  describe("include_session=true", () => {
    test("puts the whole session in the answer, as reading it gives it", async () => {
      await unplugged();
      const created = await shop.call<CreatedSession>("POST", "/v1/sessions-profile?include_session=true", shop.sale());
      assert.equal(created.status, 200);
      assert.deepEqual(created.body.session, await read(created.body.id));
    });

    for (const query of ["", "?include_session=false"]) {
      test(`is not what ${query === "" ? "no word about it" : query} asks for`, async () => {
        const created = await shop.call<CreatedSession>("POST", `/v1/sessions-profile${query}`, shop.sale());
        assert.equal(created.status, 200);
        assert.ok(!("session" in created.body));
      });
    }
  });
});

describe("sales that come at the same instant", () => {
  const terminals = Array.from({ length: 20 }, (_, i) => `T12345678-T${1000 + i}`);
  before(async () => {
    await shop.play("manual");
    await shop.database.sql(
      `WITH enrolled AS (
         INSERT INTO terminals (account_id, terminal_id, device_serial_number, store_id, status, driver, created_at)
         SELECT 'T12345678', id, id, 'oslo-center', 'ACTIVE', 'socket', now() FROM unnest($1::text[]) AS id
         RETURNING account_id, terminal_id)
       INSERT INTO terminal_seats (account_id, terminal_id) SELECT account_id, terminal_id FROM enrolled`,
      [terminals],
    );
  });

  test("for one terminal: one of fifty gets it, and the others are told who", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => shop.create({ order: { merchant_reference: `rush-${i}` } })),
    );
    const winners = answers.filter(({ status }) => status === 200);
    assert.equal(winners.length, 1);
    const [winner] = winners;
    for (const { status, body } of answers.filter((answer) => answer !== winner)) {
      assert.equal(status, 409);
      assert.equal(body.error.code, "TERMINAL_BUSY");
      assert.equal(body.error.session_id, winner?.body.id);
      assert.equal(body.error.merchant_reference, `rush-${answers.indexOf(winner as (typeof answers)[number])}`);
    }
    const written = "SELECT FROM sessions WHERE merchant_reference LIKE 'rush-%'";
    assert.equal((await shop.database.sql(written)).length, 1);
    await shop.play("tap");
    assert.equal((await shop.ended(winner?.body.id ?? "")).status, "CAPTURED");
  });

  const sellAtEach = (references: readonly string[]) =>
    Promise.all(
      terminals.map((terminal_id, i) =>
        shop.create({ store: { terminal_id }, order: { merchant_reference: references[i] ?? "" } }),
      ),
    );
  const callOffAll = (ids: readonly string[]) =>
    Promise.all(ids.map((id) => shop.call("POST", `/v1/sessions/${id}/cancel`)));

  test("for twenty terminals: each gets its own", async () => {
    const answers = await sellAtEach(terminals);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    const seats = await shop.database.sql<{ terminal_id: string; merchant_reference: string }>(
      `SELECT prompt.terminal_id, session.merchant_reference FROM terminal_seats AS seat
       JOIN prompts AS prompt ON prompt.id = seat.occupant_id JOIN sessions AS session ON session.id = prompt.session_id`,
    );
    assert.equal(seats.length, terminals.length);
    for (const { terminal_id, merchant_reference } of seats) assert.equal(merchant_reference, terminal_id);
    await callOffAll(answers.map(({ body }) => body.id));
  });

  test("for twenty terminals: one that is refused takes nobody down with it", async () => {
    const hash = (_: unknown, i: number) => createHash("sha256").update(String(i)).digest("base64");
    const far_too_long = Array.from({ length: 140 }, hash).join("");
    const answers = await sellAtEach(terminals.map((terminal_id, i) => (i === 10 ? far_too_long : terminal_id)));
    const started = answers.filter(({ status }) => status === 200);
    await callOffAll(started.map(({ body }) => body.id));
    assert.deepEqual(
      answers.flatMap(({ status }, i) => (status === 200 ? [] : [i])),
      [10],
    );
    assert.equal(answers[10]?.status, 400);
  });
});

test("a simulated terminal shows its screen and its setting, and never its key", async () => {
  const shop = await openShop();
  try {
    const path = `/v1/accounts/${shop.demo.account_id}/simulated-terminals/T0292`;
    for (const { body } of [await shop.call("GET", path), await shop.play("manual")]) {
      assert.deepEqual(Object.keys(body).sort(), ["mode", "network", "screen", "terminal_id"]);
    }
  } finally {
    await shop.close();
  }
});
