/**
 * From the commit of an outcome to the first byte at whoever is told of it: callbacks and webhooks, at a steady rate and
 * with more than can be told at once; beside a floor in the same run, a bare POST right after a bare durable commit.
 *
 *   npm run bench:deliveries                   the figures, in milliseconds
 *   npm run bench:deliveries -- --json FILE    for a program as well
 *   npm run bench:deliveries -- --seconds 20   how long each round takes
 */
import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { firstWord, onStage, type Stage } from "./stage.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    seconds: { type: "string", default: "10" },
    rate: { type: "string", default: "20" },
    load: { type: "string", default: "2000" },
  },
});
const seconds = Number(options.seconds);
/** Outcomes a second: a chain of some hundred tills at its busiest. */
const rate = Number(options.rate);
/** Outcomes at once: what a morning's outage has kept. */
const load = Number(options.load);
const patience_ms = 120_000;
/** A sale each, at once. */
const terminals = Math.max(load, seconds * rate);

/** What the bench asks of the server's process: that many outcomes, one after the other or together. */
export interface Order {
  readonly kind: "floor" | "sale";
  readonly count: number;
  readonly together: boolean;
  readonly pause_ms: number;
}

/** On the machine's clock, in milliseconds since 1970 with parts: processes share it. */
const machineNow = (): number => performance.timeOrigin + performance.now();

interface Delays {
  readonly p50: number;
  readonly p99: number;
  /** From the first commit to the last arrival. */
  readonly per_second: number;
}

/** Takes everything, and notes when the first byte of each had come, by what its address or body says it is about. */
async function openReceiver() {
  const came = new Map<string, number>();
  const server = createServer((asked, answer) => {
    const at = machineNow();
    const chunks: Buffer[] = [];
    asked.on("data", (chunk) => chunks.push(chunk));
    asked.on("end", () => {
      answer.end();
      const url = new URL(asked.url ?? "/", "http://receiver");
      const reference = url.searchParams.get("merchant_reference") ?? referenceIn(Buffer.concat(chunks).toString());
      const key = `${url.pathname.slice(1)} ${reference}`;
      if (!came.has(key)) came.set(key, at);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { came, server, port: (server.address() as AddressInfo).port };
}

const referenceIn = (body: string): string | undefined =>
  body === ""
    ? undefined
    : (JSON.parse(body) as { authorization?: { merchant_reference?: string } }).authorization?.merchant_reference;

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

async function measure(stage: Stage): Promise<void> {
  const receiver = await openReceiver();
  const server = await start(stage, receiver.port);
  const steady = { count: seconds * rate, together: false, pause_ms: 1000 / rate };
  const full = { count: load, together: true, pause_ms: 0 };
  await outcomesOf(server, { kind: "sale", ...full, count: Math.min(load, 300) });
  const figures: Record<string, Delays> = {};
  for (const [pace, order] of Object.entries({ steady, full })) {
    for (const kind of ["floor", "sale"] as const) {
      const words = order.together ? `${order.count} at once` : `${rate} a second for ${seconds} s`;
      process.stdout.write(`${kind === "floor" ? "the floor" : "sales"}, ${words} …\n`);
      const committed = await outcomesOf(server, { kind, ...order });
      for (const told of kind === "floor" ? ["floor"] : ["callback", "webhook"]) {
        const delays = await delaysOf(receiver.came, told, committed);
        figures[`${told}_${pace}`] = delays;
        const { p50, p99, per_second } = delays;
        console.log(
          `  ${told.padEnd(8)} p50 ${p50.toFixed(1)} ms   p99 ${p99.toFixed(1)} ms   ${per_second.toFixed(0)}/s`,
        );
      }
    }
  }
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);
  receiver.server.closeAllConnections();
  receiver.server.close();
}

/** Waits until all has come. */
async function delaysOf(
  came: Map<string, number>,
  told: string,
  committed: readonly [string, number][],
): Promise<Delays> {
  const began = performance.now();
  while (!committed.every(([reference]) => came.has(`${told} ${reference}`))) {
    if (performance.now() - began > patience_ms) throw new Error(`Not everything has come: ${told}.`);
    await pause(20);
  }
  const arrived = committed.map(([reference]) => came.get(`${told} ${reference}`) ?? 0);
  const delays = committed.map(([, at], index) => (arrived[index] ?? 0) - at).sort((one, other) => one - other);
  const took_s = (Math.max(...arrived) - Math.min(...committed.map(([, at]) => at))) / 1000;
  return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), per_second: committed.length / took_s };
}

/** What was committed, by reference, and when. */
function outcomesOf(server: ChildProcess, order: Order): Promise<[string, number][]> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error("The server has ended."));
    server.once("exit", onExit);
    server.once("message", (committed) => {
      server.off("exit", onExit);
      resolve(committed as [string, number][]);
    });
    server.send(order);
  });
}

async function start(stage: Stage, port: number): Promise<ChildProcess> {
  const child = stage.start("deliveries-server.ts", {
    DATABASE_URL: await stage.database("deliveries"),
    BENCH_RECEIVER: `http://127.0.0.1:${port}`,
    BENCH_TERMINALS: String(terminals),
  });
  await firstWord(child);
  return child;
}

await onStage(measure);
