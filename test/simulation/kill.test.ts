/**
 * G6, and every promise beside it, under `kill -9`: a server, its PostgreSQL and its terminals are killed at random
 * moments while tills sell. TAPLINE_KILLS asks for more of them, TAPLINE_KILL_SEED for those of an earlier run.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Database } from "../../src/storage/database.ts";
import { until } from "../support/embedded-scene.ts";
import {
  incidentsIn,
  readOpen,
  readSales,
  resolutionTimes,
  type SaleRow,
  salesEndedOnce,
  terminalAgrees,
  tillsAgree,
} from "../support/kill-books.ts";
import { Chance } from "../support/kill-chance.ts";
import { type KillKind, KillScene, killKinds, moments } from "../support/kill-scene.ts";
import { Till } from "../support/kill-till.ts";
import { auditFindings } from "../support/whole-books.ts";

const seed = Number(process.env.TAPLINE_KILL_SEED ?? Date.now() % 1_000_000);
const kills = Number(process.env.TAPLINE_KILLS ?? 21);
const terminals = 4;

/** Short, so that a terminal that is away for some seconds leaves payments of which the server does not know the end. */
const settings = {
  TAPLINE_PRESENT_WITHIN_S: "2",
  TAPLINE_STOP_ANSWER_S: "1",
  TAPLINE_PROCESSING_S: "1",
  TAPLINE_LOG_LEVEL: "error",
};

/** G4 promises two seconds. */
const resolvedWithin_ms = 2_000;
const healsWithin_ms = 30_000;
/** So long a sale is waited for that is to be killed in its middle; its terminal may be away. */
const ambush_ms = 1_000;
/** A start takes a second, and several where the rest of the suite keeps the machine busy: nothing is sold meanwhile. */
const calm_ms = 10_000;

/** A run that is stuck ends all the same. */
const timeout_ms = 240_000 + kills * 10_000;

test("money, tills and terminals agree after any process was killed at any moment", {
  timeout: timeout_ms,
}, async (t) => {
  console.log(`kill.test.ts: TAPLINE_KILL_SEED=${seed} TAPLINE_KILLS=${kills}`);
  const chance = new Chance(seed);
  const scene = await KillScene.open(t, { terminals, settings });
  const tills = scene.terminals.map((terminal) => new Till(scene, terminal, new Chance(chance.between(0, 2 ** 31))));

  let closing = false;
  const selling = tills.map((till) => till.sell(() => closing));
  await killAtRandom(scene, chance);
  closing = true;
  await Promise.all(selling);
  await scene.ready();

  const db = await scene.openDatabase();
  t.after(() => db.close());
  const open = await stillOpen(db);
  await Promise.all(tills.map((till) => till.askAgain()));
  await scene.switchOff();

  const rows = await readSales(db);
  const sold = tills.flatMap((till) => till.sold);
  const times = resolutionTimes(scene, rows);
  tellFigures(t, scene, tills, rows, times[0]?.took_ms ?? 0);
  const offences = [
    ...scene.faults,
    ...open,
    ...(await incidentsIn(db)),
    ...(await auditFindings(db)),
    ...tillsAgree(sold, rows),
    ...salesEndedOnce(rows),
    ...(await Promise.all(scene.terminals.map((terminal) => terminalAgrees(scene, terminal, rows)))).flat(),
    ...times
      .filter(({ took_ms }) => took_ms > resolvedWithin_ms)
      .map(({ took_ms, row }) => `${row.merchant_reference} was resolved ${took_ms} ms after hello.`),
  ];
  if (offences.length > 0) console.log([...scene.history, ...scene.serverLog()].join("\n"));
  assert.deepEqual(offences, [], `TAPLINE_KILL_SEED=${seed}`);
  assert.ok(sold.length > kills, "a run in which hardly anything was sold shows nothing");
});

/** As many of each, in any order. Now and then the next comes while the last is still away. */
async function killAtRandom(scene: KillScene, chance: Chance): Promise<void> {
  const kinds = Array.from({ length: kills }, (_, index) => killKinds[index % killKinds.length] as KillKind);
  const returns: Promise<void>[] = [];
  for (const kind of chance.shuffled(kinds)) {
    const terminal = chance.of(scene.terminals);
    if (chance.happens(0.75)) await scene.calm(calm_ms);
    await pause(chance.between(100, 1_600));
    // Between two sales there is little to break: most kills come within a sale, at any of its moments and just after.
    if (chance.happens(0.8)) await scene.ambush(terminal, chance.of(moments), ambush_ms);
    await pause(chance.between(0, 12));
    // Long enough, now and then, for what was under way to become UNKNOWN.
    const is_long = kind === "terminal" && chance.happens(0.4);
    const away_ms = is_long ? chance.between(5_000, 7_000) : chance.between(0, 900);
    const back = scene.kill({ kind, terminal, away_ms, torn: chance.happens(0.5) }).catch((error: unknown) => {
      scene.faults.push(`A ${kind} did not come back: ${error}`);
    });
    returns.push(back);
  }
  await Promise.all(returns);
}

/** Everything is up: what is open comes to its end by itself. Answers with what does not. */
async function stillOpen(db: Database): Promise<string[]> {
  let open: string[] = [];
  await until(async () => {
    open = await readOpen(db);
    return open.length === 0;
  }, healsWithin_ms).catch(() => {});
  return open.map((what) => `${what}, ${healsWithin_ms} ms after everything was up.`);
}

function tellFigures(t: TestContext, scene: KillScene, tills: readonly Till[], rows: SaleRow[], longest_ms: number) {
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  const count = (status: string) => rows.filter((row) => row.status === status).length;
  const { server, postgres, terminal } = scene.kills;
  t.diagnostic(
    [
      `${sum(tills.map(({ sold }) => sold.length))} sales answered`,
      `${count("CAPTURED")} captured`,
      `${count("DECLINED")} declined`,
      `${count("FAILED")} failed`,
      `${count("UNKNOWN")} unknown at the end`,
      `${rows.filter(({ unresolved_at }) => unresolved_at !== null).length} unknown for a while`,
      `${sum(tills.map(({ repeats }) => repeats))} requests repeated`,
      `kills: ${server} server, ${postgres} PostgreSQL, ${terminal} terminal`,
      `${scene.failed_starts.length} starts failed on a killed database`,
      `longest from a terminal's return to resolution ${longest_ms} ms`,
      `seed ${seed}`,
    ].join(", "),
  );
}
