/** Terminal operations: what a terminal was asked for beside payments, sent under one id while it may answer. */
import type { OperationAnswer, OperationKind, OperationStatus, TerminalBooks } from "../domain/terminal-operation.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";
import type { TerminalLink } from "./prompts.ts";

export interface TerminalOperation {
  readonly account_id: string;
  readonly id: string;
  readonly terminal_id: string;
  readonly operation: OperationKind;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly members: Readonly<Record<string, unknown>>;
  readonly status: OperationStatus;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly reason: string | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
  readonly answered_at: string | null;
}

const columns = `operation.account_id, operation.id, operation.terminal_id, operation.operation, operation.parameters,
  operation.members, operation.status, operation.result, operation.reason, operation.created_at, operation.created_by,
  operation.updated_at, operation.updated_by, operation.answered_at`;

export interface OperationSeat {
  readonly terminal_id: string;
  readonly is_paired: boolean;
  readonly operations: readonly string[] | null;
  readonly connected_to: string | null;
  readonly occupant_kind: string | null;
  readonly occupant_id: string | null;
}

const lockSeat = statement(
  "lock_operation_seat",
  `SELECT terminal.terminal_id, seat.capabilities -> 'operations' AS operations, seat.connected_to, seat.occupant_kind,
     seat.occupant_id, EXISTS (SELECT FROM devices AS device WHERE device.account_id = terminal.account_id
       AND device.terminal_id = terminal.terminal_id AND device.revoked_at IS NULL) AS is_paired
   FROM terminals AS terminal
   JOIN terminal_seats AS seat ON seat.account_id = terminal.account_id AND seat.terminal_id = terminal.terminal_id
   WHERE terminal.account_id = $1 AND terminal.terminal_id = $2 AND terminal.status <> 'DELETED'
   FOR SHARE OF terminal FOR UPDATE OF seat`,
);

/** The seat of a terminal that is not deleted, locked: nothing begins on the terminal until the transaction ends. */
export async function lockOperationSeat(
  tx: Tx,
  account_id: string,
  terminal_id: string,
): Promise<OperationSeat | undefined> {
  return (await tx.query<OperationSeat>(lockSeat, [account_id, terminal_id]))[0];
}

const occupant = statement(
  "read_occupant",
  `SELECT prompt.kind AS occupant_prompt_kind, session.id AS occupant_session_id,
     session.merchant_reference AS occupant_merchant_reference
   FROM prompts AS prompt
   JOIN sessions AS session ON session.account_id = prompt.account_id AND session.id = prompt.session_id
   WHERE prompt.account_id = $1 AND prompt.id = $2`,
);

export interface OccupantSale {
  readonly occupant_prompt_kind: "purchase" | "authorize" | "refund";
  readonly occupant_session_id: string;
  readonly occupant_merchant_reference: string;
}

/** The sale whose prompt has this id, if it is a prompt's. */
export async function readOccupantSale(
  reader: Reader,
  account_id: string,
  occupant_id: string,
): Promise<OccupantSale | undefined> {
  return (await reader.query<OccupantSale>(occupant, [account_id, occupant_id]))[0];
}

const insert = statement(
  "insert_terminal_operation",
  `WITH seated AS (
     UPDATE terminal_seats SET occupant_kind = 'operation', occupant_id = $2, occupied_at = $8
     WHERE account_id = $1 AND terminal_id = $3 AND occupant_id IS NULL RETURNING account_id
   )
   INSERT INTO terminal_operations AS operation (account_id, id, terminal_id, operation, parameters, members, status,
     created_by, created_at, deadline_at)
   SELECT account_id, $2, $3, $4, $5, $6, 'PENDING', $7, $8, $9 FROM seated
   RETURNING ${columns}`,
);

export interface NewOperation {
  readonly account_id: string;
  readonly id: string;
  readonly terminal_id: string;
  readonly operation: OperationKind;
  readonly parameters: object | undefined;
  readonly members: object;
  readonly created_by: string;
  readonly deadline_at: string;
}

/** Takes the terminal's seat, which is free and locked. */
export async function insertOperation(tx: Tx, asked: NewOperation, now: string): Promise<TerminalOperation> {
  const { account_id, id, terminal_id, operation, parameters, members, created_by, deadline_at } = asked;
  const sent = [parameters === undefined ? null : JSON.stringify(parameters), JSON.stringify(members)];
  const values = [account_id, id, terminal_id, operation, ...sent, created_by, now, deadline_at];
  const [written] = await tx.query<TerminalOperation>(insert, values);
  if (written === undefined) throw new Error(`The seat of ${terminal_id} is not free under its lock.`);
  return written;
}

const read = statement(
  "read_terminal_operation",
  `SELECT ${columns} FROM terminal_operations AS operation WHERE operation.account_id = $1 AND operation.id = $2`,
);

export async function readOperation(
  reader: Reader,
  account_id: string,
  operation_id: string,
): Promise<TerminalOperation | undefined> {
  return (await reader.query<TerminalOperation>(read, [account_id, operation_id]))[0];
}

const lock = statement(
  "lock_terminal_operation",
  `SELECT ${columns} FROM terminal_operations AS operation
   WHERE operation.account_id = $1 AND operation.id = $2 FOR UPDATE`,
);

export async function lockOperation(
  tx: Tx,
  account_id: string,
  operation_id: string,
): Promise<TerminalOperation | undefined> {
  return (await tx.query<TerminalOperation>(lock, [account_id, operation_id]))[0];
}

export interface OperationFilter {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly terminal_id?: readonly string[] | undefined;
  readonly operation_id?: readonly string[] | undefined;
}

/** Newest first, by `terminal_operations_newest_first`, `terminal_operations_by_terminal` or the key. */
export async function listOperations(
  reader: Reader,
  account_id: string,
  asked: OperationFilter,
): Promise<TerminalOperation[]> {
  const filter = new Filter([account_id, asked.limit])
    .where(
      asked.starting_after,
      (parameter) => `(operation.created_at, operation.id) < (SELECT last.created_at, last.id
        FROM terminal_operations AS last WHERE last.account_id = $1 AND last.id = ${parameter})`,
    )
    .anyOf("operation.terminal_id", asked.terminal_id)
    .anyOf("operation.id", asked.operation_id);
  const text = `SELECT ${columns} FROM terminal_operations AS operation WHERE operation.account_id = $1${filter.text}
    ORDER BY operation.created_at DESC, operation.id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}

const claim = statement(
  "claim_terminal_operations",
  `UPDATE terminal_operations AS operation
   SET sent_at = coalesce(operation.sent_at, $4), sent_epoch = seat.connection_epoch
   FROM terminal_seats AS seat
   WHERE operation.account_id = $1 AND operation.terminal_id = $2 AND operation.status = 'PENDING'
     AND operation.deadline_at > $4 AND NOT operation.waits
     AND seat.account_id = $1 AND seat.terminal_id = $2 AND seat.connection_epoch = $3
     AND operation.sent_epoch IS DISTINCT FROM seat.connection_epoch
   RETURNING ${columns}`,
);

/** Takes the operation to send over this connection, once for a connection: the terminal knows it by id. */
export const claimOperations = (tx: Tx, link: TerminalLink, now: string): Promise<TerminalOperation[]> =>
  tx.query(claim, [link.account_id, link.terminal_id, link.epoch, now]);

const unsent = statement(
  "unsent_terminal_operations",
  `SELECT operation.account_id, operation.terminal_id FROM terminal_operations AS operation
   JOIN terminal_seats AS seat ON seat.account_id = operation.account_id AND seat.terminal_id = operation.terminal_id
   WHERE operation.status = 'PENDING' AND NOT operation.waits AND seat.connected_to = $1
     AND operation.sent_epoch IS DISTINCT FROM seat.connection_epoch`,
);

/** Terminals connected to this process for which an operation waits. */
export const readUnsentOperationsHere = (
  reader: Reader,
  process_id: string,
): Promise<{ account_id: string; terminal_id: string }[]> => reader.query(unsent, [process_id]);

const due = statement(
  "due_terminal_operations",
  `SELECT account_id, id FROM terminal_operations WHERE status = 'PENDING' AND deadline_at <= $1
   ORDER BY deadline_at LIMIT 100`,
);

/** Operations that have not been answered in time, by `pending_operations_by_deadline`. */
export const readDueOperations = (reader: Reader, now: string): Promise<{ account_id: string; id: string }[]> =>
  reader.query(due, [now]);

const end = statement(
  "end_terminal_operation",
  `UPDATE terminal_operations SET status = $3, result = $4, reason = $5, updated_at = $6, updated_by = 'tapline'
   WHERE account_id = $1 AND id = $2`,
);

export interface OperationEnd {
  readonly status: Exclude<OperationStatus, "PENDING">;
  readonly result?: object | undefined;
  readonly reason?: string | undefined;
}

export async function endOperation(
  tx: Tx,
  { account_id, id }: { account_id: string; id: string },
  { status, result, reason }: OperationEnd,
  now: string,
): Promise<void> {
  const said = result === undefined ? null : JSON.stringify(result);
  await tx.query(end, [account_id, id, status, said, reason ?? null, now]);
}

const keep = statement(
  "keep_operation_answer",
  "UPDATE terminal_operations SET answer = $3, answered_at = $4 WHERE account_id = $1 AND id = $2",
);

/** The terminal's own word, whether it came in time or not. */
export async function keepOperationAnswer(
  tx: Tx,
  { account_id, id }: { account_id: string; id: string },
  answer: OperationAnswer,
  now: string,
): Promise<void> {
  await tx.query(keep, [account_id, id, JSON.stringify(answer), now]);
}

const books = statement(
  "read_terminal_books",
  `WITH day AS (
     SELECT coalesce(max(answered_at), '-infinity') AS began FROM terminal_operations
     WHERE account_id = $1 AND terminal_id = $2 AND operation = 'end_of_day' AND answer ->> 'outcome' = 'completed'
       AND id <> $3
   ), reversed AS (
     SELECT reversal.amount FROM day, reversals AS reversal
     JOIN prompts AS prompt ON prompt.account_id = reversal.account_id AND prompt.id = reversal.prompt_id
     WHERE reversal.account_id = $1 AND reversal.terminal_id = $2 AND reversal.status = 'REVERSED'
       AND prompt.kind = 'purchase' AND reversal.finished_at > day.began
   ), approved AS (
     SELECT prompt.kind, prompt.amount FROM day, prompts AS prompt
     WHERE prompt.account_id = $1 AND prompt.terminal_id = $2 AND prompt.status = 'APPROVED'
       AND prompt.finished_at > day.began
   ), purchased AS (
     SELECT amount FROM approved WHERE kind = 'purchase'
     UNION ALL SELECT amount FROM reversed
     UNION ALL SELECT advice.amount FROM day, advices AS advice
     WHERE advice.account_id = $1 AND advice.terminal_id = $2 AND advice.status = 'ACCEPTED'
       AND advice.kind = 'capture' AND advice.finished_at > day.began
   )
   SELECT (SELECT count(*) FROM purchased) AS purchases_count,
     (SELECT coalesce(sum(amount), 0) FROM purchased) AS purchases_amount,
     (SELECT count(*) FROM reversed) AS reversals_count,
     (SELECT coalesce(sum(amount), 0) FROM reversed) AS reversals_amount,
     (SELECT count(*) FROM approved WHERE kind = 'refund') AS refunds_count,
     (SELECT coalesce(sum(amount), 0) FROM approved WHERE kind = 'refund') AS refunds_amount`,
);

/** What we have of a terminal since it closed its day before this operation. */
export async function readTerminalBooks(
  reader: Reader,
  { account_id, terminal_id, id }: Pick<TerminalOperation, "account_id" | "terminal_id" | "id">,
): Promise<TerminalBooks> {
  const [found] = await reader.query<TerminalBooks>(books, [account_id, terminal_id, id]);
  if (found === undefined) throw new Error("A sum has one row.");
  return found;
}
