/**
 * Finds the lanes that have something to send, takes those that nobody works on, and has a worker for each. What a process
 * held that died is free again when it has been silent for a while.
 */
import type { Timer } from "../domain/environment.ts";
import { type DueLane, giveLanesBack, readDueLanes, takeLanes } from "../storage/lanes.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import { LaneWorker } from "./lane-worker.ts";

/** How often it is looked when no hint comes. */
const lookEvery_ms = 1_000;
/** Between two looks, however many hints come: as long as the last one took, and a little. */
const restAtLeast_ms = 2;
/** A lane is kept for a while after its last delivery, as the next one is often near; then another process may have it. */
const keepFor_ms = 2_000;

interface Held {
  readonly lane: Pick<DueLane, "account_id" | "id">;
  readonly worker: LaneWorker | undefined;
  readonly done: Promise<void>;
  /** On the monotonic clock: since when it is worked on, or nothing is done on it. */
  readonly since: number;
  /** The receiver had failed when it was taken. */
  readonly is_failing: boolean;
  /** The work broke off, as when the database went away: it is not begun again at once. */
  readonly broke_off: boolean;
}

export class Sender {
  readonly #parts: DeliveryParts;
  readonly #held = new Map<string, Held>();
  readonly #given_up = new AbortController();
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

  /** Resolves when what is under way has been recorded, or its receiver waited for long enough; nothing is begun after. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#looking;
    for (const { worker } of this.#held.values()) worker?.stop();
    const late = this.#parts.clock.after(this.#parts.limits.stop_within_ms, () => this.#given_up.abort());
    await Promise.all([...this.#held.values()].map(({ done }) => done));
    late.cancel();
    await this.#giveBack([...this.#held.keys()]).catch(() => {});
  }

  async #lookUntilDone(): Promise<void> {
    this.#timer?.cancel();
    const { clock, log } = this.#parts;
    let wait_ms = lookEvery_ms;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      const began = clock.monotonic();
      wait_ms = await this.#look().catch((error: unknown) => {
        log.warn({ problem: String(error) }, "the outbox could not be read; looking again soon");
        return lookEvery_ms;
      });
      // Whatever is woken meanwhile is seen by one look after this.
      if (!this.#stopped) await clock.wait(restAtLeast_ms + clock.monotonic() - began);
    }
    this.#looking = undefined;
    if (!this.#stopped) this.#timer = clock.after(wait_ms, () => this.wake());
  }

  /** Answers after how many milliseconds to look again, if no hint comes before. */
  async #look(): Promise<number> {
    const { db, clock, process_id, limits } = this.#parts;
    const now = clock.now();
    const lanes = await readDueLanes(db, process_id, new Date(now).toISOString());
    const due = lanes.filter(({ due_at }) => Date.parse(due_at) <= now);
    const free = due.filter(({ held_by }) => held_by === null).sort(healthyFirst);
    const left = await this.#giveBackIdle(free.length);
    const room = limits.lanes_max - this.#held.size;
    const taken = free.length === 0 || room <= 0 ? [] : await this.#take(free.slice(0, room));
    const ours = due.filter((lane) => lane.held_by === process_id && !left.has(keyOf(lane)));
    for (const lane of [...ours, ...taken]) this.#workOn(lane);
    if (free.length > room) this.#endTurns(free.length - Math.max(0, room));
    const waits_ms = lanes.map(({ due_at }) => Date.parse(due_at) - now).filter((wait_ms) => wait_ms > 0);
    return Math.min(lookEvery_ms, ...waits_ms);
  }

  async #take(free: readonly DueLane[]): Promise<readonly DueLane[]> {
    const taken = await this.#parts.db.atOnce((tx) => takeLanes(tx, this.#parts.process_id, free));
    const keys = new Set(taken.map(keyOf));
    return free.filter((lane) => keys.has(keyOf(lane)));
  }

  #workOn(lane: DueLane): void {
    const key = keyOf(lane);
    const held = this.#held.get(key);
    held?.worker?.nudge(lane.due_count);
    if (held?.worker !== undefined) return;
    const { clock, log } = this.#parts;
    if (held?.broke_off && clock.monotonic() - held.since < lookEvery_ms) return;
    const worker = new LaneWorker(this.#parts, lane, this.#given_up.signal);
    const kept = { lane, is_failing: lane.failures > 0, done: Promise.resolve() };
    const ended = (broke_off: boolean) => {
      this.#held.set(key, { ...kept, worker: undefined, since: clock.monotonic(), broke_off });
      // What came in between its last look and now.
      if (!broke_off) this.wake();
    };
    const done = worker.work().then(
      () => ended(false),
      (error: unknown) => {
        log.warn({ lane: lane.id, problem: String(error) }, "a lane was left; it is looked at again soon");
        ended(true);
      },
    );
    this.#held.set(key, { ...kept, worker, done, since: clock.monotonic(), broke_off: false });
  }

  /** Others wait and there is no room: those that have had their turn are left, what failed first. */
  #endTurns(wanted: number): void {
    const { clock, limits } = this.#parts;
    const since_before = clock.monotonic() - limits.turn_ms;
    [...this.#held.values()]
      .filter(({ worker, since }) => worker !== undefined && since <= since_before)
      .sort((one, other) => Number(other.is_failing) - Number(one.is_failing) || one.since - other.since)
      .slice(0, wanted)
      .forEach(({ worker }) => {
        worker?.stop();
      });
  }

  /** Those that have been idle for a while; at once, where so many others wait. Answers which. */
  async #giveBackIdle(waiting: number): Promise<ReadonlySet<string>> {
    const { clock, limits } = this.#parts;
    const is_full = this.#held.size + waiting > limits.lanes_max;
    const idle_before = clock.monotonic() - (is_full ? 0 : keepFor_ms);
    const idle = [...this.#held].filter(([, held]) => held.worker === undefined && held.since <= idle_before);
    const keys = idle.map(([key]) => key);
    if (keys.length > 0) await this.#giveBack(keys);
    return new Set(keys);
  }

  async #giveBack(keys: readonly string[]): Promise<void> {
    const lanes = keys.flatMap((key) => this.#held.get(key)?.lane ?? []);
    for (const key of keys) this.#held.delete(key);
    if (lanes.length > 0) await this.#parts.db.atOnce((tx) => giveLanesBack(tx, this.#parts.process_id, lanes));
  }
}

const keyOf = ({ account_id, id }: Held["lane"]): string => `${account_id} ${id}`;

/** Receivers that answer come before those that do not; then whoever has waited longest. */
const healthyFirst = (one: DueLane, other: DueLane): number =>
  one.failures - other.failures || one.due_at.localeCompare(other.due_at);
