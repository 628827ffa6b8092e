/**
 * A refund, from the request to the receipt.
 *
 *   startRefund      judged under the transaction's lock, and written whole: reservation, INITIATE_REFUND, prompt
 *                    → answered 202; the terminal is told, now or when its turn comes
 *   (prompt.ts)      the prompt is sent, shown, a card is presented: as for a sale
 *   concludeRefund   its end, or that nobody knows it: one outcome event, and the reservation goes or stays
 */

import type { TakenLine } from "../contract/shapes.ts";
import type { Transaction } from "../contract/transaction.ts";
import { newId, newUuid } from "../domain/ids.ts";
import type { PromptStatus } from "../domain/prompt.ts";
import { refundOutcome, refusalOfRefund } from "../domain/refund.ts";
import { Rejection } from "../domain/rejections.ts";
import type { TerminalWord } from "../domain/sale-outcome.ts";
import { lockTransaction } from "../storage/balances.ts";
import type { Tx } from "../storage/database.ts";
import { keepAnswer } from "../storage/idempotency-keys.ts";
import { writeOutcome } from "../storage/outcomes.ts";
import type { LockedPrompt } from "../storage/prompts.ts";
import {
  insertRefund,
  lockRefund,
  lockRefundTerminal,
  readRefundedLines,
  type SeatedTerminal,
  updateRefund,
} from "../storage/refunds.ts";
import { readTransaction } from "../storage/transactions.ts";
import { writeCallback } from "./callback.ts";
import { tellOfTransaction } from "./event.ts";
import { orKeptAnswer, type RequestKey } from "./idempotency.ts";
import { bringPrompt } from "./reach.ts";
import { isoNow, type World } from "./world.ts";

export interface RefundRequest {
  readonly account_id: string;
  readonly client_id: string;
  readonly request_id: string;
  readonly transaction_id: string;
  readonly amount: number;
  readonly items?: readonly TakenLine[] | undefined;
  /** The full id. */
  readonly terminal_id: string;
  readonly reason?: string | undefined;
  readonly refund_reference?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly idempotency?: RequestKey | undefined;
  readonly request_headers: Readonly<Record<string, string>>;
}

export interface StartedOperation {
  readonly transaction: Transaction;
  /** The request_id of the INITIATE event: the outcome event carries it as correlation_request_id. */
  readonly event_request_id: string;
}

/**
 * Reserves the money and has the terminal ask for the card. Throws `Rejection`; then nothing was written. A request that
 * is repeated under its Idempotency-Key is answered as the first time before anything can refuse it.
 */
export const startRefund = (world: World, request: RefundRequest): Promise<StartedOperation> =>
  orKeptAnswer(world, request, () => acceptRefund(world, request));

async function acceptRefund(world: World, request: RefundRequest): Promise<StartedOperation> {
  const { account_id, transaction_id, terminal_id } = request;
  const prompt_id = newId("pr", world.clock.now(), world.random);
  const { started, terminal } = await world.db.transaction(async (tx) => {
    const payment = await lockTransaction(tx, account_id, transaction_id);
    const before = payment && (await readTransaction(tx, account_id, transaction_id));
    if (payment === undefined || before === undefined) throw new Rejection("TRANSACTION_NOT_FOUND", { transaction_id });
    const refunded_lines = await readRefundedLines(tx, account_id, transaction_id);
    const terminal = await lockRefundTerminal(tx, account_id, terminal_id);
    const refusal = refusalOfRefund(request, { ...payment, lines: before.items, refunded_lines }, terminal);
    if (refusal !== undefined) throw refusal;
    const now = world.clock.now();
    await insertRefund(tx, {
      ...request,
      prompt_id,
      session_id: payment.session_id,
      currency: payment.currency,
      event_reference: request.refund_reference ?? payment.event_reference,
      reason: request.reason ?? null,
      metadata: request.metadata ?? null,
      requested_by: request.client_id,
      is_waiting: terminal?.occupant_id !== null,
      created_at: new Date(now).toISOString(),
      deadline_at: new Date(now + world.limits.refund_within_ms).toISOString(),
    });
    const transaction = await tellOfTransaction(world, tx, request);
    const started = { transaction, event_request_id: request.request_id };
    if (request.idempotency !== undefined) await keepAnswer(tx, request, request.idempotency, started, isoNow(world));
    return { started, terminal };
  });
  tellTerminal(world, request, prompt_id, terminal);
  world.hints.eventWritten();
  return started;
}

/** Where nobody has the terminal's connection, its next hello finds the prompt; where it waits, its turn does. */
function tellTerminal(
  world: World,
  request: RefundRequest,
  prompt_id: string,
  terminal: SeatedTerminal | undefined,
): void {
  if (terminal === undefined || terminal.connected_to === null || terminal.occupant_id !== null) return;
  bringPrompt(world, request, prompt_id, terminal.connected_to);
}

/**
 * Ends the refund's prompt, or leaves it unresolved, inside the transaction that holds the prompt's lock. `booked_by` is
 * the client that decided that the money went back, where the terminal did not say so in time.
 */
export async function concludeRefund(
  world: World,
  tx: Tx,
  prompt: LockedPrompt,
  status: PromptStatus,
  word: TerminalWord,
  booked_by?: string,
): Promise<void> {
  const { account_id, transaction_id, terminal_id, currency } = prompt;
  const payment = await lockTransaction(tx, account_id, transaction_id);
  if (payment === undefined) throw new Error(`Prompt ${prompt.id} has no transaction.`);
  const refund = await lockRefund(tx, prompt);
  const was_shown = prompt.shown_at !== null || word.was_shown === true;
  const open = { ...refund, terminal_id, currency, was_shown, is_told: refund.outcome !== null };
  const outcome = refundOutcome(open, status, word, payment, { request_id: newUuid(world.random), booked_by });
  const now = isoNow(world);
  const last_event_id = await writeOutcome(tx, prompt, outcome, now);
  const told = { outcome: status === "APPROVED" ? "SUCCEEDED" : "FAILED", is_reserved: outcome.is_reserved } as const;
  await updateRefund(tx, refund, told, now);
  // Where its end is not known, nothing that anybody could see has changed.
  if (outcome.transaction_events.length === 0) return;
  const transaction = await tellOfTransaction(world, tx, prompt);
  await writeCallback(world, tx, { ...prompt, transaction }, outcome, last_event_id);
}
