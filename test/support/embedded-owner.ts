/**
 * A process that owns an embedded PostgreSQL, for tests that kill, freeze or race one. Its argument is the data
 * directory; on standard output it says in JSON lines what happens to it; a line on standard input, or the end of it,
 * stops it. With the argument `leave` it has nothing to do once the database runs.
 */
import { createInterface } from "node:readline";
import { startEmbeddedPostgres } from "../../src/storage/embedded/embedded-postgres.ts";
import { systemClock } from "../../src/system-environment.ts";

const [directory = "", leave] = process.argv.slice(2);

function say(event: string, facts: object): void {
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
}

const log = {
  debug: () => undefined,
  info: (facts: object, message: string) => say("log", { ...facts, message }),
  warn: (facts: object, message: string) => say("log", { ...facts, message }),
  error: (facts: object, message: string) => say("log", { ...facts, message }),
};

try {
  const postgres = await startEmbeddedPostgres({
    directory,
    clock: systemClock,
    log,
    onLost: (problem) => say("lost", { name: problem.name, message: problem.message }),
    onProgress: (message) => say("progress", { message }),
  });
  say("running", { pid: postgres.pid, connection: postgres.connection });
  if (leave !== "leave") {
    const stop = () => postgres.stop().then(() => process.exit(0));
    createInterface({ input: process.stdin }).on("line", stop).on("close", stop);
  }
} catch (error) {
  const problem = error as Error;
  say("refused", { name: problem.name, message: problem.message });
}
