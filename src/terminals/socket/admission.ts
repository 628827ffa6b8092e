/** Is this the device that is paired to the terminal? It proves so by signing what only this connection was asked. */
import { verify } from "node:crypto";
import { type Hello, helloText } from "../../contract/terminal-protocol.ts";
import { terminalArrived } from "../../flows/connection.ts";
import { deviceConnected } from "../../flows/terminal-registration.ts";
import type { World } from "../../flows/world.ts";
import type { TerminalLink } from "../../storage/prompts.ts";
import { readHasWork } from "../../storage/terminal-work.ts";
import { readPairedDevice } from "../../storage/terminals.ts";

export type Admission =
  | { readonly admitted: true; readonly link: TerminalLink }
  | { readonly admitted: false; readonly code: "PROOF_WRONG" | "TERMINAL_DELETED" };

/** Checks the proof in hello and makes this connection the terminal's only one. */
export async function admitTerminal(world: World, hello: Hello, nonce: string): Promise<Admission> {
  const { terminal_id, journal_id, capabilities } = hello;
  // A terminal's id begins with its account's.
  const account_id = terminal_id.slice(0, Math.max(0, terminal_id.indexOf("-")));
  const device = await readPairedDevice(world.db, account_id, terminal_id);
  if (device === undefined || !proofHolds(device.public_jwk, hello, nonce)) {
    return { admitted: false, code: "PROOF_WRONG" };
  }
  const is_of_use = device.status !== "DELETED" || (await hasWordsLeft(world, account_id, hello));
  if (!is_of_use) return { admitted: false, code: "TERMINAL_DELETED" };
  const { device_id } = device;
  const link = await terminalArrived(world, { account_id, terminal_id, device_id, journal_id, capabilities });
  if (link === undefined) return { admitted: false, code: "PROOF_WRONG" };
  if (device.status === "ACTION_REQUIRED") await deviceConnected(world, link);
  return { admitted: true, link };
}

/** A deleted terminal may tell how its open payments ended and what its journal has not been acknowledged, and close its day. */
async function hasWordsLeft(world: World, account_id: string, { terminal_id, journal }: Hello): Promise<boolean> {
  const may_have_moved_money = journal.some(({ step }) => step === "card_presented" || step === "concluded");
  return may_have_moved_money || (await readHasWork(world.db, { account_id, terminal_id }));
}

function proofHolds(public_jwk: JsonWebKey, hello: Hello, nonce: string): boolean {
  try {
    return verify(
      "sha256",
      Buffer.from(helloText(nonce, hello)),
      { key: public_jwk, format: "jwk", dsaEncoding: "ieee-p1363" },
      Buffer.from(hello.proof, "base64url"),
    );
  } catch {
    // Not a signature at all.
    return false;
  }
}
