/** When a delivery has arrived, when it is refused for good, and when it is tried again (R72, Q-CALLBACK-RETRY). */
import type { RandomBytes } from "../domain/environment.ts";
import type { DeliveryRecord } from "../storage/deliveries.ts";
import type { Answer } from "./post.ts";

/** After the first failure: 20 more tries. The first come soon, then the wait doubles up to an hour. */
export const retriesMax = 20;
const firstWaits_s = [2, 8, 30];
const waitMax_s = 3_600;

export function verdictOf(answer: Answer, tries: number): DeliveryRecord["status"] {
  if ("status" in answer) {
    if (answer.status >= 200 && answer.status < 300) return "DELIVERED";
    // 3xx is not followed, and 4xx means it: neither is tried again. 1xx and 5xx are.
    if (answer.status >= 300 && answer.status < 500) return "REFUSED";
  } else if (answer.refused) {
    return "REFUSED";
  }
  return tries > retriesMax ? "EXHAUSTED" : "PENDING";
}

/** The wait after so many tries, in seconds, before jitter. */
export const waitAfter_s = (tries: number): number => {
  const first = firstWaits_s[tries - 1];
  return first ?? Math.min(30 * 2 ** (tries - firstWaits_s.length), waitMax_s);
};

/** Up to a tenth earlier or later, so that many that failed together do not come back together. */
export function retryAt(tries: number, now: number, random: RandomBytes): string {
  const jitter = 0.9 + ((random(1)[0] ?? 0) / 255) * 0.2;
  return new Date(now + waitAfter_s(tries) * 1000 * jitter).toISOString();
}
