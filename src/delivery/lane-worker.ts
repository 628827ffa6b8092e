/**
 * Works on one lane until there is nothing left to do: sends what is due, several at a time, as long as the receiver
 * answers; one at a time once it has failed; nothing but a probe while its hook is paused; and then what was kept, in the
 * order in which it happened.
 */
import { type Delivery, readDue, readInOrder, readLastInOrder, refuseWaiting } from "../storage/deliveries.ts";
import { type PlacedEvent, readEventsAt } from "../storage/events.ts";
import { type Lane, markDrained, pauseLane, readLane, resumeLane } from "../storage/lanes.ts";
import { readSignatureSecret } from "../storage/signature-secrets.ts";
import { type Attempted, attempt, wordsOf } from "./attempt.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import { probeMessage } from "./probe.ts";
import { probeAt, verdictOf } from "./retry.ts";

/** Requests to one receiver at once: while it answers, and once it has failed. */
const togetherMax = 8;
const togetherWhileFailing = 1;
/** Read at once, two rounds of a receiver that answers at once. */
const readTogether = 16;
/** What was read is older than this where the receiver is slow: then it is read anew. */
const freshFor_ms = 500;
/** Read at once while draining; of the lane of a deleted hook, ended at once. */
const drainedTogether = 100;
const refusedTogether = 1_000;

/** A delivery with what it tells of. */
interface Prepared {
  readonly delivery: Delivery;
  readonly event: PlacedEvent | undefined;
  /** What callbacks are signed with. */
  readonly secret: string | undefined;
}

/** What ends a round of sending before everything is sent. */
interface Round {
  /** The lane was paused by what was sent, or is not what it was: it is looked at anew. */
  is_over: boolean;
  problem?: unknown;
}

export class LaneWorker {
  readonly #parts: DeliveryParts;
  readonly #key: { readonly account_id: string; readonly id: string };
  readonly #under_way = new Map<string, Promise<void>>();
  readonly #given_up: AbortSignal;
  /** Read, and not begun yet. */
  #ready: Prepared[] = [];
  /** In monotonic time. */
  #read_ms = 0;
  #failures = 0;
  #stopped = false;
  #look: () => void = () => {};

  /** `given_up`: the answers of receivers are waited for no longer. */
  constructor(
    parts: DeliveryParts,
    key: { readonly account_id: string; readonly id: string },
    given_up: AbortSignal = new AbortController().signal,
  ) {
    this.#parts = parts;
    this.#key = key;
    this.#given_up = given_up;
  }

  /** So many deliveries are due: what is in hand is among them. */
  nudge(due_count: number): void {
    if (due_count > this.#under_way.size + this.#ready.length) this.#look();
  }

  /** Nothing more is begun. */
  stop(): void {
    this.#stopped = true;
    this.#look();
  }

  /** Resolves when nothing is due any more, and what was under way is recorded. */
  async work(): Promise<void> {
    for (;;) {
      const lane = this.#stopped ? undefined : await this.#readOurs();
      if (lane === undefined) return;
      this.#failures = lane.failures;
      if (!(await this.#goOn(lane))) return;
    }
  }

  #goOn(lane: Lane): Promise<boolean> {
    if (lane.is_deleted) return this.#refuseAll(lane);
    if (lane.paused_at !== null) return this.#probe(lane);
    return lane.draining ? this.#drain(lane) : this.#sendDue(lane);
  }

  /** The subscription was deleted: nothing more goes out to it. */
  async #refuseAll(lane: Lane): Promise<boolean> {
    const { db, clock } = this.#parts;
    const now = new Date(clock.now()).toISOString();
    const refused = await db.atOnce((tx) => refuseWaiting(tx, lane, now, refusedTogether));
    return refused === refusedTogether;
  }

  /** The lane as it is now; `undefined` where another process has it: we may have been taken for dead. */
  async #readOurs(): Promise<Lane | undefined> {
    const lane = await readLane(this.#parts.db, this.#key);
    return lane?.held_by === this.#parts.process_id ? lane : undefined;
  }

  /** False when nothing is left. True when the lane is to be looked at anew. */
  async #sendDue(lane: Lane): Promise<boolean> {
    const round: Round = { is_over: false };
    let current: Lane | undefined = lane;
    for (;;) {
      const nudged = new Promise<void>((resolve) => {
        this.#look = resolve;
      });
      // What was read long ago would go out after a pause, to a deleted hook, or under a secret that was replaced.
      if (this.#parts.clock.monotonic() - this.#read_ms > freshFor_ms) this.#ready = [];
      if (this.#room(round) > 0 && this.#ready.length === 0) {
        const sending: Lane | undefined = current ?? (await this.#rereadToSend(round));
        current = undefined;
        if (sending !== undefined) await this.#readLot(sending, round);
        lane = sending ?? lane;
      }
      for (const prepared of this.#ready.splice(0, this.#room(round))) this.#begin(lane, prepared, round);
      if (this.#under_way.size === 0) {
        this.#ready = [];
        if (round.problem !== undefined) throw round.problem;
        return round.is_over;
      }
      await Promise.race([nudged, ...this.#under_way.values()]);
    }
  }

  #room({ is_over, problem }: Round): number {
    if (this.#stopped || is_over || problem !== undefined) return 0;
    const together = this.#failures > 0 ? togetherWhileFailing : togetherMax;
    return Math.max(0, together - this.#under_way.size);
  }

  async #rereadToSend(round: Round): Promise<Lane | undefined> {
    try {
      const lane = await this.#readOurs();
      if (lane !== undefined && lane.paused_at === null && !lane.draining && !lane.is_deleted) return lane;
      round.is_over = true;
    } catch (error) {
      round.problem = error;
    }
    return undefined;
  }

  async #readLot(lane: Lane, round: Round): Promise<void> {
    const { db, clock } = this.#parts;
    const now = new Date(clock.now()).toISOString();
    this.#read_ms = clock.monotonic();
    try {
      this.#ready = await this.#prepared(await readDue(db, lane, now, [...this.#under_way.keys()], readTogether));
    } catch (error) {
      // What is under way is waited for: nobody else may begin it again meanwhile.
      round.problem = error;
    }
  }

  async #prepared(deliveries: readonly Delivery[]): Promise<Prepared[]> {
    const has_callbacks = deliveries.some(({ kind }) => kind === "callback");
    const newest = has_callbacks ? await readSignatureSecret(this.#parts.db, this.#key.account_id) : undefined;
    const positions = deliveries.flatMap((delivery) => (delivery.kind === "webhook" ? delivery.event_position : []));
    const { db } = this.#parts;
    const events = positions.length === 0 ? [] : await readEventsAt(db, this.#key.account_id, positions);
    const byPosition = new Map(events.map((event) => [event.position, event]));
    return deliveries.map((delivery) => ({
      delivery,
      event: delivery.kind === "webhook" ? byPosition.get(delivery.event_position) : undefined,
      secret: newest?.secret,
    }));
  }

  #begin(lane: Lane, prepared: Prepared, round: Round): void {
    const { id } = prepared.delivery;
    const sending = this.#send(lane, prepared)
      .then(({ is_paused, is_ours }) => {
        round.is_over ||= is_paused || !is_ours;
      })
      // What came of it is not recorded, so it is sent again: at least once is what was promised.
      .catch((error: unknown) => {
        round.problem = error;
      })
      .finally(() => this.#under_way.delete(id));
    this.#under_way.set(id, sending);
  }

  /**
   * What has been kept until now, one after the other, in order; what comes meanwhile may go together again. Ends with the
   * first that fails: where the receiver had been failing, the lane is paused again.
   */
  async #drain(lane: Lane): Promise<boolean> {
    const { db, settle } = this.#parts;
    const last = await readLastInOrder(db, lane);
    for (let position = 0; position < last; ) {
      const kept = await this.#prepared(await readInOrder(db, lane, drainedTogether));
      if (kept.length === 0) break;
      for (const prepared of kept) {
        position = prepared.event?.position ?? last;
        if (position > last) break;
        if (this.#stopped) return true;
        const { is_paused, is_ours, failures } = await this.#send(lane, prepared);
        if (is_paused || !is_ours) return true;
        // What was redelivered or resumed by a person, and fails, waits for its own retry; the rest goes out as ever.
        if (failures > 0) {
          await db.atOnce((tx) => markDrained(tx, lane));
          return true;
        }
        // Somebody may pause it at any time, or delete its hook: what is left is looked at anew.
        const now = await readLane(db, lane);
        if (now === undefined || now.is_deleted || !now.draining) return true;
      }
    }
    await db.transaction(async (tx) => {
      await markDrained(tx, lane);
      await settle(tx, lane, "The receiver answers again, and has had what was kept for it.");
    });
    return true;
  }

  /** Asks a receiver that failed whether it is back; no try of what waits is spent. False while it is not. */
  async #probe(lane: Lane): Promise<boolean> {
    const { db, clock, random, post, limits, log } = this.#parts;
    const { hook, account_id } = lane;
    if (hook === null || lane.probe_at === null || Date.parse(lane.probe_at) > clock.now()) return false;
    const probe = { ...probeMessage(account_id, hook, clock.now(), random), timeout_ms: limits.webhook_timeout_ms };
    const answer = await post(probe, this.#given_up);
    if (this.#given_up.aborted) return false;
    // As of any delivery: a receiver whose address is gone has not come back because somebody answers there.
    const verdict = verdictOf("webhook", answer, 1);
    const is_back = verdict === "DELIVERED" || (verdict === "REFUSED" && "status" in answer);
    log.info({ account_id, hook_id: hook.id, answer: wordsOf(answer), is_back }, "probe of a paused hook");
    const now = new Date(clock.now()).toISOString();
    const probe_at = probeAt(lane.paused_at, clock.now(), limits.probe_every_ms);
    await db.transaction(async (tx) => {
      if (is_back) await resumeLane(tx, lane, "tapline");
      else await pauseLane(tx, lane, { paused_by: "tapline", probe_at, now });
    });
    return is_back;
  }

  async #send(lane: Lane, prepared: Prepared): Promise<Attempted> {
    const attempted = await attempt(this.#parts, { lane, ...prepared, given_up: this.#given_up });
    this.#failures = attempted.failures;
    return attempted;
  }
}
