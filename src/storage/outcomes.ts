/**
 * The statement that ends a prompt, or leaves it unresolved: prompt, transaction, events, session and seat in one round
 * trip, in the transaction that holds the prompt's lock.
 */
import type { SessionEventName } from "../contract/session.ts";
import type { TransactionEvent } from "../contract/transaction.ts";
import { isFinal, type PromptStatus } from "../domain/prompt.ts";
import type { Balance, TransactionStatus } from "../domain/transaction.ts";
import { statement, type Tx } from "./database.ts";
import type { Prompt } from "./prompts.ts";

export interface Outcome {
  readonly status: PromptStatus;
  readonly transaction_status: TransactionStatus;
  readonly balance: Balance;
  readonly card?: object | undefined;
  readonly transaction_events: readonly Omit<TransactionEvent, "id" | "created_at">[];
  readonly session_events: readonly { name: SessionEventName; details?: object }[];
  /** Set where an asked-for cancel has come true. */
  readonly cancelled_by?: string | undefined;
}

const write = statement(
  "write_outcome",
  `WITH ended AS (
     UPDATE prompts SET status = $6,
       finished_at = CASE WHEN $7 THEN $5::timestamptz END,
       unresolved_at = CASE WHEN $6 = 'UNRESOLVED' THEN coalesce(unresolved_at, $5::timestamptz) ELSE unresolved_at END
     WHERE account_id = $1 AND id = $2
     RETURNING id
   ), freed AS (
     -- After the prompt has ended: the next one, seated by the trigger, must not meet it.
     UPDATE terminal_seats AS seat SET occupant_kind = NULL, occupant_id = NULL, occupied_at = NULL
     FROM ended WHERE seat.account_id = $1 AND seat.occupant_id = ended.id AND seat.terminal_id = $14 AND $7
   ), money AS (
     UPDATE transactions SET status = $8, authorized_amount = ($9::json ->> 'authorized_amount')::integer,
       captured_amount = ($9::json ->> 'captured_amount')::integer,
       refunded_amount = ($9::json ->> 'refunded_amount')::integer,
       voided_amount = ($9::json ->> 'voided_amount')::integer,
       reserved_refund_amount = ($9::json ->> 'reserved_refund_amount')::integer,
       card = coalesce($10::jsonb, card), updated_at = $5,
       event_count = event_count + json_array_length($11::json)
     WHERE account_id = $1 AND id = $3
     RETURNING event_count - json_array_length($11::json) AS counted
   ), money_events AS (
     INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, amount, items,
       created_at, created_by, request_id, correlation_request_id, event_reference, metadata, error, correction)
     SELECT $1, $3, money.counted + position, event.event, event.transaction_status, event.success, event.amount,
       event.items, $5, event.created_by, event.request_id, event.correlation_request_id, event.event_reference,
       event.metadata, event.error, event.correction
     FROM money, ROWS FROM (json_to_recordset($11::json) AS (event text, transaction_status text, success boolean,
       amount integer, items jsonb, created_by text, request_id text, correlation_request_id text,
       event_reference text, metadata jsonb, error jsonb, correction jsonb))
       WITH ORDINALITY AS event (event, transaction_status, success, amount, items, created_by, request_id,
         correlation_request_id, event_reference, metadata, error, correction, position)
   ), told AS (
     UPDATE sessions SET event_count = event_count + json_array_length($12::json), updated_at = $5,
       cancelled_at = CASE WHEN $13::text IS NULL THEN cancelled_at ELSE $5 END,
       cancelled_by = coalesce($13, cancelled_by)
     WHERE account_id = $1 AND id = $4
     RETURNING event_count - json_array_length($12::json) AS counted
   ), told_events AS (
     INSERT INTO session_events (account_id, session_id, id, name, created_at, details)
     SELECT $1, $4, told.counted + position, event.name, $5, event.details
     FROM told, ROWS FROM (json_to_recordset($12::json) AS (name text, details jsonb))
       WITH ORDINALITY AS event (name, details, position)
   )
   SELECT counted + json_array_length($11::json) AS last_event_id FROM money`,
);

/** Answers the id of the transaction's last event. */
export async function writeOutcome(tx: Tx, prompt: Prompt, outcome: Outcome, now: string): Promise<number> {
  const [written] = await tx.query<{ last_event_id: number }>(write, [
    prompt.account_id,
    prompt.id,
    prompt.transaction_id,
    prompt.session_id,
    now,
    outcome.status,
    isFinal(outcome.status),
    outcome.transaction_status,
    JSON.stringify(outcome.balance),
    outcome.card === undefined ? null : JSON.stringify(outcome.card),
    JSON.stringify(outcome.transaction_events),
    JSON.stringify(outcome.session_events),
    outcome.cancelled_by ?? null,
    prompt.terminal_id,
  ]);
  if (written === undefined) throw new Error(`Prompt ${prompt.id} has no transaction.`);
  return written.last_event_id;
}
