/**
 * The statements that write what happened to the money: transaction, events and session, and where a prompt ended also
 * that and the seat, in one round trip; in the transaction that holds the prompt's lock, or the transaction's.
 */
import type { SessionEventName } from "../contract/session.ts";
import type { TransactionEvent } from "../contract/transaction.ts";
import { isFinal, type PromptStatus } from "../domain/prompt.ts";
import type { Balance, TransactionStatus } from "../domain/transaction.ts";
import { statement, type Tx } from "./database.ts";
import type { Prompt } from "./prompts.ts";

export interface MoneyOutcome {
  readonly transaction_status: TransactionStatus;
  readonly balance: Balance;
  readonly card?: object | undefined;
  readonly transaction_events: readonly Omit<TransactionEvent, "id" | "created_at">[];
  readonly session_events: readonly { name: SessionEventName; details?: object }[];
  /** Set where an asked-for cancel has come true. */
  readonly cancelled_by?: string | undefined;
}

export interface Outcome extends MoneyOutcome {
  readonly status: PromptStatus;
}

/** The transaction's row and events, and the session's: parameters 1 to 10. */
const money = `money AS (
     UPDATE transactions SET status = $5, authorized_amount = ($6::json ->> 'authorized_amount')::integer,
       captured_amount = ($6::json ->> 'captured_amount')::integer,
       refunded_amount = ($6::json ->> 'refunded_amount')::integer,
       voided_amount = ($6::json ->> 'voided_amount')::integer,
       reserved_refund_amount = ($6::json ->> 'reserved_refund_amount')::integer,
       card = coalesce($7::jsonb, card),
       -- What nobody can see has not changed the transaction: whoever is told of each change reads the same.
       updated_at = CASE WHEN status <> $5 OR json_array_length($8::json) > 0 THEN $4 ELSE updated_at END,
       event_count = event_count + json_array_length($8::json)
     WHERE account_id = $1 AND id = $2
     RETURNING event_count - json_array_length($8::json) AS counted
   ), money_events AS (
     INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, amount, items,
       created_at, created_by, request_id, correlation_request_id, event_reference, metadata, error, correction)
     SELECT $1, $2, money.counted + position, event.event, event.transaction_status, event.success, event.amount,
       event.items, $4, event.created_by, event.request_id, event.correlation_request_id, event.event_reference,
       event.metadata, event.error, event.correction
     FROM money, ROWS FROM (json_to_recordset($8::json) AS (event text, transaction_status text, success boolean,
       amount integer, items jsonb, created_by text, request_id text, correlation_request_id text,
       event_reference text, metadata jsonb, error jsonb, correction jsonb))
       WITH ORDINALITY AS event (event, transaction_status, success, amount, items, created_by, request_id,
         correlation_request_id, event_reference, metadata, error, correction, position)
   ), told AS (
     UPDATE sessions SET event_count = event_count + json_array_length($9::json), updated_at = $4,
       cancelled_at = CASE WHEN $10::text IS NULL THEN cancelled_at ELSE $4 END,
       cancelled_by = coalesce($10, cancelled_by)
     WHERE account_id = $1 AND id = $3
     RETURNING event_count - json_array_length($9::json) AS counted
   ), told_events AS (
     INSERT INTO session_events (account_id, session_id, id, name, created_at, details)
     SELECT $1, $3, told.counted + position, event.name, $4, event.details
     FROM told, ROWS FROM (json_to_recordset($9::json) AS (name text, details jsonb))
       WITH ORDINALITY AS event (name, details, position)
   )`;

const counted = "SELECT counted + json_array_length($8::json) AS last_event_id FROM money";

const writeAll = statement(
  "write_outcome",
  `WITH ended AS (
     UPDATE prompts SET status = $12,
       finished_at = CASE WHEN $13 THEN $4::timestamptz END,
       unresolved_at = CASE WHEN $12 = 'UNRESOLVED' THEN coalesce(unresolved_at, $4::timestamptz) ELSE unresolved_at END
     WHERE account_id = $1 AND id = $11
     RETURNING id
   ), freed AS (
     -- After the prompt has ended: the next one, seated by the trigger, must not meet it.
     UPDATE terminal_seats AS seat SET occupant_kind = NULL, occupant_id = NULL, occupied_at = NULL
     FROM ended WHERE seat.account_id = $1 AND seat.occupant_id = ended.id AND seat.terminal_id = $14 AND $13
   ), ${money} ${counted}`,
);

const writeMoneyAlone = statement("write_money", `WITH ${money} ${counted}`);

interface Paid {
  readonly account_id: string;
  readonly transaction_id: string;
  readonly session_id: string;
}

const moneyValues = (paid: Paid, outcome: MoneyOutcome, now: string): unknown[] => [
  paid.account_id,
  paid.transaction_id,
  paid.session_id,
  now,
  outcome.transaction_status,
  JSON.stringify(outcome.balance),
  outcome.card === undefined ? null : JSON.stringify(outcome.card),
  JSON.stringify(outcome.transaction_events),
  JSON.stringify(outcome.session_events),
  outcome.cancelled_by ?? null,
];

/** Ends a prompt, or leaves it unresolved. Answers the id of the transaction's last event. */
export async function writeOutcome(tx: Tx, prompt: Prompt, outcome: Outcome, now: string): Promise<number> {
  const prompted = [prompt.id, outcome.status, isFinal(outcome.status), prompt.terminal_id];
  const values = [...moneyValues(prompt, outcome, now), ...prompted];
  return lastEventId(await tx.query(writeAll, values), prompt);
}

/** What happened to a transaction without a prompt. Answers the id of its last event. */
export async function writeMoney(tx: Tx, paid: Paid, outcome: MoneyOutcome, now: string): Promise<number> {
  return lastEventId(await tx.query(writeMoneyAlone, moneyValues(paid, outcome, now)), paid);
}

function lastEventId([written]: { last_event_id: number }[], { transaction_id }: Paid): number {
  if (written === undefined) throw new Error(`There is no transaction ${transaction_id}.`);
  return written.last_event_id;
}
