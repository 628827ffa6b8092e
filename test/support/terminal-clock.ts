/** A clock that stands still until a test moves it. */
import type { Clock, Timer } from "../../src/domain/environment.ts";

interface Due {
  readonly at_ms: number;
  readonly work: () => void;
}

export class HandClock implements Clock {
  #passed_ms = 0;
  #due: Due[] = [];
  readonly #began: number;
  readonly #monotonic_began: number;

  constructor(began: number, monotonic_began = 0) {
    this.#began = began;
    this.#monotonic_began = monotonic_began;
  }

  now(): number {
    return this.#began + this.#passed_ms;
  }

  monotonic(): number {
    return this.#monotonic_began + this.#passed_ms;
  }

  after(delay_ms: number, work: () => void): Timer {
    const due = { at_ms: this.#passed_ms + delay_ms, work };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }

  wait(delay_ms: number): Promise<void> {
    return new Promise((resolve) => this.after(delay_ms, resolve));
  }

  /** Lets so much time pass; what falls due on the way is done in its order, at its moment. */
  pass(ms: number): void {
    const until_ms = this.#passed_ms + ms;
    for (;;) {
      const [next] = this.#due.filter(({ at_ms }) => at_ms <= until_ms).sort((a, b) => a.at_ms - b.at_ms);
      if (next === undefined) break;
      this.#due = this.#due.filter((other) => other !== next);
      this.#passed_ms = Math.max(this.#passed_ms, next.at_ms);
      next.work();
    }
    this.#passed_ms = until_ms;
  }
}
