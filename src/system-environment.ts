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

/** Asking the kernel costs the same for eight thousand bytes as for eight, so they are fetched in stock. */
const stock_bytes = 8_192;
let stock = randomBytes(stock_bytes);
let used = 0;

export const systemRandom: RandomBytes = (length) => {
  if (length > stock_bytes) return randomBytes(length);
  if (used + length > stock_bytes) {
    stock = randomBytes(stock_bytes);
    used = 0;
  }
  // A copy, and the original wiped: no byte is handed out twice, or stays behind to be read.
  const taken = Uint8Array.prototype.slice.call(stock, used, used + length);
  stock.fill(0, used, used + length);
  used += length;
  return taken;
};
