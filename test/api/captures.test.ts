/** Capture and void of what a terminal authorized: its host holds the money and is asked (prompt-life section 7). */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { App } from "../../src/app.ts";
import type { Incident } from "../../src/contract/incident.ts";
import type { Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Transaction, TransactionEvent } from "../../src/contract/transaction.ts";
import { lapseAuthorizations, raiseSilentAdvices } from "../../src/flows/advice.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { callsAt, startAnother } from "../support/another-server.ts";
import { tokenOf } from "../support/clients.ts";
import {
  adviceResult,
  answerAdvice,
  approve,
  authorized,
  booksOf,
  type Counter,
  type Operation,
  openCounter,
  operate,
  paid,
  read,
  refunding,
  say,
  storyOf,
  untilEvent,
  whole,
} from "../support/counter.ts";
import type { HandLink } from "../support/honest-hand.ts";
import { cancel, incidentsAt, later, openBareShop, sell, untilConnected } from "../support/honest-shop.ts";
import { type Answer, type SaleChange, type Shop, until } from "../support/shop.ts";
import { assertRefused, type Refusal } from "./refusal.ts";

let shop: Shop;
/** A second server of the shop, whose till waits for the host no longer than a second. */
let impatient: Pick<Shop, "call">;
let second: App;
let counter: Counter;
before(async () => {
  shop = await openBareShop();
  second = await startAnother(shop, { stop_answer_ms: 1_000 });
  impatient = callsAt(shop, second);
});
after(async () => {
  await second.close();
  await shop.close();
});
beforeEach(async () => {
  counter = await openCounter(shop);
});
afterEach(() => counter.terminal.leave());

const amount = 39_900;
const day_ms = 24 * 60 * 60 * 1000;
const minute_ms = 60_000;

/** Asks, and has the host answer. */
async function operated(
  payment: Transaction,
  operation: Operation,
  body?: unknown,
  outcome: "accepted" | "refused" = "accepted",
  reason?: string,
): Promise<Answer<Transaction & ErrorBody>> {
  const [answer] = await Promise.all([operate(shop, operation, payment, body), answerAdvice(counter, outcome, reason)]);
  return answer;
}

/** Asks, and nobody answers: the INITIATE event's request id. */
async function leftOpen(payment: Transaction, operation: Operation, body?: unknown): Promise<string> {
  const { status, headers, body: answer } = await operate(impatient, operation, payment, body);
  assert.equal(status, 202, JSON.stringify(answer));
  const name = operation === "capture" ? "INITIATE_CAPTURE" : "INITIATE_VOID";
  const { event, request_id, success, transaction_status } = answer.events.at(-1) ?? assert.fail("no event");
  assert.deepEqual([event, success, transaction_status], [name, true, payment.status]);
  assert.equal(headers.get("event-request-id"), request_id);
  assert.equal(answer.status, payment.status, "nothing has happened yet");
  return request_id ?? "";
}

async function darken(): Promise<void> {
  counter.link.cut();
  await untilConnected(shop, counter.terminal.terminal_id, false);
}

/** The same terminal, back. */
async function comeBack(): Promise<HandLink> {
  const link = await counter.terminal.connect([], whole);
  counter = { terminal: counter.terminal, link };
  return link;
}

async function refuses(payment: Transaction, operation: Operation, body: unknown, refusal: Refusal): Promise<void> {
  const before = await booksOf(shop, payment);
  assertRefused(await operate(shop, operation, payment, body), refusal);
  assert.deepEqual(await booksOf(shop, payment), before);
}

const refused = (code: string, field?: string, status = 400): Refusal => ({
  status,
  code,
  ...(field === undefined ? {} : { field }),
});

const sessionOf = async ({ session_id }: Transaction): Promise<Session> =>
  (await shop.call<Session>("GET", `/v1/sessions/${session_id}`)).body;

const lastOf = ({ events }: Transaction): TransactionEvent => events.at(-1) ?? assert.fail("no event");

describe("a payment with auto_capture false", () => {
  test("is asked for as an authorization, and is AUTHORIZED: nothing is captured, and nothing can be refunded", async () => {
    const { status, body } = await sell(shop, counter.terminal.terminal_id, { configuration: { auto_capture: false } });
    assert.equal(status, 200, JSON.stringify(body));
    const prompt = await counter.link.expect("prompt");
    assert.equal(prompt.kind, "authorize");
    await approve(counter, prompt);
    const payment = await shop.ended(body.id);
    assert.equal(payment.status, "AUTHORIZED");
    assert.deepEqual(storyOf(payment), []);
    assert.equal((await booksOf(shop, payment)).captured, 0);
  });

  const unable = [
    { what: "does not authorize", can: { kinds: ["purchase", "refund"] as ("purchase" | "refund")[] } },
    { what: "cannot tell its host of a capture", can: { advice: false } },
  ];
  for (const { what, can } of unable) {
    test(`is refused at a terminal that ${what}, before anybody is asked`, async () => {
      const old = await openCounter(shop, can);
      const answer = await sell(shop, old.terminal.terminal_id, { configuration: { auto_capture: false } });
      assertRefused(answer, refused("TERMINAL_CANNOT_AUTHORIZE", "configuration.auto_capture"));
      assert.deepEqual(await old.link.settled(), []);
      old.terminal.leave();
    });
  }
});

describe("a capture", () => {
  test("that the host accepts is 200 and CAPTURED, with one event, and what the till sent on it", async () => {
    const payment = await authorized(shop, counter);
    const body = { amount, capture_reference: "shipment-1", metadata: { ext_till: "4" } };
    const asked = operate(shop, "capture", payment, body);
    const advice = await counter.link.expect("advice");
    assert.deepEqual([advice.kind, advice.amount, advice.currency], ["capture", amount, "NOK"]);
    const facts = { uniqueId: "capture-1" };
    await say(counter, { ...adviceResult(counter, advice.advice_id, "accepted"), facts });
    const { status, headers, body: captured } = await asked;
    assert.equal(status, 200, JSON.stringify(captured));
    assert.equal(headers.get("event-request-id"), null);
    assert.equal(captured.status, "CAPTURED");
    assert.deepEqual(storyOf(captured), ["CAPTURE 39900"]);
    const { event_reference, metadata, request_id, created_by } = lastOf(captured);
    assert.deepEqual([event_reference, created_by], ["shipment-1", demo.client_id]);
    assert.equal(request_id, headers.get("x-request-id"));
    assert.deepEqual([metadata?.ext_till, metadata?.["seitatech:uniqueId"]], ["4", "capture-1"]);
    assert.match(String(metadata?.payout_correlation_id ?? ""), /\S/);
    assert.deepEqual(await read(shop, payment), captured);
  });

  test("of a part is PARTIALLY_CAPTURED, of every part CAPTURED", async () => {
    const payment = await authorized(shop, counter);
    const statuses: unknown[] = [];
    for (const part of [10_000, 29_899, 1]) {
      const { status, body } = await operated(payment, "capture", { amount: part });
      statuses.push([status, body.status]);
    }
    const part = [200, "PARTIALLY_CAPTURED"];
    assert.deepEqual(statuses, [part, part, [200, "CAPTURED"]]);
    const captured = await read(shop, payment);
    assert.deepEqual(storyOf(captured), ["CAPTURE 10000", "CAPTURE 29899", "CAPTURE 1"]);
    const payouts = captured.events.flatMap(({ event, metadata }) =>
      event === "CAPTURE" ? [metadata?.payout_correlation_id] : [],
    );
    assert.equal(new Set(payouts).size, 3, "each is paid out under an id of its own");
  });

  test("that the host refuses is 400 with its reason: a failed event, and nothing is captured", async () => {
    const payment = await authorized(shop, counter);
    const answer = await operated(payment, "capture", { amount }, "refused", "The authorization has lapsed.");
    assertRefused(answer, refused("REFUSED_BY_HOST"));
    assert.match(answer.body.error.message, /The authorization has lapsed/);
    const after = await read(shop, payment);
    assert.equal(after.status, "AUTHORIZED");
    assert.deepEqual(storyOf(after), ["CAPTURE failed 39900"]);
    const { error, correction, transaction_status } = lastOf(after);
    assert.deepEqual([error?.code, error?.message], ["REFUSED", "The authorization has lapsed."]);
    assert.equal(transaction_status, "AUTHORIZED");
    assert.deepEqual(correction, {
      status: "AUTHORIZED",
      remaining_capture_amount: amount,
      remaining_refund_amount: 0,
      remaining_void_amount: amount,
    });
    assert.equal((await booksOf(shop, payment)).captured, 0);
    assert.equal((await operated(payment, "capture", { amount })).body.status, "CAPTURED", "it may be tried again");
  });

  test("that the terminal cannot tell its host after all is refused like one that the host refuses", async () => {
    const payment = await authorized(shop, counter);
    const asked = operate(shop, "capture", payment, { amount });
    const { advice_id } = await counter.link.expect("advice");
    counter.link.send({ type: "not_supported", of: "advice", id: advice_id });
    assertRefused(await asked, refused("REFUSED_BY_HOST"));
    assert.deepEqual(storyOf(await read(shop, payment)), ["CAPTURE failed 39900"]);
  });

  test("that a device had, and that after a reconnect says it cannot tell its host, is not called refused: a person is told", async () => {
    const payment = await authorized(shop, counter);
    await leftOpen(payment, "capture", { amount });
    const { advice_id } = await counter.link.expect("advice");
    await darken();
    await comeBack();
    await counter.link.expect("advice");
    counter.link.send({ type: "not_supported", of: "advice", id: advice_id });
    await counter.link.settled();
    assert.deepEqual(storyOf(await read(shop, payment)), ["INITIATE_CAPTURE 39900"], "the host may have captured");
    const kinds = (await incidentsAt(shop, counter.terminal.terminal_id)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["ADVICE_UNANSWERED"]);
  });

  test("that the host does not answer in time is 202, and done when it answers", async () => {
    const payment = await authorized(shop, counter);
    const request_id = await leftOpen(payment, "capture", { amount, capture_reference: "shipment-1" });
    await answerAdvice(counter, "accepted");
    const event = await untilEvent(shop, payment, "CAPTURE", request_id);
    assert.deepEqual([event.success, event.correlation_request_id], [true, request_id]);
    assert.notEqual(event.request_id, request_id, "an event of its own");
    assert.equal(event.event_reference, "shipment-1");
    const captured = await read(shop, payment);
    assert.equal(captured.status, "CAPTURED");
    assert.deepEqual(storyOf(captured), ["INITIATE_CAPTURE 39900", "CAPTURE 39900"]);
  });

  test("that was answered 202 and is refused later is a failed event, and nothing is captured", async () => {
    const payment = await authorized(shop, counter);
    const request_id = await leftOpen(payment, "capture", { amount });
    await answerAdvice(counter, "refused", "Too late.");
    assert.equal((await untilEvent(shop, payment, "CAPTURE", request_id)).success, false);
    const after = await read(shop, payment);
    assert.equal(after.status, "AUTHORIZED");
    assert.deepEqual(storyOf(after), ["INITIATE_CAPTURE 39900", "CAPTURE failed 39900"]);
  });

  test("whose terminal is offline is 202 at once, and done when it is back", async () => {
    const payment = await authorized(shop, counter);
    await darken();
    const began = performance.now();
    const request_id = await leftOpen(payment, "capture", { amount });
    assert.ok(performance.now() - began < 900, "nobody is waited for who is not there");
    await comeBack();
    await answerAdvice(counter, "accepted");
    await untilEvent(shop, payment, "CAPTURE", request_id);
    assert.equal((await read(shop, payment)).status, "CAPTURED");
  });

  test("is told to the host under one id until it answers, and counts once however often it does", async () => {
    const payment = await authorized(shop, counter);
    const request_id = await leftOpen(payment, "capture", { amount: 100 });
    const { advice_id } = await counter.link.expect("advice");
    await darken();
    const link = await comeBack();
    assert.equal((await link.expect("advice")).advice_id, advice_id);
    const answer = adviceResult(counter, advice_id, "accepted");
    await say(counter, answer);
    await untilEvent(shop, payment, "CAPTURE", request_id);
    await say(counter, answer);
    await say(counter, adviceResult(counter, advice_id, "accepted"));
    assert.equal((await booksOf(shop, payment)).captured, 100);
    assert.deepEqual(await incidentsAt(shop, counter.terminal.terminal_id), []);
    await say(counter, adviceResult(counter, advice_id, "refused"));
    assert.equal((await booksOf(shop, payment)).captured, 100, "what it said first stands");
    assert.deepEqual(
      (await incidentsAt(shop, counter.terminal.terminal_id)).map(({ kind }) => kind),
      ["CONTRADICTION"],
    );
  });

  test("of a line is told with the line, and the same line is not captured twice", async () => {
    const lines: SaleChange = {
      configuration: { auto_capture: false },
      order: {
        amount: 9_000,
        items: [
          { id: "cup", line_id: "cups", description: "Cup", quantity: 4, amount: 4_000 },
          { id: "tea", line_id: "tea", description: "Tea", quantity: 1, amount: 5_000 },
        ],
      },
    };
    const payment = await authorized(shop, counter, lines);
    const items = [{ line_id: "cups", amount: 3_000, quantity: 3 }];
    const { status, body } = await operated(payment, "capture", { amount: 3_000, items });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(lastOf(body).items, items);
    const more = (of_cups: number, quantity?: number) => ({
      amount: of_cups,
      items: [{ line_id: "cups", amount: of_cups, quantity }],
    });
    await refuses(payment, "capture", more(1_001), refused("LINE_AMOUNT_EXCEEDED", "items.0.amount"));
    await refuses(payment, "capture", more(1_000, 2), refused("LINE_QUANTITY_EXCEEDED", "items.0.quantity"));
    const wrong = { amount: 2_000, items: [{ line_id: "tea", amount: 1_000 }] };
    await refuses(payment, "capture", wrong, refused("LINES_MISMATCH", "amount"));
    const unknown = { amount: 1, items: [{ line_id: "saucers", amount: 1 }] };
    await refuses(payment, "capture", unknown, refused("LINE_UNKNOWN", "items.0.line_id"));
    const [tea] = [{ line_id: "tea", amount: 1 }];
    const twice = { amount: 2, items: [tea, tea] };
    await refuses(payment, "capture", twice, refused("DUPLICATE_LINE_ID", "items.1.line_id"));
    assert.equal((await operated(payment, "capture", more(1_000, 1))).body.status, "PARTIALLY_CAPTURED");
  });

  test("of lines that the host refused may be tried again", async () => {
    const payment = await authorized(shop, counter);
    const body = { amount, items: [{ line_id: "1", amount, quantity: 2 }] };
    assert.equal((await operated(payment, "capture", body, "refused")).status, 400);
    assert.equal((await operated(payment, "capture", body)).body.status, "CAPTURED");
  });

  describe("is refused, and the host is not asked,", () => {
    for (const nothing of [0, -1]) {
      test(`of ${nothing}`, async () => {
        const payment = await authorized(shop, counter);
        await refuses(payment, "capture", { amount: nothing }, refused("AMOUNT_NOT_POSITIVE", "amount"));
        assert.deepEqual(await counter.link.settled(), []);
      });
    }

    for (const literal of ["1.5", '"100"', "null", "{}"]) {
      test(`of ${literal}, which is no whole number`, async () => {
        const payment = await authorized(shop, counter);
        await refuses(payment, "capture", `{"amount":${literal}}`, refused("INVALID_REQUEST_PARAMETER", "amount"));
      });
    }

    test("of more than was authorized, or than is left of it", async () => {
      const payment = await authorized(shop, counter);
      await refuses(payment, "capture", { amount: amount + 1 }, refused("CAPTURE_EXCEEDS_REMAINING", "amount"));
      await operated(payment, "capture", { amount: 100 });
      await refuses(payment, "capture", { amount: amount - 99 }, refused("CAPTURE_EXCEEDS_REMAINING", "amount"));
      assert.deepEqual(await counter.link.settled(), []);
    });

    test("of what is captured already, as a sale with auto_capture always is", async () => {
      const payment = await paid(shop, counter);
      await refuses(payment, "capture", { amount }, refused("NOTHING_TO_CAPTURE"));
      const later = await authorized(shop, counter);
      await operated(later, "capture", { amount });
      await refuses(later, "capture", { amount: 1 }, refused("NOTHING_TO_CAPTURE"));
    });

    test("of what has been voided", async () => {
      const payment = await authorized(shop, counter);
      await operated(payment, "void");
      await refuses(payment, "capture", { amount }, refused("NOTHING_TO_CAPTURE"));
    });

    test("while another is under way", async () => {
      const payment = await authorized(shop, counter);
      await leftOpen(payment, "capture", { amount: 100 });
      await refuses(payment, "capture", { amount: 100 }, refused("OPERATION_UNDER_WAY", undefined, 409));
      await refuses(payment, "void", undefined, refused("OPERATION_UNDER_WAY", undefined, 409));
    });

    test("with metadata that is not the till's own", async () => {
      const payment = await authorized(shop, counter);
      const body = { amount, metadata: { till: "4" } };
      await refuses(payment, "capture", body, { status: 400, code: "OPERATION_METADATA_INVALID" });
    });

    for (const operation of ["capture", "void"] as const) {
      test(`to a stranger (${operation}), in the words for a payment that never was, and to a reader`, async () => {
        const payment = await authorized(shop, counter);
        const as = async (account_id: string, scope: string) => ({
          authorization: `Bearer ${await tokenOf(shop, { account_id, client_id: "stranger", scopes: [scope] })}`,
        });
        const stranger = await operate(shop, operation, payment, { amount }, await as("T87654321", "admin:checkout"));
        assertRefused(stranger, refused("TRANSACTION_NOT_FOUND", undefined, 404));
        const reader = await operate(shop, operation, payment, { amount }, await as(demo.account_id, "read:checkout"));
        assertRefused(reader, { status: 403 });
        assert.deepEqual(await counter.link.settled(), []);
      });
    }
  });

  test("of a part leaves a payment of which that part may be refunded, and the rest captured", async () => {
    const payment = await authorized(shop, counter);
    await operated(payment, "capture", { amount: 10_000 });
    const { terminal_id } = counter.terminal;
    assertRefused(
      await operate(shop, "refund", payment, { amount: 10_001, terminal_id }),
      refused("REFUND_EXCEEDS_REMAINING", "amount"),
    );
    await refunding(shop, payment, { amount: 10_000, terminal_id });
    await approve(counter, await counter.link.expect("prompt"));
    assert.equal((await read(shop, payment)).status, "PARTIALLY_CAPTURED_REFUNDED");
    await operated(payment, "capture", { amount: amount - 10_000 });
    const after = await read(shop, payment);
    assert.equal(after.status, "PARTIALLY_REFUNDED");
    const { captured, refunded } = await booksOf(shop, payment);
    assert.deepEqual([captured, refunded], [amount, 10_000]);
  });
});

test("fifty captures at once are one at a time: what the host accepted is captured, and no more", async () => {
  const payment = await authorized(shop, counter);
  const asked = Promise.all(Array.from({ length: 50 }, () => operate(shop, "capture", payment, { amount: 1_000 })));
  await answerAdvice(counter, "accepted");
  const answers = await asked;
  assert.ok(answers.some(({ status }) => status === 200));
  for (const answer of answers) {
    if (answer.status >= 300) assertRefused(answer, refused("OPERATION_UNDER_WAY", undefined, 409));
  }
  const { captured } = await booksOf(shop, payment);
  assert.equal(captured, 1_000);
  const { events } = await read(shop, payment);
  assert.equal(events.filter(({ event, success }) => event === "CAPTURE" && success).length, 1);
});

describe("a void", () => {
  test("that the host accepts is 200 and AUTHORIZATION_VOIDED, with one event", async () => {
    const payment = await authorized(shop, counter);
    const asked = operate(shop, "void", payment);
    const advice = await counter.link.expect("advice");
    assert.deepEqual([advice.kind, advice.amount], ["void", amount]);
    await say(counter, adviceResult(counter, advice.advice_id, "accepted"));
    const { status, body } = await asked;
    assert.deepEqual([status, body.status], [200, "AUTHORIZATION_VOIDED"]);
    assert.deepEqual(storyOf(body), ["VOID 39900"]);
    assert.equal((await sessionOf(payment)).cancelled_at, undefined, "the session was not cancelled");
  });

  const bodies = ["", "[]", "{}", "null", '{"id":"x"}'];
  for (const body of bodies) {
    test(`may be sent with ${body === "" ? "an empty body" : body} as JSON, as clients in the field do`, async () => {
      const payment = await authorized(shop, counter);
      const [answer] = await Promise.all([
        fetch(`${shop.app.address}/v1/transactions/${payment.id}/void`, {
          method: "POST",
          headers: { authorization: `Bearer ${shop.token}`, "content-type": "application/json" },
          body,
        }),
        answerAdvice(counter, "accepted"),
      ]);
      assert.equal(answer.status, 200);
      assert.equal(((await answer.json()) as Transaction).status, "AUTHORIZATION_VOIDED");
    });
  }

  test("that the host refuses is 400: a failed event, and the money is still held", async () => {
    const payment = await authorized(shop, counter);
    assertRefused(await operated(payment, "void", undefined, "refused", "No."), refused("REFUSED_BY_HOST"));
    const after = await read(shop, payment);
    assert.equal(after.status, "AUTHORIZED");
    assert.deepEqual(storyOf(after), ["VOID failed 39900"]);
  });

  test("that the host does not answer in time is 202, and done when it answers", async () => {
    const payment = await authorized(shop, counter);
    const request_id = await leftOpen(payment, "void");
    await answerAdvice(counter, "accepted");
    const { success, correlation_request_id } = await untilEvent(shop, payment, "VOID", request_id);
    assert.deepEqual([success, correlation_request_id], [true, request_id]);
    assert.equal((await read(shop, payment)).status, "AUTHORIZATION_VOIDED");
  });

  test("is refused of what is voided, captured, partly captured, or was never authorized", async () => {
    const voided = await authorized(shop, counter);
    await operated(voided, "void");
    await refuses(voided, "void", undefined, refused("NOTHING_TO_VOID"));
    const captured = await authorized(shop, counter);
    await operated(captured, "capture", { amount });
    await refuses(captured, "void", undefined, refused("VOID_AFTER_CAPTURE"));
    const partly = await authorized(shop, counter);
    await operated(partly, "capture", { amount: 100 });
    await refuses(partly, "void", undefined, refused("VOID_AFTER_CAPTURE"));
    await refuses(await paid(shop, counter), "void", undefined, refused("VOID_AFTER_CAPTURE"));
    const declined = await sell(shop, counter.terminal.terminal_id, { configuration: { auto_capture: false } });
    const { prompt_id } = await counter.link.expect("prompt");
    await say(counter, counter.terminal.result(prompt_id, "declined"));
    await refuses(await shop.ended(declined.body.id), "void", undefined, refused("NOTHING_TO_VOID"));
    assert.deepEqual(await counter.link.settled(), []);
  });
});

describe("a cancel of a session whose payment is authorized", () => {
  test("voids it: 200 and cancelled, and again 200", async () => {
    const payment = await authorized(shop, counter);
    const [answer] = await Promise.all([cancel(shop, payment.session_id), answerAdvice(counter, "accepted")]);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.match(answer.body.cancelled_at ?? "", /^\d{4}-/);
    assert.equal(answer.body.cancelled_by, demo.client_id);
    assert.equal(answer.body.events.filter(({ name }) => name === "CANCELLED").length, 1);
    assert.equal((await read(shop, payment)).status, "AUTHORIZATION_VOIDED");
    assert.equal((await cancel(shop, payment.session_id)).status, 200);
    assert.deepEqual(await counter.link.settled(), []);
  });

  test("whose terminal is offline is 409: the wish is kept, and it reads cancelled when the terminal is back", async () => {
    const payment = await authorized(shop, counter);
    await darken();
    for (const time of ["first", "second"]) {
      const { status, body } = await cancel(shop, payment.session_id);
      assert.deepEqual([status, body.error.code], [409, "TERMINAL_UNREACHABLE"], time);
    }
    assert.equal((await sessionOf(payment)).cancelled_at, undefined);
    await comeBack();
    await answerAdvice(counter, "accepted");
    await until(async () => (await sessionOf(payment)).cancelled_at !== undefined);
    assert.equal((await read(shop, payment)).status, "AUTHORIZATION_VOIDED");
    assert.equal((await cancel(shop, payment.session_id)).status, 200);
  });

  test("that the host refuses is 409, and nothing is cancelled", async () => {
    const payment = await authorized(shop, counter);
    const [answer] = await Promise.all([cancel(shop, payment.session_id), answerAdvice(counter, "refused", "No.")]);
    assertRefused(answer, refused("SESSION_CANCEL_CONFLICT", undefined, 409));
    assert.equal((await sessionOf(payment)).cancelled_at, undefined);
    assert.equal((await read(shop, payment)).status, "AUTHORIZED");
  });

  test("while a void is under way that no cancel asked for is 409: the payment is voided, the session is not cancelled", async () => {
    const payment = await authorized(shop, counter);
    await leftOpen(payment, "void");
    assertRefused(await cancel(shop, payment.session_id), refused("SESSION_CANCEL_CONFLICT", undefined, 409));
    await answerAdvice(counter, "accepted");
    assert.equal((await read(shop, payment)).status, "AUTHORIZATION_VOIDED");
    assert.equal((await sessionOf(payment)).cancelled_at, undefined);
  });

  test("of which something is captured is 409", async () => {
    const payment = await authorized(shop, counter);
    await operated(payment, "capture", { amount: 100 });
    assertRefused(await cancel(shop, payment.session_id), refused("SESSION_CANCEL_CONFLICT", undefined, 409));
  });

  test("that is asked for often at once is one void, and all are told 200", async () => {
    const payment = await authorized(shop, counter);
    const asked = Promise.all(Array.from({ length: 10 }, () => cancel(shop, payment.session_id)));
    await answerAdvice(counter, "accepted");
    for (const { status, body } of await asked) assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(storyOf(await read(shop, payment)), ["VOID 39900"]);
  });

  test("while a capture is under way is 409: it is too late, and no wish is kept", async () => {
    const payment = await authorized(shop, counter);
    await leftOpen(payment, "capture", { amount });
    assertRefused(await cancel(shop, payment.session_id), refused("SESSION_CANCEL_CONFLICT", undefined, 409));
    await answerAdvice(counter, "accepted");
    assert.equal((await until(async () => captured(payment)))?.status, "CAPTURED");
  });

  const captured = async (payment: Transaction) => {
    const now = await read(shop, payment);
    return now.status === "CAPTURED" && now;
  };
});

describe("an authorization that nobody captures", () => {
  /** The lapse is told to the host; what it is told of. */
  async function lapsed(outcome: "accepted" | "refused" = "accepted") {
    await lapseAuthorizations(later(shop.app.world, 8 * day_ms));
    return answerAdvice(counter, outcome);
  }

  test("is let go after a week: the host is told, and it reads AUTHORIZATION_VOIDED", async () => {
    const payment = await authorized(shop, counter);
    const { kind, amount: rest } = await lapsed();
    assert.deepEqual([kind, rest], ["lapse", amount]);
    const after = await read(shop, payment);
    assert.equal(after.status, "AUTHORIZATION_VOIDED");
    assert.deepEqual(storyOf(after), ["VOID 39900"]);
    assert.equal(lastOf(after).created_by, "tapline");
    assert.equal((await sessionOf(payment)).cancelled_at, undefined);
    await refuses(payment, "capture", { amount }, refused("NOTHING_TO_CAPTURE"));
  });

  test("but in part lapses for the rest, and what was captured stays captured", async () => {
    const payment = await authorized(shop, counter);
    await operated(payment, "capture", { amount: 10_000 });
    const { amount: rest } = await lapsed();
    assert.equal(rest, 29_900);
    const after = await read(shop, payment);
    assert.equal(after.status, "PARTIALLY_CAPTURED");
    assert.deepEqual(storyOf(after), ["CAPTURE 10000", "VOID 29900"]);
    await refuses(payment, "capture", { amount: 1 }, refused("NOTHING_TO_CAPTURE"));
    const { terminal_id } = counter.terminal;
    await refunding(shop, payment, { amount: 10_000, terminal_id });
    await approve(counter, await counter.link.expect("prompt"));
    assert.equal((await booksOf(shop, payment)).refunded, 10_000);
  });

  test("is let go once: a second look tells the host nothing, refused or not", async () => {
    const payment = await authorized(shop, counter);
    await lapsed("refused");
    assert.equal((await read(shop, payment)).status, "AUTHORIZED");
    await lapseAuthorizations(later(shop.app.world, 9 * day_ms));
    const lapses = "SELECT FROM advices WHERE transaction_id = $1 AND kind = 'lapse'";
    assert.equal((await shop.database.sql(lapses, [payment.id])).length, 1);
    assert.equal((await operated(payment, "capture", { amount })).body.status, "CAPTURED", "it is still held");
  });

  test("is not let go within its week", async () => {
    const payment = await authorized(shop, counter);
    await lapseAuthorizations(later(shop.app.world, 6 * day_ms));
    assert.equal((await shop.database.sql("SELECT FROM advices WHERE transaction_id = $1", [payment.id])).length, 0);
  });
});

describe("a host that does not answer for a quarter of an hour", () => {
  async function silent(): Promise<{ payment: Transaction; request_id: string; incident: Incident }> {
    const payment = await authorized(shop, counter);
    const request_id = await leftOpen(payment, "capture", { amount });
    await raiseSilentAdvices(later(shop.app.world, 14 * minute_ms));
    assert.deepEqual(await incidentsAt(shop, counter.terminal.terminal_id), []);
    await raiseSilentAdvices(later(shop.app.world, 16 * minute_ms));
    await raiseSilentAdvices(later(shop.app.world, 17 * minute_ms));
    const [incident, ...more] = await incidentsAt(shop, counter.terminal.terminal_id);
    assert.deepEqual(more, [], "a person is told once");
    assert.ok(incident !== undefined);
    assert.deepEqual([incident.kind, incident.transaction_id], ["ADVICE_UNANSWERED", payment.id]);
    return { payment, request_id, incident };
  }

  const decide = (incident: Incident, outcome: string) =>
    shop.call<Incident & ErrorBody>("POST", `/v1/admin/incidents/${incident.id}/decision`, {
      outcome,
      reason: "The acquirer said so on the telephone.",
    });

  for (const [outcome, status, story] of [
    ["accepted", "CAPTURED", "CAPTURE 39900"],
    ["refused", "AUTHORIZED", "CAPTURE failed 39900"],
  ] as const) {
    test(`is told to a person, whose decision ${outcome} counts as the host's answer`, async () => {
      const { payment, request_id, incident } = await silent();
      assertRefused(await decide(incident, "paid"), refused("DECISION_NOT_ALLOWED", "outcome"));
      const { status: told, body } = await decide(incident, outcome);
      assert.deepEqual([told, body.outcome, body.decided_by], [200, outcome, demo.client_id]);
      assert.equal((await decide(incident, outcome)).status, 200, "deciding the same again is no other decision");
      const after = await read(shop, payment);
      assert.equal(after.status, status);
      assert.deepEqual(storyOf(after), ["INITIATE_CAPTURE 39900", story]);
      assert.equal(lastOf(after).correlation_request_id, request_id);
    });
  }

  test("and answers then settles the incident by itself", async () => {
    const { payment, incident } = await silent();
    await answerAdvice(counter, "accepted");
    assert.equal((await read(shop, payment)).status, "CAPTURED");
    const { decided_at, outcome } = (await incidentsAt(shop, counter.terminal.terminal_id))[0] ?? incident;
    assert.match(decided_at ?? "", /^\d{4}-/);
    assert.equal(outcome, "settled");
  });

  test("and says otherwise after a person has decided changes nothing: a person is told of that as well", async () => {
    const { payment, incident } = await silent();
    assert.equal((await decide(incident, "refused")).status, 200);
    await answerAdvice(counter, "accepted");
    assert.equal((await read(shop, payment)).status, "AUTHORIZED");
    const kinds = (await incidentsAt(shop, counter.terminal.terminal_id)).map(({ kind }) => kind).sort();
    assert.deepEqual(kinds, ["ADVICE_UNANSWERED", "CONTRADICTION"]);
  });
});

describe("a till is called back about what it named in report_event,", () => {
  const at = (query: string): SaleChange => ({ url: { callback_url: `${shop.callback_url}${query}` } });
  const eventsOf = (payment: Transaction) =>
    shop.callbacks.filter(
      ({ url }) => url.searchParams.get("transaction_id") === payment.id && url.searchParams.has("event"),
    );

  for (const [operation, name] of [
    ["capture", "CAPTURE"],
    ["void", "VOID"],
  ] as const) {
    const body = operation === "capture" ? { amount } : undefined;

    test(`a ${operation} that succeeded, with its event in the body of a POST`, async () => {
      const payment = await authorized(shop, counter, at(`?report_event=${name}&method=POST`));
      const { body: after } = await operated(payment, operation, body);
      const callback = await until(() => eventsOf(payment)[0]);
      const { event, event_id, error } = Object.fromEntries(callback.url.searchParams);
      assert.deepEqual([event, event_id, error], [name, lastOf(after).id, undefined]);
      assert.deepEqual(JSON.parse(callback.body), after);
    });

    test(`a ${operation} that failed, with error=failed`, async () => {
      const payment = await authorized(shop, counter, at(`?report_event=${name}`));
      await operated(payment, operation, body, "refused");
      const { searchParams } = (await until(() => eventsOf(payment)[0])).url;
      const after = await read(shop, payment);
      assert.deepEqual(
        ["event", "event_id", "error"].map((key) => searchParams.get(key)),
        [name, lastOf(after).id, "failed"],
      );
    });

    test(`and not about a ${operation} that it did not name`, async () => {
      const payment = await authorized(shop, counter, at("?report_event=REFUND&report_error=true"));
      assert.equal((await operated(payment, operation, body)).status, 200);
      const written = await shop.database.sql("SELECT FROM deliveries WHERE transaction_id = $1", [payment.id]);
      assert.equal(written.length, 1, "the payment's own");
    });
  }
});

describe("a repeated capture or void", () => {
  let keys = 0;
  const newKey = (): Record<string, string> => ({ "idempotency-key": `till-7/operation-${++keys}` });

  for (const operation of ["capture", "void"] as const) {
    const body = operation === "capture" ? { amount } : undefined;

    test(`fifty times at once under one key asks the host once, and has one answer (${operation})`, async () => {
      const payment = await authorized(shop, counter);
      const headers = newKey();
      const asked = Promise.all(Array.from({ length: 50 }, () => operate(shop, operation, payment, body, headers)));
      await answerAdvice(counter, "accepted");
      const answers = await asked;
      const [first] = answers;
      for (const { status, body: answer } of answers) assert.deepEqual([status, answer], [200, first?.body]);
      assert.deepEqual(await counter.link.settled(), []);
      assert.equal((await read(shop, payment)).events.length, first?.body.events.length);
    });

    test(`fifty times at once under one key while the host is silent has one INITIATE event (${operation})`, async () => {
      const payment = await authorized(shop, counter);
      const headers = newKey();
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => operate(impatient, operation, payment, body, headers)),
      );
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202]);
      assert.equal(new Set(answers.map(({ headers: answered }) => answered.get("event-request-id"))).size, 1);
      const initiated = (await read(shop, payment)).events.filter(({ event }) => event.startsWith("INITIATE_"));
      assert.equal(initiated.length, 1);
    });

    test(`under its key after the end has the same outcome, and asks nobody (${operation})`, async () => {
      const payment = await authorized(shop, counter);
      const headers = newKey();
      const [first] = await Promise.all([
        operate(shop, operation, payment, body, headers),
        answerAdvice(counter, "accepted"),
      ]);
      const again = await operate(shop, operation, payment, body, headers);
      assert.deepEqual([again.status, again.body], [200, first.body]);
      assert.deepEqual(await counter.link.settled(), []);
    });

    test(`of another payment under the same key is refused with 409 (${operation})`, async () => {
      const headers = newKey();
      const payment = await authorized(shop, counter);
      const another = await authorized(shop, counter);
      await Promise.all([operate(shop, operation, payment, body, headers), answerAdvice(counter, "accepted")]);
      const before = await booksOf(shop, another);
      const answer = await operate(shop, operation, another, body, headers);
      assertRefused(answer, refused("IDEMPOTENCY_KEY_REUSED", undefined, 409));
      assert.deepEqual(await booksOf(shop, another), before);
    });
  }

  test("of another amount under the same key is refused with 409", async () => {
    const headers = newKey();
    const payment = await authorized(shop, counter);
    await Promise.all([operate(shop, "capture", payment, { amount: 100 }, headers), answerAdvice(counter, "accepted")]);
    const answer = await operate(shop, "capture", payment, { amount: 200 }, headers);
    assertRefused(answer, refused("IDEMPOTENCY_KEY_REUSED", undefined, 409));
    assert.equal((await booksOf(shop, payment)).captured, 100);
  });

  test("that was refused has not used up its key: it is taken once nothing is in its way", async () => {
    const headers = newKey();
    const payment = await authorized(shop, counter);
    await leftOpen(payment, "capture", { amount: 100 });
    const refusal = await operate(shop, "capture", payment, { amount: 200 }, headers);
    assertRefused(refusal, refused("OPERATION_UNDER_WAY", undefined, 409));
    await answerAdvice(counter, "accepted");
    const [taken] = await Promise.all([
      operate(shop, "capture", payment, { amount: 200 }, headers),
      answerAdvice(counter, "accepted"),
    ]);
    assert.equal(taken.status, 200, JSON.stringify(taken.body));
    assert.equal((await booksOf(shop, payment)).captured, 300);
  });

  test("that the host refused has not used up its key: it is asked again", async () => {
    const headers = newKey();
    const payment = await authorized(shop, counter);
    const ask = (outcome: "accepted" | "refused") =>
      Promise.all([operate(shop, "capture", payment, { amount }, headers), answerAdvice(counter, outcome)]);
    const [first] = await ask("refused");
    assertRefused(first, refused("REFUSED_BY_HOST"));
    const [second] = await ask("accepted");
    assert.deepEqual([second.status, second.body.status], [200, "CAPTURED"]);
    assert.deepEqual(storyOf(second.body), ["CAPTURE failed 39900", "CAPTURE 39900"]);
    const third = await operate(shop, "capture", payment, { amount }, headers);
    assert.deepEqual([third.status, third.body], [200, second.body]);
  });

  test("that was answered 202 and refused later is told so under its key, and the host is not asked again", async () => {
    const headers = newKey();
    const payment = await authorized(shop, counter);
    assert.equal((await operate(impatient, "capture", payment, { amount }, headers)).status, 202);
    await answerAdvice(counter, "refused");
    for (const _time of ["first", "second"]) {
      const again = await operate(shop, "capture", payment, { amount }, headers);
      assertRefused(again, refused("REFUSED_BY_HOST"));
    }
    assert.deepEqual(await counter.link.settled(), []);
  });

  test("without a key is a second capture", async () => {
    const payment = await authorized(shop, counter);
    for (const _time of ["first", "second"]) {
      assert.equal((await operated(payment, "capture", { amount: 100 })).status, 200);
    }
    assert.equal((await booksOf(shop, payment)).captured, 200);
  });
});
