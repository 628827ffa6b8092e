import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { pairingPollText, pairingRequestText } from "../contract/terminal-protocol/pairing.ts";
import { placeOf } from "../domain/network-address.ts";
import { present } from "../domain/present.ts";
import { Rejection } from "../domain/rejections.ts";
import { claimDevice as claim, openPairing as open, pollPairing as poll } from "../flows/shown-code.ts";
import type { World } from "../flows/world.ts";
import { countDeviceTry, countOperatorTry } from "../flows/wrong-code.ts";
import { named } from "./terminals.ts";

export const openPairing =
  (world: World): Handler<Operations["openPairing"]> =>
  ({ address, body }) =>
    open(world, body, pairingRequestText(body), placeOf(address));

/** What is asked of a pairing that there is, by its device, is answered; anything else is counted. */
export const pollPairing =
  (world: World): Handler<Operations["pollPairing"]> =>
  async ({ address, params: { pairing_id }, body: { proof, terminal_id } }) => {
    const asked = { pairing_id, proof, terminal_id };
    try {
      return present(await poll(world, asked, pairingPollText(asked)));
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      const { wait_s } = await countDeviceTry(world, placeOf(address));
      throw wait_s === undefined ? error : tooOften(wait_s);
    }
  };

/** After too many wrong codes no code is tried at all: a right one would tell that it was guessed. */
export const claimDevice =
  (world: World): Handler<Operations["claimDevice"]> =>
  async (call) => {
    const tried = await countOperatorTry(world, call.account_id);
    if (tried.wait_s !== undefined) throw tooOften(tried.wait_s);
    try {
      const { serial_number, model, expires_at } = await claim(world, named(call), call.body.code);
      await tried.forgive();
      return { terminal_id: named(call).terminal_id, serial_number, model, expires_at };
    } catch (error) {
      if (!(error instanceof Rejection) || error.code !== "PAIRING_CODE_REFUSED") await tried.forgive();
      throw error;
    }
  };

const tooOften = (retry_after_s: number): Rejection => new Rejection("PAIRING_TOO_OFTEN", { retry_after_s });
