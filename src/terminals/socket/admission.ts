/** Is this the device that is paired to the terminal? It proves so by signing what only this connection was asked. */
import { verify } from "node:crypto";
import { type Hello, helloText } from "../../contract/terminal-protocol.ts";
import { terminalArrived } from "../../flows/connection.ts";
import type { World } from "../../flows/world.ts";
import type { TerminalLink } from "../../storage/prompts.ts";
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
  if (device.status === "DELETED") return { admitted: false, code: "TERMINAL_DELETED" };
  const { device_id } = device;
  const link = await terminalArrived(world, { account_id, terminal_id, device_id, journal_id, capabilities });
  return link === undefined ? { admitted: false, code: "PROOF_WRONG" } : { admitted: true, link };
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
