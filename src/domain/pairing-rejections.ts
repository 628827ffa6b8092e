/** The refusals of a pairing by a code that the device shows. Part of `rejections`. */
export const pairingRejections = {
  PAIRING_CODE_REFUSED: {
    sentence: "No device with the serial number {device_serial_number} shows that code now.",
    remedy:
      "Type the code as the device shows it, for the terminal that was registered with the device's serial number. It is " +
      "good for ten minutes, once: have the device show a new one.",
  },
  PAIRING_NOT_FOUND: {
    sentence: "There is no pairing {pairing_id} under way.",
    remedy: "Begin again: make a new key, ask for a code, and show it.",
  },
  PAIRING_TOO_OFTEN: {
    sentence:
      "Too many pairings are under way, or too many wrong codes were tried. Try again in {retry_after_s} seconds.",
    remedy: "Wait for the seconds in `Retry-After`.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
