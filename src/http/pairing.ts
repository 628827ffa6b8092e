import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { pairingText } from "../contract/terminal-protocol/pairing.ts";
import type { Clock } from "../domain/environment.ts";
import { Rejection } from "../domain/rejections.ts";
import * as pairing from "../flows/pairing.ts";
import { revokeDevice as revoke } from "../flows/revocation.ts";
import type { World } from "../flows/world.ts";
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
export function pairDevice(world: World): Handler<Operations["pairDevice"]> {
  const wrong = new WrongCodes(world.clock);
  return async ({ address, body }) => {
    const wait_s = wrong.begin(address);
    try {
      const paired = await pairing.pairDevice(world, body, pairingText(body), wait_s !== undefined);
      wrong.forgive(address);
      return paired;
    } catch (error) {
      if (!(error instanceof Rejection) || error.code !== "PAIRING_REFUSED") wrong.forgive(address);
      else if (wait_s !== undefined) throw new Rejection("TOO_MANY_ATTEMPTS", { retry_after_s: wait_s });
      throw error;
    }
  };
}

/** In a minute, in one process: from one address, and from all. */
const window_ms = 60_000;
const wrongFromOneMax = 10;
const wrongFromAllMax = 100;

class WrongCodes {
  readonly #clock: Clock;
  readonly #from = new Map<string, number>();
  #all = 0;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  /** Counted before it is tried, so that many at once are not more. The seconds to wait, where there were too many. */
  begin(address: string): number | undefined {
    const now = this.#clock.monotonic();
    if (now - this.#since >= window_ms) {
      this.#from.clear();
      this.#all = 0;
      this.#since = now;
    }
    const is_too_many = (this.#from.get(address) ?? 0) >= wrongFromOneMax || this.#all >= wrongFromAllMax;
    this.#count(address, 1);
    return is_too_many ? Math.max(1, Math.ceil((this.#since + window_ms - now) / 1000)) : undefined;
  }

  /** It was no wrong code after all. */
  forgive(address: string): void {
    this.#count(address, -1);
  }

  #count(address: string, by: 1 | -1): void {
    const before = this.#from.get(address) ?? 0;
    // Addresses are kept as long as all together stay within reason: beyond the limit for all, one more tells nothing.
    if (before > 0 || this.#all < wrongFromAllMax) this.#from.set(address, Math.max(0, before + by));
    this.#all = Math.max(0, this.#all + by);
  }
}
