import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type CallbackError, type PromptStatus, promptStatuses } from "../../src/domain/prompt.ts";
import { type EndedPrompt, type SaleOutcome, saleOutcome, type TerminalWord } from "../../src/domain/sale-outcome.ts";
import { noBalance, statusOf, type TransactionStatus } from "../../src/domain/transaction.ts";

const ids = { request_id: "request-1", payout_correlation_id: "pc_1" };
const terminal_id = "T12345678-T0001";
const purchase: EndedPrompt = { kind: "purchase", amount: 39900, terminal_id, was_shown: true };
const authorize: EndedPrompt = { ...purchase, kind: "authorize" };
const card = { brand: "Visa", masked_pan: "476173******0416", entry_method: "chip" } as const;
const word: TerminalWord = { card, facts: { responseCode: "00", customerReceipt: "KVITTERING\nNOK 399.00" } };
const printed = { "seitatech:responseCode": "00", "seitatech:customerReceipt": "KVITTERING\nNOK 399.00" };

describe("an approved purchase", () => {
  const outcome = saleOutcome(purchase, "APPROVED", word, ids);
  test("is captured, with its amount and its card", () => {
    assert.equal(outcome.status, "APPROVED");
    assert.equal(outcome.transaction_status, "CAPTURED");
    assert.deepEqual(outcome.balance, { ...noBalance, authorized_amount: 39900, captured_amount: 39900 });
    assert.deepEqual(outcome.card, card);
  });
  test("was authorized and then captured, with the receipt at both and the settlement's key at the capture", () => {
    const told = { amount: 39900, created_by: terminal_id, request_id: "request-1", success: true } as const;
    assert.deepEqual(outcome.transaction_events, [
      { ...told, event: "AUTHORIZE", transaction_status: "AUTHORIZED", metadata: printed },
      {
        ...told,
        event: "CAPTURE",
        transaction_status: "CAPTURED",
        metadata: { ...printed, payout_correlation_id: "pc_1" },
      },
    ]);
  });
  test("completes its session", () => {
    assert.deepEqual(outcome.session_events, [
      { name: "AUTHORIZED", details: { amount: 39900 } },
      { name: "COMPLETED" },
    ]);
    assert.equal(outcome.cancelled_by, undefined);
  });
  test("is called back about without an error", () => assert.deepEqual(outcome.callback, {}));
});

describe("an approved authorization", () => {
  const outcome = saleOutcome(authorize, "APPROVED", word, ids);
  test("holds the money and captures none", () => {
    assert.equal(outcome.transaction_status, "AUTHORIZED");
    assert.deepEqual(outcome.balance, { ...noBalance, authorized_amount: 39900 });
  });
  test("was authorized, and that is all", () => {
    assert.deepEqual(outcome.transaction_events, [
      {
        event: "AUTHORIZE",
        transaction_status: "AUTHORIZED",
        success: true,
        amount: 39900,
        created_by: terminal_id,
        request_id: "request-1",
        metadata: printed,
      },
    ]);
  });
  test("completes its session and is called back about without an error", () => {
    assert.deepEqual(
      outcome.session_events.map(({ name }) => name),
      ["AUTHORIZED", "COMPLETED"],
    );
    assert.deepEqual(outcome.callback, {});
  });
});

interface Row {
  readonly guarantee: string;
  readonly status: PromptStatus;
  readonly prompt?: Partial<EndedPrompt>;
  readonly said?: TerminalWord;
  readonly reads: TransactionStatus;
  readonly error: object;
  readonly callback: CallbackError;
  /** The session's last event: CANCELLED only where the point of sale called it off. */
  readonly session_event: SaleOutcome["session_events"][number]["name"];
}

const rows: Row[] = [
  {
    guarantee: "a decline says why, and what the host's code was",
    status: "DECLINED",
    said: { reason: "Not enough money.", reason_code: "INSUFFICIENT_FUNDS", facts: { responseCode: "51" } },
    reads: "DECLINED",
    error: { code: "DECLINED", message: "Not enough money.", type: ["INSUFFICIENT_FUNDS"], result_code: "51" },
    callback: "authorization",
    session_event: "DECLINED",
  },
  {
    guarantee: "a decline without a word says that the card was declined",
    status: "DECLINED",
    reads: "DECLINED",
    error: { code: "DECLINED", message: "The card was declined.", type: ["DECLINED"] },
    callback: "authorization",
    session_event: "DECLINED",
  },
  {
    guarantee: "a cancel on the terminal reads DECLINED",
    status: "CANCELLED",
    said: { reason: "The red key was pressed." },
    reads: "DECLINED",
    error: { code: "CANCELLED_ON_TERMINAL", message: "The red key was pressed.", type: ["DECLINED"] },
    callback: "cancelled",
    session_event: "DECLINED",
  },
  {
    guarantee: "a cancel on the terminal without a word says where it was cancelled",
    status: "CANCELLED",
    reads: "DECLINED",
    error: { code: "CANCELLED_ON_TERMINAL", message: "Cancelled on the terminal.", type: ["DECLINED"] },
    callback: "cancelled",
    session_event: "DECLINED",
  },
  {
    guarantee: "a cancel by the point of sale reads DECLINED, and its session CANCELLED",
    status: "CANCELLED",
    prompt: { cancelled_by: "client-1" },
    said: { reason: "Stopped." },
    reads: "DECLINED",
    error: { code: "CANCELLED", message: "Cancelled by the point of sale.", type: ["DECLINED"] },
    callback: "cancelled",
    session_event: "CANCELLED",
  },
  {
    guarantee: "a cancel before it was sent is told like any other",
    status: "CANCELLED",
    prompt: { cancelled_by: "client-1", was_shown: false },
    reads: "DECLINED",
    error: { code: "CANCELLED", message: "Cancelled by the point of sale.", type: ["DECLINED"] },
    callback: "cancelled",
    session_event: "CANCELLED",
  },
  {
    guarantee: "a prompt that nobody presented a card to reads DECLINED",
    status: "EXPIRED",
    reads: "DECLINED",
    error: { code: "EXPIRED", message: "Nobody presented a card in time.", type: ["DECLINED"] },
    callback: "cancelled",
    session_event: "DECLINED",
  },
  {
    guarantee: "a prompt that was never shown reads FAILED",
    status: "EXPIRED",
    prompt: { was_shown: false },
    reads: "FAILED",
    error: { code: "EXPIRED", message: "The terminal could not be reached in time.", type: ["ERROR"] },
    callback: "failed",
    session_event: "FAILED",
  },
  {
    guarantee: "a prompt that the terminal refused to show says why",
    status: "EXPIRED",
    prompt: { was_shown: false },
    said: { reason: "It arrived too late." },
    reads: "FAILED",
    error: { code: "EXPIRED", message: "It arrived too late.", type: ["ERROR"] },
    callback: "failed",
    session_event: "FAILED",
  },
  {
    guarantee: "a failure reads FAILED",
    status: "FAILED",
    said: { reason: "The host cannot be reached; reversed." },
    reads: "FAILED",
    error: { code: "FAILED", message: "The host cannot be reached; reversed.", type: ["ERROR"] },
    callback: "failed",
    session_event: "FAILED",
  },
  {
    guarantee: "a failure without a word says that no money moved",
    status: "FAILED",
    reads: "FAILED",
    error: { code: "FAILED", message: "The payment failed; no money moved.", type: ["ERROR"] },
    callback: "failed",
    session_event: "FAILED",
  },
];

describe("a payment that did not happen", () => {
  for (const { guarantee, status, prompt, said = {}, reads, error, callback, session_event } of rows) {
    for (const kind of ["purchase", "authorize"] as const) {
      test(`${guarantee} (${kind})`, () => {
        const outcome = saleOutcome({ ...purchase, kind, ...prompt }, status, said, ids);
        const cancelled_by = prompt?.cancelled_by;
        assert.equal(outcome.status, status);
        assert.equal(outcome.transaction_status, reads);
        assert.deepEqual(outcome.balance, noBalance);
        assert.deepEqual(outcome.transaction_events, [
          {
            event: "AUTHORIZE",
            transaction_status: reads,
            success: false,
            amount: 39900,
            created_by: cancelled_by ?? terminal_id,
            request_id: "request-1",
            metadata: said.facts === undefined ? {} : { "seitatech:responseCode": "51" },
            error,
          },
        ]);
        assert.deepEqual(outcome.session_events, [
          { name: session_event, details: { payment_product_type: "seitatech.in_person", error: callback } },
        ]);
        assert.equal(outcome.cancelled_by, cancelled_by);
        assert.deepEqual(outcome.callback, { error: callback });
      });
    }
  }

  test("keeps the card that was declined", () => {
    assert.deepEqual(saleOutcome(purchase, "DECLINED", { card }, ids).card, card);
  });
});

describe("a payment of which we do not know", () => {
  for (const prompt of [purchase, authorize, { ...purchase, was_shown: false }]) {
    test(`reads UNKNOWN and moves no money (${prompt.kind}, ${prompt.was_shown ? "shown" : "perhaps shown"})`, () => {
      assert.deepEqual(saleOutcome(prompt, "UNRESOLVED", word, ids), {
        status: "UNRESOLVED",
        transaction_status: "UNKNOWN",
        balance: noBalance,
        transaction_events: [],
        session_events: [{ name: "UNKNOWN" }],
        callback: "none",
      });
    });
  }
});

describe("a payment that goes on", () => {
  for (const status of ["WAITING", "PENDING", "SENT", "SHOWN", "PROCESSING"] as const) {
    test(`${status} has no outcome to be told`, () => {
      assert.throws(() => saleOutcome(purchase, status, word, ids), {
        message: `A prompt that is ${status} has no outcome.`,
      });
    });
  }
});

test("whatever the outcome, the money, the status and the events say the same", () => {
  const ended = promptStatuses.filter((status) => !/^(WAITING|PENDING|SENT|SHOWN|PROCESSING)$/.test(status));
  const anyPrompt: fc.Arbitrary<EndedPrompt> = fc.record({
    kind: fc.constantFrom("purchase", "authorize"),
    amount: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    terminal_id: fc.constant(terminal_id),
    was_shown: fc.boolean(),
  });
  fc.assert(
    fc.property(anyPrompt, fc.constantFrom(...ended), (prompt, status) => {
      const outcome = saleOutcome(prompt, status, word, ids);
      const { balance, transaction_events } = outcome;
      const sumOf = (event: string) =>
        transaction_events
          .filter((found) => found.event === event && found.success)
          .reduce((sum, { amount = 0 }) => sum + amount, 0);
      assert.equal(sumOf("AUTHORIZE"), balance.authorized_amount);
      assert.equal(sumOf("CAPTURE"), balance.captured_amount);
      assert.equal(balance.authorized_amount, status === "APPROVED" ? prompt.amount : 0);
      if (status === "APPROVED") assert.equal(outcome.transaction_status, statusOf(balance));
      if (status !== "UNRESOLVED")
        assert.equal(transaction_events.at(-1)?.transaction_status, outcome.transaction_status);
      for (const { success, error } of transaction_events) assert.equal(success, error === undefined);
    }),
  );
});
