/** Lanes and the outbox: each lane is worked on by one process at a time, and nothing is lost with that process. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { statement } from "../../src/storage/database.ts";
import {
  type Delivery,
  insertCallback,
  type NewCallback,
  readDue,
  recordTry,
  type Try,
} from "../../src/storage/deliveries.ts";
import {
  giveLanesBack,
  markFailed,
  pauseLane,
  readDueLanes,
  readLane,
  resumeLane,
  takeLanes,
} from "../../src/storage/lanes.ts";
import { buryDeadProcesses, recordProcessSeen } from "../../src/storage/server-processes.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { account_id } from "./planted.ts";

let database: TestDatabase;
before(async () => {
  database = await makeDatabase();
});
after(() => database.close());
beforeEach(async () => {
  await database.sql("DELETE FROM delivery_attempts");
  await database.sql("DELETE FROM deliveries");
  await database.sql("DELETE FROM delivery_lanes");
});

const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 12, 0, second)).toISOString();
const oslo = "https://oslo.example";
const bergen = "https://bergen.example";
let count = 0;

async function plant(change: Partial<NewCallback> = {}): Promise<string> {
  const id = `delivery_${String(++count).padStart(4, "0")}`;
  const callback: NewCallback = {
    account_id,
    id,
    lane_id: oslo,
    session_id: "session_1",
    transaction_id: "transaction_1",
    transaction_event_id: 3,
    method: "GET",
    url: `${oslo}/callback`,
    body: null,
    due_at: at(0),
    ...change,
  };
  await database.db.atOnce((tx) => insertCallback(tx, callback, at(0)));
  return id;
}

const lane = { account_id, id: oslo };
const lanesFor = async (process_id: string) =>
  (await readDueLanes(database.db, process_id, at(30))).map(({ id, due_at }) => [id, due_at]);
const take = (process_id: string, ids: string[]) =>
  database.db.atOnce((tx) =>
    takeLanes(
      tx,
      process_id,
      ids.map((id) => ({ account_id, id })),
    ),
  );
const due = (now: number, under_way: string[] = [], limit = 100) =>
  readDue(database.db, lane, at(now), under_way, limit);
const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ id }) => id);

const tried = (change: Partial<Try>): Try => ({
  status: "DELIVERED",
  started_at: at(1),
  duration_ms: 12,
  request_headers: { "event-delivery": "1" },
  answer: { status: 200, headers: { server: "till" }, body: "ok" },
  due_at: null,
  ...change,
});

const record = (delivery: Delivery, change: Partial<Try>, now: number) =>
  database.db.atOnce((tx) => recordTry(tx, delivery, tried(change), at(now)));

describe("a lane", () => {
  test("with something to send is anybody's, and tells when its first is due", async () => {
    await plant({ due_at: at(20) });
    await plant({ due_at: at(10) });
    await plant({ lane_id: bergen, due_at: at(5) });
    assert.deepEqual(await lanesFor("one"), [
      [bergen, at(5)],
      [oslo, at(10)],
    ]);
  });

  test("with nothing to send is not found", async () => {
    assert.deepEqual(await lanesFor("one"), []);
    await plant();
    const [delivery] = await due(0);
    assert.ok(delivery !== undefined);
    await record(delivery, {}, 1);
    assert.deepEqual(await lanesFor("one"), []);
  });

  test("is taken by one of many processes that ask at the same moment", async () => {
    await plant();
    await plant({ lane_id: bergen });
    const processes = Array.from({ length: 8 }, (_, index) => `process_${index}`);
    const taken = await Promise.all(processes.map((process_id) => take(process_id, [oslo, bergen])));
    assert.deepEqual(
      taken
        .flat()
        .map(({ id }) => id)
        .sort(),
      [bergen, oslo],
    );
  });

  test("that is taken is nobody else's until it is given back", async () => {
    await plant();
    await take("one", [oslo]);
    assert.deepEqual(await lanesFor("two"), []);
    assert.deepEqual(await lanesFor("one"), [[oslo, at(0)]]);
    await database.db.atOnce((tx) => giveLanesBack(tx, "two", [lane]));
    assert.deepEqual(await lanesFor("two"), [], "another's lane is not theirs to give back");
    await database.db.atOnce((tx) => giveLanesBack(tx, "one", [lane]));
    assert.deepEqual(await lanesFor("two"), [[oslo, at(0)]]);
  });

  test("of a process that has died is free again, with all that was in it", async () => {
    const id = await plant();
    await database.db.atOnce((tx) => recordProcessSeen(tx, "dead", at(0)));
    await take("dead", [oslo]);
    await database.db.atOnce((tx) => buryDeadProcesses(tx, at(5)));
    assert.deepEqual(await lanesFor("two"), [[oslo, at(0)]]);
    assert.deepEqual(idsOf(await due(5)), [id]);
  });

  test("of a process that nobody knows of is free as well: it died before it said that it lives", async () => {
    await plant();
    await take("unknown", [oslo]);
    await database.db.atOnce((tx) => recordProcessSeen(tx, "one", at(0)));
    await database.db.atOnce((tx) => buryDeadProcesses(tx, at(0)));
    assert.deepEqual(await lanesFor("one"), [[oslo, at(0)]]);
  });

  test("that a person paused waits for that person, whatever the server would", async () => {
    await plant();
    await database.db.atOnce((tx) => pauseLane(tx, lane, { paused_by: "till", probe_at: null, now: at(1) }));
    await database.db.atOnce((tx) => pauseLane(tx, lane, { paused_by: "tapline", probe_at: at(9), now: at(2) }));
    assert.deepEqual(await lanesFor("one"), []);
    assert.equal(await database.db.atOnce((tx) => resumeLane(tx, lane, "tapline")), false);
    const paused = await readLane(database.db, lane);
    assert.deepEqual([paused?.paused_by, paused?.paused_at], ["till", at(1)]);
    assert.equal(await database.db.atOnce((tx) => resumeLane(tx, lane, null)), true);
    assert.deepEqual(await lanesFor("one"), [[oslo, at(30)]], "what was kept is due now, whenever it was");
  });

  test("that the server paused is due when it is probed", async () => {
    await plant();
    await database.db.atOnce((tx) => markFailed(tx, lane));
    await database.db.atOnce((tx) => pauseLane(tx, lane, { paused_by: "tapline", probe_at: at(60), now: at(2) }));
    assert.deepEqual(await lanesFor("one"), [[oslo, at(60)]]);
    assert.equal(await database.db.atOnce((tx) => resumeLane(tx, lane, "tapline")), true);
    const resumed = await readLane(database.db, lane);
    assert.deepEqual([resumed?.paused_at, resumed?.draining, resumed?.failures], [null, true, 0]);
  });
});

describe("a delivery", () => {
  test("is read whole, as it was written", async () => {
    const id = await plant({ method: "POST", body: '{"id":"t"}' });
    const [found] = await due(0);
    assert.ok(found?.kind === "callback");
    assert.deepEqual(
      [found.id, found.method, found.body, found.url, found.transaction_event_id, found.attempts],
      [id, "POST", '{"id":"t"}', `${oslo}/callback`, 3, 0],
    );
  });

  test("is due in its time, in its lane, and not while it is under way", async () => {
    const late = await plant({ due_at: at(10) });
    const early = await plant({ due_at: at(5) });
    await plant({ lane_id: bergen });
    assert.deepEqual(idsOf(await due(4)), []);
    assert.deepEqual(idsOf(await due(10)), [early, late]);
    assert.deepEqual(idsOf(await due(10, [early])), [late]);
    assert.deepEqual(idsOf(await due(10, [], 1)), [early]);
  });

  test("that failed is due again later, with its tries counted and what came back kept", async () => {
    const id = await plant();
    const [first] = await due(0);
    assert.ok(first !== undefined);
    await record(first, { status: "PENDING", answer: { problem: "no answer within 10 s" }, due_at: at(12) }, 1);
    assert.deepEqual(await due(11), []);
    const [second] = await due(12);
    assert.equal(second?.attempts, 1);
    const text = "SELECT try, status, problem, response_body FROM delivery_attempts WHERE delivery_id = $1";
    assert.deepEqual(await database.db.query(statement("", text), [id]), [
      { try: 1, status: null, problem: "no answer within 10 s", response_body: null },
    ]);
  });

  for (const status of ["DELIVERED", "REFUSED", "EXHAUSTED"] as const) {
    test(`that is ${status} is never due again, and stays as it ended`, async () => {
      const id = await plant();
      const [found] = await due(0);
      assert.ok(found !== undefined);
      await record(found, { status }, 1);
      await record(found, { status: "PENDING", due_at: at(2) }, 1);
      assert.deepEqual(await due(1_000), []);
      const text = "SELECT status, attempts, last_answer, finished_at FROM deliveries WHERE id = $1";
      const [row] = await database.db.query(statement("", text), [id]);
      assert.deepEqual(row, { status, attempts: 1, last_answer: "HTTP 200", finished_at: at(1) });
    });
  }
});
