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

export const pairingRequestsPath = "/v1/terminals/pairing-requests";

export interface ShowingDevice {
  readonly serial_number: string;
  readonly model: string;
  readonly public_jwk: { readonly x?: string | undefined; readonly y?: string | undefined };
}

/** The text that a device signs to be given a code that it shows. */
export const pairingRequestText = ({ serial_number, model, public_jwk }: ShowingDevice): string =>
  ["tapline-terminal-pairing-request", pairingVersion, serial_number, model, public_jwk.x, public_jwk.y].join("\n");

/** The text that it signs each time it asks how far that is. The last line is empty until it agrees to a terminal. */
export const pairingPollText = ({
  pairing_id,
  terminal_id = "",
}: {
  readonly pairing_id: string;
  readonly terminal_id?: string | undefined;
}): string => ["tapline-terminal-pairing-poll", pairingVersion, pairing_id, terminal_id].join("\n");
