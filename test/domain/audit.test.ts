import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { differencesOf, type StrayRow, strayDifference } from "../../src/domain/audit.ts";
import type {
  AuditedAdvice,
  AuditedEvent,
  AuditedPrompt,
  AuditedRefund,
  AuditedTransaction,
} from "../../src/domain/audited.ts";
import { isFinal, type PromptStatus, promptStatuses } from "../../src/domain/prompt.ts";
import { balanceOf, noBalance, statusOf, type TransactionEventName } from "../../src/domain/transaction.ts";

const id = "T12345678.transaction";
const session_id = "T12345678.session";

type Written = Partial<AuditedEvent> & { readonly event: TransactionEventName };

/** Events in their order, each with the status that the money has after it, unless it says another. */
function eventsOf(written: readonly Written[]): AuditedEvent[] {
  return written.map((event, index) => {
    const moved = balanceOf(written.slice(0, index + 1).map((one) => ({ success: true, amount: 100, ...one })));
    return {
      id: index + 1,
      transaction_status: moved.authorized_amount > 0 ? statusOf(moved) : "INITIATED",
      success: true,
      amount: 100,
      request_id: `request-${index + 1}`,
      correlation_request_id: null,
      ...event,
    };
  });
}

const promptOf = (change: Partial<AuditedPrompt> = {}): AuditedPrompt => ({
  id: "pr_1",
  session_id,
  transaction_id: id,
  kind: "purchase",
  amount: 100,
  currency: "NOK",
  status: "APPROVED",
  shown_at: "2026-11-22T12:00:00.000Z",
  ...change,
});

/** A transaction whose row follows from its events and refunds, unless it says otherwise. */
function booksOf(events: readonly Written[], change: Partial<AuditedTransaction> = {}): AuditedTransaction {
  const written = eventsOf(events);
  const moved = balanceOf(written);
  const failed = written.find(({ event, success }) => event === "AUTHORIZE" && !success);
  const refunds = change.refunds ?? [];
  return {
    id,
    session_id,
    amount: 100,
    currency: "NOK",
    status: moved.authorized_amount > 0 ? statusOf(moved) : (failed?.transaction_status ?? "INITIATED"),
    event_count: written.length,
    ...moved,
    reserved_refund_amount: refunds.reduce((sum, { reserved_amount }) => sum + reserved_amount, 0),
    session: { transaction_id: id },
    events: written,
    prompts: [promptOf()],
    refunds,
    advices: [],
    ...change,
  };
}

const initialize: Written = { event: "INITIALIZE" };
const authorize: Written = { event: "AUTHORIZE" };
const paid: Written[] = [initialize, authorize, { event: "CAPTURE" }];
const declined: Written = { event: "AUTHORIZE", success: false, transaction_status: "DECLINED" };

const refundOf = (change: Partial<AuditedRefund> = {}): AuditedRefund => ({
  prompt_id: "pr_2",
  request_id: "refund-1",
  amount: 40,
  outcome: "SUCCEEDED",
  reserved_amount: 0,
  ...change,
});
const refundPrompt = (status: PromptStatus, change: Partial<AuditedPrompt> = {}) =>
  promptOf({ id: "pr_2", kind: "refund", amount: 40, status, ...change });
const asked: Written = { event: "INITIATE_REFUND", amount: 40, request_id: "refund-1" };
const paidBack: Written = { event: "REFUND", amount: 40, correlation_request_id: "refund-1" };
const notPaidBack: Written = { ...paidBack, success: false };
const booking: Written = { event: "REFUND", amount: 40 };

/** A purchase with a refund that came as far as its prompt says. */
const refunding = (
  status: PromptStatus,
  refund: Partial<AuditedRefund>,
  ends: readonly Written[],
  change: Partial<AuditedTransaction> = {},
) =>
  booksOf([...paid, asked, ...ends], {
    prompts: [promptOf(), refundPrompt(status)],
    refunds: [refundOf(refund)],
    ...change,
  });

const adviceOf = (change: Partial<AuditedAdvice> = {}): AuditedAdvice => ({
  id: "adv_1",
  prompt_id: "pr_1",
  kind: "capture",
  amount: 60,
  status: "ACCEPTED",
  request_id: "advice-1",
  initiated: false,
  ...change,
});
const captured: Written = { event: "CAPTURE", amount: 60, request_id: "advice-1" };
const initiated: Written = { event: "INITIATE_CAPTURE", amount: 60, request_id: "advice-1" };
const capturedLater: Written = { ...captured, request_id: "other", correlation_request_id: "advice-1" };

/** An authorization with what its terminal's host was told. */
const advised = (
  events: readonly Written[],
  advices: readonly AuditedAdvice[],
  change: Partial<AuditedTransaction> = {},
) => booksOf([initialize, authorize, ...events], { prompts: [promptOf({ kind: "authorize" })], advices, ...change });

const lapse = adviceOf({ id: "adv_2", kind: "lapse", amount: 40, request_id: "advice-2" });
const lapsed: Written = { event: "VOID", amount: 40, request_id: "advice-2" };

describe("in whole books nothing is found", () => {
  const open = promptStatuses.filter((status) => !isFinal(status) && status !== "UNRESOLVED");
  const reserved = { outcome: null, reserved_amount: 40 };
  const rows: [string, AuditedTransaction][] = [
    ["a purchase", booksOf(paid)],
    ["a settled purchase", booksOf([...paid, { event: "SETTLEMENT" }])],
    ...open
      .filter((status) => status !== "WAITING")
      .map((status): [string, AuditedTransaction] => [
        `a payment that is ${status}`,
        booksOf([initialize], { prompts: [promptOf({ status })] }),
      ]),
    [
      "a payment that nobody knows the end of",
      booksOf([initialize], { status: "UNKNOWN", prompts: [promptOf({ status: "UNRESOLVED" })] }),
    ],
    ...(["DECLINED", "CANCELLED", "EXPIRED"] as const).map((status): [string, AuditedTransaction] => [
      `a payment that was ${status}`,
      booksOf([initialize, declined], { prompts: [promptOf({ status })] }),
    ]),
    [
      "a payment whose terminal gave up waiting, of which we had not heard that it was shown",
      booksOf([initialize, declined], { prompts: [promptOf({ status: "EXPIRED", shown_at: null })] }),
    ],
    ...(["EXPIRED", "FAILED"] as const).map((status): [string, AuditedTransaction] => [
      `a payment that was never shown and is ${status}`,
      booksOf([initialize, { ...declined, transaction_status: "FAILED" }], {
        prompts: [promptOf({ status, shown_at: null })],
      }),
    ]),
    ...open.map((status): [string, AuditedTransaction] => [
      `a refund that is ${status}`,
      refunding(status, reserved, []),
    ]),
    ["a refund", refunding("APPROVED", {}, [paidBack])],
    ...(["DECLINED", "CANCELLED", "EXPIRED", "FAILED"] as const).map((status): [string, AuditedTransaction] => [
      `a refund that was ${status}`,
      refunding(status, { outcome: "FAILED" }, [notPaidBack]),
    ]),
    [
      "a refund that nobody knows the end of",
      refunding("UNRESOLVED", { outcome: "FAILED", reserved_amount: 40 }, [notPaidBack]),
    ],
    [
      "a refund that was told to have failed and was booked by a person",
      refunding("APPROVED", { outcome: "FAILED" }, [notPaidBack, booking]),
    ],
    ["an authorization", advised([], [])],
    ["a capture that is due", advised([], [adviceOf({ status: "DUE" })])],
    ["a capture that its host has not answered", advised([initiated], [adviceOf({ status: "SENT", initiated: true })])],
    ["a capture that was refused", advised([{ ...captured, success: false }], [adviceOf({ status: "REFUSED" })])],
    ["a capture in part", advised([captured], [adviceOf()])],
    ["a capture that was answered later", advised([initiated, capturedLater], [adviceOf({ initiated: true })])],
    ["a capture in part whose rest has lapsed", advised([captured, lapsed], [adviceOf(), lapse])],
    [
      "an authorization that was voided",
      advised([{ ...captured, event: "VOID", amount: 100 }], [adviceOf({ kind: "void", amount: 100 })]),
    ],
  ];
  for (const [what, books] of rows) test(`of ${what}`, () => assert.deepEqual(differencesOf(books), []));

  test("of any captures and refunds that add up", () => {
    const parts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(parts, parts, (captures, refunds) => {
        const events: Written[] = [initialize, authorize];
        for (const [i, amount] of captures.entries()) events.push({ ...captured, amount, request_id: `advice-${i}` });
        let left = captures.reduce((sum, amount) => sum + amount, 0);
        const given = refunds.filter((amount) => {
          if (amount > left) return false;
          left -= amount;
          return true;
        });
        for (const [i, amount] of given.entries()) {
          events.push({ ...asked, amount, request_id: `refund-${i}` });
          events.push({ ...paidBack, amount, correlation_request_id: `refund-${i}` });
        }
        const books = booksOf(events, {
          prompts: [
            promptOf({ kind: "authorize" }),
            ...given.map((amount, i) => refundPrompt("APPROVED", { id: `refunding-${i}`, amount })),
          ],
          refunds: given.map((amount, i) =>
            refundOf({ amount, prompt_id: `refunding-${i}`, request_id: `refund-${i}` }),
          ),
          advices: captures.map((amount, i) => adviceOf({ id: `adv_${i}`, amount, request_id: `advice-${i}` })),
        });
        assert.deepEqual(differencesOf(books), []);
      }),
      { numRuns: 200 },
    );
  });
});

describe("what differs is told in a sentence that names the transaction", () => {
  const changed = (
    books: AuditedTransaction,
    at: number,
    change: Partial<AuditedEvent>,
    row: Partial<AuditedTransaction> = {},
  ): AuditedTransaction => ({
    ...books,
    events: books.events.map((event, index) => (index === at ? { ...event, ...change } : event)),
    ...row,
  });
  const purchase = booksOf(paid);
  const authorization = [promptOf({ kind: "authorize" })];
  const refunded = refunding("APPROVED", {}, [paidBack]);
  const held = { outcome: "FAILED", reserved_amount: 40 } as const;

  const rows: [string, AuditedTransaction, string[]][] = [
    [
      "a row that says another amount was moved",
      { ...purchase, captured_amount: 1, voided_amount: 99 },
      [
        "its row has captured_amount 1, its events add up to 100",
        "its row has voided_amount 99, its events add up to 0",
      ],
    ],
    [
      "a row that reserves what no refund holds",
      { ...purchase, reserved_refund_amount: 7 },
      ["its row has reserved_refund_amount 7, its refunds hold 0"],
    ],
    [
      "more captured than was authorized",
      advised(
        [captured, { ...captured, amount: 60, request_id: "advice-2" }],
        [adviceOf(), adviceOf({ id: "adv_2", request_id: "advice-2" })],
      ),
      ["its events have captured 120 and voided 0 of an authorization of 100"],
    ],
    [
      "more promised back than was captured",
      refunding("SENT", { outcome: null, amount: 140, reserved_amount: 140 }, [], {
        prompts: [promptOf(), refundPrompt("SENT", { amount: 140 })],
        events: eventsOf([...paid, { ...asked, amount: 140 }]),
      }),
      ["0 is paid back and 140 reserved, of 100 captured"],
    ],
    [
      "a row that reads another status",
      { ...purchase, status: "REFUNDED" },
      ["its row reads REFUNDED, its events make it CAPTURED", "its row reads REFUNDED, its prompt pr_1 is APPROVED"],
    ],
    [
      "a row that has ended without an event",
      booksOf([initialize], { status: "DECLINED", prompts: [promptOf({ status: "DECLINED" })] }),
      ["its row reads DECLINED, and by its events nothing has ended yet"],
    ],
    ["a count that is off", { ...purchase, event_count: 4 }, ["its row counts 4 events, there are 3"]],
    [
      "an event that is gone",
      { ...purchase, events: purchase.events.map((event) => (event.id === 3 ? { ...event, id: 4 } : event)) },
      ["its events are not numbered in a row: number 3 is missing"],
    ],
    [
      "a first event that is another",
      changed(booksOf(paid), 0, { event: "SETTLEMENT" }),
      ["its first event is not INITIALIZE"],
    ],
    ["two beginnings", booksOf([initialize, ...paid]), ["it has 2 INITIALIZE events"]],
    [
      "two answers to one payment",
      booksOf([initialize, declined, authorize, { event: "CAPTURE" }]),
      ["it has 2 AUTHORIZE events"],
    ],
    [
      "an event that reads another status than the money makes it",
      changed(purchase, 2, { transaction_status: "AUTHORIZED" }),
      ["event 3 (CAPTURE) reads AUTHORIZED, the money after it CAPTURED"],
    ],
    [
      "money that moved without an amount",
      changed(purchase, 2, { amount: null, transaction_status: "AUTHORIZED" }, { captured_amount: 0 }),
      [
        "its row reads CAPTURED, its events make it AUTHORIZED",
        "event 3 (CAPTURE) moves money and has no amount",
        "its row reads CAPTURED, its prompt pr_1 is APPROVED",
        "its prompt pr_1 is a purchase, and 0 of 100 is captured",
      ],
    ],
    [
      "a beginning of another amount",
      changed(purchase, 0, { amount: 99 }),
      ["event 1 (INITIALIZE) is of 99, the row of 100"],
    ],
    ["a session that is gone", { ...purchase, session: null }, [`its session ${session_id} is not there`]],
    [
      "a session that names no transaction",
      { ...purchase, session: { transaction_id: null } },
      [`its session ${session_id} names no transaction`],
    ],
    [
      "a session that names another transaction",
      { ...purchase, session: { transaction_id: "other" } },
      [`its session ${session_id} names other`],
    ],
    ["a payment without a prompt", { ...purchase, prompts: [] }, ["it has no prompt for its payment"]],
    [
      "a payment that was asked for twice",
      { ...purchase, prompts: [promptOf(), promptOf({ id: "pr_9" })] },
      ["it has 2 prompts for its payment"],
    ],
    [
      "a prompt of another transaction, session, amount and currency",
      {
        ...purchase,
        prompts: [promptOf({ transaction_id: "other", session_id: "elsewhere", amount: 1, currency: "SEK" })],
      },
      [
        "its prompt pr_1 names other",
        `its prompt pr_1 names the session elsewhere, not ${session_id}`,
        "its prompt pr_1 asks for SEK, not NOK",
        "prompt pr_1 asks for 1 of 100",
      ],
    ],
    ...promptStatuses
      .filter((status) => status !== "APPROVED")
      .map((status): [string, AuditedTransaction, string[]] => [
        `money that moved while the prompt is ${status}`,
        { ...purchase, prompts: [promptOf({ status })] },
        [`its row reads CAPTURED, its prompt pr_1 is ${status}`],
      ]),
    [
      "an approval of which no money is written",
      booksOf([initialize]),
      ["its row reads INITIATED, its prompt pr_1 is APPROVED"],
    ],
    [
      "a shown prompt that expired, told as if it had never been shown",
      booksOf([initialize, { ...declined, transaction_status: "FAILED" }], {
        prompts: [promptOf({ status: "EXPIRED" })],
      }),
      ["its row reads FAILED, its prompt pr_1 is EXPIRED"],
    ],
    [
      "a purchase that is not captured",
      booksOf([initialize, authorize]),
      ["its prompt pr_1 is a purchase, and 0 of 100 is captured"],
    ],
    [
      "a refund of which nothing is kept but its event",
      booksOf([...paid, asked]),
      ["event 4 (INITIATE_REFUND) belongs to 0 rows of what was asked for"],
    ],
    [
      "a request that failed as it was made",
      booksOf([...paid, { ...asked, success: false }]),
      ["event 4 (INITIATE_REFUND) has failed or names no request"],
    ],
    [
      "a request that was ended twice",
      refunding("APPROVED", {}, [paidBack, notPaidBack]),
      ["event 4 (INITIATE_REFUND) is ended 2 times"],
    ],
    [
      "an outcome of a request that nobody made",
      booksOf([...paid, { ...notPaidBack, correlation_request_id: "unheard-of" }]),
      ["event 4 (REFUND) ends the request unheard-of, which nothing before it began"],
    ],
    [
      "an outcome of a request of another kind",
      refunding("SENT", { outcome: null, reserved_amount: 40 }, [{ ...notPaidBack, event: "VOID" }]),
      ["event 5 (VOID) ends the request refund-1, which nothing before it began"],
    ],
    [
      "a refund that was never begun",
      booksOf(paid, {
        prompts: [promptOf(), refundPrompt("SENT")],
        refunds: [refundOf({ outcome: null, reserved_amount: 40 })],
      }),
      ["its refund pr_2 has no INITIATE_REFUND"],
    ],
    [
      "a refund of another amount than was asked and paid back",
      refunding("APPROVED", { amount: 30 }, [paidBack]),
      [
        "event 4 (INITIATE_REFUND) is of 40, its refund of 30",
        "event 5 (REFUND) is of 40, its refund of 30",
        "its refund's prompt pr_2 is of 40, not 30",
      ],
    ],
    [
      "a refund that has its outcome and was told nothing",
      refunding("APPROVED", { outcome: null }, [paidBack]),
      [
        "its refund pr_2 is not told, its events make it SUCCEEDED",
        "its refund's prompt pr_2 is APPROVED, and nothing was told",
      ],
    ],
    [
      "a refund that was told and has no outcome",
      refunding("DECLINED", { outcome: "FAILED" }, []),
      ["its refund pr_2 is FAILED, its events make it not told"],
    ],
    ["a refund without a prompt", { ...refunded, prompts: [promptOf()] }, ["its refund pr_2 has no prompt"]],
    [
      "a refund's prompt without a refund",
      booksOf(paid, { prompts: [promptOf(), refundPrompt("SENT")] }),
      ["its prompt pr_2 is a refund's, and there is no such refund"],
    ],
    [
      "a refund's prompt that names another transaction",
      { ...refunded, prompts: [promptOf(), refundPrompt("APPROVED", { transaction_id: "other" })] },
      ["its prompt pr_2 names other"],
    ],
    [
      "a refund that asks by a payment's prompt",
      { ...refunded, refunds: [refundOf({ prompt_id: "pr_1" })], prompts: [promptOf()] },
      ["its refund's prompt pr_1 is a purchase", "its refund's prompt pr_1 is of 100, not 40"],
    ],
    ...(["WAITING", "PENDING", "SENT", "SHOWN", "PROCESSING"] as const).map(
      (status): [string, AuditedTransaction, string[]] => [
        `a refund that was told while it is ${status}`,
        refunding(status, held, [notPaidBack]),
        [`its refund's prompt pr_2 is ${status}, and FAILED was told`],
      ],
    ),
    [
      "an unresolved refund that was told to have succeeded, and is not reserved",
      refunding("UNRESOLVED", {}, [paidBack]),
      [
        "its refund's prompt pr_2 is UNRESOLVED, and SUCCEEDED was told",
        "its refund's prompt pr_2 is UNRESOLVED, and 0 of 40 is reserved",
      ],
    ],
    [
      "an ended refund that is reserved still",
      refunding("EXPIRED", held, [notPaidBack]),
      ["its refund's prompt pr_2 is EXPIRED, and 40 of 40 is reserved"],
    ],
    [
      "an approved refund that was told to have failed, and that nobody booked",
      refunding("APPROVED", { outcome: "FAILED" }, [notPaidBack]),
      ["its refund pr_2 was told FAILED, its prompt is APPROVED, and no REFUND books it"],
    ],
    [
      "a refund that was booked twice",
      refunding("APPROVED", { outcome: "FAILED" }, [notPaidBack, booking, booking]),
      ["event 7 (REFUND) ends no request, and no refund was booked by it"],
    ],
    [
      "a refund out of nowhere",
      booksOf([...paid, booking]),
      ["event 4 (REFUND) ends no request, and no refund was booked by it"],
    ],
    [
      "an accepted capture that is not written",
      advised([], [adviceOf()]),
      ["its capture adv_1 is ACCEPTED, its events make it not answered"],
    ],
    [
      "a written capture that its host was told to be refused",
      advised([captured], [adviceOf({ status: "REFUSED" })]),
      ["its capture adv_1 is REFUSED, its events make it ACCEPTED"],
    ],
    [
      "a refused capture that is open still",
      advised([{ ...captured, success: false }], [adviceOf({ status: "SENT" })]),
      ["its capture adv_1 is SENT, its events make it REFUSED"],
    ],
    [
      "a capture of another amount than its host was told",
      advised([captured], [adviceOf({ amount: 50 })]),
      ["event 3 (CAPTURE) is of 60, its capture of 50"],
    ],
    [
      "a capture that is written twice",
      advised([captured, { ...captured, amount: 40 }], [adviceOf()]),
      ["its capture adv_1 is ended 2 times", "event 4 (CAPTURE) is of 40, its capture of 60"],
    ],
    [
      "a capture that lacks its beginning",
      advised([], [adviceOf({ status: "SENT", initiated: true })]),
      ["its capture adv_1 lacks its INITIATE event"],
    ],
    [
      "a capture that was begun and should not have been",
      advised([initiated], [adviceOf({ status: "SENT" })]),
      [
        "event 3 (INITIATE_CAPTURE) belongs to 0 rows of what was asked for",
        "its capture adv_1 has an INITIATE event and should have none",
      ],
    ],
    [
      "a capture that its host was never told of",
      advised([captured], []),
      ["event 3 (CAPTURE) was written, and the terminal's host was told of none"],
    ],
    [
      "a void that its host was never told of",
      booksOf([initialize, authorize, lapsed], { prompts: authorization }),
      ["event 3 (VOID) was written, and the terminal's host was told of none"],
    ],
    [
      "a capture of what was no authorization",
      booksOf(paid, { advices: [adviceOf({ status: "DUE" })] }),
      ["its capture adv_1 is told of no authorization of its own"],
    ],
  ];
  for (const [what, books, sentences] of rows) {
    test(what, () => {
      const named = sentences.map((sentence) => `Transaction ${id}: ${sentence}.`);
      assert.deepEqual(differencesOf(books), named);
    });
  }

  test("no amount of a row can change without being told", () => {
    const all = [purchase, refunded, advised([captured, lapsed], [adviceOf(), lapse])];
    const columns = fc.constantFrom(...(Object.keys(noBalance) as (keyof typeof noBalance)[]));
    fc.assert(
      fc.property(fc.constantFrom(...all), columns, fc.integer(), (books, column, amount) => {
        fc.pre(books[column] !== amount);
        assert.match(differencesOf({ ...books, [column]: amount })[0] ?? "", new RegExp(`row has ${column} ${amount}`));
      }),
    );
  });
});

describe("a row without its transaction is told", () => {
  const stray: Omit<StrayRow, "table"> = { id: "row_1", transaction_id: id, what: "no_transaction" };
  const rows: [StrayRow, string][] = [
    [{ ...stray, table: "events" }, `Transaction ${id}: it is not there, and has events.`],
    ...(["prompt", "refund", "advice", "session"] as const).map((table): [StrayRow, string] => [
      { ...stray, table },
      `${table.replace(/^./, (first) => first.toUpperCase())} row_1: the transaction ${id} that it names is not there, or is another session's.`,
    ]),
    [
      { ...stray, table: "prompt", what: "no_refund" },
      `Prompt row_1: it is a refund's of transaction ${id}, and has no refund.`,
    ],
  ];
  for (const [row, sentence] of rows) test(sentence, () => assert.equal(strayDifference(row), sentence));
});
