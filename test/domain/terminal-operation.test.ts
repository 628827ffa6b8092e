/** How a terminal's totals compare with our books, and what keeps its day open. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { comparedBooks, refusalOfEndOfDay } from "../../src/domain/terminal-operation.ts";

const books = {
  purchases_count: 2,
  purchases_amount: 79800,
  reversals_count: 0,
  reversals_amount: 0,
  refunds_count: 1,
  refunds_amount: 100,
};

describe("the books beside a terminal's totals", () => {
  const cases: { what: string; told: object; difference: object }[] = [
    { what: "agree", told: { ...books }, difference: {} },
    {
      what: "say what the terminal has more",
      told: { ...books, purchases_count: 3 },
      difference: { purchases_count: 1 },
    },
    { what: "say what it has less", told: { ...books, refunds_amount: 0 }, difference: { refunds_amount: -100 } },
    { what: "compare nothing that it does not tell", told: { outcome: "accepted" }, difference: {} },
    { what: "compare nothing that is no number", told: { purchases_count: "3" }, difference: {} },
  ];
  for (const { what, told, difference } of cases) {
    test(what, () => assert.deepEqual(comparedBooks(books, told), { ...books, difference }));
  }
});

describe("a day", () => {
  const work = (what: string) => [{ what, id: "x_1", status: "SENT" }];
  for (const what of ["sale", "refund", "reversal"]) {
    test(`stays open over a ${what}`, () =>
      assert.equal(refusalOfEndOfDay("T1", work(what))?.code, "END_OF_DAY_TOO_EARLY"));
  }
  for (const what of ["capture", "void", "lapse"]) {
    test(`is closed while the host is told of a ${what}`, () =>
      assert.equal(refusalOfEndOfDay("T1", work(what)), undefined));
  }
});
