import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { pairingText } from "../contract/terminal-protocol/pairing.ts";
import { placeOf } from "../domain/network-address.ts";
import { Rejection } from "../domain/rejections.ts";
import * as pairing from "../flows/pairing.ts";
import { revokeDevice as revoke } from "../flows/revocation.ts";
import type { World } from "../flows/world.ts";
import { countDeviceTry } from "../flows/wrong-code.ts";
import { doing, named } from "./terminals.ts";

export const makePairingCode =
  (world: World): Handler<Operations["makePairingCode"]> =>
  (call) =>
    pairing.makePairingCode(world, named(call));

export const revokeDevice = doing(revoke);

/**
 * A device that is being paired has nothing to say who it is with but its code. Wrong ones are counted: beyond the limits
 * everybody is told to wait, but for devices whose code has tries left.
 */
export const pairDevice =
  (world: World): Handler<Operations["pairDevice"]> =>
  async ({ address, body }) => {
    const { wait_s, forgive } = await countDeviceTry(world, placeOf(address));
    try {
      const paired = await pairing.pairDevice(world, body, pairingText(body), wait_s !== undefined);
      await forgive();
      return paired;
    } catch (error) {
      if (!(error instanceof Rejection) || error.code !== "PAIRING_REFUSED") await forgive();
      else if (wait_s !== undefined) throw new Rejection("TOO_MANY_ATTEMPTS", { retry_after_s: wait_s });
      throw error;
    }
  };
