/**
 * Wrong tries within a minute, counted in the database, so that several processes are no more patient than one. For what is
 * too long to be guessed, or is good for minutes only. Passwords and codes of people are another matter: see wrong-try.ts.
 */
import { createHash } from "node:crypto";
import {
  addWrongSecret,
  forgetWrongSecrets,
  forgiveWrongSecrets,
  readWrongSecrets,
  type WrongSecrets,
} from "../storage/wrong-secrets.ts";
import { isoNow, type World } from "./world.ts";

const window_ms = 60_000;

export interface CountedTry {
  /** How long to wait, where there were too many before. */
  readonly wait_s: number | undefined;
  /** It was no wrong one after all. */
  forgive(): Promise<void>;
}

/** Counts one more try at `what`, of which `max` are free in a minute. */
export async function countTry(world: World, what: string, max: number): Promise<CountedTry> {
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

/** Those of more than a minute ago count no longer. */
export async function forgetOldCounts(world: World): Promise<void> {
  const before = new Date(world.clock.now() - window_ms).toISOString();
  await world.db.atOnce((tx) => forgetWrongSecrets(tx, before));
}
