import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type AuditedItem,
  type AuditedSettling,
  settlementDifferences,
  settlingDifferences,
} from "../../src/domain/audit-settlements.ts";
import { problemOfTimeZone } from "../../src/domain/local-day.ts";
import { dayToSettle, settledTransaction, settlementStatusOf } from "../../src/domain/settlement.ts";
import { type Cell, csvLine } from "../../src/domain/settlement-report.ts";

describe("a transaction", () => {
  const rows: [what: string, amounts: [number, number, number, number], status: string][] = [
    ["of which nothing is captured is not settled", [0, 0, 0, 0], "NOT_SETTLED"],
    ["that is captured waits for its settlement", [100, 0, 0, 0], "PENDING_SETTLEMENT"],
    ["that is captured and paid back on the same day waits too", [100, 100, 0, 0], "PENDING_SETTLEMENT"],
    ["whose capture is settled is settled", [100, 0, 100, 0], "SETTLED"],
    ["that is paid back after its settlement is settled in part", [100, 40, 100, 0], "PARTIALLY_SETTLED"],
    ["that is captured on after its settlement is settled in part", [100, 0, 60, 0], "PARTIALLY_SETTLED"],
    ["whose refund is settled before its late capture is settled in part", [100, 40, 0, 40], "PARTIALLY_SETTLED"],
    ["whose refund is settled as well is settled", [100, 40, 100, 40], "SETTLED"],
  ];
  for (const [
    what,
    [captured_amount, refunded_amount, settled_captured_amount, settled_refunded_amount],
    status,
  ] of rows) {
    test(what, () => {
      const money = { captured_amount, refunded_amount, settled_captured_amount, settled_refunded_amount };
      assert.equal(settlementStatusOf(money), status);
    });
  }

  test("says in its SETTLEMENT event what of it stands where, each capture and refund by itself", () => {
    const place = { payout_destination_id: "seller-1", store_id: "Grønland" };
    const money = { captured_amount: 100, refunded_amount: 40, settled_captured_amount: 0, settled_refunded_amount: 0 };
    const settled = settledTransaction(
      { id: "t", ...place, ...money },
      [
        { transaction_id: "t", event_id: 3, event: "CAPTURE", amount: 100, payout_correlation_id: "pc" },
        { transaction_id: "t", event_id: 5, event: "REFUND", amount: 40, payout_correlation_id: null },
      ],
      { id: "s", provider_reference: "20261122-s", ...place },
    );
    const names = { settlement_id: "s", provider_reference: "20261122-s" };
    assert.deepEqual(settled, {
      transaction_id: "t",
      settlement_id: "s",
      event_ids: [3, 5],
      capture: 100,
      refund: 40,
      settlements: {
        events: [
          { ...names, event_correlation_id: "pc", amount: 100, capture: 100, refund: 0, fee: 0 },
          { ...names, amount: -40, capture: 0, refund: 40, fee: 0 },
        ],
        settlement_status: "SETTLED",
      },
    });
  });
});

describe("a day to settle", () => {
  const iso = ({ start, end }: { start: number; end: number }) => [start, end].map((at) => new Date(at).toISOString());
  const made = Date.parse("2026-10-25T11:00:00.000Z");

  test("is the one that the account was made on, at first", () => {
    const day = dayToSettle(undefined, made, "Europe/Oslo");
    assert.deepEqual(iso(day), ["2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"]);
  });

  test("is the one after, and shorter where the time zone has changed", () => {
    const until = Date.parse("2026-10-25T23:00:00.000Z");
    assert.deepEqual(iso(dayToSettle(until, made, "Europe/Oslo")), [
      "2026-10-25T23:00:00.000Z",
      "2026-10-26T23:00:00.000Z",
    ]);
    assert.deepEqual(iso(dayToSettle(until, made, "America/New_York")), [
      "2026-10-25T23:00:00.000Z",
      "2026-10-26T04:00:00.000Z",
    ]);
  });
});

describe("a time zone", () => {
  for (const name of ["Europe/Oslo", "UTC", "Etc/GMT-2", "Asia/Calcutta", "Asia/Kolkata"]) {
    test(`may be ${name}`, () => assert.equal(problemOfTimeZone(name), undefined));
  }
  for (const name of ["", "+02:00", "Oslo", "europe/oslo", "Europe/Oslo ", "Europe/Grønland"]) {
    test(`may not be "${name}"`, () => assert.ok(problemOfTimeZone(name)));
  }
});

/** As a program reads RFC 4180. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  const cell = /"((?:[^"]|"")*)"(,|\r\n$)|([^",\r\n]*)(,|\r\n$)/y;
  for (;;) {
    const found = cell.exec(line);
    assert.ok(found, `not RFC 4180: ${JSON.stringify(line)}`);
    cells.push(found[1]?.replaceAll('""', '"') ?? found[3] ?? "");
    if ((found[2] ?? found[4]) !== ",") return cells;
  }
}

describe("a line of a report", () => {
  const rows: [Cell[], string][] = [
    [["plain", 1, null], "plain,1,\r\n"],
    [["Blåbær, søt", -5], '"Blåbær, søt",-5\r\n'],
    [['the "best"'], '"the ""best"""\r\n'],
    [["two\nlines"], '"two\nlines"\r\n'],
    [["=1+1", "+47", "-5", "@all", "\tx", " =1"], "'=1+1,'+47,'-5,'@all,'\tx,' =1\r\n"],
  ];
  for (const [cells, line] of rows) {
    test(JSON.stringify(line), () => assert.equal(csvLine(cells), line));
  }

  test("is read back as it was, whatever a till has called its order, and begins no formula", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (cells) => {
        const read = cellsOf(csvLine(cells));
        assert.deepEqual(
          read.map((cell, index) => (cell === cells[index] ? cell : cell.slice(1))),
          cells,
        );
        for (const cell of read) assert.doesNotMatch(cell, /^\s*[=+\-@]/);
      }),
    );
  });
});

const item: AuditedItem = {
  settlement_id: "s",
  event_id: 3,
  event: "CAPTURE",
  amount: 100,
  currency: "NOK",
  booked: { event: "CAPTURE", amount: 100, success: true },
  settlement: { payout_destination_id: "seller-1", store_id: "store-1" },
};
const settled: AuditedSettling = {
  id: "t",
  currency: "NOK",
  payout_destination_id: "seller-1",
  store_id: "store-1",
  settled_captured_amount: 100,
  settled_refunded_amount: 0,
  items: [item],
};

describe("an audit finds", () => {
  const rows: [what: string, transaction: AuditedSettling, sentences: string[]][] = [
    ["nothing in a whole one", settled, []],
    [
      "an event that is settled twice",
      { ...settled, items: [item, { ...item, settlement_id: "s2" }] },
      ["event 3 is settled 2 times", "its row has 100 of CAPTURE settled, settlements hold 200"],
    ],
    [
      "a mark without a settlement",
      { ...settled, items: [] },
      ["its row has 100 of CAPTURE settled, settlements hold 0"],
    ],
    [
      "an item of another amount than was booked",
      { ...settled, items: [{ ...item, booked: { event: "CAPTURE", amount: 90, success: true } }] },
      ["settlement s holds event 3 (CAPTURE) of 100, it is a CAPTURE of 90"],
    ],
    [
      "an item of what has failed",
      { ...settled, items: [{ ...item, booked: { event: "CAPTURE", amount: 100, success: false } }] },
      ["settlement s holds event 3 (CAPTURE) of 100, it is a failed CAPTURE of 100"],
    ],
    [
      "an item of what never was",
      { ...settled, items: [{ ...item, booked: null }] },
      ["settlement s holds event 3 (CAPTURE), which is not there"],
    ],
    [
      "an item in another currency",
      { ...settled, items: [{ ...item, currency: "SEK" }] },
      ["settlement s holds event 3 (CAPTURE) in SEK, not NOK"],
    ],
    [
      "a settlement of another seller's",
      { ...settled, payout_destination_id: "seller-2" },
      ["event 3 (CAPTURE) stands in a settlement of seller-1, and belongs to seller-2"],
    ],
    [
      "a settlement that is gone",
      { ...settled, items: [{ ...item, settlement: null }] },
      ["event 3 (CAPTURE) stands in settlement s, which is not there"],
    ],
  ];
  for (const [what, transaction, sentences] of rows) {
    test(what, () => {
      assert.deepEqual(
        settlingDifferences(transaction),
        sentences.map((sentence) => `Transaction t: ${sentence}.`),
      );
    });
  }

  test("a settlement that does not add up, has a fee, or holds what is not there", () => {
    const amounts = [{ currency: "NOK", capture: 100, refund: 5, fee: 0 }];
    const items = [{ currency: "NOK", capture: 100, refund: 5 }];
    assert.deepEqual(settlementDifferences({ id: "s", amounts, items, strays: [] }), []);
    const wrong = [{ currency: "NOK", capture: 101, refund: 5, fee: 1 }];
    const more = [...items, { currency: "SEK", capture: 0, refund: 7 }];
    assert.deepEqual(settlementDifferences({ id: "s", amounts: wrong, items: more, strays: ["t"] }), [
      "Settlement s: it says capture 101 NOK, its items add up to 100.",
      "Settlement s: it says fee 1 NOK, and no fee is known.",
      "Settlement s: it says refund 0 SEK, its items add up to 7.",
      "Settlement s: it holds transaction t, which is not there.",
    ]);
  });
});
