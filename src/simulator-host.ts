/**
 * Runs the simulated terminals of this server: each over a real WebSocket to the server's own address, with its journal
 * and its card host's book in the database, and a person in front of it. One process runs each of them.
 */
import type { Environment } from "./domain/environment.ts";
import type { FindPerson, SimulatedPerson } from "./flows/simulated-person.ts";
import { CardHost, type HostEntry } from "./simulator/card-host.ts";
import { signer } from "./simulator/device-key.ts";
import type { EntryLog } from "./simulator/entry-log.ts";
import type { JournalEntry } from "./simulator/journal.ts";
import { Person } from "./simulator/person.ts";
import { SimulatedTerminal } from "./simulator/terminal.ts";
import type { Database } from "./storage/database.ts";
import {
  appendSimulatedEntry,
  hostSimulatedTerminals,
  readHosted,
  readSimulatedEntries,
  type SimulatedLog,
  type SimulatedTerminalRow,
  updateSimulatedTerminal,
} from "./storage/simulated-terminals.ts";

export interface SimulatorHostParts extends Environment {
  readonly db: Database;
  readonly process_id: string;
  readonly delay_ms: number;
}

interface Running {
  readonly person: SimulatedPerson;
  readonly terminal: SimulatedTerminal;
}

export class SimulatorHost {
  readonly #parts: SimulatorHostParts;
  readonly #running = new Map<string, Running>();
  #address: string | undefined;

  constructor(parts: SimulatorHostParts) {
    this.#parts = parts;
  }

  readonly findPerson: FindPerson = (account_id, terminal_id) =>
    this.#running.get(`${account_id} ${terminal_id}`)?.person;

  /** From now on the terminals connect to this address. */
  serveAt(address: string): void {
    this.#address = address;
  }

  /** Takes on every simulated terminal that no live process runs. */
  async takeOn(): Promise<void> {
    const { db, process_id, log } = this.#parts;
    if (this.#address === undefined) return;
    await this.#giveUp();
    for (const row of await db.atOnce((tx) => hostSimulatedTerminals(tx, process_id))) {
      const running = await this.#boot(row, this.#address);
      this.#running.set(`${row.account_id} ${row.terminal_id}`, running);
      log.info({ account_id: row.account_id, terminal_id: row.terminal_id }, "a simulated terminal is on");
    }
  }

  /** Those that another process has taken on, because this one was taken for dead, are no longer ours to run. */
  async #giveUp(): Promise<void> {
    const hosted = await readHosted(this.#parts.db, this.#parts.process_id);
    const ours = new Set(hosted.map(({ account_id, terminal_id }) => `${account_id} ${terminal_id}`));
    for (const [key, { terminal }] of this.#running) {
      if (ours.has(key)) continue;
      terminal.unplug();
      this.#running.delete(key);
    }
  }

  close(): void {
    for (const { terminal } of this.#running.values()) terminal.unplug();
    this.#running.clear();
  }

  async #boot(row: SimulatedTerminalRow, address: string): Promise<Running> {
    const { db, clock, random, log, delay_ms } = this.#parts;
    const { terminal_id } = row;
    const person = new Person(
      {
        clock,
        terminal_id,
        delay_ms,
        keep: (setting) => db.atOnce((tx) => updateSimulatedTerminal(tx, { ...row, ...setting })),
      },
      row,
    );
    const terminal = await SimulatedTerminal.boot({
      clock,
      random,
      log,
      address,
      terminal_id,
      serial_number: row.device_serial_number,
      sign: await signer(row.private_jwk),
      journal: this.#entries<JournalEntry>(row, "journal"),
      host: await CardHost.open(this.#entries<HostEntry>(row, "host")),
      onScreen: (screen) => person.look(screen),
    });
    person.face(terminal);
    return { person, terminal };
  }

  #entries<Entry extends object>(row: SimulatedTerminalRow, name: SimulatedLog): EntryLog<Entry> {
    const { db } = this.#parts;
    return {
      load: () => readSimulatedEntries<Entry>(db, row, name),
      append: (entry) => db.atOnce((tx) => appendSimulatedEntry(tx, row, name, entry)),
    };
  }
}
