/** The one place that schedules background work: each sweep runs, and runs again a while after it has ended. */
import type { Timer } from "../domain/environment.ts";
import { lapseAuthorizations, raiseSilentAdvices, sendAdvicesHere } from "../flows/advice.ts";
import { dropDeleted, dropReplaced } from "../flows/connection.ts";
import { actOnDeadlines } from "../flows/deadlines.ts";
import { forgetOldEvents } from "../flows/event.ts";
import { forgetOldCounts } from "../flows/minute-count.ts";
import { askUnresolved, raiseLongUnresolved } from "../flows/resolution.ts";
import { askReversalsAgainHere, raiseSilentReversals } from "../flows/reversal.ts";
import { leaveRevokedBehind } from "../flows/revocation.ts";
import { settleDays } from "../flows/settlement.ts";
import { forgetOldPairings } from "../flows/shown-code.ts";
import { forgetWhatRanOut } from "../flows/sign-in.ts";
import { tendOperations } from "../flows/terminal-operation.ts";
import { isoNow, type World } from "../flows/world.ts";
import type { TerminalMessage } from "../storage/bus.ts";
import { forgetKeys } from "../storage/idempotency-keys.ts";
import { readUnsentHere } from "../storage/prompts.ts";
import { buryDeadProcesses, recordProcessSeen } from "../storage/server-processes.ts";

/** Prompts whose time has come, and those whose hint was lost (prompt-life section 9). */
const sweepEvery_ms = 500;
/** A younger prompt's hint is not lost: it comes when the point of sale has been answered. */
const onItsWay_ms = 1_000;
/** A process that has been silent for so long is dead: three beats missed and some. */
const beatEvery_ms = 1_000;
const deadAfter_ms = 5_000;
/** How often a connected terminal is asked about a payment it has not told the end of. */
const askEvery_ms = 5_000;
/** Kept answers are forgotten a day after they were given; a look each minute is enough. */
const keysKept_ms = 24 * 60 * 60 * 1000;
const forgetEvery_ms = 60_000;
/** How soon a day is settled once its time has come; a day of many payments takes several looks. */
const settleEvery_ms = 10_000;

export interface Schedule {
  /** Resolves when the work under way has ended; none is begun after. */
  stop(): Promise<void>;
}

interface Sweep {
  readonly name: string;
  readonly every_ms: number;
  readonly work: (world: World) => Promise<unknown>;
}

export const sweeps: readonly Sweep[] = [
  { name: "prompt deadlines", every_ms: sweepEvery_ms, work: actOnDeadlines },
  { name: "unsent prompts", every_ms: sweepEvery_ms, work: sendUnsent },
  { name: "advices", every_ms: sweepEvery_ms, work: sendAdvicesHere },
  { name: "terminal operations", every_ms: sweepEvery_ms, work: tendOperations },
  { name: "lapsed authorizations", every_ms: forgetEvery_ms, work: lapseAuthorizations },
  { name: "server processes", every_ms: beatEvery_ms, work: beat },
  // A device that was revoked is cut off within a second, where the hint was lost as well.
  { name: "replaced connections", every_ms: beatEvery_ms, work: dropReplaced },
  { name: "connections of deleted terminals", every_ms: beatEvery_ms, work: dropDeleted },
  { name: "work of revoked devices", every_ms: beatEvery_ms, work: leaveRevokedBehind },
  { name: "unresolved payments", every_ms: askEvery_ms, work: askUnresolved },
  { name: "unanswered reversals", every_ms: askEvery_ms, work: askReversalsAgainHere },
  { name: "incidents", every_ms: askEvery_ms, work: raiseIncidents },
  { name: "settlements", every_ms: settleEvery_ms, work: settleDays },
  { name: "old events", every_ms: forgetEvery_ms, work: forgetOldEvents },
  { name: "idempotency keys", every_ms: forgetEvery_ms, work: forgetOldKeys },
  { name: "old pairings", every_ms: forgetEvery_ms, work: forgetOldPairings },
  { name: "wrong secrets", every_ms: forgetEvery_ms, work: forgetOldCounts },
  { name: "sign-ins", every_ms: forgetEvery_ms, work: forgetWhatRanOut },
];

export function startSweeps(world: World, extra: readonly Sweep[] = []): Schedule {
  const running = [...sweeps, ...extra].map((sweep) => startSweep(world, sweep));
  return {
    stop: async () => {
      await Promise.all(running.map((sweep) => sweep.stop()));
    },
  };
}

function startSweep(world: World, { name, every_ms, work }: Sweep): Schedule {
  let stopped = false;
  let timer: Timer | undefined;
  let under_way: Promise<void> = Promise.resolve();
  const run = async (): Promise<void> => {
    try {
      await work(world);
    } catch (error) {
      world.log.warn({ sweep: name, problem: String(error) }, "a sweep failed and will run again");
    }
    if (!stopped) timer = world.clock.after(every_ms, begin);
  };
  const begin = () => {
    under_way = run();
  };
  timer = world.clock.after(every_ms, begin);
  return {
    stop: () => {
      stopped = true;
      timer?.cancel();
      return under_way;
    },
  };
}

/** Another process tells of a terminal that may be connected here. */
export function actOnHint({ terminals }: World, message: TerminalMessage): void {
  switch (message.kind) {
    case "send":
      terminals.sendDue(message);
      return;
    case "stop":
      terminals.stop(message, message.prompt_id);
      return;
    case "inquire":
      terminals.inquire(message, message.prompt_id);
      return;
    case "advise":
      terminals.sendAdvices(message);
      return;
    case "operate":
      terminals.sendOperations(message);
      return;
    case "replaced":
      terminals.replaced(message, message.epoch);
  }
}

/** Prompts whose hint was lost: for terminals that are connected here. */
export async function sendUnsent(world: World): Promise<void> {
  const since = new Date(world.clock.now() - onItsWay_ms).toISOString();
  for (const terminal of await readUnsentHere(world.db, world.process_id, since)) world.terminals.sendDue(terminal);
}

async function raiseIncidents(world: World): Promise<void> {
  await raiseLongUnresolved(world);
  await raiseSilentReversals(world);
  await raiseSilentAdvices(world);
}

async function forgetOldKeys(world: World): Promise<void> {
  const before = new Date(world.clock.now() - keysKept_ms).toISOString();
  await world.db.atOnce((tx) => forgetKeys(tx, before));
}

/** Says that this process lives, and frees what dead ones held. */
export async function beat(world: World): Promise<void> {
  const is_new = await world.db.atOnce((tx) => recordProcessSeen(tx, world.process_id, isoNow(world)));
  // Taken for dead, as after a long pause: what we held was given away, and our terminals are to connect anew.
  if (is_new) world.terminals.dropAll();
  const silent_since = new Date(world.clock.now() - deadAfter_ms).toISOString();
  await world.db.atOnce((tx) => buryDeadProcesses(tx, silent_since));
}
