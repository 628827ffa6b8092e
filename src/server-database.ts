/** The database of a server: its own, or the operator's; opened by the server, or by a command that works beside it. */
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { Clock } from "./domain/environment.ts";
import { StartupProblem } from "./domain/startup-problem.ts";
import { makeLogger } from "./logger.ts";
import { type ConnectionSettings, type Database, openDatabase } from "./storage/database.ts";
import { findCluster } from "./storage/embedded/cluster.ts";
import { findRunningPostgres, startEmbeddedPostgres } from "./storage/embedded/embedded-postgres.ts";
import { checkSchema } from "./storage/migrations.ts";
import { checkServerSettings } from "./storage/server-settings.ts";

export interface DatabaseParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  /** It is lost for good: nothing can go on. */
  readonly onLost: (problem: StartupProblem) => void;
  /** Told what takes longer than a moment. */
  readonly onProgress?: (sentence: string) => void;
}

export interface OpenDatabase {
  readonly db: Database;
  readonly settings: ConnectionSettings;
  /** No other process can be using it: what earlier ones held is free at once. */
  readonly is_ours_alone: boolean;
  close(): Promise<void>;
}

export async function openOwnOrTheirs(parts: DatabaseParts): Promise<OpenDatabase> {
  const { config, clock, logger, onLost, onProgress } = parts;
  if (config.database_url !== undefined) {
    const settings = { connectionString: config.database_url };
    const db = openDatabase(settings);
    await checkServerSettings(db).catch(async (error) => {
      await db.close();
      throw error;
    });
    return { db, settings, is_ours_alone: false, close: () => db.close() };
  }
  const postgres = await startEmbeddedPostgres({
    directory: config.data_dir,
    clock,
    log: logger,
    onLost,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const settings = postgres.connection;
  const db = openDatabase(settings);
  return {
    db,
    settings,
    is_ours_alone: true,
    close: async () => {
      await db.close();
      await postgres.stop();
    },
  };
}

/** Nothing is made where there is nothing. */
export async function checkThereIsADatabase({ database_url, data_dir }: Config): Promise<void> {
  if (database_url !== undefined || (await findCluster(data_dir))) return;
  throw new StartupProblem(
    `There is no database in ${data_dir}: set TAPLINE_DATA_DIR to the server's data, or DATABASE_URL.`,
  );
}

/** Works on a database that is there, of this program's own version. */
export async function onExisting<T>(config: Config, clock: Clock, work: (db: Database) => Promise<T>): Promise<T> {
  await checkThereIsADatabase(config);
  return withDatabase(config, clock, async (db) => {
    await checkSchema(db);
    return work(db);
  });
}

/** Works on the database that a server uses, beside the server where it runs. */
export async function withDatabase<T>(
  config: Config,
  clock: Clock,
  work: (db: Database, is_running: boolean) => Promise<T>,
): Promise<T> {
  const running = config.database_url === undefined ? await findRunningPostgres(config.data_dir) : undefined;
  if (running !== undefined) {
    const db = openDatabase(running);
    return await work(db, true).finally(() => db.close());
  }
  const logger = makeLogger("error");
  const onLost = (problem: StartupProblem) => logger.error({}, problem.message);
  const database = await openOwnOrTheirs({ config, clock, logger, onLost });
  return await work(database.db, false).finally(() => database.close());
}
