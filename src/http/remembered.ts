/** What was asked of the database about who calls, remembered for a while. */
import type { Clock } from "../domain/environment.ts";

/** What was taken from a client ends within a minute in every process: half of that leaves room for a slow answer. */
const rememberFor_ms = 30_000;

interface Entry<Standing> {
  readonly standing: Standing;
  /** In monotonic time, from before the database was asked. */
  readonly asked_ms: number;
}

export class Remembered<Standing> {
  readonly #clock: Clock;
  /** Beyond it the oldest is asked for again. */
  readonly #most: number;
  readonly #entries = new Map<string, Entry<Standing>>();

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** As it was asked for not long ago. */
  recent(key: string): Standing | undefined {
    const entry = this.#entries.get(key);
    const is_recent = entry !== undefined && this.#clock.monotonic() - entry.asked_ms < rememberFor_ms;
    return is_recent ? entry.standing : undefined;
  }

  /** Asks, and remembers the answer; of who is not there, nothing. */
  async ask(key: string, read: () => Promise<Standing | undefined>): Promise<Standing | undefined> {
    const asked_ms = this.#clock.monotonic();
    const standing = await read();
    this.#entries.delete(key);
    if (standing === undefined) return undefined;
    this.#entries.set(key, { standing, asked_ms });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#most && oldest !== undefined) this.#entries.delete(oldest);
    return standing;
  }

  forget(isMeant: (key: string, standing: Standing) => boolean): void {
    for (const [key, { standing }] of this.#entries) if (isMeant(key, standing)) this.#entries.delete(key);
  }
}
