/**
 * A history of one terminal: what happens to it, step by step, and what must hold after every step and at the end
 * (design section 2, G1 to G5). The till, the person, the network and the power are the test's; the rest is real.
 */
import assert from "node:assert/strict";
import type { Trouble } from "../../src/contract/account.ts";
import type { PromptStatus } from "../../src/domain/prompt.ts";
import { Rejection } from "../../src/domain/rejections.ts";
import { cancelSession } from "../../src/flows/cancellation.ts";
import { decideIncident } from "../../src/flows/decision.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { startSale } from "../../src/flows/sale.ts";
import { approves, Device, declines, fails } from "./honest-device.ts";
import { enrol } from "./honest-enrol.ts";
import { type SimulationServer, saleRequest } from "./honest-server.ts";
import { Wire } from "./honest-wire.ts";

const cards = { approves, declines, fails };

export type Step =
  | { readonly does: "sale"; readonly amount: number }
  | { readonly does: "cancel" }
  | { readonly does: "tap"; readonly card: keyof typeof cards; readonly waits: boolean }
  | { readonly does: "red key" }
  | { readonly does: "time passes"; readonly s: number }
  | { readonly does: "wire cut" }
  | { readonly does: "wire out" }
  | { readonly does: "wire mended" }
  | { readonly does: "lost on the wire"; readonly way: "up" | "down" }
  | { readonly does: "power cut" }
  | { readonly does: "power cut in a write"; readonly nth: number; readonly after_write: boolean }
  | { readonly does: "power back" }
  | { readonly does: "wiped" }
  | ({ readonly does: "trouble" } & Trouble)
  | { readonly does: "decision"; readonly outcome: "paid" | "not_paid" }
  | { readonly does: "quiet" };

interface Reversal {
  readonly id: string;
  readonly status: string;
  readonly journal_id: string;
}
interface Row {
  readonly session_id: string;
  readonly cancelled_at: string | null;
  readonly transaction_status: string;
  readonly authorized_amount: number;
  readonly captured_amount: number;
  readonly prompt_id: string;
  readonly prompt_status: PromptStatus;
  readonly amount: number;
  readonly reversal: Reversal | null;
  readonly money_events: readonly { event: string; success: boolean; amount: number }[];
  readonly callbacks: number;
  readonly words: readonly { sequence: number; verdict: string; outcome: string }[];
  readonly incidents: readonly { kind: string; outcome: string | null }[];
}

const lookAtEverything = `
  SELECT session.id AS session_id, session.cancelled_at, transaction.status AS transaction_status,
    transaction.authorized_amount, transaction.captured_amount, prompt.id AS prompt_id, prompt.status AS prompt_status,
    prompt.amount,
    (SELECT json_build_object('id', reversal.id, 'status', reversal.status, 'journal_id', reversal.journal_id) FROM reversals AS reversal
     WHERE reversal.account_id = prompt.account_id AND reversal.prompt_id = prompt.id) AS reversal,
    (SELECT json_agg(json_build_object('event', event.event, 'success', event.success, 'amount', event.amount)
       ORDER BY event.id) FROM transaction_events AS event
     WHERE event.account_id = prompt.account_id AND event.transaction_id = transaction.id AND event.id > 1) AS money_events,
    (SELECT count(*)::integer FROM deliveries AS delivery
     WHERE delivery.account_id = prompt.account_id AND delivery.session_id = session.id) AS callbacks,
    (SELECT json_agg(json_build_object('sequence', word.sequence, 'verdict', word.verdict,
       'outcome', word.frame ->> 'outcome') ORDER BY word.sequence) FROM terminal_results AS word
     WHERE word.account_id = prompt.account_id AND word.prompt_id = prompt.id) AS words,
    (SELECT json_agg(json_build_object('kind', incident.kind, 'outcome', incident.outcome)) FROM incidents AS incident
     WHERE incident.account_id = prompt.account_id AND incident.prompt_id = prompt.id) AS incidents
  FROM prompts AS prompt
  JOIN sessions AS session ON session.account_id = prompt.account_id AND session.id = prompt.session_id
  JOIN transactions AS transaction ON transaction.account_id = prompt.account_id AND transaction.session_id = session.id
  WHERE prompt.terminal_id = $1 ORDER BY prompt.created_at, prompt.id`;

/** What each status of a prompt reads as to the till; EXPIRED is told apart by the journal. */
const reads: Readonly<Record<PromptStatus, readonly string[]>> = {
  WAITING: [],
  PENDING: ["INITIATED"],
  SENT: ["INITIATED"],
  SHOWN: ["INITIATED"],
  PROCESSING: ["INITIATED"],
  UNRESOLVED: ["UNKNOWN"],
  APPROVED: ["CAPTURED"],
  DECLINED: ["DECLINED"],
  CANCELLED: ["DECLINED"],
  EXPIRED: ["DECLINED", "FAILED"],
  FAILED: ["FAILED"],
};

const finals = new Set(["CAPTURED", "DECLINED", "FAILED"]);
const said_no = new Set(["DECLINED", "FAILED"]);
const reversal_ended = new Set(["REVERSED", "REFUSED"]);

const soon = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How far the clock jumps at once: less than a link may be silent for, so that heartbeats keep it alive. */
const jump_ms = 2_000;

export class History {
  readonly #server: SimulationServer;
  readonly #device: Device;
  readonly #wire: Wire;
  readonly #sessions: string[] = [];
  readonly #final = new Map<string, string>();
  readonly #cancels: { session_id: string; answer: Promise<string> }[] = [];

  private constructor(server: SimulationServer, device: Device, wire: Wire) {
    this.#server = server;
    this.#device = device;
    this.#wire = wire;
  }

  static async begin(server: SimulationServer): Promise<History> {
    const wire = await Wire.to(server.port);
    const { terminal_id, sign } = await enrol(server.world);
    const { clock, random } = server.world;
    const address = `ws://127.0.0.1:${wire.port}/v1/terminals/connect`;
    const device = new Device({ clock, random, address, terminal_id, sign });
    await device.switchOn();
    return new History(server, device, wire);
  }

  end(): void {
    this.#device.retire();
    this.#wire.close();
  }

  /** Takes a step, and goes on while it takes effect. */
  async take(step: Step): Promise<void> {
    switch (step.does) {
      case "sale":
        return this.#sell(step.amount);
      case "cancel":
        return this.#cancel();
      case "tap":
        if (step.waits) await this.#device.untilItWaits(30);
        // Where the power goes in the middle, it never comes back.
        void this.#device.terminal?.presentCard(cards[step.card]);
        return;
      case "red key":
        void this.#device.terminal?.pressCancel();
        return;
      case "time passes":
        return this.#pass(step.s);
      case "wire cut":
        return this.#wire.cut();
      case "wire out":
        return this.#wire.takeOut();
      case "wire mended":
        return this.#wire.mend();
      case "lost on the wire":
        return this.#wire.lose(step.way);
      case "power cut":
        return this.#device.cutPower();
      case "power cut in a write":
        return this.#device.cutPower(step);
      case "power back":
        return this.#device.switchOn();
      case "wiped":
        return this.#device.wipe();
      case "trouble":
        return this.#device.troubles.order(step);
      case "decision":
        return this.#decide(step.outcome);
      case "quiet":
        return soon(8);
    }
  }

  /** What must hold at any moment. */
  async check(): Promise<void> {
    // The host's book first: a no that is said afterwards must be true of it.
    const moved = this.#device.moneyMoved();
    this.#checkJournal();
    for (const row of await this.#look()) {
      this.#checkBooks(row);
      const before = this.#final.get(row.session_id);
      if (before !== undefined) assert.equal(row.transaction_status, before, "G1: a final outcome has changed");
      if (finals.has(row.transaction_status)) this.#final.set(row.session_id, row.transaction_status);
      if (!said_no.has(row.transaction_status) || !moved.has(row.prompt_id) || this.#liedUnheard(row)) continue;
      if (this.#isAPersonsWord(row, "not_paid")) continue;
      assert.ok(row.reversal !== null, `G3: ${row.transaction_status} was said, the money has moved: ${say(row)}`);
    }
  }

  /** All troubles end, and time passes until everything is settled. */
  async heal(): Promise<void> {
    this.#device.makePeace();
    this.#wire.mend();
    for (let passed_s = 0; passed_s < 240; passed_s += jump_ms / 1000) {
      await this.#device.switchOn();
      await this.#pass(jump_ms / 1000);
      await this.check();
      if (await this.#isSettled()) break;
    }
  }

  /** What must hold once all troubles have ended. */
  async checkEnd(): Promise<void> {
    const moved = this.#device.moneyMoved();
    const rows = await this.#look();
    for (const row of rows) this.#checkSettled(row, moved);
    assert.equal(await this.#occupant(), null, `the terminal's seat is not free: ${rows.map(say).join("\n")}`);
    for (const { session_id, answer } of this.#cancels) {
      const row = rows.find((candidate) => candidate.session_id === session_id);
      if (row !== undefined) this.#checkCancel(row, await answer, moved);
    }
  }

  async #sell(amount: number): Promise<void> {
    try {
      const { session_id } = await startSale(this.#server.world, saleRequest(this.#device.terminal_id, amount));
      this.#sessions.push(session_id);
    } catch (error) {
      if (!(error instanceof Rejection) || error.code !== "TERMINAL_BUSY") throw error;
    }
  }

  #cancel(): void {
    const session_id = this.#sessions.at(-1);
    if (session_id === undefined) return;
    const { account_id, client_id } = demo;
    const request_id = "a request";
    const answer = cancelSession(this.#server.world, { account_id, client_id, request_id, session_id }).then(
      () => "cancelled",
      (error: unknown) => {
        if (error instanceof Rejection) return error.code;
        throw error;
      },
    );
    // What goes wrong is told at the end, where it is awaited.
    answer.catch(() => {});
    this.#cancels.push({ session_id, answer });
  }

  async #decide(outcome: "paid" | "not_paid"): Promise<void> {
    const [incident] = await this.#server.database.sql<{ id: string }>(
      `SELECT incident.id FROM incidents AS incident
       JOIN prompts AS prompt ON prompt.account_id = incident.account_id AND prompt.id = incident.prompt_id
       WHERE incident.terminal_id = $1 AND incident.kind = 'UNRESOLVED_PAYMENT' AND incident.decided_at IS NULL`,
      [this.#device.terminal_id],
    );
    if (incident === undefined) return;
    const { account_id, client_id } = demo;
    const decision = { account_id, client_id, incident_id: incident.id, outcome, reason: "The host said so." };
    await decideIncident(this.#server.world, decision).catch((error: unknown) => {
      // The terminal has said it meanwhile.
      if (!(error instanceof Rejection)) throw error;
    });
  }

  async #pass(seconds: number): Promise<void> {
    for (let left_ms = seconds * 1000; left_ms > 0; left_ms -= jump_ms) {
      this.#server.clock.jump(Math.min(jump_ms, left_ms));
      await soon(4);
    }
  }

  #look(): Promise<Row[]> {
    return this.#server.database.sql<Row>(lookAtEverything, [this.#device.terminal_id]);
  }

  async #occupant(): Promise<string | null> {
    const text = "SELECT occupant_id FROM terminal_seats WHERE terminal_id = $1";
    const [seat] = await this.#server.database.sql<{ occupant_id: string | null }>(text, [this.#device.terminal_id]);
    return seat?.occupant_id ?? null;
  }

  async #isSettled(): Promise<boolean> {
    const open = (row: Row) => !finals.has(row.transaction_status) || this.#isBeingReversed(row);
    if ((await this.#look()).some((row) => open(row) && !this.#isAPersonsNow(row))) return false;
    return (await this.#occupant()) === null && this.#undelivered(this.#device.journal.length).length === 0;
  }

  /** Each prompt is shown once, and none while an outcome waits for its acknowledgement (G2). */
  #checkJournal(): void {
    const { journal } = this.#device;
    const shown = new Set(this.#device.shownBeforeItWasWiped);
    for (const [index, entry] of journal.entries()) {
      if (entry.kind !== "shown") continue;
      assert.ok(!shown.has(entry.prompt_id), `G2: ${entry.prompt_id} was shown twice`);
      shown.add(entry.prompt_id);
      assert.deepEqual(this.#undelivered(index), [], `G2: ${entry.prompt_id} was shown while these were undelivered`);
    }
  }

  /** Sequence numbers that waited for their acknowledgement when the journal was so long. */
  #undelivered(length: number): number[] {
    const waiting = new Map<string, number>();
    for (const entry of this.#device.journal.slice(0, length)) {
      if (entry.kind === "concluded") waiting.set(entry.result.prompt_id, entry.result.sequence);
      if (entry.kind === "reversed") waiting.set(entry.result.reversal_id, entry.result.sequence);
      if (entry.kind === "advised") waiting.set(entry.result.advice_id, entry.result.sequence);
      if (entry.kind !== "acknowledged") continue;
      for (const [about, sequence] of waiting) if (sequence === entry.sequence) waiting.delete(about);
    }
    return [...waiting.values()];
  }

  /** Transaction, events and callbacks say the same as the prompt. */
  #checkBooks(row: Row): void {
    const { prompt_status, transaction_status, money_events, callbacks, amount } = row;
    assert.ok(reads[prompt_status].includes(transaction_status), `the books do not agree: ${say(row)}`);
    if (prompt_status === "EXPIRED") {
      const was_shown = this.#device.hasShown(row.prompt_id);
      assert.equal(transaction_status, was_shown ? "DECLINED" : "FAILED", `shown: ${was_shown}, but ${say(row)}`);
    }
    const paid = transaction_status === "CAPTURED" ? amount : 0;
    assert.deepEqual([row.authorized_amount, row.captured_amount], [paid, paid], say(row));
    const written = (money_events ?? []).map(({ event, success }) => `${event} ${success}`);
    const expected = paid > 0 ? ["AUTHORIZE true", "CAPTURE true"] : ["AUTHORIZE false"];
    assert.deepEqual(written, finals.has(transaction_status) ? expected : [], say(row));
    assert.equal(callbacks, finals.has(transaction_status) ? 1 : 0, `callbacks of ${say(row)}`);
    if (row.cancelled_at !== null) assert.equal(transaction_status, "DECLINED", say(row));
  }

  #checkSettled(row: Row, moved: ReadonlySet<string>): void {
    if (!this.#isAPersonsNow(row)) assert.ok(finals.has(row.transaction_status), `not settled: ${say(row)}`);
    assert.ok(!this.#isBeingReversed(row), `a reversal is left open: ${say(row)}`);
    if (row.reversal !== null && !reversal_ended.has(row.reversal.status)) return;
    if (this.#liedUnheard(row) || this.#isAPersonsNow(row) || this.#isAPersonsWord(row, "paid")) return;
    // The journal that could have contradicted the person is gone.
    if (this.#device.wasWiped && this.#isAPersonsWord(row, "not_paid")) return;
    const in_our_books = row.transaction_status === "CAPTURED";
    assert.equal(moved.has(row.prompt_id), in_our_books, `G5: money moved is not money booked: ${say(row)}`);
  }

  #checkCancel(row: Row, answer: string, moved: ReadonlySet<string>): void {
    if (answer === "cancelled") {
      assert.equal(row.transaction_status, "DECLINED", `the till was told that it is cancelled: ${say(row)}`);
      assert.ok(row.cancelled_at !== null, say(row));
      if (!this.#liedUnheard(row) && !this.#isAPersonsNow(row)) assert.ok(!moved.has(row.prompt_id), say(row));
      return;
    }
    assert.ok(["SESSION_CANCEL_CONFLICT", "TERMINAL_UNREACHABLE"].includes(answer), `${answer}: ${say(row)}`);
  }

  /** Only the journal that holds an approval can have it taken back: one that is lost leaves it to a person, in time. */
  #isBeingReversed({ reversal }: Row): boolean {
    if (reversal === null || reversal_ended.has(reversal.status)) return false;
    return this.#device.journal.some((entry) => entry.kind === "made" && entry.journal_id === reversal.journal_id);
  }

  /** An incident is open that only a person settles. */
  #isAPersonsNow({ incidents }: Row): boolean {
    return (incidents ?? []).some(
      ({ kind, outcome }) =>
        outcome === null && ["CONTRADICTION", "REVERSAL_REFUSED", "SEQUENCE_BACKWARDS", "JOURNAL_LOST"].includes(kind),
    );
  }

  /** A person has said what became of it, and the terminal has not been heard; it may never have heard of the prompt. */
  #isAPersonsWord({ incidents, words }: Row, said: "paid" | "not_paid"): boolean {
    return words === null && (incidents ?? []).some(({ outcome }) => outcome === said);
  }

  /** The terminal said two things, and the first was lost with its sender: nobody can know. */
  #liedUnheard({ prompt_id, words }: Row): boolean {
    const said = this.#device.journal.flatMap((entry) =>
      entry.kind === "concluded" && entry.result.prompt_id === prompt_id ? [entry.result.sequence] : [],
    );
    const heard = new Set((words ?? []).map(({ sequence }) => sequence));
    return said.length > 1 && !said.every((sequence) => heard.has(sequence));
  }
}

const say = (row: Row): string => JSON.stringify(row);
