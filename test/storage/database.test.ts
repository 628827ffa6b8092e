/** The door to PostgreSQL: times in the contract's form, transactions that are whole, and a database that goes away. */
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import {
  ConstraintRefusal,
  type Database,
  DatabaseUnavailable,
  isoFromText,
  openDatabase,
  ping,
  statement,
} from "../../src/storage/database.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
before(async () => {
  database = await makeDatabase({ migrated: false });
  await database.sql("CREATE TABLE notes (id integer CONSTRAINT notes_key PRIMARY KEY, note text)");
});
after(() => database.close());

const rows = (db: Database, text: string, values: readonly unknown[] = []) =>
  db.query<Record<string, unknown>>(statement("", text), values);

describe("a time", () => {
  const written: [from: string, to: string][] = [
    ["2026-11-22 12:45:59+00", "2026-11-22T12:45:59.000Z"],
    ["2026-11-22 12:45:59.1+00", "2026-11-22T12:45:59.100Z"],
    ["2026-11-22 12:45:59.12+00", "2026-11-22T12:45:59.120Z"],
    ["2026-11-22 12:45:59.123+00", "2026-11-22T12:45:59.123Z"],
    ["2026-11-22 12:45:59.123999+00", "2026-11-22T12:45:59.123Z"],
    ["2026-11-22 12:45:59.000001+00", "2026-11-22T12:45:59.000Z"],
    ["2026-11-22 12:45:59.5+00:00", "2026-11-22T12:45:59.500Z"],
  ];
  for (const [from, to] of written) {
    test(`as PostgreSQL writes it is read in the contract's form: ${from}`, () => assert.equal(isoFromText(from), to));
  }

  test("comes back from the database as it went in, to the millisecond", async () => {
    const moments = fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true });
    await fc.assert(
      fc.asyncProperty(moments, async (moment) => {
        const [row] = await rows(database.db, "SELECT $1::timestamptz AS moment", [moment.toISOString()]);
        assert.equal(row?.moment, moment.toISOString());
      }),
      { numRuns: 200 },
    );
  });

  test("is in UTC whatever zone the server is set to, and whatever the address asks for besides", async () => {
    const [here] = await database.sql<{ name: string }>("SELECT current_database() AS name");
    await database.sql(`ALTER DATABASE ${here?.name} SET timezone = 'Asia/Kathmandu'`);
    for (const more of ["", "&application_name=theirs", "&options=-c%20statement_timeout%3D60000"]) {
      const db = openDatabase({ connectionString: database.url + more }, 1);
      const [row] = await rows(db, "SELECT '2026-11-22T12:00:00+05:45'::timestamptz AS moment");
      await db.close();
      assert.equal(row?.moment, "2026-11-22T06:15:00.000Z", more);
    }
  });
});

describe("a count", () => {
  test("that is an eight-byte integer is a number", async () => {
    const [row] = await rows(database.db, "SELECT 9007199254740991::bigint AS largest, count(*) FROM notes");
    assert.deepEqual(row, { largest: 9007199254740991, count: 0 });
  });
});

describe("what was answered", () => {
  for (const more of ["", "&application_name=theirs", "&options=-c%20synchronous_commit%3Doff"]) {
    test(`is on disk, whatever the address asks for: ${more || "nothing"}`, async () => {
      const db = openDatabase({ connectionString: database.url + more }, 1);
      const [row] = await rows(db, "SELECT current_setting('synchronous_commit') AS synchronous_commit");
      await db.close();
      assert.deepEqual(row, { synchronous_commit: "on" });
    });
  }
});

describe("a transaction", () => {
  test("that throws has written nothing", async () => {
    const thrown = new Error("No.");
    await assert.rejects(
      database.db.transaction(async (tx) => {
        await tx.query(statement("", "INSERT INTO notes VALUES (1, 'never')"), []);
        throw thrown;
      }),
      (error) => error === thrown,
    );
    assert.deepEqual(await rows(database.db, "SELECT FROM notes"), []);
  });

  test("that the database refuses has written nothing, and says by which constraint", async () => {
    await assert.rejects(
      database.db.transaction(async (tx) => {
        await tx.query(statement("", "INSERT INTO notes VALUES (2, 'never')"), []);
        await tx.query(statement("", "INSERT INTO notes VALUES (2, 'twice')"), []);
      }),
      (error) => error instanceof ConstraintRefusal && error.constraint === "notes_key",
    );
    assert.deepEqual(await rows(database.db, "SELECT FROM notes"), []);
  });

  test("that fails leaves its connection good for the next", async () => {
    const db = openDatabase({ connectionString: database.url }, 1);
    try {
      for (let count = 0; count < 3; count++) {
        await assert.rejects(
          db.transaction((tx) => tx.query(statement("", "SELECT 1 / 0"), [])),
          /division by zero/,
        );
      }
      assert.deepEqual(await db.transaction((tx) => tx.query(statement("", "SELECT 1 AS one"), [])), [{ one: 1 }]);
    } finally {
      await db.close();
    }
  });
});

describe("a database that is not there", () => {
  test("is unavailable, with its socket nowhere", async () => {
    const host = join(tmpdir(), "no-postgres-here");
    const db = openDatabase({ host, port: 5432, user: "tapline", database: "tapline" }, 1);
    await assert.rejects(ping(db), DatabaseUnavailable);
    await assert.rejects(db.transaction(ping), DatabaseUnavailable);
    await assert.rejects(db.atOnce(ping), DatabaseUnavailable);
    await db.close();
  });

  test("is unavailable, with its port closed", async () => {
    const db = openDatabase({ connectionString: "postgres://tapline@127.0.0.1:1/tapline" }, 1);
    await assert.rejects(ping(db), DatabaseUnavailable);
    await db.close();
  });

  test("is unavailable, with something else at its port that hangs up", async () => {
    const { server, address } = await listen((socket) => socket.destroy());
    const db = openDatabase({ connectionString: `postgres://tapline@${address}/tapline` }, 1);
    await assert.rejects(ping(db), DatabaseUnavailable);
    await db.close();
    server.close();
  });

  async function listen(onSocket: (socket: Socket) => void): Promise<{ server: Server; address: string }> {
    const server = createServer(onSocket);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    return { server, address: `127.0.0.1:${address.port}` };
  }
});

describe("a database that goes away", () => {
  const endOthers = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`;

  test("between two requests is found again by the next but one, at the latest", async () => {
    const db = openDatabase({ connectionString: database.url }, 1);
    await ping(db);
    await database.sql(endOthers);
    await ping(db).catch((error) => assert.ok(error instanceof DatabaseUnavailable));
    await ping(db);
    await db.close();
  });

  test("under a statement is unavailable, and the next finds it again", async () => {
    const db = openDatabase({ connectionString: database.url }, 1);
    const asked = rows(db, "SELECT pg_sleep(60)").then(
      () => assert.fail("It slept."),
      (error: unknown) => error,
    );
    await untilSleeping();
    await database.sql(endOthers);
    assert.ok((await asked) instanceof DatabaseUnavailable);
    await ping(db);
    await db.close();
  });

  test("in the middle of a transaction is unavailable, has written nothing, and the next finds it again", async () => {
    const db = openDatabase({ connectionString: database.url }, 1);
    await assert.rejects(
      db.transaction(async (tx) => {
        await tx.query(statement("", "INSERT INTO notes VALUES (3, 'never')"), []);
        await database.sql(endOthers);
        await tx.query(statement("", "INSERT INTO notes VALUES (4, 'never')"), []);
      }),
      DatabaseUnavailable,
    );
    assert.deepEqual(await rows(db, "SELECT FROM notes"), []);
    await db.close();
  });

  async function untilSleeping(): Promise<void> {
    const text = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    while ((await database.sql(text)).length === 0);
  }
});
