/** Terminals, the devices paired to them, and the one connection each may have. */
import type { Capabilities } from "../contract/terminal-protocol.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import type { TerminalLink } from "./prompts.ts";

export interface PairedDevice {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly device_id: string;
  readonly public_jwk: JsonWebKey;
  readonly journal_id: string | null;
  readonly status: string;
}

const device = statement(
  "paired_device",
  `SELECT device.account_id, device.terminal_id, device.device_id, device.public_jwk, device.journal_id, terminal.status
   FROM devices AS device
   JOIN terminals AS terminal ON terminal.account_id = device.account_id AND terminal.terminal_id = device.terminal_id
   WHERE device.account_id = $1 AND device.terminal_id = $2 AND device.revoked_at IS NULL`,
);

/** The device that is paired to a terminal now. */
export async function readPairedDevice(
  reader: Reader,
  account_id: string,
  terminal_id: string,
): Promise<PairedDevice | undefined> {
  return (await reader.query<PairedDevice>(device, [account_id, terminal_id]))[0];
}

const connect = statement(
  "connect_terminal",
  `WITH device AS (
     UPDATE devices SET journal_id = $5
     WHERE account_id = $1 AND terminal_id = $2 AND device_id = $3 AND revoked_at IS NULL
     RETURNING account_id, terminal_id
   )
   UPDATE terminal_seats AS seat SET connection_epoch = connection_epoch + 1, connected_to = $4, connected_at = $7,
     last_seen_at = $7, journal_id = $5, capabilities = $6
   FROM device WHERE seat.account_id = device.account_id AND seat.terminal_id = device.terminal_id
   RETURNING new.connection_epoch AS epoch, old.connected_to AS connected_before`,
);

export interface NewConnection {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly device_id: string;
  readonly process_id: string;
  readonly journal_id: string;
  readonly capabilities: Capabilities;
}

export interface MadeConnection {
  readonly epoch: number;
  /** The process that had the terminal before, if one did. */
  readonly connected_before: string | null;
}

/** Makes this the terminal's only connection; `undefined` if the device was revoked meanwhile. */
export async function connectTerminal(tx: Tx, asked: NewConnection, now: string): Promise<MadeConnection | undefined> {
  const rows = await tx.query<MadeConnection>(connect, [
    asked.account_id,
    asked.terminal_id,
    asked.device_id,
    asked.process_id,
    asked.journal_id,
    JSON.stringify(asked.capabilities),
    now,
  ]);
  return rows[0];
}

const disconnect = statement(
  "disconnect_terminal",
  `UPDATE terminal_seats SET connected_to = NULL, last_seen_at = $4
   WHERE account_id = $1 AND terminal_id = $2 AND connection_epoch = $3`,
);

/** Says that the link has gone; does nothing if the terminal has connected again since. */
export async function disconnectTerminal(tx: Tx, link: TerminalLink, now: string): Promise<void> {
  await tx.query(disconnect, [link.account_id, link.terminal_id, link.epoch, now]);
}

const replaced = statement(
  "replaced_connections",
  `SELECT held.account_id, held.terminal_id, seat.connection_epoch AS epoch
   FROM unnest($1::text[], $2::text[], $3::bigint[]) AS held (account_id, terminal_id, epoch)
   JOIN terminal_seats AS seat ON seat.account_id = held.account_id AND seat.terminal_id = held.terminal_id
   WHERE seat.connection_epoch > held.epoch`,
);

/** Which of these connections are no longer the terminal's, and the epoch of the one that is. */
export const readReplaced = (reader: Reader, held: readonly TerminalLink[]): Promise<TerminalLink[]> =>
  reader.query(replaced, [
    held.map(({ account_id }) => account_id),
    held.map(({ terminal_id }) => terminal_id),
    held.map(({ epoch }) => epoch),
  ]);

const connection = statement(
  "read_connection",
  `SELECT connected_to, connection_epoch AS epoch, journal_id FROM terminal_seats
   WHERE account_id = $1 AND terminal_id = $2`,
);

export interface SeatConnection {
  readonly connected_to: string | null;
  readonly epoch: number;
  readonly journal_id: string | null;
}

/** The process that a terminal is connected to, the connection's epoch, and the journal of the device. */
export async function readConnection(
  reader: Reader,
  account_id: string,
  terminal_id: string,
): Promise<SeatConnection | undefined> {
  return (await reader.query<SeatConnection>(connection, [account_id, terminal_id]))[0];
}

export interface TerminalRow {
  readonly terminal_id: string;
  readonly device_serial_number: string;
  readonly device_model: string | null;
  readonly store_id: string;
  readonly status: "DELETED" | "PENDING" | "ACTION_REQUIRED" | "ACTIVE" | "INACTIVE";
  readonly status_reason: string | null;
  readonly created_at: string;
  readonly connected: boolean;
  readonly last_seen_at: string | null;
  readonly open_prompt: {
    session_id: string;
    merchant_reference: string;
    status: string;
    amount: number;
    currency: string;
  } | null;
}

const read = statement(
  "read_terminal",
  `SELECT terminal.terminal_id, terminal.device_serial_number, terminal.device_model, terminal.store_id, terminal.status,
     terminal.status_reason, terminal.created_at, seat.connected_to IS NOT NULL AS connected, seat.last_seen_at,
     (SELECT json_build_object('session_id', prompt.session_id, 'merchant_reference', session.merchant_reference,
        'status', prompt.status, 'amount', prompt.amount, 'currency', prompt.currency)
      FROM prompts AS prompt
      JOIN sessions AS session ON session.account_id = prompt.account_id AND session.id = prompt.session_id
      WHERE prompt.account_id = seat.account_id AND prompt.id = seat.occupant_id) AS open_prompt
   FROM terminals AS terminal
   JOIN terminal_seats AS seat ON seat.account_id = terminal.account_id AND seat.terminal_id = terminal.terminal_id
   WHERE terminal.account_id = $1 AND terminal.terminal_id = $2`,
);

/** A terminal, whether it is connected, and the prompt that occupies it. */
export async function readTerminal(
  reader: Reader,
  account_id: string,
  terminal_id: string,
): Promise<TerminalRow | undefined> {
  return (await reader.query<TerminalRow>(read, [account_id, terminal_id]))[0];
}

const enrol = statement(
  "enrol_terminal",
  `WITH terminal AS (
     INSERT INTO terminals (account_id, terminal_id, device_serial_number, device_model, store_id, status, driver,
       created_at)
     VALUES ($1, $2, $3, $4, $5, 'ACTIVE', 'socket', $6)
     RETURNING account_id, terminal_id
   )
   INSERT INTO terminal_seats (account_id, terminal_id) SELECT account_id, terminal_id FROM terminal`,
);

export interface NewTerminal {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly device_serial_number: string;
  readonly device_model: string;
  readonly store_id: string;
}

export async function insertTerminal(tx: Tx, terminal: NewTerminal, now: string): Promise<void> {
  const { account_id, terminal_id, device_serial_number, device_model, store_id } = terminal;
  await tx.query(enrol, [account_id, terminal_id, device_serial_number, device_model, store_id, now]);
}

const pair = statement(
  "pair_device",
  `INSERT INTO devices (account_id, terminal_id, device_id, public_jwk, paired_at) VALUES ($1, $2, $3, $4, $5)`,
);

export async function insertDevice(
  tx: Tx,
  paired: { account_id: string; terminal_id: string; device_id: string; public_jwk: JsonWebKey },
  now: string,
): Promise<void> {
  const { account_id, terminal_id, device_id, public_jwk } = paired;
  await tx.query(pair, [account_id, terminal_id, device_id, JSON.stringify(public_jwk), now]);
}
