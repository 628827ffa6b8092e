/**
 * A lane from the first failure to the last of its backlog: paused, probed, drained in order; and what else may happen to
 * it: a person pauses it, its process dies or is taken for dead, the database goes, others wait for their turn.
 */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { Sender } from "../../src/delivery/sender.ts";
import { DatabaseUnavailable } from "../../src/storage/database.ts";
import { lockHook, markHookDeleted } from "../../src/storage/hooks.ts";
import { pauseLane, resumeLane } from "../../src/storage/lanes.ts";
import { buryDeadProcesses } from "../../src/storage/server-processes.ts";
import { account_id } from "../storage/planted.ts";
import {
  type Behaviour,
  behaviours,
  closeReceivers,
  openReceiver,
  type Receiver,
} from "../support/hostile-receiver.ts";
import { until } from "../support/shop.ts";
import { TellingScene } from "../support/telling-scene.ts";

/** The number of each event that has come, in the order of their coming, probes left out. */
const numbersOf = ({ received }: Pick<Receiver, "received">): number[] =>
  received.flatMap(({ body, headers }) => (headers.event === "ping" ? [] : JSON.parse(body).account.time));
const pingsOf = ({ received }: Receiver): number => received.filter(({ headers }) => headers.event === "ping").length;

/** Answers as it is told, from now on. */
interface Moody {
  readonly receiver: Receiver;
  behave: Behaviour;
}

async function openMoody(first: Behaviour): Promise<Moody> {
  const moody: { behave: Behaviour } = { behave: first };
  const receiver = await openReceiver((...asked) => moody.behave(...asked));
  return Object.assign(moody, { receiver });
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("a hook whose receiver fails", () => {
  let scene: TellingScene;
  before(async () => {
    scene = await TellingScene.open({ failures_max: 4 });
  });
  beforeEach(async () => {
    await scene.database.sql("UPDATE hooks SET active = false");
  });
  after(async () => {
    await closeReceivers();
    await scene.close();
  });
  const isPaused = (hook_id: string) =>
    until(async () => {
      const lane = await scene.lane(hook_id);
      return lane.paused_at !== null && lane;
    });
  const isDrained = (hook_id: string) =>
    until(async () => {
      const rows = await scene.deliveriesOf(hook_id);
      const { draining, paused_at } = await scene.lane(hook_id);
      return rows.every(({ status }) => status === "DELIVERED") && !draining && paused_at === null;
    });

  test("is paused and asked again, and then has everything in order, each once; a person is told once", async () => {
    const told = await openMoody(behaviours.answers(503));
    const hook_id = await scene.addHook(told.receiver.url);
    await scene.tell(40);
    assert.equal((await isPaused(hook_id)).paused_by, "tapline");
    await until(() => pingsOf(told.receiver) >= 1);
    const spent = (await scene.deliveriesOf(hook_id)).map(({ attempts }) => attempts);
    await until(() => pingsOf(told.receiver) >= 3);
    assert.deepEqual(
      (await scene.deliveriesOf(hook_id)).map(({ attempts }) => attempts),
      spent,
      "a probe spends no try",
    );
    const [incident, ...more] = (await scene.incidents()).filter(({ subject }) => subject.startsWith(hook_id));
    assert.deepEqual([incident?.kind, incident?.outcome, more.length], ["RECEIVER_FAILING", null, 0]);
    await scene.tell(10);
    told.receiver.received.length = 0;
    told.behave = behaviours.answers(200);
    await isDrained(hook_id);
    assert.deepEqual(numbersOf(told.receiver), [...upTo(40), ...upTo(10)]);
    const settled = (await scene.incidents()).find(({ subject }) => subject.startsWith(hook_id));
    assert.equal(settled?.outcome, "settled");
  });

  test("is paused again where it fails in its backlog, and goes on at the same place", async () => {
    const told = await openMoody(behaviours.answers(500));
    const hook_id = await scene.addHook(told.receiver.url);
    await scene.tell(20);
    await isPaused(hook_id);
    told.receiver.received.length = 0;
    told.behave = (answer, receiver, { headers }) => {
      const fails = headers.event !== "ping" && numbersOf(receiver).length === 6;
      answer.writeHead(fails ? 500 : 200).end();
    };
    await isDrained(hook_id);
    const numbers = numbersOf(told.receiver);
    assert.deepEqual(numbers, [...upTo(6), 5, ...upTo(20).slice(6)]);
    const incidents = (await scene.incidents()).filter(({ subject }) => subject.startsWith(hook_id));
    assert.equal(incidents.length, 1, "it is one trouble");
  });

  test("has not come back where somebody else answers at its address", async () => {
    const told = await openMoody(behaviours.answers(503));
    const hook_id = await scene.addHook(told.receiver.url);
    await scene.tell(10);
    await isPaused(hook_id);
    told.behave = behaviours.answers(404);
    const pings = pingsOf(told.receiver);
    await until(() => pingsOf(told.receiver) >= pings + 2);
    assert.notEqual((await scene.lane(hook_id)).paused_at, null);
    told.behave = behaviours.answers(200);
    await isDrained(hook_id);
  });

  test("that is deleted gets nothing more, and what waited is refused", async () => {
    const told = await openMoody(behaviours.answers(503));
    const hook_id = await scene.addHook(told.receiver.url);
    await scene.tell(10);
    await isPaused(hook_id);
    told.behave = behaviours.answers(200);
    told.receiver.received.length = 0;
    const change = { account_id, id: hook_id, changed_by: "till" };
    await scene.database.db.atOnce((tx) => markHookDeleted(tx, change, new Date().toISOString()));
    scene.wake();
    await until(async () => (await scene.deliveriesOf(hook_id)).every(({ status }) => status === "REFUSED"));
    assert.deepEqual(numbersOf(told.receiver), []);
  });

  test("and is being changed by a person holds up nobody's events", async () => {
    const told = await openMoody(behaviours.answers(200));
    const hook_id = await scene.addHook(told.receiver.url);
    await scene.database.db.transaction(async (tx) => {
      await lockHook(tx, account_id, hook_id);
      await scene.tell(3);
      await until(() => numbersOf(told.receiver).length === 3);
    });
  });

  test("waits for the person who paused it, and then has everything in order", async () => {
    const told = await openMoody(behaviours.answers(200));
    const hook_id = await scene.addHook(told.receiver.url);
    await scene.tell(1);
    await until(() => told.receiver.received.length === 1);
    const lane = { account_id, id: hook_id };
    const { db } = scene.database;
    const paused = { paused_by: "till", probe_at: null, now: new Date().toISOString() };
    await db.atOnce((tx) => pauseLane(tx, lane, paused));
    await scene.tell(30);
    await until(async () => (await scene.deliveriesOf(hook_id)).length === 31);
    const beside = await openReceiver(behaviours.answers(200));
    const callback = await scene.callBack(beside.url);
    await until(async () => (await scene.delivery(callback)).status === "DELIVERED");
    assert.equal(told.receiver.received.length, 1);
    await db.atOnce((tx) => resumeLane(tx, lane, null));
    await isDrained(hook_id);
    assert.deepEqual(numbersOf(told.receiver), [0, ...upTo(30)]);
  });

  test("that a person pauses while it is being sent to has nothing new begun", async () => {
    const waiting: (() => void)[] = [];
    const told = await openMoody((answer) => waiting.push(() => answer.end()));
    const hook_id = await scene.addHook(told.receiver.url);
    await scene.tell(100);
    await until(() => waiting.length === 8);
    const paused = { paused_by: "till", probe_at: null, now: new Date().toISOString() };
    await scene.database.db.atOnce((tx) => pauseLane(tx, { account_id, id: hook_id }, paused));
    told.behave = behaviours.answers(200);
    for (const answer of waiting) answer();
    await until(async () => (await scene.lane(hook_id)).held_by === null);
    // What had been read by then went out.
    assert.ok(told.receiver.received.length <= 16, `${told.receiver.received.length} came`);
    await scene.database.db.atOnce((tx) => resumeLane(tx, { account_id, id: hook_id }, null));
    await isDrained(hook_id);
    assert.deepEqual(
      [...new Set(numbersOf(told.receiver))].sort((one, other) => one - other),
      upTo(100),
    );
  });
});

describe("callbacks to a receiver that fails", () => {
  let scene: TellingScene;
  before(async () => {
    scene = await TellingScene.open({ failures_max: 2 });
  });
  after(async () => {
    await closeReceivers();
    await scene.close();
  });

  test("go on by their schedule, however often it fails, and are a person's when the last is spent", async () => {
    const receiver = await openReceiver(behaviours.answers(500));
    const id = await scene.callBack(receiver.url);
    for (let tries = 1; tries <= 20; tries++) {
      assert.equal((await scene.triedTimes(id, tries)).status, "PENDING");
      await scene.hurry();
    }
    assert.equal((await scene.triedTimes(id, 21)).status, "EXHAUSTED");
    const lane = await scene.lane(new URL(receiver.url).origin);
    assert.equal(lane.paused_at, null);
    const [incident] = await scene.incidents();
    assert.deepEqual([incident?.kind, incident?.subject.split(" ")[0]], ["DELIVERY_EXHAUSTED", id]);
    assert.equal((await scene.attemptsOf(id)).length, 21);
    // Sent again in vain, it is a person's again.
    await scene.database.sql(
      "UPDATE incidents SET decided_at = now(), decided_by = 'till', outcome = 'settled', reason = 'x'",
    );
    await scene.database.sql(
      "UPDATE deliveries SET status = 'PENDING', attempts = 20, finished_at = NULL, due_at = now() WHERE id = $1",
      [id],
    );
    scene.wake();
    await until(async () => (await scene.incidents()).some(({ outcome }) => outcome === null));
  });
});

describe("a lane", () => {
  let scene: TellingScene;
  beforeEach(async () => {
    scene = await TellingScene.open({ lanes_max: 4, turn_ms: 100, callback_timeout_ms: 300 });
  });
  afterEach(async () => {
    await closeReceivers();
    await scene.close();
  });

  test("gets its turn where more hang than can be worked on at once", async () => {
    const hanging = await Promise.all(Array.from({ length: 12 }, () => openReceiver(behaviours.hangs)));
    for (const { url } of hanging) for (let time = 0; time < 10; time++) await scene.callBack(url);
    const good = await Promise.all(Array.from({ length: 6 }, () => openReceiver(behaviours.answers(200))));
    for (const { url } of good) for (let time = 0; time < 5; time++) await scene.callBack(url);
    await until(() => good.every(({ received }) => received.length >= 5));
    await until(() => hanging.every(({ received }) => received.length > 0));
    const held = await scene.database.sql("SELECT FROM delivery_lanes WHERE held_by IS NOT NULL");
    assert.ok(held.length <= 4, `${held.length} lanes are held`);
  });

  test("of a process that was taken for dead and lives is left to whoever has it now", async () => {
    const waiting: (() => void)[] = [];
    const told = await openMoody((answer) => waiting.push(() => answer.end()));
    const hook_id = await scene.addHook(told.receiver.url);
    await scene.tell(60);
    await until(() => waiting.length === 8);
    const later = new Date(Date.now() + 60_000).toISOString();
    await scene.database.db.atOnce((tx) => buryDeadProcesses(tx, later));
    const other = await scene.beside("process_two");
    try {
      await until(() => waiting.length === 16);
      assert.equal((await scene.lane(hook_id)).held_by, "process_two");
      told.behave = behaviours.answers(200);
      for (const answer of waiting) answer();
      await until(async () => (await scene.deliveriesOf(hook_id)).every(({ status }) => status === "DELIVERED"));
      const numbers = numbersOf(told.receiver);
      assert.deepEqual(
        [...new Set(numbers)].sort((one, next) => one - next),
        upTo(60),
      );
      // Those under way, twice; and what the first had read already.
      assert.ok(numbers.length <= 60 + 16, `${numbers.length} came for 60`);
    } finally {
      await other.stop();
    }
  });

  test("goes on after the database was away, and nothing is sent twice at once meanwhile", async () => {
    await scene.stop();
    let is_away = false;
    const { parts } = scene;
    const away = () => {
      if (is_away) throw new DatabaseUnavailable("the database is away");
    };
    const db: typeof parts.db = {
      ...parts.db,
      query: async (...asked) => {
        away();
        return parts.db.query(...asked);
      },
      atOnce: async (work) => {
        away();
        return parts.db.atOnce(work);
      },
      transaction: async (work) => {
        away();
        return parts.db.transaction(work);
      },
    };
    const sender = new Sender({ ...parts, db });
    let together = 0;
    let most = 0;
    const receiver = await openReceiver(async (answer) => {
      most = Math.max(most, ++together);
      await new Promise((soon) => setTimeout(soon, 20));
      together--;
      answer.end();
    });
    const ids = await Promise.all(Array.from({ length: 40 }, () => scene.callBack(receiver.url)));
    sender.wake();
    await until(() => receiver.received.length >= 10);
    is_away = true;
    await until(() => together === 0);
    is_away = false;
    await until(async () => {
      const rows = await Promise.all(ids.map((id) => scene.delivery(id)));
      return rows.every(({ status }) => status === "DELIVERED");
    });
    assert.ok(most <= 8, `${most} at once`);
    await sender.stop();
  });
});
