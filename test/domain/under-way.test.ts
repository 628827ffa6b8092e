/** What a till that waits for the result waits for, as a table. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isUnderWay, mayStillBegin, type PaymentInView } from "../../src/domain/under-way.ts";

type Event = PaymentInView["events"][number];
const begun = (event: string, request_id: string): Event => ({ event, request_id });
const ended = (event: string, correlation_request_id: string): Event => ({ event, correlation_request_id });
const initialize: Event = { event: "INITIALIZE", request_id: "r0" };

const cases: [what: string, status: string, events: Event[], is_under_way: boolean][] = [
  ["a card is awaited", "INITIATED", [initialize], true],
  ["captured", "CAPTURED", [initialize, { event: "CAPTURE" }], false],
  ["authorized, for a later capture", "AUTHORIZED", [initialize, { event: "AUTHORIZE" }], false],
  ["declined", "DECLINED", [initialize, { event: "AUTHORIZE" }], false],
  ["failed", "FAILED", [initialize], false],
  ["not known, which is an answer", "UNKNOWN", [initialize], false],
  ["a refund is asked for", "CAPTURED", [initialize, begun("INITIATE_REFUND", "r1")], true],
  ["the refund has ended", "REFUNDED", [begun("INITIATE_REFUND", "r1"), ended("REFUND", "r1")], false],
  [
    "one of two refunds has ended",
    "CAPTURED",
    [begun("INITIATE_REFUND", "r1"), begun("INITIATE_REFUND", "r2"), ended("REFUND", "r1")],
    true,
  ],
  [
    "an end of another request is not this one's",
    "CAPTURED",
    [begun("INITIATE_REFUND", "r1"), ended("REFUND", "r0")],
    true,
  ],
  ["a capture is not answered", "AUTHORIZED", [begun("INITIATE_CAPTURE", "r1")], true],
  ["a capture is answered", "CAPTURED", [begun("INITIATE_CAPTURE", "r1"), ended("CAPTURE", "r1")], false],
  ["a void is not answered", "AUTHORIZED", [begun("INITIATE_VOID", "r1")], true],
];

describe("a payment", () => {
  for (const [what, status, events, is_under_way] of cases) {
    test(`${what}: ${is_under_way ? "under way" : "at rest"}`, () => {
      assert.equal(isUnderWay({ status, events }), is_under_way);
    });
  }
});

describe("a session whose payment has not begun", () => {
  const now = Date.parse("2026-11-22T12:00:00.000Z");
  const before = "2026-11-22T11:59:59.999Z";
  const later = "2026-11-22T12:00:00.001Z";
  test("may still begin until it expires", () => {
    assert.equal(mayStillBegin({ expires_at: later }, now), true);
    assert.equal(mayStillBegin({ expires_at: before }, now), false);
  });
  test("may not begin once it is cancelled", () => {
    assert.equal(mayStillBegin({ expires_at: later, cancelled_at: before }, now), false);
  });
});
