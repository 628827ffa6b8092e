/** Days are settled by themselves: whole, once, and to the øre, whatever happens meanwhile. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { nextLocalMidnight, startOfLocalDay } from "../../src/domain/local-day.ts";
import { settleDays, settleStep } from "../../src/flows/settlement.ts";
import { ConstraintRefusal, statement } from "../../src/storage/database.ts";
import { writeTimeZone } from "../../src/storage/settling.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { SettlementBooks } from "../support/settlement-books.ts";
import { auditFindings } from "../support/whole-books.ts";

let database: TestDatabase;
before(async () => {
  database = await makeDatabase();
});
after(() => database.close());

const open = (time = "2026-11-20T09:00:00.000Z") => SettlementBooks.open(time, database);

/** Settles as the sweep does, at that time. */
async function settleAt(books: SettlementBooks, time: string): Promise<void> {
  books.clock.goTo(time);
  await settleDays(books.world());
}

interface ToldMembers {
  readonly transaction?: { readonly settlement_status: string };
  readonly settlement?: { readonly id: string; readonly amounts: unknown };
}

const days = async (books: SettlementBooks) =>
  (await books.settlements()).map(({ start_at, end_at, amounts }) => [start_at, end_at, ...amounts]);

describe("a day", () => {
  test("is settled some minutes after its local midnight, and not before", async () => {
    const books = await open();
    await books.sale("2026-11-20T10:00:00.000Z", { amount: 39_900 });
    await settleAt(books, "2026-11-20T23:04:59.999Z");
    assert.deepEqual(await books.settlements(), []);
    await settleAt(books, "2026-11-20T23:05:00.000Z");
    const nok = { currency: "NOK", capture: 39_900, refund: 0 };
    assert.deepEqual(await days(books), [["2026-11-19T23:00:00.000Z", "2026-11-20T23:00:00.000Z", nok]]);
    const [settlement] = await books.settlements();
    assert.equal(settlement?.settled_at, "2026-11-20T23:05:00.000Z");
  });

  test("tells of each settlement it made, and of each transaction as it reads from then on", async () => {
    const books = await open();
    const transaction_id = await books.sale("2026-11-20T10:00:00.000Z", { amount: 39_900 });
    await settleAt(books, "2026-11-20T23:05:00.000Z");
    const text = `SELECT type, sequence, body::json AS members FROM event_inbox
      WHERE account_id = $1 AND (type = 'settlement_add' OR (transaction_id = $2 AND sequence > 1)) ORDER BY written`;
    const [settlement] = await books.settlements();
    const told = await database.sql<{ type: string; members: ToldMembers }>(text, [books.account_id, transaction_id]);
    assert.deepEqual(
      told.map(({ type, members }) => [type, members.transaction?.settlement_status, members.settlement?.id]),
      [
        ["checkout_transaction", "SETTLED", undefined],
        ["settlement_add", undefined, settlement?.id],
      ],
    );
    assert.deepEqual(told[1]?.members.settlement?.amounts, [
      { amount: 39_900, capture: 39_900, refund: 0, fee: 0, currency: "NOK" },
    ]);
  });

  test("begins with its midnight, and ends before the next", async () => {
    const books = await open();
    const first = await books.sale("2026-11-20T22:59:59.999Z", { amount: 1 });
    const second = await books.sale("2026-11-20T23:00:00.000Z", { amount: 10 });
    await settleAt(books, "2026-11-22T12:00:00.000Z");
    const [one, two, ...more] = await books.settlements();
    assert.deepEqual(more, []);
    const ofTransaction = Object.groupBy(await books.items(), ({ transaction_id }) => transaction_id);
    assert.equal(ofTransaction[first]?.[0]?.settlement_id, one?.id);
    assert.equal(ofTransaction[second]?.[0]?.settlement_id, two?.id);
  });

  for (const [what, day, hours] of [
    ["23 hours where summer begins", "2026-03-29", 23],
    ["25 hours where it ends", "2026-10-25", 25],
  ] as const) {
    test(`has ${what}`, async () => {
      const books = await open(`${day}T08:00:00.000Z`);
      await books.sale(`${day}T09:00:00.000Z`);
      await settleAt(books, `${day}T23:59:59.000Z`);
      const [settlement] = await books.settlements();
      assert.ok(settlement);
      assert.equal(Date.parse(settlement.end_at) - Date.parse(settlement.start_at), hours * 3_600_000);
    });
  }

  test("without a sale has no settlement, and the next one with a sale has", async () => {
    const books = await open("2026-11-01T09:00:00.000Z");
    await books.sale("2026-11-14T10:00:00.000Z");
    await settleAt(books, "2026-11-20T12:00:00.000Z");
    assert.deepEqual(
      (await books.settlements()).map(({ start_at }) => start_at),
      ["2026-11-13T23:00:00.000Z"],
    );
  });

  test("has a settlement for each seller and store, and a sum for each currency", async () => {
    const books = await open();
    const at = "2026-11-20T10:00:00.000Z";
    await books.sale(at, { amount: 1 });
    await books.sale(at, { amount: 2, currency: "SEK" });
    await books.sale(at, { amount: 4, store_id: "Grønland" });
    await books.sale(at, { amount: 8, payout_destination_id: "seller-2" });
    await settleAt(books, "2026-11-21T12:00:00.000Z");
    const made = await books.settlements();
    assert.deepEqual(
      made.map(({ payout_destination_id, store_id, amounts }) => [payout_destination_id, store_id, amounts]),
      [
        ["seller-1", "Grønland", [{ currency: "NOK", capture: 4, refund: 0 }]],
        [
          "seller-1",
          "store-1",
          [
            { currency: "NOK", capture: 1, refund: 0 },
            { currency: "SEK", capture: 2, refund: 0 },
          ],
        ],
        ["seller-2", "store-1", [{ currency: "NOK", capture: 8, refund: 0 }]],
      ],
    );
  });

  test("on which more was paid back than taken is settled like any other", async () => {
    const books = await open();
    const id = await books.sale("2026-11-20T10:00:00.000Z", { amount: 500 });
    await settleAt(books, "2026-11-21T06:00:00.000Z");
    await books.refund(id, "2026-11-21T10:00:00.000Z", 300);
    await settleAt(books, "2026-11-22T06:00:00.000Z");
    const [, second] = await books.settlements();
    assert.deepEqual(second?.amounts, [{ currency: "NOK", capture: 0, refund: 300 }]);
    assert.deepEqual(await auditFindings(database.db), []);
  });
});

describe("an event that is committed after its day was settled", () => {
  test("stands in the next settlement, once", async () => {
    const books = await open();
    await books.sale("2026-11-20T10:00:00.000Z", { amount: 1 });
    await settleAt(books, "2026-11-21T06:00:00.000Z");
    const late = await books.sale("2026-11-20T22:59:00.000Z", { amount: 2 });
    await settleAt(books, "2026-11-21T12:00:00.000Z");
    assert.equal((await books.settlements()).length, 1);
    await settleAt(books, "2026-11-22T06:00:00.000Z");
    const [, next] = await books.settlements();
    assert.equal(next?.start_at, "2026-11-20T23:00:00.000Z");
    const items = (await books.items()).filter(({ transaction_id }) => transaction_id === late);
    assert.deepEqual(
      items.map(({ settlement_id, created_at }) => [settlement_id, created_at]),
      [[next.id, "2026-11-20T22:59:00.000Z"]],
    );
  });

  test("and was written before it is not missed: its transaction was open while the day was settled", async () => {
    const books = await open();
    await books.sale("2026-11-20T10:00:00.000Z", { amount: 1 });
    await database.db.transaction(async (tx) => {
      await books.sale("2026-11-20T11:00:00.000Z", { amount: 2 }, tx);
      await settleAt(books, "2026-11-21T06:00:00.000Z");
      assert.equal((await books.items()).length, 1);
    });
    await settleAt(books, "2026-11-22T06:00:00.000Z");
    assert.deepEqual(
      (await books.items()).map(({ amount }) => amount),
      [1, 2],
    );
  });
});

describe("the database", () => {
  test("refuses an event that is settled already", async () => {
    const books = await open();
    const id = await books.sale("2026-11-20T10:00:00.000Z");
    await settleAt(books, "2026-11-21T06:00:00.000Z");
    await books.sale("2026-11-21T10:00:00.000Z");
    await settleAt(books, "2026-11-22T06:00:00.000Z");
    const again = statement(
      "",
      `INSERT INTO settlement_items SELECT account_id, (SELECT max(id) FROM settlements AS other
         WHERE other.account_id = $1 AND other.id <> item.settlement_id), created_at, transaction_id, event_id, event,
         amount, currency, is_test FROM settlement_items AS item WHERE account_id = $1 AND transaction_id = $2`,
    );
    await assert.rejects(database.db.query(again, [books.account_id, id]), (error: unknown) => {
      assert.ok(error instanceof ConstraintRefusal);
      assert.equal(error.constraint, "an_event_is_settled_once");
      return true;
    });
  });

  test("refuses to mark more than was captured as settled", async () => {
    const books = await open();
    const id = await books.sale("2026-11-20T10:00:00.000Z", { amount: 100 });
    const mark = statement("", "UPDATE transactions SET settled_captured_amount = 101 WHERE id = $1");
    await assert.rejects(database.db.query(mark, [id]), /settled_no_more_than_moved/);
  });
});

describe("a change of the time zone", () => {
  test("is true for the days that are not settled, which meet without a gap", async () => {
    const books = await open("2026-11-20T09:00:00.000Z");
    await books.sale("2026-11-20T10:00:00.000Z", { amount: 1 });
    await settleAt(books, "2026-11-21T06:00:00.000Z");
    const now = "2026-11-21T07:00:00.000Z";
    await database.db.transaction((tx) => writeTimeZone(tx, books.account_id, "America/New_York", now));
    // Before the midnight of New York, and after it.
    await books.sale("2026-11-21T04:00:00.000Z", { amount: 2 });
    await books.sale("2026-11-21T06:00:00.000Z", { amount: 4 });
    await settleAt(books, "2026-11-23T06:00:00.000Z");
    const sum = (capture: number) => ({ currency: "NOK", capture, refund: 0 });
    assert.deepEqual(await days(books), [
      ["2026-11-19T23:00:00.000Z", "2026-11-20T23:00:00.000Z", sum(1)],
      ["2026-11-20T23:00:00.000Z", "2026-11-21T05:00:00.000Z", sum(2)],
      ["2026-11-21T05:00:00.000Z", "2026-11-22T05:00:00.000Z", sum(4)],
    ]);
  });

  test("leaves a day alone that is being settled", async () => {
    const books = await open();
    for (const amount of [1, 2, 4]) await books.sale("2026-11-20T10:00:00.000Z", { amount });
    books.clock.goTo("2026-11-21T06:00:00.000Z");
    assert.equal(await settleStep(books.world(), books.account_id, 1), true);
    const now = "2026-11-21T06:00:00.000Z";
    await database.db.transaction((tx) => writeTimeZone(tx, books.account_id, "Asia/Tokyo", now));
    await settleDays(books.world());
    const nok = { currency: "NOK", capture: 7, refund: 0 };
    assert.deepEqual(await days(books), [["2026-11-19T23:00:00.000Z", "2026-11-20T23:00:00.000Z", nok]]);
  });
});

describe("a settlement that is being made", () => {
  test("goes on where a crash has ended it, and is shown when it is whole", async () => {
    const books = await open();
    for (let sales = 0; sales < 5; sales++) await books.sale("2026-11-20T10:00:00.000Z", { amount: 10 });
    books.clock.goTo("2026-11-21T06:00:00.000Z");
    await settleStep(books.world(), books.account_id, 2);
    const [begun] = await books.settlements();
    assert.equal(begun?.settled_at, null);
    await settleDays(books.world(), 2);
    const [whole, ...more] = await books.settlements();
    assert.deepEqual(more, []);
    assert.deepEqual([whole?.id, whole?.amounts], [begun?.id, [{ currency: "NOK", capture: 50, refund: 0 }]]);
    assert.equal((await books.items()).length, 5);
  });

  test("waits for a till that holds a transaction, and holds up no sale", async () => {
    const books = await open();
    const id = await books.sale("2026-11-20T10:00:00.000Z");
    books.clock.goTo("2026-11-21T06:00:00.000Z");
    const lock = statement("", "SELECT FROM transactions WHERE id = $1 FOR UPDATE");
    const settling = await database.db.transaction(async (tx) => {
      await tx.query(lock, [id]);
      const begun = settleDays(books.world());
      await books.sale("2026-11-21T06:00:00.000Z");
      assert.deepEqual(await books.items(), []);
      return { begun };
    });
    await settling.begun;
    assert.equal((await books.items()).length, 1);
  });
});

test("an account that cannot be settled holds up no other", async () => {
  const broken = await open();
  await database.sql("UPDATE settlement_calendars SET time_zone = 'Nowhere' WHERE account_id = $1", [
    broken.account_id,
  ]);
  const books = await open();
  await books.sale("2026-11-20T10:00:00.000Z");
  await settleAt(books, "2026-11-21T06:00:00.000Z");
  assert.equal((await books.settlements()).length, 1);
  await database.sql("UPDATE settlement_calendars SET time_zone = 'UTC' WHERE account_id = $1", [broken.account_id]);
});

const hour_ms = 3_600_000;
/** Weeks around the days on which the clocks are changed. */
const begins = ["2026-03-27T11:00:00.000Z", "2026-10-23T11:00:00.000Z"];
const zones = ["Europe/Oslo", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"];

type Step =
  | { readonly does: "sale"; readonly amount: number; readonly place: number; readonly late_h: number }
  | { readonly does: "refund"; readonly which: number; readonly part: number; readonly late_h: number }
  | { readonly does: "pass"; readonly hours: number }
  | { readonly does: "settle"; readonly processes: number; readonly batch: number }
  | { readonly does: "crash"; readonly steps: number; readonly batch: number }
  | { readonly does: "zone"; readonly zone: string };

const amount = fc.integer({ min: 1, max: 900_000 });
const late_h = fc.constantFrom(0, 0, 0, 0, 1, 30);
const sale = fc.record({ does: fc.constant("sale" as const), amount, place: fc.nat({ max: 3 }), late_h });
const refund = fc.record({ does: fc.constant("refund" as const), which: fc.nat(), part: fc.nat(), late_h });
const pass = fc.record({ does: fc.constant("pass" as const), hours: fc.constantFrom(1, 5, 11, 24) });
const batch = fc.constantFrom(1, 2, 500);
const settle = fc.record({ does: fc.constant("settle" as const), processes: fc.constantFrom(1, 2, 3), batch });
const crash = fc.record({ does: fc.constant("crash" as const), steps: fc.integer({ min: 1, max: 4 }), batch });
const zone = fc.record({ does: fc.constant("zone" as const), zone: fc.constantFrom(...zones) });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: sale },
  { weight: 4, arbitrary: refund },
  { weight: 5, arbitrary: pass },
  { weight: 4, arbitrary: settle },
  { weight: 1, arbitrary: crash },
  { weight: 1, arbitrary: zone },
);

/** A history, and what the test knows of it by itself. */
class History {
  readonly books: SettlementBooks;
  readonly #left: { id: string; left: number }[] = [];
  readonly moved = new Map<string, number>();

  constructor(books: SettlementBooks) {
    this.books = books;
  }

  async take(step: Step): Promise<void> {
    const { books } = this;
    switch (step.does) {
      case "sale":
        return this.#sell(step);
      case "refund":
        return this.#refund(step);
      case "pass":
        return books.clock.pass(step.hours * hour_ms);
      case "crash":
        for (let steps = 0; steps < step.steps; steps++) await settleStep(books.world(), books.account_id, step.batch);
        return;
      case "zone": {
        const now = new Date(books.clock.now()).toISOString();
        await database.db.transaction((tx) => writeTimeZone(tx, books.account_id, step.zone, now));
        return;
      }
      case "settle": {
        // Tills go on meanwhile.
        const settling = Array.from({ length: step.processes }, () => settleDays(books.world(), step.batch));
        const selling = [1, 2].map((place) => this.#sell({ amount: 7, place, late_h: 0 }));
        await Promise.all([...settling, ...selling]);
      }
    }
  }

  #time(late_h: number): string {
    return new Date(this.books.clock.now() - late_h * hour_ms).toISOString();
  }

  async #sell(sold: { amount: number; place: number; late_h: number }): Promise<void> {
    const place = {
      payout_destination_id: `seller-${sold.place & 1}`,
      currency: sold.place === 3 ? "SEK" : "NOK",
      store_id: sold.place & 2 ? "Grønland" : "Majorstua",
    };
    const id = await this.books.sale(this.#time(sold.late_h), { amount: sold.amount, ...place });
    this.#left.push({ id, left: sold.amount });
    this.moved.set(`${id} 3`, sold.amount);
  }

  async #refund({ which, part, late_h }: { which: number; part: number; late_h: number }): Promise<void> {
    const open = this.#left.filter(({ left }) => left > 0);
    const payment = open[which % Math.max(1, open.length)];
    if (payment === undefined) return;
    const back = 1 + (part % payment.left);
    payment.left -= back;
    await this.books.refund(payment.id, this.#time(late_h), back);
  }
}

const runs = Number(process.env.TAPLINE_RUNS ?? 30);

test("however days, tills, crashes and processes fall together, each øre is settled exactly once", () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...begins),
      fc.array(anyStep, { minLength: 5, maxLength: 40, size: "max" }),
      async (begin, steps) => {
        const history = new History(await open(begin));
        for (const step of steps) await history.take(step);
        const { books } = history;
        books.clock.pass(72 * hour_ms);
        await Promise.all([settleDays(books.world()), settleDays(books.world())]);
        await settleDays(books.world());
        await checkWhole(books);
        for (const item of await books.items()) {
          if (item.event !== "CAPTURE") continue;
          assert.equal(item.amount, history.moved.get(`${item.transaction_id} ${item.event_id}`));
        }
      },
    ),
    { numRuns: runs },
  ));

/** Books against settlements, from the rows alone. */
async function checkWhole(books: SettlementBooks): Promise<void> {
  const { account_id } = books;
  const events = await database.sql<{ key: string }>(
    `SELECT transaction_id || ' ' || id AS key FROM transaction_events
     WHERE account_id = $1 AND event IN ('CAPTURE', 'REFUND') AND success ORDER BY transaction_id, id`,
    [account_id],
  );
  const items = await books.items();
  assert.deepEqual(
    items.map(({ transaction_id, event_id }) => `${transaction_id} ${event_id}`),
    events.map(({ key }) => key),
  );
  const settlements = await books.settlements();
  const byId = new Map(settlements.map((settlement) => [settlement.id, settlement]));
  for (const { settlement_id, created_at } of items) {
    const settlement = byId.get(settlement_id);
    assert.ok(settlement?.settled_at, "the settlement is whole");
    assert.ok(created_at < settlement.end_at, "nothing is settled before its time");
  }
  const [books_sum] = await database.sql<{ captured: string; refunded: string }>(
    `SELECT coalesce(sum(captured_amount), 0) AS captured, coalesce(sum(refunded_amount), 0) AS refunded
     FROM transactions WHERE account_id = $1`,
    [account_id],
  );
  const sums = settlements.flatMap(({ amounts }) => amounts);
  const sum = (name: "capture" | "refund") => sums.reduce((total, each) => total + each[name], 0);
  assert.deepEqual([sum("capture"), sum("refund")], [Number(books_sum?.captured), Number(books_sum?.refunded)]);
  // Each account's days follow one another: none begins before the one before has ended.
  const spans = [...new Set(settlements.map(({ start_at, end_at }) => `${start_at} ${end_at}`))].sort();
  for (const [index, span] of spans.entries()) {
    assert.ok((spans[index - 1]?.split(" ")[1] ?? "") <= (span.split(" ")[0] ?? ""), `${spans[index - 1]}, ${span}`);
  }
  assert.deepEqual(await auditFindings(database.db), []);
}

test("a local day holds every moment once, in every time zone and year", () => {
  const moment = fc.integer({ min: Date.parse("1990-01-01"), max: Date.parse("2050-01-01") });
  fc.assert(
    fc.property(moment, fc.constantFrom(...Intl.supportedValuesOf("timeZone")), (at, time_zone) => {
      const start = startOfLocalDay(at, time_zone);
      const end = nextLocalMidnight(at, time_zone);
      assert.ok(start <= at && at < end);
      assert.equal(nextLocalMidnight(start, time_zone), end);
      assert.equal(startOfLocalDay(end, time_zone), end);
      assert.ok(end - start <= 26 * hour_ms);
    }),
    { numRuns: 500 },
  );
});
