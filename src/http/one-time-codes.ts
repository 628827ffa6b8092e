/** One-time codes of an authenticator (RFC 6238): six digits, a new one every thirty seconds, as every authenticator has them. */
import { Secret, TOTP } from "otpauth";
import type { OneTimeCodes } from "../flows/one-time-code.ts";

/** The code before and the one after are taken too: clocks differ, and people type slowly (RFC 6238, section 5.2). */
const window = 1;

const codesOf = (secret: Uint8Array, label = ""): TOTP =>
  new TOTP({ issuer: "Tapline", label, secret: new Secret({ buffer: Uint8Array.from(secret).buffer }) });

export const oneTimeCodes: OneTimeCodes = {
  uri: (secret, { email, account_id }) => codesOf(secret, `${email} (${account_id})`).toString(),
  stepOf: (secret, typed, now) => {
    // As it is shown, in two groups of three.
    const token = typed.replaceAll(/\s/g, "");
    if (!/^\d{6}$/.test(token)) return undefined;
    const codes = codesOf(secret);
    const delta = codes.validate({ token, timestamp: now, window });
    return delta === null ? undefined : codes.counter({ timestamp: now }) + delta;
  },
};
