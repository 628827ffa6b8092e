/**
 * A sale, from the request to the receipt.
 *
 *   startSale      the request is planned, and one statement writes session, transaction, prompt and their first events
 *                  → answered; the terminal's driver is told
 *   (prompt.ts)    the prompt is sent, shown, a card is presented: each step a transaction of its own
 *   concludeSale   the terminal's word ends it: money, events, receipt and callback in one transaction
 */
import type { Configuration, CreateSessionFromProfile, PublishEntry } from "../contract/session.ts";
import { callbackAddress, callbackOptions } from "../domain/callback.ts";
import { newCheckoutId, newId, newUuid } from "../domain/ids.ts";
import { refusalOf } from "../domain/obstacles.ts";
import type { PromptStatus } from "../domain/prompt.ts";
import { Rejection } from "../domain/rejections.ts";
import { type SaleOutcome, saleOutcome, type TerminalWord } from "../domain/sale-outcome.ts";
import { isTerminalPush, planSale, type SalePlan } from "../domain/session.ts";
import type { Tx } from "../storage/database.ts";
import { insertDelivery } from "../storage/deliveries.ts";
import { writeOutcome } from "../storage/outcomes.ts";
import { type Profile, readProfile } from "../storage/profiles.ts";
import type { LockedPrompt } from "../storage/prompts.ts";
import { type CreatedSale, type NewSale, readObstacles } from "../storage/sales.ts";
import { readSession } from "../storage/sessions.ts";
import { readTransaction } from "../storage/transactions.ts";
import { isoNow, type World } from "./world.ts";

export interface SaleRequest {
  readonly account_id: string;
  readonly client_id: string;
  readonly request_id: string;
  readonly body: CreateSessionFromProfile;
  readonly strict_amounts: boolean;
  /** The calling system's headers, as the contract keeps them. */
  readonly request_headers: Readonly<Record<string, string>>;
}

export interface StartedSale {
  readonly session_id: string;
  readonly publish: PublishEntry[];
}

/** A profile that changes, or a terminal that comes free, between two of our reads: more often than this is no accident. */
const triesMax = 5;

/** Creates the sale and has its terminal prompt. Throws `Rejection`; then nothing was written. */
export async function startSale(world: World, request: SaleRequest): Promise<StartedSale> {
  for (let tries = 1; ; tries++) {
    const { profile, is_fresh } = await profileFor(world, request, tries > 1);
    const sale = plan(world, request, profile);
    if (sale instanceof Rejection) {
      // A profile from memory may be the reason: what it enables counts as of now.
      if (is_fresh) throw sale;
      continue;
    }
    const created = await world.sales.write(sale);
    if (created !== undefined) {
      world.terminals.sendDue(sale);
      return { session_id: created.session_id, publish: published(sale, created) };
    }
    await explainOrRetry(world, sale, tries);
  }
}

async function profileFor(
  world: World,
  { account_id, body }: SaleRequest,
  must_be_fresh: boolean,
): Promise<{ profile: Profile; is_fresh: boolean }> {
  const key = `${account_id} ${body.profile_id}`;
  const remembered = world.profiles.get(key);
  if (remembered !== undefined && !must_be_fresh) return { profile: remembered, is_fresh: false };
  const profile = await readProfile(world.db, account_id, body.profile_id);
  if (profile === undefined) {
    world.profiles.delete(key);
    throw new Rejection("PROFILE_NOT_FOUND", { profile_id: body.profile_id }, "profile_id");
  }
  world.profiles.set(key, profile);
  return { profile, is_fresh: true };
}

function plan(world: World, request: SaleRequest, profile: Profile): PlannedSale | Rejection {
  const now = world.clock.now();
  const rules = {
    strict_amounts: request.strict_amounts,
    present_within_ms: world.limits.present_within_ms,
    callbackRefusal: world.callbackRefusal,
  };
  try {
    const salePlan = planSale(request.account_id, request.body, profile.configuration, rules, now);
    return newSale(world, request, profile, salePlan, now);
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
}

type PlannedSale = NewSale & { readonly configuration: Configuration };

function newSale(world: World, request: SaleRequest, profile: Profile, salePlan: SalePlan, now: number): PlannedSale {
  const { account_id, request_id, client_id } = request;
  const { url, order, profile_id, configuration: _, expires_at: __, ...members } = request.body;
  const { kind, store_id, terminal_id, payout_destination_id, configuration, channel } = salePlan;
  return {
    account_id,
    session_id: newCheckoutId(account_id, now, world.random),
    transaction_id: newCheckoutId(account_id, now, world.random),
    prompt_id: newId("pr", now, world.random),
    kind,
    profile_id,
    profile_revision: profile.revision,
    store_id,
    terminal_id,
    payout_destination_id,
    amount: order.amount,
    currency: order.currency,
    channel,
    merchant_reference: order.merchant_reference,
    merchant_reference_2: order.merchant_reference_2,
    url,
    order,
    configuration: withPublishIds(configuration, world, now),
    members: { ...(profile.merchant === null ? {} : { merchant: profile.merchant }), ...members },
    request_headers: request.request_headers,
    request_id,
    created_by: client_id,
    created_at: new Date(now).toISOString(),
    expires_at: new Date(salePlan.expires_at).toISOString(),
    deadline_at: new Date(salePlan.deadline_at).toISOString(),
  };
}

/** Each publish entry gets an id of its own (R18). */
function withPublishIds(configuration: Configuration, world: World, now: number): Configuration {
  if (configuration.publish === undefined) return configuration;
  const publish = configuration.publish.map((entry) => ({ ...entry, id: newId("pub", now, world.random) }));
  return { ...configuration, publish };
}

/** R18 and Q-OFFLINE-SALE: `failed` means not pushed yet; the prompt stays valid until `expires_at`. */
function published(sale: PlannedSale, created: CreatedSale): PublishEntry[] {
  return (sale.configuration.publish ?? []).map((entry) => {
    if (!isTerminalPush(entry)) return { ...entry, status: "skipped" };
    if (created.connected_to !== null) return { ...entry, status: "sent" };
    return { ...entry, status: "failed", expires_at: sale.deadline_at };
  });
}

async function explainOrRetry(world: World, sale: NewSale, tries: number): Promise<void> {
  const found = await readObstacles(world.db, sale);
  if (found === undefined) throw new Rejection("IN_PERSON_NOT_ENABLED");
  const refusal = refusalOf(sale, found);
  if (refusal !== undefined) throw refusal;
  if (tries >= triesMax) {
    const facts = { terminal_id: sale.terminal_id, occupant: "sale after sale" };
    throw new Rejection("TERMINAL_BUSY", facts, "order.store.terminal_id");
  }
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
  await writeCallback(world, tx, prompt, outcome, last_event_id);
}

async function writeCallback(
  world: World,
  tx: Tx,
  prompt: LockedPrompt,
  outcome: SaleOutcome,
  transaction_event_id: number,
): Promise<void> {
  const { account_id, session_id, transaction_id, merchant_reference, callback_url } = prompt;
  if (outcome.callback === "none" || callback_url === null || callback_url === "") return;
  const options = callbackOptions(callback_url);
  // R71: told about an error only where the point of sale asked for it.
  if (outcome.callback.error !== undefined && !options.report_error) return;
  const transaction = options.method === "POST" ? await readTransaction(tx, account_id, transaction_id) : undefined;
  const session = options.includes_session ? await readSession(tx, account_id, session_id) : undefined;
  const now = world.clock.now();
  await insertDelivery(
    tx,
    {
      account_id,
      id: newUuid(world.random),
      kind: "callback",
      session_id,
      transaction_id,
      transaction_event_id,
      method: options.method,
      url: callbackAddress(callback_url, {
        transaction_id,
        session_id,
        merchant_reference,
        time: prompt.created_at,
        ...outcome.callback,
      }),
      body:
        transaction === undefined
          ? null
          : JSON.stringify(session === undefined ? transaction : { ...transaction, session }),
      due_at: new Date(now + options.delay_s * 1000).toISOString(),
    },
    new Date(now).toISOString(),
  );
}
