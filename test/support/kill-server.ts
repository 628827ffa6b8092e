/**
 * The server as a process of its own, on a data directory and a port of its own, for tests that kill it: `tapline demo`
 * with simulators off, and terminals whose public keys come by the environment. On standard output it says in JSON lines
 * when it serves, with a token for its API.
 */
import { createInterface } from "node:readline";
import { type App, openDemo, startApp } from "../../src/app.ts";
import { demoDefaults, readConfig } from "../../src/config.ts";
import { newId } from "../../src/domain/ids.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { makeLogger } from "../../src/logger.ts";
import { insertDevice, insertTerminal, readPairedDevice } from "../../src/storage/terminals.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";

export interface PlantedTerminal {
  readonly terminal_id: string;
  readonly public_jwk: JsonWebKey;
}

const config = readConfig(process.env, demoDefaults);
const app = await startApp({
  config,
  clock: systemClock,
  random: systemRandom,
  logger: makeLogger(config.log_level, process.stderr),
  onLost: (problem) => {
    console.error(problem.message);
    process.exit(1);
  },
});
await openDemo(app, false);
for (const planted of JSON.parse(process.env.TAPLINE_KILL_TERMINALS ?? "[]") as PlantedTerminal[]) {
  await plant(app, planted);
}
const claims = { account_id: demo.account_id, client_id: demo.client_id, scopes: ["admin:checkout"] };
const token = await app.keys.sign(claims, "test");
process.stdout.write(`${JSON.stringify({ event: "serving", address: app.address, token })}\n`);
// Asked to stop, or whoever started it has gone.
createInterface({ input: process.stdin }).on("close", () => void app.close().then(() => process.exit(0)));

async function plant({ world }: App, { terminal_id, public_jwk }: PlantedTerminal): Promise<void> {
  const { account_id, store_id } = demo;
  if ((await readPairedDevice(world.db, account_id, terminal_id)) !== undefined) return;
  const now = new Date(world.clock.now()).toISOString();
  const device = { device_serial_number: `KILL-${terminal_id}`, device_model: "SIMULATED" };
  const device_id = newId("dev", world.clock.now(), world.random);
  await world.db.transaction(async (tx) => {
    await insertTerminal(tx, { account_id, terminal_id, store_id, ...device }, now);
    await insertDevice(tx, { account_id, terminal_id, device_id, public_jwk }, now);
  });
}
