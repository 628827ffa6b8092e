/**
 * Tapline's own PostgreSQL, for whoever has set no DATABASE_URL: a real one, on a Unix socket in the data directory,
 * kept running for as long as its owner runs, and owned by one process at a time.
 */
import type { Clock, Log } from "../../domain/environment.ts";
import type { StartupProblem } from "../../domain/startup-problem.ts";
import { locateBinaries } from "./binaries.ts";
import {
  clusterIn,
  createCluster,
  DATABASE,
  findCluster,
  openDataDirectory,
  ROLE,
  removeUnfinished,
} from "./cluster.ts";
import { Launcher, type Premises } from "./launcher.ts";
import { takePossession } from "./possession.ts";
import { findPostmaster } from "./postmaster.ts";
import { ServerLog } from "./server-log.ts";
import { PORT, socketFolderFor } from "./socket-folder.ts";
import { Supervision } from "./supervision.ts";

export interface EmbeddedPostgresOptions {
  /** The data directory; made, closed to everyone else, if it is missing. The cluster is in `postgres` below it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The database is lost for good: it could not be started again, or another process took the directory over. */
  onLost(reason: StartupProblem): void;
  /** Sentences for whoever waits at the terminal. */
  onProgress?(sentence: string): void;
}

export interface EmbeddedPostgres {
  /** The same for as long as this process owns the database, whatever becomes of the postmaster. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
  /** The postmaster's process number now; another one after it had to be started again. */
  readonly pid: number;
  /** Shuts the database down and gives it up. Resolves when it has ended. Calling it again does no harm. */
  stop(): Promise<void>;
}

/** Throws a StartupProblem when the database cannot be had. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const premises = await openPremises(options);
  const launcher = new Launcher(premises);
  const possession = await takePossession(premises, launcher, () => false).catch(async (problem: unknown) => {
    await launcher.abandon();
    throw problem;
  });
  if (possession === undefined) throw new Error("nobody calls a first start off");
  await removeUnfinished(premises.directory);
  const supervision = new Supervision(premises, launcher, options);
  await supervision.begin(possession);
  return {
    connection: { host: premises.socketFolder, port: PORT, user: ROLE, database: DATABASE },
    get pid() {
      return supervision.postmaster_pid;
    },
    stop: () => supervision.stop(),
  };
}

/** How to reach the database of a data directory that another process runs; `undefined` where none runs there. */
export async function findRunningPostgres(directory: string): Promise<EmbeddedPostgres["connection"] | undefined> {
  const running = await findPostmaster(clusterIn(directory));
  if (running === undefined) return undefined;
  const host = running.socketFolder || (await socketFolderFor(clusterIn(directory)));
  return { host, port: PORT, user: ROLE, database: DATABASE };
}

async function openPremises(options: EmbeddedPostgresOptions): Promise<Premises> {
  const { clock, log } = options;
  const binaries = await locateBinaries();
  const directory = await openDataDirectory(options.directory);
  if (!(await findCluster(directory))) {
    options.onProgress?.("Creating the database…");
    await createCluster(directory, binaries);
  }
  const cluster = clusterIn(directory);
  // An orphan's socket is where its own file says, which need not be where a new one would be.
  const running = await findPostmaster(cluster);
  const socketFolder = running?.socketFolder || (await socketFolderFor(cluster));
  return { directory, cluster, socketFolder, binaries, serverLog: new ServerLog(directory, clock, log), clock };
}
