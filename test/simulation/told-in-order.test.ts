/**
 * What is told of a payment, over random histories with refunds, captures, voids, reversals and troubles: it is numbered
 * without a gap, and whoever applies only what is newer ends where the payment stands, however often and in which order it
 * comes. TAPLINE_RUNS=1000 takes more histories, TAPLINE_SEED=… the same ones again.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { Transaction } from "../../src/contract/transaction.ts";
import { eventMessage } from "../../src/domain/event-message.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { updateReference } from "../../src/flows/transaction.ts";
import { type PlacedEvent, placeEvents, readEvents } from "../../src/storage/events.ts";
import { readTransaction } from "../../src/storage/transactions.ts";
import { MoneyHistory } from "../support/money-history.ts";
import { anyScene, shortLimits } from "../support/money-scenes.ts";
import { MoneyServer } from "../support/money-server.ts";

const { account_id } = demo;
let server: MoneyServer;
/** Every payment as it was read right after its creation, by id. */
const asCreated = new Map<string, Transaction>();
/** Where the last history's part of the stream ended. */
let position = 0;

before(async () => {
  server = await MoneyServer.open(shortLimits);
  lookAtEach(server.world);
});
after(() => server.close());

const read = async (id: string): Promise<Transaction> => {
  const transaction = await readTransaction(server.database.db, account_id, id);
  assert.ok(transaction !== undefined);
  return transaction;
};

/** Has each payment looked at when it has just been made, before anything can become of it. */
function lookAtEach({ sales }: MoneyServer["world"]): void {
  const write = sales.write.bind(sales);
  sales.write = async (sale) => {
    const created = await write(sale);
    if (created !== undefined) asCreated.set(sale.transaction_id, await read(sale.transaction_id));
    return created;
  };
}

/** Gives everything that was written its place; answers what is new in the stream. */
async function newInStream(): Promise<PlacedEvent[]> {
  const { db } = server.database;
  const now = new Date(server.clock.now()).toISOString();
  while ((await db.atOnce((tx) => placeEvents(tx, 50, now))).streams.length > 0);
  const found: PlacedEvent[] = [];
  for (;;) {
    const page = await readEvents(db, { account_id, after: position, limit: 100 });
    if (page.length === 0) return found;
    found.push(...page);
    position = page.at(-1)?.position ?? position;
  }
}

interface Told {
  readonly sequence: number;
  readonly transaction: Transaction;
}

/** What a receiver keeps: of each payment what has the highest number. */
function kept(messages: readonly Told[]): Told | undefined {
  let newest: Told | undefined;
  for (const message of messages) if (message.sequence > (newest?.sequence ?? 0)) newest = message;
  return newest;
}

/** As receivers get it: by JSON, once and again, in any order. */
const received = (events: readonly PlacedEvent[], order: readonly number[]): Told[] => {
  const messages = events.map((event) => JSON.stringify(eventMessage(event)));
  const again = order.map((index) => messages[index % messages.length] ?? "");
  const jumbled = [...messages].sort((one, other) => one.length - other.length || one.localeCompare(other));
  return [...again, ...jumbled, ...again].map((message) => JSON.parse(message) as Told);
};

async function checkPayment(id: string, events: readonly PlacedEvent[], order: readonly number[]): Promise<void> {
  const numbers = events.map(({ sequence }) => sequence);
  assert.deepEqual(
    numbers,
    events.map((_, index) => index + 1),
    "numbered from 1 without a gap, in the stream's order",
  );
  // What stands in the stream has been through JSON in every reading.
  const stands = JSON.parse(JSON.stringify(await read(id))) as Transaction;
  assert.deepEqual(kept(received(events, order))?.transaction, stands, "whoever applies what is newer reads the same");
  assert.deepEqual(
    JSON.parse(JSON.stringify(events[0]?.members.transaction)),
    JSON.parse(JSON.stringify(asCreated.get(id))),
    "its creation is told as it was, however late",
  );
}

async function checkToldOf(order: readonly number[]): Promise<number> {
  const events = (await newInStream()).filter(({ type }) => type === "checkout_transaction");
  const ids = new Set(events.map(({ transaction_id }) => transaction_id ?? ""));
  for (const id of ids) {
    await checkPayment(
      id,
      events.filter(({ transaction_id }) => transaction_id === id),
      order,
    );
  }
  const payments = await server.database.sql<{ count: string }>("SELECT count(*) FROM transactions");
  assert.equal(Number(payments[0]?.count), asCreated.size, "a payment was not looked at");
  return events.length;
}

const runs = Number(process.env.TAPLINE_RUNS ?? 12);
const seed = process.env.TAPLINE_SEED;

test("what is told of a payment has no gap, and ends where the payment stands, in any order and however often", async (t) => {
  let told = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyScene, { minLength: 2, maxLength: 8, size: "max" }),
      fc.array(fc.nat({ max: 50 }), { maxLength: 30 }),
      async (scenes, order) => {
        const history = await MoneyHistory.begin(server);
        try {
          for (const step of scenes.flat()) await history.take(step);
          await history.heal();
          const renamed = [...asCreated.values()].at(-1);
          if (renamed !== undefined) {
            const asked = { account_id, transaction_id: renamed.id, merchant_reference_2: "told later" };
            await updateReference(server.world, asked);
          }
          told += await checkToldOf(order);
        } finally {
          await history.end();
        }
      },
    ),
    { numRuns: runs, endOnFailure: true, ...(seed === undefined ? {} : { seed: Number(seed) }) },
  );
  assert.ok(told > runs, "histories in which hardly anything was told of show nothing");
  t.diagnostic(`${told} events of ${asCreated.size} payments`);
});
