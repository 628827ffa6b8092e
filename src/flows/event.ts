/**
 * Telling what happened: an event is written in the transaction that made it, and everybody who is to know is told from
 * there, at least once and under its one id.
 */
import type { EventType } from "../contract/events.ts";
import type { Transaction } from "../contract/transaction.ts";
import { newId } from "../domain/ids.ts";
import type { Tx } from "../storage/database.ts";
import { forgetCallbacks } from "../storage/deliveries.ts";
import { forgetEvents, insertEvent, insertTransactionEvents } from "../storage/events.ts";
import { readTransactions } from "../storage/transactions.ts";
import { isoNow, type World } from "./world.ts";

interface Money {
  readonly account_id: string;
  readonly transaction_id: string;
}

/**
 * Tells of a transaction as it stands now, under the lock of its row. Answers it: the callback's body is the same.
 * Throws where there is none.
 */
export async function tellOfTransaction(world: World, tx: Tx, money: Money): Promise<Transaction> {
  const { account_id, transaction_id } = money;
  const [transaction] = await tellOfTransactions(world, tx, account_id, [transaction_id]);
  if (transaction === undefined) throw new Error(`There is no transaction ${transaction_id}.`);
  return transaction;
}

/** The same of many at once. */
export async function tellOfTransactions(
  world: World,
  tx: Tx,
  account_id: string,
  transaction_ids: readonly string[],
): Promise<Transaction[]> {
  const transactions = await readTransactions(tx, account_id, transaction_ids);
  await insertTransactionEvents(tx, account_id, transactions, isoNow(world));
  return transactions;
}

export interface Told {
  readonly account_id: string;
  readonly type: EventType;
  readonly session_id?: string | undefined;
  readonly transaction_id?: string | undefined;
  /** For this hook alone. */
  readonly hook_id?: string | undefined;
  /** The members of the message: how things stand now. */
  readonly members: object;
}

/** Tells of anything else. */
export async function tellOf(world: Pick<World, "clock" | "random">, tx: Tx, told: Told): Promise<void> {
  const now = world.clock.now();
  await insertEvent(tx, { ...told, id: newId("evt", now, world.random), created_at: new Date(now).toISOString() });
}

/** As long as a terminal keeps its results (prompt-life section 4): a stream resumed within it misses nothing. */
const keptFor_ms = 30 * 24 * 60 * 60 * 1000;
/** Forgotten in one transaction, and such transactions in one sweep: a backlog is worked off in the next ones. */
const forgottenTogether = 2_000;
const lotsMax = 20;

/** Forgets what happened long ago, but for what somebody is still to be told. */
export async function forgetOldEvents(world: World): Promise<void> {
  const before = new Date(world.clock.now() - keptFor_ms).toISOString();
  for (const forgetLot of [forgetEvents, forgetCallbacks]) {
    for (let lots = 0; lots < lotsMax; lots++) {
      const forgotten = await world.db.atOnce((tx) => forgetLot(tx, before, forgottenTogether));
      if (forgotten < forgottenTogether) break;
    }
  }
}
