/** A clock that runs as the machine's does, and jumps ahead when a test says so: nobody waits two minutes for a deadline. */
import type { Clock, Timer } from "../../src/domain/environment.ts";

interface Due {
  at_ms: number;
  work: () => void;
  handle: NodeJS.Timeout;
}

export class JumpClock implements Clock {
  #ahead_ms = 0;
  readonly #due = new Set<Due>();

  now(): number {
    return Math.floor(Date.now() + this.#ahead_ms);
  }

  monotonic(): number {
    return performance.now() + this.#ahead_ms;
  }

  after(delay_ms: number, work: () => void): Timer {
    const due: Due = { at_ms: this.monotonic() + delay_ms, work, handle: setTimeout(() => this.#fire(due), delay_ms) };
    due.handle.unref();
    this.#due.add(due);
    return { cancel: () => this.#drop(due) };
  }

  wait(delay_ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(delay_ms, resolve));
  }

  /** Jumps ahead; what falls due on the way is done in its order, at its moment. */
  jump(ms: number): void {
    const until_ms = this.monotonic() + ms;
    for (;;) {
      const [next] = [...this.#due].sort((a, b) => a.at_ms - b.at_ms);
      if (next === undefined || next.at_ms > until_ms) break;
      this.#ahead_ms += Math.max(0, next.at_ms - this.monotonic());
      this.#fire(next);
    }
    this.#ahead_ms += Math.max(0, until_ms - this.monotonic());
    for (const due of this.#due) this.#arm(due);
  }

  #arm(due: Due): void {
    clearTimeout(due.handle);
    due.handle = setTimeout(() => this.#fire(due), Math.max(0, due.at_ms - this.monotonic()));
    due.handle.unref();
  }

  #fire(due: Due): void {
    if (!this.#due.has(due)) return;
    this.#drop(due);
    due.work();
  }

  #drop(due: Due): void {
    clearTimeout(due.handle);
    this.#due.delete(due);
  }
}
