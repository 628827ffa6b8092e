/** Terminals as they are set up: registered, listed, changed. Their connections are in terminals.ts. */
import type { Standing, TerminalStatus } from "../domain/terminal-status.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

export interface TerminalRow {
  readonly terminal_id: string;
  readonly device_serial_number: string;
  readonly device_model: string | null;
  readonly store_id: string;
  readonly status: TerminalStatus;
  readonly status_reason: string | null;
  readonly created_at: string;
  readonly created_by: string | null;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
  /** What was sent beside the members that we know. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly store: { id: string; store_name?: string };
  readonly device: { device_id: string; paired_at: string; model?: string } | null;
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

const rows = `SELECT terminal.terminal_id, terminal.device_serial_number, terminal.device_model, terminal.store_id,
     terminal.status, terminal.status_reason, terminal.created_at, terminal.created_by, terminal.updated_at,
     terminal.updated_by, terminal.deleted_at, terminal.deleted_by, terminal.members,
     json_strip_nulls(json_build_object('id', store.id, 'store_name', store.store_name)) AS store,
     (SELECT json_strip_nulls(json_build_object(
        'device_id', device.device_id, 'paired_at', iso(device.paired_at), 'model', device.model))
      FROM devices AS device WHERE device.account_id = terminal.account_id
        AND device.terminal_id = terminal.terminal_id AND device.revoked_at IS NULL) AS device,
     seat.connected_to IS NOT NULL AS connected, seat.last_seen_at,
     (SELECT json_build_object('session_id', prompt.session_id, 'merchant_reference', session.merchant_reference,
        'status', prompt.status, 'amount', prompt.amount, 'currency', prompt.currency)
      FROM prompts AS prompt
      JOIN sessions AS session ON session.account_id = prompt.account_id AND session.id = prompt.session_id
      WHERE prompt.account_id = seat.account_id AND prompt.id = seat.occupant_id) AS open_prompt
   FROM terminals AS terminal
   JOIN terminal_seats AS seat ON seat.account_id = terminal.account_id AND seat.terminal_id = terminal.terminal_id
   JOIN stores AS store ON store.account_id = terminal.account_id AND store.store_id = terminal.store_id`;

const read = statement("read_terminal", `${rows} WHERE terminal.account_id = $1 AND terminal.terminal_id = $2`);

/** A terminal, deleted ones too, whether it is connected, and the prompt that occupies it. */
export async function readTerminal(
  reader: Reader,
  account_id: string,
  terminal_id: string,
): Promise<TerminalRow | undefined> {
  return (await reader.query<TerminalRow>(read, [account_id, terminal_id]))[0];
}

export interface TerminalFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly payout_destination_id?: readonly string[] | undefined;
  readonly store_id?: readonly string[] | undefined;
  readonly status?: readonly TerminalStatus[] | undefined;
  readonly device_model?: readonly string[] | undefined;
  readonly device_serial_number?: readonly string[] | undefined;
}

/**
 * Newest first, by `terminals_newest_first`; after the terminal that `starting_after` names. Rows stay where they are in
 * this order, so that pages neither repeat nor skip a terminal while others are added.
 */
export async function listTerminals(reader: Reader, account_id: string, asked: TerminalFilter): Promise<TerminalRow[]> {
  const filter = new Filter([account_id, asked.limit])
    .where(
      asked.starting_after,
      (parameter) => `(terminal.created_at, terminal.terminal_id) < (SELECT last.created_at, last.terminal_id
        FROM terminals AS last WHERE last.account_id = $1 AND last.terminal_id = ${parameter})`,
    )
    .anyOf("store.payout_destination_id", asked.payout_destination_id)
    .where(asked.store_id, (parameter) => `(store.store_id = ANY(${parameter}) OR store.id = ANY(${parameter}))`)
    .anyOf("terminal.status", asked.status)
    .anyOf("terminal.device_model", asked.device_model)
    .anyOf("terminal.device_serial_number", asked.device_serial_number);
  const hidden = asked.status === undefined ? " AND terminal.status <> 'DELETED'" : "";
  const text = `${rows} WHERE terminal.account_id = $1${hidden}${filter.text}
    ORDER BY terminal.created_at DESC, terminal.terminal_id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}

const lockAccount = statement("lock_account", "SELECT FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE");

const lock = statement(
  "lock_terminal",
  `SELECT terminal.account_id, terminal.terminal_id, terminal.device_serial_number, terminal.device_model,
     terminal.store_id, terminal.status, terminal.check_update_asked_at, terminal.members, terminal.deleted_at,
     terminal.deleted_by,
     device.device_id, device.journal_id
   FROM terminals AS terminal
   JOIN terminal_seats AS seat ON seat.account_id = terminal.account_id AND seat.terminal_id = terminal.terminal_id
   LEFT JOIN devices AS device ON device.account_id = terminal.account_id
     AND device.terminal_id = terminal.terminal_id AND device.revoked_at IS NULL
   WHERE terminal.account_id = $1 AND terminal.terminal_id = $2 FOR NO KEY UPDATE OF terminal, seat`,
);

export interface LockedTerminal extends Standing {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly device_serial_number: string;
  readonly device_model: string | null;
  readonly store_id: string;
  readonly status: TerminalStatus;
  readonly members: Readonly<Record<string, unknown>>;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
}

/**
 * The changes of an account's terminals follow one another: a number is given once, and a status is what the last change
 * made of it. The account's row comes before the seat's, as in the trigger that keeps the seats.
 */
export async function lockTerminals(tx: Tx, account_id: string): Promise<void> {
  await tx.query(lockAccount, [account_id]);
}

/** The terminal and its seat, locked: no sale begins on it until the transaction ends. */
export async function lockTerminal(
  tx: Tx,
  account_id: string,
  terminal_id: string,
): Promise<LockedTerminal | undefined> {
  await lockTerminals(tx, account_id);
  return (await tx.query<LockedTerminal>(lock, [account_id, terminal_id]))[0];
}

const write = statement(
  "write_terminal",
  `UPDATE terminals SET store_id = $3, device_model = $4, status = $5, status_reason = $6, check_update_asked_at = $7,
     members = $8, deleted_at = $9, deleted_by = $10, updated_at = $11, updated_by = $12
   WHERE account_id = $1 AND terminal_id = $2`,
);

/** Writes what of a terminal can change, under its lock. */
export async function updateTerminal(
  tx: Tx,
  terminal: LockedTerminal & { readonly status_reason: string | null },
  by: string,
  now: string,
): Promise<void> {
  const { account_id, terminal_id, store_id, device_model, status, status_reason } = terminal;
  const { check_update_asked_at, members, deleted_at, deleted_by } = terminal;
  await tx.query(write, [
    ...[account_id, terminal_id, store_id, device_model, status, status_reason, check_update_asked_at],
    ...[JSON.stringify(members), deleted_at, deleted_by, now, by],
  ]);
}

const nextNumber = statement(
  "next_terminal_number",
  `WITH taken AS (
     SELECT right(terminal_id, 4)::integer AS number FROM terminals
     WHERE account_id = $1 AND terminal_id ~ ('^' || $1 || '-T\\d{4}$')
   ), highest AS (
     SELECT coalesce(max(number), 0) AS number FROM taken
   )
   SELECT CASE WHEN highest.number < 9999 THEN highest.number + 1
     ELSE (SELECT min(free) FROM generate_series(1, 9999) AS free WHERE free NOT IN (SELECT number FROM taken)) END
     AS number
   FROM highest`,
);

/** The next number that no terminal of the account has had, rows of deleted ones included; null where all are taken. */
export async function readNextNumber(tx: Tx, account_id: string): Promise<number | null> {
  return (await tx.query<{ number: number | null }>(nextNumber, [account_id]))[0]?.number ?? null;
}

const bySerial = statement(
  "terminal_by_serial_number",
  `SELECT terminal_id FROM terminals
   WHERE account_id = $1 AND device_serial_number = $2 AND status <> 'DELETED'`,
);

/** The terminal that this device is registered as, by `one_terminal_per_serial_number`. */
export async function findBySerialNumber(
  reader: Reader,
  account_id: string,
  device_serial_number: string,
): Promise<string | undefined> {
  return (await reader.query<{ terminal_id: string }>(bySerial, [account_id, device_serial_number]))[0]?.terminal_id;
}

const store = statement(
  "find_store_by_either_id",
  `SELECT store_id, status FROM stores WHERE account_id = $1 AND (store_id = $2 OR id = $2)
   ORDER BY store_id = $2 DESC LIMIT 1 FOR SHARE`,
);

/** A store by the merchant's id or by the generated one; it stays as it is until the transaction ends. */
export async function findStore(
  tx: Tx,
  account_id: string,
  store_id: string,
): Promise<{ store_id: string; status: string } | undefined> {
  return (await tx.query<{ store_id: string; status: string }>(store, [account_id, store_id]))[0];
}
