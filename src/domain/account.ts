/** Accounts come in pairs of the same digits: T for tests, P for real money (auth section 2). */
import type { RandomBytes } from "./environment.ts";

export const isAccountDigits = (text: string): boolean => /^\d{8}$/.test(text);

/** Eight digits, the first not a zero, so that they stay eight wherever they are taken for a number. */
export function newAccountDigits(random: RandomBytes): string {
  const number = random(6).reduce((sum, byte) => sum * 256 + byte, 0);
  return String(10_000_000 + (number % 90_000_000));
}

/** The test account first: it is the one to begin with. */
export const accountPair = (digits: string): readonly [test: string, production: string] => [
  `T${digits}`,
  `P${digits}`,
];
