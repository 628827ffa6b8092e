/** What flows ask of one-time codes (RFC 6238); `http` knows the library that makes them. */

export interface OneTimeCodes {
  /** The `otpauth://` address that an authenticator reads the secret from, as a picture or by a link. */
  uri(secret: Uint8Array, named: { readonly email: string; readonly account_id: string }): string;
  /** The time step that a right code is of; `undefined` for a wrong one. */
  stepOf(secret: Uint8Array, code: string, now: number): number | undefined;
}

/** 160 bits, as RFC 4226 (section 4, R6) recommends. */
export const codeSecret_bytes = 20;
