/** A simulated terminal whose device was revoked gets another one: there is nobody who would type its code. */
import { Rejection } from "../domain/rejections.ts";
import { simulatedModel } from "../domain/simulated-serial.ts";
import { replaceSimulatedDevice } from "../storage/simulated-terminals.ts";
import { takePlace } from "./pairing.ts";
import type { SimulatedDevices } from "./simulated-enrolment.ts";
import { lockOwn, switchOn, type TerminalRequest, write } from "./terminal-registration.ts";
import { isoNow, type World } from "./world.ts";

/**
 * Its journal begins anew; its host still knows what it has taken. It is ACTIVE when it has connected. Where a device is
 * paired, nothing changes.
 */
export async function pairSimulated(world: World, devices: SimulatedDevices, request: TerminalRequest): Promise<void> {
  const { account_id, terminal_id } = request;
  const { private_jwk, public_jwk } = await devices.makeKey();
  const is_new = await world.db.transaction(async (tx) => {
    const terminal = await lockOwn(tx, request);
    if (terminal.device_id !== null) return false;
    const { device_serial_number: serial_number } = terminal;
    if (!(await replaceSimulatedDevice(tx, { account_id, terminal_id, private_jwk }))) {
      throw new Rejection("SIMULATED_TERMINAL_NOT_FOUND", { terminal_id });
    }
    const { kty, crv, x, y } = public_jwk as Parameters<typeof takePlace>[4]["public_jwk"];
    const device = { public_jwk: { kty, crv, x, y }, serial_number, model: simulatedModel };
    await takePlace(world, tx, request, terminal, device);
    // Nobody has to look for its configuration either.
    const paired = await lockOwn(tx, request);
    await write(world, tx, { ...paired, check_update_asked_at: isoNow(world) }, request);
    return true;
  });
  if (is_new) await switchOn(world, devices, { account_id, terminal_id });
}
