/** How a terminal in software is paired: as any device, by the code that was typed on it. */
import {
  type PairingFacts,
  pairingPath,
  pairingPollText,
  pairingRequestsPath,
  pairingRequestText,
  pairingText,
} from "../contract/terminal-protocol/pairing.ts";
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
  const { terminal_id, account_id, device_id } = await post<Paired>(`${server}${pairingPath}`, request);
  return { terminal_id, account_id, device_id, key };
}

/** The body of the request for a code that the device shows. */
export async function shownCodeRequest(
  device: { readonly serial_number: string; readonly model: string },
  public_jwk: JsonWebKey,
  sign: Sign,
) {
  return { ...device, public_jwk, proof: await sign(pairingRequestText({ ...device, public_jwk })) };
}

/** The body of the question how far that is; with `terminal_id` the device agrees. */
export async function pollRequest(asked: { pairing_id: string; terminal_id?: string }, sign: Sign) {
  const { terminal_id } = asked;
  return { proof: await sign(pairingPollText(asked)), ...(terminal_id === undefined ? {} : { terminal_id }) };
}

/** What a terminal says of whoever has typed its code. */
export interface Invitation {
  readonly terminal_id: string;
  readonly account_id: string;
  readonly account_name: string;
}

/** The terminal's screen and keys, as far as pairing needs them. */
export interface PairingScreen {
  show(code: string): void;
  /** Does the person in front of it agree to be there? */
  agrees(invitation: Invitation): boolean | Promise<boolean>;
  wait(ms: number): Promise<void>;
}

/** The other way: shows a code and asks until somebody has typed it. Throws where nobody has, or nobody agrees. */
export async function pairByShownCode(
  server: string,
  device: { readonly serial_number: string; readonly model: string },
  screen: PairingScreen,
): Promise<PairedTerminal> {
  const key = await makeDeviceKey();
  const sign = await signer(key.private_jwk);
  const address = `${server}${pairingRequestsPath}`;
  const request = await shownCodeRequest(device, key.public_jwk, sign);
  const { pairing_id, code, poll_every_s } = await post<Opened>(address, request);
  screen.show(code);
  for (;;) {
    const asked = await post<Standing>(`${address}/${pairing_id}`, await pollRequest({ pairing_id }, sign));
    if (asked.status !== "waiting") {
      if (!(await screen.agrees(asked))) throw new Error("Nobody agrees at the terminal.");
      const { terminal_id } = asked;
      const agreed = await pollRequest({ pairing_id, terminal_id }, sign);
      const { account_id, device_id } = await post<Standing>(`${address}/${pairing_id}`, agreed);
      return { terminal_id, account_id, device_id, key };
    }
    await screen.wait(poll_every_s * 1000);
  }
}

type Paired = Omit<PairedTerminal, "key">;

interface Opened {
  readonly pairing_id: string;
  readonly code: string;
  readonly poll_every_s: number;
}

interface Standing extends Invitation {
  readonly status: "waiting" | "claimed" | "paired";
  readonly device_id: string;
}

/** Throws the server's sentence where it refuses. */
async function post<Answer>(address: string, request: object): Promise<Answer> {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  const body = (await answer.json()) as Answer & { error?: { message: string } };
  if (body.error !== undefined) throw new Error(body.error.message);
  return body;
}
