/**
 * Gives what was written its place in the streams, once it has committed, and hands it to the hooks that subscribe. Any
 * process places what all have written; one at a time does it.
 */
import type { Environment, Timer } from "../domain/environment.ts";
import type { Database } from "../storage/database.ts";
import { type GrownStream, placeEvents } from "../storage/events.ts";

/** Placed in one statement. */
const togetherMax = 500;
/** How often it is looked when no hint comes: another process may have died with its own. */
const lookEvery_ms = 250;

export interface PlacerParts extends Environment {
  readonly db: Database;
  /** These streams have grown, and hooks may have got something to send. */
  readonly onGrown: (streams: readonly GrownStream[]) => void;
}

export class Placer {
  readonly #parts: PlacerParts;
  #timer: Timer | undefined;
  #stopped = false;
  #placing: Promise<void> | undefined;
  #again = false;

  constructor(parts: PlacerParts) {
    this.#parts = parts;
  }

  /** Something was written: place it. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#placing ??= this.#placeUntilDone();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#placing;
  }

  async #placeUntilDone(): Promise<void> {
    this.#timer?.cancel();
    while (this.#again && !this.#stopped) {
      this.#again = false;
      await this.#place().catch((error: unknown) =>
        this.#parts.log.warn({ problem: String(error) }, "events could not be placed; trying again soon"),
      );
    }
    this.#placing = undefined;
    if (!this.#stopped) this.#timer = this.#parts.clock.after(lookEvery_ms, () => this.wake());
  }

  async #place(): Promise<void> {
    const { db, clock, onGrown } = this.#parts;
    const streams = await db.atOnce((tx) => placeEvents(tx, togetherMax, new Date(clock.now()).toISOString()));
    if (streams.length === 0) return;
    const placed = streams.reduce((sum, { new_events }) => sum + new_events, 0);
    this.#again ||= placed === togetherMax;
    onGrown(streams);
  }
}
