/**
 * Calling a payment off.
 *
 *   1. a mark on the prompt, or its end where it was never sent
 *   2. the terminal is asked, and its answer is waited for
 *   3. the answer: called off, too late, or not known yet
 */
import type { Session } from "../contract/session.ts";
import { isFinal, type PromptStatus } from "../domain/prompt.ts";
import { Rejection } from "../domain/rejections.ts";
import { lockPrompt, markCancelAsked, readPaymentPrompt } from "../storage/prompts.ts";
import { readSession } from "../storage/sessions.ts";
import { readConnection } from "../storage/terminals.ts";
import { voidTransaction } from "./advice.ts";
import { endPrompt } from "./prompt.ts";
import { askToStop } from "./reach.ts";
import { cancelUnstarted } from "./session.ts";
import { isoNow, type World } from "./world.ts";

interface CancelRequest {
  readonly account_id: string;
  readonly client_id: string;
  readonly request_id: string;
  readonly session_id: string;
}

/** How often the row is looked at when no hint comes: the terminal may be connected to another process. */
const lookAgain_ms = 250;

/** The cancelled session. Throws `Rejection` when it is too late, or when the terminal does not answer. */
export async function cancelSession(world: World, request: CancelRequest): Promise<Session> {
  const { account_id, session_id } = request;
  const session = await readSession(world.db, account_id, session_id);
  if (session === undefined) throw new Rejection("SESSION_NOT_FOUND", { session_id });
  if (session.cancelled_at !== undefined) return session;
  if (session.transaction_id === undefined && (await cancelUnstarted(world, request))) {
    world.hints.eventWritten();
    return (await readSession(world.db, account_id, session_id)) ?? session;
  }
  const prompt = await readPaymentPrompt(world.db, account_id, session_id);
  if (prompt?.kind === "authorize" && prompt.status === "APPROVED") return cancelAuthorized(world, request, session);
  if (prompt === undefined) throw new Error(`Session ${session_id} has no prompt.`);

  const marked = await markOrEnd(world, request, prompt.id);
  if (isAskable(marked)) await askAndWait(world, prompt);
  world.hints.eventWritten();
  return answer(world, request, prompt.terminal_id);
}

/** The money is held by the terminal's host, which is asked to let it go (prompt-life section 7). */
async function cancelAuthorized(world: World, request: CancelRequest, session: Session): Promise<Session> {
  const { account_id, session_id } = request;
  const { transaction_id = "" } = session;
  const asked = { ...request, transaction_id, request_headers: {}, cancels_session: true };
  const refusal = await voidTransaction(world, asked).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Rejection) return error;
      throw error;
    },
  );
  const after = await readSession(world.db, account_id, session_id);
  if (after?.cancelled_at !== undefined) return after;
  if (refusal !== undefined) throw new Rejection("SESSION_CANCEL_CONFLICT", { reason: refusal.message });
  throw new Rejection("TERMINAL_UNREACHABLE", { terminal_id: session.order.store?.terminal_id ?? "" });
}

/** Phase 1. A prompt that nothing was ever written to a connection for ends at once. */
function markOrEnd(world: World, { account_id, client_id }: CancelRequest, prompt_id: string): Promise<PromptStatus> {
  return world.db.transaction(async (tx) => {
    const prompt = await lockPrompt(tx, account_id, prompt_id);
    if (prompt === undefined) throw new Error(`Prompt ${prompt_id} is gone.`);
    // With a card presented, neither the point of sale nor the clock can call it off.
    if (isFinal(prompt.status) || prompt.status === "PROCESSING") return prompt.status;
    const now = isoNow(world);
    await markCancelAsked(tx, prompt, now, client_id);
    const marked = { ...prompt, cancel_asked_at: now, cancel_asked_by: prompt.cancel_asked_by ?? client_id };
    return (await endPrompt(world, tx, marked, "cancel")) ?? prompt.status;
  });
}

/** Phase 2. Nothing is waited for where no process has the terminal. */
async function askAndWait(
  world: World,
  prompt: { account_id: string; terminal_id: string; id: string; session_id: string },
): Promise<void> {
  const connection = await readConnection(world.db, prompt.account_id, prompt.terminal_id);
  if (connection === undefined || connection.connected_to === null) return;
  // A device that never had the prompt (the terminal was wiped since) has nothing to say about it.
  const asked = await readPaymentPrompt(world.db, prompt.account_id, prompt.session_id);
  if (asked?.sent_journal_id !== connection.journal_id) return;
  askToStop(world, prompt, prompt.id, connection.connected_to);
  const until = world.clock.monotonic() + world.limits.stop_answer_ms;
  for (;;) {
    const left_ms = until - world.clock.monotonic();
    const now = await readPaymentPrompt(world.db, prompt.account_id, prompt.session_id);
    if (now === undefined || !isAskable(now.status) || left_ms <= 0) return;
    await world.hints.promptChange(prompt.id, Math.min(lookAgain_ms, left_ms), world.clock);
  }
}

/** The terminal may still call it off, or say that it had never been shown. */
const isAskable = (status: PromptStatus): boolean => status === "SENT" || status === "SHOWN" || status === "UNRESOLVED";

/** Phase 3: what the rows say now. */
async function answer(world: World, { account_id, session_id }: CancelRequest, terminal_id: string): Promise<Session> {
  const session = await readSession(world.db, account_id, session_id);
  const prompt = await readPaymentPrompt(world.db, account_id, session_id);
  if (session?.cancelled_at !== undefined) return session;
  switch (prompt?.status) {
    case "PROCESSING":
      throw new Rejection("SESSION_CANCEL_CONFLICT", { reason: "a card has been presented, and the payment goes on." });
    case "APPROVED":
      throw new Rejection("SESSION_CANCEL_CONFLICT", { reason: "the payment was approved." });
    case "DECLINED":
    case "CANCELLED":
    case "EXPIRED":
    case "FAILED":
      throw new Rejection("SESSION_CANCEL_CONFLICT", { reason: `the payment has ended (${prompt.status}).` });
    default:
      throw new Rejection("TERMINAL_UNREACHABLE", { terminal_id });
  }
}
