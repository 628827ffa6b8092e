import type { RandomBytes } from "./environment.ts";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Of the 22 letters and digits after the dot, so many carry the time: 62^8 ms reach to the year 8888. */
const timeDigits = 8;
const randomDigits = 14;
const timeMax = 62 ** timeDigits - 1;

/**
 * `{aid}.{22 letters and digits}`, for sessions and transactions (errors-and-conventions section 4).
 *
 * The first digits are the creation time, so that new rows lie side by side in an index; the other 14 carry 83 bits of
 * randomness, so that an id cannot be guessed.
 */
export function newCheckoutId(account_id: string, now: number, random: RandomBytes): string {
  return `${account_id}.${timeInBase62(now)}${randomInBase62(randomDigits, random)}`;
}

/** Ids of the account that were made from this moment on begin no lower; those that were made before it are all lower. */
export const checkoutIdsFrom = (account_id: string, moment: number): string =>
  `${account_id}.${timeInBase62(Math.min(Math.max(moment, 0), timeMax))}`;

/** `prefix_` and 22 letters and digits: prompts, deliveries, devices and all else that is ours alone. */
export function newId(prefix: string, now: number, random: RandomBytes): string {
  return `${prefix}_${timeInBase62(now)}${randomInBase62(randomDigits, random)}`;
}

/** A version 4 UUID, for request ids (errors-and-conventions section 4). */
export function newUuid(random: RandomBytes): string {
  const bytes = random(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A secret that a program keeps: 43 letters and digits, 256 bits (auth section 6 shows the length). */
export const newSecret = (random: RandomBytes): string => randomInBase62(43, random);

function timeInBase62(now: number): string {
  let rest = Math.floor(now);
  let digits = "";
  for (let index = 0; index < timeDigits; index++) {
    digits = alphabet.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

function randomInBase62(length: number, random: RandomBytes): string {
  let digits = "";
  while (digits.length < length) {
    for (const byte of random(length - digits.length + 4)) {
      // 248 is the largest multiple of 62 in a byte; taking more would favour the first letters.
      if (byte < 248 && digits.length < length) digits += alphabet.charAt(byte % 62);
    }
  }
  return digits;
}

/** Letter and 8 digits (auth section 2). T is for tests: no money moves there. */
export const accountIdPattern = "^[PT]\\d{8}$";

export const isTestAccount = (account_id: string): boolean => account_id.startsWith("T");

/** `T0292` → `T12345678-T0292`: older software sends the bare number (errors-and-conventions section 4). */
export function fullTerminalId(account_id: string, terminal_id: string): string {
  return /^T\d{4}$/.test(terminal_id) ? `${account_id}-${terminal_id}` : terminal_id;
}
