/** Sessions whose payment has not begun: starting it, changing the order, calling them off (R12, sessions sections 6-8). */
import type { Session } from "../contract/session.ts";
import type { Order } from "../contract/shapes.ts";
import { Rejection } from "../domain/rejections.ts";
import { checkCurrencyEnabled, checkOrder, planPayment } from "../domain/session.ts";
import { readAccountSettings } from "../storage/accounts.ts";
import type { Tx } from "../storage/database.ts";
import { insertPayment, type NewSale } from "../storage/sales.ts";
import {
  appendSessionEvent,
  type LockedSession,
  lockSession,
  readSession,
  updateCancelled,
  updateOrder,
} from "../storage/sessions.ts";
import { writeCallback } from "./callback.ts";
import { tellOf } from "./event.ts";
import { bringPrompt, onceAnswered, type WhenAnswered } from "./reach.ts";
import { explain, saleOf } from "./sale.ts";
import { isoNow, type World } from "./world.ts";

interface SessionRequest {
  readonly account_id: string;
  readonly client_id: string;
  readonly request_id: string;
  readonly session_id: string;
}

/** Has the terminal that the order names prompt. Throws `Rejection`; then nothing has begun. */
export async function paySession(
  world: World,
  request: SessionRequest & { readonly whenAnswered?: WhenAnswered | undefined },
): Promise<void> {
  const { account_id, session_id, client_id, request_id } = request;
  const { sale, created } = await world.db.transaction(async (tx) => {
    const session = await lockSession(tx, account_id, session_id);
    if (session === undefined) throw new Rejection("SESSION_NOT_FOUND", { session_id });
    checkPayable(session, isoNow(world));
    const settings = await readAccountSettings(tx, account_id);
    checkCurrencyEnabled(session.order.currency, settings?.in_person_currencies);
    const { order, configuration, expires_at, merchant_reference } = session;
    const until = Date.parse(expires_at);
    const { present_within_ms } = world.limits;
    const payment = planPayment(account_id, order, configuration, until, present_within_ms, world.clock.now());
    const common = { account_id, session_id, merchant_reference, order, configuration, expires_at };
    const asked = { url: {}, members: {}, request_headers: {}, request_id, created_by: client_id };
    const sale: NewSale = saleOf(world, { ...common, ...asked, created_at: isoNow(world) }, payment);
    return { sale, created: await insertPayment(tx, sale) };
  });
  if (created === undefined) {
    await explain(world, sale);
    throw new Rejection("SESSION_NOT_PAYABLE", { reason: "the terminal has just become free; try again." });
  }
  const { connected_to } = created;
  if (connected_to !== null) onceAnswered(request, () => bringPrompt(world, sale, sale.prompt_id, connected_to));
}

function checkPayable(session: LockedSession, now: string): void {
  const reason =
    session.cancelled_at !== null
      ? "it was cancelled."
      : session.transaction_id !== null
        ? "its payment has begun already."
        : session.expires_at <= now
          ? "it has expired."
          : undefined;
  if (reason !== undefined) throw new Rejection("SESSION_NOT_PAYABLE", { reason });
}

/** Changes the order before its payment begins; what is not sent stays as it is. */
export async function updateSession(
  world: World,
  request: SessionRequest & { readonly order: Partial<Order> },
): Promise<Session> {
  const { account_id, session_id, order } = request;
  await world.db.transaction(async (tx) => {
    const session = await lockSession(tx, account_id, session_id);
    if (session === undefined) throw new Rejection("SESSION_NOT_FOUND", { session_id });
    if (session.transaction_id !== null || session.cancelled_at !== null) throw new Rejection("SESSION_STARTED");
    const { merchant_reference } = session.order;
    const updated_order = { ...session.order, ...order, merchant_reference };
    // On an update the sum is a rule, not advice (sessions section 10).
    checkOrder(updated_order, true);
    const is_same = JSON.stringify(updated_order) === JSON.stringify(session.order);
    if (!is_same) await updateOrder(tx, account_id, session_id, updated_order);
    const details = is_same
      ? { updated_order_result: { status: "NOT_MODIFIED" } }
      : { previous_order: session.order, updated_order };
    await appendSessionEvent(tx, { account_id, session_id, name: "UPDATE_SESSION", now: isoNow(world), details });
  });
  return found(await readSession(world.db, account_id, session_id), session_id);
}

/** Calls off a session whose payment has not begun. False if it has: then the terminal must be asked. */
export async function cancelUnstarted(world: World, request: Omit<SessionRequest, "request_id">): Promise<boolean> {
  const { account_id, session_id, client_id } = request;
  return world.db.transaction(async (tx) => {
    const session = await lockSession(tx, account_id, session_id);
    if (session === undefined) throw new Rejection("SESSION_NOT_FOUND", { session_id });
    if (session.transaction_id !== null) return false;
    if (session.cancelled_at !== null) return true;
    const now = isoNow(world);
    await updateCancelled(tx, { account_id, session_id, cancelled_by: client_id }, now);
    await appendSessionEvent(tx, { account_id, session_id, name: "CANCELLED", now });
    await tellOfCancelled(world, tx, { ...session, account_id, session_id });
    return true;
  });
}

/** As of any payment that was called off, but that there is no transaction (callbacks-and-webhooks A3, C4). */
async function tellOfCancelled(
  world: World,
  tx: Tx,
  session: LockedSession & Pick<SessionRequest, "account_id" | "session_id">,
): Promise<void> {
  const { account_id, session_id, merchant_reference, created_at } = session;
  const authorization = { merchant_reference, session_id, error: "cancelled" };
  await tellOf(world, tx, { account_id, type: "checkout_authorization", session_id, members: { authorization } });
  const told = { ...session, transaction: undefined, transaction_created_at: created_at };
  await writeCallback(world, tx, told, { callback: { error: "cancelled" } });
}

function found(session: Session | undefined, session_id: string): Session {
  if (session === undefined) throw new Rejection("SESSION_NOT_FOUND", { session_id });
  return session;
}
