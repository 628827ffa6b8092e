/**
 * One PostgreSQL for the whole test run. Where it is stands in TAPLINE_TEST_POSTGRES for the test files, which each make a
 * database of their own. A file that is run alone starts its own (see database.ts).
 */

import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/storage/embedded/embedded-postgres.ts";
import { systemClock } from "../../src/system-environment.ts";
import { quietLog } from "./quiet-log.ts";

let postgres: EmbeddedPostgres | undefined;
let directory: string | undefined;

export async function globalSetup(): Promise<void> {
  directory = mkdtempSync(join(tmpdir(), "tapline-test-"));
  postgres = await startEmbeddedPostgres({
    directory,
    clock: systemClock,
    log: quietLog,
    onLost: (problem) => {
      throw problem;
    },
  });
  process.env.TAPLINE_TEST_POSTGRES = JSON.stringify(postgres.connection);
}

export async function globalTeardown(): Promise<void> {
  await postgres?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
}
