/**
 * Guessing pairing codes: tries are counted in the database, so that several processes are no more patient than one. A try
 * is counted before it is made, so that many at once are not more, and forgiven where it was no wrong one.
 */
import { createHash } from "node:crypto";
import { addWrongSecret, forgiveWrongSecrets, readWrongSecrets, type WrongSecrets } from "../storage/wrong-secrets.ts";
import { isoNow, type World } from "./world.ts";

const window_ms = 60_000;
/** Wrong codes in a minute: from one place, from all, and typed for one account. */
const fromOneMax = 10;
const fromAllMax = 100;
const ofAccountMax = 10;

export interface CountedTry {
  /** How long to wait, where there were too many before. */
  readonly wait_s: number | undefined;
  forgive(): Promise<void>;
}

/** A device posts a code that was typed on it, or asks for a pairing that may be none. */
export async function countDeviceTry(world: World, place: string): Promise<CountedTry> {
  const from_all = await count(world, "pairing, from all", fromAllMax);
  // Beyond the limit for all a place tells nothing more, and a stranger with many of them writes nothing more.
  if (from_all.wait_s !== undefined) return from_all;
  const from_one = await count(world, `pairing, from ${place}`, fromOneMax);
  const forgive = async () => {
    await from_one.forgive();
    await from_all.forgive();
  };
  return { wait_s: from_one.wait_s, forgive };
}

/** An operator types a code that a device shows. */
export const countOperatorTry = (world: World, account_id: string): Promise<CountedTry> =>
  count(world, `pairing, by ${account_id}`, ofAccountMax);

async function count(world: World, what: string, max: number): Promise<CountedTry> {
  const key = createHash("sha256").update(what).digest();
  const known = await readWrongSecrets(world.db, key);
  // Who has been told to wait and goes on guessing writes nothing more.
  if (known !== undefined && known.count > max && left_ms(world, known) > 0) {
    return { wait_s: seconds(world, known), forgive: async () => {} };
  }
  const counted_from = new Date(world.clock.now() - window_ms).toISOString();
  const counted = await world.db.atOnce((tx) => addWrongSecret(tx, key, counted_from, isoNow(world)));
  return {
    wait_s: counted.count > max ? seconds(world, counted) : undefined,
    forgive: () => world.db.atOnce((tx) => forgiveWrongSecrets(tx, key)),
  };
}

const left_ms = (world: World, { since }: WrongSecrets): number => Date.parse(since) + window_ms - world.clock.now();

const seconds = (world: World, counted: WrongSecrets): number => Math.max(1, Math.ceil(left_ms(world, counted) / 1000));
