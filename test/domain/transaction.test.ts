import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { amountMax } from "../../src/domain/money.ts";
import { noBalance, statusOf, type TransactionStatus } from "../../src/domain/transaction.ts";

type Amounts = Parameters<typeof statusOf>[0];

/** Authorized, captured, refunded, voided. */
const balance = (authorized: number, captured: number, refunded: number, voided: number): Amounts => ({
  authorized_amount: authorized,
  captured_amount: captured,
  refunded_amount: refunded,
  voided_amount: voided,
});

describe("an approved transaction's amounts are its state", () => {
  const rows: [Amounts, TransactionStatus, string][] = [
    [balance(100, 0, 0, 0), "AUTHORIZED", "approved and not captured"],
    [balance(100, 0, 0, 100), "AUTHORIZATION_VOIDED", "given up before capture"],
    [balance(100, 100, 0, 0), "CAPTURED", "captured whole"],
    [balance(100, 1, 0, 0), "PARTIALLY_CAPTURED", "captured in part"],
    [balance(100, 99, 0, 1), "PARTIALLY_CAPTURED", "captured in part, the rest given up"],
    [balance(100, 100, 1, 0), "PARTIALLY_REFUNDED", "captured whole and paid back in part"],
    [balance(100, 100, 99, 0), "PARTIALLY_REFUNDED", "captured whole and paid back but for the least"],
    [balance(100, 100, 100, 0), "REFUNDED", "captured whole and paid back whole"],
    [balance(100, 60, 10, 0), "PARTIALLY_CAPTURED_REFUNDED", "captured in part and paid back in part"],
    [balance(100, 60, 60, 0), "PARTIALLY_CAPTURED_REFUNDED", "captured in part, and all of that paid back"],
    [balance(100, 60, 60, 40), "PARTIALLY_CAPTURED_REFUNDED", "nothing left of a part that was captured"],
  ];
  for (const [amounts, status, what] of rows) {
    test(`${what} reads ${status}`, () => assert.equal(statusOf(amounts), status));
  }

  /** Every balance that the database's constraints let stand. */
  const anyBalance: fc.Arbitrary<Amounts> = fc.integer({ min: 1, max: amountMax }).chain((authorized_amount) =>
    fc
      .oneof(fc.constantFrom(0, authorized_amount), fc.integer({ min: 0, max: authorized_amount }))
      .chain((captured_amount) =>
        fc.record({
          authorized_amount: fc.constant(authorized_amount),
          captured_amount: fc.constant(captured_amount),
          refunded_amount: fc.oneof(fc.constantFrom(0, captured_amount), fc.integer({ min: 0, max: captured_amount })),
          voided_amount: fc.constantFrom(0, authorized_amount - captured_amount),
          reserved_refund_amount: fc.constant(0),
        }),
      ),
  );

  test("every balance that can stand has one status, and the status says what can still be done with the money", () => {
    const says: Partial<Record<TransactionStatus, { captured: boolean; all_captured: boolean; refunded: boolean }>> = {
      AUTHORIZED: { captured: false, all_captured: false, refunded: false },
      AUTHORIZATION_VOIDED: { captured: false, all_captured: false, refunded: false },
      PARTIALLY_CAPTURED: { captured: true, all_captured: false, refunded: false },
      CAPTURED: { captured: true, all_captured: true, refunded: false },
      PARTIALLY_CAPTURED_REFUNDED: { captured: true, all_captured: false, refunded: true },
      PARTIALLY_REFUNDED: { captured: true, all_captured: true, refunded: true },
      REFUNDED: { captured: true, all_captured: true, refunded: true },
    };
    fc.assert(
      fc.property(anyBalance, (amounts) => {
        const { authorized_amount, captured_amount, refunded_amount, voided_amount } = amounts;
        const status = statusOf(amounts);
        assert.deepEqual(says[status], {
          captured: captured_amount > 0,
          all_captured: captured_amount === authorized_amount,
          refunded: refunded_amount > 0,
        });
        if (status === "AUTHORIZED") assert.equal(voided_amount, 0);
        if (status === "AUTHORIZATION_VOIDED") assert.equal(voided_amount, authorized_amount);
        if (status === "REFUNDED") assert.equal(refunded_amount, authorized_amount);
        if (status === "PARTIALLY_REFUNDED") assert.ok(refunded_amount < captured_amount);
      }),
      { numRuns: 1_000 },
    );
  });

  test("a transaction begins without money", () =>
    assert.deepEqual(noBalance, { ...balance(0, 0, 0, 0), reserved_refund_amount: 0 }));
});
