/** Sales are created in one statement, several at a time: each whole or not at all, and each answered for itself. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { ConstraintRefusal, type Database, DatabaseUnavailable } from "../../src/storage/database.ts";
import { SaleWriter } from "../../src/storage/sale-writer.ts";
import { insertSales, type NewSale, readObstacles } from "../../src/storage/sales.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { account_id, newSale, plantAccount, terminalId } from "./planted.ts";

const terminals = 60;
let database: TestDatabase;
before(async () => {
  database = await makeDatabase();
  await plantAccount(database, terminals);
});
after(() => database.close());
const tables = [
  ["prompts", "id", "prompt_id"],
  ["sessions", "id", "session_id"],
  ["session_events", "session_id", "session_id"],
  ["transactions", "id", "transaction_id"],
  ["transaction_events", "transaction_id", "transaction_id"],
  ["terminal_seats", "occupant_id", "prompt_id"],
] as const;
beforeEach(async () => {
  for (const [table] of tables.slice(0, 5)) await database.sql(`DELETE FROM ${table}`);
  await database.sql(
    `UPDATE terminal_seats SET occupant_kind = NULL, occupant_id = NULL, occupied_at = NULL, connected_to = NULL,
       capabilities = NULL`,
  );
});

const insert = (...sales: NewSale[]) => database.db.atOnce((tx) => insertSales(tx, sales));

/** In which tables the sale stands, with how many rows in each. */
async function rowsOf(sale: NewSale): Promise<number[]> {
  const counts: number[] = [];
  for (const [table, column, id] of tables) {
    counts.push((await database.sql(`SELECT FROM ${table} WHERE ${column} = $1`, [sale[id]])).length);
  }
  return counts;
}
const whole = [1, 1, 1, 1, 1, 1];
const nothing = [0, 0, 0, 0, 0, 0];

describe("the statement that creates sales", () => {
  test("writes session, transaction, prompt, their first events and the seat of each sale in the array", async () => {
    const sales = [1, 2, 3].map((number) => newSale({ terminal_id: terminalId(number) }));
    const created = await insert(...sales);
    assert.deepEqual(
      new Set(created.map(({ session_id }) => session_id)),
      new Set(sales.map(({ session_id }) => session_id)),
    );
    for (const sale of sales) assert.deepEqual(await rowsOf(sale), whole);
    const [prompt] = await database.sql("SELECT status, deadline_at FROM prompts WHERE id = $1", [sales[0]?.prompt_id]);
    assert.deepEqual(prompt, { status: "PENDING", deadline_at: new Date(newSale().deadline_at) });
  });

  test("creates none where none are asked for", async () => {
    assert.deepEqual(await insert(), []);
  });

  test("says whether the terminal is connected, and to which process", async () => {
    await database.sql(
      "UPDATE terminal_seats SET connection_epoch = 1, connected_to = 'process_1' WHERE terminal_id = $1",
      [terminalId(1)],
    );
    const [here, nowhere] = [newSale(), newSale({ terminal_id: terminalId(2) })];
    const created = new Map((await insert(here, nowhere)).map((sale) => [sale.session_id, sale.connected_to]));
    assert.equal(created.get(here.session_id), "process_1");
    assert.equal(created.get(nowhere.session_id), null);
  });

  const refused: { what: string; change: Partial<NewSale>; given?: string }[] = [
    { what: "of another account", change: { account_id: "T87654321" } },
    { what: "on a terminal that nobody enrolled", change: { terminal_id: terminalId(9999) } },
    { what: "in another store than the terminal stands in", change: { store_id: "store-2" } },
    { what: "for another seller than the store's", change: { payout_destination_id: "seller-2" } },
    { what: "from a profile that does not exist", change: { profile_id: "none" } },
    { what: "from an older revision of the profile", change: { profile_revision: 0 } },
    { what: "from a newer revision of the profile than there is", change: { profile_revision: 2 } },
    { what: "on a terminal of which nobody knows that it authorizes", change: { kind: "authorize" } },
    {
      what: "in a currency that the terminal does not take",
      change: { currency: "SEK" },
      given: `UPDATE terminal_seats SET capabilities = '{"currencies": ["NOK"], "kinds": ["purchase"]}'`,
    },
    {
      what: "of a kind that the terminal does not show",
      change: {},
      given: `UPDATE terminal_seats SET capabilities = '{"currencies": ["NOK"], "kinds": ["refund"]}'`,
    },
    {
      what: "that is only authorized, on a terminal that takes no advice",
      change: { kind: "authorize" },
      given: `UPDATE terminal_seats
        SET capabilities = '{"currencies": ["NOK"], "kinds": ["authorize"], "advice": false}'`,
    },
  ];
  for (const { what, change, given } of refused) {
    test(`writes nothing of a sale ${what}, and all of the one beside it`, async () => {
      if (given !== undefined) await database.sql(`${given} WHERE terminal_id = $1`, [terminalId(1)]);
      const [wrong, right] = [newSale(change), newSale({ terminal_id: terminalId(2) })];
      const created = await insert(wrong, right);
      assert.deepEqual(
        created.map(({ session_id }) => session_id),
        [right.session_id],
      );
      assert.deepEqual(await rowsOf(wrong), nothing);
      assert.deepEqual(await rowsOf(right), whole);
    });
  }

  test("writes nothing of a sale on a deleted profile", async () => {
    await database.sql("UPDATE payment_profiles SET deleted_at = now() WHERE profile_id = 'in-person'");
    const sale = newSale();
    assert.deepEqual(await insert(sale), []);
    await database.sql("UPDATE payment_profiles SET deleted_at = NULL");
    assert.deepEqual(await rowsOf(sale), nothing);
  });

  test("takes an authorization on a terminal that announces it", async () => {
    await database.sql(
      `UPDATE terminal_seats SET capabilities = '{"currencies": ["NOK"], "kinds": ["authorize"], "advice": true}'`,
    );
    const sale = newSale({ kind: "authorize" });
    assert.equal((await insert(sale)).length, 1);
  });

  test("finds the terminal busy with the sale before, and says which", async () => {
    const [first, second] = [newSale(), newSale()];
    assert.equal((await insert(first)).length, 1);
    assert.deepEqual(await insert(second), []);
    const found = await readObstacles(database.db, second);
    assert.equal(found?.occupant_kind, "prompt");
    assert.equal(found?.occupant_session_id, first.session_id);
    assert.equal(found?.occupant_merchant_reference, first.merchant_reference);
    assert.deepEqual(await rowsOf(second), nothing);
  });

  test("takes one of two sales for one terminal in one array", async () => {
    const [first, second] = [newSale(), newSale()];
    const created = await insert(first, second);
    assert.equal(created.length, 1);
    const won = created[0]?.session_id;
    assert.deepEqual(await rowsOf(first), won === first.session_id ? whole : nothing);
    assert.deepEqual(await rowsOf(second), won === second.session_id ? whole : nothing);
  });

  for (const id of ["session_id", "transaction_id", "prompt_id"] as const) {
    test(`refuses an id that was used before, and writes nothing of the array: ${id}`, async () => {
      const before = newSale();
      await insert(before);
      const again = newSale({ terminal_id: terminalId(2), [id]: before[id] });
      const beside = newSale({ terminal_id: terminalId(3) });
      await assert.rejects(insert(again, beside), ConstraintRefusal);
      assert.deepEqual(await rowsOf(beside), nothing);
    });
  }
});

describe("the writer of sales", () => {
  test("answers each its own, however many come at once", async () => {
    const writer = new SaleWriter(database.db);
    const sales = Array.from({ length: terminals }, (_, index) => newSale({ terminal_id: terminalId(index + 1) }));
    const created = await Promise.all(sales.map((sale) => writer.write(sale)));
    assert.deepEqual(
      created.map((one) => one?.session_id),
      sales.map(({ session_id }) => session_id),
    );
    for (const sale of sales) assert.deepEqual(await rowsOf(sale), whole);
  });

  /** A database that notes which terminals each statement is about. */
  function noting(statements: string[][]): Database {
    return {
      ...database.db,
      atOnce: (work) =>
        database.db.atOnce((tx) =>
          work({
            ...tx,
            query: (asked, values) => {
              const sales = JSON.parse(String(values[0])) as NewSale[];
              statements.push(sales.map(({ terminal_id }) => terminal_id));
              return tx.query(asked, values);
            },
          }),
        ),
    };
  }

  test("writes those together that come while others are written, and nobody waits for company", async () => {
    const statements: string[][] = [];
    const writer = new SaleWriter(noting(statements));
    const sales = Array.from({ length: 12 }, (_, index) => newSale({ terminal_id: terminalId(index + 1) }));
    await Promise.all(sales.map((sale) => writer.write(sale)));
    assert.equal(statements[0]?.length, 1);
    assert.equal(statements.flat().length, 12);
    assert.ok(statements.length < 12, `${statements.length} statements for 12 sales`);
  });

  test("never writes two sales for one terminal together: the statement would take either", async () => {
    const statements: string[][] = [];
    const writer = new SaleWriter(noting(statements));
    const sales = Array.from({ length: 18 }, (_, index) => newSale({ terminal_id: terminalId((index % 6) + 1) }));
    await Promise.all(sales.map((sale) => writer.write(sale)));
    assert.equal(statements.flat().length, 18);
    for (const together of statements) assert.equal(new Set(together).size, together.length, together.join(", "));
  });

  test("lets one of many sales for one terminal win, and tells the others that nothing was written", async () => {
    const writer = new SaleWriter(database.db);
    const sales = Array.from({ length: 20 }, () => newSale());
    const created = await Promise.all(sales.map((sale) => writer.write(sale)));
    assert.equal(created.filter((one) => one !== undefined).length, 1);
    for (const [index, sale] of sales.entries()) {
      assert.deepEqual(await rowsOf(sale), created[index] === undefined ? nothing : whole);
    }
  });

  test("refuses the one with an id that was used before, and takes the others down with it nowhere", async () => {
    const used = newSale({ terminal_id: terminalId(50) });
    await insert(used);
    const writer = new SaleWriter(database.db);
    const sales = Array.from({ length: 20 }, (_, index) =>
      newSale({ terminal_id: terminalId(index + 1), ...(index === 10 ? { session_id: used.session_id } : {}) }),
    );
    const settled = await Promise.allSettled(sales.map((sale) => writer.write(sale)));
    for (const [index, one] of settled.entries()) {
      if (index === 10) {
        assert.ok(one.status === "rejected" && one.reason instanceof ConstraintRefusal);
      } else {
        assert.ok(one.status === "fulfilled" && one.value?.session_id === sales[index]?.session_id);
      }
    }
  });

  test("refuses the later of two sales with one id that come at once, and answers the earlier", async () => {
    const writer = new SaleWriter(database.db);
    const busy = [11, 12, 13].map((number) => writer.write(newSale({ terminal_id: terminalId(number) })));
    const one = newSale();
    const twin = newSale({ session_id: one.session_id, terminal_id: terminalId(2) });
    const settled = await Promise.allSettled([writer.write(one), writer.write(twin)]);
    await Promise.all(busy);
    assert.deepEqual(
      settled.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
    assert.deepEqual((await database.sql("SELECT FROM sessions WHERE id = $1", [one.session_id])).length, 1);
  });

  test("tells all who wait that the database is away, and writes again when it is back", async () => {
    let away = true;
    const failing: Database = {
      ...database.db,
      atOnce: (work) => (away ? Promise.reject(new DatabaseUnavailable("It is away.")) : database.db.atOnce(work)),
    };
    const writer = new SaleWriter(failing);
    const sales = Array.from({ length: 10 }, (_, index) => newSale({ terminal_id: terminalId(index + 1) }));
    const settled = await Promise.allSettled(sales.map((sale) => writer.write(sale)));
    for (const one of settled) assert.ok(one.status === "rejected" && one.reason instanceof DatabaseUnavailable);
    away = false;
    const created = await Promise.all(sales.map((sale) => writer.write(sale)));
    assert.equal(created.filter((one) => one !== undefined).length, 10);
  });

  test("answers a sale that was written though the answer was lost on the way, and none that was not", async () => {
    let lost = 2;
    const losing: Database = {
      ...database.db,
      atOnce: async (work) => {
        const written = await database.db.atOnce(work);
        if (lost-- > 0) throw new DatabaseUnavailable("The answer was lost.");
        return written;
      },
    };
    const writer = new SaleWriter(losing);
    const sale = newSale();
    assert.equal((await writer.write(sale))?.session_id, sale.session_id);
    // Its terminal is taken: nothing was written, so nobody can say what the lost answer was.
    await assert.rejects(writer.write(newSale()), DatabaseUnavailable);
  });

  test("reads the account's own terminals alone: the same names elsewhere change nothing", async () => {
    const sale = newSale({ account_id: "T87654321", terminal_id: terminalId(1) });
    assert.equal(await new SaleWriter(database.db).write(sale), undefined);
    const [seat] = await database.sql("SELECT occupant_id FROM terminal_seats WHERE account_id = $1", [account_id]);
    assert.equal(seat?.occupant_id, null);
  });
});
