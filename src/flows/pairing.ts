/**
 * A device is paired with a terminal: the operator has a code made, types it on the device, and the device sends it with
 * its public key.
 *
 *   makePairingCode   a code in the place of the one before, stored as a slow hash, good for ten minutes
 *   pairDevice        the device's proof, then its code: the key is the terminal's, a device before it is cut off
 */
import { createPublicKey, scrypt, verify } from "node:crypto";
import type { PairingRequest } from "../contract/terminal.ts";
import { newId } from "../domain/ids.ts";
import { newPairingCode, shownPairingCode, typedPairingCode } from "../domain/pairing-code.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import type { Tx } from "../storage/database.ts";
import {
  findPairingCode,
  type PairingCode,
  putPairingCode,
  spendTry,
  takePairingCode,
} from "../storage/pairing-codes.ts";
import type { TerminalLink } from "../storage/prompts.ts";
import { type LockedTerminal, readTerminal } from "../storage/terminal-registry.ts";
import { insertDevice } from "../storage/terminals.ts";
import { recordChange } from "./account-change.ts";
import { cutOff, endDevice } from "./revocation.ts";
import { tellOfTerminal } from "./set-up-event.ts";
import { led, lockOwn, type TerminalRequest, write } from "./terminal-registration.ts";
import { isoNow, type World } from "./world.ts";

const codeLife_ms = 10 * 60 * 1000;
/** What is tried for one code in a rush of wrong ones; an operator has another code made, and it has as many again. */
const triesInRush = 10;

export async function makePairingCode(
  world: World,
  request: TerminalRequest,
): Promise<{ code: string; expires_at: string }> {
  const { account_id, terminal_id, client_id } = request;
  const registered = await readTerminal(world.db, account_id, terminal_id);
  if (registered === undefined) throw new Rejection("TERMINAL_NOT_FOUND", { terminal_id });
  const { device_serial_number } = registered;
  const code = newPairingCode(world.random);
  const code_scrypt = await hashOfCode(code, saltOf(device_serial_number));
  const expires_at = new Date(world.clock.now() + codeLife_ms).toISOString();
  await world.db.transaction(async (tx) => {
    await lockOwn(tx, request);
    const made = { account_id, terminal_id, code_scrypt, device_serial_number, asked_by: client_id, expires_at };
    await putPairingCode(tx, made, isoNow(world));
    const about = { account_id, changed_by: client_id, entity: "terminal", entity_id: terminal_id } as const;
    await recordChange(world, tx, { ...about, action: "updated", change: { pairing_code_expires_at: expires_at } });
  });
  return { code: shownPairingCode(code), expires_at };
}

export interface PairedDevice {
  readonly terminal_id: string;
  readonly account_id: string;
  readonly device_id: string;
}

/**
 * Pairs the device. Throws `PAIRING_REFUSED`, for every code that is not good for this device alike. `in_rush`: so many
 * wrong codes come that only devices are heard whose code has tries left. `text` is what had to be signed.
 */
export async function pairDevice(
  world: World,
  asked: PairingRequest,
  text: string,
  in_rush: boolean,
): Promise<PairedDevice> {
  checkProof(asked, text);
  const { serial_number } = asked;
  const is_heard = !in_rush || (await world.db.atOnce((tx) => spendTry(tx, serial_number, triesInRush, isoNow(world))));
  if (!is_heard) throw new Rejection("PAIRING_REFUSED");
  const code_scrypt = await hashOfCode(typedPairingCode(asked.code), saltOf(serial_number));
  const code = await findPairingCode(world.db, code_scrypt, serial_number, isoNow(world));
  if (code === undefined) throw new Rejection("PAIRING_REFUSED");
  return join(world, asked, code);
}

async function join(world: World, asked: PairingRequest, code: PairingCode): Promise<PairedDevice> {
  const { account_id, terminal_id, asked_by } = code;
  const request = { account_id, terminal_id, client_id: asked_by };
  const { before, device_id } = await world.db.transaction(async (tx) => {
    // A terminal that was deleted has dropped its code, and of two devices with one code the second finds none.
    const terminal = await lockOwn(tx, request).catch(refusedAlike);
    if (!(await takePairingCode(tx, code))) throw new Rejection("PAIRING_REFUSED");
    return takePlace(world, tx, request, terminal, asked);
  });
  if (before !== undefined) await cutOff(world, before);
  return { terminal_id, account_id, device_id };
}

export type NewcomingDevice = Pick<PairingRequest, "serial_number" | "model" | "public_jwk">;

/** Under the terminal's lock: the device takes the place of the one before, whose connection is to be cut off. */
export async function takePlace(
  world: World,
  tx: Tx,
  request: TerminalRequest,
  terminal: LockedTerminal,
  { public_jwk, serial_number, model }: NewcomingDevice,
): Promise<{ device_id: string; before: TerminalLink | undefined }> {
  const { account_id, terminal_id, client_id } = request;
  const device_id = newId("dev", world.clock.now(), world.random);
  const before = await endDevice(world, tx, request);
  const { kty, crv, x, y } = public_jwk;
  const device = { device_id, public_jwk: { kty, crv, x, y }, paired_by: client_id };
  await insertDevice(tx, { account_id, terminal_id, ...device, serial_number, model }, isoNow(world));
  const after = { ...led(terminal, "paired"), check_update_asked_at: null };
  await write(world, tx, { ...after, device_model: terminal.device_model ?? model }, request);
  const about = { account_id, changed_by: client_id, entity: "device", entity_id: device_id } as const;
  await recordChange(world, tx, { ...about, action: "paired", change: { terminal_id, serial_number, model } });
  await tellOfTerminal(world, tx, request, "updated");
  return { device_id, before };
}

function refusedAlike(error: unknown): never {
  throw error instanceof Rejection ? new Rejection("PAIRING_REFUSED") : error;
}

export type ProvenKey = Pick<PairingRequest, "public_jwk" | "proof">;

/** Says nothing of the code: whoever has the key can make the proof. */
export function checkProof({ public_jwk, proof }: ProvenKey, text: string): void {
  if ("d" in public_jwk) throw refusedKey("is the private half of the key, which must never leave the device.", "d");
  const { kty, crv, x, y } = public_jwk;
  let key: ReturnType<typeof createPublicKey>;
  try {
    key = createPublicKey({ key: { kty, crv, x, y }, format: "jwk" });
  } catch {
    throw refusedKey("is not a point of the curve P-256.");
  }
  const signature = Buffer.from(proof, "base64url");
  const holds =
    signature.length === 64 && verify("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }, signature);
  if (!holds) throw new Rejection("PAIRING_PROOF_WRONG", {}, "proof");
}

function refusedKey(problem: string, member?: string): Rejection {
  const path = ["public_jwk", ...(member === undefined ? [] : [member])];
  return Rejection.ofFields(`${path.join(".")} ${problem}`, [fieldError("INVALID_VALUE", path, problem)]);
}

const saltOf = (device_serial_number: string): string => `tapline-pairing\n${device_serial_number}`;

/**
 * Slow, because a code has 40 random bits only; salted by the serial number, so that a code is good for one device and
 * a guess at one is no guess at another.
 */
export function hashOfCode(code: string, salt: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(code, salt, 32, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}
