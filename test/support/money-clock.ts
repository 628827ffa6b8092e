/** A clock that stands still until a test moves it, and a till's patience that ends when the test says so. */
import type { Clock, Timer } from "../../src/domain/environment.ts";
import { Hints } from "../../src/flows/hints.ts";

export class SetClock implements Clock {
  #now_ms = Date.parse("2026-03-02T09:00:00.000Z");
  readonly #due = new Map<object, { at_ms: number; work: () => void }>();

  now(): number {
    return this.#now_ms;
  }

  monotonic(): number {
    return this.#now_ms;
  }

  after(delay_ms: number, work: () => void): Timer {
    const handle = {};
    this.#due.set(handle, { at_ms: this.#now_ms + delay_ms, work });
    return { cancel: () => void this.#due.delete(handle) };
  }

  wait(delay_ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(delay_ms, resolve));
  }

  pass(ms: number): void {
    this.#now_ms += ms;
    for (const [handle, { at_ms, work }] of [...this.#due]) {
      if (at_ms > this.#now_ms) continue;
      this.#due.delete(handle);
      work();
    }
  }
}

/** Whoever waits for a hint waits until the test has it look again. How long it may wait, the clock says. */
export class HeldHints extends Hints {
  readonly #waiting = new Set<() => void>();

  override promptChange(): Promise<void> {
    return new Promise((look) => void this.#waiting.add(look));
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  lookAgain(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const look of waiting) look();
  }
}
