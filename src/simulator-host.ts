/**
 * Runs the simulated terminals of this server: each over a real WebSocket to the server's own address, with its journal
 * and its card host's book in the database, and a person in front of it. One process runs each of them.
 */
import type { Environment } from "./domain/environment.ts";
import type { SimulatedDevices } from "./flows/simulated-enrolment.ts";
import type { FindPerson } from "./flows/simulated-person.ts";
import { CardHost } from "./simulator/card-host.ts";
import { makeDeviceKey, signer } from "./simulator/device-key.ts";
import type { EntryLog } from "./simulator/entry-log.ts";
import type { BookEntry } from "./simulator/host-book.ts";
import type { JournalEntry } from "./simulator/journal.ts";
import { Person, type Setting } from "./simulator/person.ts";
import { SimulatedTerminal } from "./simulator/terminal.ts";
import { PowerCut, Troubles } from "./simulator/trouble.ts";
import type { Database } from "./storage/database.ts";
import {
  appendSimulatedEntry,
  hostSimulatedTerminals,
  readHosted,
  readSimulatedEntries,
  type SimulatedLog,
  type SimulatedTerminalRow,
  updateSimulatedTerminal,
  wipeSimulatedEntries,
} from "./storage/simulated-terminals.ts";

/** How soon a terminal that could not read its journal tries again. */
const startAgain_ms = 1_000;

export interface SimulatorHostParts extends Environment {
  readonly db: Database;
  readonly process_id: string;
  readonly delay_ms: number;
}

interface Running {
  readonly person: Person;
  readonly troubles: Troubles;
  terminal: SimulatedTerminal | undefined;
}

export class SimulatorHost {
  readonly #parts: SimulatorHostParts;
  readonly #running = new Map<string, Running>();
  #taking: Promise<void> = Promise.resolve();
  #address: string | undefined;

  constructor(parts: SimulatorHostParts) {
    this.#parts = parts;
  }

  readonly findPerson: FindPerson = (account_id, terminal_id) => {
    const running = this.#running.get(`${account_id} ${terminal_id}`);
    if (running === undefined) return undefined;
    const { person, troubles } = running;
    return {
      state: () => person.state(),
      play: (action, at_most_ms) => person.play(action, at_most_ms),
      order: (trouble) => troubles.order(trouble),
    };
  };

  /** What the API asks of simulated terminals. */
  get ports(): { findPerson: FindPerson; devices: SimulatedDevices } {
    return { findPerson: this.findPerson, devices: { makeKey: makeDeviceKey, takeOn: () => this.takeOn() } };
  }

  /** From now on the terminals connect to this address. */
  serveAt(address: string): void {
    this.#address = address;
  }

  /** Takes on every simulated terminal that no live process runs. One call after the other: each gives up what it misses. */
  takeOn(): Promise<void> {
    const turn = this.#taking.then(() => this.#takeOn());
    this.#taking = turn.catch(() => {});
    return turn;
  }

  async #takeOn(): Promise<void> {
    const { db, process_id, log, clock, delay_ms } = this.#parts;
    if (this.#address === undefined) return;
    await this.#giveUp();
    for (const row of await db.atOnce((tx) => hostSimulatedTerminals(tx, process_id))) {
      const keep = (setting: Setting) => db.atOnce((tx) => updateSimulatedTerminal(tx, { ...row, ...setting }));
      const person = new Person({ clock, terminal_id: row.terminal_id, delay_ms, keep }, row);
      const running: Running = { person, troubles: new Troubles(), terminal: undefined };
      this.#running.set(`${row.account_id} ${row.terminal_id}`, running);
      await this.#boot(row, running, this.#address);
      log.info({ account_id: row.account_id, terminal_id: row.terminal_id }, "a simulated terminal is on");
    }
  }

  /** Not ours to run any more: what another process has taken on, taking this one for dead, and what is of no use now. */
  async #giveUp(): Promise<void> {
    const hosted = await readHosted(this.#parts.db, this.#parts.process_id);
    const ours = new Set(hosted.map(({ account_id, terminal_id }) => `${account_id} ${terminal_id}`));
    for (const [key, { terminal }] of this.#running) {
      if (ours.has(key)) continue;
      terminal?.unplug();
      this.#running.delete(key);
    }
  }

  close(): void {
    for (const { terminal } of this.#running.values()) terminal?.unplug();
    this.#running.clear();
    this.#address = undefined;
  }

  async #boot(row: SimulatedTerminalRow, running: Running, address: string): Promise<void> {
    const { clock, random, log } = this.#parts;
    const journal = this.#entries<JournalEntry>(row, "journal");
    running.terminal = await SimulatedTerminal.boot({
      clock,
      random,
      log,
      address,
      terminal_id: row.terminal_id,
      serial_number: row.device_serial_number,
      sign: await signer(row.private_jwk),
      journal,
      host: await CardHost.open(this.#entries<BookEntry>(row, "host")),
      onScreen: (screen) => running.person.look(screen),
      troubles: running.troubles,
      onPowerCut: (cut) => this.#startAgain(row, running, journal, cut),
    });
    running.person.face(running.terminal);
  }

  #startAgain(row: SimulatedTerminalRow, running: Running, journal: EntryLog<JournalEntry>, cut: PowerCut): void {
    const { clock, log } = this.#parts;
    running.terminal = undefined;
    running.person.leave();
    clock.after(cut.for_ms, () => {
      if (this.#address === undefined) return;
      const wiped = cut.wiped ? journal.wipe() : Promise.resolve();
      wiped
        .then(() => this.#boot(row, running, this.#address ?? ""))
        .catch((error: unknown) => {
          log.warn({ terminal_id: row.terminal_id, problem: String(error) }, "a simulated terminal does not start yet");
          this.#startAgain(row, running, journal, new PowerCut(startAgain_ms, cut.wiped));
        });
    });
  }

  #entries<Entry extends object>(row: SimulatedTerminalRow, name: SimulatedLog): EntryLog<Entry> {
    const { db } = this.#parts;
    return {
      load: () => readSimulatedEntries<Entry>(db, row, name),
      append: (entry) => db.atOnce((tx) => appendSimulatedEntry(tx, row, name, entry)),
      wipe: () => db.atOnce((tx) => wipeSimulatedEntries(tx, row, name)),
    };
  }
}
