/** How long whoever guesses is kept waiting: a table, and what follows from it. */

export interface TryLimit {
  /** So many wrong tries cost nothing: people mistype. */
  readonly free: number;
  /** The wait after the last free one; each further wrong try doubles it. */
  readonly first_wait_s: number;
  readonly wait_max_s: number;
}

/**
 * A stranger must not guess, and must not keep the right person out for good either. So one address waits for itself; all
 * strange addresses together wait for one user, and an address that the user has signed in from is no strange one.
 */
export const tryLimits = {
  /** One user, tried from one address. At the longest wait that is 24 guesses a day. */
  user_from_address: { free: 5, first_wait_s: 30, wait_max_s: 3600 },
  /** One user, tried from all addresses that they have not signed in from: many addresses guess no faster than one. */
  user_from_strangers: { free: 50, first_wait_s: 60, wait_max_s: 3600 },
  /** Any users, tried from one address: a shop's staff may stand behind it, so its wait stays short. */
  address: { free: 50, first_wait_s: 60, wait_max_s: 900 },
} as const satisfies Record<string, TryLimit>;

/** Wrong tries are forgotten when there has been none for a day. */
export const triesKept_ms = 24 * 60 * 60 * 1000;

/** For how long nothing is tried after the `wrong`th wrong try. */
export function waitAfter({ free, first_wait_s, wait_max_s }: TryLimit, wrong: number): number {
  if (wrong < free) return 0;
  // Doubled no more often than the longest wait needs, so that the number stays one.
  return Math.min(wait_max_s, first_wait_s * 2 ** Math.min(wrong - free, 20));
}
