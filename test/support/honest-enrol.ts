/** More terminals in the demo's store, each with a device key of its own. */
import { newId } from "../../src/domain/ids.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { isoNow, type World } from "../../src/flows/world.ts";
import { makeDeviceKey, type Sign, signer } from "../../src/simulator/device-key.ts";
import { insertDevice, insertTerminal } from "../../src/storage/terminals.ts";

export interface Enrolled {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly sign: Sign;
}

let enrolled = 1000;

export async function enrol(world: World): Promise<Enrolled> {
  const { account_id, store_id } = demo;
  const terminal_id = `${account_id}-T${String(++enrolled).padStart(4, "0")}`;
  const { private_jwk, public_jwk } = await makeDeviceKey();
  const device_id = newId("dev", world.clock.now(), world.random);
  await world.db.transaction(async (tx) => {
    const device = { device_serial_number: `HONEST-${terminal_id}`, device_model: "SIMULATED" };
    await insertTerminal(tx, { account_id, terminal_id, store_id, ...device }, isoNow(world));
    await insertDevice(tx, { account_id, terminal_id, device_id, public_jwk }, isoNow(world));
  });
  return { account_id, terminal_id, sign: await signer(private_jwk) };
}
