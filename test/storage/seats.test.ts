/**
 * A terminal's seat repeats where the terminal stands, who is paid there and whether all of them are in order, so that a
 * sale is decided by one row. It follows every change of those, also when two come at once.
 */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { insertAccount } from "../../src/storage/accounts.ts";
import { statement, type Tx } from "../../src/storage/database.ts";
import { insertSales } from "../../src/storage/sales.ts";
import { insertTerminal } from "../../src/storage/terminals.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { someoneWaits } from "../support/terminal-scene.ts";
import { account_id, newSale, now, plantAccount, plantStore, terminalId } from "./planted.ts";

let database: TestDatabase;
before(async () => {
  database = await makeDatabase();
  await plantAccount(database, 2);
  await database.db.transaction(async (tx) => {
    await plantStore(tx, account_id, "store-2", "seller-2");
  });
});
after(() => database.close());
beforeEach(async () => {
  const { sql } = database;
  await sql("UPDATE accounts SET in_person_enabled = true");
  await sql("UPDATE payout_destinations SET case_status = 'ACTIVE'");
  await sql("UPDATE stores SET status = 'ACTIVE', payout_destination_id = replace(store_id, 'store', 'seller')");
  await sql("UPDATE terminals SET status = 'ACTIVE', store_id = 'store-1'");
  await sql("UPDATE terminal_seats SET occupant_kind = NULL, occupant_id = NULL, occupied_at = NULL");
});

interface Seat {
  readonly store_id: string;
  readonly payout_destination_id: string | null;
  readonly takes_payments: boolean;
}

async function seat(number = 1): Promise<Seat> {
  const text = "SELECT store_id, payout_destination_id, takes_payments FROM terminal_seats WHERE terminal_id = $1";
  const [row] = await database.sql<Seat>(text, [terminalId(number)]);
  assert.ok(row !== undefined);
  return row;
}

/** The same, asked of the tables that it repeats. */
async function standing(number = 1): Promise<Seat> {
  const [row] = await database.sql<Seat>(
    `SELECT terminals.store_id, stores.payout_destination_id,
       accounts.in_person_enabled AND terminals.status = 'ACTIVE' AND stores.status = 'ACTIVE'
         AND coalesce(payout_destinations.case_status, '') = 'ACTIVE' AS takes_payments
     FROM terminals JOIN accounts USING (account_id) JOIN stores USING (account_id, store_id)
     LEFT JOIN payout_destinations USING (account_id, payout_destination_id) WHERE terminal_id = $1`,
    [terminalId(number)],
  );
  assert.ok(row !== undefined);
  return row;
}

describe("a terminal's seat", () => {
  test("takes payments from the moment the terminal is enrolled, in the store it stands in", async () => {
    assert.deepEqual(await seat(), { store_id: "store-1", payout_destination_id: "seller-1", takes_payments: true });
  });

  const changes: { what: string; change: string; expected: Partial<Seat> }[] = [
    {
      what: "the account may no longer sell in person",
      change: "UPDATE accounts SET in_person_enabled = false",
      expected: { takes_payments: false },
    },
    {
      what: "the seller is under review",
      change: "UPDATE payout_destinations SET case_status = 'UNDER_MANUAL_REVIEW'",
      expected: { takes_payments: false },
    },
    {
      what: "the store is deleted",
      change: "UPDATE stores SET status = 'DELETED'",
      expected: { takes_payments: false },
    },
    {
      what: "the store is paid out to another seller",
      change: "UPDATE stores SET payout_destination_id = 'seller-2' WHERE store_id = 'store-1'",
      expected: { payout_destination_id: "seller-2", takes_payments: true },
    },
    {
      what: "the store has lost its seller",
      change: "UPDATE stores SET payout_destination_id = NULL WHERE store_id = 'store-1'",
      expected: { payout_destination_id: null, takes_payments: false },
    },
    {
      what: "the terminal moves to another store",
      change: "UPDATE terminals SET store_id = 'store-2'",
      expected: { store_id: "store-2", payout_destination_id: "seller-2", takes_payments: true },
    },
    ...["PENDING", "ACTION_REQUIRED", "INACTIVE", "DELETED"].map((status) => ({
      what: `the terminal is ${status}`,
      change: `UPDATE terminals SET status = '${status}'`,
      expected: { takes_payments: false },
    })),
  ];
  for (const { what, change, expected } of changes) {
    test(`follows when ${what}`, async () => {
      const before = await seat();
      await database.sql(change);
      assert.deepEqual(await seat(), { ...before, ...expected });
    });
  }

  test("takes payments again when everything is in order again", async () => {
    await database.sql("UPDATE stores SET status = 'DELETED'");
    assert.equal((await seat()).takes_payments, false);
    await database.sql("UPDATE stores SET status = 'ACTIVE'");
    assert.equal((await seat()).takes_payments, true);
  });

  test("does not follow a change of somebody else's", async () => {
    await database.sql("UPDATE terminals SET store_id = 'store-2' WHERE terminal_id = $1", [terminalId(2)]);
    await database.sql("UPDATE stores SET status = 'DELETED' WHERE store_id = 'store-2'");
    assert.deepEqual((await seat(1)).takes_payments, true);
    assert.deepEqual((await seat(2)).takes_payments, false);
  });

  test("of another account with the same names is untouched", async () => {
    const other = "T87654321";
    await database.db.transaction(async (tx) => {
      await insertAccount(tx, { account_id: other, name: "O", in_person_enabled: true }, now);
      await plantStore(tx, other, "store-1", "seller-1");
      const terminal = { account_id: other, terminal_id: `${other}-T0001`, store_id: "store-1" };
      await insertTerminal(tx, { ...terminal, device_serial_number: "S", device_model: "M" }, now);
    });
    await database.sql("UPDATE stores SET status = 'DELETED' WHERE account_id = $1", [account_id]);
    assert.equal((await seat()).takes_payments, false);
    const [theirs] = await database.sql<Seat>("SELECT takes_payments FROM terminal_seats WHERE account_id = $1", [
      other,
    ]);
    for (const table of [
      "terminal_seats",
      "terminals",
      "stores",
      "payout_destinations",
      "payment_profiles",
      "accounts",
    ]) {
      await database.sql(`DELETE FROM ${table} WHERE account_id = $1`, [other]);
    }
    assert.equal(theirs?.takes_payments, true);
  });

  test("keeps its occupant and its connection under all of it", async () => {
    await database.sql("UPDATE terminal_seats SET connection_epoch = 7, connected_to = 'p'");
    await database.db.atOnce((tx) => insertSales(tx, [newSale()]));
    await database.sql("UPDATE stores SET status = 'DELETED'");
    const [row] = await database.sql(
      "SELECT occupant_kind, connection_epoch, connected_to FROM terminal_seats WHERE terminal_id = $1",
      [terminalId(1)],
    );
    assert.deepEqual(row, { occupant_kind: "prompt", connection_epoch: "7", connected_to: "p" });
  });
});

describe("two changes at the same time", () => {
  const changes: Record<string, string> = {
    "the account": "UPDATE accounts SET in_person_enabled = NOT in_person_enabled",
    "the seller": "UPDATE payout_destinations SET case_status = 'ERROR' WHERE payout_destination_id = 'seller-1'",
    "the store": "UPDATE stores SET payout_destination_id = 'seller-2' WHERE store_id = 'store-1'",
    "the terminal": "UPDATE terminals SET store_id = 'store-2'",
  };

  /** Runs the first up to its commit, then the second, which must wait for it; then both to their end. */
  async function together(first: string, second: string): Promise<void> {
    const change = (tx: Tx, text: string) => tx.query(statement("", text), []);
    let waiting: Promise<unknown> | undefined;
    await database.db.transaction(async (tx) => {
      await change(tx, first);
      waiting = database.db.transaction((other) => change(other, second));
      waiting.catch(() => {});
      await someoneWaits(database);
    });
    await waiting;
  }

  for (const [one, first] of Object.entries(changes)) {
    for (const [other, second] of Object.entries(changes)) {
      if (one === other) continue;
      test(`leave every seat as both have it: ${one}, and ${other} before that is committed`, async () => {
        await together(first, second);
        for (const number of [1, 2]) assert.deepEqual(await seat(number), await standing(number));
      });
    }
  }

  test("leave every seat as all have it: fifty at once, in any order", async () => {
    const flips = [
      "UPDATE accounts SET in_person_enabled = NOT in_person_enabled",
      "UPDATE stores SET status = CASE status WHEN 'ACTIVE' THEN 'DELETED' ELSE 'ACTIVE' END WHERE store_id = 'store-1'",
      "UPDATE terminals SET store_id = CASE store_id WHEN 'store-1' THEN 'store-2' ELSE 'store-1' END",
      "UPDATE payout_destinations SET case_status = CASE case_status WHEN 'ACTIVE' THEN 'ERROR' ELSE 'ACTIVE' END",
      "UPDATE terminals SET status = CASE status WHEN 'ACTIVE' THEN 'INACTIVE' ELSE 'ACTIVE' END",
    ];
    const all = Array.from({ length: 50 }, (_, index) => flips[index % flips.length] ?? "");
    await Promise.all(all.map((text) => database.db.atOnce((tx) => tx.query(statement("", text), []))));
    for (const number of [1, 2]) assert.deepEqual(await seat(number), await standing(number));
  });

  test("do not let a sale through on a terminal that is being taken out of service", async () => {
    let sale: Promise<unknown[]> | undefined;
    await database.db.transaction(async (tx) => {
      await tx.query(statement("", "UPDATE terminals SET status = 'INACTIVE'"), []);
      sale = database.db.atOnce((other) => insertSales(other, [newSale()]));
      sale.catch(() => {});
      await someoneWaits(database);
    });
    assert.deepEqual(await sale, []);
    assert.deepEqual(await database.sql("SELECT FROM terminal_seats WHERE occupant_id IS NOT NULL"), []);
  });
});

describe("in an account of 5,000 terminals", () => {
  let large: TestDatabase;
  /** Three terminals stand in each store, and a hundred stores are one seller's. */
  before(async () => {
    large = await makeDatabase();
    await plantAccount(large, 0);
    const { sql } = large;
    await sql(
      `INSERT INTO payout_destinations (account_id, payout_destination_id, case_status, created_at)
       SELECT $1, 'paid-' || n, 'ACTIVE', now() FROM generate_series(0, 16) AS n`,
      [account_id],
    );
    await sql(
      `INSERT INTO stores (account_id, store_id, id, payout_destination_id, status, created_at)
       SELECT $1, 'shop-' || n, 'id-' || n, 'paid-' || n / 100, 'ACTIVE', now() FROM generate_series(1, 1667) AS n`,
      [account_id],
    );
    await sql(
      `INSERT INTO terminals (account_id, terminal_id, device_serial_number, store_id, status, driver, created_at)
       SELECT $1, $1 || '-T' || n, 'serial-' || n, 'shop-' || (n / 3 + 1), 'ACTIVE', 'socket', now()
       FROM generate_series(0, 4999) AS n`,
      [account_id],
    );
    await sql("ANALYZE");
    await sql("INSERT INTO terminal_seats (account_id, terminal_id) SELECT account_id, terminal_id FROM terminals");
    await sql("ANALYZE");
  });
  after(() => large.close());

  interface Work {
    readonly read: number;
    readonly seats: number;
  }

  const counters = statement(
    "",
    `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::integer AS read,
       (sum(n_tup_upd) FILTER (WHERE relname = 'terminal_seats'))::integer AS seats FROM pg_stat_xact_user_tables`,
  );

  /** What PostgreSQL read and wrote for it, as it counts that itself. */
  async function workOf(change: string): Promise<Work> {
    return large.db.transaction(async (tx) => {
      const [before] = await tx.query<Work>(counters, []);
      await tx.query(statement("", change), []);
      const [after] = await tx.query<Work>(counters, []);
      assert.ok(before !== undefined && after !== undefined);
      return { read: after.read - before.read, seats: after.seats - before.seats };
    });
  }

  const changes: [what: string, change: string, seats: number, reads_at_most: number][] = [
    [
      "a store's status",
      "UPDATE stores SET status = 'DELETED' WHERE account_id = 'T12345678' AND store_id = 'shop-7'",
      3,
      100,
    ],
    [
      "a store's name",
      "UPDATE stores SET store_name = 'Ny på Løkka' WHERE account_id = 'T12345678' AND store_id = 'shop-8'",
      0,
      20,
    ],
    [
      "a terminal's store",
      "UPDATE terminals SET store_id = 'shop-9' WHERE account_id = 'T12345678' AND terminal_id = 'T12345678-T99'",
      1,
      100,
    ],
    [
      "a terminal's model",
      "UPDATE terminals SET device_model = 'M' WHERE account_id = 'T12345678' AND terminal_id = 'T12345678-T98'",
      0,
      20,
    ],
    [
      "a seller's case",
      "UPDATE payout_destinations SET case_status = 'DECLINED' WHERE payout_destination_id = 'paid-3'",
      300,
      3_000,
    ],
    ["the account's name", "UPDATE accounts SET name = 'Ø'", 0, 20],
  ];
  for (const [what, change, seats, reads_at_most] of changes) {
    test(`${what} is followed by ${seats} seats, and the others are not looked at`, async () => {
      // As a server's connections do it, which have seen other changes before: a plan may be kept.
      for (let time = 0; time < 6; time++)
        await workOf("UPDATE stores SET status = 'ACTIVE' WHERE store_id = 'shop-1'");
      const work = await workOf(change);
      assert.equal(work.seats, seats);
      assert.ok(work.read <= reads_at_most, `${work.read} rows were read`);
    });
  }

  test("all follow when it may no longer take payments", async () => {
    assert.ok((await workOf("UPDATE accounts SET in_person_enabled = false")).seats > 4_600);
    const open = "SELECT FROM terminal_seats WHERE takes_payments";
    assert.deepEqual(await large.sql(open), []);
  });
});
