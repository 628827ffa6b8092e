/** The code that pairs a device: short enough to be typed on a terminal, long enough not to be guessed in ten minutes. */
import type { RandomBytes } from "./environment.ts";

/** Crockford's base 32: without I, L, O and U, so that nobody reads one for another. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const length = 8;

/** Eight characters: 40 random bits. */
export const newPairingCode = (random: RandomBytes): string =>
  // 32 divides 256: every character is as likely as any other.
  Array.from(random(length), (byte) => alphabet.charAt(byte % alphabet.length)).join("");

/** `7K3M9QXA` → `7K3M-9QXA`, as it is shown to people. */
export const shownPairingCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`;

/** What a person typed, as the code was made: small letters, hyphens, spaces and look-alikes are forgiven. */
export function typedPairingCode(typed: string): string {
  return typed.toUpperCase().replaceAll(/[-\s]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
}
