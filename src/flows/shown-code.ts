/**
 * A device is paired by a code that it shows: the operator types it, and the device agrees.
 *
 *   openPairing    the device's proof of its key; a code, stored as a slow hash, good for ten minutes
 *   claimDevice    an operator typed it for a terminal that is registered with the device's serial number
 *   pollPairing    the device asks, with a proof each time, is told whose it would be, and agrees: it is the terminal's
 *
 * Whoever guesses the code of somebody else's device pairs nothing: the code must be of the serial number, and the device
 * shows where it is asked to go before it agrees.
 */
import type { NewPairing } from "../contract/pairing-request.ts";
import { newId } from "../domain/ids.ts";
import { newPairingCode, shownPairingCode, typedPairingCode } from "../domain/pairing-code.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { dropPairingCode } from "../storage/pairing-codes.ts";
import {
  claimPairing,
  finishPairing,
  forgetPairings,
  insertPairing,
  lockOpenPairings,
  lockPairing,
  type OpenPairings,
  type PairingRow,
  readOpenPairings,
  readPairing,
  readPairingPlace,
} from "../storage/pairing-requests.ts";
import { readTerminal } from "../storage/terminal-registry.ts";
import { recordChange } from "./account-change.ts";
import { checkProof, hashOfCode, takePlace } from "./pairing.ts";
import { cutOff } from "./revocation.ts";
import { lockOwn, type TerminalRequest } from "./terminal-registration.ts";
import { isoNow, type World } from "./world.ts";

const codeLife_ms = 10 * 60 * 1000;
/** A device asks every few seconds: however late its code was typed, it has time to agree. */
const agreeWithin_ms = 60_000;
/** Under way at once, from one place and from all: so nobody fills the table, and a guess has little to hit. */
const fromOneMax = 20;
const fromAllMax = 1_000;
export const pollEvery_s = 2;

export interface OpenedPairing {
  readonly pairing_id: string;
  readonly code: string;
  readonly expires_at: string;
  readonly poll_every_s: number;
}

/** `text` is what had to be signed, and `place` where the device asks from. Throws `PAIRING_TOO_OFTEN`. */
export async function openPairing(
  world: World,
  asked: NewPairing,
  text: string,
  place: string,
): Promise<OpenedPairing> {
  checkProof(asked, text);
  // Looked at before the slow hash as well: where there is no room nobody shall make us work.
  refuseWithoutRoom(world, await readOpenPairings(world.db, place, isoNow(world)));
  const { serial_number, model } = asked;
  const { kty, crv, x, y } = asked.public_jwk;
  const code = newPairingCode(world.random);
  const code_scrypt = await hashOfCode(code, saltOf(serial_number));
  const pairing_id = newId("pair", world.clock.now(), world.random);
  const expires_at = soon(world, codeLife_ms);
  await world.db.transaction(async (tx) => {
    refuseWithoutRoom(world, await lockOpenPairings(tx, place, isoNow(world)));
    const device = { public_jwk: { kty, crv, x, y }, serial_number, model };
    await insertPairing(tx, { pairing_id, code_scrypt, ...device, address: place, expires_at }, isoNow(world));
  });
  return { pairing_id, code: shownPairingCode(code), expires_at, poll_every_s: pollEvery_s };
}

function refuseWithoutRoom(world: World, open: OpenPairings): void {
  const ends_at =
    open.from_here >= fromOneMax ? open.first_here_ends_at : open.in_all >= fromAllMax ? open.first_ends_at : null;
  if (ends_at === null) return;
  const wait_s = Math.max(1, Math.ceil((Date.parse(ends_at) - world.clock.now()) / 1000));
  throw new Rejection("PAIRING_TOO_OFTEN", { retry_after_s: wait_s });
}

/** Throws `PAIRING_CODE_REFUSED`, for every code that is not good for this terminal alike. */
export async function claimDevice(world: World, request: TerminalRequest, code: string): Promise<PairingRow> {
  const { account_id, terminal_id, client_id } = request;
  const registered = await readTerminal(world.db, account_id, terminal_id);
  if (registered === undefined || registered.status === "DELETED") {
    throw new Rejection("TERMINAL_NOT_FOUND", { terminal_id });
  }
  const { device_serial_number } = registered;
  const code_scrypt = await hashOfCode(typedPairingCode(code), saltOf(device_serial_number));
  return world.db.transaction(async (tx) => {
    await lockOwn(tx, request);
    const made = { code_scrypt, serial_number: device_serial_number, account_id, terminal_id, claimed_by: client_id };
    const row = await claimPairing(tx, { ...made, agrees_until: soon(world, agreeWithin_ms) }, isoNow(world));
    if (row === undefined) throw new Rejection("PAIRING_CODE_REFUSED", { device_serial_number }, "code");
    const about = { account_id, changed_by: client_id, entity: "terminal", entity_id: terminal_id } as const;
    const change = { device_asked_to_join: { serial_number: row.serial_number, model: row.model } };
    await recordChange(world, tx, { ...about, action: "updated", change });
    return row;
  });
}

export interface Poll {
  readonly pairing_id: string;
  readonly proof: string;
  /** The terminal that the device agrees to become the device of. */
  readonly terminal_id?: string | undefined;
}

export interface PairingStanding {
  readonly pairing_id: string;
  readonly status: "waiting" | "claimed" | "paired";
  readonly expires_at: string;
  readonly account_id: string | null;
  readonly terminal_id: string | null;
  readonly device_id: string | null;
  readonly account_name: string | null;
  readonly store_id: string | null;
}

/** `text` is what had to be signed. Throws `PAIRING_NOT_FOUND` where it has expired, or its terminal is gone. */
export async function pollPairing(world: World, poll: Poll, text: string): Promise<PairingStanding> {
  const { pairing_id, proof, terminal_id } = poll;
  const found = await readPairing(world.db, pairing_id, isoNow(world));
  if (found === undefined) throw new Rejection("PAIRING_NOT_FOUND", { pairing_id });
  checkProof({ public_jwk: found.public_jwk, proof }, text);
  if (terminal_id === undefined) return standing(world, found);
  if (found.terminal_id !== terminal_id) {
    const problem = "is not the terminal that the code was typed for.";
    throw Rejection.ofFields(`terminal_id ${problem}`, [fieldError("INVALID_VALUE", "terminal_id", problem)]);
  }
  if (found.device_id === null) await join(world, found);
  return standing(world, (await readPairing(world.db, pairing_id, isoNow(world))) ?? found);
}

async function join(world: World, { pairing_id, account_id, terminal_id, claimed_by }: PairingRow): Promise<void> {
  if (account_id === null || terminal_id === null || claimed_by === null)
    throw new Error(`${pairing_id} is unclaimed.`);
  const request = { account_id, terminal_id, client_id: claimed_by };
  const before = await world.db.transaction(async (tx) => {
    const terminal = await lockOwn(tx, request).catch((error: unknown) => {
      throw error instanceof Rejection ? new Rejection("PAIRING_NOT_FOUND", { pairing_id }) : error;
    });
    const row = await lockPairing(tx, pairing_id);
    // Of two that agree at once, the second has joined already.
    if (row === undefined || row.device_id !== null) return undefined;
    // A code that was made for the terminal before could put another device in this one's place.
    await dropPairingCode(tx, request);
    const { public_jwk, serial_number, model } = row;
    const placed = await takePlace(world, tx, request, terminal, { public_jwk, serial_number, model });
    await finishPairing(tx, { pairing_id, device_id: placed.device_id, kept_until: soon(world, codeLife_ms) });
    return placed.before;
  });
  if (before !== undefined) await cutOff(world, before);
}

async function standing(world: World, row: PairingRow): Promise<PairingStanding> {
  const { pairing_id, expires_at, account_id, terminal_id, device_id } = row;
  const status = device_id !== null ? "paired" : account_id !== null ? "claimed" : "waiting";
  const place =
    account_id === null || terminal_id === null ? undefined : await readPairingPlace(world.db, account_id, terminal_id);
  const { account_name = null, store_id = null } = place ?? {};
  return { pairing_id, status, expires_at, account_id, terminal_id, device_id, account_name, store_id };
}

const saltOf = (serial_number: string): string => `tapline-shown-code\n${serial_number}`;

const soon = (world: World, ms: number): string => new Date(world.clock.now() + ms).toISOString();

/** Codes that nobody shows any more. */
export async function forgetOldPairings(world: World): Promise<void> {
  await world.db.atOnce((tx) => forgetPairings(tx, isoNow(world)));
}
