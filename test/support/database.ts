/** A database of its own for a test file, on the run's PostgreSQL. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { type ConnectionSettings, type Database, openDatabase } from "../../src/storage/database.ts";
import { migrate } from "../../src/storage/migrations.ts";
import { globalSetup, globalTeardown } from "./global-setup.ts";

export interface TestDatabase {
  readonly db: Database;
  /** For DATABASE_URL. */
  readonly url: string;
  /** What a test needs to see or plant, past the storage functions. */
  sql<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

type ServerAddress = Extract<ConnectionSettings, { host: string }>;

export async function makeDatabase(options: { migrated: boolean } = { migrated: true }): Promise<TestDatabase> {
  const alone = process.env.TAPLINE_TEST_POSTGRES === undefined;
  if (alone) await globalSetup();
  const server = JSON.parse(process.env.TAPLINE_TEST_POSTGRES ?? "{}") as ServerAddress;
  const name = `test_${randomBytes(6).toString("hex")}`;
  await once(server, `CREATE DATABASE ${name}`);
  const settings = { ...server, database: name };
  const db = openDatabase(settings, 8);
  if (options.migrated) await migrate(db, new Date().toISOString());
  const pool = new pg.Pool({ ...settings, max: 2 });
  pool.on("error", () => {});
  return {
    db,
    url: `postgres://${server.user}@/${name}?host=${encodeURIComponent(server.host)}&port=${server.port}`,
    sql: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await pool.query(text, values as unknown[])).rows as Row[],
    close: async () => {
      await pool.end();
      await db.close();
      await once(server, `DROP DATABASE ${name} WITH (FORCE)`);
      if (alone) await globalTeardown();
    },
  };
}

async function once(server: ServerAddress, text: string): Promise<void> {
  const client = new pg.Client({ ...server });
  await client.connect();
  await client.query(text);
  await client.end();
}
