/** Refunds: what was asked for, beside the prompt that asks the cardholder. */
import type { TakenLine } from "../contract/shapes.ts";
import type { RefundTerminal } from "../domain/refund.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import type { Prompt } from "./prompts.ts";

export interface Refund {
  readonly account_id: string;
  readonly prompt_id: string;
  readonly transaction_id: string;
  /** Of its INITIATE_REFUND. */
  readonly request_id: string;
  readonly amount: number;
  readonly items: readonly TakenLine[] | null;
  readonly event_reference: string | null;
  readonly reason: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly requested_by: string;
  /** What the till was told, if anything yet. */
  readonly outcome: "SUCCEEDED" | "FAILED" | null;
  readonly told_at: string | null;
  readonly reserved_amount: number;
}

export interface SeatedTerminal extends RefundTerminal {
  readonly connected_to: string | null;
  readonly occupant_id: string | null;
}

const lockTerminal = statement(
  "lock_refund_terminal",
  `SELECT terminal.status AS terminal_status, store.status AS store_status, seat.payout_destination_id,
     seat.capabilities, seat.connected_to, seat.occupant_id
   FROM terminals AS terminal
   JOIN stores AS store ON store.account_id = terminal.account_id AND store.store_id = terminal.store_id
   JOIN terminal_seats AS seat ON seat.account_id = terminal.account_id AND seat.terminal_id = terminal.terminal_id
   WHERE terminal.account_id = $1 AND terminal.terminal_id = $2 FOR SHARE OF terminal FOR UPDATE OF seat`,
);

/** The terminal with its seat locked: free or taken, where it stands and in use, it stays so until the transaction ends. */
export async function lockRefundTerminal(
  tx: Tx,
  account_id: string,
  terminal_id: string,
): Promise<SeatedTerminal | undefined> {
  return (await tx.query<SeatedTerminal>(lockTerminal, [account_id, terminal_id]))[0];
}

const lines = statement(
  "read_refunded_lines",
  `SELECT item.value AS item FROM refunds AS refund, jsonb_array_elements(refund.items) AS item
   WHERE refund.account_id = $1 AND refund.transaction_id = $2
     AND (refund.reserved_amount > 0 OR refund.outcome = 'SUCCEEDED' OR EXISTS (
       SELECT FROM prompts AS prompt WHERE prompt.account_id = $1 AND prompt.id = refund.prompt_id
         AND prompt.status = 'APPROVED'))`,
);

/** The lines of refunds that were paid back, or of which nobody knows yet, by `refunds_by_transaction`. */
export async function readRefundedLines(
  reader: Reader,
  account_id: string,
  transaction_id: string,
): Promise<TakenLine[]> {
  const rows = await reader.query<{ item: TakenLine }>(lines, [account_id, transaction_id]);
  return rows.map(({ item }) => item);
}

export interface NewRefund {
  readonly account_id: string;
  readonly prompt_id: string;
  readonly session_id: string;
  readonly transaction_id: string;
  readonly terminal_id: string;
  readonly request_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly items?: readonly TakenLine[] | undefined;
  readonly event_reference: string | null;
  readonly reason: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly requested_by: string;
  readonly request_headers: Readonly<Record<string, string>>;
  /** Its terminal does something else now: it waits for its turn. */
  readonly is_waiting: boolean;
  /** ISO 8601. */
  readonly created_at: string;
  readonly deadline_at: string;
}

const insert = statement(
  "insert_refund",
  `WITH asked AS (
     SELECT * FROM json_to_record($1::json) AS asked (
       account_id text, prompt_id text, session_id text, transaction_id text, terminal_id text, request_id text,
       amount integer, currency text, items jsonb, event_reference text, reason text, metadata jsonb,
       requested_by text, request_headers jsonb, is_waiting boolean, created_at timestamptz, deadline_at timestamptz)
   ), prompted AS (
     INSERT INTO prompts (account_id, id, session_id, transaction_id, terminal_id, kind, amount, currency, status,
       created_at, deadline_at)
     SELECT account_id, prompt_id, session_id, transaction_id, terminal_id, 'refund', amount, currency,
       CASE WHEN is_waiting THEN 'WAITING' ELSE 'PENDING' END, created_at, deadline_at
     FROM asked
   ), seated AS (
     UPDATE terminal_seats AS seat
     SET occupant_kind = 'prompt', occupant_id = asked.prompt_id, occupied_at = asked.created_at
     FROM asked
     WHERE seat.account_id = asked.account_id AND seat.terminal_id = asked.terminal_id AND NOT asked.is_waiting
   ), reserved AS (
     UPDATE transactions AS transaction
     SET reserved_refund_amount = reserved_refund_amount + asked.amount, event_count = event_count + 1,
       updated_at = asked.created_at
     FROM asked WHERE transaction.account_id = asked.account_id AND transaction.id = asked.transaction_id
     RETURNING transaction.event_count, transaction.status
   ), initiated AS (
     INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, amount, items,
       created_at, created_by, request_id, event_reference, metadata, request_headers)
     SELECT account_id, transaction_id, reserved.event_count, 'INITIATE_REFUND', reserved.status, true, amount, items,
       created_at, requested_by, request_id, event_reference,
       coalesce(metadata, '{}') || jsonb_build_object('terminal_id', terminal_id), request_headers
     FROM asked, reserved
   )
   INSERT INTO refunds (account_id, prompt_id, transaction_id, request_id, amount, items, event_reference, reason,
     metadata, requested_by, original_unique_id, reserved_amount)
   SELECT account_id, prompt_id, transaction_id, request_id, amount, items, event_reference, reason, metadata,
     requested_by, (SELECT event.metadata ->> 'seitatech:uniqueId' FROM transaction_events AS event
       WHERE event.account_id = asked.account_id AND event.transaction_id = asked.transaction_id
         AND event.event = 'AUTHORIZE' AND event.success LIMIT 1), amount
   FROM asked`,
);

/** Writes a refund whole: its prompt, its seat where that is free, the reservation, and INITIATE_REFUND. */
export async function insertRefund(tx: Tx, refund: NewRefund): Promise<void> {
  await tx.query(insert, [JSON.stringify(refund)]);
}

const lock = statement("lock_refund", "SELECT * FROM refunds WHERE account_id = $1 AND prompt_id = $2 FOR UPDATE");

/** The refund that a prompt asks for. Throws where there is none: the two are written together. */
export async function lockRefund(tx: Tx, prompt: Prompt): Promise<Refund> {
  const [refund] = await tx.query<Refund>(lock, [prompt.account_id, prompt.id]);
  if (refund === undefined) throw new Error(`Prompt ${prompt.id} has no refund.`);
  return refund;
}

const end = statement(
  "end_refund",
  `UPDATE refunds SET outcome = coalesce(outcome, $3), told_at = coalesce(told_at, $4::timestamptz),
     reserved_amount = CASE WHEN $5 THEN amount ELSE 0 END
   WHERE account_id = $1 AND prompt_id = $2`,
);

/** Notes what was told, where nothing had been, and whether the amount stays reserved. */
export async function updateRefund(
  tx: Tx,
  { account_id, prompt_id }: Refund,
  { outcome, is_reserved }: { outcome: "SUCCEEDED" | "FAILED"; is_reserved: boolean },
  now: string,
): Promise<void> {
  await tx.query(end, [account_id, prompt_id, outcome, now, is_reserved]);
}

const ofTransaction = statement(
  "refunds_of_transaction",
  "SELECT * FROM refunds WHERE account_id = $1 AND transaction_id = $2 ORDER BY prompt_id",
);

export const readRefundsOf = (reader: Reader, account_id: string, transaction_id: string): Promise<Refund[]> =>
  reader.query(ofTransaction, [account_id, transaction_id]);
