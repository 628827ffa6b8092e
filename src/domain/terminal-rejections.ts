/** The refusals of what is done with a terminal's registration, and of pairing. Part of `rejections`. */
export const terminalRejections = {
  SERIAL_NUMBER_TAKEN: {
    sentence: "The device {device_serial_number} is registered as the terminal {terminal_id} already.",
    remedy: "Use that terminal, move it to another store, or delete it before the device is registered again.",
  },
  SERIAL_NUMBER_FIXED: {
    sentence: "The terminal {terminal_id} is registered with the serial number {device_serial_number}, which stays.",
    remedy: "Leave `device_serial_number` out, or delete the terminal and register the other device.",
  },
  SIMULATED_SERIAL_WRONG: {
    sentence: "The serial number {device_serial_number} is not one of a simulated terminal of this account.",
    remedy: "Send `SIMULATED-`, the id of your test account, `-` and three digits: SIMULATED-T12345678-001.",
  },
  DEVICE_MODEL_WRONG: {
    sentence: "The device {device_serial_number} is not of the model {device_model}.",
    remedy: "SIMULATED is the model of simulated terminals and of no others. Leave `device_model` out to be safe.",
  },
  TERMINAL_NUMBERS_USED_UP: {
    sentence: "The account {account_id} has had 9999 terminals: there is no number left.",
    remedy: "Numbers are never given again. Use another account.",
  },
  TERMINAL_HAS_OPEN_WORK: {
    sentence: "The terminal {terminal_id} has open work and cannot be moved: {work}.",
    remedy: "Wait until that has ended, cancel it, or decide its incident. Then move the terminal.",
  },
  TERMINAL_STATUS_CONFLICT: {
    sentence: "The terminal {terminal_id} is {status}: {act} does not lead on from there.",
    remedy: "Read the terminal. One that is PENDING needs a device, one that is ACTION_REQUIRED a check-update.",
  },
  PAIRING_REFUSED: {
    sentence: "The pairing code is not valid for a device with this serial number.",
    remedy: "Have a new code made for the terminal and type it within ten minutes. A code pairs one device, once.",
  },
  PAIRING_PROOF_WRONG: {
    sentence: "The proof is not a signature of the pairing text with the key that was sent.",
    remedy: "Sign as docs/terminal-protocol.md says: ECDSA P-256 with SHA-256, r and s as 64 bytes in base64url.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
