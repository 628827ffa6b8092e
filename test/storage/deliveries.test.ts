/** The outbox: each delivery is leased by one sender at a time, and is never lost with the sender. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { statement } from "../../src/storage/database.ts";
import {
  type Delivery,
  insertDelivery,
  leaseDeliveries,
  type NewDelivery,
  readNextDue,
  recordDelivery,
} from "../../src/storage/deliveries.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { account_id } from "./planted.ts";

let database: TestDatabase;
before(async () => {
  database = await makeDatabase();
});
after(() => database.close());
beforeEach(async () => {
  await database.sql("DELETE FROM deliveries");
});

const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 12, 0, second)).toISOString();
let count = 0;

async function plant(change: Partial<NewDelivery> = {}): Promise<string> {
  const id = `delivery_${String(++count).padStart(4, "0")}`;
  const delivery: NewDelivery = {
    account_id,
    id,
    kind: "callback",
    session_id: "session_1",
    transaction_id: "transaction_1",
    transaction_event_id: 3,
    method: "GET",
    url: "https://example.com/callback",
    body: null,
    due_at: at(0),
    ...change,
  };
  await database.db.atOnce((tx) => insertDelivery(tx, delivery, at(0)));
  return id;
}

const lease = (now: number, until: number, limit = 100) =>
  database.db.atOnce((tx) => leaseDeliveries(tx, at(now), at(until), limit));
const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ id }) => id).sort();

const record = (delivery: Delivery, result: Parameters<typeof recordDelivery>[2], now: number) =>
  database.db.atOnce((tx) => recordDelivery(tx, delivery, result, at(now)));

describe("a delivery", () => {
  test("is leased whole, as it was written", async () => {
    const id = await plant({ method: "POST", body: '{"id":"t"}' });
    const [leased] = await lease(0, 30);
    assert.deepEqual(
      [leased?.id, leased?.method, leased?.body, leased?.url, leased?.transaction_event_id, leased?.attempts],
      [id, "POST", '{"id":"t"}', "https://example.com/callback", 3, 0],
    );
  });

  test("is leased when it is due, and not before", async () => {
    const id = await plant({ due_at: at(10) });
    assert.deepEqual(await lease(9, 39), []);
    assert.deepEqual(idsOf(await lease(10, 40)), [id]);
  });

  test("that is leased is nobody else's until the lease has run out", async () => {
    const id = await plant();
    assert.deepEqual(idsOf(await lease(0, 30)), [id]);
    assert.deepEqual(await lease(29, 59), []);
    assert.deepEqual(idsOf(await lease(30, 60)), [id]);
    assert.deepEqual(await lease(59, 89), []);
  });

  test("is leased by one of two senders that look at the same moment", async () => {
    const planted: string[] = [];
    for (let made = 0; made < 20; made++) planted.push(await plant());
    await database.db.transaction(async (first) => {
      const mine = await leaseDeliveries(first, at(0), at(30), 8);
      // The other looks while the first has not committed: it neither waits nor takes the same.
      const waited = new Promise<never>((_, reject) => setTimeout(reject, 2_000, new Error("It waited.")).unref());
      const theirs = await Promise.race([lease(0, 30), waited]);
      assert.equal(mine.length, 8);
      assert.deepEqual([...idsOf(mine), ...idsOf(theirs)].sort(), planted);
    });
    assert.deepEqual(await lease(0, 30), []);
  });

  test("is leased once by many senders that look again and again", async () => {
    const planted: string[] = [];
    for (let made = 0; made < 60; made++) planted.push(await plant());
    const leased: string[] = [];
    const senders = Array.from({ length: 6 }, async () => {
      for (;;) {
        const taken = await lease(0, 30, 4);
        if (taken.length === 0) return;
        leased.push(...idsOf(taken));
      }
    });
    await Promise.all(senders);
    assert.deepEqual(leased.sort(), planted);
  });

  test("is leased in the order in which it became due, where there is not room for all", async () => {
    const late = await plant({ due_at: at(2) });
    const early = await plant({ due_at: at(1) });
    assert.deepEqual(idsOf(await lease(5, 35, 1)), [early]);
    assert.deepEqual(idsOf(await lease(5, 35, 1)), [late]);
  });

  test("that failed is free again when it is due again, with its tries counted", async () => {
    await plant();
    const [first] = await lease(0, 30);
    assert.ok(first !== undefined);
    await record(first, { status: "PENDING", answer: "HTTP 500", due_at: at(12) }, 1);
    assert.deepEqual(await lease(11, 41), []);
    const [second] = await lease(12, 42);
    assert.equal(second?.attempts, 1);
  });

  for (const status of ["DELIVERED", "REFUSED", "EXHAUSTED"] as const) {
    test(`that is ${status} is never leased again, and keeps its answer and the time of its end`, async () => {
      const id = await plant();
      const [leased] = await lease(0, 30);
      assert.ok(leased !== undefined);
      await record(leased, { status, answer: "HTTP 200", due_at: null }, 1);
      assert.deepEqual(await lease(1_000, 1_030), []);
      const text = "SELECT status, attempts, last_answer, finished_at, leased_until FROM deliveries WHERE id = $1";
      const [row] = await database.db.query(statement("", text), [id]);
      const expected = { status, attempts: 1, last_answer: "HTTP 200", finished_at: at(1), leased_until: null };
      assert.deepEqual(row, expected);
    });
  }
});

describe("the time of the next delivery", () => {
  test("is none where none waits", async () => {
    assert.equal(await readNextDue(database.db), undefined);
    await plant();
    const [leased] = await lease(0, 30);
    assert.ok(leased !== undefined);
    await record(leased, { status: "DELIVERED", answer: "HTTP 200", due_at: null }, 1);
    assert.equal(await readNextDue(database.db), undefined);
  });

  test("is that of the first that is due", async () => {
    await plant({ due_at: at(20) });
    await plant({ due_at: at(10) });
    assert.equal(await readNextDue(database.db), at(10));
  });

  test("is the end of a lease, where the delivery is in somebody's hands", async () => {
    await plant();
    await lease(5, 35);
    assert.equal(await readNextDue(database.db), at(35));
    await plant({ due_at: at(40) });
    assert.equal(await readNextDue(database.db), at(35));
  });
});
