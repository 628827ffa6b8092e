/**
 * How a process comes to own the database, at its start and again whenever it has lost it: it asks for the lock until
 * it has an answer, and starts a postmaster where there is none. One loop serves for a first start, a start beside a
 * running server, an orphan left by a killed one, and a postmaster that died, because each step looks at what is there
 * rather than at what should be.
 */
import { StartupProblem } from "../../domain/startup-problem.ts";
import type { Launcher, Premises } from "./launcher.ts";
import { type LockAttempt, type OwnerLock, tryLock } from "./ownership.ts";
import { findPostmaster } from "./postmaster.ts";

export interface Possession {
  readonly lock: OwnerLock;
  readonly postmaster_pid: number;
}

/** A killed owner's connection takes a moment to end; a living owner keeps the lock for good. */
const TAKEN_PATIENCE_MS = 2_500;
/** Replaying the log after a crash, a gigabyte of it at most. */
const NOT_READY_PATIENCE_MS = 600_000;
/** A start takes some 60 ms; a long recovery need not be asked after that often. */
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;
/** Connections end within milliseconds of their postmaster. */
const OUTLIVES_MS = 1_000;

/**
 * Asks at least once; after that, returns nothing as soon as `isCalledOff` says so. Throws a StartupProblem when the
 * database cannot be had.
 */
export async function takePossession(
  premises: Premises,
  launcher: Launcher,
  isCalledOff: () => boolean,
): Promise<Possession | undefined> {
  const { clock } = premises;
  let last: LockAttempt["kind"] | undefined;
  let since = clock.monotonic();
  for (;;) {
    const attempt = await tryLock(premises.socketFolder);
    if (attempt.kind !== last) since = clock.monotonic();
    last = attempt.kind;
    const waited_ms = clock.monotonic() - since;
    if (attempt.kind === "held") {
      launcher.succeeded();
      const possession = await confirm(premises, attempt.lock);
      if (possession !== undefined) return possession;
    }
    if (attempt.kind === "taken") launcher.disown();
    if (isCalledOff()) return undefined;
    if (attempt.kind === "silent") await launcher.step();
    else launcher.heard();
    if (attempt.kind === "taken" && waited_ms >= TAKEN_PATIENCE_MS) throw taken(premises);
    if (attempt.kind === "not_ready" && waited_ms >= NOT_READY_PATIENCE_MS) throw notReady(premises, attempt.reason);
    await clock.wait(Math.min(SHORTEST_PAUSE_MS + waited_ms / 10, LONGEST_PAUSE_MS));
  }
}

/**
 * A lock in hand means a postmaster that can be supervised, so it must be among the processes seen here: a socket in
 * a folder shared between two containers reaches further than a process number does. Returns nothing when the
 * postmaster has died in this very moment.
 */
async function confirm({ directory, cluster, clock }: Premises, lock: OwnerLock): Promise<Possession | undefined> {
  const postmaster = await findPostmaster(cluster);
  if (postmaster !== undefined) return { lock, postmaster_pid: postmaster.pid };
  const outlives = await Promise.race([lock.ended.then(() => false), clock.wait(OUTLIVES_MS).then(() => true)]);
  if (!outlives) return undefined;
  await lock.client.end().catch(() => undefined);
  throw new StartupProblem(
    `The database in ${directory} is run from another container or machine; stop that one, or set TAPLINE_DATA_DIR or DATABASE_URL for this one.`,
  );
}

function taken({ directory }: Premises): StartupProblem {
  return new StartupProblem(
    `Another Tapline runs on the data directory ${directory}; stop the other one, or set TAPLINE_DATA_DIR or DATABASE_URL for this one.`,
  );
}

function notReady({ directory, serverLog }: Premises, reason: string): StartupProblem {
  return new StartupProblem(
    `The database in ${directory} has not become ready in ten minutes (${reason}); see ${serverLog.path}, or set DATABASE_URL.`,
  );
}
