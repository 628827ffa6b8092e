/** What is open on a terminal, whatever becomes of its registration: each goes on to its end. */
import { type Reader, statement } from "./database.ts";
import type { TerminalLink } from "./prompts.ts";

export interface OpenWork {
  readonly what: "sale" | "refund" | "capture" | "void" | "lapse" | "reversal" | "authorization";
  readonly id: string;
  readonly status: string;
  readonly amount: number;
  readonly currency: string;
  readonly transaction_id: string;
}

/** Prompts, by the three partial indexes of a terminal's prompts. An unresolved one counts while its device may still tell. */
const prompts = (status: string) => `SELECT CASE WHEN prompt.kind = 'refund' THEN 'refund' ELSE 'sale' END AS what,
     prompt.id, prompt.status, prompt.amount, prompt.currency, prompt.transaction_id, prompt.created_at AS since
   FROM prompts AS prompt
   JOIN terminal_seats AS seat ON seat.account_id = prompt.account_id AND seat.terminal_id = prompt.terminal_id
   WHERE prompt.account_id = $1 AND prompt.terminal_id = $2 AND ${status}`;

const open = `${prompts("prompt.status IN ('PENDING', 'SENT', 'SHOWN', 'PROCESSING')")}
   UNION ALL ${prompts("prompt.status = 'WAITING'")}
   UNION ALL ${prompts("prompt.status = 'UNRESOLVED' AND prompt.sent_journal_id = seat.journal_id")}
   UNION ALL SELECT advice.kind, advice.id, advice.status, advice.amount, advice.currency, advice.transaction_id,
     advice.created_at
   FROM advices AS advice
   WHERE advice.account_id = $1 AND advice.terminal_id = $2 AND advice.status IN ('DUE', 'SENT')
   UNION ALL SELECT 'reversal', reversal.id, reversal.status, reversal.amount, reversal.currency,
     reversal.transaction_id, reversal.issued_at
   FROM reversals AS reversal
   WHERE reversal.account_id = $1 AND reversal.terminal_id = $2 AND reversal.status IN ('ISSUED', 'SENT')`;

const held = `SELECT 'authorization' AS what, transaction.id, transaction.status,
     transaction.authorized_amount - transaction.captured_amount - transaction.voided_amount AS amount,
     transaction.currency, transaction.id AS transaction_id, transaction.created_at AS since
   FROM transactions AS transaction
   WHERE transaction.account_id = $1 AND transaction.terminal_id = $2
     AND transaction.authorized_amount > transaction.captured_amount + transaction.voided_amount`;

const columns = "what, id, status, amount, currency, transaction_id";

const openWork = statement("open_work", `SELECT ${columns} FROM (${open}) AS work ORDER BY since`);
const openAndHeld = statement(
  "open_work_and_held",
  `SELECT ${columns} FROM (${open} UNION ALL ${held}) AS work ORDER BY since`,
);

interface Terminal {
  readonly account_id: string;
  readonly terminal_id: string;
}

/** Prompts, advices and reversals that have not ended, oldest first. */
export const readOpenWork = (reader: Reader, { account_id, terminal_id }: Terminal): Promise<OpenWork[]> =>
  reader.query(openWork, [account_id, terminal_id]);

/** The same, and the money that the terminal's host still holds: by `authorizations_by_terminal`. */
export const readOpenAndHeld = (reader: Reader, { account_id, terminal_id }: Terminal): Promise<OpenWork[]> =>
  reader.query(openAndHeld, [account_id, terminal_id]);

/** An SQL condition: the terminal in this row has anything open, an operation among it, or its host holds money. */
export const hasWork = (row: string): string =>
  `(EXISTS (SELECT FROM (${open} UNION ALL ${held}) AS work)
     OR EXISTS (SELECT FROM terminal_operations AS operation
       WHERE operation.account_id = $1 AND operation.terminal_id = $2 AND operation.status = 'PENDING'))`
    .replaceAll("$1", `${row}.account_id`)
    .replaceAll("$2", `${row}.terminal_id`);

const anyWork = statement(
  "terminal_has_work",
  `SELECT ${hasWork("terminal")} AS has_work FROM terminals AS terminal WHERE account_id = $1 AND terminal_id = $2`,
);

export async function readHasWork(reader: Reader, { account_id, terminal_id }: Terminal): Promise<boolean> {
  return (await reader.query<{ has_work: boolean }>(anyWork, [account_id, terminal_id]))[0]?.has_work ?? false;
}

const idleDeleted = statement(
  "idle_deleted_terminals",
  `SELECT held.account_id, held.terminal_id, held.epoch
   FROM unnest($1::text[], $2::text[], $3::bigint[]) AS held (account_id, terminal_id, epoch)
   JOIN terminals AS terminal ON terminal.account_id = held.account_id AND terminal.terminal_id = held.terminal_id
   JOIN terminal_seats AS place ON place.account_id = held.account_id AND place.terminal_id = held.terminal_id
   WHERE terminal.status = 'DELETED' AND place.connected_at <= $4 AND NOT ${hasWork("terminal")}`,
);

/** Which of these connections are of deleted terminals that have nothing left to tell, and are older than that. */
export const readIdleDeleted = (
  reader: Reader,
  held_links: readonly TerminalLink[],
  connected_before: string,
): Promise<TerminalLink[]> =>
  reader.query(idleDeleted, [
    held_links.map(({ account_id }) => account_id),
    held_links.map(({ terminal_id }) => terminal_id),
    held_links.map(({ epoch }) => epoch),
    connected_before,
  ]);

const leftBehind = statement(
  "work_of_revoked_devices",
  `SELECT prompt.account_id, prompt.terminal_id FROM prompts AS prompt
   JOIN terminal_seats AS seat ON seat.account_id = prompt.account_id AND seat.terminal_id = prompt.terminal_id
   WHERE seat.journal_id IS NULL AND seat.connection_epoch > 0
     AND (prompt.status IN ('SENT', 'SHOWN', 'PROCESSING')
       OR (prompt.status = 'UNRESOLVED' AND seat.occupant_id = prompt.id))
   UNION
   SELECT reversal.account_id, reversal.terminal_id FROM reversals AS reversal
   JOIN terminal_seats AS seat ON seat.account_id = reversal.account_id AND seat.terminal_id = reversal.terminal_id
   WHERE seat.journal_id IS NULL AND seat.connection_epoch > 0 AND reversal.status IN ('ISSUED', 'SENT')
   LIMIT 100`,
);

/** Terminals whose device was revoked, and whose open work nobody has been told of yet. */
export const readLeftBehind = (reader: Reader): Promise<Terminal[]> => reader.query(leftBehind, []);
