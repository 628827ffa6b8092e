/** Starts the postmaster when nobody answers on the socket, again where that fails, and not for ever. */
import type { ChildProcess } from "node:child_process";
import type { Clock } from "../../domain/environment.ts";
import { StartupProblem } from "../../domain/startup-problem.ts";
import type { Binaries } from "./binaries.ts";
import { chooseOperatingUser, type OperatingUser } from "./operating-user.ts";
import { endLeftovers, endPostmaster, findPostmaster, removeStaleLockFiles, startPostmaster } from "./postmaster.ts";
import type { ServerLog } from "./server-log.ts";
import { prepareSocketFolder } from "./socket-folder.ts";

/** One data directory and what is needed to run its database. */
export interface Premises {
  readonly directory: string;
  readonly cluster: string;
  readonly socketFolder: string;
  readonly binaries: Binaries;
  readonly serverLog: ServerLog;
  readonly clock: Clock;
}

/** After a kill the backends of the last postmaster take a moment to end, and until then a new one refuses to start. */
const LEFTOVERS = /shared memory|lock file/;
const LEFTOVERS_PATIENCE_MS = 15_000;
/** Those that are idle are gone by the first or second attempt. */
const LEFTOVERS_ATTEMPTS = 3;
/** Any other reason is likely there to stay: a broken setting, a full disk. */
const ATTEMPTS = 4;
const LONGEST_PAUSE_MS = 1_000;
/** A postmaster opens its socket before it replays anything, so this is long even for a loaded machine. */
const SILENCE_PATIENCE_MS = 30_000;

export class Launcher {
  readonly #premises: Premises;
  #user: OperatingUser | undefined;
  #child: ChildProcess | undefined;
  #failed_attempts = 0;
  #failing_since = 0;
  #next_attempt_at = 0;
  #running_since = 0;

  constructor(premises: Premises) {
    this.#premises = premises;
  }

  /** The postmaster that this process started last, while it runs. */
  get child(): ChildProcess | undefined {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null ? child : undefined;
  }

  /** Somebody answered on the socket, if only to send us away. */
  heard(): void {
    this.#running_since = 0;
  }

  /** The database is there: whatever went wrong before is over. */
  succeeded(): void {
    this.heard();
    this.#failed_attempts = 0;
    this.#next_attempt_at = 0;
  }

  /** Called while nobody answers, over and over. Throws a StartupProblem once it has tried enough. */
  async step(): Promise<void> {
    const now = this.#premises.clock.monotonic();
    if (this.child !== undefined || (await findPostmaster(this.#premises.cluster)) !== undefined) {
      this.#checkSilence(now);
      return;
    }
    this.#running_since = 0;
    if (this.#child !== undefined) {
      // One that ran for a week and was killed counts too: the pause lets its leftovers go.
      this.#child = undefined;
      await this.#countFailure(now);
    }
    if (now >= this.#next_attempt_at) await this.#start();
  }

  /** Another process owns the database: the postmaster is theirs, though it was started here, and stays. */
  disown(): void {
    this.#child = undefined;
  }

  /** Ends a postmaster that was started here and that nobody owns. */
  async abandon(): Promise<void> {
    const child = this.child;
    if (child?.pid === undefined) return;
    await endPostmaster(child.pid, async () => this.child === child, this.#premises.clock);
  }

  #checkSilence(now: number): void {
    if (this.#running_since === 0) this.#running_since = now;
    if (now - this.#running_since < SILENCE_PATIENCE_MS) return;
    const { cluster, socketFolder } = this.#premises;
    throw new StartupProblem(
      `A PostgreSQL runs on ${cluster} but does not answer in ${socketFolder}; stop it (its process number is in ${cluster}/postmaster.pid), or set TAPLINE_DATA_DIR to another folder.`,
    );
  }

  async #countFailure(now: number): Promise<void> {
    const { serverLog, directory, cluster } = this.#premises;
    const reason = (await serverLog.lastGraveLine()) ?? "it ended without a word";
    if (this.#failed_attempts === 0) this.#failing_since = now;
    this.#failed_attempts += 1;
    const leftovers = LEFTOVERS.test(reason);
    if (leftovers && this.#failed_attempts >= LEFTOVERS_ATTEMPTS) await endLeftovers(cluster);
    const goOn = leftovers ? now - this.#failing_since < LEFTOVERS_PATIENCE_MS : this.#failed_attempts < ATTEMPTS;
    if (!goOn) {
      throw new StartupProblem(
        `PostgreSQL could not be started on ${directory} (${reason}); see ${serverLog.path} and put that right, or set DATABASE_URL.`,
      );
    }
    this.#next_attempt_at = now + Math.min(50 * 2 ** this.#failed_attempts, LONGEST_PAUSE_MS);
  }

  async #start(): Promise<void> {
    const { cluster, socketFolder, binaries, serverLog } = this.#premises;
    this.#user ??= await chooseOperatingUser(cluster, binaries);
    await prepareSocketFolder(socketFolder, cluster, this.#user);
    await removeStaleLockFiles(cluster, socketFolder);
    const log = await serverLog.open();
    try {
      const child = startPostmaster(this.#user, binaries, { cluster, socketFolder, log_fd: log.fd });
      // Without a process number it did not start at all; the next step counts that as a failure.
      child.on("error", () => undefined);
      this.#child = child;
    } finally {
      await log.close();
    }
  }
}
