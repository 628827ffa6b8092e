/** What a PostgreSQL that is not ours must promise before real money is written to it. */
import { StartupProblem } from "../domain/startup-problem.ts";
import { DatabaseUnavailable, type Reader, statement } from "./database.ts";

const settings = statement(
  "server_settings",
  `SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
     current_setting('server_version_num')::integer AS version`,
);

/** PostgreSQL 18, as the schema is written for (design section 3). */
const versionMin = 180_000;

/** Throws `StartupProblem` where the database cannot be reached, is too old, or does not keep what it says it has kept. */
export async function checkServerSettings(reader: Reader): Promise<void> {
  const [found] = await reader
    .query<{ fsync: string; full_page_writes: string; version: number }>(settings, [])
    .catch((error: Error) => {
      const sort = error instanceof DatabaseUnavailable ? "cannot be reached" : "refuses the connection";
      throw new StartupProblem(
        `The database of DATABASE_URL ${sort} (${error.message}): check the address and start it.`,
      );
    });
  if (found === undefined) throw new StartupProblem("The database of DATABASE_URL answers nothing: check the address.");
  if (found.version < versionMin) {
    throw new StartupProblem("The database of DATABASE_URL is older than PostgreSQL 18: use version 18 or newer.");
  }
  for (const name of ["fsync", "full_page_writes"] as const) {
    if (found[name] !== "on") {
      throw new StartupProblem(
        `The database of DATABASE_URL runs with ${name} off and would lose payments: turn it on.`,
      );
    }
  }
}
