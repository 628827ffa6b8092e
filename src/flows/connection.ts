/** A terminal comes and goes: the proof that it is the device we paired, and the epoch of its connection. */
import { verify } from "node:crypto";
import { type Hello, helloText } from "../contract/terminal-protocol.ts";
import type { TerminalLink } from "../storage/prompts.ts";
import { connectTerminal, disconnectTerminal, readPairedDevice } from "../storage/terminals.ts";
import { isoNow, type World } from "./world.ts";

export type Admission =
  | { readonly admitted: true; readonly link: TerminalLink }
  | { readonly admitted: false; readonly code: "PROOF_WRONG" | "TERMINAL_DELETED" };

/** Checks the proof in hello and makes this connection the terminal's only one. */
export async function admitTerminal(world: World, hello: Hello, nonce: string): Promise<Admission> {
  // A terminal's id begins with its account's.
  const account_id = hello.terminal_id.slice(0, hello.terminal_id.indexOf("-"));
  const device = await readPairedDevice(world.db, account_id, hello.terminal_id);
  if (device === undefined || !proofHolds(device.public_jwk, hello, nonce)) {
    return { admitted: false, code: "PROOF_WRONG" };
  }
  if (device.status === "DELETED") return { admitted: false, code: "TERMINAL_DELETED" };
  const { terminal_id, journal_id, capabilities } = hello;
  const asked = { account_id, terminal_id, device_id: device.device_id, process_id: world.process_id };
  const epoch = await world.db.atOnce((tx) =>
    connectTerminal(tx, { ...asked, journal_id, capabilities }, isoNow(world)),
  );
  if (epoch === undefined) return { admitted: false, code: "PROOF_WRONG" };
  return { admitted: true, link: { account_id, terminal_id, epoch } };
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

export async function terminalGone(world: World, link: TerminalLink): Promise<void> {
  await world.db.atOnce((tx) => disconnectTerminal(tx, link, isoNow(world)));
}
