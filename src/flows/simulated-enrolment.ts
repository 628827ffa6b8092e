/** A simulated terminal comes into being: its registration, its device's key, and the row that a server process hosts. */
import { newId } from "../domain/ids.ts";
import { simulatedModel } from "../domain/simulated-serial.ts";
import type { Tx } from "../storage/database.ts";
import { insertSimulatedTerminal } from "../storage/simulated-terminals.ts";
import { insertDevice, insertTerminal, type NewTerminal } from "../storage/terminals.ts";
import { isoNow, type World } from "./world.ts";

/** A device's key pair, made by whoever is to play the device. */
export interface NewDeviceKey {
  readonly private_jwk: JsonWebKey;
  readonly public_jwk: JsonWebKey;
}

/** The port to whoever plays the devices: flows know no simulator. */
export interface SimulatedDevices {
  makeKey(): Promise<NewDeviceKey>;
  /** Switches on what nobody runs yet. A process that runs no simulated terminals does nothing. */
  takeOn(): Promise<void>;
}

/** ACTIVE at once: there is nobody who would have to unpack it. */
export async function enrolSimulated(
  world: World,
  tx: Tx,
  terminal: Omit<NewTerminal, "status" | "device_model"> & { readonly created_by: string },
  { private_jwk, public_jwk }: NewDeviceKey,
): Promise<void> {
  const { account_id, terminal_id, device_serial_number, created_by } = terminal;
  const now = isoNow(world);
  await insertTerminal(tx, { ...terminal, device_model: simulatedModel, status: "ACTIVE" }, now);
  const device_id = newId("dev", world.clock.now(), world.random);
  const device = { device_id, public_jwk, serial_number: device_serial_number, model: simulatedModel };
  await insertDevice(tx, { account_id, terminal_id, ...device, paired_by: created_by }, now);
  await insertSimulatedTerminal(tx, { account_id, terminal_id, private_jwk });
}
