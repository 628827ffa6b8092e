/** Prompts: the statements that move one from status to status. Each is guarded by what it stands on. */
import type { PromptKind, PromptStatus } from "../domain/prompt.ts";
import { type Reader, statement, type Tx } from "./database.ts";

export interface Prompt {
  readonly account_id: string;
  readonly id: string;
  readonly session_id: string;
  readonly transaction_id: string;
  readonly terminal_id: string;
  readonly kind: PromptKind;
  readonly amount: number;
  readonly currency: string;
  readonly status: PromptStatus;
  readonly created_at: string;
  readonly deadline_at: string;
  readonly sent_at: string | null;
  readonly sent_epoch: number | null;
  readonly sent_journal_id: string | null;
  readonly shown_at: string | null;
  readonly card_presented_at: string | null;
  readonly stop_asked_at: string | null;
  readonly cancel_asked_at: string | null;
  readonly cancel_asked_by: string | null;
  readonly unresolved_at: string | null;
  readonly finished_at: string | null;
}

/** A prompt with what the terminal is told besides: for the receipt, and of a refund which payment goes back. */
export interface SentPrompt extends Prompt {
  readonly merchant_reference: string;
  readonly original_unique_id: string | null;
}

/** A terminal over one connection: what every send and every answer is guarded by. */
export interface TerminalLink {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly epoch: number;
}

const claim = statement(
  "claim_prompt",
  `WITH claimed AS (
     UPDATE prompts AS prompt
     SET status = 'SENT', sent_at = $4, sent_epoch = seat.connection_epoch, sent_journal_id = seat.journal_id
     FROM terminal_seats AS seat
     WHERE prompt.account_id = $1 AND prompt.terminal_id = $2 AND prompt.status = 'PENDING' AND prompt.deadline_at > $4
       -- A refund whose turn comes with no time left to find a card is not shown for a moment.
       AND (prompt.kind <> 'refund' OR prompt.deadline_at > $5)
       -- A reversal is done before the next prompt (prompt-life section 5).
       AND NOT EXISTS (SELECT FROM reversals AS reversal
         WHERE reversal.account_id = $1 AND reversal.terminal_id = $2 AND reversal.status IN ('ISSUED', 'SENT')
           AND reversal.journal_id = seat.journal_id)
       AND seat.account_id = $1 AND seat.terminal_id = $2 AND seat.connection_epoch = $3
     RETURNING prompt.*
   ), counted AS (
     UPDATE sessions AS session SET event_count = event_count + 1, updated_at = $4
     FROM claimed WHERE session.account_id = $1 AND session.id = claimed.session_id AND claimed.kind <> 'refund'
     RETURNING session.id, session.event_count
   ), told AS (
     INSERT INTO session_events (account_id, session_id, id, name, created_at)
     SELECT $1, id, event_count, 'PUSH_NOTIFICATION_SENT', $4 FROM counted
   )
   SELECT claimed.*, session.merchant_reference, refund.original_unique_id FROM claimed
   JOIN sessions AS session ON session.account_id = $1 AND session.id = claimed.session_id
   LEFT JOIN refunds AS refund ON refund.account_id = $1 AND refund.prompt_id = claimed.id`,
);

/**
 * Takes the prompt that waits for this terminal, if there is one: it reads SENT, committed, before the first byte is
 * written. Nothing comes back where the connection is no longer the terminal's, or for a refund that ends before
 * `useful_until`.
 */
export async function claimPrompt(
  tx: Tx,
  link: TerminalLink,
  now: string,
  useful_until: string,
): Promise<SentPrompt | undefined> {
  const values = [link.account_id, link.terminal_id, link.epoch, now, useful_until];
  return (await tx.query<SentPrompt>(claim, values))[0];
}

/** A locked prompt, with what the point of sale is told by. */
export interface LockedPrompt extends Prompt {
  readonly callback_url: string | null;
  readonly merchant_reference: string;
  readonly transaction_created_at: string;
}

const lock = statement(
  "lock_prompt",
  `SELECT prompt.*, session.url ->> 'callback_url' AS callback_url, session.merchant_reference,
     transaction.created_at AS transaction_created_at
   FROM prompts AS prompt
   JOIN sessions AS session ON session.account_id = prompt.account_id AND session.id = prompt.session_id
   JOIN transactions AS transaction ON transaction.account_id = prompt.account_id
     AND transaction.id = prompt.transaction_id
   WHERE prompt.account_id = $1 AND prompt.id = $2 FOR UPDATE OF prompt`,
);

/** The prompt, with its row locked until the transaction ends. */
export async function lockPrompt(tx: Tx, account_id: string, prompt_id: string): Promise<LockedPrompt | undefined> {
  return (await tx.query<LockedPrompt>(lock, [account_id, prompt_id]))[0];
}

const ofTransaction = statement(
  "prompts_of_transaction",
  `SELECT prompt.* FROM prompts AS prompt
   JOIN transactions AS transaction ON transaction.account_id = prompt.account_id
     AND transaction.session_id = prompt.session_id
   WHERE transaction.account_id = $1 AND transaction.id = $2 ORDER BY prompt.created_at`,
);

/** Every prompt a transaction has had: for its payment, and for its refunds. */
export const readPromptsOf = (reader: Reader, account_id: string, transaction_id: string): Promise<Prompt[]> =>
  reader.query(ofTransaction, [account_id, transaction_id]);

const ofSession = statement(
  "read_payment_prompt",
  "SELECT * FROM prompts WHERE account_id = $1 AND session_id = $2 AND kind IN ('purchase', 'authorize')",
);

/** The prompt that asks for a session's payment. */
export async function readPaymentPrompt(
  reader: Reader,
  account_id: string,
  session_id: string,
): Promise<Prompt | undefined> {
  return (await reader.query<Prompt>(ofSession, [account_id, session_id]))[0];
}

const open = statement(
  "open_prompts",
  `SELECT prompt.*, session.merchant_reference, refund.original_unique_id FROM prompts AS prompt
   JOIN sessions AS session ON session.account_id = prompt.account_id AND session.id = prompt.session_id
   LEFT JOIN refunds AS refund ON refund.account_id = prompt.account_id AND refund.prompt_id = prompt.id
   WHERE prompt.account_id = $1 AND prompt.terminal_id = $2
     AND (prompt.status IN ('PENDING', 'SENT', 'SHOWN', 'PROCESSING') OR prompt.status = 'UNRESOLVED')
   ORDER BY prompt.created_at`,
);

/** What a terminal has open, oldest first, by the two partial indexes of a terminal's prompts. */
export const readOpenPrompts = (
  reader: Reader,
  terminal: { account_id: string; terminal_id: string },
): Promise<SentPrompt[]> => reader.query(open, [terminal.account_id, terminal.terminal_id]);

const resend = statement(
  "resend_prompt",
  `UPDATE prompts AS prompt SET sent_epoch = seat.connection_epoch
   FROM terminal_seats AS seat
   WHERE prompt.account_id = $1 AND prompt.terminal_id = $2 AND prompt.id = $4 AND prompt.status = 'SENT'
     AND prompt.deadline_at > $5 AND prompt.sent_journal_id = seat.journal_id
     AND seat.account_id = $1 AND seat.terminal_id = $2 AND seat.connection_epoch = $3
   RETURNING prompt.id`,
);

/** Notes that a prompt is sent again, over this connection; to the same journal, so that it is shown once at most. */
export async function resendPrompt(tx: Tx, link: TerminalLink, prompt_id: string, now: string): Promise<boolean> {
  return (await tx.query(resend, [link.account_id, link.terminal_id, link.epoch, prompt_id, now])).length > 0;
}

const shown = statement(
  "prompt_shown",
  `UPDATE prompts SET status = 'SHOWN', shown_at = $4
   WHERE account_id = $1 AND terminal_id = $2 AND id = $3 AND status = 'SENT'
     AND EXISTS (SELECT FROM terminal_seats AS seat
       WHERE seat.account_id = $1 AND seat.terminal_id = $2 AND seat.connection_epoch = $5)
   RETURNING *`,
);

export const markShown = (tx: Tx, link: TerminalLink, prompt_id: string, now: string): Promise<Prompt[]> =>
  tx.query(shown, [link.account_id, link.terminal_id, prompt_id, now, link.epoch]);

const presented = statement(
  "prompt_card_presented",
  `UPDATE prompts SET status = 'PROCESSING', card_presented_at = $4, shown_at = coalesce(shown_at, $4)
   WHERE account_id = $1 AND terminal_id = $2 AND id = $3 AND status IN ('SENT', 'SHOWN')
     AND EXISTS (SELECT FROM terminal_seats AS seat
       WHERE seat.account_id = $1 AND seat.terminal_id = $2 AND seat.connection_epoch = $5)
   RETURNING *`,
);

export const markCardPresented = (tx: Tx, link: TerminalLink, prompt_id: string, now: string): Promise<Prompt[]> =>
  tx.query(presented, [link.account_id, link.terminal_id, prompt_id, now, link.epoch]);

const askCancel = statement(
  "prompt_cancel_asked",
  `UPDATE prompts SET cancel_asked_at = coalesce(cancel_asked_at, $3), cancel_asked_by = coalesce(cancel_asked_by, $4)
   WHERE account_id = $1 AND id = $2 RETURNING *`,
);

/** Marks that somebody wants the prompt called off. The mark is kept until the prompt has ended. */
export async function markCancelAsked(tx: Tx, prompt: Prompt, now: string, by: string): Promise<void> {
  await tx.query(askCancel, [prompt.account_id, prompt.id, now, by]);
}

const askStop = statement(
  "prompt_stop_asked",
  "UPDATE prompts SET stop_asked_at = coalesce(stop_asked_at, $3) WHERE account_id = $1 AND id = $2",
);

export async function markStopAsked(tx: Tx, prompt: Prompt, now: string): Promise<void> {
  await tx.query(askStop, [prompt.account_id, prompt.id, now]);
}

const due = statement(
  "due_prompts",
  `SELECT * FROM prompts
   WHERE status IN ('WAITING', 'PENDING', 'SENT', 'SHOWN', 'PROCESSING') AND deadline_at <= $1
     AND (status IN ('WAITING', 'PENDING')
       OR (status IN ('SENT', 'SHOWN') AND deadline_at <= $2 AND (stop_asked_at IS NULL OR stop_asked_at <= $3))
       OR (status = 'PROCESSING' AND card_presented_at <= $4))
   ORDER BY deadline_at LIMIT $5`,
);

/** Prompts whose time has come (those that a terminal may have, a while later than those it does not), by `open_prompts_by_deadline`, oldest first. */
export const readDuePrompts = (
  reader: Reader,
  before: { now: string; deadline: string; stop_asked: string; card_presented: string },
  limit: number,
): Promise<Prompt[]> =>
  reader.query(due, [before.now, before.deadline, before.stop_asked, before.card_presented, limit]);

const free = statement(
  "free_seat",
  `UPDATE terminal_seats SET occupant_kind = NULL, occupant_id = NULL, occupied_at = NULL
   WHERE account_id = $1 AND terminal_id = $2 AND occupant_id = $3`,
);

/** The terminal is free for something else, while this occupant's end is not known. */
export async function freeSeat(
  tx: Tx,
  occupant: { account_id: string; terminal_id: string; id: string },
): Promise<void> {
  await tx.query(free, [occupant.account_id, occupant.terminal_id, occupant.id]);
}

const unresolvedHere = statement(
  "unresolved_prompts_here",
  `SELECT prompt.* FROM prompts AS prompt
   JOIN terminal_seats AS seat ON seat.account_id = prompt.account_id AND seat.terminal_id = prompt.terminal_id
   WHERE (prompt.status = 'UNRESOLVED' OR (prompt.status = 'PROCESSING' AND prompt.card_presented_at <= $2))
     AND seat.connected_to = $1 AND seat.journal_id = prompt.sent_journal_id
   ORDER BY prompt.created_at LIMIT 200`,
);

/**
 * Prompts whose end is missing although their terminal is connected to this process, so that it can be asked: unresolved
 * ones, and those whose card was presented before `presented_before`.
 */
export const readUnresolvedHere = (reader: Reader, process_id: string, presented_before: string): Promise<Prompt[]> =>
  reader.query(unresolvedHere, [process_id, presented_before]);

const longUnresolved = statement(
  "long_unresolved_prompts",
  `SELECT prompt.* FROM prompts AS prompt
   WHERE prompt.status = 'UNRESOLVED' AND prompt.unresolved_at <= $1
     AND NOT EXISTS (SELECT FROM incidents AS incident WHERE incident.account_id = prompt.account_id
       AND incident.kind IN ('UNRESOLVED_PAYMENT', 'JOURNAL_LOST') AND incident.subject = prompt.id)
   ORDER BY prompt.unresolved_at LIMIT 100`,
);

/** Prompts that have been unresolved since `since` and that no person has been told of, by `unresolved_prompts_by_age`. */
export const readLongUnresolved = (reader: Reader, since: string): Promise<Prompt[]> =>
  reader.query(longUnresolved, [since]);

const unsent = statement(
  "unsent_prompts",
  `SELECT prompt.account_id, prompt.terminal_id FROM prompts AS prompt
   JOIN terminal_seats AS seat ON seat.account_id = prompt.account_id AND seat.terminal_id = prompt.terminal_id
   WHERE prompt.status = 'PENDING' AND prompt.created_at <= $2 AND seat.connected_to = $1`,
);

/** Terminals connected to this process for which a prompt has waited since then: the hint to send it was lost. */
export const readUnsentHere = (
  reader: Reader,
  process_id: string,
  since: string,
): Promise<{ account_id: string; terminal_id: string }[]> => reader.query(unsent, [process_id, since]);
