/**
 * Guessing pairing codes: a try is counted before it is made, so that many at once are not more, and forgiven where it was
 * no wrong one.
 */
import { type CountedTry, countTry } from "./minute-count.ts";
import type { World } from "./world.ts";

/** Wrong codes in a minute: from one place, from all, and typed for one account. */
const fromOneMax = 10;
const fromAllMax = 100;
const ofAccountMax = 10;

/** A device posts a code that was typed on it, or asks for a pairing that may be none. */
export async function countDeviceTry(world: World, place: string): Promise<CountedTry> {
  const from_all = await countTry(world, "pairing, from all", fromAllMax);
  // Beyond the limit for all a place tells nothing more, and a stranger with many of them writes nothing more.
  if (from_all.wait_s !== undefined) return from_all;
  const from_one = await countTry(world, `pairing, from ${place}`, fromOneMax);
  const forgive = async () => {
    await from_one.forgive();
    await from_all.forgive();
  };
  return { wait_s: from_one.wait_s, forgive };
}

/** An operator types a code that a device shows. */
export const countOperatorTry = (world: World, account_id: string): Promise<CountedTry> =>
  countTry(world, `pairing, by ${account_id}`, ofAccountMax);
