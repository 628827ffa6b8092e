/**
 * Capture and void of an authorization, and its lapse: the terminal's host holds the money, so it is told, and what it
 * answers counts (prompt-life section 7).
 *
 *   captureTransaction, voidTransaction   a row, in the transaction that judged the request; the terminal is told, and
 *                                         its answer waited for → 200, or 202 with an INITIATE event
 *   takeAdvicesToSend                     over the terminal's connection, under one id until there is an answer
 *   concludeAdvice                        the answer: money, event and callback
 */

import type { TakenLine } from "../contract/shapes.ts";
import type { Transaction } from "../contract/transaction.ts";
import {
  type AdviceAnswer,
  type AdviceKind,
  adviceOutcome,
  refusalOfCapture,
  refusalOfVoid,
} from "../domain/advice.ts";
import { newId, newUuid } from "../domain/ids.ts";
import { Rejection } from "../domain/rejections.ts";
import { capturable } from "../domain/transaction.ts";
import {
  type Advice,
  claimAdvices,
  forgetRefusedAdvice,
  insertAdvice,
  lockAdvice,
  markAdvicesUnanswered,
  markInitiated,
  readAdvice,
  readCallbackFacts,
  readCapturedLines,
  readLapsing,
  readOpenAdvice,
  readSilentAdvices,
  readUnsentAdvicesHere,
  updateAdvice,
} from "../storage/advices.ts";
import { type LockedTransaction, lockTransaction } from "../storage/balances.ts";
import { ConstraintRefusal, type Tx } from "../storage/database.ts";
import { keepAnswer } from "../storage/idempotency-keys.ts";
import { settleAdviceIncident } from "../storage/incidents.ts";
import { writeMoney } from "../storage/outcomes.ts";
import type { TerminalLink } from "../storage/prompts.ts";
import { readConnection } from "../storage/terminals.ts";
import { readTransaction } from "../storage/transactions.ts";
import { writeCallback } from "./callback.ts";
import { tellOfTransaction } from "./event.ts";
import { keptAnswer, type RequestKey } from "./idempotency.ts";
import { raiseIncident, tellOfSettled } from "./incident.ts";
import { bringAdvice } from "./reach.ts";
import { isoNow, type World } from "./world.ts";

interface AdviceRequest {
  readonly account_id: string;
  readonly client_id: string;
  readonly request_id: string;
  readonly transaction_id: string;
  readonly idempotency?: RequestKey | undefined;
  readonly request_headers: Readonly<Record<string, string>>;
  /** Asked for by the cancel of an authorized session. */
  readonly cancels_session?: boolean;
}

export interface CaptureRequest extends AdviceRequest {
  readonly amount: number;
  readonly items?: readonly TakenLine[] | undefined;
  readonly capture_reference?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export interface AnsweredOperation {
  readonly transaction: Transaction;
  /** Set where the host has not answered in time: the request_id of the INITIATE event. */
  readonly event_request_id?: string;
}

/** How often the row is looked at when no hint comes: the terminal may be connected to another process. */
const lookAgain_ms = 250;
/** How long a host takes; asking again sooner would only add to the noise. */
const patience_ms = 2_000;

/** Throws `Rejection`: what cannot be captured, and what the host refused. */
export async function captureTransaction(world: World, request: CaptureRequest): Promise<AnsweredOperation> {
  return adviseOnce(world, request, "capture", async (tx, payment) => {
    const { account_id, id } = payment;
    const ordered = (await readTransaction(tx, account_id, id))?.items ?? [];
    const taken = await readCapturedLines(tx, account_id, id);
    const refusal = refusalOfCapture(request, payment, { ordered, taken });
    if (refusal !== undefined) throw refusal;
    const { amount, items = null, capture_reference, metadata = null } = request;
    return { amount, items, event_reference: capture_reference ?? payment.event_reference, metadata };
  });
}

/** Throws `Rejection`: what cannot be voided, and what the host refused. */
export async function voidTransaction(world: World, request: AdviceRequest): Promise<AnsweredOperation> {
  return adviseOnce(world, request, "void", async (_tx, payment) => {
    const refusal = refusalOfVoid(payment);
    if (refusal !== undefined) throw refusal;
    const { cancels_session = false } = request;
    return { amount: capturable(payment), event_reference: payment.event_reference, cancels_session };
  });
}

type Wanted = { readonly amount: number } & Partial<
  Pick<Advice, "items" | "event_reference" | "metadata" | "cancels_session">
>;
type Judge = (tx: Tx, payment: LockedTransaction) => Promise<Wanted>;

/** A request that is repeated under its Idempotency-Key waits for the advice that the first one made. */
async function adviseOnce(
  world: World,
  request: AdviceRequest,
  kind: AdviceKind,
  judge: Judge,
): Promise<AnsweredOperation> {
  const kept = (await keptAnswer(world, request)) as { advice_id: string } | undefined;
  const before = kept && (await readAdvice(world.db, request.account_id, kept.advice_id));
  const advice = before ?? (await advise(world, request, kind, judge));
  try {
    return await waitForAnswer(world, advice);
  } catch (error) {
    const { client_id, idempotency } = request;
    // Only answers that said yes are kept: what the host refused may be asked for again.
    if (error instanceof Rejection && idempotency !== undefined) {
      await world.db.atOnce((tx) => forgetRefusedAdvice(tx, advice, { client_id, ...idempotency }));
    }
    throw error;
  }
}

async function advise(world: World, request: AdviceRequest, kind: AdviceKind, judge: Judge): Promise<Advice> {
  const { account_id, transaction_id, request_id, client_id, request_headers, idempotency } = request;
  try {
    return await world.db.transaction(async (tx) => {
      const payment = await lockTransaction(tx, account_id, transaction_id);
      if (payment === undefined) throw new Rejection("TRANSACTION_NOT_FOUND", { transaction_id });
      const wanted = await judge(tx, payment);
      const id = newId("adv", world.clock.now(), world.random);
      const ids = { account_id, id, transaction_id, kind, request_id, requested_by: client_id, request_headers };
      const plain = { items: null, event_reference: null, metadata: null, cancels_session: false };
      const advice = await insertAdvice(tx, { ...plain, ...wanted, ...ids }, isoNow(world));
      if (idempotency !== undefined) await keepAnswer(tx, request, idempotency, { advice_id: id }, isoNow(world));
      return advice;
    });
  } catch (error) {
    if (!(error instanceof ConstraintRefusal || error instanceof Rejection)) throw error;
    // Another request under the same key was faster, and what this one wants may be gone for that alone.
    const kept = (await keptAnswer(world, request)) as { advice_id: string } | undefined;
    const first = kept && (await readAdvice(world.db, account_id, kept.advice_id));
    if (first !== undefined) return first;
    if (error instanceof Rejection) throw error;
    const open = await readOpenAdvice(world.db, account_id, transaction_id);
    // A session that is cancelled again waits for its first cancel.
    if (open?.cancels_session === true && request.cancels_session === true) return open;
    throw new Rejection("OPERATION_UNDER_WAY", { operation: open?.kind ?? "capture or void" });
  }
}

/** Tells the terminal, and waits for its host as long as a till waits for an answer. */
async function waitForAnswer(world: World, asked: Advice): Promise<AnsweredOperation> {
  const { account_id, id, terminal_id } = asked;
  const connection = await readConnection(world.db, account_id, terminal_id);
  const is_connected = connection !== undefined && connection.connected_to !== null;
  if (isOpen(asked) && is_connected) bringAdvice(world, asked, connection.connected_to ?? "");
  const until = world.clock.monotonic() + (is_connected ? world.limits.stop_answer_ms : 0);
  for (;;) {
    const advice = (await readAdvice(world.db, account_id, id)) ?? asked;
    const left_ms = until - world.clock.monotonic();
    if (!isOpen(advice)) return answerOf(world, advice);
    if (left_ms <= 0) return initiated(world, advice);
    await world.hints.promptChange(id, Math.min(lookAgain_ms, left_ms), world.clock);
  }
}

const isOpen = ({ status }: Advice): boolean => status === "DUE" || status === "SENT";

async function answerOf(world: World, advice: Advice): Promise<AnsweredOperation> {
  world.hints.eventWritten();
  if (advice.status === "REFUSED") {
    throw new Rejection("REFUSED_BY_HOST", { operation: advice.kind, reason: advice.reason ?? "no reason was given." });
  }
  const transaction = await readTransaction(world.db, advice.account_id, advice.transaction_id);
  if (transaction === undefined) throw new Error(`Transaction ${advice.transaction_id} is gone.`);
  return { transaction, ...(advice.initiated ? { event_request_id: advice.request_id } : {}) };
}

/** The host has not answered in time: accepted, and not finished. */
async function initiated(world: World, asked: Advice): Promise<AnsweredOperation> {
  const { account_id, transaction_id, id, request_id } = asked;
  const still_open = await world.db.transaction(async (tx) => {
    await lockTransaction(tx, account_id, transaction_id);
    const advice = await lockAdvice(tx, account_id, id);
    if (advice === undefined || !isOpen(advice)) return false;
    await markInitiated(tx, advice, isoNow(world));
    await tellOfTransaction(world, tx, advice);
    return true;
  });
  if (!still_open) return answerOf(world, (await readAdvice(world.db, account_id, id)) ?? asked);
  const transaction = await readTransaction(world.db, account_id, transaction_id);
  if (transaction === undefined) throw new Error(`Transaction ${transaction_id} is gone.`);
  return { transaction, event_request_id: request_id };
}

/** What to send over this connection. */
export const takeAdvicesToSend = (world: World, link: TerminalLink): Promise<Advice[]> =>
  world.db.atOnce((tx) => claimAdvices(tx, link, isoNow(world)));

/**
 * Applies an answer, in the transaction that stores it. False if it contradicts what was answered before. `decided_by` is
 * the client that found it out, where the host did not say it: its decision settles the incident.
 */
export async function concludeAdvice(
  world: World,
  tx: Tx,
  { account_id, advice_id }: { readonly account_id: string; readonly advice_id: string },
  answer: AdviceAnswer,
  decided_by?: string,
): Promise<boolean> {
  const seen = await readAdvice(tx, account_id, advice_id);
  if (seen === undefined) return false;
  const payment = await lockTransaction(tx, account_id, seen.transaction_id);
  const advice = await lockAdvice(tx, account_id, advice_id);
  if (payment === undefined || advice === undefined) throw new Error(`Advice ${advice_id} has no transaction.`);
  const status = answer.accepted ? "ACCEPTED" : "REFUSED";
  if (!isOpen(advice)) return advice.status === status;
  const now = world.clock.now();
  const fresh = { request_id: newUuid(world.random), payout_correlation_id: newId("pc", now, world.random) };
  const outcome = adviceOutcome(advice, answer, payment, fresh);
  const last_event_id = await writeMoney(tx, advice, outcome, isoNow(world));
  await updateAdvice(tx, advice, { status, reason: answer.reason ?? null }, isoNow(world));
  const transaction = await tellOfTransaction(world, tx, advice);
  await writeCallback(world, tx, { ...(await readCallbackFacts(tx, advice)), transaction }, outcome, last_event_id);
  if (decided_by !== undefined) return true;
  const words = `The host answered: ${status.toLowerCase()}.`;
  await tellOfSettled(world, tx, account_id, await settleAdviceIncident(tx, advice, words, isoNow(world)));
  return true;
}

/**
 * The terminal says that it cannot carry this to its host. That is a refusal where the advice was never sent before this
 * connection. A device that had it earlier may have told the host, and its answer is missing: a person is told.
 */
export async function adviceNotSupported(world: World, link: TerminalLink, advice_id: string): Promise<void> {
  const { account_id, terminal_id } = link;
  const connection = await readConnection(world.db, account_id, terminal_id);
  const advice = await readAdvice(world.db, account_id, advice_id);
  if (advice?.terminal_id !== terminal_id || connection?.epoch !== link.epoch) return;
  if (advice.sent_at === null || connection.connected_at === null || advice.sent_at < connection.connected_at) {
    return raiseUnanswered(world, account_id, advice_id);
  }
  const answer = { accepted: false, reason: "The terminal cannot tell its host." };
  await world.db.transaction((tx) => concludeAdvice(world, tx, { account_id, advice_id }, answer));
  world.hints.promptChanged(advice_id);
}

/** Sends what waits for terminals connected here, and again what has not been answered. */
export async function sendAdvicesHere(world: World): Promise<void> {
  const asked_before = new Date(world.clock.now() - patience_ms).toISOString();
  await world.db.atOnce((tx) => markAdvicesUnanswered(tx, world.process_id, asked_before));
  for (const terminal of await readUnsentAdvicesHere(world.db, world.process_id)) world.terminals.sendAdvices(terminal);
}

/** Lets go what nobody has captured in time: the host is told, as of any advice. */
export async function lapseAuthorizations(world: World): Promise<void> {
  const authorized_before = new Date(world.clock.now() - world.limits.authorization_lapses_ms).toISOString();
  for (const { account_id, transaction_id } of await readLapsing(world.db, authorized_before)) {
    const ids = { account_id, transaction_id, request_id: newUuid(world.random), client_id: "tapline" };
    await advise(world, { ...ids, request_headers: {} }, "lapse", async (_tx, payment) => ({
      amount: capturable(payment),
      event_reference: payment.event_reference,
    })).catch((error: unknown) => {
      // Somebody captured or voided it in this moment.
      if (!(error instanceof Rejection)) throw error;
    });
  }
}

/** Tells a person of each advice that has not been answered for long. It stays open. */
export async function raiseSilentAdvices(world: World): Promise<void> {
  const created_before = new Date(world.clock.now() - world.limits.incident_after_ms).toISOString();
  for (const { account_id, id } of await readSilentAdvices(world.db, created_before)) {
    await raiseUnanswered(world, account_id, id);
  }
}

/** Tells a person of an advice that is open, and that the terminal may not answer by itself. */
export async function raiseUnanswered(world: World, account_id: string, advice_id: string): Promise<void> {
  await world.db.transaction(async (tx) => {
    const advice = await lockAdvice(tx, account_id, advice_id);
    if (advice === undefined || !isOpen(advice)) return;
    const { id, terminal_id, session_id, transaction_id, kind, amount, currency } = advice;
    const prompt = { id: advice.prompt_id, session_id, transaction_id };
    const details = { advice_id: id, advice: kind, amount, currency };
    await raiseIncident(world, tx, {
      account_id,
      terminal_id,
      kind: "ADVICE_UNANSWERED",
      subject: id,
      prompt,
      details,
    });
  });
}
