/**
 * The flows and the storage on a real PostgreSQL, at a clock that a test sets, with terminals whose lines the test holds:
 * every frame waits until the test lets it through. What a connection does with a frame is src/terminals/socket's.
 */
import type { PromptFrame, ServerFrame, TerminalFrame } from "../../src/contract/terminal-protocol.ts";
import { lapseAuthorizations, raiseSilentAdvices, sendAdvicesHere, takeAdvicesToSend } from "../../src/flows/advice.ts";
import { ConnectionReplaced, terminalArrived, terminalGone } from "../../src/flows/connection.ts";
import { actOnDeadlines } from "../../src/flows/deadlines.ts";
import { openDemoAccount } from "../../src/flows/demo-account.ts";
import { cardPresented, promptShown, takePromptToSend } from "../../src/flows/prompt.ts";
import { catchUp } from "../../src/flows/reconnection.ts";
import { askUnresolved, raiseLongUnresolved } from "../../src/flows/resolution.ts";
import { takeAdviceResult, takeResult, takeReversalResult } from "../../src/flows/result.ts";
import { askReversalsAgainHere, raiseSilentReversals, takeReversalsToSend } from "../../src/flows/reversal.ts";
import type { TerminalAddress, TerminalDriver } from "../../src/flows/terminal-driver.ts";
import type { Limits, World } from "../../src/flows/world.ts";
import { sendUnsent } from "../../src/maintenance/schedule.ts";
import { makeDeviceKey } from "../../src/simulator/device-key.ts";
import { simulatedCapabilities } from "../../src/simulator/terminal.ts";
import type { SentPrompt, TerminalLink } from "../../src/storage/prompts.ts";
import { SaleWriter } from "../../src/storage/sale-writer.ts";
import { readPairedDevice } from "../../src/storage/terminals.ts";
import { systemRandom } from "../../src/system-environment.ts";
import { makeDatabase, type TestDatabase } from "./database.ts";
import { HeldHints, SetClock } from "./money-clock.ts";
import type { BookTerminal, TerminalEnd } from "./money-terminal.ts";
import { quietLog } from "./quiet-log.ts";

export type Way = "up" | "down";
/** waits: under way. lost: gone, and neither side has noticed. */
export type Pace = "flows" | "waits" | "lost";

/** A link that is silent for so long is dead. */
const silence_ms = 10_000;

/** One connection: what is under way on it, and what the server does at its end. */
export class Line implements TerminalEnd {
  readonly #world: World;
  readonly #terminal: BookTerminal;
  readonly link: TerminalLink;
  readonly #boot_id: string;
  readonly #up: TerminalFrame[] = [];
  readonly #down: ServerFrame[] = [];
  readonly #hints: (() => Promise<void>)[] = [];
  readonly pace: Record<Way, Pace> = { up: "flows", down: "flows" };
  told = 0;
  #lost_ms: number | undefined;
  /** The server has noticed that it is gone. */
  is_closed = false;

  constructor(world: World, terminal: BookTerminal, link: TerminalLink) {
    this.#world = world;
    this.#terminal = terminal;
    this.link = link;
    this.#boot_id = terminal.boot_id;
  }

  say(frame: TerminalFrame): void {
    if (this.pace.up !== "lost") this.#up.push(frame);
  }

  send(frame: ServerFrame): void {
    if (this.pace.down !== "lost" && !this.is_closed) this.#down.push(frame);
  }

  /** From now on nothing that goes this way arrives, and what was under way does not either. */
  lose(way: Way): void {
    this.pace[way] = "lost";
    (way === "up" ? this.#up : this.#down).splice(0);
    this.#lost_ms ??= this.#world.clock.monotonic();
  }

  /** Both ends have been silent for so long that the server gives it up. */
  isSilent(): boolean {
    return this.#lost_ms !== undefined && this.#world.clock.monotonic() - this.#lost_ms >= silence_ms;
  }

  hint(work: () => Promise<void>): void {
    this.#hints.push(work);
  }

  /** The terminal's hello, answered in the order of src/terminals/socket/connection.ts. */
  async welcome(): Promise<void> {
    const { journal_id } = this.#terminal;
    await this.sendReversals();
    for (const { act, prompt } of await catchUp(this.#world, this.link, {
      journal_id,
      journal: this.#terminal.journal(),
    })) {
      this.send(act === "send" ? this.#promptFrame(prompt) : { type: act, prompt_id: prompt.id });
    }
    await this.sendAdvices();
    await this.sendDue();
  }

  async sendDue(): Promise<void> {
    const prompt = await takePromptToSend(this.#world, this.link);
    if (prompt !== undefined) this.send(this.#promptFrame(prompt));
  }

  async sendReversals(): Promise<void> {
    for (const { id, prompt_id, amount, currency } of await takeReversalsToSend(this.#world, this.link)) {
      this.send({ type: "reverse", reversal_id: id, prompt_id, amount, currency });
    }
  }

  async sendAdvices(): Promise<void> {
    for (const { id, prompt_id, kind, amount, currency } of await takeAdvicesToSend(this.#world, this.link)) {
      this.send({ type: "advice", advice_id: id, prompt_id, kind, amount, currency });
    }
  }

  #promptFrame(prompt: SentPrompt): PromptFrame {
    const { id, kind, amount, currency, deadline_at, merchant_reference, original_unique_id } = prompt;
    const not_after_ms = this.#terminal.monotonic() + Date.parse(deadline_at) - this.#world.clock.now();
    const original = original_unique_id === null ? {} : { original: { unique_id: original_unique_id } };
    const clock = { boot_id: this.#boot_id, not_after_ms };
    return { type: "prompt", prompt_id: id, kind, amount, currency, merchant_reference, ...clock, ...original };
  }

  /** Lets through what may go. False if there was nothing. */
  async flow(): Promise<boolean> {
    const hint = this.#hints.shift();
    if (hint !== undefined && !this.is_closed) await hint();
    const said = this.pace.up === "flows" ? this.#up.shift() : undefined;
    if (said !== undefined) await this.take(said);
    const sent = this.pace.down === "flows" ? this.#down.shift() : undefined;
    if (sent !== undefined && this.#terminal.line === this) this.#terminal.take(sent);
    return hint !== undefined || said !== undefined || sent !== undefined;
  }

  /** The next frame that is under way to the server arrives now, whatever the line's pace. */
  async arrivesNow(): Promise<void> {
    const said = this.#up.shift();
    if (said !== undefined) await this.take(said);
  }

  async take(frame: TerminalFrame): Promise<void> {
    try {
      await this.#handle(frame);
    } catch (error) {
      if (!(error instanceof ConnectionReplaced)) throw error;
      this.is_closed = true;
    }
  }

  async #handle(frame: TerminalFrame): Promise<void> {
    const [world, link] = [this.#world, this.link];
    switch (frame.type) {
      case "shown":
        return promptShown(world, link, frame.prompt_id);
      case "card_presented":
      case "too_late":
        return cardPresented(world, link, frame.prompt_id);
      case "standing":
        if (frame.step === "shown") return promptShown(world, link, frame.prompt_id);
        if (frame.step === "card_presented") return cardPresented(world, link, frame.prompt_id);
        return;
      case "result":
        await takeResult(world, link, frame);
        return this.#acknowledge(frame);
      case "reversal_result":
        await takeReversalResult(world, link, frame);
        return this.#acknowledge(frame);
      case "advice_result":
        await takeAdviceResult(world, link, frame);
        return this.#acknowledge(frame);
      default:
        throw new Error(`An honest terminal does not say ${frame.type}.`);
    }
  }

  async #acknowledge({ journal_id, sequence }: { journal_id: string; sequence: number }): Promise<void> {
    await this.sendReversals();
    this.send({ type: "acknowledge", journal_id, sequence });
    await this.sendDue();
  }
}

export class MoneyServer implements TerminalDriver {
  readonly world: World;
  readonly clock = new SetClock();
  readonly database: TestDatabase;
  readonly #hints = new HeldHints();
  readonly #lines = new Map<string, Line>();
  readonly #terminals = new Set<BookTerminal>();
  /** Lines that were replaced before the server noticed that they were gone: what is under way on them may still come. */
  readonly #replaced: Line[] = [];
  #calls = 0;

  private constructor(database: TestDatabase, limits: Limits) {
    this.database = database;
    this.world = {
      db: database.db,
      sales: new SaleWriter(database.db),
      clock: this.clock,
      random: systemRandom,
      log: quietLog,
      process_id: "process_money",
      bus: { tell: () => {} },
      public_url: "http://simulation",
      limits,
      terminals: this,
      hints: this.#hints,
      profiles: new Map(),
      callbackRefusal: () => undefined,
    };
  }

  static async open(limits: Limits): Promise<MoneyServer> {
    const server = new MoneyServer(await makeDatabase(), limits);
    await openDemoAccount(server.world, await makeDeviceKey());
    return server;
  }

  close(): Promise<void> {
    return this.database.close();
  }

  async connect(terminal: BookTerminal): Promise<Line> {
    const [account_id = ""] = terminal.terminal_id.split("-");
    const { terminal_id, journal_id } = terminal;
    const device = await readPairedDevice(this.world.db, account_id, terminal_id);
    if (device === undefined) throw new Error(`${terminal_id} has no device.`);
    const { device_id } = device;
    const capabilities = { ...simulatedCapabilities, kinds: [...moneyKinds], advice: true };
    const link = await terminalArrived(this.world, { account_id, terminal_id, device_id, journal_id, capabilities });
    if (link === undefined) throw new Error(`${terminal_id} was revoked.`);
    const before = this.#lines.get(terminal_id);
    if (before !== undefined) this.#replaced.push(before);
    const line = new Line(this.world, terminal, link);
    this.#lines.set(terminal_id, line);
    this.#terminals.add(terminal);
    await line.welcome();
    terminal.welcomed(line);
    return line;
  }

  lineOf({ terminal_id }: { terminal_id: string }): Line | undefined {
    return this.#lines.get(terminal_id);
  }

  /** The terminal has no part in what follows. */
  async retire(terminal: BookTerminal): Promise<void> {
    await this.cut(terminal);
    this.#terminals.delete(terminal);
  }

  /** The server notices that the line is gone. */
  async cut(terminal: BookTerminal): Promise<void> {
    const line = this.#lines.get(terminal.terminal_id);
    if (terminal.line === line) terminal.line = undefined;
    if (line === undefined) return;
    line.is_closed = true;
    this.#lines.delete(terminal.terminal_id);
    await terminalGone(this.world, line.link);
  }

  /** Waits for this call of a till no longer than it takes until it waits for a terminal. */
  call<T>(asked: Promise<T>): Promise<T> {
    this.#calls++;
    const done = () => void this.#calls--;
    asked.then(done, done);
    return asked;
  }

  /** Every till that waits looks again, until it has its answer or waits once more. */
  async tillsLook(): Promise<void> {
    this.#hints.lookAgain();
    while (this.#calls > this.#hints.waiting) await new Promise((soon) => setImmediate(soon));
  }

  get tillsWait(): boolean {
    return this.#calls > 0;
  }

  /** Everything that may go its way does, until nothing moves any more. */
  async settle(): Promise<void> {
    do {
      await this.tillsLook();
    } while (await this.#flow());
  }

  async #flow(): Promise<boolean> {
    let flowed = false;
    for (const line of this.#lines.values()) flowed = (await line.flow()) || flowed;
    return flowed;
  }

  /** What was under way on lines that were replaced arrives after all. */
  async replacedLinesSpeak(): Promise<void> {
    for (const line of this.#replaced.splice(0)) {
      line.pace.up = "flows";
      while (await line.flow());
    }
  }

  /** So much later: the terminals look at their clocks, silent links are given up, and every sweep runs once. */
  async pass(ms: number): Promise<void> {
    this.clock.pass(ms);
    for (const terminal of this.#terminals) {
      terminal.looksAtClock();
      const line = this.lineOf(terminal);
      // Nothing was heard for long, or the power went by itself.
      if (line !== undefined && (line.isSilent() || !terminal.isOn)) await this.cut(terminal);
    }
    await this.#sweep();
    await this.settle();
  }

  /** Every sweep of src/maintenance/schedule.ts that moves money or prompts. */
  async #sweep(): Promise<void> {
    const { world } = this;
    await actOnDeadlines(world);
    await sendUnsent(world);
    await lapseAuthorizations(world);
    await sendAdvicesHere(world);
    await askReversalsAgainHere(world);
    await askUnresolved(world);
    await raiseLongUnresolved(world);
    await raiseSilentReversals(world);
    await raiseSilentAdvices(world);
  }

  sendDue({ terminal_id }: TerminalAddress): boolean {
    return this.#hint(terminal_id, (line) => line.sendDue());
  }

  sendReversals({ terminal_id }: TerminalAddress): void {
    this.#hint(terminal_id, (line) => line.sendReversals());
  }

  sendAdvices({ terminal_id }: TerminalAddress): boolean {
    return this.#hint(terminal_id, (line) => line.sendAdvices());
  }

  /** No history asks a terminal for anything but money. */
  sendOperations(): boolean {
    return false;
  }

  stop({ terminal_id }: TerminalAddress, prompt_id: string): boolean {
    return this.#hint(terminal_id, async (line) => line.send({ type: "stop", prompt_id }));
  }

  inquire({ terminal_id }: TerminalAddress, prompt_id: string): boolean {
    return this.#hint(terminal_id, async (line) => line.send({ type: "inquire", prompt_id }));
  }

  links(): readonly TerminalLink[] {
    return [...this.#lines.values()].map(({ link }) => link);
  }

  replaced(): void {}

  dropAll(): void {}

  #hint(terminal_id: string, work: (line: Line) => Promise<void>): boolean {
    const line = this.#lines.get(terminal_id);
    line?.hint(() => work(line));
    return line !== undefined;
  }
}

const moneyKinds = ["purchase", "authorize", "refund"] as const;
