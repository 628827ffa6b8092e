/** Terminals, the devices paired to them, and the one connection each may have. */
import type { Capabilities } from "../contract/terminal-protocol.ts";
import type { TerminalStatus } from "../domain/terminal-status.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import type { TerminalLink } from "./prompts.ts";

export interface PairedDevice {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly device_id: string;
  readonly public_jwk: JsonWebKey;
  readonly journal_id: string | null;
  readonly status: TerminalStatus;
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
  `SELECT connected_to, connected_at, connection_epoch AS epoch, journal_id FROM terminal_seats
   WHERE account_id = $1 AND terminal_id = $2`,
);

export interface SeatConnection {
  readonly connected_to: string | null;
  readonly connected_at: string | null;
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

const enrol = statement(
  "enrol_terminal",
  `WITH terminal AS (
     INSERT INTO terminals (account_id, terminal_id, device_serial_number, device_model, store_id, status, driver,
       created_at, created_by, members, check_update_asked_at)
     VALUES ($1, $2, $3, $4, $5, $6, 'socket', $7, $8, $9, CASE WHEN $6 = 'ACTIVE' THEN $7::timestamptz END)
     RETURNING account_id, terminal_id
   )
   INSERT INTO terminal_seats (account_id, terminal_id) SELECT account_id, terminal_id FROM terminal`,
);

export interface NewTerminal {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly device_serial_number: string;
  readonly device_model?: string | undefined;
  readonly store_id: string;
  /** ACTIVE where nothing is said. */
  readonly status?: TerminalStatus;
  readonly created_by?: string;
  readonly members?: object;
}

export async function insertTerminal(tx: Tx, terminal: NewTerminal, now: string): Promise<void> {
  const { account_id, terminal_id, device_serial_number, device_model, store_id } = terminal;
  const { status = "ACTIVE", created_by = "tapline", members = {} } = terminal;
  const names = [account_id, terminal_id, device_serial_number, device_model ?? null, store_id];
  await tx.query(enrol, [...names, status, now, created_by, JSON.stringify(members)]);
}

const pair = statement(
  "pair_device",
  `INSERT INTO devices (account_id, terminal_id, device_id, public_jwk, paired_at, serial_number, model, paired_by)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);

export interface NewDevice {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly device_id: string;
  readonly public_jwk: JsonWebKey;
  readonly serial_number?: string;
  readonly model?: string;
  readonly paired_by?: string;
}

export async function insertDevice(tx: Tx, paired: NewDevice, now: string): Promise<void> {
  const { account_id, terminal_id, device_id, public_jwk, serial_number, model, paired_by } = paired;
  const names = [account_id, terminal_id, device_id, JSON.stringify(public_jwk), now];
  await tx.query(pair, [...names, serial_number ?? null, model ?? null, paired_by ?? null]);
}

const revoke = statement(
  "revoke_device",
  `UPDATE devices SET revoked_at = $3, revoked_by = $4
   WHERE account_id = $1 AND terminal_id = $2 AND revoked_at IS NULL RETURNING device_id`,
);

/** The device that was paired, if one was: it cannot connect any more. */
export async function markDeviceRevoked(
  tx: Tx,
  { account_id, terminal_id }: { account_id: string; terminal_id: string },
  by: string,
  now: string,
): Promise<string | undefined> {
  const rows = await tx.query<{ device_id: string }>(revoke, [account_id, terminal_id, now, by]);
  return rows[0]?.device_id;
}

const vacate = statement(
  "vacate_seat",
  `UPDATE terminal_seats SET connection_epoch = connection_epoch + 1, connected_to = NULL, journal_id = NULL,
     capabilities = NULL, last_seen_at = CASE WHEN connected_to IS NULL THEN last_seen_at ELSE $3::timestamptz END
   WHERE account_id = $1 AND terminal_id = $2 RETURNING account_id, terminal_id, connection_epoch AS epoch`,
);

/** The terminal has no device: a connection that it had is void from this epoch on, and no journal speaks for it. */
export async function vacateSeat(
  tx: Tx,
  { account_id, terminal_id }: { account_id: string; terminal_id: string },
  now: string,
): Promise<TerminalLink> {
  const [link] = await tx.query<TerminalLink>(vacate, [account_id, terminal_id, now]);
  if (link === undefined) throw new Error(`Terminal ${terminal_id} has no seat.`);
  return link;
}

const end = statement(
  "end_connection",
  `UPDATE terminal_seats SET connection_epoch = connection_epoch + 1, connected_to = NULL, last_seen_at = $4
   WHERE account_id = $1 AND terminal_id = $2 AND connection_epoch = $3 RETURNING connection_epoch AS epoch`,
);

/** Makes this connection void; the terminal may connect again. The epoch it ended in, if it was the terminal's still. */
export async function endConnection(tx: Tx, link: TerminalLink, now: string): Promise<number | undefined> {
  const rows = await tx.query<{ epoch: number }>(end, [link.account_id, link.terminal_id, link.epoch, now]);
  return rows[0]?.epoch;
}
