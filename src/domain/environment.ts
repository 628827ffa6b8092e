/**
 * What comes in from outside the rules: time, identifiers, randomness and the log.
 *
 * Everything in `src` takes these as arguments; only `app.ts`, `cli/` and `system-environment.ts` make real ones. A test
 * or a simulation hands in its own and thereby owns time.
 */

/** A started timer. Cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** The wall clock, in milliseconds since 1970, UTC. */
  now(): number;
  /** Milliseconds since an arbitrary start; never steps, whatever happens to the wall clock. */
  monotonic(): number;
  /** Runs `work` once after `delay_ms`. The timer alone does not keep the process alive. */
  after(delay_ms: number, work: () => void): Timer;
  /** Resolves after `delay_ms`. */
  wait(delay_ms: number): Promise<void>;
}

/** Fills a new array of `length` bytes with unpredictable bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** Structured log lines: facts first, then the sentence. Secrets and card data never go in. */
export interface Log {
  debug(facts: Record<string, unknown>, sentence: string): void;
  info(facts: Record<string, unknown>, sentence: string): void;
  warn(facts: Record<string, unknown>, sentence: string): void;
  error(facts: Record<string, unknown>, sentence: string): void;
}

export interface Environment {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}
