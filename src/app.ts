/**
 * Puts the parts together; the only file that knows them all. The command line starts it for real, tests start it with
 * their own time and database.
 */
import type { Config } from "./config.ts";
import { connectPath } from "./contract/terminal-protocol.ts";
import { AddressGuard } from "./delivery/addresses.ts";
import { deliveryLimits } from "./delivery/delivery-parts.ts";
import { makePost, type Post } from "./delivery/post.ts";
import { startTelling, type Telling } from "./delivery/telling.ts";
import type { RandomBytes } from "./domain/environment.ts";
import { newId } from "./domain/ids.ts";
import { StartupProblem } from "./domain/startup-problem.ts";
import { demo, openDemoAccount, renewDemoSecret } from "./flows/demo-account.ts";
import { Hints } from "./flows/hints.ts";
import { raiseIncident, settleReceiver } from "./flows/incident.ts";
import type { World } from "./flows/world.ts";
import { buildServer } from "./http/server.ts";
import { TokenKeys } from "./http/token-keys.ts";
import { actOnHint, beat, type Schedule, sendUnsent, startSweeps } from "./maintenance/schedule.ts";
import { type DatabaseParts, type OpenDatabase, openOwnOrTheirs } from "./server-database.ts";
import { makeDeviceKey } from "./simulator/device-key.ts";
import { SimulatorHost } from "./simulator-host.ts";
import { Bus, type BusMessage } from "./storage/bus.ts";
import { DatabaseClock, shiftDeadlines } from "./storage/database-clock.ts";
import { migrate } from "./storage/migrations.ts";
import { SaleWriter } from "./storage/sale-writer.ts";
import { buryDeadProcesses } from "./storage/server-processes.ts";
import { SocketGateway } from "./terminals/socket/gateway.ts";

export interface AppParts extends DatabaseParts {
  readonly random: RandomBytes;
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
  const guard = guardOf(config);
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
    callbackRefusal: (url, account_id) => guard.refusal(url, account_id),
  };
  const keys = new TokenKeys(db, clock, () => world.public_url);
  await keys.load();
  const simulators = new SimulatorHost({ ...world, delay_ms: config.simulator_delay_ms });
  let stopping = false;
  const api = { world, keys, ...simulators.ports, isStopping: () => stopping };
  const server = await buildServer(api, logger, config.trusted_proxies);
  await gateway.serve(server, () => world);
  address = await listen(server, config);

  if (database.is_ours_alone) await db.atOnce((tx) => buryDeadProcesses(tx, new Date(clock.now()).toISOString()));
  await beat(world);
  telling = startTellers(world, makePost(guard), config);
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
  if (message.kind === "grown") {
    telling?.wakeSender();
    world.hints.streamGrown(message);
    // Where that fails, the sweep does it.
  } else if (message.kind === "registered") void simulators.takeOn().catch(() => {});
  else actOnHint(world, message);
}

/** Where callbacks and webhooks may go. */
const guardOf = ({ callback_addresses, callback_allow, callback_ports }: Config): AddressGuard =>
  new AddressGuard({ addresses: callback_addresses, allow: callback_allow, ports: callback_ports });

/** Has everything that is written told: here, and by the processes that hold the other lanes. */
function startTellers(world: World, post: Post, config: Config): Telling {
  const { callback_timeout_ms, webhook_timeout_ms, probe_every_ms } = config;
  const telling = startTelling({
    ...world,
    post,
    limits: { ...deliveryLimits, callback_timeout_ms, webhook_timeout_ms, probe_every_ms },
    raise: (tx, trouble) => raiseIncident(world, tx, trouble),
    settle: (tx, lane, reason) => settleReceiver(world, tx, lane, reason),
    onGrown: (streams) => {
      for (const { account_id, last_position } of streams) {
        world.hints.streamGrown({ account_id, last_position });
        world.bus.tell({ kind: "grown", account_id, last_position });
      }
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
