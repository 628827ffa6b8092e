/** Brings the database to this server's schema: forward only, each file once, in the order of their numbers. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { StartupProblem } from "../domain/startup-problem.ts";
import { type Database, type Reader, statement, type Tx } from "./database.ts";

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
}

const directory = fileURLToPath(new URL("./migrations/", import.meta.url));

export function readMigrations(): Migration[] {
  const files = readdirSync(directory).filter((file) => file.endsWith(".sql"));
  return files.sort().map((file) => ({
    version: Number(file.slice(0, 4)),
    name: file.slice(5, -4),
    text: readFileSync(`${directory}${file}`, "utf8"),
  }));
}

/** Throws `StartupProblem` when the database was written by a newer server. Answers the versions applied now. */
export async function migrate(db: Database, now: string, migrations = readMigrations()): Promise<number[]> {
  return db.transaction(async (tx) => {
    // Two processes that start together take turns here; the second finds nothing left to do.
    await tx.query(takeTurn, []);
    await tx.query(createTable, []);
    const applied = (await tx.query<{ version: number }>(readApplied, [])).map((row) => row.version);
    const known = Math.max(0, ...migrations.map((migration) => migration.version));
    refuseNewer(Math.max(0, ...applied), known);
    const due = migrations.filter((migration) => !applied.includes(migration.version));
    for (const migration of due) await apply(tx, migration, now);
    return due.map((migration) => migration.version);
  });
}

function refuseNewer(found: number, known: number): void {
  if (found <= known) return;
  throw new StartupProblem(
    `The database is at schema version ${found}, this server knows ${known}: start a newer Tapline on it.`,
  );
}

/** For whoever only reads: throws `StartupProblem` unless the database is at this server's schema. Changes nothing. */
export async function checkSchema(reader: Reader, migrations = readMigrations()): Promise<void> {
  const [table] = await reader.query<{ is_there: boolean }>(findTable, []);
  if (!table?.is_there) {
    throw new StartupProblem("The database holds no Tapline: check the address, or start the server on it once.");
  }
  const applied = (await reader.query<{ version: number }>(readApplied, [])).map((row) => row.version);
  const known = Math.max(0, ...migrations.map((migration) => migration.version));
  const found = Math.max(0, ...applied);
  refuseNewer(found, known);
  if (found < known) {
    throw new StartupProblem(
      `The database is at schema version ${found}, this Tapline reads ${known}: start its server on it, or use the Tapline that runs there.`,
    );
  }
}

async function apply(tx: Tx, migration: Migration, now: string): Promise<void> {
  await tx.query(recordMigration, [migration.version, migration.name, now]);
  await tx.query({ name: "", text: migration.text }, []);
}

const takeTurn = statement("migrations_turn", "SELECT pg_advisory_xact_lock(7236412)");
const createTable = statement(
  "migrations_table",
  `CREATE TABLE IF NOT EXISTS schema_migrations (
     version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)`,
);
const findTable = statement("migrations_find_table", "SELECT to_regclass('schema_migrations') IS NOT NULL AS is_there");
const readApplied = statement("migrations_applied", "SELECT version FROM schema_migrations");
const recordMigration = statement(
  "migrations_record",
  "INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)",
);
