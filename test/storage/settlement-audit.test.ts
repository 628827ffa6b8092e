/** The audit reads every settlement: what has changed behind the server's back is found. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { settleDays } from "../../src/flows/settlement.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { SettlementBooks } from "../support/settlement-books.ts";
import { auditFindings } from "../support/whole-books.ts";

let database: TestDatabase;
let books: SettlementBooks;
let transaction_id: string;
before(async () => {
  database = await makeDatabase();
  books = await SettlementBooks.open("2026-11-20T09:00:00.000Z", database);
  transaction_id = await books.sale("2026-11-20T10:00:00.000Z", { amount: 100 });
  for (let sales = 0; sales < 1_100; sales++) await books.sale("2026-11-20T10:00:00.000Z", { amount: 1 });
  await books.refund(transaction_id, "2026-11-21T10:00:00.000Z", 40);
  books.clock.goTo("2026-11-22T10:00:00.000Z");
  await settleDays(books.world());
});
after(() => database.close());

test("books that a server has settled are whole", async () => {
  assert.equal((await books.settlements()).length, 2);
  assert.deepEqual(await auditFindings(database.db), []);
});

const [id, first, second] = ["Transaction {t}", "Settlement {1}", "Settlement {2}"];
const mark = "ALTER TABLE transactions DROP CONSTRAINT settled_no_more_than_moved";

/** One wrecks what the one before has left whole: each is mended by its own statement. */
const faults: [what: string, wreck: string[], mend: string[], sentences: string[]][] = [
  [
    "a sum that was changed",
    ["UPDATE settlement_amounts SET refund = 41 WHERE refund = 40"],
    ["UPDATE settlement_amounts SET refund = 40 WHERE refund = 41"],
    [`${second}: it says refund 41 NOK, its items add up to 40.`],
  ],
  [
    "a mark on a transaction that nobody settled",
    [mark, "UPDATE transactions SET settled_refunded_amount = 41 WHERE settled_refunded_amount = 40"],
    ["UPDATE transactions SET settled_refunded_amount = 40 WHERE settled_refunded_amount = 41"],
    [`${id}: its row has 41 of REFUND settled, settlements hold 40.`],
  ],
  [
    "an event that stands in two settlements",
    [
      "DROP INDEX an_event_is_settled_once",
      `INSERT INTO settlement_items SELECT account_id, '{2}', created_at, transaction_id, event_id, event, amount,
         currency, is_test FROM settlement_items WHERE transaction_id = '{t}' AND event = 'CAPTURE'`,
    ],
    ["DELETE FROM settlement_items WHERE settlement_id = '{2}' AND event = 'CAPTURE'"],
    [
      `${second}: it says capture 0 NOK, its items add up to 100.`,
      `${id}: event 3 is settled 2 times.`,
      `${id}: its row has 100 of CAPTURE settled, settlements hold 200.`,
    ],
  ],
  [
    "a settlement of another seller's",
    ["UPDATE settlements SET payout_destination_id = 'seller-2' WHERE id = '{2}'"],
    ["UPDATE settlements SET payout_destination_id = 'seller-1' WHERE id = '{2}'"],
    [`${id}: event 5 (REFUND) stands in a settlement of seller-2, and belongs to seller-1.`],
  ],
  [
    "an item of a transaction that is not there",
    ["UPDATE settlement_items SET transaction_id = 'gone' WHERE transaction_id = '{t}' AND event = 'CAPTURE'"],
    ["UPDATE settlement_items SET transaction_id = '{t}' WHERE transaction_id = 'gone'"],
    [
      `${first}: it holds transaction gone, which is not there.`,
      `${id}: its row has 100 of CAPTURE settled, settlements hold 0.`,
    ],
  ],
];
for (const [what, wreck, mend, sentences] of faults) {
  test(`${what} is found`, async () => {
    const [one, two] = await books.settlements();
    const named = (text: string) =>
      text
        .replaceAll("{t}", transaction_id)
        .replaceAll("{1}", one?.id ?? "")
        .replaceAll("{2}", two?.id ?? "");
    for (const text of wreck) await database.sql(named(text));
    assert.deepEqual(await auditFindings(database.db), sentences.map(named));
    for (const text of mend) await database.sql(named(text));
    assert.deepEqual(await auditFindings(database.db), []);
  });
}
