/**
 * A sale, from the request to the receipt.
 *
 *   startSale      the request is planned, and one statement writes session, transaction, prompt and their first events
 *                  → answered; the terminal's driver is told
 *   (prompt.ts)    the prompt is sent, shown, a card is presented: each step a transaction of its own
 *   concludeSale   the terminal's word ends it: money, events, receipt and callback in one transaction
 */
import type { Configuration, PublishEntry } from "../contract/session.ts";
import type { Order } from "../contract/shapes.ts";
import type { Transaction } from "../contract/transaction.ts";
import { newCheckoutId, newId, newUuid } from "../domain/ids.ts";
import { refusalOf } from "../domain/obstacles.ts";
import type { PromptStatus } from "../domain/prompt.ts";
import { Rejection } from "../domain/rejections.ts";
import { type SaleOutcome, saleOutcome, type TerminalWord } from "../domain/sale-outcome.ts";
import {
  type AskedSession,
  isTerminalPush,
  type PaymentPlan,
  planSession,
  type SessionPlan,
} from "../domain/session.ts";
import { readAccountSettings } from "../storage/accounts.ts";
import type { Tx } from "../storage/database.ts";
import { writeOutcome } from "../storage/outcomes.ts";
import { type Profile, readProfile } from "../storage/profiles.ts";
import type { LockedPrompt } from "../storage/prompts.ts";
import { type NewSale, readObstacles } from "../storage/sales.ts";
import { insertSession, type NewSession } from "../storage/sessions.ts";
import { writeCallback } from "./callback.ts";
import { tellOf, tellOfTransaction } from "./event.ts";
import { orKeptAnswer, type RequestKey } from "./idempotency.ts";
import { bringPrompt, onceAnswered, type WhenAnswered } from "./reach.ts";
import { isoNow, type World } from "./world.ts";

export interface SaleRequest {
  readonly account_id: string;
  readonly client_id: string;
  readonly request_id: string;
  /** Without a profile the request carries its whole configuration. */
  readonly body: AskedSession & { readonly profile_id?: string };
  readonly strict_amounts: boolean;
  readonly idempotency?: RequestKey | undefined;
  /** The calling system's headers, as the contract keeps them. */
  readonly request_headers: Readonly<Record<string, string>>;
  readonly whenAnswered?: WhenAnswered | undefined;
}

export interface StartedSale {
  readonly session_id: string;
  readonly publish: PublishEntry[];
}

/** A profile that changes, or a terminal that comes free, between two of our reads: more often than this is no accident. */
const triesMax = 5;

/**
 * Creates the session and has its terminal prompt. Throws `Rejection`; then nothing was written. A request that is
 * repeated under its Idempotency-Key finds its own sale before anything can refuse it, a busy terminal above all.
 */
export const startSale = (world: World, request: SaleRequest): Promise<StartedSale> =>
  orKeptAnswer(world, request, () => createSale(world, request));

async function createSale(world: World, request: SaleRequest): Promise<StartedSale> {
  for (let tries = 1; ; tries++) {
    const ground = await readGround(world, request.account_id, request.body.profile_id, tries > 1);
    const planned = plan(world, request, ground);
    if (planned instanceof Rejection) {
      // A profile from memory may be the reason: what it enables counts as of now.
      if (ground.is_fresh) throw planned;
      continue;
    }
    const { session, payment } = planned;
    if (payment === undefined) {
      const unstarted = await createUnstarted(world, request, session);
      // The profile has changed since it was read: it is read again, and is there no more or decides anew.
      if (unstarted === undefined) continue;
      return unstarted;
    }
    const sale = withKeptAnswer(request, saleOf(world, session, payment));
    const created = await world.sales.write(sale);
    if (created !== undefined) {
      world.hints.eventWritten();
      // Where nobody has the terminal's connection there is nobody to tell: its next hello finds the prompt.
      const { connected_to } = created;
      if (connected_to !== null) onceAnswered(request, () => bringPrompt(world, sale, sale.prompt_id, connected_to));
      return startedSale(sale, created.connected_to === null ? "failed" : "sent");
    }
    await explainOrRetry(world, sale, tries);
  }
}

/** A session that another call starts (R12). `undefined` if its profile is not what it was planned from. */
async function createUnstarted(
  world: World,
  request: SaleRequest,
  session: PlannedSession,
): Promise<StartedSale | undefined> {
  const answer = startedSale(session, "skipped");
  const kept = request.idempotency === undefined ? {} : { kept: { ...request.idempotency, answer_sent: answer } };
  const is_made = await world.db.atOnce((tx) => insertSession(tx, { ...session, ...kept }));
  return is_made ? answer : undefined;
}

/** What a session is planned from: its profile as last read, or none. */
interface Ground {
  readonly profile: Profile | undefined;
  readonly allow_mixed_methods: boolean;
  readonly in_person_currencies: readonly string[] | null;
  readonly is_fresh: boolean;
}

async function readGround(
  world: World,
  account_id: string,
  profile_id: string | undefined,
  must_be_fresh: boolean,
): Promise<Ground> {
  if (profile_id === undefined) {
    const settings = await readAccountSettings(world.db, account_id);
    const { allow_mixed_methods = false, in_person_currencies = null } = settings ?? {};
    return { profile: undefined, allow_mixed_methods, in_person_currencies, is_fresh: true };
  }
  const key = `${account_id} ${profile_id}`;
  const remembered = world.profiles.get(key);
  const is_fresh = remembered === undefined || must_be_fresh;
  const profile = is_fresh ? await readProfile(world.db, account_id, profile_id) : remembered;
  if (profile === undefined) {
    world.profiles.delete(key);
    throw new Rejection("PROFILE_NOT_FOUND", { profile_id }, "profile_id");
  }
  world.profiles.set(key, profile);
  const { allow_mixed_methods, in_person_currencies } = profile;
  return { profile, allow_mixed_methods, in_person_currencies, is_fresh };
}

interface Planned {
  readonly session: PlannedSession;
  readonly payment?: PaymentPlan | undefined;
}

function plan(world: World, request: SaleRequest, ground: Ground): Planned | Rejection {
  const now = world.clock.now();
  const rules = {
    strict_amounts: request.strict_amounts,
    allow_mixed_methods: ground.allow_mixed_methods,
    in_person_currencies: ground.in_person_currencies,
    present_within_ms: world.limits.present_within_ms,
    callbackRefusal: (url: string) => world.callbackRefusal(url, request.account_id),
  };
  try {
    const configuration = ground.profile?.configuration ?? {};
    const planned = planSession(request.account_id, request.body, configuration, rules, now);
    return { session: sessionOf(world, request, ground, planned, now), payment: planned.payment };
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
}

export type PlannedSession = NewSession & {
  readonly configuration: Configuration;
  readonly order: Order;
  readonly profile_revision?: number | undefined;
};

function sessionOf(
  world: World,
  request: SaleRequest,
  { profile }: Ground,
  planned: SessionPlan,
  now: number,
): PlannedSession {
  const { account_id, request_id, client_id, request_headers } = request;
  const { url, order, profile_id, configuration: _, expires_at: __, ...members } = request.body;
  return {
    account_id,
    session_id: newCheckoutId(account_id, now, world.random),
    profile_id,
    profile_revision: profile?.revision,
    merchant_reference: order.merchant_reference,
    url: { ...profile?.url, ...url },
    order,
    configuration: withPublishIds(planned.configuration, world, now),
    members: { ...membersOf(profile), ...members },
    request_headers,
    request_id,
    created_by: client_id,
    created_at: new Date(now).toISOString(),
    expires_at: new Date(planned.expires_at).toISOString(),
  };
}

/** What the profile says where the request says nothing. */
function membersOf(profile: Profile | undefined): object {
  const { merchant, checkboxes } = profile ?? {};
  return { ...(merchant ? { merchant } : {}), ...(checkboxes ? { checkboxes } : {}) };
}

/** The rows of a sale: its session's, and its payment's. */
export function saleOf(world: World, session: PlannedSession, payment: PaymentPlan): NewSale & PlannedSession {
  const now = world.clock.now();
  const { amount, currency, merchant_reference_2 } = session.order;
  return {
    ...session,
    ...payment,
    transaction_id: newCheckoutId(session.account_id, now, world.random),
    prompt_id: newId("pr", now, world.random),
    amount,
    currency,
    merchant_reference_2,
    deadline_at: new Date(payment.deadline_at).toISOString(),
    kept: undefined,
  };
}

function withKeptAnswer({ idempotency }: SaleRequest, sale: NewSale & PlannedSession): NewSale & PlannedSession {
  if (idempotency === undefined) return sale;
  const answers = { answer_sent: startedSale(sale, "sent"), answer_waiting: startedSale(sale, "failed") };
  return { ...sale, kept: { ...idempotency, ...answers } };
}

/** Each publish entry gets an id of its own (R18). */
function withPublishIds(configuration: Configuration, world: World, now: number): Configuration {
  if (configuration.publish === undefined) return configuration;
  const publish = configuration.publish.map((entry) => ({ ...entry, id: newId("pub", now, world.random) }));
  return { ...configuration, publish };
}

/** R18 and Q-OFFLINE-SALE: `failed` means not pushed yet; the prompt stays valid until `expires_at`. */
function startedSale(
  session: PlannedSession & { readonly deadline_at?: string },
  pushed: "sent" | "failed" | "skipped",
): StartedSale {
  const publish = (session.configuration.publish ?? []).map((entry): PublishEntry => {
    const status = isTerminalPush(entry) ? pushed : "skipped";
    if (status !== "failed" || session.deadline_at === undefined) return { ...entry, status };
    return { ...entry, status, expires_at: session.deadline_at };
  });
  return { session_id: session.session_id, publish };
}

async function explainOrRetry(world: World, sale: NewSale, tries: number): Promise<void> {
  await explain(world, sale);
  if (tries < triesMax) return;
  const facts = { terminal_id: sale.terminal_id, occupant: "sale after sale" };
  throw new Rejection("TERMINAL_BUSY", facts, "order.store.terminal_id");
}

/** Throws what stands in the sale's way. Returns if nothing does any more. */
export async function explain(world: World, sale: NewSale): Promise<void> {
  const found = await readObstacles(world.db, sale);
  if (found === undefined) throw new Rejection("IN_PERSON_NOT_ENABLED");
  const refusal = refusalOf(sale, found);
  if (refusal !== undefined) throw refusal;
}

/**
 * Ends the sale's prompt, or leaves it unresolved, inside the transaction that holds the prompt's lock: money, events,
 * receipt, the terminal's seat and the callback, all or nothing.
 */
export async function concludeSale(
  world: World,
  tx: Tx,
  prompt: LockedPrompt,
  status: PromptStatus,
  word: TerminalWord,
): Promise<void> {
  const now = world.clock.now();
  const cancelled_by = status === "CANCELLED" ? (prompt.cancel_asked_by ?? undefined) : undefined;
  const ended = { ...prompt, was_shown: prompt.shown_at !== null || word.was_shown === true, cancelled_by };
  const outcome = saleOutcome(ended, status, word, {
    request_id: newUuid(world.random),
    payout_correlation_id: newId("pc", now, world.random),
  });
  const last_event_id = await writeOutcome(tx, prompt, outcome, isoNow(world));
  const transaction = await tellOfTransaction(world, tx, prompt);
  await tellOfAuthorization(world, tx, prompt, outcome, transaction);
  await writeCallback(world, tx, { ...prompt, transaction }, outcome, last_event_id);
}

/** What a callback with `report_error` says, for webhooks (C4): nothing while the end is not known. */
async function tellOfAuthorization(
  world: World,
  tx: Tx,
  { account_id, session_id, transaction_id, merchant_reference }: LockedPrompt,
  { callback }: SaleOutcome,
  transaction: Transaction,
): Promise<void> {
  if (callback === "none") return;
  const error = callback.error === undefined ? {} : { error: callback.error };
  const authorization = { merchant_reference, session_id, transaction_id, ...error };
  // A customer who cancelled has bought nothing: the contract leaves the transaction out.
  const members = callback.error === "cancelled" ? { authorization } : { authorization, transaction };
  await tellOf(world, tx, { account_id, type: "checkout_authorization", session_id, transaction_id, members });
}
