/** The real time and randomness of this machine: the one place, with `app.ts` and `cli/`, that may ask for them. */
import { randomBytes } from "node:crypto";
import type { Clock, RandomBytes } from "./domain/environment.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay_ms, work) {
    const timer = setTimeout(work, delay_ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  wait: (delay_ms) => new Promise((resolve) => setTimeout(resolve, delay_ms)),
};

export const systemRandom: RandomBytes = (length) => randomBytes(length);
