/**
 * Finds the lanes that have something to send, takes those that nobody works on, and has a worker for each. What a process
 * held that died is free again when it has been silent for a while.
 */
import type { Timer } from "../domain/environment.ts";
import { type DueLane, giveLanesBack, readDueLanes, takeLanes } from "../storage/lanes.ts";
import { type DeliveryParts, LaneWorker } from "./lane-worker.ts";

/** Lanes worked on at once. */
const lanesMax = 256;
/** How often it is looked when no hint comes. */
const lookEvery_ms = 1_000;
/** A lane is kept for a while after its last delivery, as the next one is often near; then another process may have it. */
const keepFor_ms = 2_000;

interface Held {
  readonly lane: Pick<DueLane, "account_id" | "id">;
  readonly worker: LaneWorker | undefined;
  readonly done: Promise<void>;
  /** On the monotonic clock: since when nothing is done on it. */
  readonly idle_since: number;
  /** The work broke off, as when the database went away: it is not begun again at once. */
  readonly broke_off: boolean;
}

export class Sender {
  readonly #parts: DeliveryParts;
  readonly #held = new Map<string, Held>();
  #timer: Timer | undefined;
  #stopped = false;
  #looking: Promise<void> | undefined;
  #again = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** There may be something to send: look, or look once more. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#looking ??= this.#lookUntilDone();
  }

  /** Resolves when what is under way has been recorded; nothing is begun after. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#looking;
    for (const { worker } of this.#held.values()) worker?.stop();
    await Promise.all([...this.#held.values()].map(({ done }) => done));
    await this.#giveBack([...this.#held.keys()]).catch(() => {});
  }

  async #lookUntilDone(): Promise<void> {
    this.#timer?.cancel();
    let wait_ms = lookEvery_ms;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      wait_ms = await this.#look().catch((error: unknown) => {
        this.#parts.log.warn({ problem: String(error) }, "the outbox could not be read; looking again soon");
        return lookEvery_ms;
      });
    }
    this.#looking = undefined;
    if (!this.#stopped) this.#timer = this.#parts.clock.after(wait_ms, () => this.wake());
  }

  /** Answers after how many milliseconds to look again, if no hint comes before. */
  async #look(): Promise<number> {
    const { db, clock, process_id } = this.#parts;
    const lanes = await readDueLanes(db, process_id);
    const now = clock.now();
    const due = lanes.filter(({ due_at }) => Date.parse(due_at) <= now);
    const free = due.filter(({ held_by }) => held_by === null);
    const ours = due.filter(({ held_by }) => held_by === process_id);
    const room = lanesMax - this.#held.size;
    const taken = free.length === 0 || room <= 0 ? [] : await this.#take(free.slice(0, room));
    for (const lane of [...ours, ...taken]) this.#workOn(lane);
    await this.#giveBackIdle();
    const waits_ms = lanes.map(({ due_at }) => Date.parse(due_at) - now).filter((wait_ms) => wait_ms > 0);
    return Math.min(lookEvery_ms, ...waits_ms);
  }

  #take(lanes: readonly DueLane[]) {
    return this.#parts.db.atOnce((tx) => takeLanes(tx, this.#parts.process_id, lanes));
  }

  #workOn(lane: Held["lane"]): void {
    const key = keyOf(lane);
    const held = this.#held.get(key);
    held?.worker?.nudge();
    if (held?.worker !== undefined) return;
    if (held?.broke_off && this.#parts.clock.monotonic() - held.idle_since < lookEvery_ms) return;
    const worker = new LaneWorker(this.#parts, lane);
    const ended = (broke_off: boolean) => {
      const idle_since = this.#parts.clock.monotonic();
      this.#held.set(key, { lane, worker: undefined, done: Promise.resolve(), idle_since, broke_off });
      // What came in between its last look and now.
      if (!broke_off) this.wake();
    };
    const done = worker.work().then(
      () => ended(false),
      (error: unknown) => {
        this.#parts.log.warn({ lane: lane.id, problem: String(error) }, "a lane was left; it is looked at again soon");
        ended(true);
      },
    );
    this.#held.set(key, { lane, worker, done, idle_since: 0, broke_off: false });
  }

  async #giveBackIdle(): Promise<void> {
    const idle_before = this.#parts.clock.monotonic() - keepFor_ms;
    const idle = [...this.#held].filter(([, held]) => held.worker === undefined && held.idle_since <= idle_before);
    if (idle.length > 0) await this.#giveBack(idle.map(([key]) => key));
  }

  async #giveBack(keys: readonly string[]): Promise<void> {
    const lanes = keys.flatMap((key) => this.#held.get(key)?.lane ?? []);
    for (const key of keys) this.#held.delete(key);
    if (lanes.length > 0) await this.#parts.db.atOnce((tx) => giveLanesBack(tx, this.#parts.process_id, lanes));
  }
}

const keyOf = ({ account_id, id }: Held["lane"]): string => `${account_id} ${id}`;
