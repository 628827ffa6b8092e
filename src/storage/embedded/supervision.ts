/**
 * Keeping the database while its owner runs.
 *
 * The connection that holds the lock tells of everything that can happen: it ends when the postmaster dies, when
 * PostgreSQL restarts itself after a crash inside, and when somebody ends that connection. Each time the database is
 * taken possession of again, which starts a postmaster if there is none.
 */
import type { Clock, Log } from "../../domain/environment.ts";
import { StartupProblem } from "../../domain/startup-problem.ts";
import type { Launcher, Premises } from "./launcher.ts";
import { type Possession, takePossession } from "./possession.ts";
import { endPostmaster, isPostgresOn } from "./postmaster.ts";

export interface Owner {
  readonly clock: Clock;
  readonly log: Log;
  onLost(reason: StartupProblem): void;
}

/** A database that comes up and dies more often than this is not helped by starting it again. */
const LOSSES_ALLOWED = 20;
const LOSSES_WITHIN_MS = 60_000;

export class Supervision {
  readonly #premises: Premises;
  readonly #launcher: Launcher;
  readonly #owner: Owner;
  #possession: Possession | undefined;
  /** The latest, kept after its possession ended. */
  #postmaster_pid = 0;
  #regaining: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  #losses: number[] = [];

  constructor(premises: Premises, launcher: Launcher, owner: Owner) {
    this.#premises = premises;
    this.#launcher = launcher;
    this.#owner = owner;
  }

  get postmaster_pid(): number {
    return this.#postmaster_pid;
  }

  async begin(possession: Possession): Promise<void> {
    this.#hold(possession);
    const { cluster, directory, serverLog } = this.#premises;
    const adopted = this.#launcher.child?.pid !== possession.postmaster_pid;
    this.#owner.log.info(
      { directory, cluster, pid: possession.postmaster_pid, adopted },
      adopted ? "Found the database running without an owner and took it over" : "The database is running",
    );
    await serverLog.watch();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  #hold(possession: Possession): void {
    this.#possession = possession;
    this.#postmaster_pid = possession.postmaster_pid;
    void possession.lock.ended.then(() => {
      this.#possession = undefined;
      if (this.#stopped === undefined) this.#regaining = this.#regain(possession.postmaster_pid);
    });
  }

  async #regain(last_pid: number): Promise<void> {
    const { clock, log } = this.#owner;
    const start = clock.monotonic();
    try {
      this.#countLoss(start);
      const alive = await isPostgresOn(this.#premises.cluster, last_pid);
      log.warn(
        { pid: last_pid },
        alive ? "The database broke its owner's connection; connecting again" : "The database died; starting it again",
      );
      const possession = await takePossession(this.#premises, this.#launcher, () => this.#stopped !== undefined);
      if (possession === undefined) return;
      this.#hold(possession);
      const took_ms = Math.round(clock.monotonic() - start);
      log.info({ pid: possession.postmaster_pid, took_ms }, "The database is running again");
    } catch (error) {
      await this.#lose(error);
    }
  }

  #countLoss(now: number): void {
    this.#losses = [...this.#losses.filter((at) => now - at < LOSSES_WITHIN_MS), now];
    if (this.#losses.length <= LOSSES_ALLOWED) return;
    const { directory, serverLog } = this.#premises;
    throw new StartupProblem(
      `The database in ${directory} died ${this.#losses.length} times within a minute; see ${serverLog.path} and put that right, or set DATABASE_URL.`,
    );
  }

  async #lose(error: unknown): Promise<void> {
    this.#premises.serverLog.close();
    await this.#launcher.abandon();
    const problem =
      error instanceof StartupProblem
        ? error
        : new StartupProblem(
            `The database in ${this.#premises.directory} is lost (${(error as Error).message}); start Tapline again, or set DATABASE_URL.`,
          );
    this.#owner.log.error({ directory: this.#premises.directory }, problem.message);
    if (this.#stopped === undefined) this.#owner.onLost(problem);
  }

  async #stop(): Promise<void> {
    const { cluster, clock, serverLog } = this.#premises;
    serverLog.close();
    // Notices that it is called off, or comes into possession after all.
    await this.#regaining;
    const possession = this.#possession;
    if (possession === undefined) return this.#launcher.abandon();
    const pid = possession.postmaster_pid;
    const ended = await endPostmaster(pid, () => isPostgresOn(cluster, pid), clock);
    await possession.lock.client.end().catch(() => undefined);
    if (ended) this.#owner.log.info({ pid }, "The database has shut down");
    else this.#owner.log.error({ pid }, "The database does not shut down; its process is left to the operator");
  }
}
