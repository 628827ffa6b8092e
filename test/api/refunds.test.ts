/** A refund with the card present, as a till asks for it and hears how it ended (in-person-rules R50-R64). */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { PromptFrame } from "../../src/contract/terminal-protocol.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { newId } from "../../src/domain/ids.ts";
import { actOnDeadlines } from "../../src/flows/deadlines.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { raiseLongUnresolved } from "../../src/flows/resolution.ts";
import { tokenOf } from "../support/clients.ts";
import {
  approve,
  authorized,
  booksOf,
  type Counter,
  openCounter,
  operate,
  paid,
  read,
  refunding,
  say,
  storyOf,
  untilEvent,
} from "../support/counter.ts";
import {
  handTerminal,
  incidentsAt,
  later,
  openBareShop,
  sell,
  sold,
  transactionOf,
  untilConnected,
} from "../support/honest-shop.ts";
import { type Answer, type SaleChange, type Shop, until } from "../support/shop.ts";
import { assertRefused, type Refusal } from "./refusal.ts";

let shop: Shop;
let counter: Counter;
before(async () => {
  shop = await openBareShop({ TAPLINE_STOP_ANSWER_S: "1" });
});
after(() => shop.close());
beforeEach(async () => {
  counter = await openCounter(shop);
});
afterEach(() => counter.terminal.leave());

const amount = 39_900;

/** Two lines of goods and the shipping. */
const threeLines: SaleChange = {
  order: {
    amount: 10_000,
    items: [
      { id: "cup", line_id: "cups", description: "Cup", quantity: 4, amount: 4_000 },
      { id: "tea", line_id: "tea", description: "Tea, by weight", quantity: 0.5, amount: 5_000 },
    ],
    shipping_option: { id: "post", line_id: "shipping", amount: 1_000, title: "Post", operator: "Posten" },
  },
};

const here = () => counter.terminal.terminal_id;

/** The refusal is told as it must be, and nothing of the payment has moved. */
async function refusing(
  payment: { readonly id: string },
  body: unknown,
  refusal: Refusal,
  headers?: Record<string, string>,
): Promise<Answer<ErrorBody>> {
  const before = await booksOf(shop, payment);
  const answer = await operate(shop, "refund", payment, body, headers);
  assertRefused(answer, refusal);
  assert.deepEqual(await booksOf(shop, payment), before);
  return answer;
}

const refuses = async (...asked: Parameters<typeof refusing>): Promise<void> => void (await refusing(...asked));

const refused = (code: string, field?: Refusal["field"], status = 400): Refusal => ({
  status,
  code,
  ...(field === undefined ? {} : { field }),
});

/** The refund's prompt comes, and the cardholder approves. */
async function approveNext(at = counter): Promise<void> {
  await approve(at, await at.link.expect("prompt"));
}

const stillToRefund = (correction: object | undefined) =>
  (correction as { remaining_refund_amount?: number } | undefined)?.remaining_refund_amount;

const callbacksOf = (payment: Transaction) =>
  shop.callbacks.filter(({ url }) => url.searchParams.get("transaction_id") === payment.id);

describe("a refund is refused, and nothing is written,", () => {
  describe("for its terminal:", () => {
    let payment: Transaction;
    beforeEach(async () => {
      payment = await paid(shop, counter);
    });

    for (const terminal_id of [undefined, "", null]) {
      test(`none (${JSON.stringify(terminal_id)}), as no older till sends one`, async () => {
        const answer = await refusing(
          payment,
          { amount, terminal_id },
          refused("REFUND_TERMINAL_MISSING", "terminal_id"),
        );
        assert.match(answer.body.error.message, /terminal_id/);
      });
    }

    test("one that nobody knows", () =>
      refuses(payment, { amount, terminal_id: "T9999" }, refused("TERMINAL_UNKNOWN", "terminal_id")));

    for (const status of ["PENDING", "ACTION_REQUIRED", "INACTIVE"]) {
      test(`one that is ${status}`, async () => {
        const other = await handTerminal(shop);
        await shop.database.sql("UPDATE terminals SET status = $2 WHERE terminal_id = $1", [other.terminal_id, status]);
        const { terminal_id } = other;
        await refuses(payment, { amount, terminal_id }, refused("TERMINAL_NOT_ACTIVE", "terminal_id"));
      });
    }

    test("one that was deleted", async () => {
      const { terminal_id } = await handTerminal(shop);
      await shop.database.sql("UPDATE terminals SET status = 'DELETED' WHERE terminal_id = $1", [terminal_id]);
      await refuses(payment, { amount, terminal_id }, refused("TERMINAL_UNKNOWN", "terminal_id"));
    });

    test("one of another seller", async () => {
      const { terminal_id } = await handTerminal(shop);
      await openOtherSeller(terminal_id);
      const answer = await refusing(
        payment,
        { amount, terminal_id },
        refused("TERMINAL_OF_ANOTHER_SELLER", "terminal_id"),
      );
      assert.match(answer.body.error.message, new RegExp(demo.payout_destination_id));
    });

    test("one of another account, as if nobody knew it", async () => {
      const terminal_id = "T87654321-T0001";
      await shop.database.sql(
        "INSERT INTO accounts (account_id, name, in_person_enabled, created_at) VALUES ('T87654321', 'B', true, now()) ON CONFLICT DO NOTHING",
      );
      await shop.database.sql(
        `INSERT INTO payout_destinations (account_id, payout_destination_id, name, case_status, created_at)
         VALUES ('T87654321', $1, 'B', 'ACTIVE', now()) ON CONFLICT DO NOTHING`,
        [demo.payout_destination_id],
      );
      await shop.database.sql(
        `INSERT INTO stores (account_id, store_id, id, payout_destination_id, status, created_at)
         VALUES ('T87654321', 'b', 'T87654321-0001', $1, 'ACTIVE', now())`,
        [demo.payout_destination_id],
      );
      await shop.database.sql(
        `INSERT INTO terminals (account_id, terminal_id, device_serial_number, store_id, status, driver, created_at)
         VALUES ('T87654321', $1, 'B', 'b', 'ACTIVE', 'socket', now())`,
        [terminal_id],
      );
      await refuses(payment, { amount, terminal_id }, refused("TERMINAL_UNKNOWN", "terminal_id"));
    });

    test("one that says it cannot show refunds", async () => {
      const old = await openCounter(shop, { kinds: ["purchase"] });
      const { terminal_id } = old.terminal;
      await refuses(payment, { amount, terminal_id }, refused("TERMINAL_CANNOT_REFUND", "terminal_id"));
      old.terminal.leave();
    });

    test("one that does not take the payment's currency", async () => {
      const abroad = await openCounter(shop, { currencies: ["SEK"] });
      const { terminal_id } = abroad.terminal;
      await refuses(payment, { amount, terminal_id }, refused("CURRENCY_NOT_TAKEN", "terminal_id"));
      abroad.terminal.leave();
    });
  });

  describe("for the payment, which", () => {
    test("was declined", async () => {
      const session_id = await sold(shop, here());
      const { prompt_id } = await counter.link.expect("prompt");
      await say(counter, counter.terminal.result(prompt_id, "declined"));
      const payment = await transactionOf(shop, session_id);
      assert.equal(payment.status, "DECLINED");
      await refuses(payment, { amount, terminal_id: here() }, refused("NOT_CAPTURED"));
    });

    test("failed", async () => {
      const session_id = await sold(shop, here());
      const { prompt_id } = await counter.link.expect("prompt");
      await say(counter, counter.terminal.result(prompt_id, "failed"));
      const payment = await transactionOf(shop, session_id);
      assert.equal(payment.status, "FAILED");
      await refuses(payment, { amount, terminal_id: here() }, refused("NOT_CAPTURED"));
    });

    test("is under way", async () => {
      const session_id = await sold(shop, here());
      const payment = await transactionOf(shop, session_id);
      assert.equal(payment.status, "INITIATED");
      await refuses(payment, { amount, terminal_id: here() }, refused("NOT_CAPTURED"));
    });

    test("is authorized only", async () => {
      const payment = await authorized(shop, counter);
      assert.equal(payment.status, "AUTHORIZED");
      await refuses(payment, { amount, terminal_id: here() }, refused("NOT_CAPTURED"));
    });

    test("nobody knows the end of", async () => {
      const session_id = await sold(shop, here());
      await counter.link.expect("prompt");
      await actOnDeadlines(later(shop.app.world, 123_000));
      await actOnDeadlines(later(shop.app.world, 126_000));
      const payment = await transactionOf(shop, session_id);
      assert.equal(payment.status, "UNKNOWN");
      await refuses(payment, { amount, terminal_id: here() }, refused("REFUND_OF_UNKNOWN"));
    });

    test("has been refunded whole", async () => {
      const payment = await paid(shop, counter);
      await refunding(shop, payment, { amount, terminal_id: here() });
      await approveNext();
      await refuses(payment, { amount: 1, terminal_id: here() }, refused("ALREADY_REFUNDED"));
    });

    test("is another account's, in the words for one that never was", async () => {
      const payment = await paid(shop, counter);
      const claims = { account_id: "T87654321", client_id: "stranger", scopes: ["admin:checkout"] };
      const headers = { authorization: `Bearer ${await tokenOf(shop, claims)}` };
      const body = { amount, terminal_id: "T0001" };
      const { body: real } = await refusing(payment, body, refused("TRANSACTION_NOT_FOUND", undefined, 404), headers);
      const never = { id: newId("never", 0, shop.app.world.random) };
      const { status, body: none } = await operate(shop, "refund", never, body, headers);
      assert.equal(status, 404);
      assert.deepEqual(
        { ...none.error, message: none.error.message.replace(never.id, "") },
        { ...real.error, message: real.error.message.replace(payment.id, "") },
      );
    });
  });

  describe("for its amount:", () => {
    let payment: Transaction;
    beforeEach(async () => {
      payment = await paid(shop, counter);
    });

    for (const nothing of [0, -1, -39_900]) {
      test(`${nothing}`, () =>
        refuses(payment, { amount: nothing, terminal_id: here() }, refused("AMOUNT_NOT_POSITIVE", "amount")));
    }

    test("one more than was paid", () =>
      refuses(payment, { amount: amount + 1, terminal_id: here() }, refused("REFUND_EXCEEDS_REMAINING", "amount")));

    test("one more than the refunds made have left", async () => {
      await refunding(shop, payment, { amount: 100, terminal_id: here() });
      await approveNext();
      const body = { amount: amount - 99, terminal_id: here() };
      await refuses(payment, body, refused("REFUND_EXCEEDS_REMAINING", "amount"));
    });

    test("one more than a refund under way leaves, which the sentence names", async () => {
      await refunding(shop, payment, { amount: 100, terminal_id: here() });
      const body = { amount: amount - 99, terminal_id: here() };
      const answer = await refusing(payment, body, refused("REFUND_EXCEEDS_REMAINING", "amount"));
      assert.match(answer.body.error.message, /39800 is left.*100 is reserved/);
    });

    test("one more than a refund leaves of which nobody knows the end", async () => {
      const request_id = await refunding(shop, payment, { amount: 100, terminal_id: here() });
      await counter.link.expect("prompt");
      await actOnDeadlines(later(shop.app.world, 123_000));
      await actOnDeadlines(later(shop.app.world, 126_000));
      assert.equal((await untilEvent(shop, payment, "REFUND", request_id)).success, false);
      const body = { amount: amount - 99, terminal_id: here() };
      await refuses(payment, body, refused("REFUND_EXCEEDS_REMAINING", "amount"));
    });

    for (const literal of ["1.5", '"100"', "null", "2147483648", "1998.9999999999998", "[100]"]) {
      test(`${literal}, which is no whole number of minor units`, () =>
        refuses(
          payment,
          `{"amount":${literal},"terminal_id":"${here()}"}`,
          refused("INVALID_REQUEST_PARAMETER", "amount"),
        ));
    }

    test("none", () => refuses(payment, { terminal_id: here() }, refused("INVALID_REQUEST_PARAMETER", "amount")));

    test("the same amount is taken as 39900.0, as tills that reckon with floats write it", async () => {
      const { status } = await operate(shop, "refund", payment, `{"amount":39900.0,"terminal_id":"${here()}"}`);
      assert.equal(status, 202);
    });
  });

  describe("for its lines:", () => {
    let payment: Transaction;
    beforeEach(async () => {
      payment = await paid(shop, counter, threeLines);
    });
    const of = (sum: number, ...items: object[]) => ({ amount: sum, items, terminal_id: here() });
    const cups = (of_cups: number, quantity?: number) => ({ line_id: "cups", amount: of_cups, quantity });

    test("they do not add up to the amount", () =>
      refuses(payment, of(2_000, cups(1_000, 1)), refused("LINES_MISMATCH", "amount")));

    test("one that the order does not have", () =>
      refuses(payment, of(100, { line_id: "saucers", amount: 100 }), refused("LINE_UNKNOWN", "items.0.line_id")));

    test("one without a name", () =>
      refuses(payment, of(100, { amount: 100 }), refused("INVALID_REQUEST_PARAMETER", "items.0.line_id")));

    test("the same one twice", () =>
      refuses(payment, of(2_000, cups(1_000, 1), cups(1_000, 1)), refused("DUPLICATE_LINE_ID", "items.1.line_id")));

    for (const too_much of [4_001, 0, -1_000]) {
      test(`${too_much} of a line of 4000`, () =>
        refuses(
          payment,
          of(5_000 + too_much, { line_id: "tea", amount: 5_000 }, cups(too_much)),
          refused("LINE_AMOUNT_EXCEEDED", "items.1.amount"),
        ));
    }

    test("more pieces than the line had", () =>
      refuses(payment, of(4_000, cups(4_000, 5)), refused("LINE_QUANTITY_EXCEEDED", "items.0.quantity")));

    test("more weight than the line had, to the gram", () =>
      refuses(
        payment,
        of(5_000, { line_id: "tea", amount: 5_000, quantity: 0.501 }),
        refused("LINE_QUANTITY_EXCEEDED", "items.0.quantity"),
      ));

    for (const earlier of ["was made", "is under way"]) {
      test(`more of a line than a refund left that ${earlier}, by amount and by pieces`, async () => {
        await refunding(shop, payment, of(3_000, cups(3_000, 2)) as { amount: number; terminal_id: string });
        if (earlier === "was made") await approveNext();
        await refuses(payment, of(1_001, cups(1_001)), refused("LINE_AMOUNT_EXCEEDED", "items.0.amount"));
        await refuses(payment, of(1_000, cups(1_000, 3)), refused("LINE_QUANTITY_EXCEEDED", "items.0.quantity"));
        await refunding(shop, payment, of(1_000, cups(1_000, 2)) as { amount: number; terminal_id: string });
      });
    }

    test("a line is whole again after a refund that the cardholder cancelled", async () => {
      await refunding(shop, payment, of(4_000, cups(4_000, 4)) as { amount: number; terminal_id: string });
      const { prompt_id } = await counter.link.expect("prompt");
      await say(counter, counter.terminal.result(prompt_id, "cancelled"));
      await refunding(shop, payment, of(4_000, cups(4_000, 4)) as { amount: number; terminal_id: string });
    });
  });

  describe("for what comes with it:", () => {
    let payment: Transaction;
    beforeEach(async () => {
      payment = await paid(shop, counter);
    });

    for (const key of ["till", "", "EXT_till", `ext_${"x".repeat(125)}`, "terminal_id", "seitatech:uniqueId"]) {
      test(`a metadata key ${key.slice(0, 20)}`, () =>
        refuses(
          payment,
          { amount, terminal_id: here(), metadata: { [key]: "4" } },
          { status: 400, code: "OPERATION_METADATA_INVALID" },
        ));
    }

    test("metadata that is no text", () =>
      refuses(
        payment,
        { amount, terminal_id: here(), metadata: { ext_till: 4 } },
        refused("INVALID_REQUEST_PARAMETER", "metadata.ext_till"),
      ));

    for (const scopes of [["read:checkout"], ["admin:accounts"], []]) {
      test(`a token with ${scopes.join() || "no scope"}`, async () => {
        const claims = { account_id: demo.account_id, client_id: "reader", scopes };
        const headers = { authorization: `Bearer ${await tokenOf(shop, claims)}` };
        await refuses(payment, { amount, terminal_id: here() }, { status: 403 }, headers);
      });
    }

    test("no token", () => refuses(payment, { amount, terminal_id: here() }, { status: 401 }, { authorization: "" }));

    test("no body", () => refuses(payment, undefined, { status: 400 }));
  });
});

/** Another seller of the same account; the terminal stands in its store. */
async function openOtherSeller(terminal_id: string): Promise<void> {
  const { sql } = shop.database;
  await sql(
    `INSERT INTO payout_destinations (account_id, payout_destination_id, name, case_status, created_at)
     VALUES ($1, 'seller-2', 'Seller 2', 'ACTIVE', now()) ON CONFLICT DO NOTHING`,
    [demo.account_id],
  );
  await sql(
    `INSERT INTO stores (account_id, store_id, id, payout_destination_id, status, created_at)
     VALUES ($1, 'bergen', $2, 'seller-2', 'ACTIVE', now()) ON CONFLICT DO NOTHING`,
    [demo.account_id, `${demo.account_id}-0002`],
  );
  await sql("UPDATE terminals SET store_id = 'bergen' WHERE terminal_id = $1", [terminal_id]);
}

describe("a refund is accepted with 202, and the payment keeps its status,", () => {
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

  function assertAccepted({ status, headers, body }: Answer<Transaction & ErrorBody>, payment: Transaction): void {
    assert.equal(status, 202, JSON.stringify(body));
    const initiated = body.events.at(-1);
    const { id, created_at, request_id, ...event } = initiated ?? assert.fail("no event");
    assert.equal(headers.get("event-request-id"), request_id);
    assert.match(request_id ?? "", uuid);
    assert.deepEqual(event, {
      event: "INITIATE_REFUND",
      transaction_status: "CAPTURED",
      success: true,
      amount,
      created_by: demo.client_id,
      metadata: { terminal_id: event.metadata?.terminal_id },
    });
    assert.deepEqual([body.id, body.status, body.amount], [payment.id, "CAPTURED", amount]);
    assert.equal(body.events.length, payment.events.length + 1);
  }

  test("where the terminal is online, which prompts at once", async () => {
    const payment = await paid(shop, counter);
    assertAccepted(await operate(shop, "refund", payment, { amount, terminal_id: here() }), payment);
    await counter.link.expect("prompt");
  });

  test("where the terminal is offline, which prompts when it is back", async () => {
    const payment = await paid(shop, counter);
    counter.link.cut();
    await untilConnected(shop, here(), false);
    assertAccepted(await operate(shop, "refund", payment, { amount, terminal_id: here() }), payment);
    const link = await counter.terminal.connect();
    assert.equal((await link.expect("prompt")).kind, "refund");
  });

  test("where the terminal has never been online", async () => {
    const payment = await paid(shop, counter);
    const { terminal_id } = await handTerminal(shop);
    assertAccepted(await operate(shop, "refund", payment, { amount, terminal_id }), payment);
  });

  test("where the terminal is busy with a sale, after which it prompts", async () => {
    const payment = await paid(shop, counter);
    await sold(shop, here());
    const sale = await counter.link.expect("prompt");
    assertAccepted(await operate(shop, "refund", payment, { amount, terminal_id: here() }), payment);
    assert.deepEqual(await counter.link.settled(), []);
    await approve(counter, sale);
    assert.equal((await counter.link.expect("prompt")).kind, "refund");
  });

  test("and the terminal may be named by its short name", async () => {
    const payment = await paid(shop, counter);
    const short = here().replace(`${demo.account_id}-`, "");
    assertAccepted(await operate(shop, "refund", payment, { amount, terminal_id: short }), payment);
    const { events } = await read(shop, payment);
    assert.equal(events.at(-1)?.metadata?.terminal_id, here());
    assert.equal((await counter.link.expect("prompt")).amount, amount);
  });

  test("under the account's own path as well, and with a slash behind it", async () => {
    const payment = await paid(shop, counter);
    const path = `/v1/accounts/${demo.account_id}/payments/transactions/${payment.id}/refund/`;
    assertAccepted(await shop.call("POST", path, { amount, terminal_id: here() }), payment);
  });

  test("on any terminal of the same seller, in another store too", async () => {
    const payment = await paid(shop, counter);
    const other = await openCounter(shop);
    await shop.database.sql(
      `INSERT INTO stores (account_id, store_id, id, payout_destination_id, status, created_at)
       VALUES ($1, 'oslo-west', $2, $3, 'ACTIVE', now())`,
      [demo.account_id, `${demo.account_id}-0003`, demo.payout_destination_id],
    );
    const { terminal_id } = other.terminal;
    await shop.database.sql("UPDATE terminals SET store_id = 'oslo-west' WHERE terminal_id = $1", [terminal_id]);
    assertAccepted(await operate(shop, "refund", payment, { amount, terminal_id }), payment);
    await approveNext(other);
    assert.equal((await read(shop, payment)).status, "REFUNDED");
    assert.equal((await read(shop, payment)).store?.terminal_id, here(), "the payment was made where it was made");
    other.terminal.leave();
  });

  test("and the terminal is free for nothing else until the refund has ended", async () => {
    const payment = await paid(shop, counter);
    await refunding(shop, payment, { amount, terminal_id: here() });
    const busy = await sell(shop, here());
    assert.deepEqual([busy.status, busy.body.error.code], [409, "TERMINAL_BUSY"]);
    await approveNext();
    assert.equal((await sell(shop, here())).status, 200);
  });
});

describe("the refund's prompt", () => {
  test("asks for the card in words of its own: a refund, its amount, and the payment as the host knows it", async () => {
    const session_id = await sold(shop, here());
    const sale = await counter.link.expect("prompt");
    await approve(counter, sale);
    const payment = await transactionOf(shop, session_id);
    await refunding(shop, payment, { amount: 100, terminal_id: here() });
    const { kind, amount, currency, original, merchant_reference, prompt_id } = await counter.link.expect("prompt");
    assert.notEqual(prompt_id, sale.prompt_id);
    assert.deepEqual(
      { kind, amount, currency, original, merchant_reference },
      {
        kind: "refund",
        amount: 100,
        currency: "NOK",
        original: { unique_id: `unique-${sale.prompt_id}` },
        merchant_reference: "order-12345",
      },
    );
  });

  test("is shown for 120 seconds from the acceptance, and no longer", async () => {
    const payment = await paid(shop, counter);
    const before_ms = performance.now();
    await refunding(shop, payment, { amount, terminal_id: here() });
    const { not_after_ms } = await counter.link.expect("prompt");
    assert.ok(not_after_ms <= performance.now() + 120_000, "not later than 120 s from now");
    assert.ok(not_after_ms > before_ms + 115_000, "and hardly earlier");
  });
});

describe("the end of a refund", () => {
  test("is one REFUND event that refers to its INITIATE_REFUND, with the host's receipts", async () => {
    const payment = await paid(shop, counter);
    const request_id = await refunding(shop, payment, { amount, terminal_id: here(), reason: "The cup was cracked" });
    const prompt = await counter.link.expect("prompt");
    const facts = { uniqueId: "refund-1", customerReceipt: "REFUND 399.00" };
    await say(counter, counter.terminal.approval(prompt, { facts }));
    const refunded = await read(shop, payment);
    const { correlation_request_id, success, transaction_status, metadata, error } = refunded.events.at(-1) ?? {};
    assert.deepEqual([correlation_request_id, success, transaction_status], [request_id, true, "REFUNDED"]);
    assert.equal(metadata?.["seitatech:uniqueId"], "refund-1");
    assert.equal(metadata?.["seitatech:customerReceipt"], "REFUND 399.00");
    assert.equal(error, undefined);
    assert.deepEqual(storyOf(refunded), ["CAPTURE 39900", "INITIATE_REFUND 39900", "REFUND 39900"]);
    assert.equal(refunded.amount, amount, "the amount of a payment never changes");
  });

  test("of a part is PARTIALLY_REFUNDED, of every part REFUNDED, and the events add up to the payment", async () => {
    const payment = await paid(shop, counter);
    const parts = [10_000, 29_899, 1];
    const statuses: string[] = [];
    for (const part of parts) {
      await refunding(shop, payment, { amount: part, terminal_id: here() });
      statuses.push((await read(shop, payment)).status);
      await approveNext();
      statuses.push((await read(shop, payment)).status);
    }
    const [whole, part, all] = ["CAPTURED", "PARTIALLY_REFUNDED", "REFUNDED"];
    assert.deepEqual(statuses, [whole, part, part, part, part, all]);
    const { events } = await read(shop, payment);
    const refunds = events.filter(({ event, success }) => event === "REFUND" && success);
    assert.equal(
      refunds.reduce((sum, event) => sum + (event.amount ?? 0), 0),
      amount,
    );
    const { reserved, refunded } = await booksOf(shop, payment);
    assert.deepEqual([reserved, refunded], [0, amount]);
  });

  const failures = [
    { outcome: "cancelled", code: "CANCELLED_ON_TERMINAL", type: "DECLINED", told: "cancelled" },
    { outcome: "declined", code: "DECLINED", type: "DECLINED", told: "authorization" },
    { outcome: "failed", code: "FAILED", type: "ERROR", told: "failed" },
  ] as const;

  for (const { outcome, code, type } of failures) {
    test(`${outcome} is a failed REFUND event, and the money comes free for another refund`, async () => {
      const payment = await paid(shop, counter);
      const request_id = await refunding(shop, payment, { amount, terminal_id: here() });
      const { prompt_id } = await counter.link.expect("prompt");
      await say(counter, counter.terminal.result(prompt_id, outcome));
      const after = await read(shop, payment);
      const { success, correlation_request_id, transaction_status, error, correction } = after.events.at(-1) ?? {};
      assert.deepEqual([success, correlation_request_id, transaction_status], [false, request_id, "CAPTURED"]);
      assert.deepEqual([error?.code, error?.type], [code, [type]]);
      assert.match(error?.message ?? "", /\S/);
      assert.deepEqual(correction, {
        status: "CAPTURED",
        remaining_capture_amount: 0,
        remaining_refund_amount: amount,
        remaining_void_amount: 0,
      });
      assert.equal(after.status, "CAPTURED");
      await refunding(shop, payment, { amount, terminal_id: here() });
    });
  }

  test("that never reached its terminal comes after 120 seconds, EXPIRED, and the money comes free", async () => {
    const payment = await paid(shop, counter);
    const { terminal_id } = await handTerminal(shop);
    const request_id = await refunding(shop, payment, { amount, terminal_id });
    await actOnDeadlines(later(shop.app.world, 119_000));
    assert.equal((await read(shop, payment)).events.at(-1)?.event, "INITIATE_REFUND");
    await actOnDeadlines(later(shop.app.world, 123_000));
    const { error, correction } = await untilEvent(shop, payment, "REFUND", request_id);
    assert.equal(error?.code, "EXPIRED");
    assert.equal(stillToRefund(correction), amount);
    assert.equal((await booksOf(shop, payment)).reserved, 0);
  });

  test("that waited behind a sale for 120 seconds comes then, EXPIRED, and it is never shown", async () => {
    const payment = await paid(shop, counter);
    await sold(shop, here());
    const sale = await counter.link.expect("prompt");
    counter.link.send({ type: "card_presented", prompt_id: sale.prompt_id });
    await counter.link.settled();
    const request_id = await refunding(shop, payment, { amount, terminal_id: here() });
    await actOnDeadlines(later(shop.app.world, 123_000));
    const { error, success } = await untilEvent(shop, payment, "REFUND", request_id);
    assert.deepEqual([success, error?.code], [false, "EXPIRED"]);
    assert.doesNotMatch(error?.message ?? "", /reach|known|reserved/, "the terminal was there, and the end is known");
    assert.equal((await booksOf(shop, payment)).reserved, 0);
    await approve(counter, sale);
    assert.deepEqual(await counter.link.settled(), []);
  });

  test("whose card was presented in time is waited for beyond the 120 seconds, and counts", async () => {
    const payment = await paid(shop, counter);
    const request_id = await refunding(shop, payment, { amount, terminal_id: here() });
    const prompt = await counter.link.expect("prompt");
    counter.link.send({ type: "card_presented", prompt_id: prompt.prompt_id });
    await counter.link.settled();
    await actOnDeadlines(later(shop.app.world, 123_000));
    assert.equal((await read(shop, payment)).events.at(-1)?.event, "INITIATE_REFUND");
    await approve(counter, prompt);
    assert.equal((await untilEvent(shop, payment, "REFUND", request_id)).success, true);
    assert.equal((await read(shop, payment)).status, "REFUNDED");
  });

  test("that nobody knows is told as EXPIRED, with the amount still reserved, and a late approval is taken back", async () => {
    const payment = await paid(shop, counter);
    await refunding(shop, payment, { amount, terminal_id: here() });
    const prompt = await counter.link.expect("prompt");
    await actOnDeadlines(later(shop.app.world, 123_000));
    await counter.link.expect("stop");
    await actOnDeadlines(later(shop.app.world, 126_000));
    const { error, correction, success } = (await read(shop, payment)).events.at(-1) ?? {};
    assert.deepEqual([success, error?.code], [false, "EXPIRED"]);
    assert.match(error?.message ?? "", /not known yet.*399\.00.*reserved/);
    assert.equal(stillToRefund(correction), 0);
    assert.equal((await booksOf(shop, payment)).reserved, amount);
    counter.link.send(counter.terminal.approval(prompt));
    const { reversal_id, amount: reversed } = await counter.link.expect("reverse");
    assert.equal(reversed, amount);
    await counter.link.expect("acknowledge");
    await say(counter, counter.terminal.reversal(reversal_id, "reversed"));
    const after = await read(shop, payment);
    assert.equal(after.status, "CAPTURED");
    assert.deepEqual(storyOf(after), ["CAPTURE 39900", "INITIATE_REFUND 39900", "REFUND failed 39900"]);
    assert.equal((await booksOf(shop, payment)).reserved, 0, "the money did not go back: it may be refunded again");
  });
});

describe("a refund that nobody knows the end of", () => {
  interface Unknown {
    readonly payment: Transaction;
    readonly request_id: string;
    readonly prompt: PromptFrame;
  }

  async function unknown(change: SaleChange = {}): Promise<Unknown> {
    const payment = await paid(shop, counter, change);
    const request_id = await refunding(shop, payment, { amount, terminal_id: here() });
    const prompt = await counter.link.expect("prompt");
    await actOnDeadlines(later(shop.app.world, 123_000));
    await counter.link.expect("stop");
    await actOnDeadlines(later(shop.app.world, 126_000));
    assert.equal((await untilEvent(shop, payment, "REFUND", request_id)).error?.code, "EXPIRED");
    return { payment, request_id, prompt };
  }

  const failed = ["CAPTURE 39900", "INITIATE_REFUND 39900", "REFUND failed 39900"];

  const incident = async (kind: string) =>
    (await incidentsAt(shop, here())).find((found) => found.kind === kind) ?? assert.fail(`no ${kind}`);

  const decide = ({ id }: { readonly id: string }, outcome: string) =>
    shop.call("POST", `/v1/admin/incidents/${id}/decision`, { outcome, reason: "Found out by telephone." });

  for (const outcome of ["stopped", "not_shown", "timed_out", "cancelled", "declined", "failed"] as const) {
    test(`but that the terminal says was ${outcome} comes free, and is told no second time`, async () => {
      const { payment, prompt } = await unknown();
      await say(counter, counter.terminal.result(prompt.prompt_id, outcome));
      assert.equal((await booksOf(shop, payment)).reserved, 0);
      assert.deepEqual(storyOf(await read(shop, payment)), failed);
      await refunding(shop, payment, { amount, terminal_id: here() });
    });
  }

  test("and whose late approval cannot be taken back stays reserved until a person has found out: paid, so it is booked", async () => {
    const { payment, request_id, prompt } = await unknown({
      url: { callback_url: `${shop.callback_url}?report_event=REFUND` },
    });
    counter.link.send(counter.terminal.approval(prompt));
    const { reversal_id } = await counter.link.expect("reverse");
    await counter.link.expect("acknowledge");
    await say(counter, counter.terminal.reversal(reversal_id, "refused", "The batch is closed."));
    assert.equal((await booksOf(shop, payment)).reserved, amount);
    assert.deepEqual(storyOf(await read(shop, payment)), failed);
    const { status, body } = await decide(await incident("REVERSAL_REFUSED"), "paid");
    assert.equal(status, 200, JSON.stringify(body));
    const after = await read(shop, payment);
    assert.equal(after.status, "REFUNDED");
    assert.deepEqual(storyOf(after), [...failed, "REFUND 39900"]);
    const { correlation_request_id, request_id: own } = after.events.at(-1) ?? {};
    assert.equal(correlation_request_id, undefined, "its INITIATE_REFUND has had its end");
    assert.notEqual(own, request_id);
    const { reserved, refunded } = await booksOf(shop, payment);
    assert.deepEqual([reserved, refunded], [0, amount]);
    // What was told at the time limit is due then, in two minutes.
    const told = await until(() => callbacksOf(payment).find(({ url }) => url.searchParams.has("event")));
    assert.equal(told.url.searchParams.get("event_id"), after.events.at(-1)?.id);
    assert.equal(told.url.searchParams.get("error"), null);
  });

  test("and that a person finds was not paid comes free, and is told no second time", async () => {
    const { payment } = await unknown();
    await raiseLongUnresolved(later(shop.app.world, 20 * 60_000));
    const { status } = await decide(await incident("UNRESOLVED_PAYMENT"), "not_paid");
    assert.equal(status, 200);
    assert.equal((await booksOf(shop, payment)).reserved, 0);
    assert.deepEqual(storyOf(await read(shop, payment)), failed);
  });

  test("is not decided while its approval is being taken back: its amount would be free, and the money may be gone", async () => {
    const { payment, prompt } = await unknown();
    await raiseLongUnresolved(later(shop.app.world, 20 * 60_000));
    counter.link.send(counter.terminal.approval(prompt));
    const { reversal_id } = await counter.link.expect("reverse");
    await counter.link.expect("acknowledge");
    for (const outcome of ["paid", "not_paid"]) {
      const { status, body } = await decide(await incident("UNRESOLVED_PAYMENT"), outcome);
      assert.deepEqual([status, body.error.code], [400, "DECISION_NOT_ALLOWED"]);
    }
    assert.equal((await booksOf(shop, payment)).reserved, amount);
    await say(counter, counter.terminal.reversal(reversal_id, "reversed"));
    assert.equal((await booksOf(shop, payment)).reserved, 0);
  });
});

describe("what a till sends with a refund", () => {
  test("comes back on both events: its reference, its metadata, its lines, the shipping's too", async () => {
    const payment = await paid(shop, counter, threeLines);
    const items = [
      { line_id: "cups", amount: 1_000, quantity: 1, description: "The cracked one" },
      { line_id: "tea", amount: 2_500, quantity: 0.25 },
      { line_id: "shipping", amount: 1_000 },
    ];
    const metadata = { ext_till: "4", ext_cashier: "Åse" };
    const body = { amount: 4_500, items, terminal_id: here(), metadata, refund_reference: "return-77" };
    const request_id = await refunding(shop, payment, body);
    await approveNext();
    const { events } = await read(shop, payment);
    const both = events.filter(({ event }) => event === "INITIATE_REFUND" || event === "REFUND");
    assert.deepEqual(
      both.map(({ request_id: first, correlation_request_id }) => correlation_request_id ?? first),
      [request_id, request_id],
    );
    for (const event of both) {
      assert.equal(event.event_reference, "return-77");
      assert.deepEqual(event.items, items);
      assert.equal(event.metadata?.ext_till, "4");
      assert.equal(event.metadata?.ext_cashier, "Åse");
    }
  });

  test("lines of which none are named are all taken together", async () => {
    const payment = await paid(shop, counter, threeLines);
    await refunding(shop, payment, { amount: 10_000, items: [], terminal_id: here() });
    await approveNext();
    assert.equal((await read(shop, payment)).status, "REFUNDED");
  });

  test("may leave the reference out: the order's event_reference stands on both events", async () => {
    const payment = await paid(shop, counter, { order: { event_reference: "order-77" } });
    await refunding(shop, payment, { amount, terminal_id: here() });
    await approveNext();
    const { events } = await read(shop, payment);
    const references = events.filter(({ event }) => event.endsWith("REFUND")).map((event) => event.event_reference);
    assert.deepEqual(references, ["order-77", "order-77"]);
  });

  test("in its system headers stands on the event, for those who ask for it", async () => {
    const payment = await paid(shop, counter);
    const system = { "dintero-system-name": "yourpos", "dintero-system-version": "7.1" };
    const answer = await operate(shop, "refund", payment, { amount, terminal_id: here() }, system);
    assert.equal(answer.status, 202);
    const { events } = await read(shop, payment, "?includes=events.request_headers");
    const kept = events.at(-1)?.request_headers as Record<string, string>;
    assert.deepEqual([kept["dintero-system-name"], kept["dintero-system-version"]], ["yourpos", "7.1"]);
    assert.equal((await read(shop, payment)).events.at(-1)?.request_headers, undefined);
  });
});

describe("a till that named REFUND in report_event is called back", () => {
  const at = (query: string): SaleChange => ({ url: { callback_url: `${shop.callback_url}${query}` } });

  async function refundedWith(query: string, outcome: "approved" | "cancelled" | "declined" | "failed") {
    const payment = await paid(shop, counter, at(query));
    await refunding(shop, payment, { amount, terminal_id: here() });
    const prompt = await counter.link.expect("prompt");
    await say(
      counter,
      outcome === "approved" ? counter.terminal.approval(prompt) : counter.terminal.result(prompt.prompt_id, outcome),
    );
    return read(shop, payment);
  }

  const told = (payment: Transaction) =>
    until(() => callbacksOf(payment).find(({ url }) => url.searchParams.has("event")));

  test("about its success: the event, its id, and no error", async () => {
    const payment = await refundedWith("?report_event=REFUND", "approved");
    const { url, method } = await told(payment);
    const { event, event_id, error, session_id } = Object.fromEntries(url.searchParams);
    assert.equal(method, "GET");
    assert.deepEqual([event, event_id, error], ["REFUND", payment.events.at(-1)?.id, undefined]);
    assert.equal(session_id, payment.session_id);
  });

  for (const [outcome, error] of [
    ["cancelled", "cancelled"],
    ["declined", "authorization"],
    ["failed", "failed"],
  ] as const) {
    test(`about one that was ${outcome}: error=${error}, though it asked for no errors of the payment`, async () => {
      const payment = await refundedWith("?report_event=REFUND", outcome);
      const { searchParams } = (await told(payment)).url;
      assert.deepEqual([searchParams.get("event"), searchParams.get("error")], ["REFUND", error]);
      assert.equal(searchParams.get("event_id"), payment.events.at(-1)?.id);
    });
  }

  test("by POST with the transaction as it reads then, the event in it", async () => {
    const payment = await refundedWith("?report_event=REFUND&method=POST", "approved");
    const { body, method } = await told(payment);
    assert.equal(method, "POST");
    assert.deepEqual(JSON.parse(body), payment);
    assert.equal(payment.events.at(-1)?.event, "REFUND");
  });

  for (const query of ["", "?report_error=true", "?report_event=CAPTURE"]) {
    test(`and is not with "${query}"`, async () => {
      const payment = await refundedWith(query, "approved");
      const written = "SELECT url FROM deliveries WHERE transaction_id = $1";
      const urls = await shop.database.sql<{ url: string }>(written, [payment.id]);
      assert.equal(urls.length, 1, "the payment's own");
      assert.doesNotMatch(urls[0]?.url ?? "", /&event=/);
    });
  }
});

describe("a repeated refund", () => {
  let payment: Transaction;
  let key = 0;
  let headers: Record<string, string>;
  beforeEach(async () => {
    payment = await paid(shop, counter);
    headers = { "idempotency-key": `till-7/refund-${++key}` };
  });
  const initiated = async () =>
    (await read(shop, payment)).events.filter(({ event }) => event === "INITIATE_REFUND").length;
  const body = (part = amount) => ({ amount: part, terminal_id: here() });

  for (const part of [amount, 100]) {
    test(`of ${part} under one key, fifty times at once, is one refund and fifty equal answers`, async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => operate(shop, "refund", payment, body(part), headers)),
      );
      const [first] = answers;
      assert.equal(first?.status, 202, JSON.stringify(first?.body));
      for (const { status, headers, body } of answers) {
        assert.deepEqual([status, body], [202, first?.body]);
        assert.equal(headers.get("event-request-id"), first?.headers.get("event-request-id"));
      }
      assert.equal(await initiated(), 1);
      assert.equal((await booksOf(shop, payment)).reserved, part);
      await counter.link.expect("prompt");
      assert.deepEqual(await counter.link.settled(), []);
    });
  }

  test("under its key is answered as the first time after it has ended, and the cardholder is not asked again", async () => {
    const first = await operate(shop, "refund", payment, body(), headers);
    await approveNext();
    const again = await operate(shop, "refund", payment, body(), headers);
    assert.deepEqual([again.status, again.body], [202, first.body]);
    assert.deepEqual(await counter.link.settled(), []);
  });

  test("of another amount under the same key is refused with 409, and reserves nothing", async () => {
    assert.equal((await operate(shop, "refund", payment, body(100), headers)).status, 202);
    await refuses(payment, body(200), refused("IDEMPOTENCY_KEY_REUSED", undefined, 409), headers);
  });

  test("of another payment under the same key is refused with 409", async () => {
    assert.equal((await operate(shop, "refund", payment, body(100), headers)).status, 202);
    const other = await openCounter(shop);
    const another = await paid(shop, other);
    await refuses(another, body(100), refused("IDEMPOTENCY_KEY_REUSED", undefined, 409), headers);
    other.terminal.leave();
  });

  test("without a key is a second refund", async () => {
    await refunding(shop, payment, body(100));
    await refunding(shop, payment, body(100));
    assert.equal(await initiated(), 2);
    assert.equal((await booksOf(shop, payment)).reserved, 200);
  });

  test("that was refused has not used up its key: it is taken once nothing is in its way", async () => {
    await refunding(shop, payment, body());
    await refuses(payment, body(), refused("REFUND_EXCEEDS_REMAINING", "amount"), headers);
    const { prompt_id } = await counter.link.expect("prompt");
    await say(counter, counter.terminal.result(prompt_id, "cancelled"));
    assert.equal((await operate(shop, "refund", payment, body(), headers)).status, 202);
  });

  test("with a key of no visible text is refused", () =>
    refuses(payment, body(), refused("IDEMPOTENCY_KEY_INVALID"), { "idempotency-key": "a b" }));
});
