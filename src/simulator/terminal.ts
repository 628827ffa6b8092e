/**
 * A card terminal in software. It speaks the terminal protocol over a real WebSocket, keeps a durable journal, and has a
 * person in front of it. It runs in Node and in a browser, and knows nothing of the server but the protocol.
 *
 * One thing happens at a time: frames, keys and timers take turns (`#turn`), so that a tap and a stop at the same instant
 * come in one order or the other.
 */
import type { Trouble } from "../contract/account.ts";
import type { Capabilities, PromptFrame, Result, ServerFrame } from "../contract/terminal-protocol.ts";
import type { Clock, Log, RandomBytes, Timer } from "../domain/environment.ts";
import { newId } from "../domain/ids.ts";
import { type AfterApprovalParts, advise, reverse } from "./after-approval.ts";
import type { HostAnswer, Script } from "./amounts.ts";
import { otherwise, sendAnswer } from "./answer.ts";
import type { CardHost } from "./card-host.ts";
import { answered, settled } from "./conclusion.ts";
import type { Sign } from "./device-key.ts";
import type { EntryLog } from "./entry-log.ts";
import type { HostEntry } from "./host-book.ts";
import { type Conclusion, Journal, type JournalEntry } from "./journal.ts";
import { Link } from "./link.ts";
import { operate } from "./operations.ts";
import type { ReceiptPrinter } from "./receipt.ts";
import { asks, dark, idle, processing, type Screen, tells } from "./screen.ts";
import { PowerCut, type TroubleStep, type Troubles } from "./trouble.ts";

export const simulatedCapabilities: Capabilities = {
  kinds: ["purchase", "authorize", "refund"],
  currencies: ["NOK", "SEK", "DKK", "EUR", "GBP", "USD", "ISK", "JPY"],
  reverse: true,
  advice: true,
  operations: ["end_of_day", "send_logs", "check_update", "open_menu"],
};

export interface SimulatedTerminalParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /** ws://… of the server's terminal protocol. */
  readonly address: string;
  readonly terminal_id: string;
  readonly serial_number: string;
  readonly sign: Sign;
  readonly journal: EntryLog<JournalEntry>;
  readonly host: CardHost;
  /** Told whenever the screen changes: the person looks at it. */
  readonly onScreen: (screen: Screen) => void;
  readonly troubles: Troubles;
  /** The power has gone: this terminal is dead, and another boots from the same logs after a while. */
  readonly onPowerCut: (cut: PowerCut) => void;
}

const crashed_ms = 1_000;

export class SimulatedTerminal {
  readonly #parts: SimulatedTerminalParts;
  readonly #journal: Journal;
  readonly #link: Link;
  readonly #boot_id: string;
  #screen: Screen = idle;
  #deadline: Timer | undefined;
  /** A prompt that came while results were undelivered: shown once they are acknowledged (G2). */
  #held: PromptFrame | undefined;
  #turns: Promise<unknown> = Promise.resolve();
  #dead = false;

  private constructor(parts: SimulatedTerminalParts, journal: Journal) {
    this.#parts = parts;
    this.#journal = journal;
    this.#boot_id = newId("boot", parts.clock.now(), parts.random);
    this.#link = new Link({
      ...parts,
      boot_id: this.#boot_id,
      device: { serial_number: parts.serial_number, model: "SIMULATED", software: "tapline-simulator" },
      capabilities: simulatedCapabilities,
      journal: () => ({
        journal_id: journal.journal_id,
        journal: journal.unacknowledged().map(({ prompt_id, record }) => ({ prompt_id, step: record.step })),
      }),
      onFrame: async (frame) => {
        await this.#turn(() => this.#take(frame));
      },
      onWelcome: async () => {
        await this.#turn(async () => this.#sendUndelivered());
      },
    });
  }

  /** Switches the terminal on: reads its journal, and settles with its host what a power cut left open. */
  static async boot(parts: SimulatedTerminalParts): Promise<SimulatedTerminal> {
    const journal = await Journal.open(parts.journal, newId("jr", parts.clock.now(), parts.random));
    const terminal = new SimulatedTerminal(parts, journal);
    await terminal.#settle();
    return terminal;
  }

  get screen(): Screen {
    return this.#screen;
  }

  plugIn(): void {
    this.#link.open();
  }

  unplug(): void {
    this.#link.close();
  }

  /** Presents a card. False if none is waited for. */
  async presentCard(script: Script): Promise<boolean> {
    const presented = await this.#turn(async () => {
      const prompt = this.#waiting();
      if (prompt === undefined) return false;
      this.#deadline?.cancel();
      await this.#journal.cardPresented(prompt.prompt_id);
      this.#show(processing(prompt));
      this.#link.send({ type: "card_presented", prompt_id: prompt.prompt_id });
      this.#step("card_presented");
      const answer = await this.#parts.host.authorize(hostEntry(prompt, script.answer));
      this.#step("host_asked");
      await this.#conclude(answered(prompt, script, answer, this.#printer()));
      return true;
    });
    // Where the power went in the middle, the card had been presented all the same.
    return presented ?? true;
  }

  /** Presses the red key. False if there is nothing to cancel. */
  async pressCancel(): Promise<boolean> {
    const pressed = await this.#turn(async () => {
      const prompt = this.#waiting();
      if (prompt === undefined) return false;
      const reason = "Cancelled on the terminal.";
      await this.#conclude({ prompt_id: prompt.prompt_id, outcome: "cancelled", reason });
      return true;
    });
    return pressed ?? true;
  }

  /** Switches the terminal off at once, in the middle of whatever it does. */
  cutPower(cut: PowerCut = new PowerCut(0, false)): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#deadline?.cancel();
    this.#link.close();
    this.#show(dark);
    this.#parts.onPowerCut(cut);
  }

  /**
   * Work that takes its turn. A journal that cannot be written ends the terminal as a power cut does: it starts again
   * from what is on the journal, and settles from there. `undefined` then.
   */
  #turn<T>(work: () => Promise<T>): Promise<T | undefined> {
    const turn = this.#turns.then(async () => {
      if (this.#dead) return undefined;
      try {
        return await work();
      } catch (error) {
        this.cutPower(error instanceof PowerCut ? error : this.#crash(error));
        return undefined;
      }
    });
    this.#turns = turn;
    return turn;
  }

  #crash(error: unknown): PowerCut {
    const { log, terminal_id } = this.#parts;
    log.warn({ terminal_id, problem: String(error) }, "a simulated terminal's software failed and starts again");
    return new PowerCut(crashed_ms, false);
  }

  /** A step is on the journal: here trouble strikes, if it was ordered. */
  #step(step: TroubleStep): void {
    this.#suffer(this.#parts.troubles.strike(step));
  }

  /** The power or the network goes; the answers' troubles are for whoever sends them. */
  #suffer(trouble: Trouble | undefined): void {
    if (trouble === undefined) return;
    const { kind, for_ms } = trouble;
    if (kind === "power_cut" || kind === "journal_wiped") throw new PowerCut(for_ms, kind === "journal_wiped");
    if (kind !== "link_cut") return;
    this.#link.close();
    this.#parts.clock.after(for_ms, () => !this.#dead && this.#link.open());
  }

  #waiting(): PromptFrame | undefined {
    return this.#screen.waits ? this.#screen.prompt : undefined;
  }

  async #take(frame: ServerFrame): Promise<void> {
    switch (frame.type) {
      case "prompt":
        return this.#receive(frame);
      case "stop":
        return this.#stop(frame.prompt_id);
      case "inquire":
        return this.#answerWhereItStands(frame.prompt_id);
      case "acknowledge":
        await this.#journal.acknowledged(frame.sequence);
        return this.#showHeld();
      case "reverse":
        return reverse(this.#afterApproval(), frame);
      case "advice":
        return advise(this.#afterApproval(), frame);
      case "operation":
        return operate({ ...this.#afterApproval(), now: () => this.#isoNow() }, frame);
      default:
        return;
    }
  }

  async #receive(prompt: PromptFrame): Promise<void> {
    if (this.#journal.record(prompt.prompt_id) !== undefined) return this.#answerWhereItStands(prompt.prompt_id);
    await this.#journal.received(prompt);
    this.#step("received");
    if (prompt.boot_id !== this.#boot_id) return this.#notShown(prompt, "It was meant for an earlier start.");
    if (
      !simulatedCapabilities.kinds.includes(prompt.kind) ||
      !simulatedCapabilities.currencies.includes(prompt.currency)
    ) {
      return this.#notShown(prompt, `It takes no ${prompt.kind} in ${prompt.currency}.`);
    }
    if (this.#journal.undelivered().length > 0) this.#held = prompt;
    else await this.#present(prompt);
  }

  async #present(prompt: PromptFrame): Promise<void> {
    const left_ms = prompt.not_after_ms - this.#parts.clock.monotonic();
    if (left_ms <= 0) return this.#notShown(prompt, "It arrived too late.");
    if (this.#screen.prompt !== undefined) return this.#notShown(prompt, "The terminal is busy.");
    await this.#journal.shown(prompt.prompt_id);
    this.#deadline = this.#parts.clock.after(left_ms, () => void this.#turn(() => this.#timeOut(prompt)));
    this.#link.send({ type: "shown", prompt_id: prompt.prompt_id });
    this.#show(asks(prompt));
    this.#step("shown");
  }

  async #showHeld(): Promise<void> {
    const held = this.#held;
    if (held === undefined || this.#journal.undelivered().length > 0) return;
    this.#held = undefined;
    await this.#present(held);
  }

  #notShown(prompt: PromptFrame, reason: string): Promise<void> {
    return this.#conclude({ prompt_id: prompt.prompt_id, outcome: "not_shown", reason });
  }

  async #timeOut(prompt: PromptFrame): Promise<void> {
    if (this.#waiting()?.prompt_id !== prompt.prompt_id) return;
    const reason = "Nobody presented a card in time.";
    await this.#conclude({ prompt_id: prompt.prompt_id, outcome: "timed_out", reason });
  }

  async #stop(prompt_id: string): Promise<void> {
    const record = this.#journal.record(prompt_id);
    if (record?.step === "received" || record?.step === "shown") {
      if (this.#held?.prompt_id === prompt_id) this.#held = undefined;
      return this.#conclude({ prompt_id, outcome: "stopped" });
    }
    if (record?.step === "card_presented") return this.#link.send({ type: "too_late", prompt_id });
    return this.#answerWhereItStands(prompt_id);
  }

  /** A prompt that the journal does not know is refused for good before it is denied (prompt-life section 4). */
  async #answerWhereItStands(prompt_id: string): Promise<void> {
    const record = this.#journal.record(prompt_id);
    if (record === undefined) return this.#conclude({ prompt_id, outcome: "not_shown", reason: "Never seen." });
    if (record.result !== undefined) return this.#link.send(record.result);
    if (record.step !== "concluded") this.#link.send({ type: "standing", prompt_id, step: record.step });
  }

  /** On disk first, then on the screen and on the wire. */
  async #conclude(conclusion: Conclusion): Promise<void> {
    const result = await this.#journal.conclude(conclusion);
    const prompt = this.#journal.record(conclusion.prompt_id)?.prompt;
    if (prompt !== undefined && this.#screen.prompt?.prompt_id === prompt.prompt_id) {
      this.#deadline?.cancel();
      this.#show(tells(prompt.kind, conclusion.outcome));
    }
    const trouble = this.#parts.troubles.strike("concluded");
    this.#suffer(trouble);
    const send = (frame: Result) => this.#link.send(frame);
    const sayOtherwise = () => this.#journal.conclude(otherwise(conclusion, prompt));
    await sendAnswer(result, trouble, { send, sayOtherwise, clock: this.#parts.clock });
    this.#step("sent");
  }

  #afterApproval(): AfterApprovalParts {
    const { clock, host, troubles } = this.#parts;
    const send: AfterApprovalParts["send"] = (frame) => this.#link.send(frame);
    return { clock, host, troubles, send, journal: this.#journal, suffer: (trouble) => this.#suffer(trouble) };
  }

  #isoNow(): string {
    return new Date(this.#parts.clock.now()).toISOString();
  }

  #sendUndelivered(): void {
    for (const result of this.#journal.undelivered()) this.#link.send(result);
  }

  #show(screen: Screen): void {
    this.#screen = screen;
    this.#parts.onScreen(screen);
  }

  #printer(): ReceiptPrinter {
    const { terminal_id, serial_number, clock } = this.#parts;
    const now = clock.now();
    return { terminal_id, serial_number, receipt_number: now % 1_000_000, printed_at: new Date(now).toISOString() };
  }

  /** What a power cut left open is asked of the host, or ended, before anything else (prompt-life section 4). */
  async #settle(): Promise<void> {
    for (const { prompt_id, record } of this.#journal.unacknowledged()) {
      if (record.result !== undefined || record.prompt === undefined) continue;
      const answer = this.#parts.host.inquire(prompt_id);
      await this.#conclude(settled(record.prompt, record.step === "received", answer, this.#printer()));
    }
  }
}

const hostEntry = ({ prompt_id, kind, amount, currency }: PromptFrame, answer: HostAnswer): HostEntry => ({
  prompt_id,
  kind,
  amount,
  currency,
  answer,
});
