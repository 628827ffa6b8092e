/** What an event changed, in one line. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventLine } from "../../src/domain/event-line.ts";

const transaction = { id: "T1.tx", status: "CAPTURED", amount: 39900, currency: "NOK", merchant_reference: "order-1" };

const cases: [type: string, members: Record<string, unknown>, line: string][] = [
  ["checkout_transaction", { transaction }, "CAPTURED  399.00 NOK  order-1  T1.tx"],
  [
    "checkout_transaction",
    { transaction: { ...transaction, events: [{ event: "INITIATE_REFUND", success: true }] } },
    "CAPTURED, INITIATE_REFUND  399.00 NOK  order-1  T1.tx",
  ],
  [
    "checkout_transaction",
    { transaction: { ...transaction, events: [{ event: "REFUND", success: false }] } },
    "CAPTURED, REFUND failed  399.00 NOK  order-1  T1.tx",
  ],
  [
    "checkout_authorization",
    { authorization: { merchant_reference: "order-1", transaction_id: "T1.tx", error: "cancelled" } },
    "cancelled  order-1  T1.tx",
  ],
  ["checkout_authorization", { authorization: { merchant_reference: "order-1" }, transaction }, "authorized  order-1"],
  [
    "prompt_shown",
    { prompt: { kind: "purchase", amount: 399, currency: "JPY", terminal_id: "T1-T0292", transaction_id: "T1.tx" } },
    "purchase  399 JPY  on T1-T0292  T1.tx",
  ],
  [
    "account_store_add",
    { store: { store_id: "tromso", name: "Kaffe & Kø", status: "ACTIVE" } },
    "ACTIVE  Kaffe & Kø  tromso",
  ],
  ["incident_add", { incident: { id: "inc_1", kind: "JOURNAL_LOST" } }, "JOURNAL_LOST  inc_1"],
  ["something_new", {}, ""],
];

describe("an event in one line", () => {
  for (const [type, members, line] of cases) {
    test(`${type}: ${line}`, () => {
      const head = { account_id: "T1", event: type, event_id: "e", event_time: "2026-11-22T12:00:00.000Z" };
      assert.equal(eventLine(type, { ...head, ...members }), line);
    });
  }
});
