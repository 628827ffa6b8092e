/**
 * The terminal's own host, simulated: it authorizes, and remembers every answer it gave. One prompt is one
 * authorization; asked again about the same prompt it says the same.
 */
import type { HostAnswer } from "./amounts.ts";
import type { EntryLog } from "./entry-log.ts";

export interface HostEntry {
  readonly prompt_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly answer: HostAnswer;
}

export class CardHost {
  readonly #log: EntryLog<HostEntry>;
  readonly #answers = new Map<string, HostEntry>();

  private constructor(log: EntryLog<HostEntry>) {
    this.#log = log;
  }

  static async open(log: EntryLog<HostEntry>): Promise<CardHost> {
    const host = new CardHost(log);
    for (const entry of await log.load()) host.#answers.set(entry.prompt_id, entry);
    return host;
  }

  async authorize(entry: HostEntry): Promise<HostAnswer> {
    const before = this.#answers.get(entry.prompt_id);
    if (before !== undefined) return before.answer;
    await this.#log.append(entry);
    this.#answers.set(entry.prompt_id, entry);
    return entry.answer;
  }

  /** What it answered, or `undefined` if it was never asked. */
  inquire(prompt_id: string): HostAnswer | undefined {
    return this.#answers.get(prompt_id)?.answer;
  }
}
