/** The database is brought to this server's schema once, by whoever comes first, and never back. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { StartupProblem } from "../../src/domain/startup-problem.ts";
import { statement } from "../../src/storage/database.ts";
import { migrate, readMigrations } from "../../src/storage/migrations.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { now } from "./planted.ts";

const versions = readMigrations().map(({ version }) => version);

/** A database of its own, with nothing in it. */
async function withEmpty(work: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await makeDatabase({ migrated: false });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

describe("the migrations", () => {
  test("are numbered from 1 without a gap, so that none is ever slipped in between", () => {
    assert.deepEqual(
      versions,
      versions.map((_, index) => index + 1),
    );
    assert.ok(versions.length > 0);
  });

  test("are applied once each, in their order, and noted with their names", async () => {
    await withEmpty(async (database) => {
      assert.deepEqual(await migrate(database.db, now), versions);
      assert.deepEqual(
        await database.sql("SELECT version, name FROM schema_migrations ORDER BY version"),
        readMigrations().map(({ version, name }) => ({ version, name })),
      );
    });
  });

  test("find nothing left to do the second time, and leave what is there", async () => {
    await withEmpty(async (database) => {
      await migrate(database.db, now);
      await database.sql("INSERT INTO accounts VALUES ('T12345678', 'Kept', true, now())");
      assert.deepEqual(await migrate(database.db, now), []);
      assert.deepEqual(await database.sql("SELECT name FROM accounts"), [{ name: "Kept" }]);
    });
  });

  test("are applied by one of many processes that start at once; the others wait for it", async () => {
    await withEmpty(async (database) => {
      const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(database.db, now)));
      assert.deepEqual(
        applied.filter((done) => done.length > 0),
        [versions],
      );
    });
  });

  test("go on where an older server stopped", async () => {
    await withEmpty(async (database) => {
      const [first] = readMigrations();
      assert.ok(first !== undefined);
      assert.deepEqual(await migrate(database.db, now, [first]), [1]);
      assert.deepEqual(await migrate(database.db, now), versions.slice(1));
    });
  });

  test("are whole or not at all: of a start that fails half-way nothing is left", async () => {
    await withEmpty(async (database) => {
      const broken = { version: versions.length + 1, name: "broken", text: "CREATE TABLE half (); SELECT 1 / 0;" };
      await assert.rejects(migrate(database.db, now, [...readMigrations(), broken]), /division by zero/);
      const tables = await database.sql("SELECT FROM pg_tables WHERE schemaname = 'public'");
      assert.deepEqual(tables, []);
      assert.deepEqual(await migrate(database.db, now), versions);
    });
  });

  test("refuse a database that a newer server has written, in one sentence, and leave it as it is", async () => {
    await withEmpty(async (database) => {
      const newer = { version: versions.length + 1, name: "newer", text: "CREATE TABLE newer ()" };
      await migrate(database.db, now, [...readMigrations(), newer]);
      await assert.rejects(migrate(database.db, now), (problem) => {
        assert.ok(problem instanceof StartupProblem);
        assert.equal(
          problem.message,
          `The database is at schema version ${versions.length + 1}, this server knows ${versions.length}: ` +
            "start a newer Tapline on it.",
        );
        return true;
      });
      const rows = await database.sql("SELECT FROM schema_migrations");
      assert.equal(rows.length, versions.length + 1);
    });
  });
});

describe("a time in the database", () => {
  let database: TestDatabase;
  before(async () => {
    database = await makeDatabase();
  });
  after(() => database.close());

  test("is written into JSON in the form of the API", async () => {
    const text = statement("", "SELECT iso($1::timestamptz) AS iso, iso($1::timestamptz + '1 microsecond') AS cut");
    for (const moment of ["2026-11-22T12:45:59.100Z", "2026-01-01T00:00:00.000Z", "2028-02-29T23:59:59.999Z"]) {
      const [row] = await database.db.query<{ iso: string; cut: string }>(text, [moment]);
      assert.deepEqual(row, { iso: moment, cut: moment });
    }
  });
});
