/** One try of one delivery: sent outside any transaction, and what came of it recorded in one. */
import { withoutQuery } from "../domain/without-query.ts";
import type { Tx } from "../storage/database.ts";
import { type Delivery, recordTry } from "../storage/deliveries.ts";
import type { PlacedEvent } from "../storage/events.ts";
import { hasOpenReceiverIncident } from "../storage/incidents.ts";
import { type Lane, markFailed, pauseLane } from "../storage/lanes.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import { callbackMessage, type Message, webhookMessage } from "./message.ts";
import type { Answer } from "./post.ts";
import { probeAt, retryAt, verdictOf } from "./retry.ts";

export interface Asked {
  readonly lane: Lane;
  readonly delivery: Delivery;
  /** What a webhook tells of. */
  readonly event: PlacedEvent | undefined;
  /** What the account's callbacks are signed with, where it has such a thing. */
  readonly secret: string | undefined;
  readonly given_up: AbortSignal;
}

export interface Attempted {
  /** How many tries of the lane have failed one after the other. */
  readonly failures: number;
  /** The lane is paused now. */
  readonly is_paused: boolean;
  /** False where another process has taken the lane meanwhile. */
  readonly is_ours: boolean;
}

export async function attempt(parts: DeliveryParts, asked: Asked): Promise<Attempted> {
  const { clock, post } = parts;
  const message = messageOf(parts, asked);
  const started = clock.monotonic();
  const started_at = new Date(clock.now()).toISOString();
  const answer = await post(message, asked.given_up);
  // We stop, and do not know: whoever has the lane next tries it again.
  if (asked.given_up.aborted && !("status" in answer)) return { failures: 0, is_paused: false, is_ours: false };
  const duration_ms = Math.round(clock.monotonic() - started);
  return record(parts, asked, message, answer, { started_at, duration_ms });
}

function messageOf({ clock, limits }: DeliveryParts, { lane, delivery, event, secret }: Asked): Message {
  if (delivery.kind === "callback") {
    const message = callbackMessage(delivery, secret, clock.now());
    return { ...message, timeout_ms: limits.callback_timeout_ms };
  }
  if (event === undefined || lane.hook === null) throw new Error(`Delivery ${delivery.id} has no event or no hook.`);
  return { ...webhookMessage(delivery, event, lane.hook, clock.now()), timeout_ms: limits.webhook_timeout_ms };
}

async function record(
  parts: DeliveryParts,
  { lane, delivery, event }: Asked,
  message: Message,
  answer: Answer,
  timing: { readonly started_at: string; readonly duration_ms: number },
): Promise<Attempted> {
  const { db, clock, random, log, process_id } = parts;
  const { account_id, id, kind } = delivery;
  const attempts = delivery.attempts + 1;
  const status = verdictOf(kind, answer, attempts);
  const due_at = status === "PENDING" ? retryAt(kind, attempts, clock.now(), random) : null;
  const now = new Date(clock.now()).toISOString();
  const tried = { ...timing, status, due_at, request_headers: withoutSecrets(message.headers), answer };
  const has_failed = status === "PENDING" || status === "EXHAUSTED";
  let attempted = { failures: 0, is_paused: false };
  let recorded: Awaited<ReturnType<typeof recordTry>>;
  // Most arrive: then there is one statement, and no more to tell.
  if (!has_failed) {
    recorded = await db.atOnce((tx) => recordTry(tx, delivery, tried, now));
  } else {
    await db.transaction(async (tx) => {
      recorded = await recordTry(tx, delivery, tried, now);
      // It had ended meanwhile: another process has sent it.
      if (recorded === undefined) return;
      attempted = await countFailure(parts, tx, lane, now);
      if (status === "EXHAUSTED" && !tellsOfTrouble(event)) await raiseExhausted(parts, tx, delivery, { answer, now });
    });
  }
  log.info(
    { account_id, delivery_id: id, kind, url: withoutQuery(delivery.url), status, answer: wordsOf(answer) },
    "sent",
  );
  return { ...attempted, is_ours: recorded?.held_by === process_id };
}

/** Only a hook is paused: a callback's tries go on by their schedule (R72). */
async function countFailure(parts: DeliveryParts, tx: Tx, lane: Lane, now: string) {
  const { clock, limits, raise } = parts;
  const { account_id, id, hook } = lane;
  const { failures } = await markFailed(tx, lane);
  // Of one that had failed so often already and was taken for back, the first is enough.
  const is_relapse = lane.draining && (await hasOpenReceiverIncident(tx, lane));
  if (hook === null || (failures < limits.failures_max && !is_relapse)) return { failures, is_paused: false };
  const probe_at = probeAt(null, clock.now(), limits.probe_every_ms);
  const is_ours = await pauseLane(tx, lane, { paused_by: "tapline", probe_at, now });
  const details = { hook_id: hook.id, url: withoutQuery(hook.url), failures };
  // Once for as long as it lasts, whatever comes back of what was under way, and whatever is tried in between.
  if (is_ours && !(await hasOpenReceiverIncident(tx, lane))) {
    await raise(tx, { account_id, kind: "RECEIVER_FAILING", subject: `${id} ${now}`, details });
  }
  return { failures, is_paused: true };
}

/** The word of such an incident that does not arrive makes no other one: it would go the same way, without an end. */
function tellsOfTrouble(event: PlacedEvent | undefined): boolean {
  const { kind } = (event?.members.incident ?? {}) as { kind?: string };
  return kind === "DELIVERY_EXHAUSTED" || kind === "RECEIVER_FAILING";
}

/** Its tries are spent: a person is told, and again where it was sent again in vain. */
async function raiseExhausted(
  { raise }: DeliveryParts,
  tx: Tx,
  delivery: Delivery,
  { answer, now }: { readonly answer: Answer; readonly now: string },
): Promise<void> {
  const { account_id, id } = delivery;
  const about =
    delivery.kind === "callback"
      ? { session_id: delivery.session_id, transaction_id: delivery.transaction_id ?? undefined }
      : { hook_id: delivery.hook_id };
  const details = { ...about, delivery_id: id, url: withoutQuery(delivery.url), last_answer: wordsOf(answer) };
  await raise(tx, { account_id, kind: "DELIVERY_EXHAUSTED", subject: `${id} ${now}`, ...about, details });
}

export const wordsOf = (answer: Answer): string => ("status" in answer ? `HTTP ${answer.status}` : answer.problem);

/** What lets somebody in is written into no log of tries. */
function withoutSecrets({ ...headers }: Message["headers"]): Message["headers"] {
  return "authorization" in headers ? { ...headers, authorization: "[redacted]" } : headers;
}
