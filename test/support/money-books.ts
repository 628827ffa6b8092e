/** What our books say of some payments, read from the database, and what must hold of it at any moment. */
import assert from "node:assert/strict";
import type { PromptKind, PromptStatus } from "../../src/domain/prompt.ts";
import { type Balance, noBalance, statusOf } from "../../src/domain/transaction.ts";
import type { TestDatabase } from "./database.ts";

export interface EventRow {
  readonly event: string;
  readonly transaction_status: string;
  readonly success: boolean;
  readonly amount: number;
  readonly request_id: string;
  readonly correlation_request_id: string | null;
  readonly error: { code: string; message: string } | null;
  readonly correction: { remaining_refund_amount: number } | null;
}

export interface PromptRow {
  readonly id: string;
  readonly kind: PromptKind;
  readonly status: PromptStatus;
  readonly amount: number;
  readonly terminal_id: string;
  readonly reversal: { id: string; status: string } | null;
  readonly refund: { request_id: string; outcome: string | null; reserved_amount: number } | null;
}

export interface Payment extends Balance {
  readonly id: string;
  readonly session_id: string;
  readonly status: string;
  readonly event_count: number;
  readonly events: readonly EventRow[];
  readonly prompts: readonly PromptRow[];
  readonly advices: readonly { id: string; kind: string; status: string; amount: number; request_id: string }[];
  readonly incidents: readonly {
    id: string;
    kind: string;
    subject: string;
    prompt_id: string;
    outcome: string | null;
  }[];
}

const rows = (columns: string, from: string, key: string) =>
  `(SELECT coalesce(json_agg(json_build_object(${columns
    .split(" ")
    .map((column) => `'${column}', ${from}.${column}`)
    .join(", ")}) ORDER BY ${from}.id), '[]') FROM ${from}
    WHERE ${from}.account_id = payment.account_id AND ${from}.${key})`;

const look = `
  SELECT payment.id, payment.session_id, payment.status, payment.event_count, payment.authorized_amount,
    payment.captured_amount, payment.refunded_amount, payment.voided_amount, payment.reserved_refund_amount,
    ${rows(
      "event transaction_status success amount request_id correlation_request_id error correction",
      "transaction_events",
      "transaction_id = payment.id",
    )} AS events,
    ${rows("id kind status amount request_id", "advices", "transaction_id = payment.id")} AS advices,
    ${rows("id kind subject prompt_id outcome", "incidents", "transaction_id = payment.id")} AS incidents,
    (SELECT json_agg(json_build_object('id', prompt.id, 'kind', prompt.kind, 'status', prompt.status,
       'amount', prompt.amount, 'terminal_id', prompt.terminal_id,
       'reversal', (SELECT json_build_object('id', reversal.id, 'status', reversal.status) FROM reversals AS reversal
         WHERE reversal.account_id = prompt.account_id AND reversal.prompt_id = prompt.id),
       'refund', (SELECT json_build_object('request_id', refund.request_id, 'outcome', refund.outcome,
         'reserved_amount', refund.reserved_amount) FROM refunds AS refund
         WHERE refund.account_id = prompt.account_id AND refund.prompt_id = prompt.id))
       ORDER BY prompt.created_at, prompt.id) FROM prompts AS prompt
     WHERE prompt.account_id = payment.account_id AND prompt.transaction_id = payment.id) AS prompts
  FROM transactions AS payment WHERE payment.terminal_id = ANY ($1) ORDER BY payment.id`;

export const readBooks = (database: TestDatabase, terminal_ids: readonly string[]): Promise<Payment[]> =>
  database.sql<Payment>(look, [terminal_ids]);

export const say = (what: object): string => JSON.stringify(what);

const initiates = /^INITIATE_(REFUND|CAPTURE|VOID)$/;

/** The events that end this INITIATE event. */
export const outcomesOf = ({ events }: Payment, { request_id }: EventRow): readonly EventRow[] =>
  events.filter(({ correlation_request_id }) => correlation_request_id === request_id);

export const initiated = ({ events }: Payment): readonly EventRow[] =>
  events.filter(({ event }) => initiates.test(event));

export function checkPayment(payment: Payment): void {
  const { authorized_amount, captured_amount, refunded_amount, reserved_refund_amount, voided_amount } = payment;
  const in_order = [0, refunded_amount, refunded_amount + reserved_refund_amount, captured_amount];
  for (const [index, amount] of in_order.slice(1).entries()) {
    assert.ok(amount >= (in_order[index] ?? 0), `more goes back than was taken: ${say(payment)}`);
  }
  assert.ok(captured_amount + voided_amount <= authorized_amount, `more is taken than was held: ${say(payment)}`);
  assert.equal(payment.event_count, payment.events.length, `an event is not counted: ${say(payment)}`);
  checkFold(payment);
  for (const event of initiated(payment)) {
    const outcomes = outcomesOf(payment, event);
    assert.ok(outcomes.length <= 1, `${event.event} has ended twice: ${say(payment)}`);
    for (const outcome of outcomes) {
      assert.deepEqual([outcome.event, outcome.amount], [event.event.slice("INITIATE_".length), event.amount]);
    }
  }
  const payment_prompts = payment.prompts.filter(({ kind }) => kind !== "refund");
  assert.equal(payment_prompts.length, 1, `a session asks for its money once: ${say(payment)}`);
}

/** The row is what its events add up to, and each event says the status that it left. */
function checkFold(payment: Payment): void {
  const balance = { ...noBalance };
  const adds = { AUTHORIZE: "authorized", CAPTURE: "captured", REFUND: "refunded", VOID: "voided" } as const;
  for (const { event, success, amount, transaction_status } of payment.events) {
    const added = adds[event as keyof typeof adds];
    if (added !== undefined && success) balance[`${added}_amount`] += amount;
    if (balance.authorized_amount === 0) continue;
    assert.equal(transaction_status, statusOf(balance), `the ${event} event says another status: ${say(payment)}`);
  }
  const refunds = payment.prompts.flatMap(({ refund }) => refund ?? []);
  balance.reserved_refund_amount = refunds.reduce((sum, { reserved_amount }) => sum + reserved_amount, 0);
  const { authorized_amount, captured_amount, refunded_amount, voided_amount, reserved_refund_amount } = payment;
  const row = { authorized_amount, captured_amount, refunded_amount, voided_amount, reserved_refund_amount };
  assert.deepEqual(row, balance, `the row is not what its events add up to: ${say(payment)}`);
  if (authorized_amount > 0) assert.equal(payment.status, statusOf(balance), say(payment));
}
