/** When a delivery has arrived, when it is refused for good, and when it is tried again (R72, Q-CALLBACK-RETRY, C5). */
import type { RandomBytes } from "../domain/environment.ts";
import type { Delivery } from "../storage/deliveries.ts";
import type { Answer } from "./post.ts";

export type Verdict = "PENDING" | "DELIVERED" | "REFUSED" | "EXHAUSTED";

interface Schedule {
  /** The wait after each failed try, in seconds; as many tries as there are waits, and one more. */
  readonly waits_s: readonly number[];
  /** Answers that mean "do not send this again". */
  readonly refuses: (status: number) => boolean;
}

const hour_s = 3_600;

/** A callback is tried again 20 times (R72). The first come soon; then the wait doubles up to an hour. */
const callback: Schedule = {
  waits_s: [2, 8, 30, 60, 120, 240, 480, 960, 1_920, ...Array<number>(11).fill(hour_s)],
  // 3xx is not followed, and 4xx means it.
  refuses: (status) => status >= 300 && status < 500,
};

/** A webhook has five tries (C5). Of the answers, 400 says "stop" there; 410 says it everywhere (RFC 9110). */
const webhook: Schedule = {
  waits_s: [5, 30, 120, 600],
  refuses: (status) => status === 400 || status === 410,
};

export const schedules = { callback, webhook } as const;

/** What a try means for its delivery; `attempts` counts it. */
export function verdictOf(kind: Delivery["kind"], answer: Answer, attempts: number): Verdict {
  const { waits_s, refuses } = schedules[kind];
  if ("status" in answer) {
    if (answer.status >= 200 && answer.status < 300) return "DELIVERED";
    if (refuses(answer.status)) return "REFUSED";
  } else if (answer.refused) {
    return "REFUSED";
  }
  return attempts > waits_s.length ? "EXHAUSTED" : "PENDING";
}

/** The wait after so many tries, in seconds, before jitter. */
export const waitAfter_s = (kind: Delivery["kind"], attempts: number): number =>
  schedules[kind].waits_s[attempts - 1] ?? hour_s;

/** Up to a tenth earlier or later, so that many that failed together do not come back together. */
export function retryAt(kind: Delivery["kind"], attempts: number, now: number, random: RandomBytes): string {
  const jitter = 0.9 + ((random(1)[0] ?? 0) / 255) * 0.2;
  return new Date(now + waitAfter_s(kind, attempts) * 1000 * jitter).toISOString();
}

/** A receiver that is set up anew is back within seconds: then each wait is as long as the pause has lasted. */
const firstProbe_ms = 5_000;

/** When a paused hook's receiver is asked again, on the wall clock. */
export function probeAt(paused_at: string | null, now: number, probe_every_ms: number): string {
  const paused_ms = paused_at === null ? 0 : now - Date.parse(paused_at);
  return new Date(now + Math.min(Math.max(paused_ms, firstProbe_ms), probe_every_ms)).toISOString();
}
