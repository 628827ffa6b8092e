/** The other way of pairing: the device shows a code, and the operator types it (additive). */
import Type from "typebox";
import { operation } from "../operation.ts";
import {
  ClaimedDevice,
  NewPairing,
  OpenedPairing,
  PairingPoll,
  PairingStanding,
  TypedCode,
} from "../pairing-request.ts";
import { AccountId, requiredText } from "../shapes.ts";
import { pairingRequestsPath } from "../terminal-protocol/pairing.ts";
import { writeAccounts } from "./parameters.ts";

export const openPairing = operation({
  id: "openPairing",
  method: "POST",
  path: pairingRequestsPath,
  surface: "server",
  summary: "Ask for a code that a device shows, so that an operator types it (additive)",
  description:
    "The code is good for ten minutes, once, for a terminal that is registered with the device's serial number. " +
    "docs/terminal-protocol.md tells terminal makers what to sign.",
  access: "anyone",
  body: NewPairing,
  reply: OpenedPairing,
  rejections: ["PAIRING_PROOF_WRONG", "PAIRING_TOO_OFTEN"],
});

export const pollPairing = operation({
  id: "pollPairing",
  method: "POST",
  path: `${pairingRequestsPath}/{pairing_id}`,
  surface: "server",
  summary: "How far is this pairing; the device agrees to the terminal that it is told (additive)",
  description:
    "Nothing is paired before the device agrees, by sending the `terminal_id` that it was told. A device that was paired " +
    "with the terminal before is cut off then.",
  access: "anyone",
  params: Type.Object({ pairing_id: requiredText() }),
  body: PairingPoll,
  reply: PairingStanding,
  rejections: ["PAIRING_NOT_FOUND", "PAIRING_PROOF_WRONG", "PAIRING_TOO_OFTEN"],
});

export const claimDevice = operation({
  id: "claimDevice",
  method: "POST",
  path: "/v1/accounts/{aid}/terminals/{terminal_id}/pair",
  also_at: "/v1/accounts/{aid}/management/terminals/{terminal_id}/pair",
  surface: "accounts",
  summary: "Type the code that a device shows: it becomes the terminal's (additive)",
  description:
    "The device must have the serial number that the terminal is registered with. It is paired as soon as it has asked " +
    "again and agreed, within seconds; read the terminal until its `device` is there.",
  access: writeAccounts,
  params: Type.Object({ aid: AccountId, terminal_id: requiredText() }),
  body: TypedCode,
  reply: ClaimedDevice,
  rejections: ["TERMINAL_NOT_FOUND", "PAIRING_CODE_REFUSED", "PAIRING_TOO_OFTEN"],
});
