/**
 * Takes due deliveries from the outbox, sends them outside any transaction, and records what came of each. What is lost
 * in a crash is found again when its lease has run out.
 */
import type { Environment, Timer } from "../domain/environment.ts";
import type { Database } from "../storage/database.ts";
import { type Delivery, leaseDeliveries, readNextDue, recordDelivery } from "../storage/deliveries.ts";
import { appendSessionEvent } from "../storage/sessions.ts";
import { readSignatureSecret } from "../storage/signature-secrets.ts";
import type { Answer, Post } from "./post.ts";
import { retryAt, verdictOf } from "./retry.ts";
import { signatureHeader } from "./signature.ts";

/** The contract's limit for a callback (R72). */
const timeout_ms = 10_000;
/** Longer than a request may take, so that a living sender never loses its lease. */
const lease_ms = 30_000;
/** Requests under way at once. */
const underWayMax = 64;
/** How often the outbox is looked at when no hint comes. */
const lookEvery_ms = 1_000;

export interface SenderParts extends Environment {
  readonly db: Database;
  readonly post: Post;
}

export class Sender {
  readonly #parts: SenderParts;
  readonly #under_way = new Set<Promise<void>>();
  #timer: Timer | undefined;
  #stopped = false;
  #leasing: Promise<void> | undefined;
  #again = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** There may be something to send: look, or look once more. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#leasing ??= this.#lease();
  }

  /** Resolves when what is under way has been recorded; nothing is begun after. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#leasing;
    await Promise.all(this.#under_way);
  }

  /** Takes what is due, as far as there is room; each is sent by itself, so that a slow receiver delays nobody else. */
  async #lease(): Promise<void> {
    this.#timer?.cancel();
    while (this.#again && !this.#stopped) {
      this.#again = false;
      await this.#takeDue().catch((error: unknown) =>
        this.#parts.log.warn({ problem: String(error) }, "the outbox could not be read; looking again soon"),
      );
    }
    this.#leasing = undefined;
    if (!this.#stopped) await this.#sleep();
  }

  async #takeDue(): Promise<void> {
    const room = underWayMax - this.#under_way.size;
    if (room <= 0) return;
    const { db, clock, log } = this.#parts;
    const now = clock.now();
    const iso = (ms: number) => new Date(ms).toISOString();
    const leased = await db.atOnce((tx) => leaseDeliveries(tx, iso(now), iso(now + lease_ms), room));
    for (const delivery of leased) {
      const sending: Promise<void> = this.#send(delivery)
        .catch((error: unknown) => log.warn({ delivery_id: delivery.id, problem: String(error) }, "not recorded"))
        .finally(() => {
          this.#under_way.delete(sending);
          this.wake();
        });
      this.#under_way.add(sending);
    }
  }

  async #send(delivery: Delivery): Promise<void> {
    const answer = await this.#parts.post(
      {
        method: delivery.method,
        url: delivery.url,
        headers: {
          "event-delivery": delivery.id,
          "user-agent": "Tapline",
          ...(await this.#signature(delivery)),
          ...(delivery.body === null ? {} : { "content-type": "application/json" }),
        },
        body: delivery.body,
      },
      timeout_ms,
    );
    await this.#record(delivery, answer);
  }

  /** With the account's newest secret, read at each try; an account without one signs nothing. */
  async #signature(delivery: Delivery): Promise<Record<string, string>> {
    const { db, clock } = this.#parts;
    const newest = await readSignatureSecret(db, delivery.account_id);
    if (newest === undefined) return {};
    const now_s = Math.floor(clock.now() / 1000);
    return { "dintero-signature": signatureHeader(newest.secret, delivery, now_s) };
  }

  async #record(delivery: Delivery, answer: Answer): Promise<void> {
    const { db, clock, random, log } = this.#parts;
    const { account_id, session_id, transaction_id, id } = delivery;
    const status = verdictOf(answer, delivery.attempts + 1);
    const words = "status" in answer ? `HTTP ${answer.status}` : answer.problem;
    const due_at = status === "PENDING" ? retryAt(delivery.attempts + 1, clock.now(), random) : null;
    const now = new Date(clock.now()).toISOString();
    await db.transaction(async (tx) => {
      await recordDelivery(tx, delivery, { status, answer: words, due_at }, now);
      if (status !== "DELIVERED") return;
      const details = { transaction_event_id: String(delivery.transaction_event_id) };
      await appendSessionEvent(tx, { account_id, session_id, name: "AUTH_CALLBACK_SENT", now, details });
    });
    log.info({ account_id, session_id, transaction_id, delivery_id: id, status, answer: words }, "callback");
  }

  async #sleep(): Promise<void> {
    const { db, clock } = this.#parts;
    const next = await readNextDue(db).catch(() => undefined);
    const until_ms = next === undefined ? lookEvery_ms : Date.parse(next) - clock.now();
    if (this.#stopped || this.#leasing !== undefined) return;
    this.#timer = clock.after(Math.min(Math.max(until_ms, 10), lookEvery_ms), () => this.wake());
  }
}
