/**
 * Guessing what is too long to be guessed, a client's secret or an invitation's token: counted in the database, so that
 * several processes are no more patient than one. Passwords and codes are another matter: see wrong-try.ts.
 */
import { createHash } from "node:crypto";
import { addWrongSecret, forgetWrongSecrets, readWrongSecrets, type WrongSecrets } from "../storage/wrong-secrets.ts";
import { isoNow, type World } from "./world.ts";

/** Wrong secrets of one client within a minute before it is told to wait (field-clients: at least 10). */
const wrongMax = 10;
const window_ms = 60_000;

/** Counts a wrong secret. Answers for how many seconds the client is to wait, 0 if it may try again at once. */
export const countWrongSecret = (world: World, account_id: string, client_id: string): Promise<number> =>
  count(world, `${account_id} ${client_id}`);

/** Counts an invitation's wrong token. No client's name holds the character NUL. */
export const countWrongInvitation = (world: World, address: string): Promise<number> =>
  count(world, `invitation\0${address}`);

async function count(world: World, guessed: string): Promise<number> {
  const client_sha256 = createHash("sha256").update(guessed).digest();
  const known = await readWrongSecrets(world.db, client_sha256);
  // Who has been told to wait and goes on guessing writes nothing more.
  if (known !== undefined && known.count > wrongMax && waits_ms(world, known) > 0) return seconds(world, known);
  const counted_from = new Date(world.clock.now() - window_ms).toISOString();
  const counted = await world.db.atOnce((tx) => addWrongSecret(tx, client_sha256, counted_from, isoNow(world)));
  return counted.count > wrongMax ? seconds(world, counted) : 0;
}

const waits_ms = (world: World, { since }: WrongSecrets): number => Date.parse(since) + window_ms - world.clock.now();

const seconds = (world: World, counted: WrongSecrets): number =>
  Math.max(1, Math.ceil(waits_ms(world, counted) / 1000));

/** Those of more than a minute ago count no longer. */
export async function forgetOldWrongSecrets(world: World): Promise<void> {
  const before = new Date(world.clock.now() - window_ms).toISOString();
  await world.db.atOnce((tx) => forgetWrongSecrets(tx, before));
}
