/**
 * Hints between server processes, by PostgreSQL's LISTEN and NOTIFY. They carry no truth: whoever gets one reads the rows,
 * and sweeps find what a lost one would have told. Sent after a commit, several together, never inside a transaction:
 * PostgreSQL puts commits that notify in a queue.
 */
import pg from "pg";
import type { Clock, Log, Timer } from "../domain/environment.ts";
import { type ConnectionSettings, type Database, statement } from "./database.ts";

/**
 * send: a prompt may wait. stop, inquire: about a prompt. replaced: the terminal has connected elsewhere, or its device is
 * another one now. Whoever has the terminal's connection acts on it. registered: a simulated terminal that nobody runs yet.
 */
export type BusMessage = StreamMessage | TerminalMessage;

/** The account's stream has grown: whoever follows it reads on, and hooks may have something to send. */
export interface StreamMessage {
  readonly kind: "grown";
  readonly account_id: string;
  readonly last_position: number;
}

export type TerminalMessage = { readonly account_id: string; readonly terminal_id: string } & (
  | { readonly kind: "send" | "stop" | "inquire" | "advise" | "operate"; readonly prompt_id: string }
  | { readonly kind: "replaced"; readonly epoch: number }
  | { readonly kind: "registered" }
);

const channel = "tapline";
const notify = statement("notify", "SELECT pg_notify('tapline', $1)");
/** PostgreSQL takes 8000 bytes in a notification. */
const togetherMax = 30;
const reconnectAfter_ms = 500;

export interface BusParts {
  readonly db: Database;
  readonly settings: ConnectionSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly process_id: string;
  readonly onMessage: (message: BusMessage) => void;
  /** Hints may have been lost while the connection was away. */
  readonly onReconnect: () => void;
}

export class Bus {
  readonly #parts: BusParts;
  #client: pg.Client | undefined;
  #retry: Timer | undefined;
  #stopped = false;
  #waiting: BusMessage[] = [];
  #sending = false;

  constructor(parts: BusParts) {
    this.#parts = parts;
  }

  async open(): Promise<void> {
    const client = new pg.Client({ ...this.#parts.settings });
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    client.on("notification", ({ payload }) => this.#receive(payload ?? ""));
    this.#client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
    } catch {
      this.#lost(client);
    }
  }

  tell(message: BusMessage): void {
    this.#waiting.push(message);
    if (!this.#sending) void this.#send();
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    await this.#client?.end().catch(() => {});
  }

  async #send(): Promise<void> {
    this.#sending = true;
    while (this.#waiting.length > 0 && !this.#stopped) {
      const messages = this.#waiting.splice(0, togetherMax);
      const payload = JSON.stringify({ from: this.#parts.process_id, messages });
      await this.#parts.db
        .atOnce((tx) => tx.query(notify, [payload]))
        .catch(() => {
          this.#parts.log.warn(
            { messages: messages.length },
            "hints to other processes were lost; sweeps will find them",
          );
        });
    }
    this.#sending = false;
  }

  #receive(payload: string): void {
    const { from, messages } = JSON.parse(payload) as { from: string; messages: BusMessage[] };
    if (from === this.#parts.process_id) return;
    for (const message of messages) this.#parts.onMessage(message);
  }

  #lost(client: pg.Client): void {
    if (client !== this.#client || this.#stopped) return;
    this.#client = undefined;
    void client.end().catch(() => {});
    this.#retry = this.#parts.clock.after(reconnectAfter_ms, () => {
      void this.open().then(() => {
        if (this.#client !== undefined) this.#parts.onReconnect();
      });
    });
  }
}
