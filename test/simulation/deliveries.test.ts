/**
 * G7 under `kill -9`: events for receivers of which some are dead, from a server that is killed on the way and started
 * again on the same database. Whoever lives has every event at least once, under its one id; what was kept for the dead is
 * whole, and comes in order when they return. TAPLINE_EVENTS=10000 is the whole of it: 50 receivers, five kills.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { newId, newUuid } from "../../src/domain/ids.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { insertEvent } from "../../src/storage/events.ts";
import { systemRandom } from "../../src/system-environment.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import {
  type Behaviour,
  behaviours,
  closeReceivers,
  openReceiver,
  type Receiver,
} from "../support/hostile-receiver.ts";
import { KillableProcess } from "../support/kill-process.ts";
import { until } from "../support/shop.ts";

const asked = process.env.TAPLINE_EVENTS;
const events = Number(asked ?? 300);
const receivers = asked === undefined ? 20 : 50;
const kills = asked === undefined ? 2 : 5;
/** Written in one transaction. */
const together = 10;
/** So many the writer may be ahead of whoever lives. */
const aheadMax = 500;
const patience_ms = 60_000 + events * 200;

interface Subscriber {
  readonly name: string;
  readonly death: "none" | "refuses" | "hangs" | "fails";
  receiver: Receiver;
  behave: Behaviour;
  /** What came for the first time, and was answered well: numbers in the order of their coming, by event id. */
  readonly taken: Map<string, number>;
  arrivals: number;
}

const deaths = ["refuses", "hangs", "fails"] as const;

async function subscribe(index: number): Promise<Subscriber> {
  // Every fifth is dead.
  const death = index % 5 === 4 ? (deaths[Math.floor(index / 5) % deaths.length] ?? "fails") : "none";
  const dying = { none: behaviours.answers(200), refuses: behaviours.resets, hangs: behaviours.hangs };
  const behave = death === "fails" ? behaviours.answers(500) : dying[death];
  const subscriber: Omit<Subscriber, "receiver"> & { receiver?: Receiver } = {
    ...{ name: `receiver ${index} (${death})`, death, behave, taken: new Map(), arrivals: 0 },
  };
  subscriber.receiver = await openReceiver(async (answer, receiver, received) => {
    await subscriber.behave(answer, receiver, received);
    receiver.received.length = 0;
    if (subscriber.behave !== well || received.headers.event === "ping") return;
    subscriber.arrivals++;
    const { event_id, account } = JSON.parse(received.body) as { event_id: string; account: { number: number } };
    const before = subscriber.taken.get(event_id);
    assert.ok(before === undefined || before === account.number, `${event_id} has told of two things`);
    if (before === undefined) subscriber.taken.set(event_id, account.number);
  });
  if (death === "none") subscriber.behave = well;
  // Nobody is there at all.
  if (death === "refuses") await subscriber.receiver.close();
  return subscriber as Subscriber;
}

const well = behaviours.answers(200);

async function comeBack(subscriber: Subscriber): Promise<void> {
  subscriber.behave = well;
  if (subscriber.death !== "refuses") return;
  const { port } = subscriber.receiver;
  subscriber.receiver = await openReceiver(
    async (answer, receiver, received) => {
      await well(answer, receiver, received);
      receiver.received.length = 0;
      if (received.headers.event === "ping") return;
      subscriber.arrivals++;
      const { event_id, account } = JSON.parse(received.body) as { event_id: string; account: { number: number } };
      if (!subscriber.taken.has(event_id)) subscriber.taken.set(event_id, account.number);
    },
    undefined,
    port,
  );
}

async function addHook({ sql }: TestDatabase, { receiver }: Subscriber): Promise<void> {
  const { account_id } = demo;
  const id = newUuid(systemRandom);
  await sql(
    `INSERT INTO hooks (account_id, id, url, insecure_ssl, events, active, signing_secret, created_at, created_by,
       updated_at, updated_by)
     VALUES ($1, $2, $3, false, '{account_update}', true, $4, now(), 'till', now(), 'till')`,
    [account_id, id, receiver.url, `whsec_${randomBytes(24).toString("base64")}`],
  );
  await sql("INSERT INTO delivery_lanes (account_id, id, hook_id) VALUES ($1, $2, $2)", [account_id, id]);
}

/** What somebody did to the account, so often: the numbers from `first` on. */
async function write({ db }: TestDatabase, first: number, count: number): Promise<void> {
  const { account_id } = demo;
  await db.transaction(async (tx) => {
    for (let number = first; number < first + count; number++) {
      const id = newId("evt", Date.now(), systemRandom);
      const members = { account: { account_id, number } };
      await insertEvent(tx, { account_id, id, type: "account_update", members, created_at: new Date().toISOString() });
    }
  });
}

class MortalServer {
  readonly #url: string;
  readonly #faults: string[] = [];
  #process: KillableProcess | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  async start(): Promise<void> {
    const env = {
      DATABASE_URL: this.#url,
      TAPLINE_PORT: "0",
      TAPLINE_SIMULATORS: "off",
      TAPLINE_LOG_LEVEL: "error",
      TAPLINE_WEBHOOK_TIMEOUT_S: "3",
      TAPLINE_PROBE_EVERY_S: "1",
    };
    this.#process = new KillableProcess("kill-server.ts", { env, onDeath: (how) => this.#faults.push(how) });
    await this.#process.hear("serving");
    assert.deepEqual(this.#faults, []);
  }

  kill(): Promise<void> | undefined {
    return this.#process?.kill();
  }

  get errors(): string {
    return this.#process?.errors ?? "";
  }
}

/** As `until` of the shop, for as long as the whole may take. */
async function patiently(look: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const began = performance.now();
  while (!(await look())) {
    if (performance.now() - began > patience_ms) throw new Error(`Not within ${patience_ms} ms: ${what()}`);
    await pause(25);
  }
}

test("however often the server is killed, everybody has every event, and who was dead has them in order", {
  timeout: patience_ms * 3,
}, async (t) => {
  const database = await makeDatabase({ migrated: false });
  const server = new MortalServer(database.url);
  t.after(async () => {
    await server.kill();
    await closeReceivers();
    await database.close();
  });
  await server.start();
  const all = await Promise.all(Array.from({ length: receivers }, (_, index) => subscribe(index)));
  const live = all.filter(({ death }) => death === "none");
  const dead = all.filter(({ death }) => death !== "none");
  for (const subscriber of all) await addHook(database, subscriber);

  const began = performance.now();
  const slowest = () => Math.min(...live.map(({ taken }) => taken.size));
  const missing = () => live.map(({ name, taken }) => `${name}: ${taken.size} of ${events}`).join(", ") + server.errors;
  let killed = 0;
  for (let first = 0; first < events; first += together) {
    await write(database, first, Math.min(together, events - first));
    await patiently(() => first + together - slowest() < aheadMax, missing);
    if (first < ((killed + 1) * events) / (kills + 1)) continue;
    killed++;
    // Not before something is under way.
    await patiently(() => slowest() >= first / 2, missing);
    await server.kill();
    await server.start();
  }
  await patiently(() => slowest() === events, missing);
  const live_s = (performance.now() - began) / 1000;

  const placed = await database.sql<{ count: string; last: string }>(
    "SELECT count(*), max(position) AS last FROM events WHERE account_id = $1",
    [demo.account_id],
  );
  assert.equal(placed[0]?.count, placed[0]?.last, "the stream has a gap");
  // Whoever has failed for long enough; one that fails now and then is sent to again before long, and in no order.
  await patiently(
    async () => (await database.sql("SELECT FROM delivery_lanes WHERE paused_at IS NOT NULL")).length === dead.length,
    () => "not every dead receiver's lane is paused",
  );
  for (const subscriber of dead) await comeBack(subscriber);
  const returned = performance.now();
  const behind = () => dead.map(({ name, taken }) => `${name}: ${taken.size} of ${events}`).join(", ") + server.errors;
  await patiently(() => dead.every(({ taken }) => taken.size === events), behind);
  const drained_s = (performance.now() - returned) / 1000;

  const numbers = Array.from({ length: events }, (_, number) => number);
  for (const { name, taken } of live) {
    assert.deepEqual(
      [...taken.values()].sort((one, other) => one - other),
      numbers,
      `${name} has had every event`,
    );
  }
  for (const { name, taken } of dead) assert.deepEqual([...taken.values()], numbers, `${name} has had all in order`);
  const ids = new Set(all.flatMap(({ taken }) => [...taken.keys()]));
  assert.equal(ids.size, events, "an event has one id for everybody");
  await until(async () => {
    const open = await database.sql("SELECT FROM deliveries WHERE status <> 'DELIVERED'");
    const unsettled = await database.sql("SELECT FROM incidents WHERE outcome IS DISTINCT FROM 'settled'");
    return open.length === 0 && unsettled.length === 0;
  });
  const arrivals = all.reduce((sum, one) => sum + one.arrivals, 0);
  t.diagnostic(
    [
      `${events} events to ${receivers} receivers, ${dead.length} of them dead, ${killed} kills`,
      `the living had everything after ${live_s.toFixed(1)} s`,
      `the dead had their backlog ${drained_s.toFixed(1)} s after their return`,
      `${arrivals - events * receivers} of ${arrivals} came more than once`,
    ].join("; "),
  );
});
