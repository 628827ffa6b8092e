/** Codes that pair a device: the newest of each terminal, hashed, gone when it is used. */
import { type Reader, statement, type Tx } from "./database.ts";

export interface PairingCode {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly code_scrypt: Buffer;
  readonly device_serial_number: string;
  readonly asked_by: string;
  readonly expires_at: string;
}

const put = statement(
  "put_pairing_code",
  `INSERT INTO pairing_codes (account_id, terminal_id, code_scrypt, device_serial_number, asked_by, created_at,
     expires_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7)
   ON CONFLICT (account_id, terminal_id) DO UPDATE SET code_scrypt = EXCLUDED.code_scrypt, asked_by = EXCLUDED.asked_by,
     created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at, wrong_tries = 0`,
);

/** In the place of the one before. */
export async function putPairingCode(tx: Tx, code: PairingCode, now: string): Promise<void> {
  const { account_id, terminal_id, code_scrypt, device_serial_number, asked_by, expires_at } = code;
  await tx.query(put, [account_id, terminal_id, code_scrypt, device_serial_number, asked_by, now, expires_at]);
}

const find = statement(
  "find_pairing_code",
  `SELECT * FROM pairing_codes WHERE code_scrypt = $1 AND device_serial_number = $2 AND expires_at > $3`,
);

/** The code that is good now, by `pairing_codes_by_code`: a hash tells nothing by the time it takes to be found. */
export async function findPairingCode(
  reader: Reader,
  code_scrypt: Buffer,
  device_serial_number: string,
  now: string,
): Promise<PairingCode | undefined> {
  return (await reader.query<PairingCode>(find, [code_scrypt, device_serial_number, now]))[0];
}

const take = statement(
  "take_pairing_code",
  "DELETE FROM pairing_codes WHERE account_id = $1 AND terminal_id = $2 AND code_scrypt = $3 RETURNING terminal_id",
);

/** True for one caller only. */
export async function takePairingCode(tx: Tx, { account_id, terminal_id, code_scrypt }: PairingCode): Promise<boolean> {
  return (await tx.query(take, [account_id, terminal_id, code_scrypt])).length > 0;
}

const drop = statement("drop_pairing_code", "DELETE FROM pairing_codes WHERE account_id = $1 AND terminal_id = $2");

export async function dropPairingCode(
  tx: Tx,
  { account_id, terminal_id }: Pick<PairingCode, "account_id" | "terminal_id">,
): Promise<void> {
  await tx.query(drop, [account_id, terminal_id]);
}

const spend = statement(
  "spend_pairing_try",
  `UPDATE pairing_codes SET wrong_tries = wrong_tries + 1
   WHERE device_serial_number = $1 AND expires_at > $2 AND wrong_tries < $3 RETURNING terminal_id`,
);

/** True where a code is good for this device and has a try left, which is spent. By `pairing_codes_by_serial_number`. */
export async function spendTry(tx: Tx, device_serial_number: string, tries_max: number, now: string): Promise<boolean> {
  return (await tx.query(spend, [device_serial_number, now, tries_max])).length > 0;
}
