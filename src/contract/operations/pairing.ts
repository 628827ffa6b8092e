/** Pairing: a device becomes the one of a terminal, and ceases to be (additive). */
import Type from "typebox";
import { operation } from "../operation.ts";
import { AccountId, requiredText } from "../shapes.ts";
import { Paired, PairingCode, PairingRequest, Terminal } from "../terminal.ts";
import { pairingPath } from "../terminal-protocol/pairing.ts";
import { writeAccounts } from "./parameters.ts";

const params = Type.Object({ aid: AccountId, terminal_id: requiredText() });

export const makePairingCode = operation({
  id: "makePairingCode",
  method: "POST",
  path: "/v1/accounts/{aid}/terminals/{terminal_id}/pairing-code",
  also_at: "/v1/accounts/{aid}/management/terminals/{terminal_id}/pairing-code",
  surface: "accounts",
  summary: "Make the code that is typed on a device to pair it with the terminal (additive)",
  description: "It is good for ten minutes and for one device. A new one takes the place of the old one.",
  access: writeAccounts,
  params,
  reply: PairingCode,
  rejections: ["TERMINAL_NOT_FOUND"],
});

export const pairDevice = operation({
  id: "pairDevice",
  method: "POST",
  path: pairingPath,
  surface: "server",
  summary: "Pair a device, by the code that was typed on it (additive)",
  description:
    "A device that was paired with the terminal before is cut off. docs/terminal-protocol.md tells terminal makers what " +
    "to sign.",
  access: "anyone",
  body: PairingRequest,
  reply: Paired,
  rejections: ["PAIRING_REFUSED", "PAIRING_PROOF_WRONG", "TOO_MANY_ATTEMPTS"],
});

export const revokeDevice = operation({
  id: "revokeDevice",
  method: "DELETE",
  path: "/v1/accounts/{aid}/terminals/{terminal_id}/device",
  also_at: "/v1/accounts/{aid}/management/terminals/{terminal_id}/device",
  surface: "accounts",
  summary: "Revoke a terminal's device: lost, stolen or broken (additive)",
  description:
    "It is cut off and cannot connect again. What it had not told the end of becomes an incident at once, and the " +
    "terminal is free for another device. Where no device is paired, nothing changes.",
  access: writeAccounts,
  params,
  reply: Terminal,
  rejections: ["TERMINAL_NOT_FOUND"],
});
