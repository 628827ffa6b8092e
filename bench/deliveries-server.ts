/** The server under test, in a process of its own: it makes outcomes as it is told to, and says when each was committed. */
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import pg from "pg";
import { openDemo, startApp } from "../src/app.ts";
import { demoDefaults, readConfig } from "../src/config.ts";
import { cancelSession } from "../src/flows/cancellation.ts";
import { demo } from "../src/flows/demo-account.ts";
import { startSale } from "../src/flows/sale.ts";
import type { World } from "../src/flows/world.ts";
import { makeLogger } from "../src/logger.ts";
import { statement } from "../src/storage/database.ts";
import { systemClock, systemRandom } from "../src/system-environment.ts";
import type { Order } from "./deliveries.ts";

const receiver = process.env.BENCH_RECEIVER ?? "";
const settings = { TAPLINE_PORT: "0", TAPLINE_LOG_LEVEL: "warn", TAPLINE_SIMULATORS: "off" };
const config = readConfig({ ...process.env, ...settings }, demoDefaults);
const app = await startApp({
  config,
  clock: systemClock,
  random: systemRandom,
  logger: makeLogger(config.log_level, process.stderr),
  onLost: (problem) => {
    throw problem;
  },
});
await openDemo(app, false);
const { account_id, client_id, profile_id, store_id, payout_destination_id } = demo;
const { db } = app.world;
const run = (text: string, values: readonly unknown[] = []) => db.atOnce((tx) => tx.query(statement("", text), values));
const terminals = Number(process.env.BENCH_TERMINALS);
await run(
  `INSERT INTO terminals (account_id, terminal_id, device_serial_number, store_id, status, driver, created_at)
   SELECT $1, $1 || '-B' || number, number::text, $2, 'ACTIVE', 'socket', now()
   FROM generate_series(1, $3::integer) AS number`,
  [account_id, store_id, terminals],
);
await run(
  `INSERT INTO terminal_seats (account_id, terminal_id)
   SELECT account_id, terminal_id FROM terminals WHERE terminal_id LIKE '%-B%'`,
);
await run("ANALYZE");
const hook_id = "00000000-0000-4000-8000-000000000001";
await run(
  `INSERT INTO hooks (account_id, id, url, insecure_ssl, events, active, signing_secret, created_at, created_by,
     updated_at, updated_by)
   VALUES ($1, $2, $3, false, '{checkout_authorization}', true, $4, now(), 'bench', now(), 'bench')`,
  [account_id, hook_id, `${receiver}/webhook`, `whsec_${randomBytes(24).toString("base64")}`],
);
await run("INSERT INTO delivery_lanes (account_id, id, hook_id) VALUES ($1, $2, $2)", [account_id, hook_id]);

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 });
await pool.query("CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body jsonb)");
const agent = new Agent({ keepAlive: true });

/** On the machine's clock: processes share it. */
const machineNow = (): number => performance.timeOrigin + performance.now();
/** Outcomes made at once: as many as the database has connections. */
const togetherMax = 16;
let references = 0;

type Outcome = () => Promise<[string, number]>;

function floor(): Outcome {
  const reference = `floor-${++references}`;
  return async () => {
    const body = JSON.stringify({ authorization: { merchant_reference: reference } });
    await pool.query({ name: "floor", text: "INSERT INTO floor (body) VALUES ($1)", values: [body] });
    const committed_at = machineNow();
    await new Promise((answered, failed) => {
      const asked = request(`${receiver}/floor`, { method: "POST", agent }, (answer) => {
        answer.resume().on("end", answered);
      });
      asked.on("error", failed).end(body);
    });
    return [reference, committed_at];
  };
}

/** A sale that was not sent yet and is called off: one transaction, a callback and an event. */
async function sale(index: number): Promise<Outcome> {
  const merchant_reference = `sale-${++references}`;
  const { session_id } = await startSale(app.world, {
    ...{ account_id, client_id, request_id: "bench", strict_amounts: false, request_headers: {} },
    body: {
      url: {
        return_url: "https://till.example.com/",
        callback_url: `${receiver}/callback?report_error=true&method=POST`,
      },
      profile_id,
      order: {
        ...{ amount: 39_900, currency: "NOK", merchant_reference },
        store: { id: store_id, terminal_id: `${account_id}-B${(index % terminals) + 1}`, payout_destination_id },
      },
    },
  });
  return async () => {
    let committed_at = 0;
    const noting: World["db"] = {
      ...db,
      transaction: async (work) => {
        const result = await db.transaction(work);
        committed_at = machineNow();
        return result;
      },
    };
    // Not spread: what is read of the world is read when it is needed.
    const world: World = Object.create(app.world, { db: { value: noting } });
    await cancelSession(world, { account_id, client_id, request_id: "bench", session_id });
    return [merchant_reference, committed_at];
  };
}

async function carryOut({ kind, count, together, pause_ms }: Order): Promise<[string, number][]> {
  const outcomes: Outcome[] = [];
  for (let index = 0; index < count; index++) outcomes.push(kind === "floor" ? floor() : await sale(index));
  // A server that has run for a while knows how large its tables are, and what the sales have caused is out of the way.
  await run("ANALYZE");
  await systemClock.wait(1_000);
  const committed: [string, number][] = [];
  const next = outcomes.values();
  const work = async () => {
    for (const outcome of next) {
      committed.push(await outcome());
      if (pause_ms > 0) await systemClock.wait(pause_ms);
    }
  };
  await Promise.all(Array.from({ length: together ? togetherMax : 1 }, work));
  return committed;
}

process.on("message", (order: Order) => void carryOut(order).then((committed) => process.send?.(committed)));
process.on("disconnect", () => {
  void pool
    .end()
    .then(() => app.close())
    .then(() => process.exit(0));
});
process.send?.("ready");
