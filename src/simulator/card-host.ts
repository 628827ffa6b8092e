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
  /** The approval was taken back. */
  readonly reversed?: boolean;
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

  /** Takes an approval back. False if there is none; taking it back twice is taking it back once. */
  async reverse(prompt_id: string): Promise<boolean> {
    const entry = this.#answers.get(prompt_id);
    if (entry === undefined || !entry.answer.approved) return false;
    if (entry.reversed === true) return true;
    const reversed = { ...entry, reversed: true };
    await this.#log.append(reversed);
    this.#answers.set(prompt_id, reversed);
    return true;
  }

  /** Approvals that stand: the money that has moved, by this host's book. */
  standingApprovals(): HostEntry[] {
    return [...this.#answers.values()].filter(({ answer, reversed }) => answer.approved && reversed !== true);
  }

  /** What it answered, or `undefined` if it was never asked. */
  inquire(prompt_id: string): HostAnswer | undefined {
    return this.#answers.get(prompt_id)?.answer;
  }
}
