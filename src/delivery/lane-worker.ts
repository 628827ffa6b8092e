/**
 * Works on one lane until there is nothing left to do: sends what is due, several at a time, as long as the receiver
 * answers; one at a time once it has failed; nothing but a probe while its hook is paused; and then what was kept, in the
 * order in which it happened. Sending is outside any transaction; what came of it is recorded in one.
 */
import type { Environment } from "../domain/environment.ts";
import type { Database, Tx } from "../storage/database.ts";
import { type Delivery, readDue, readInOrder, recordTry } from "../storage/deliveries.ts";
import { readEventsAt } from "../storage/events.ts";
import { settleReceiverIncident } from "../storage/incidents.ts";
import { type Lane, markAnswered, markDrained, markFailed, pauseLane, readLane, resumeLane } from "../storage/lanes.ts";
import { appendSessionEvent } from "../storage/sessions.ts";
import { readSignatureSecret } from "../storage/signature-secrets.ts";
import { callbackMessage, type Message, webhookMessage } from "./message.ts";
import type { Answer, Post } from "./post.ts";
import { probeMessage } from "./probe.ts";
import { retryAt, type Verdict, verdictOf } from "./retry.ts";

/** Requests to one receiver at once: while it answers, and once it has failed. */
const togetherMax = 8;
const togetherWhileFailing = 1;
/** A hook whose tries have failed so often one after the other is paused. */
const failuresMax = 10;
/** How often a paused hook's receiver is asked whether it is back. */
const probeEvery_ms = 60_000;
/** Read at once while draining. */
const drainedTogether = 100;

/** What only a person can settle. */
export interface Trouble {
  readonly account_id: string;
  readonly kind: "DELIVERY_EXHAUSTED" | "RECEIVER_FAILING";
  readonly subject: string;
  readonly session_id?: string | undefined;
  readonly transaction_id?: string | undefined;
  readonly details: object;
}

export interface DeliveryParts extends Environment {
  readonly db: Database;
  readonly process_id: string;
  readonly post: Post;
  /** Tells a person, in the transaction that found it out. */
  readonly raise: (tx: Tx, trouble: Trouble) => Promise<void>;
}

export class LaneWorker {
  readonly #parts: DeliveryParts;
  readonly #key: { readonly account_id: string; readonly id: string };
  readonly #under_way = new Map<string, Promise<void>>();
  #failures = 0;
  #stopped = false;
  #look: () => void = () => {};

  constructor(parts: DeliveryParts, key: { readonly account_id: string; readonly id: string }) {
    this.#parts = parts;
    this.#key = key;
  }

  /** There may be more to send. */
  nudge(): void {
    this.#look();
  }

  /** Nothing more is begun. */
  stop(): void {
    this.#stopped = true;
    this.#look();
  }

  /** Resolves when nothing is due any more, and what was under way is recorded. */
  async work(): Promise<void> {
    for (;;) {
      const lane = this.#stopped ? undefined : await readLane(this.#parts.db, this.#key);
      if (lane === undefined || lane.held_by !== this.#parts.process_id) return;
      this.#failures = lane.failures;
      const goes_on =
        lane.paused_at !== null
          ? await this.#probe(lane)
          : lane.draining
            ? await this.#drain(lane)
            : await this.#sendDue(lane);
      if (!goes_on) return;
    }
  }

  /** False when nothing is left. True when the lane was paused: what that means is looked at anew. */
  async #sendDue(lane: Lane): Promise<boolean> {
    let is_paused = false;
    let problem: unknown;
    for (;;) {
      const nudged = new Promise<void>((resolve) => {
        this.#look = resolve;
      });
      const together = this.#failures > 0 ? togetherWhileFailing : togetherMax;
      const room =
        this.#stopped || is_paused || problem !== undefined ? 0 : Math.max(0, together - this.#under_way.size);
      const { db, clock } = this.#parts;
      const now = new Date(clock.now()).toISOString();
      const due = room === 0 ? [] : await readDue(db, lane, now, [...this.#under_way.keys()], room);
      for (const delivery of due) {
        const sending = this.#send(lane, delivery)
          .then((paused) => {
            is_paused ||= paused;
          })
          // What came of it is not recorded, so it is sent again: at least once is what was promised.
          .catch((error: unknown) => {
            problem = error;
          })
          .finally(() => this.#under_way.delete(delivery.id));
        this.#under_way.set(delivery.id, sending);
      }
      if (this.#under_way.size === 0) {
        if (problem !== undefined) throw problem;
        return is_paused;
      }
      await Promise.race([nudged, ...this.#under_way.values()]);
    }
  }

  /** One after the other, in order. Ends with the first that fails: then the lane is paused again. */
  async #drain(lane: Lane): Promise<boolean> {
    const { db, clock } = this.#parts;
    const kept = await readInOrder(db, lane, drainedTogether);
    for (const delivery of kept) {
      if (this.#stopped || (await this.#send(lane, delivery))) return true;
    }
    if (kept.length === drainedTogether) return true;
    const now = new Date(clock.now()).toISOString();
    await db.transaction(async (tx) => {
      await markDrained(tx, lane);
      await settleReceiverIncident(tx, lane, "The receiver answers again, and has had what was kept for it.", now);
    });
    return true;
  }

  /** Asks a receiver that failed whether it is back; no try of what waits is spent. False while it is not. */
  async #probe(lane: Lane): Promise<boolean> {
    const { db, clock, random, post, log } = this.#parts;
    const { hook, account_id } = lane;
    if (hook === null || lane.probe_at === null || Date.parse(lane.probe_at) > clock.now()) return false;
    const answer = await post(probeMessage(account_id, hook, clock.now(), random));
    const is_back = "status" in answer && answer.status < 500;
    log.info({ account_id, hook_id: hook.id, answer: wordsOf(answer), is_back }, "probe of a paused hook");
    const now = new Date(clock.now()).toISOString();
    const probe_at = new Date(clock.now() + probeEvery_ms).toISOString();
    await db.transaction(async (tx) => {
      if (is_back) await resumeLane(tx, lane, "tapline");
      else await pauseLane(tx, lane, { paused_by: "tapline", probe_at, now });
    });
    return is_back;
  }

  /** Sends one and records what came of it. True where that paused the lane. */
  async #send(lane: Lane, delivery: Delivery): Promise<boolean> {
    const { clock, post } = this.#parts;
    const message = await this.#messageOf(lane, delivery);
    const started = clock.monotonic();
    const started_at = new Date(clock.now()).toISOString();
    const answer = await post(message);
    const duration_ms = Math.round(clock.monotonic() - started);
    return this.#record(lane, delivery, message, answer, { started_at, duration_ms });
  }

  async #messageOf(lane: Lane, delivery: Delivery): Promise<Message> {
    const { db, clock } = this.#parts;
    if (delivery.kind === "callback") {
      const newest = await readSignatureSecret(db, delivery.account_id);
      return callbackMessage(delivery, newest?.secret, clock.now());
    }
    const [event] = await readEventsAt(db, delivery.account_id, [delivery.event_position]);
    if (event === undefined || lane.hook === null) throw new Error(`Delivery ${delivery.id} has no event or no hook.`);
    return webhookMessage(delivery, event, lane.hook, clock.now());
  }

  async #record(
    lane: Lane,
    delivery: Delivery,
    message: Message,
    answer: Answer,
    timing: { readonly started_at: string; readonly duration_ms: number },
  ): Promise<boolean> {
    const { db, clock, random, log } = this.#parts;
    const attempts = delivery.attempts + 1;
    const status = verdictOf(delivery.kind, answer, attempts);
    const due_at = status === "PENDING" ? retryAt(delivery.kind, attempts, clock.now(), random) : null;
    const now = new Date(clock.now()).toISOString();
    const tried = { ...timing, status, due_at, request_headers: message.headers, answer };
    let failures = 0;
    let is_paused = false;
    await db.transaction(async (tx) => {
      await recordTry(tx, delivery, tried, now);
      const has_failed = status === "PENDING" || status === "EXHAUSTED";
      failures = has_failed ? await markFailed(tx, lane) : 0;
      if (!has_failed) await markAnswered(tx, lane);
      is_paused = failures > 0 && (await this.#pauseIfFailing(tx, lane, failures));
      await this.#tell(tx, delivery, status, wordsOf(answer), now);
    });
    this.#failures = failures;
    const { account_id, id, kind } = delivery;
    log.info(
      { account_id, delivery_id: id, kind, url: withoutQuery(delivery.url), status, answer: wordsOf(answer) },
      "sent",
    );
    return is_paused;
  }

  /** Of a hook alone: a callback's tries go on by their schedule (R72). */
  async #pauseIfFailing(tx: Tx, lane: Lane, failures: number): Promise<boolean> {
    const { clock, raise } = this.#parts;
    const { account_id, id, hook } = lane;
    if (hook === null || (failures < failuresMax && !lane.draining)) return false;
    const now = new Date(clock.now()).toISOString();
    const probe_at = new Date(clock.now() + probeEvery_ms).toISOString();
    const paused = await pauseLane(tx, lane, { paused_by: "tapline", probe_at, now });
    const details = { hook_id: hook.id, url: withoutQuery(hook.url), failures };
    // Once for as long as it lasts, whatever is tried in between.
    if (paused && !lane.draining) {
      await raise(tx, { account_id, kind: "RECEIVER_FAILING", subject: `${id} ${now}`, details });
    }
    return true;
  }

  async #tell(tx: Tx, delivery: Delivery, status: Verdict, answer: string, now: string): Promise<void> {
    const { account_id, id } = delivery;
    if (status === "DELIVERED" && delivery.kind === "callback") {
      const { session_id } = delivery;
      const details = { transaction_event_id: String(delivery.transaction_event_id) };
      await appendSessionEvent(tx, { account_id, session_id, name: "AUTH_CALLBACK_SENT", now, details });
    }
    if (status !== "EXHAUSTED") return;
    const about =
      delivery.kind === "callback"
        ? { session_id: delivery.session_id, transaction_id: delivery.transaction_id }
        : { hook_id: delivery.hook_id };
    const details = { ...about, delivery_id: id, url: withoutQuery(delivery.url), last_answer: answer };
    await this.#parts.raise(tx, { account_id, kind: "DELIVERY_EXHAUSTED", subject: id, ...about, details });
  }
}

const wordsOf = (answer: Answer): string => ("status" in answer ? `HTTP ${answer.status}` : answer.problem);

/** A query may carry what is nobody's business in a log. */
const withoutQuery = (url: string): string => url.replace(/[?#].*$/, "");
