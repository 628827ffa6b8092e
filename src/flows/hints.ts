/**
 * Hints within one process: they shorten a wait and carry no truth. Whoever waits for one reads the database when it
 * comes, and looks again after a while in case it never does.
 */
import type { Clock } from "../domain/environment.ts";

export interface GrownStream {
  readonly account_id: string;
  readonly last_position: number;
}

export class Hints {
  readonly #promptWatchers = new Map<string, Set<() => void>>();
  #eventWatcher: () => void = () => {};
  #growthWatcher: (stream: GrownStream) => void = () => {};

  promptChanged(prompt_id: string): void {
    for (const watcher of this.#promptWatchers.get(prompt_id) ?? []) watcher();
    this.eventWritten();
  }

  /** Something is to be told. */
  eventWritten(): void {
    this.#eventWatcher();
  }

  onEventWritten(watcher: () => void): void {
    this.#eventWatcher = watcher;
  }

  /** An account's stream has got more, from here or from another process. */
  streamGrown(stream: GrownStream): void {
    this.#growthWatcher(stream);
  }

  onStreamGrown(watcher: (stream: GrownStream) => void): void {
    this.#growthWatcher = watcher;
  }

  /** Resolves when the prompt changes in this process, and after `at_most_ms` in any case. */
  async promptChange(prompt_id: string, at_most_ms: number, clock: Clock): Promise<void> {
    const watchers = this.#promptWatchers.get(prompt_id) ?? new Set();
    this.#promptWatchers.set(prompt_id, watchers);
    await new Promise<void>((resolve) => {
      const done = () => {
        timer.cancel();
        watchers.delete(done);
        if (watchers.size === 0) this.#promptWatchers.delete(prompt_id);
        resolve();
      };
      const timer = clock.after(at_most_ms, done);
      watchers.add(done);
    });
  }
}
