/** Reversals: approvals that came after we had said otherwise, taken back row by row. */
import { type Reader, statement, type Tx } from "./database.ts";
import type { LockedPrompt, TerminalLink } from "./prompts.ts";

export type ReversalStatus = "ISSUED" | "SENT" | "REVERSED" | "REFUSED" | "UNRESOLVED";

export interface Reversal {
  readonly account_id: string;
  readonly id: string;
  readonly prompt_id: string;
  readonly session_id: string;
  readonly transaction_id: string;
  readonly terminal_id: string;
  readonly journal_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: ReversalStatus;
  readonly reason: string | null;
  readonly issued_at: string;
  readonly sent_at: string | null;
  readonly unresolved_at: string | null;
  readonly finished_at: string | null;
}

const issue = statement(
  "issue_reversal",
  `INSERT INTO reversals (account_id, id, prompt_id, session_id, transaction_id, terminal_id, journal_id, amount, currency,
     status, issued_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'ISSUED', $10)
   ON CONFLICT ON CONSTRAINT one_reversal_per_prompt DO NOTHING RETURNING id`,
);

export interface NewReversal {
  readonly id: string;
  readonly journal_id: string;
  /** What the terminal says it approved. */
  readonly amount: number;
  readonly currency: string;
}

/** False if the prompt's approval is being taken back already. */
export async function insertReversal(
  tx: Tx,
  prompt: LockedPrompt,
  { id, journal_id, amount, currency }: NewReversal,
  now: string,
): Promise<boolean> {
  const { account_id, session_id, transaction_id, terminal_id } = prompt;
  const ids = [account_id, id, prompt.id, session_id, transaction_id, terminal_id];
  return (await tx.query(issue, [...ids, journal_id, amount, currency, now])).length > 0;
}

const seat = statement(
  "seat_reversal",
  `UPDATE terminal_seats SET occupant_kind = 'reversal', occupant_id = $3, occupied_at = $4
   WHERE account_id = $1 AND terminal_id = $2 AND occupant_id IS NULL`,
);

/** The terminal is busy with the reversal; where it is taken already, the reversal only goes before the next prompt. */
export async function seatReversal(
  tx: Tx,
  { account_id, terminal_id, id }: { account_id: string; terminal_id: string; id: string },
  now: string,
): Promise<void> {
  await tx.query(seat, [account_id, terminal_id, id, now]);
}

const send = statement(
  "send_reversals",
  `UPDATE reversals AS reversal
   SET status = CASE WHEN reversal.status = 'ISSUED' THEN 'SENT' ELSE reversal.status END,
     sent_at = coalesce(reversal.sent_at, $4), sent_epoch = seat.connection_epoch
   FROM terminal_seats AS seat
   WHERE reversal.account_id = $1 AND reversal.terminal_id = $2 AND reversal.status IN ('ISSUED', 'SENT', 'UNRESOLVED')
     AND seat.account_id = $1 AND seat.terminal_id = $2 AND seat.connection_epoch = $3
     AND seat.journal_id = reversal.journal_id AND reversal.sent_epoch IS DISTINCT FROM seat.connection_epoch
   RETURNING reversal.*`,
);

/** Takes the reversals to send over this connection, each once for a connection: the terminal knows them by id. */
export const claimReversals = (tx: Tx, link: TerminalLink, now: string): Promise<Reversal[]> =>
  tx.query(send, [link.account_id, link.terminal_id, link.epoch, now]);

const again = statement(
  "ask_reversals_again",
  `UPDATE reversals AS reversal SET sent_epoch = 0
   FROM terminal_seats AS seat
   WHERE reversal.status IN ('SENT', 'UNRESOLVED') AND reversal.sent_epoch = seat.connection_epoch
     AND seat.account_id = reversal.account_id AND seat.terminal_id = reversal.terminal_id AND seat.connected_to = $1
     AND greatest(reversal.sent_at, seat.connected_at) <= $2
   RETURNING reversal.account_id, reversal.terminal_id`,
);

/** Has the reversals that this process's terminals were asked for before `asked_before` sent again, under the same ids. */
export const askReversalsAgain = (
  tx: Tx,
  process_id: string,
  asked_before: string,
): Promise<{ account_id: string; terminal_id: string }[]> => tx.query(again, [process_id, asked_before]);

const ofOtherJournals = statement(
  "reversals_of_other_journals",
  `SELECT * FROM reversals WHERE account_id = $1 AND terminal_id = $2 AND journal_id <> $3
     AND status IN ('ISSUED', 'SENT')`,
);

/** Reversals that wait for a device that is no longer this terminal's. */
export const readReversalsLeftBehind = (
  reader: Reader,
  terminal: { account_id: string; terminal_id: string },
  journal_id: string,
): Promise<Reversal[]> => reader.query(ofOtherJournals, [terminal.account_id, terminal.terminal_id, journal_id]);

const lock = statement("lock_reversal", "SELECT * FROM reversals WHERE account_id = $1 AND id = $2 FOR UPDATE");

export async function lockReversal(tx: Tx, account_id: string, reversal_id: string): Promise<Reversal | undefined> {
  return (await tx.query<Reversal>(lock, [account_id, reversal_id]))[0];
}

const end = statement(
  "end_reversal",
  `UPDATE reversals SET status = $3, reason = $4,
     unresolved_at = CASE WHEN $3 = 'UNRESOLVED' THEN $5::timestamptz ELSE unresolved_at END,
     finished_at = CASE WHEN $3 IN ('REVERSED', 'REFUSED') THEN $5::timestamptz END
   WHERE account_id = $1 AND id = $2`,
);

export async function updateReversal(
  tx: Tx,
  reversal: Reversal,
  change: { status: ReversalStatus; reason: string | null },
  now: string,
): Promise<void> {
  await tx.query(end, [reversal.account_id, reversal.id, change.status, change.reason, now]);
}

const silent = statement(
  "silent_reversals",
  `SELECT * FROM reversals WHERE status IN ('ISSUED', 'SENT') AND issued_at <= $1 ORDER BY issued_at LIMIT 100`,
);

/** Reversals that nobody has answered since `issued_before`. */
export const readSilentReversals = (reader: Reader, issued_before: string): Promise<Reversal[]> =>
  reader.query(silent, [issued_before]);

const ofTransaction = statement(
  "reversals_of_transaction",
  "SELECT * FROM reversals WHERE account_id = $1 AND transaction_id = $2 ORDER BY id",
);

export const readReversalsOf = (reader: Reader, account_id: string, transaction_id: string): Promise<Reversal[]> =>
  reader.query(ofTransaction, [account_id, transaction_id]);
