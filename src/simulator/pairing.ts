/** How a terminal in software is paired: as any device, by the code that was typed on it. */
import { type PairingFacts, pairingPath, pairingText } from "../contract/terminal-protocol/pairing.ts";
import { type DeviceKey, makeDeviceKey, type Sign, signer } from "./device-key.ts";

/** The body of the request. */
export async function pairingRequest(facts: PairingFacts, public_jwk: JsonWebKey, sign: Sign) {
  return { ...facts, public_jwk, proof: await sign(pairingText(facts)) };
}

export interface PairedTerminal {
  readonly terminal_id: string;
  readonly account_id: string;
  readonly device_id: string;
  /** Made for this pairing, and kept with the journal that begins with it. */
  readonly key: DeviceKey;
}

/** Makes a key and pairs it. `server` is its http address. Throws the server's sentence where it refuses. */
export async function pairTerminal(server: string, facts: PairingFacts): Promise<PairedTerminal> {
  const key = await makeDeviceKey();
  const request = await pairingRequest(facts, key.public_jwk, await signer(key.private_jwk));
  const answer = await fetch(`${server}${pairingPath}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  const body = (await answer.json()) as Omit<PairedTerminal, "key"> & { error?: { message: string } };
  if (body.error !== undefined) throw new Error(body.error.message);
  const { terminal_id, account_id, device_id } = body;
  return { terminal_id, account_id, device_id, key };
}
