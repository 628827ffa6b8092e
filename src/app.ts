/**
 * Puts the parts together; the only file that knows them all. The command line starts it for real, tests start it with
 * their own time and database.
 */
import { type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config.ts";
import { connectPath } from "./contract/terminal-protocol.ts";
import { addressRefusal } from "./delivery/addresses.ts";
import { makePost, type Post } from "./delivery/post.ts";
import { startTelling, type Telling } from "./delivery/telling.ts";
import type { AuditReport } from "./domain/audit.ts";
import type { Clock, RandomBytes } from "./domain/environment.ts";
import { newId } from "./domain/ids.ts";
import { StartupProblem } from "./domain/startup-problem.ts";
import { type AccountPairRequest, createAccountPair, type MadeAccount } from "./flows/account.ts";
import { type ClientName, renewSecret } from "./flows/client.ts";
import { demo, openDemoAccount, renewDemoSecret } from "./flows/demo-account.ts";
import { Hints } from "./flows/hints.ts";
import { raiseIncident } from "./flows/incident.ts";
import type { World } from "./flows/world.ts";
import { buildServer } from "./http/server.ts";
import { rotateSigningKey, TokenKeys } from "./http/token-keys.ts";
import { actOnHint, beat, type Schedule, sendUnsent, startSweeps } from "./maintenance/schedule.ts";
import { makeDeviceKey } from "./simulator/device-key.ts";
import { SimulatorHost } from "./simulator-host.ts";
import { type ListedAccount, listAccounts } from "./storage/accounts.ts";
import { auditBooks } from "./storage/audit.ts";
import { Bus, type BusMessage } from "./storage/bus.ts";
import { type ConnectionSettings, type Database, DatabaseUnavailable, openDatabase } from "./storage/database.ts";
import { DatabaseClock, shiftDeadlines } from "./storage/database-clock.ts";
import { findCluster } from "./storage/embedded/cluster.ts";
import { findRunningPostgres, startEmbeddedPostgres } from "./storage/embedded/embedded-postgres.ts";
import { checkSchema, migrate } from "./storage/migrations.ts";
import { SaleWriter } from "./storage/sale-writer.ts";
import { buryDeadProcesses } from "./storage/server-processes.ts";
import { checkServerSettings } from "./storage/server-settings.ts";
import { SocketGateway } from "./terminals/socket/gateway.ts";

export interface AppParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  /** The database is lost for good: nothing can go on. */
  readonly onLost: (problem: StartupProblem) => void;
  /** Told what takes longer than a moment. */
  readonly onProgress?: (sentence: string) => void;
}

export interface App {
  readonly world: World;
  /** Where it listens: http://127.0.0.1:8080. */
  readonly address: string;
  readonly keys: TokenKeys;
  /** Runs simulated terminals that were registered just now, without waiting for the sweep. */
  takeOnSimulators(): Promise<void>;
  /** Stops cleanly: no new work, what is under way ends, the database last. */
  close(): Promise<void>;
}

/** Starts the server. Throws `StartupProblem` with a sentence that says what to do. */
export async function startApp(parts: AppParts): Promise<App> {
  const database = await openOwnOrTheirs(parts);
  try {
    return await startOn(parts, database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface OpenDatabase {
  readonly db: Database;
  readonly settings: ConnectionSettings;
  /** No other process can be using it: what earlier ones held is free at once. */
  readonly is_ours_alone: boolean;
  close(): Promise<void>;
}

async function openOwnOrTheirs(parts: Omit<AppParts, "random">): Promise<OpenDatabase> {
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

async function startOn(parts: AppParts, database: OpenDatabase): Promise<App> {
  const { config, random, logger } = parts;
  const { db } = database;
  await migrate(db, new Date(parts.clock.now()).toISOString());
  const clock = await DatabaseClock.read(parts.clock, db);
  const gateway = new SocketGateway();
  const process_id = newId("process", clock.now(), random);
  const bus: Bus = new Bus({
    ...{ db, settings: database.settings, clock, log: logger, process_id },
    onMessage: (message) => hear(message, world, simulators, telling),
    onReconnect: () => void sendUnsent(world).catch(() => {}),
  });
  let telling: Telling | undefined;
  let address = `http://${config.host}:${config.port}`;
  const world: World = {
    db,
    sales: new SaleWriter(db),
    clock,
    random,
    log: logger,
    process_id,
    bus,
    get public_url() {
      return config.public_url ?? address;
    },
    limits: config,
    terminals: gateway,
    hints: new Hints(),
    profiles: new Map(),
    callbackRefusal: (url) => addressRefusal(config.callback_addresses, url),
  };
  const keys = new TokenKeys(db, clock, () => world.public_url);
  await keys.load();
  const simulators = new SimulatorHost({ ...world, delay_ms: config.simulator_delay_ms });
  let stopping = false;
  const api = { world, keys, ...simulators.ports, isStopping: () => stopping };
  const server = await buildServer(api, logger, config.trusted_proxies);
  await gateway.serve(server, () => world);
  address = await listen(server, config);

  telling = tellOf(world, makePost(config.callback_addresses));
  if (database.is_ours_alone) await db.atOnce((tx) => buryDeadProcesses(tx, new Date(clock.now()).toISOString()));
  await beat(world);
  await bus.open();
  const sweeps = startSweeps(world, [
    ...(await hostSimulators(config, simulators, address)),
    // A key that another process made, or that was rotated, signs here too before long.
    { name: "signing keys", every_ms: 30_000, work: () => keys.load() },
    { name: "the database's clock", every_ms: 1_000, work: () => adjustClock(world, clock) },
  ]);
  let closed: Promise<void> | undefined;
  return {
    world,
    address,
    keys,
    takeOnSimulators: () => simulators.takeOn(),
    // Asked twice, it is closed once, and both wait for the end.
    close: () => {
      closed ??= closeOnce();
      return closed;
    },
  };

  async function closeOnce(): Promise<void> {
    stopping = true;
    await stopInOrder({ simulators, gateway, server, sweeps, telling, bus, world });
    await database.close();
  }
}

/** A hint of another process. */
function hear(message: BusMessage, world: World, simulators: SimulatorHost, telling: Telling | undefined): void {
  if (message.kind === "grown") telling?.wakeSender();
  // Where that fails, the sweep does it.
  else if (message.kind === "registered") void simulators.takeOn().catch(() => {});
  else actOnHint(world, message);
}

/** Has everything that is written told: here, and by the processes that hold the other lanes. */
function tellOf(world: World, post: Post): Telling {
  const telling = startTelling({
    ...world,
    post,
    raise: (tx, trouble) => raiseIncident(world, tx, trouble),
    onGrown: (streams) => {
      for (const { account_id, last_position } of streams) world.bus.tell({ kind: "grown", account_id, last_position });
    },
  });
  world.hints.onEventWritten(() => telling.wake());
  return telling;
}

/** A step of the database's clock is logged, and open deadlines move with it. */
async function adjustClock(world: World, clock: DatabaseClock): Promise<void> {
  const step_ms = await clock.adjust(world.db);
  if (step_ms === 0) return;
  const shifted = await world.db.transaction((tx) => shiftDeadlines(tx, step_ms, clock.now()));
  world.log.warn({ step_ms, shifted }, "the database's clock has stepped");
}

async function hostSimulators(config: Config, simulators: SimulatorHost, address: string) {
  if (!config.simulators) return [];
  simulators.serveAt(`${address.replace(/^http/, "ws")}${connectPath}`);
  await simulators.takeOn();
  // One that is registered while we run, or whose process has died, is taken on soon.
  return [{ name: "simulated terminals", every_ms: 2_000, work: () => simulators.takeOn() }];
}

interface Stoppable {
  readonly simulators: SimulatorHost;
  readonly gateway: SocketGateway;
  readonly server: Awaited<ReturnType<typeof buildServer>>;
  readonly sweeps: Schedule;
  readonly telling: Telling | undefined;
  readonly bus: Bus;
  readonly world: World;
}

async function stopInOrder({ simulators, gateway, server, sweeps, telling, bus, world }: Stoppable): Promise<void> {
  simulators.close();
  gateway.close();
  await server.close();
  await sweeps.stop();
  await telling?.stop();
  await bus.close();
  const long_ago = new Date(0).toISOString();
  await world.db.atOnce((tx) => buryDeadProcesses(tx, long_ago, world.process_id)).catch(() => {});
}

async function listen(server: Stoppable["server"], { host, port }: Config): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    await server.close();
    if (code === "EADDRINUSE") {
      throw new StartupProblem(
        `Port ${port} of ${host} is taken: stop what uses it, or set TAPLINE_PORT to another one.`,
      );
    }
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new StartupProblem(`Cannot listen on ${host}:${port} (${code}): set TAPLINE_HOST and TAPLINE_PORT.`);
    }
    throw error;
  }
}

/** Structured lines; what could hold a secret or a card is never written, wherever it stands. */
export function makeLogger(level: Config["log_level"], stream?: NodeJS.WritableStream): Logger {
  const secret =
    "authorization secret client_secret access_token refresh_token mfa_token password otp private_jwk card proof".split(
      " ",
    );
  return pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: "[redacted]" },
    },
    stream ?? process.stdout,
  );
}

export interface OpenedDemo {
  readonly is_first: boolean;
  readonly account_id: string;
  readonly client_id: string;
  readonly profile_id: string;
  readonly store_id: string;
  readonly terminal_id: string;
  readonly payout_destination_id: string;
  /** Only where it was made now. */
  readonly client_secret?: string;
}

/** Makes the demo's account on a first start. `secret_lost`: nobody knows its client's secret any more. */
export async function openDemo(app: App, secret_lost: boolean): Promise<OpenedDemo> {
  const made = await openDemoAccount(app.world, await makeDeviceKey());
  await app.takeOnSimulators();
  const client_secret = made ?? (secret_lost ? await renewDemoSecret(app.world) : undefined);
  return { is_first: made !== undefined, ...demo, ...(client_secret === undefined ? {} : { client_secret }) };
}

/** What is done to a database beside the server, or without one. */
type Offline = Pick<AppParts, "config" | "clock" | "random">;

/** Makes a new signing key in a server's database, whether the server runs or not. Answers its id. */
export function rotateKeys(config: Config, clock: Clock): Promise<string> {
  return withDatabase(config, clock, async (db, is_running) => {
    if (!is_running) await migrate(db, new Date(clock.now()).toISOString());
    return rotateSigningKey(db, clock);
  });
}

/** Makes a merchant's two accounts in a server's database, whether the server runs or not, and has never run too. */
export function createAccounts({ config, clock, random }: Offline, asked: AccountPairRequest): Promise<MadeAccount[]> {
  return withDatabase(config, clock, async (db, is_running) => {
    await (is_running ? checkSchema(db) : migrate(db, new Date(clock.now()).toISOString()));
    return createAccountPair({ db, clock, random }, asked);
  });
}

/** A new secret for a client of a server, whether it runs or not; the old ones end at once. Answers the secret. */
export const renewClient = ({ config, clock, random }: Offline, asked: ClientName): Promise<string> =>
  onExisting(config, clock, (db) => renewSecret({ db, clock, random }, asked));

/** The accounts of a server, whether it runs or not. */
export const readAccounts = (config: Config, clock: Clock): Promise<ListedAccount[]> =>
  onExisting(config, clock, listAccounts);

/** Checks a server's books, whether the server runs or not, and changes nothing in them: see storage/audit.ts. */
export async function audit(config: Config, clock: Clock, report: AuditReport, onPage: () => void): Promise<void> {
  await checkThereIsADatabase(config);
  await withDatabase(config, clock, (db) => auditBooks(db, report, onPage)).catch((error: unknown) => {
    if (!(error instanceof DatabaseUnavailable)) throw error;
    throw new StartupProblem(`The database went away during the audit (${error.message}): audit again when it runs.`);
  });
}

/** Nothing is made where there is nothing. */
async function checkThereIsADatabase({ database_url, data_dir }: Config): Promise<void> {
  if (database_url !== undefined || (await findCluster(data_dir))) return;
  throw new StartupProblem(
    `There is no database in ${data_dir}: set TAPLINE_DATA_DIR to the server's data, or DATABASE_URL.`,
  );
}

/** Works on a database that is there, of this program's own version. */
async function onExisting<T>(config: Config, clock: Clock, work: (db: Database) => Promise<T>): Promise<T> {
  await checkThereIsADatabase(config);
  return withDatabase(config, clock, async (db) => {
    await checkSchema(db);
    return work(db);
  });
}

/** Works on the database that a server uses, beside the server where it runs. */
async function withDatabase<T>(
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
