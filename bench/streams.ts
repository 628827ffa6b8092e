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
import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { systemClock } from "../src/system-environment.ts";
import { onStage, type Stage } from "./stage.ts";

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

/** The next thing a process says. */
function said<T extends Said>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`A process of the benchmark ended with ${code}.`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message as T);
    });
  });
}

function ask<T extends Said>(child: ChildProcess, question: Said): Promise<T> {
  const answer = said<T>(child);
  child.send(question);
  return answer;
}

async function measure(stage: Stage): Promise<void> {
  const DATABASE_URL = await stage.database("streams");
  const server = stage.start("streams-server.ts", { DATABASE_URL, BENCH_ACCOUNTS: String(accounts) });
  const { port: at, tokens } = await said<{ port: number; tokens: string[] }>(server);
  const clients = stage.start("streams-clients.ts", {});
  const before = await ask<{ rss: number; heap: number }>(server, { ask: "memory" });
  const opening_ms = systemClock.monotonic();
  await ask(clients, { port: at, tokens, streams });
  const opened_s = (systemClock.monotonic() - opening_ms) / 1_000;
  const after = await ask<{ rss: number; heap: number }>(server, { ask: "memory" });
  const rss_kib = (after.rss - before.rss) / streams / 1024;
  const heap_kib = (after.heap - before.heap) / streams / 1024;
  console.log(`${streams} streams over ${accounts} accounts, opened in ${opened_s.toFixed(1)} s`);
  console.log(`memory   ${rss_kib.toFixed(1)} KiB resident for each stream, ${heap_kib.toFixed(1)} KiB of it heap`);
  const delays: number[] = [];
  for (let index = 0; index < events; index++) {
    const arrived = said<{ delays_at: number[] }>(clients);
    const { committed_at } = await ask<{ committed_at: number }>(server, {
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

await onStage(measure);
