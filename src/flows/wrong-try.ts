/**
 * Guessing a password or a one-time code. A try is counted before it is looked at, so that many at once are no more than
 * one after another, and forgiven when it was right. Who has to wait is not looked at, right or wrong.
 */
import { createHash } from "node:crypto";
import { Rejection } from "../domain/rejections.ts";
import { type TryLimit, triesKept_ms, tryLimits, waitAfter } from "../domain/wrong-tries.ts";
import {
  forgetOldTries,
  forgetTriesOf,
  lockWrongTries,
  type WrongTries,
  writeWrongTries,
} from "../storage/wrong-tries.ts";
import { isoNow, type World } from "./world.ts";

export interface Guess {
  readonly of: "password" | "code";
  readonly account_id: string;
  /** Whose: the email address that was named for a password, the user's id for a code. */
  readonly user: string;
  readonly address: string;
  /** Whether that user has signed in from there. */
  readonly is_known_address: boolean;
}

interface Counter {
  readonly subject: Buffer;
  readonly limit: TryLimit;
}

function countersOf({ of, account_id, user, address, is_known_address }: Guess): Counter[] {
  const counter = (limit: TryLimit, ...parts: string[]): Counter => ({
    limit,
    subject: createHash("sha256")
      .update([of, ...parts].join("\0"))
      .digest(),
  });
  return [
    counter(tryLimits.user_from_address, "from", account_id, user, address),
    ...(is_known_address ? [] : [counter(tryLimits.user_from_strangers, "strangers", account_id, user)]),
    counter(tryLimits.address, "address", address),
  ];
}

const no_wait = new Date(0).toISOString();

/** Counts the try. Throws `TOO_MANY_TRIES`, and counts nothing, while one of its counters waits. */
export async function beginTry(world: World, guess: Guess): Promise<void> {
  const counters = countersOf(guess);
  const subjects = counters.map(({ subject }) => subject);
  const wait_ms = await world.db.transaction(async (tx) => {
    const rows = await lockWrongTries(tx, subjects, isoNow(world), no_wait);
    const now = world.clock.now();
    const longest_ms = Math.max(...rows.map(({ waits_until }) => Date.parse(waits_until) - now));
    if (longest_ms > 0) return longest_ms;
    for (const { subject, limit } of counters) {
      const row = rowOf(rows, subject);
      const is_old = Date.parse(row.last_at) < now - triesKept_ms;
      const count = is_old ? 1 : row.count + 1;
      const wait_s = waitAfter(limit, count);
      const waits_until = wait_s === 0 ? no_wait : new Date(now + wait_s * 1000).toISOString();
      await writeWrongTries(tx, { subject_sha256: subject, count, last_at: isoNow(world), waits_until });
    }
    return 0;
  });
  if (wait_ms > 0) throw new Rejection("TOO_MANY_TRIES", { retry_after_s: Math.ceil(wait_ms / 1000) });
}

/** It was right after all. */
export async function forgiveTry(world: World, guess: Guess): Promise<void> {
  const subjects = countersOf(guess).map(({ subject }) => subject);
  await world.db.transaction(async (tx) => {
    for (const row of await lockWrongTries(tx, subjects, isoNow(world), no_wait)) {
      await writeWrongTries(tx, { ...row, count: Math.max(0, row.count - 1), waits_until: no_wait });
    }
  });
}

/** Whoever has signed in begins anew at that address. What strangers have tried elsewhere stays counted. */
export async function forgetTriesFromHere(world: World, guesses: readonly Guess[]): Promise<void> {
  const subjects = guesses.flatMap((guess) => countersOf(guess).slice(0, 1)).map(({ subject }) => subject);
  await world.db.atOnce((tx) => forgetTriesOf(tx, subjects));
}

export async function forgetLongAgoTries(world: World): Promise<void> {
  const before = new Date(world.clock.now() - triesKept_ms).toISOString();
  await world.db.atOnce((tx) => forgetOldTries(tx, before));
}

function rowOf(rows: readonly WrongTries[], subject: Buffer): WrongTries {
  const row = rows.find(({ subject_sha256 }) => subject_sha256.equals(subject));
  if (row === undefined) throw new Error("A counter of wrong tries is not there under its lock.");
  return row;
}
