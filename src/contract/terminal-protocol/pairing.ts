/** How a device is paired with its terminal: what it posts, and the text it signs. docs/terminal-protocol.md tells it. */
import { typedPairingCode } from "../../domain/pairing-code.ts";

export const pairingPath = "/v1/terminals/pair";
export const pairingVersion = 1;

export interface PairingFacts {
  /** As it was typed. */
  readonly code: string;
  readonly serial_number: string;
  readonly model: string;
}

/** The text that a device signs to be paired: one fact a line, the code without hyphen and in capitals. */
export const pairingText = ({ code, serial_number, model }: PairingFacts): string =>
  ["tapline-terminal-pairing", pairingVersion, typedPairingCode(code), serial_number, model].join("\n");
