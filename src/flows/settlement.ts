/**
 * Settlements, from midnight to the list.
 *
 *   settleDays           a sweep: every account whose day has ended
 *     settleStep         one transaction: a batch of the day's captures and refunds, or the day's end
 *   generateTestReport   a settlement to look at, of a test account's transactions: it settles nothing
 *
 * Whatever ends half-way goes on where it ended: the day and its settlements are rows, and each event's item is written in
 * the transaction that marks it. Two processes take turns by the account's calendar.
 */
import { serverItself } from "../domain/api-client.ts";
import { newUuid } from "../domain/ids.ts";
import {
  type Day,
  dayToSettle,
  dueAfter,
  type OpenSettlement,
  placeOf,
  referenceOf,
  settleAfter_ms,
  settledTransaction,
  type UnsettledTransaction,
} from "../domain/settlement.ts";
import type { Tx } from "../storage/database.ts";
import {
  type Calendar,
  closeSettlements,
  lockDueCalendar,
  lockUnsettled,
  openSettlements,
  readDueAccounts,
  updateCalendar,
  writeSettled,
} from "../storage/settling.ts";
import { tellOfTransactions } from "./event.ts";
import { tellOfSettlement } from "./set-up-event.ts";
import { isoNow, type World } from "./world.ts";

/** Accounts looked at in one sweep; the next takes the rest. */
const accountsMax = 1_000;
/** Transactions of a batch: a till whose refund meets it waits for some ten milliseconds. */
const batchMax = 100;
/** Steps for one account in a sweep, so that a long catching up does not hold up the others. */
const stepsMax = 100;
/** A sweep that takes longer leaves the rest to the next: a stop of the server waits for it. */
const sweepMax_ms = 5_000;

const iso = (moment: number): string => new Date(moment).toISOString();

/** Settles every day that has ended. Safe in several processes at once, and again after a crash. */
export async function settleDays(world: World, batch = batchMax): Promise<void> {
  const until = world.clock.monotonic() + sweepMax_ms;
  const isTime = () => world.clock.monotonic() < until;
  for (const account_id of await readDueAccounts(world.db, isoNow(world), accountsMax)) {
    if (!isTime()) return;
    try {
      let steps = 0;
      while (isTime() && steps++ < stepsMax && (await settleStep(world, account_id, batch)));
    } catch (error) {
      // One account's trouble holds up no other's day; the next sweep tries again.
      world.log.error({ account_id, problem: String(error) }, "an account could not be settled");
    }
  }
}

/** One transaction. False where there is nothing more to do for now, or another process is at it. */
export function settleStep(world: World, account_id: string, batch = batchMax): Promise<boolean> {
  return world.db.transaction(async (tx) => {
    const calendar = await lockDueCalendar(tx, account_id, isoNow(world));
    if (calendar === undefined) return false;
    const day = dayOf(calendar);
    if (world.clock.now() < day.end + settleAfter_ms) {
      const { day_ends_at } = calendar;
      await updateCalendar(tx, account_id, {
        settled_until: iso(day.start),
        day_ends_at,
        due_at: iso(day.end + settleAfter_ms),
      });
      return false;
    }
    const due = await lockUnsettled(tx, account_id, iso(day.end), batch);
    if (due.length === 0) await endDay(world, tx, calendar, day);
    else await settleBatch(world, tx, calendar, day, due);
    return true;
  });
}

/** The one that was begun, as it was begun; else the next. */
function dayOf({ settled_until, day_ends_at, account_created_at, time_zone }: Calendar): Day {
  const start = settled_until === null ? undefined : Date.parse(settled_until);
  const day = dayToSettle(start, Date.parse(account_created_at), time_zone);
  return day_ends_at === null ? day : { ...day, end: Date.parse(day_ends_at) };
}

async function settleBatch(
  world: World,
  tx: Tx,
  { account_id, time_zone }: Calendar,
  day: Day,
  due: Awaited<ReturnType<typeof lockUnsettled>>,
): Promise<void> {
  const now = isoNow(world);
  const places = { start_at: iso(day.start), end_at: iso(day.end) };
  const begun = newSettlements(world, due, day, time_zone);
  const open = await openSettlements(tx, account_id, begun, places, now);
  const byPlace = new Map(open.map((settlement) => [placeOf(settlement), settlement]));
  const settled = due.map(({ events, ...transaction }) => {
    const settlement = byPlace.get(placeOf(transaction));
    if (settlement === undefined) throw new Error(`The settlement of transaction ${transaction.id} is closed already.`);
    return settledTransaction(transaction, events, settlement);
  });
  await writeSettled(tx, account_id, settled, { now, created_by: serverItself });
  // R74: an update as any other. Whoever keeps transactions by what it is told has them as they read.
  await tellOfTransactions(
    world,
    tx,
    account_id,
    due.map(({ id }) => id),
  );
  await updateCalendar(tx, account_id, { settled_until: places.start_at, day_ends_at: places.end_at, due_at: now });
}

/** One for each seller and store among them. */
function newSettlements(
  { random }: World,
  due: readonly Pick<UnsettledTransaction, "payout_destination_id" | "store_id">[],
  day: Day,
  time_zone: string,
): OpenSettlement[] {
  const places = new Map(due.map((transaction) => [placeOf(transaction), transaction]));
  return [...places.values()].map(({ payout_destination_id, store_id }) => {
    const id = newUuid(random);
    return { id, payout_destination_id, store_id, provider_reference: referenceOf(id, day, time_zone) };
  });
}

/** The day's settlements are whole, and everybody is told of them. */
async function endDay(world: World, tx: Tx, { account_id, time_zone }: Calendar, day: Day): Promise<void> {
  const made = await closeSettlements(tx, account_id, isoNow(world));
  const due_at = iso(dueAfter(day.end, time_zone));
  await updateCalendar(tx, account_id, { settled_until: iso(day.end), day_ends_at: null, due_at });
  for (const id of made) await tellOfSettlement(world, tx, account_id, id);
  if (made.length > 0)
    world.log.info({ account_id, settlements: made.length, end_at: iso(day.end) }, "a day is settled");
}
