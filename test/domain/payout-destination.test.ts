import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  caseStatuses,
  firstCaseStatus,
  refusalOfDecision,
  refusalOfLink,
} from "../../src/domain/payout-destination.ts";

describe("a seller's case begins", () => {
  const rows: [account_id: string, description: string | undefined, case_status: string][] = [
    ["T12345678", "AUTO_APPROVE", "ACTIVE"],
    ["T12345678", "Kiosk på Grünerløkka AUTO_APPROVE", "ACTIVE"],
    ["T12345678", "AUTO_DECLINE", "DECLINED"],
    ["T12345678", "AUTO_WAITING_FOR_SIGNATURE", "WAITING_FOR_SIGNATURE"],
    ["T12345678", "NO_AUTO_APPROVE_PLEASE", "AUTOMATIC_REVIEW"],
    ["T12345678", "auto_approve", "AUTOMATIC_REVIEW"],
    ["T12345678", undefined, "AUTOMATIC_REVIEW"],
    ["P12345678", "AUTO_APPROVE", "AUTOMATIC_REVIEW"],
    ["P12345678", "AUTO_DECLINE", "AUTOMATIC_REVIEW"],
  ];
  for (const [account_id, description, case_status] of rows) {
    test(`as ${case_status} on ${account_id}, described as ${description ?? "nothing"}`, () =>
      assert.equal(firstCaseStatus(account_id, description), case_status));
  }
});

describe("a seller's case", () => {
  const seller = (case_status: (typeof caseStatuses)[number]) => ({ payout_destination_id: "seller-1", case_status });

  for (const before of caseStatuses) {
    const closed = before === "ARCHIVED" || before === "TERMINATED";
    test(`that is ${before} can${closed ? " no longer" : ""} be decided ACTIVE`, () => {
      assert.equal(refusalOfDecision(seller(before), "ACTIVE")?.code, closed ? "CASE_DECISION_NOT_ALLOWED" : undefined);
    });
    test(`that is ${before} may be decided so again`, () =>
      assert.equal(refusalOfDecision(seller(before), before), undefined));
    test(`that is ${before} is never sent back to where a machine looks into it`, () => {
      if (before !== "AUTOMATIC_REVIEW") assert.ok(refusalOfDecision(seller(before), "AUTOMATIC_REVIEW"));
    });
  }
  test("that was put away is taken up by looking into it, or ended", () => {
    assert.equal(refusalOfDecision(seller("ARCHIVED"), "UNDER_MANUAL_REVIEW"), undefined);
    assert.equal(refusalOfDecision(seller("ARCHIVED"), "TERMINATED"), undefined);
  });
  test("that has ended says that nothing follows", () => {
    const message = "The payout destination seller-1 is TERMINATED; what can follow is: nothing.";
    assert.equal(refusalOfDecision(seller("TERMINATED"), "ACTIVE")?.message, message);
  });
});

describe("a store is linked", () => {
  const refusedWith = {
    ARCHIVED: "PAYOUT_DESTINATION_NOT_ACTIVE",
    TERMINATED: "PAYOUT_DESTINATION_NOT_ACTIVE",
  } as Record<string, string>;
  for (const case_status of caseStatuses) {
    const code = refusedWith[case_status];
    test(`to a seller that is ${case_status}: ${code ?? "yes"}`, () =>
      assert.equal(refusalOfLink("seller-1", case_status)?.code, code));
  }
  test("to a seller that is not there: no", () =>
    assert.equal(refusalOfLink("seller-1", undefined)?.code, "PAYOUT_DESTINATION_UNKNOWN"));
});
