/**
 * Many open streams on one server process: the memory of each, and the time from commit to arrival.
 *
 *   node bin/node.js bench/streams.ts                     10000 streams over 1000 accounts
 *   node bin/node.js bench/streams.ts --streams 2000      fewer, where the system allows fewer open files
 *   node bin/node.js bench/streams.ts --accounts 1        all in one account: each event goes to everybody
 *   node bin/node.js bench/streams.ts --json FILE         the figures for a program as well
 *
 * Each stream needs an open file on both sides: `ulimit -n` must be above their number. The streams are spread over several
 * loopback addresses, so that ports are no limit.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startEmbeddedPostgres } from "../src/storage/embedded/embedded-postgres.ts";
import { systemClock } from "../src/system-environment.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    streams: { type: "string", default: "10000" },
    accounts: { type: "string", default: "1000" },
    events: { type: "string", default: "500" },
  },
});
const streams = Number(options.streams);
const accounts = Number(options.accounts);
/** Fewer where each goes to thousands, so that what is measured is the delay and not a queue. */
const events = Math.max(20, Math.min(Number(options.events), Math.floor((200_000 * accounts) / streams)));
/** Between two events: what is measured is the delay of one, not how many go through. */
const pause_ms = 20;

interface Said {
  readonly [member: string]: unknown;
}

/** A child process that answers what it is asked. */
class Child {
  readonly process: ChildProcess;

  constructor(file: string, environment: Record<string, string>) {
    this.process = fork(join(import.meta.dirname, file), { env: { ...process.env, ...environment } });
    children.push(this);
  }

  /** The next thing it says. */
  said<T extends Said>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`A child ended with ${code}.`));
      this.process.once("exit", onExit);
      this.process.once("message", (message) => {
        this.process.off("exit", onExit);
        resolve(message as T);
      });
    });
  }

  ask<T extends Said>(question: Said): Promise<T> {
    const answer = this.said<T>();
    this.process.send(question);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const gone = new Promise((exited) => this.process.once("exit", exited));
    this.process.send({ ask: "stop" });
    await gone;
  }
}

async function measure(): Promise<void> {
  const { host, port, user } = postgres.connection;
  const url = `postgres://${user}@/postgres?host=${encodeURIComponent(host)}&port=${port}`;
  const server = new Child("streams-server.ts", { DATABASE_URL: url, BENCH_ACCOUNTS: String(accounts) });
  const { port: at, tokens } = await server.said<{ port: number; tokens: string[] }>();
  const clients = new Child("streams-clients.ts", {});
  const before = await server.ask<{ rss: number; heap: number }>({ ask: "memory" });
  const opening_ms = systemClock.monotonic();
  await clients.ask({ ask: "open", port: at, tokens, streams });
  const opened_s = (systemClock.monotonic() - opening_ms) / 1_000;
  const after = await server.ask<{ rss: number; heap: number }>({ ask: "memory" });
  const rss_kib = (after.rss - before.rss) / streams / 1024;
  const heap_kib = (after.heap - before.heap) / streams / 1024;
  console.log(`${streams} streams over ${accounts} accounts, opened in ${opened_s.toFixed(1)} s`);
  console.log(`memory   ${rss_kib.toFixed(1)} KiB resident for each stream, ${heap_kib.toFixed(1)} KiB of it heap`);
  const delays: number[] = [];
  for (let index = 0; index < events; index++) {
    const arrived = clients.said<{ delays_at: number[] }>();
    const { committed_at } = await server.ask<{ committed_at: number }>({
      ask: "tell",
      account: index % accounts,
      index,
    });
    delays.push(...(await arrived).delays_at.map((at_ms) => at_ms - committed_at));
    await systemClock.wait(pause_ms);
  }
  delays.sort((a, b) => a - b);
  const at_part = (part: number) => delays[Math.min(delays.length - 1, Math.floor(delays.length * part))] ?? 0;
  const [p50, p99] = [at_part(0.5), at_part(0.99)];
  console.log(
    `delay    p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms from commit to arrival (${delays.length} arrivals)`,
  );
  if (options.json === undefined) return;
  writeFileSync(
    options.json,
    `${JSON.stringify({ streams: { streams, accounts, rss_kib, heap_kib, p50, p99 } }, null, 2)}\n`,
  );
}

const directory = mkdtempSync(join(tmpdir(), "tapline-bench-"));
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const children: Child[] = [];
const postgres = await startEmbeddedPostgres({
  directory,
  clock: systemClock,
  log: quiet,
  onLost: (problem) => {
    throw problem;
  },
});
try {
  await measure();
} finally {
  for (const child of children.toReversed()) await child.stop();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
