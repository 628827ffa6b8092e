/**
 * src/storage/schema.sql: what the database looks like after all migrations, read from the catalog of a real one. It is
 * there to be read, and to show in a review what a migration changes; the server never runs it.
 */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../src/domain/environment.ts";
import { openDatabase, type Reader, statement } from "../src/storage/database.ts";
import { startEmbeddedPostgres } from "../src/storage/embedded/embedded-postgres.ts";
import { migrate } from "../src/storage/migrations.ts";
import { systemClock } from "../src/system-environment.ts";

const nobodyReads = () => {};
const log: Log = { debug: nobodyReads, info: nobodyReads, warn: nobodyReads, error: nobodyReads };

/** Makes a database in a temporary folder, migrates it, and writes down what it finds. */
export async function databaseSchema(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "tapline-schema-"));
  const postgres = await startEmbeddedPostgres({
    directory,
    clock: systemClock,
    log,
    onLost: (problem) => {
      throw problem;
    },
  });
  const db = openDatabase(postgres.connection, 1);
  try {
    await migrate(db, "2026-01-01T00:00:00.000Z");
    return await describe(db);
  } finally {
    await db.close();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function describe(db: Reader): Promise<string> {
  const unknown = await db.query<{ what: string }>(unknownKinds, []);
  if (unknown.length > 0) {
    const found = unknown.map(({ what }) => what).join(", ");
    throw new Error(`scripts/database-schema.ts does not know how to write ${found}; teach it.`);
  }
  const tables = await db.query<Table>(readTables, []);
  const functions = await db.query<Definition>(readFunctions, []);
  const triggers = await db.query<Definition>(readTriggers, []);
  const parts = [
    "-- The schema after all migrations. Written by scripts/generate.ts from a migrated database; nobody runs it.",
    ...tables.map(tableText),
    ...[...functions, ...triggers].map(({ definition }) => `${definition.trim()};`),
  ];
  return `${parts.join("\n\n")}\n`;
}

interface Definition {
  readonly definition: string;
}

interface Table {
  readonly name: string;
  readonly unlogged: boolean;
  readonly options: string | null;
  readonly columns: readonly string[];
  readonly constraints: readonly string[] | null;
  readonly indexes: readonly string[] | null;
}

function tableText({ name, unlogged, options, columns, constraints, indexes }: Table): string {
  const lines = [...columns, ...(constraints ?? [])].map((line) => `  ${line.replaceAll("\n", "\n  ")}`);
  const storage = options === null ? "" : ` WITH (${options})`;
  const created = `CREATE ${unlogged ? "UNLOGGED " : ""}TABLE ${name} (\n${lines.join(",\n")}\n)${storage};`;
  return [created, ...(indexes ?? []).map((index) => `${index};`)].join("\n");
}

/** Tables in the order they were made: what a table refers to stands above it. */
const readTables = statement(
  "schema_tables",
  `SELECT quote_ident(class.relname) AS name, class.relpersistence <> 'p' AS unlogged,
     (SELECT string_agg(option, ', ') FROM unnest(class.reloptions) AS option) AS options,
     (SELECT array_agg(concat_ws(' ',
          quote_ident(attribute.attname),
          format_type(attribute.atttypid, attribute.atttypmod),
          CASE WHEN attribute.attcollation <> type.typcollation
            THEN 'COLLATE ' || quote_ident(sorting.collname) END,
          CASE WHEN attribute.attnotnull THEN 'NOT NULL' END,
          CASE WHEN attribute.attidentity = 'a' THEN 'GENERATED ALWAYS AS IDENTITY' END,
          'DEFAULT ' || pg_get_expr(default_value.adbin, default_value.adrelid, true)) ORDER BY attribute.attnum)
      FROM pg_attribute AS attribute
      JOIN pg_type AS type ON type.oid = attribute.atttypid
      LEFT JOIN pg_collation AS sorting ON sorting.oid = attribute.attcollation
      LEFT JOIN pg_attrdef AS default_value
        ON default_value.adrelid = attribute.attrelid AND default_value.adnum = attribute.attnum
      WHERE attribute.attrelid = class.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped) AS columns,
     (SELECT array_agg('CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid, true)
        ORDER BY array_position(ARRAY['p', 'u', 'f', 'c'], contype::text), conname COLLATE "C")
      FROM pg_constraint WHERE conrelid = class.oid AND contype <> 'n') AS constraints,
     (SELECT array_agg(pg_get_indexdef(index.indexrelid, 0, true) ORDER BY own.relname COLLATE "C")
      FROM pg_index AS index JOIN pg_class AS own ON own.oid = index.indexrelid
      WHERE index.indrelid = class.oid
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid AND contype IN ('p', 'u', 'x')))
       AS indexes
   FROM pg_class AS class
   WHERE class.relnamespace = 'public'::regnamespace AND class.relkind = 'r'
   ORDER BY class.oid`,
);

const readFunctions = statement(
  "schema_functions",
  `SELECT pg_get_functiondef(oid) AS definition FROM pg_proc
   WHERE pronamespace = 'public'::regnamespace ORDER BY proname COLLATE "C", oid`,
);

const readTriggers = statement(
  "schema_triggers",
  `SELECT pg_get_triggerdef(trigger.oid, true) AS definition FROM pg_trigger AS trigger
   JOIN pg_class AS class ON class.oid = trigger.tgrelid
   WHERE class.relnamespace = 'public'::regnamespace AND NOT trigger.tgisinternal
   ORDER BY class.oid, trigger.tgname COLLATE "C"`,
);

/** Views, sequences but those of an identity column, types and schemas of our own: there are none, and the first would be left out in silence. */
const unknownKinds = statement(
  "schema_unknown",
  `SELECT 'the relation ' || relname AS what FROM pg_class
   WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'i')
     AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'i')
   UNION ALL
   SELECT 'the type ' || typname FROM pg_type
   WHERE typnamespace = 'public'::regnamespace AND typtype NOT IN ('b', 'c')
   UNION ALL
   SELECT 'the schema ' || nspname FROM pg_namespace
   WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('public', 'information_schema')
   UNION ALL
   SELECT 'the policy ' || polname FROM pg_policy`,
);
