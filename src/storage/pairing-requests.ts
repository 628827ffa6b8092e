/** Devices that show a code and wait to be paired. */
import type { PairingRequest } from "../contract/terminal.ts";
import { type Reader, statement, type Tx } from "./database.ts";

export interface PairingRow {
  readonly pairing_id: string;
  readonly public_jwk: PairingRequest["public_jwk"];
  readonly serial_number: string;
  readonly model: string;
  readonly expires_at: string;
  readonly account_id: string | null;
  readonly terminal_id: string | null;
  readonly claimed_by: string | null;
  readonly device_id: string | null;
}

const columns = `pairing_id, public_jwk, serial_number, model, expires_at, account_id, terminal_id, claimed_by, device_id`;

const takeTurn = statement("pairing_requests_turn", "SELECT pg_advisory_xact_lock(7236415)");

const room = statement(
  "pairing_requests_open",
  `SELECT count(*) AS in_all, min(expires_at) AS first_ends_at,
     count(*) FILTER (WHERE address = $1) AS from_here, min(expires_at) FILTER (WHERE address = $1) AS first_here_ends_at
   FROM pairing_requests WHERE expires_at > $2`,
);

export interface OpenPairings {
  readonly in_all: number;
  readonly first_ends_at: string | null;
  readonly from_here: number;
  readonly first_here_ends_at: string | null;
}

/** How many are under way, by `pairing_requests_by_end`: they are few. */
export async function readOpenPairings(reader: Reader, address: string, now: string): Promise<OpenPairings> {
  const [open] = await reader.query<OpenPairings>(room, [address, now]);
  if (open === undefined) throw new Error("A count has one row.");
  return open;
}

/** The same, in turn: nobody begins another until the transaction ends. */
export async function lockOpenPairings(tx: Tx, address: string, now: string): Promise<OpenPairings> {
  await tx.query(takeTurn, []);
  return readOpenPairings(tx, address, now);
}

const insert = statement(
  "insert_pairing_request",
  `INSERT INTO pairing_requests (pairing_id, code_scrypt, public_jwk, serial_number, model, address, created_at, expires_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);

export interface NewPairing {
  readonly pairing_id: string;
  readonly code_scrypt: Buffer;
  readonly public_jwk: PairingRequest["public_jwk"];
  readonly serial_number: string;
  readonly model: string;
  readonly address: string;
  readonly expires_at: string;
}

export async function insertPairing(tx: Tx, made: NewPairing, now: string): Promise<void> {
  const { pairing_id, code_scrypt, public_jwk, serial_number, model, address, expires_at } = made;
  const facts = [JSON.stringify(public_jwk), serial_number, model, address];
  await tx.query(insert, [pairing_id, code_scrypt, ...facts, now, expires_at]);
}

const read = statement(
  "read_pairing_request",
  `SELECT ${columns} FROM pairing_requests WHERE pairing_id = $1 AND expires_at > $2`,
);

export async function readPairing(reader: Reader, pairing_id: string, now: string): Promise<PairingRow | undefined> {
  return (await reader.query<PairingRow>(read, [pairing_id, now]))[0];
}

const lock = statement(
  "lock_pairing_request",
  `SELECT ${columns} FROM pairing_requests WHERE pairing_id = $1 FOR UPDATE`,
);

export async function lockPairing(tx: Tx, pairing_id: string): Promise<PairingRow | undefined> {
  return (await tx.query<PairingRow>(lock, [pairing_id]))[0];
}

const claim = statement(
  "claim_pairing_request",
  `UPDATE pairing_requests SET account_id = $4, terminal_id = $5, claimed_by = $6, claimed_at = coalesce(claimed_at, $3),
     expires_at = greatest(expires_at, $7)
   WHERE code_scrypt = $1 AND serial_number = $2 AND expires_at > $3 AND device_id IS NULL
     AND (account_id IS NULL OR (account_id = $4 AND terminal_id = $5))
   RETURNING ${columns}`,
);

export interface Claim {
  readonly code_scrypt: Buffer;
  readonly serial_number: string;
  readonly account_id: string;
  readonly terminal_id: string;
  readonly claimed_by: string;
  /** The device has time to agree until then, however late the code was typed. */
  readonly agrees_until: string;
}

/**
 * The device that shows this code is to become the terminal's; `undefined` if there is none, or it is another's. A hash
 * tells nothing by the time it takes to be found.
 */
export async function claimPairing(tx: Tx, made: Claim, now: string): Promise<PairingRow | undefined> {
  const { code_scrypt, serial_number, account_id, terminal_id, claimed_by, agrees_until } = made;
  const values = [code_scrypt, serial_number, now, account_id, terminal_id, claimed_by, agrees_until];
  return (await tx.query<PairingRow>(claim, values))[0];
}

const finish = statement(
  "finish_pairing_request",
  "UPDATE pairing_requests SET device_id = $2, expires_at = greatest(expires_at, $3) WHERE pairing_id = $1",
);

/** Kept for a while: an answer may be lost on its way to the device. */
export async function finishPairing(
  tx: Tx,
  { pairing_id, device_id, kept_until }: { pairing_id: string; device_id: string; kept_until: string },
): Promise<void> {
  await tx.query(finish, [pairing_id, device_id, kept_until]);
}

const place = statement(
  "read_pairing_place",
  `SELECT account.name AS account_name, terminal.store_id FROM terminals AS terminal
   JOIN accounts AS account ON account.account_id = terminal.account_id
   WHERE terminal.account_id = $1 AND terminal.terminal_id = $2`,
);

/** What is shown to whoever stands at the device. */
export async function readPairingPlace(
  reader: Reader,
  account_id: string,
  terminal_id: string,
): Promise<{ account_name: string; store_id: string } | undefined> {
  return (await reader.query<{ account_name: string; store_id: string }>(place, [account_id, terminal_id]))[0];
}

const forget = statement("forget_pairing_requests", "DELETE FROM pairing_requests WHERE expires_at <= $1");

export async function forgetPairings(tx: Tx, now: string): Promise<void> {
  await tx.query(forget, [now]);
}
