/**
 * Gives what was written its place in the streams, once it has committed, and hands it to the hooks that subscribe. Any
 * process places what all have written; one at a time does it.
 */
import type { Environment, Timer } from "../domain/environment.ts";
import type { Database } from "../storage/database.ts";
import { type GrownStream, placeEvents } from "../storage/events.ts";

/** Placed in one statement. */
const togetherMax = 500;
/**
 * Between two placements: what comes meanwhile goes into one, and the sales' own writes have the disk. The more there was, the
 * longer, so that under load the placements cost little, and a single event waits for nothing.
 */
const restAfter_ms = (placed: number): number => Math.min(25, 1 + placed / 2);
/** Another process was placing, and may not have seen what was written here. */
const lookAfterOthers_ms = 10;
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
    const { clock, log } = this.#parts;
    let wait_ms = lookEvery_ms;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      const placement = await this.#place().catch((error: unknown) => {
        log.warn({ problem: String(error) }, "events could not be placed; trying again soon");
        return { rest_ms: lookEvery_ms, look_again_ms: lookEvery_ms };
      });
      wait_ms = placement.look_again_ms;
      if (this.#again && !this.#stopped) await clock.wait(placement.rest_ms);
    }
    this.#placing = undefined;
    if (!this.#stopped) this.#timer = clock.after(wait_ms, () => this.wake());
  }

  /** Answers how long to rest when hints have come meanwhile, and when to look again if none comes. */
  async #place(): Promise<{ readonly rest_ms: number; readonly look_again_ms: number }> {
    const { db, clock, onGrown } = this.#parts;
    const now = new Date(clock.now()).toISOString();
    const { is_mine, streams } = await db.atOnce((tx) => placeEvents(tx, togetherMax, now));
    if (!is_mine) return { rest_ms: lookAfterOthers_ms, look_again_ms: lookAfterOthers_ms };
    if (streams.length > 0) onGrown(streams);
    const placed = streams.reduce((sum, { new_events }) => sum + new_events, 0);
    const is_all = placed < togetherMax;
    this.#again ||= !is_all;
    return { rest_ms: is_all ? restAfter_ms(placed) : 0, look_again_ms: lookEvery_ms };
  }
}
