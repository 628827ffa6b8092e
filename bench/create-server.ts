/** The server under test, in a process of its own, with as many idle terminals as there will be sales. */
import { openDemo, startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { demo } from "../src/flows/demo-account.ts";
import { makeLogger } from "../src/logger.ts";
import { statement } from "../src/storage/database.ts";
import { systemClock, systemRandom } from "../src/system-environment.ts";

const config = readConfig({ ...process.env, TAPLINE_PORT: "0", TAPLINE_LOG_LEVEL: "warn", TAPLINE_SIMULATORS: "off" });
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
const { db } = app.world;
const count = Number(process.env.BENCH_TERMINALS);
const terminals = statement(
  "bench_terminals",
  `INSERT INTO terminals (account_id, terminal_id, device_serial_number, store_id, status, driver, created_at)
   SELECT $1, $1 || '-B' || lpad(number::text, 6, '0'), number::text, $2, 'ACTIVE', 'socket', now()
   FROM generate_series(1, $3::integer) AS number`,
);
const seats = statement(
  "bench_seats",
  `INSERT INTO terminal_seats (account_id, terminal_id)
   SELECT account_id, terminal_id FROM terminals WHERE terminal_id LIKE '%-B%'`,
);
const analyze = statement("bench_analyze", "ANALYZE");
await db.atOnce((tx) => tx.query(terminals, [demo.account_id, demo.store_id, count]));
await db.atOnce((tx) => tx.query(seats, []));
await db.atOnce((tx) => tx.query(analyze, []));
const claims = { account_id: demo.account_id, client_id: demo.client_id, scopes: ["write:checkout"] };
const token = await app.keys.sign(claims, "bench");
process.send?.({ port: Number(new URL(app.address).port), token });
process.on("disconnect", () => {
  app.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
