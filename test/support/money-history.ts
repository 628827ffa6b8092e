/**
 * A history of the payments on two terminals of a shop: what happens to them, step by step, what must hold after every
 * step, and what must hold once every trouble has ended. The tills, the cards, the lines, the power and the host are the
 * test's; the flows and the database are real.
 */
import assert from "node:assert/strict";
import { newUuid } from "../../src/domain/ids.ts";
import type { DecisionOutcome } from "../../src/domain/incident.ts";

import { Rejection } from "../../src/domain/rejections.ts";
import {
  type AnsweredOperation,
  captureTransaction,
  lapseAuthorizations,
  voidTransaction,
} from "../../src/flows/advice.ts";
import { cancelSession } from "../../src/flows/cancellation.ts";
import { actOnDeadlines } from "../../src/flows/deadlines.ts";
import { decideIncident } from "../../src/flows/decision.ts";
import { demo } from "../../src/flows/demo-account.ts";
import type { RequestKey } from "../../src/flows/idempotency.ts";
import { type StartedOperation, startRefund } from "../../src/flows/refund.ts";
import { startSale } from "../../src/flows/sale.ts";
import { enrol } from "./honest-enrol.ts";
import { saleRequest } from "./honest-server.ts";
import { checkPayment, initiated, outcomesOf, type Payment, type PromptRow, readBooks, say } from "./money-books.ts";
import { type CardAnswer, HostBook } from "./money-host.ts";
import type { MoneyServer, Pace, Way } from "./money-server.ts";
import { BookTerminal } from "./money-terminal.ts";

/** What may happen in the same moment: at the tills, at the terminals, and in the server itself. */
export type AtOnce =
  | {
      readonly does: "refund";
      readonly payment: number;
      readonly at: number;
      readonly quarters: number;
      readonly twice: boolean;
    }
  | { readonly does: "capture"; readonly payment: number; readonly quarters: number; readonly twice: boolean }
  | { readonly does: "void"; readonly payment: number }
  | { readonly does: "cancel"; readonly payment: number }
  | { readonly does: "deadlines" }
  | { readonly does: "lapses" }
  | { readonly does: "a frame arrives"; readonly at: number }
  | { readonly does: "decisions" };

export type Step =
  | AtOnce
  | { readonly does: "at once"; readonly these: readonly AtOnce[] }
  | { readonly does: "sale"; readonly at: number; readonly amount: number; readonly captured: boolean }
  | { readonly does: "tap"; readonly at: number; readonly card: CardAnswer; readonly answered: boolean }
  | { readonly does: "the host answers"; readonly at: number }
  | { readonly does: "the host refuses"; readonly what: "advice" | "reversal" }
  | { readonly does: "red key"; readonly at: number }
  | { readonly does: "line cut"; readonly at: number }
  | { readonly does: "line back"; readonly at: number }
  | { readonly does: "line"; readonly at: number; readonly way: Way; readonly pace: Pace }
  | { readonly does: "power cut"; readonly at: number }
  | { readonly does: "power cut before it writes"; readonly at: number }
  | { readonly does: "power back"; readonly at: number }
  | { readonly does: "keeps its results"; readonly at: number }
  | { readonly does: "tells its results"; readonly at: number }
  | { readonly does: "says it again"; readonly at: number; readonly which: number }
  | { readonly does: "replaced lines speak" }
  | { readonly does: "time passes"; readonly s: number };

/** How far the clock goes at once: no further than the least difference between two limits. */
const pass_s = 2;
/** Long enough for every limit of a simulation, one after the other. */
const heal_s = 300;
const heal_step_s = 4;

const open_statuses = ["PENDING", "SENT", "SHOWN", "PROCESSING"];
/** What an honest terminal never gives cause for. */
const dishonest = ["ORPHAN_RESULT", "FOREIGN_RESULT", "SEQUENCE_BACKWARDS", "CONTRADICTION", "WRONG_AMOUNT"];

interface AskedOnce {
  readonly account_id: string;
  readonly client_id: string;
  readonly request_id: string;
  readonly transaction_id: string;
  readonly idempotency: RequestKey;
  readonly request_headers: Readonly<Record<string, string>>;
}

interface Call {
  readonly what: "capture" | "void" | "refund";
  readonly request_id: string;
  /** "done" is a 200, "accepted" a 202. */
  answer?: string;
}

export class MoneyHistory {
  readonly #server: MoneyServer;
  readonly #host = new HostBook();
  readonly #terminals: readonly BookTerminal[];
  readonly #transactions: string[] = [];
  readonly #calls: Call[] = [];
  readonly #repeated: string[] = [];
  readonly #broken: unknown[] = [];
  #decided = false;

  private constructor(server: MoneyServer, terminal_ids: readonly string[]) {
    this.#server = server;
    const [host, clock] = [this.#host, server.clock];
    this.#terminals = terminal_ids.map((terminal_id) => new BookTerminal({ terminal_id, host, clock }));
  }

  static async begin(server: MoneyServer): Promise<MoneyHistory> {
    const enrolled = [await enrol(server.world), await enrol(server.world)];
    const history = new MoneyHistory(
      server,
      enrolled.map(({ terminal_id }) => terminal_id),
    );
    for (const terminal of history.#terminals) await server.connect(terminal);
    return history;
  }

  async end(): Promise<void> {
    for (const terminal of this.#terminals) await this.#server.retire(terminal);
  }

  #books(): Promise<Payment[]> {
    return readBooks(this.#server.database, this.#ids);
  }

  get #ids(): string[] {
    return this.#terminals.map(({ terminal_id }) => terminal_id);
  }

  async take(step: Step): Promise<void> {
    await this.#act(step);
    await this.#server.settle();
    if (this.#broken.length > 0) throw this.#broken[0];
  }

  async #act(step: Step): Promise<void> {
    switch (step.does) {
      case "at once":
        await Promise.all(step.these.map((one) => this.#actAtOnce(one)));
        return;
      case "sale":
        return this.#sell(step);
      case "replaced lines speak":
        return this.#server.replacedLinesSpeak();
      case "the host refuses":
        return void this.#host.refuses.add(step.what);
      case "time passes":
        for (let left_s = step.s; left_s > 0; left_s -= pass_s) {
          await this.#server.pass(Math.min(pass_s, left_s) * 1_000);
        }
        return;
      case "tap":
      case "the host answers":
      case "red key":
      case "line cut":
      case "line back":
      case "line":
      case "power cut":
      case "power cut before it writes":
      case "power back":
      case "keeps its results":
      case "tells its results":
      case "says it again":
        return this.#atTerminal(step, this.#terminal(step.at));
      default:
        return this.#actAtOnce(step);
    }
  }

  async #actAtOnce(step: AtOnce): Promise<void> {
    switch (step.does) {
      case "refund":
        return this.#refund(step);
      case "capture":
        return this.#capture(step);
      case "void":
        return this.#void(step.payment);
      case "cancel":
        return this.#cancel(step.payment);
      case "deadlines":
        await actOnDeadlines(this.#server.world);
        return;
      case "lapses":
        return lapseAuthorizations(this.#server.world);
      case "a frame arrives":
        return this.#server.lineOf(this.#terminal(step.at))?.arrivesNow();
      case "decisions":
        return this.#decide();
    }
  }

  async #atTerminal(step: Extract<Step, { at: number }>, terminal: BookTerminal): Promise<void> {
    const line = this.#server.lineOf(terminal);
    switch (step.does) {
      case "tap":
        if (terminal.tap(step.card) && step.answered) terminal.hostAnswers();
        return;
      case "the host answers":
        return terminal.hostAnswers();
      case "red key":
        return terminal.pressCancel();
      case "line cut":
        return this.#server.cut(terminal);
      case "line back":
        return this.#lineBack(terminal);
      case "line":
        if (line === undefined || line.pace[step.way] === "lost") return;
        if (step.pace === "lost") line.lose(step.way);
        else line.pace[step.way] = step.pace;
        return;
      case "power cut":
        terminal.cutPower();
        return this.#server.cut(terminal);
      case "power cut before it writes":
        terminal.dies_before_writing = true;
        return;
      case "power back":
        terminal.switchOn();
        return this.#lineBack(terminal);
      case "keeps its results":
        terminal.keeps_words = true;
        return;
      case "tells its results":
        terminal.keeps_words = false;
        return terminal.tellWords();
      case "says it again":
        return terminal.repeats(step.which);
    }
  }

  async #lineBack(terminal: BookTerminal): Promise<void> {
    if (!terminal.isOn) return;
    const line = this.#server.lineOf(terminal);
    const is_whole = line !== undefined && terminal.line === line && !Object.values(line.pace).includes("lost");
    if (!is_whole) await this.#server.connect(terminal);
  }

  #terminal(at: number): BookTerminal {
    const terminal = this.#terminals[at % this.#terminals.length];
    if (terminal === undefined) throw new Error("A history has terminals.");
    return terminal;
  }

  async #sell({ at, amount, captured }: Extract<Step, { does: "sale" }>): Promise<void> {
    const asked = saleRequest(this.#terminal(at).terminal_id, amount);
    const body = { ...asked.body, configuration: { auto_capture: captured } };
    try {
      await startSale(this.#server.world, { ...asked, body });
    } catch (error) {
      if (!(error instanceof Rejection) || error.code !== "TERMINAL_BUSY") throw error;
    }
    this.#transactions.splice(0, this.#transactions.length, ...(await this.#books()).map(({ id }) => id));
  }

  /** The newest is payment 0. */
  #transaction(payment: number): string | undefined {
    const { length } = this.#transactions;
    return this.#transactions[length - 1 - (payment % Math.max(1, length))];
  }

  async #refund(step: Extract<AtOnce, { does: "refund" }>): Promise<void> {
    await this.#ask("refund", step.payment, step.twice, async (asked) => {
      const payment = (await this.#books()).find(({ id }) => id === asked.transaction_id);
      const amount = this.#part(payment?.captured_amount ?? 0, step.quarters);
      const { terminal_id } = this.#terminal(step.at);
      return startRefund(this.#server.world, { ...asked, amount, terminal_id });
    });
  }

  async #capture({ payment, quarters, twice }: Extract<AtOnce, { does: "capture" }>): Promise<void> {
    await this.#ask("capture", payment, twice, async (asked) => {
      const found = (await this.#books()).find(({ id }) => id === asked.transaction_id);
      const amount = this.#part(found?.authorized_amount ?? 0, quarters);
      return captureTransaction(this.#server.world, { ...asked, amount });
    });
  }

  #void(payment: number): Promise<void> {
    return this.#ask("void", payment, false, (asked) => voidTransaction(this.#server.world, asked));
  }

  /** Five quarters are more than there is. */
  #part = (whole: number, quarters: number): number => Math.max(1, Math.floor((whole * quarters) / 4));

  /** Asks for it, and perhaps twice under one Idempotency-Key. Captures and voids are waited for by the till alone. */
  async #ask(
    what: Call["what"],
    payment: number,
    twice: boolean,
    work: (asked: AskedOnce) => Promise<AnsweredOperation | StartedOperation>,
  ): Promise<void> {
    const transaction_id = this.#transaction(payment);
    if (transaction_id === undefined) return;
    const first = this.#request(what, transaction_id);
    const { idempotency } = first;
    const asked = twice ? [first, { ...this.#request(what, transaction_id), idempotency }] : [first];
    const answers = asked.map((request) => this.#note(what, request.request_id, work(request)));
    if (what === "refund") await Promise.all(answers);
    if (twice) this.#repeated.push(...asked.map(({ request_id }) => request_id));
  }

  #request(operation: string, transaction_id: string): AskedOnce {
    const { account_id, client_id } = demo;
    const request_id = newUuid(this.#server.world.random);
    const idempotency = { operation, key: request_id, request_sha256: operation };
    return { account_id, client_id, request_id, transaction_id, idempotency, request_headers: {} };
  }

  #note(what: Call["what"], request_id: string, asked: Promise<AnsweredOperation | StartedOperation>): Promise<void> {
    const call: Call = { what, request_id };
    this.#calls.push(call);
    return this.#server.call(
      asked.then(
        ({ event_request_id }) => {
          call.answer = event_request_id === undefined ? "done" : `accepted ${event_request_id}`;
        },
        (error: unknown) => {
          if (error instanceof Rejection) call.answer = error.code;
          else this.#broken.push(error);
        },
      ),
    );
  }

  async #cancel(payment: number): Promise<void> {
    const transaction_id = this.#transaction(payment);
    const session_id = (await this.#books()).find(({ id }) => id === transaction_id)?.session_id;
    if (session_id === undefined) return;
    const { account_id, client_id } = demo;
    const asked = cancelSession(this.#server.world, { account_id, client_id, request_id: "a cancel", session_id });
    void this.#server.call(
      asked.then(
        () => {},
        (error: unknown) => void (error instanceof Rejection || this.#broken.push(error)),
      ),
    );
  }

  /** A person asks the host about every open incident, and decides what it says. */
  async #decide(): Promise<void> {
    for (const payment of await this.#books()) {
      for (const incident of payment.incidents) {
        if (incident.outcome !== null) continue;
        const outcome = this.#truth(payment, incident);
        if (outcome === undefined) continue;
        const { account_id, client_id } = demo;
        const decision = { account_id, client_id, incident_id: incident.id, outcome, reason: "The host said so." };
        this.#decided = true;
        await decideIncident(this.#server.world, decision).catch((error: unknown) => {
          // The terminal has said it meanwhile.
          if (!(error instanceof Rejection)) throw error;
        });
      }
    }
  }

  /** What there is to decide, or `undefined` where money is being taken back: that decides itself. */
  #truth(
    { prompts, advices }: Payment,
    { kind, subject, prompt_id }: Payment["incidents"][number],
  ): DecisionOutcome | undefined {
    if (kind === "ADVICE_UNANSWERED") {
      const status = advices.find(({ id }) => id === subject)?.status;
      if (status === "ACCEPTED" || status === "REFUSED") return "settled";
      return this.#host.askedOfAdvice(subject) ? "accepted" : "refused";
    }
    const prompt = prompts.find(({ id }) => id === prompt_id);
    if (prompt?.status !== "UNRESOLVED") return "settled";
    if (prompt.reversal !== null && prompt.reversal.status !== "REFUSED") return undefined;
    return this.#host.askedByPerson(prompt_id) ? "paid" : "not_paid";
  }

  /** What must hold at any moment. */
  async check(): Promise<void> {
    const books = await this.#books();
    for (const payment of books) {
      checkPayment(payment);
      for (const prompt of payment.prompts) this.#checkRefund(payment, prompt);
      const told = payment.incidents.filter(({ kind }) => dishonest.includes(kind));
      assert.deepEqual(told, [], `an honest terminal is taken for another: ${say(payment)}`);
    }
    await this.#checkScreens(books);
  }

  #checkRefund(payment: Payment, { id, status, refund, reversal }: PromptRow): void {
    if (refund === null) return;
    const told = payment.events.filter(({ correlation_request_id }) => correlation_request_id === refund.request_id);
    const paid_back = this.#host.stands(id);
    const is_told_paid = told.some(({ success }) => success);
    assert.equal(told.length, refund.outcome === null ? 0 : 1, `what was told is not what is noted: ${say(payment)}`);
    if (is_told_paid || status === "APPROVED") assert.ok(paid_back, `the host has paid nothing back: ${say(payment)}`);
    // Its amount is free: then the host has not paid it back, or is being asked to take that back.
    const is_free = refund.reserved_amount === 0 && status !== "APPROVED";
    if (is_free && paid_back) assert.ok(reversal !== null, `paid back, and nobody was told: ${say(payment)}`);
  }

  async #checkScreens(books: readonly Payment[]): Promise<void> {
    const prompts = books.flatMap((payment) => payment.prompts);
    for (const terminal of this.#terminals) {
      const open = prompts.filter(
        ({ terminal_id, status }) => terminal_id === terminal.terminal_id && open_statuses.includes(status),
      );
      assert.ok(open.length <= 1, `two prompts for one screen: ${say(open)}`);
      const occupant = await this.#occupant(terminal);
      if (open[0] !== undefined) assert.equal(occupant, open[0].id, `another sits in its seat: ${say(open)}`);
      // A person's word frees a terminal that may still be at it.
      if (!this.#decided) assert.deepEqual(terminal.crowded, [], `a prompt was sent while another was on the screen`);
    }
  }

  async #occupant({ terminal_id }: BookTerminal): Promise<string | null> {
    const text = "SELECT occupant_id FROM terminal_seats WHERE terminal_id = $1";
    const [seat] = await this.#server.database.sql<{ occupant_id: string | null }>(text, [terminal_id]);
    return seat?.occupant_id ?? null;
  }

  /** Every trouble ends, and time passes until all is settled. */
  async heal(): Promise<void> {
    this.#host.refuses.clear();
    await this.#server.replacedLinesSpeak();
    for (const terminal of this.#terminals) {
      terminal.keeps_words = false;
      terminal.dies_before_writing = false;
      await this.#server.cut(terminal);
      terminal.switchOn();
      await this.#server.connect(terminal);
    }
    for (let s = 0; s < heal_s; s += heal_step_s) {
      for (const terminal of this.#terminals) terminal.hostAnswers();
      await this.#server.settle();
      await this.#server.pass(heal_step_s * 1_000);
      await this.#decide();
      await this.check();
      if (await this.#isSettled()) break;
    }
    if (this.#broken.length > 0) throw this.#broken[0];
  }

  async #isSettled(): Promise<boolean> {
    const is_open = ({ prompts, advices, incidents, ...balance }: Payment): boolean =>
      prompts.some(({ status }) => [...open_statuses, "WAITING", "UNRESOLVED"].includes(status)) ||
      prompts.some(({ reversal }) => reversal !== null && !["REVERSED", "REFUSED"].includes(reversal.status)) ||
      advices.some(({ status }) => status === "DUE" || status === "SENT") ||
      incidents.some(({ outcome }) => outcome === null) ||
      (balance.authorized_amount > balance.captured_amount + balance.voided_amount &&
        !advices.some(({ kind }) => kind === "lapse"));
    return !this.#server.tillsWait && !(await this.#books()).some(is_open);
  }

  /** What must hold once every trouble has ended: our books and the host's are one. */
  async checkEnd(): Promise<void> {
    assert.ok(await this.#isSettled(), `not settled: ${say(await this.#books())}`);
    const books = await this.#books();
    for (const payment of books) {
      for (const event of initiated(payment)) {
        assert.equal(outcomesOf(payment, event).length, 1, `${event.event} has no end: ${say(payment)}`);
      }
      assert.equal(payment.reserved_refund_amount, 0, `money is reserved for nobody: ${say(payment)}`);
      for (const prompt of payment.prompts) this.#checkEnded(payment, prompt);
    }
    for (const terminal of this.#terminals) assert.equal(await this.#occupant(terminal), null, "a seat is left taken");
    this.#checkCalls(books);
  }

  #checkEnded(payment: Payment, { id, kind, status, refund, reversal }: PromptRow): void {
    const stands = this.#host.stands(id);
    if (kind === "refund") {
      assert.equal(stands, status === "APPROVED", `paid back is not what is booked: ${say(payment)}`);
      const booked = payment.events.filter(({ event, success }) => event === "REFUND" && success);
      const by_person = booked.filter(({ correlation_request_id }) => correlation_request_id === null);
      if (by_person.length > 0)
        assert.ok(
          payment.incidents.some(({ outcome }) => outcome === "paid"),
          say(payment),
        );
      if (refund?.outcome === "SUCCEEDED") assert.equal(reversal, null, say(payment));
      return;
    }
    // A sale that was told no, and whose money the host does not give back, is a person's to settle.
    if (status !== "APPROVED" && reversal?.status === "REFUSED") return;
    assert.equal(stands, status === "APPROVED", `taken is not what is booked: ${say(payment)}`);
    const { authorized = 0, captured = 0, voided = 0 } = (stands && this.#host.payments.get(id)) || {};
    assert.deepEqual(
      [payment.authorized_amount, payment.captured_amount, payment.voided_amount, payment.refunded_amount],
      [authorized, captured, voided, this.#host.paidBack(id)],
      `the host's book says otherwise: ${say(payment)}`,
    );
  }

  /** What each till was answered is what the books say. */
  #checkCalls(books: readonly Payment[]): void {
    const events = books.flatMap((payment) => payment.events);
    const names = { capture: "CAPTURE", void: "VOID", refund: "REFUND" };
    for (const { what, request_id, answer } of this.#calls) {
      assert.ok(answer !== undefined, "a till has had no answer");
      // Which of two that were asked under one key came first, nobody knows; one event is all there may be of both.
      if (this.#repeated.includes(request_id)) continue;
      const named = events.filter((event) => event.request_id === request_id && event.correlation_request_id === null);
      const written = named.map(({ event, success }) => `${event} ${success}`);
      if (answer === "done") assert.deepEqual(written, [`${names[what]} true`], answer);
      else if (answer === "REFUSED_BY_HOST") assert.deepEqual(written, [`${names[what]} false`], answer);
      else if (answer.startsWith("accepted")) assert.deepEqual(written, [`INITIATE_${names[what]} true`], answer);
      else assert.deepEqual(written, [], `refused with ${answer}`);
    }
    for (let pair = 0; pair + 1 < this.#repeated.length; pair += 2) {
      const ids = this.#repeated.slice(pair, pair + 2);
      const asked = books.flatMap(({ advices, prompts }) => [
        ...advices.map(({ request_id }) => request_id),
        ...prompts.flatMap(({ refund }) => refund?.request_id ?? []),
      ]);
      const made = asked.filter((request_id) => ids.includes(request_id));
      assert.ok(made.length <= 1, "one request that was made twice was carried out twice");
    }
  }
}
