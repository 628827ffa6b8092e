/** The last end of day of a deleted terminal: it waits, as a row, for what is open there, and takes the seat after that. */
import { type Reader, statement, type Tx } from "./database.ts";

const insert = statement(
  "insert_closing",
  `INSERT INTO terminal_operations (account_id, id, terminal_id, operation, status, waits, created_by, created_at,
     deadline_at)
   SELECT seat.account_id, $3, seat.terminal_id, 'end_of_day', 'PENDING', true, $4, $5, $6
   FROM terminal_seats AS seat
   WHERE seat.account_id = $1 AND seat.terminal_id = $2 AND seat.capabilities -> 'operations' ? 'end_of_day'
     AND EXISTS (SELECT FROM devices AS device WHERE device.account_id = seat.account_id
       AND device.terminal_id = seat.terminal_id AND device.revoked_at IS NULL)
     AND NOT EXISTS (SELECT FROM terminal_operations AS asked WHERE asked.account_id = seat.account_id
       AND asked.terminal_id = seat.terminal_id AND asked.operation = 'end_of_day' AND asked.status = 'PENDING')`,
);

export interface NewClosing {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly id: string;
  readonly created_by: string;
  readonly deadline_at: string;
}

/** Under the terminal's lock. Writes nothing where no device is paired that has ever said it closes days, or one does now. */
export async function insertClosing(tx: Tx, asked: NewClosing, now: string): Promise<void> {
  const { account_id, terminal_id, id, created_by, deadline_at } = asked;
  await tx.query(insert, [account_id, terminal_id, id, created_by, now, deadline_at]);
}

export interface Closing {
  readonly account_id: string;
  readonly id: string;
}

const ready = statement(
  "ready_closings",
  `SELECT operation.account_id, operation.id FROM terminal_operations AS operation
   JOIN terminal_seats AS seat ON seat.account_id = operation.account_id AND seat.terminal_id = operation.terminal_id
   WHERE operation.status = 'PENDING' AND operation.waits AND seat.occupant_id IS NULL
     AND (seat.connected_to = $1 OR NOT EXISTS (SELECT FROM devices AS device
       WHERE device.account_id = seat.account_id AND device.terminal_id = seat.terminal_id
         AND device.revoked_at IS NULL))`,
);

/** Those whose terminal is free and connected to this process, or has no device any more. By `one_waiting_operation_per_terminal`. */
export const readReadyClosings = (reader: Reader, process_id: string): Promise<Closing[]> =>
  reader.query(ready, [process_id]);

const lock = statement(
  "lock_closing",
  `SELECT operation.account_id, operation.id, operation.terminal_id FROM terminal_operations AS operation
   WHERE operation.account_id = $1 AND operation.id = $2 AND operation.status = 'PENDING' AND operation.waits FOR UPDATE`,
);

export interface LockedClosing extends Closing {
  readonly terminal_id: string;
}

/** `undefined` where it has begun or ended since. */
export async function lockClosing(tx: Tx, { account_id, id }: Closing): Promise<LockedClosing | undefined> {
  return (await tx.query<LockedClosing>(lock, [account_id, id]))[0];
}

const seat = statement(
  "lock_closing_seat",
  `SELECT seat.occupant_id, seat.connected_to, EXISTS (SELECT FROM devices AS device
     WHERE device.account_id = seat.account_id AND device.terminal_id = seat.terminal_id
       AND device.revoked_at IS NULL) AS is_paired
   FROM terminal_seats AS seat WHERE seat.account_id = $1 AND seat.terminal_id = $2 FOR UPDATE`,
);

export interface ClosingSeat {
  readonly occupant_id: string | null;
  readonly connected_to: string | null;
  readonly is_paired: boolean;
}

export async function lockClosingSeat(tx: Tx, { account_id, terminal_id }: LockedClosing): Promise<ClosingSeat> {
  const [found] = await tx.query<ClosingSeat>(seat, [account_id, terminal_id]);
  if (found === undefined) throw new Error(`Terminal ${terminal_id} has no seat.`);
  return found;
}

const begin = statement(
  "begin_closing",
  `WITH seated AS (
     UPDATE terminal_seats SET occupant_kind = 'operation', occupant_id = $3, occupied_at = $4
     WHERE account_id = $1 AND terminal_id = $2 AND occupant_id IS NULL RETURNING account_id
   )
   UPDATE terminal_operations AS operation SET waits = false, deadline_at = $5
   FROM seated WHERE operation.account_id = seated.account_id AND operation.id = $3`,
);

/** Takes the terminal's seat, which is free and locked; the terminal is to answer until then. */
export async function beginClosing(
  tx: Tx,
  { account_id, terminal_id, id }: LockedClosing,
  deadline_at: string,
  now: string,
): Promise<void> {
  await tx.query(begin, [account_id, terminal_id, id, now, deadline_at]);
}
