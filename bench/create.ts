/**
 * Sessions created per second, beside a bare floor in the same run.
 *
 *   npm run bench                     three rounds of each, in turn; the medians are quoted
 *   npm run bench -- --json FILE      the figures for a program as well
 *   npm run bench -- --sales 20000    sales in each round
 */
import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Measured, post, run } from "./loader.ts";
import { firstWord, onStage, type Stage } from "./stage.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    sales: { type: "string", default: "15000" },
    rounds: { type: "string", default: "3" },
  },
});
const sales = Number(options.sales);
const rounds = Number(options.rounds);
/** Enough to keep two cores and the disk busy; the same for both sides. */
const connections = 64;
const warmUp = 2_000;

interface Ready {
  readonly port: number;
  readonly token?: string;
}

async function measure(stage: Stage): Promise<void> {
  const floorServer = await start(stage, "floor-server.ts", "floor", {});
  const createServer = await start(stage, "create-server.ts", "sales", {
    BENCH_TERMINALS: String(rounds * sales + warmUp),
  });
  let number = 0;
  const nextTerminal = () => `T12345678-B${String(++number).padStart(6, "0")}`;
  const sale = () => {
    const headers = { authorization: `Bearer ${createServer.ready.token}` };
    return post(createServer.ready.port, "/v1/sessions-profile", headers, saleBody(nextTerminal()));
  };
  const floor = () => post(floorServer.ready.port, "/", {}, saleBody("T12345678-B000001"));
  await round(floor, floorServer.ready.port, warmUp);
  await round(sale, createServer.ready.port, warmUp);
  const figures: { floor: number; create: number }[] = [];
  for (let index = 1; index <= rounds; index++) {
    const floorRound = await round(floor, floorServer.ready.port, sales);
    const createRound = await round(sale, createServer.ready.port, sales);
    figures.push({ floor: perSecond(floorRound), create: perSecond(createRound) });
    console.log(`round ${index}   floor ${told(floorRound)}   create ${told(createRound)}`);
  }
  report(figures);
}

function report(figures: readonly { floor: number; create: number }[]): void {
  const floor = median(figures.map((figure) => figure.floor));
  const value = median(figures.map((figure) => figure.create));
  const ratio = median(figures.map((figure) => figure.create / figure.floor));
  const unit = "sessions/s";
  console.log(
    `\ncreate   ${value.toFixed(0)} ${unit}   floor ${floor.toFixed(0)}   ratio ${ratio.toFixed(2)}   (fsync on)`,
  );
  if (options.json === undefined) return;
  writeFileSync(options.json, `${JSON.stringify({ create: { value, floor, ratio, unit } }, null, 2)}\n`);
}

async function start(
  stage: Stage,
  file: string,
  database: string,
  environment: Record<string, string>,
): Promise<{ child: ChildProcess; ready: Ready }> {
  const DATABASE_URL = await stage.database(database);
  const child = stage.start(file, { DATABASE_URL, BENCH_CONNECTIONS: "16", ...environment });
  return { child, ready: await firstWord<Ready>(child) };
}

async function round(request: () => Buffer, port: number, count: number): Promise<Measured> {
  const requests = Array.from({ length: count }, request);
  const measured = await run({ port, connections, next: () => requests.pop() });
  if (measured.others.size > 0) throw new Error(`Not every answer was 200: ${JSON.stringify([...measured.others])}`);
  return measured;
}

/** The mission document's sale. */
const saleBody = (terminal_id: string): string =>
  JSON.stringify({
    url: {
      return_url: "https://yourpos.example.com/payment/return",
      callback_url: "https://yourpos.example.com/payment/callback",
    },
    order: {
      amount: 39900,
      currency: "NOK",
      merchant_reference: "order-12345",
      items: [
        {
          id: "sku-coffee-001",
          line_id: "1",
          description: "Premium Coffee Beans 1kg",
          quantity: 2,
          amount: 39900,
          vat_amount: 4275,
          vat: 12,
        },
      ],
      store: { id: "oslo-center", terminal_id, payout_destination_id: "seller-1" },
    },
    profile_id: "in-person",
  });

const perSecond = ({ answered, seconds }: Measured): number => answered / seconds;
const told = (measured: Measured): string =>
  `${perSecond(measured).toFixed(0).padStart(6)}/s (p50 ${percentile(measured, 0.5)} ms, p99 ${percentile(measured, 0.99)} ms)`;
const percentile = ({ latencies }: Measured, part: number): string =>
  (latencies[Math.floor(latencies.length * part)] ?? 0).toFixed(1);
const median = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;

await onStage(measure);
