/**
 * A server, its PostgreSQL and some terminals, each a process that can be killed by itself and comes back: a server on a
 * fixed port and a data directory of its own, terminals that find it there again.
 */
import { mkdir } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connectPath } from "../../src/contract/terminal-protocol.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { type DeviceKey, makeDeviceKey } from "../../src/simulator/device-key.ts";
import type { BookEntry } from "../../src/simulator/host-book.ts";
import type { JournalEntry } from "../../src/simulator/journal.ts";
import { type Database, openDatabase } from "../../src/storage/database.ts";
import { DATABASE, ROLE } from "../../src/storage/embedded/cluster.ts";
import { findPostmaster } from "../../src/storage/embedded/postmaster.ts";
import { PORT } from "../../src/storage/embedded/socket-folder.ts";
import { started, temporary, until } from "./embedded-scene.ts";
import { bookOf, FileEntries, journalOf } from "./kill-entries.ts";
import { KillableProcess } from "./kill-process.ts";

export const killKinds = ["server", "postgres", "terminal"] as const;
export type KillKind = (typeof killKinds)[number];

/** The moments of a sale: its till was answered, and what its terminal has on disk now. Money moves at `host_asked`. */
export const moments = [
  "sold",
  "received",
  "shown",
  "card_presented",
  "host_asked",
  "host_asked",
  "concluded",
  "acknowledged",
] as const;
export type Moment = (typeof moments)[number];

/** From a kill of the server or its database until it answered `ready` again, by the machine's clock. */
export interface Outage {
  readonly from: number;
  until: number;
}

export interface KillTerminal {
  readonly terminal_id: string;
  readonly folder: string;
  readonly key: DeviceKey;
  process: KillableProcess | undefined;
  /** When it said hello, by the machine's clock. */
  readonly hellos: number[];
  /** What stood on its screen, waiting for a card, in order. */
  readonly shown: string[];
}

interface Ambush {
  readonly terminal_id: string;
  readonly moment: Moment;
  readonly spring: () => void;
}

export interface Kill {
  readonly kind: KillKind;
  /** The one whose sale it is to hit, or which is to be killed itself. */
  readonly terminal: KillTerminal;
  readonly away_ms: number;
  /** For a terminal: the kill hit a write, and half a line is on its disk. */
  readonly torn: boolean;
}

export interface KillSceneOptions {
  readonly terminals: number;
  /** The server's, besides where its data and its port are. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A healthy start takes a second; on a machine that is busy with the rest of the suite, several, and it may be killed. */
const patience_ms = 60_000;
const lookEvery_ms = 15;
/** The server asks for its lock on the database up to a quarter of a second after the database is ready. */
const possessionAfter_ms = 500;

export class KillScene {
  readonly terminals: readonly KillTerminal[];
  readonly outages: Outage[] = [];
  readonly kills: Record<KillKind, number> = { server: 0, postgres: 0, terminal: 0 };
  /** What was killed and came back, and when. */
  readonly history: string[] = [];
  /** What must not have happened, in sentences. */
  readonly faults: string[] = [];
  /** Starts of the server that ended because its database was killed under them. */
  readonly failed_starts: string[] = [];
  token = "";
  /** Every server process there was, for what it wrote to its standard error. */
  readonly #servers: KillableProcess[] = [];
  readonly #data: string;
  readonly #port: number;
  readonly #settings: Readonly<Record<string, string>>;
  #server: KillableProcess | undefined;
  #starting: Promise<void> | undefined;
  /** By the name of what is killed: resolves when it is back. */
  readonly #turns = new Map<string, Promise<void>>();
  /** Resolves when the database is back from its last kill. */
  #postgres: Promise<void> = Promise.resolve();
  #ambushes: Ambush[] = [];

  private constructor(options: KillSceneOptions, folder: string, port: number, terminals: KillTerminal[]) {
    this.#settings = options.settings;
    this.#data = join(folder, "data");
    this.#port = port;
    this.terminals = terminals;
  }

  static async open(t: TestContext, options: KillSceneOptions): Promise<KillScene> {
    const folder = await temporary(t);
    const terminals = await Promise.all(
      Array.from({ length: options.terminals }, async (_, index) => {
        const terminal_id = `${demo.account_id}-T${String(index + 1).padStart(4, "0")}`;
        const own = join(folder, terminal_id);
        await mkdir(own);
        const key = await makeDeviceKey();
        return { terminal_id, folder: own, key, process: undefined, hellos: [], shown: [] };
      }),
    );
    const scene = new KillScene(options, folder, await freePort(), terminals);
    started.push({ stop: () => scene.#killAll() });
    await scene.startServer();
    for (const terminal of terminals) await scene.startTerminal(terminal);
    return scene;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts the server, again where it or its database was killed on the way. */
  startServer(): Promise<void> {
    this.#starting ??= this.#startServer().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async startTerminal(terminal: KillTerminal): Promise<void> {
    const process = new KillableProcess("./kill-terminal.ts", {
      args: [terminal.folder, `${this.address.replace(/^http/, "ws")}${connectPath}`, terminal.terminal_id],
      env: { TAPLINE_KILL_DEVICE_KEY: JSON.stringify(terminal.key.private_jwk) },
      onSaid: ({ event, at, prompt_id, step }) => {
        if (event === "step") this.pass(terminal, step);
        if (event === "hello") terminal.hellos.push(Number(at));
        if (event === "shows") terminal.shown.push(String(prompt_id));
      },
      onDeath: (how) => this.faults.push(how),
    });
    terminal.process = process;
    await process.hear("on");
  }

  /** A sale has come to this moment. */
  pass({ terminal_id }: KillTerminal, moment: unknown): void {
    const sprung = this.#ambushes.filter((ambush) => ambush.terminal_id === terminal_id && ambush.moment === moment);
    this.#ambushes = this.#ambushes.filter((ambush) => !sprung.includes(ambush));
    for (const { spring } of sprung) spring();
  }

  /** Waits until a sale of the terminal's comes to this moment; `at_most_ms` where none does. */
  async ambush({ terminal_id }: KillTerminal, moment: Moment, at_most_ms: number): Promise<void> {
    const passed = new Promise<void>((spring) => this.#ambushes.push({ terminal_id, moment, spring }));
    await Promise.race([passed, pause(at_most_ms)]);
  }

  /** Kills one of them, and has it back after `away_ms`; the database, as soon as the server has. */
  async kill(kill: Kill): Promise<void> {
    const { kind, terminal, away_ms } = kill;
    this.kills[kind]++;
    const name = kind === "terminal" ? terminal.terminal_id : kind;
    this.#note(`${name} is killed`);
    if (kind === "terminal") await this.#inTurn(name, () => this.#killTerminal(kill));
    if (kind === "server") await this.#inTurn(name, () => this.#outage(() => this.#killServer(away_ms)));
    if (kind === "postgres") await this.#killPostgres();
    this.#note(`${name} is back`);
  }

  /** Two kills that waited for the same process to be back would each start another. */
  #inTurn(name: string, work: () => Promise<void>): Promise<void> {
    const done = (this.#turns.get(name) ?? Promise.resolve()).then(work);
    this.#turns.set(
      name,
      done.catch(() => {}),
    );
    return done;
  }

  #note(what: string): void {
    this.history.push(`${new Date().toISOString()} ${what}`);
  }

  async #outage(kill: () => Promise<void>): Promise<void> {
    const outage = { from: Date.now(), until: Number.POSITIVE_INFINITY };
    this.outages.push(outage);
    await kill();
    await this.ready();
    outage.until = Date.now();
  }

  /**
   * One after the other, and not before the server is in possession again: a database that dies four times before that is
   * given up as one that cannot be started.
   */
  #killPostgres(): Promise<void> {
    const last = this.#postgres;
    const back = last.then(() => this.#outage(() => this.#killPostmaster()));
    this.#postgres = back.then(() => pause(possessionAfter_ms));
    return back;
  }

  /** Waits until the server and its database are back from every kill; no longer than `at_most_ms`. */
  async calm(at_most_ms: number): Promise<void> {
    const began = performance.now();
    while (this.outages.some((outage) => outage.until > Date.now()) && performance.now() - began < at_most_ms) {
      await pause(lookEvery_ms);
    }
  }

  /** Waits until the server says that it is. */
  async ready(): Promise<void> {
    const began = performance.now();
    for (;;) {
      const answer = await fetch(`${this.address}/readyz`, { signal: AbortSignal.timeout(patience_ms) }).catch(
        () => {},
      );
      await answer?.arrayBuffer().catch(() => {});
      if (answer?.ok === true) return;
      if (performance.now() - began > patience_ms) throw new Error(`The server is not ready: ${this.#server?.errors}`);
      await pause(lookEvery_ms);
    }
  }

  /** What the servers wrote to their logs, a line each, besides that their database was away. */
  serverLog(): string[] {
    const lines = this.#servers.flatMap(({ errors }) => errors.split("\n"));
    return lines.filter((line) => line !== "" && !line.includes('"type":"DatabaseUnavailable"'));
  }

  /** The database itself, for what the tests look up. */
  async openDatabase(): Promise<Database> {
    const host = (await findPostmaster(join(this.#data, "postgres")))?.socketFolder;
    if (host === undefined) throw new Error("No postmaster runs.");
    return openDatabase({ host, port: PORT, user: ROLE, database: DATABASE }, 2);
  }

  /** Switches the terminals off, so that their files stand still. */
  async switchOff(): Promise<void> {
    await Promise.all(this.terminals.map(({ process }) => process?.kill()));
  }

  journal({ folder }: KillTerminal): Promise<JournalEntry[]> {
    return new FileEntries<JournalEntry>(journalOf(folder)).load();
  }

  book({ folder }: KillTerminal): FileEntries<BookEntry> {
    return new FileEntries<BookEntry>(bookOf(folder));
  }

  async #startServer(): Promise<void> {
    for (;;) {
      const began = Date.now();
      let is_serving = false;
      let death: string | undefined;
      const server = new KillableProcess("./kill-server.ts", {
        env: this.#serverSettings(),
        onDeath: (how) => {
          death = how;
          if (is_serving) this.faults.push(how);
        },
      });
      this.#server = server;
      this.#servers.push(server);
      const serving = await server.hear("serving");
      if (serving !== undefined) {
        is_serving = true;
        this.token = String(serving.token);
        return;
      }
      // Whoever killed it on its way waits for the next one.
      if (death === undefined) continue;
      if (!this.outages.some(({ from }) => from >= began)) throw new Error(`The server does not start: ${death}`);
      this.failed_starts.push(death);
    }
  }

  async #killServer(away_ms: number): Promise<void> {
    await until(() => this.#server?.isOver === false, patience_ms);
    await this.#server?.kill();
    await pause(away_ms);
    await this.startServer();
  }

  async #killTerminal({ terminal, away_ms, torn }: Kill): Promise<void> {
    await terminal.process?.kill();
    if (torn) {
      new FileEntries(journalOf(terminal.folder)).tear();
      this.book(terminal).tear();
    }
    await pause(away_ms);
    await this.startTerminal(terminal);
  }

  /** The server starts another; where there is no server now, its next start does. Resolves when another runs. */
  async #killPostmaster(): Promise<void> {
    const cluster = join(this.#data, "postgres");
    let killed: number | undefined;
    await until(async () => {
      killed = (await findPostmaster(cluster))?.pid;
      return killed !== undefined;
    }, patience_ms);
    if (killed !== undefined) process.kill(killed, "SIGKILL");
    await until(async () => {
      const { pid } = (await findPostmaster(cluster)) ?? {};
      return pid !== undefined && pid !== killed;
    }, patience_ms);
  }

  async #killAll(): Promise<void> {
    await Promise.all([this.#server?.kill(), ...this.terminals.map(({ process }) => process?.kill())]);
  }

  #serverSettings(): Record<string, string> {
    return {
      TAPLINE_DATA_DIR: this.#data,
      TAPLINE_PORT: String(this.#port),
      TAPLINE_SIMULATORS: "off",
      TAPLINE_KILL_TERMINALS: JSON.stringify(
        this.terminals.map(({ terminal_id, key: { public_jwk } }) => ({ terminal_id, public_jwk })),
      ),
      ...this.#settings,
    };
  }
}

/** A port that is free now; the server has it for the whole test, however often it is started. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
