/** Advices: what a terminal's host is told of an authorization it gave, sent under one id until it has answered. */

import type { TakenLine } from "../contract/shapes.ts";
import type { AdviceKind } from "../domain/advice.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import type { TerminalLink } from "./prompts.ts";

export interface Advice {
  readonly account_id: string;
  readonly id: string;
  readonly transaction_id: string;
  readonly session_id: string;
  readonly prompt_id: string;
  readonly terminal_id: string;
  readonly kind: AdviceKind;
  readonly amount: number;
  readonly currency: string;
  readonly status: "DUE" | "SENT" | "ACCEPTED" | "REFUSED";
  readonly request_id: string;
  readonly requested_by: string;
  readonly initiated: boolean;
  readonly cancels_session: boolean;
  readonly items: readonly TakenLine[] | null;
  readonly event_reference: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly reason: string | null;
  readonly created_at: string;
  readonly sent_at: string | null;
  readonly finished_at: string | null;
}

export type NewAdvice = Pick<
  Advice,
  | "account_id"
  | "id"
  | "transaction_id"
  | "kind"
  | "amount"
  | "request_id"
  | "requested_by"
  | "cancels_session"
  | "items"
  | "event_reference"
  | "metadata"
> & { readonly request_headers: Readonly<Record<string, string>> };

const insert = statement(
  "insert_advice",
  `INSERT INTO advices (account_id, id, transaction_id, session_id, prompt_id, terminal_id, kind, amount, currency, status,
     request_id, requested_by, cancels_session, items, event_reference, metadata, request_headers, created_at)
   SELECT prompt.account_id, $2, prompt.transaction_id, prompt.session_id, prompt.id, prompt.terminal_id, $4, $5,
     prompt.currency, 'DUE', $6, $7, $8, $9, $10, $11, $12, $13
   FROM prompts AS prompt
   JOIN transactions AS transaction ON transaction.account_id = prompt.account_id
     AND transaction.session_id = prompt.session_id
   WHERE prompt.account_id = $1 AND transaction.id = $3 AND prompt.kind = 'authorize'
   RETURNING *`,
);

/** For the terminal whose host gave the authorization. Throws `ConstraintRefusal` while another one is open. */
export async function insertAdvice(tx: Tx, advice: NewAdvice, now: string): Promise<Advice> {
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value));
  const [written] = await tx.query<Advice>(insert, [
    ...[advice.account_id, advice.id, advice.transaction_id, advice.kind, advice.amount, advice.request_id],
    ...[advice.requested_by, advice.cancels_session, json(advice.items), advice.event_reference],
    ...[json(advice.metadata), JSON.stringify(advice.request_headers), now],
  ]);
  if (written === undefined) throw new Error(`Transaction ${advice.transaction_id} was not authorized by a terminal.`);
  return written;
}

const read = statement("read_advice", "SELECT * FROM advices WHERE account_id = $1 AND id = $2");

export async function readAdvice(reader: Reader, account_id: string, advice_id: string): Promise<Advice | undefined> {
  return (await reader.query<Advice>(read, [account_id, advice_id]))[0];
}

const readOpen = statement(
  "read_open_advice",
  "SELECT * FROM advices WHERE account_id = $1 AND transaction_id = $2 AND status IN ('DUE', 'SENT')",
);

/** The one that has not been answered, by `one_open_advice_per_transaction`. */
export async function readOpenAdvice(
  reader: Reader,
  account_id: string,
  transaction_id: string,
): Promise<Advice | undefined> {
  return (await reader.query<Advice>(readOpen, [account_id, transaction_id]))[0];
}

const lock = statement("lock_advice", "SELECT * FROM advices WHERE account_id = $1 AND id = $2 FOR UPDATE");

/** Under the lock of its transaction, which comes first. */
export async function lockAdvice(tx: Tx, account_id: string, advice_id: string): Promise<Advice | undefined> {
  return (await tx.query<Advice>(lock, [account_id, advice_id]))[0];
}

const capturedLines = statement(
  "read_captured_lines",
  `SELECT item.value AS item FROM advices AS advice, jsonb_array_elements(advice.items) AS item
   WHERE advice.account_id = $1 AND advice.transaction_id = $2 AND advice.kind = 'capture' AND advice.status = 'ACCEPTED'`,
);

export async function readCapturedLines(
  reader: Reader,
  account_id: string,
  transaction_id: string,
): Promise<TakenLine[]> {
  const rows = await reader.query<{ item: TakenLine }>(capturedLines, [account_id, transaction_id]);
  return rows.map(({ item }) => item);
}

const claim = statement(
  "claim_advices",
  `UPDATE advices AS advice
   SET status = 'SENT', sent_at = coalesce(advice.sent_at, $4), sent_epoch = seat.connection_epoch
   FROM terminal_seats AS seat
   WHERE advice.account_id = $1 AND advice.terminal_id = $2 AND advice.status IN ('DUE', 'SENT')
     AND seat.account_id = $1 AND seat.terminal_id = $2 AND seat.connection_epoch = $3
     AND advice.sent_epoch IS DISTINCT FROM seat.connection_epoch
   RETURNING advice.*`,
);

/** Takes the advices to send over this connection, each once for a connection: the host knows them by id. */
export const claimAdvices = (tx: Tx, link: TerminalLink, now: string): Promise<Advice[]> =>
  tx.query(claim, [link.account_id, link.terminal_id, link.epoch, now]);

const askAgain = statement(
  "ask_advices_again",
  `UPDATE advices AS advice SET sent_epoch = 0
   FROM terminal_seats AS seat
   WHERE advice.status = 'SENT' AND advice.sent_epoch = seat.connection_epoch
     AND seat.account_id = advice.account_id AND seat.terminal_id = advice.terminal_id AND seat.connected_to = $1
     AND greatest(advice.sent_at, seat.connected_at) <= $2`,
);

/** Has what this process's terminals were told before `asked_before` sent again, under the same ids. */
export async function markAdvicesUnanswered(tx: Tx, process_id: string, asked_before: string): Promise<void> {
  await tx.query(askAgain, [process_id, asked_before]);
}

const unsent = statement(
  "unsent_advices",
  `SELECT DISTINCT advice.account_id, advice.terminal_id FROM advices AS advice
   JOIN terminal_seats AS seat ON seat.account_id = advice.account_id AND seat.terminal_id = advice.terminal_id
   WHERE advice.status IN ('DUE', 'SENT') AND seat.connected_to = $1
     AND advice.sent_epoch IS DISTINCT FROM seat.connection_epoch`,
);

/** Terminals connected to this process for which an advice waits. */
export const readUnsentAdvicesHere = (
  reader: Reader,
  process_id: string,
): Promise<{ account_id: string; terminal_id: string }[]> => reader.query(unsent, [process_id]);

const initiate = statement(
  "initiate_advice",
  `WITH marked AS (
     UPDATE advices SET initiated = true
     WHERE account_id = $1 AND id = $2 AND NOT initiated AND status IN ('DUE', 'SENT') RETURNING *
   ), counted AS (
     UPDATE transactions AS transaction SET event_count = event_count + 1, updated_at = $3
     FROM marked WHERE transaction.account_id = $1 AND transaction.id = marked.transaction_id
     RETURNING transaction.event_count, transaction.status
   )
   INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, amount, items,
     created_at, created_by, request_id, event_reference, metadata, request_headers)
   SELECT $1, marked.transaction_id, counted.event_count,
     CASE WHEN marked.kind = 'capture' THEN 'INITIATE_CAPTURE' ELSE 'INITIATE_VOID' END, counted.status, true,
     marked.amount, marked.items, $3, marked.requested_by, marked.request_id, marked.event_reference,
     coalesce(marked.metadata, '{}') || jsonb_build_object('terminal_id', marked.terminal_id), marked.request_headers
   FROM marked, counted`,
);

/** Writes the INITIATE event of an advice that is not answered yet: the till is told 202. */
export async function markInitiated(tx: Tx, { account_id, id }: Advice, now: string): Promise<void> {
  await tx.query(initiate, [account_id, id, now]);
}

const end = statement(
  "end_advice",
  "UPDATE advices SET status = $3, reason = $4, finished_at = $5 WHERE account_id = $1 AND id = $2",
);

export async function updateAdvice(
  tx: Tx,
  { account_id, id }: Advice,
  change: { status: "ACCEPTED" | "REFUSED"; reason: string | null },
  now: string,
): Promise<void> {
  await tx.query(end, [account_id, id, change.status, change.reason, now]);
}

const silent = statement(
  "silent_advices",
  `SELECT * FROM advices AS advice
   WHERE advice.status IN ('DUE', 'SENT') AND advice.created_at <= $1
     AND NOT EXISTS (SELECT FROM incidents AS incident WHERE incident.account_id = advice.account_id
       AND incident.kind = 'ADVICE_UNANSWERED' AND incident.subject = advice.id)
   ORDER BY advice.created_at LIMIT 100`,
);

/** Advices that nobody has answered since `created_before` and no person has been told of, by `open_advices_by_age`. */
export const readSilentAdvices = (reader: Reader, created_before: string): Promise<Advice[]> =>
  reader.query(silent, [created_before]);

const lapsing = statement(
  "lapsing_authorizations",
  `SELECT transaction.account_id, transaction.id AS transaction_id FROM transactions AS transaction
   WHERE transaction.authorized_amount > transaction.captured_amount + transaction.voided_amount
     AND transaction.created_at <= $1
     AND NOT EXISTS (SELECT FROM advices AS advice WHERE advice.account_id = transaction.account_id
       AND advice.transaction_id = transaction.id AND (advice.kind = 'lapse' OR advice.status IN ('DUE', 'SENT')))
   ORDER BY transaction.created_at LIMIT 100`,
);

/** Authorizations from before `authorized_before` with a rest that has not been let go, by `authorizations_by_age`. */
export const readLapsing = (
  reader: Reader,
  authorized_before: string,
): Promise<{ account_id: string; transaction_id: string }[]> => reader.query(lapsing, [authorized_before]);

const ofTransaction = statement(
  "advices_of_transaction",
  "SELECT * FROM advices WHERE account_id = $1 AND transaction_id = $2 ORDER BY id",
);

export const readAdvicesOf = (reader: Reader, account_id: string, transaction_id: string): Promise<Advice[]> =>
  reader.query(ofTransaction, [account_id, transaction_id]);

const forgetRefused = statement(
  "forget_refused_advice",
  `DELETE FROM idempotency_keys AS kept USING advices AS advice
   WHERE kept.account_id = $1 AND kept.client_id = $2 AND kept.operation = $3 AND kept.key = $4
     AND kept.answer ->> 'advice_id' = advice.id
     AND advice.account_id = $1 AND advice.id = $5 AND advice.status = 'REFUSED' AND NOT advice.initiated`,
);

/** Frees the key of what the host refused before the till was told anything else. */
export async function forgetRefusedAdvice(
  tx: Tx,
  { account_id, id }: Advice,
  { client_id, operation, key }: { client_id: string; operation: string; key: string },
): Promise<void> {
  await tx.query(forgetRefused, [account_id, client_id, operation, key, id]);
}

const callbackFacts = statement(
  "read_callback_facts",
  `SELECT transaction.account_id, transaction.session_id, transaction.id AS transaction_id,
     session.merchant_reference, session.url ->> 'callback_url' AS callback_url,
     transaction.created_at AS transaction_created_at
   FROM transactions AS transaction
   JOIN sessions AS session ON session.account_id = transaction.account_id AND session.id = transaction.session_id
   WHERE transaction.account_id = $1 AND transaction.id = $2`,
);

/** Whom the till of a transaction is called back at. */
export async function readCallbackFacts(reader: Reader, { account_id, transaction_id }: Advice) {
  const [facts] = await reader.query<{
    account_id: string;
    session_id: string;
    transaction_id: string;
    merchant_reference: string;
    callback_url: string | null;
    transaction_created_at: string;
  }>(callbackFacts, [account_id, transaction_id]);
  if (facts === undefined) throw new Error(`Transaction ${transaction_id} is gone.`);
  return facts;
}
