/**
 * An honest terminal as prompt-life section 4 describes it, without a wire: a journal, a screen and a host's book. It may
 * be slow, dark, restarted, may tell a result late and more than once. What is asked of it comes by `take`, and what it
 * says goes to its line.
 */
import assert from "node:assert/strict";
import type { PromptFrame, ServerFrame, TerminalFrame } from "../../src/contract/terminal-protocol.ts";
import type { Clock } from "../../src/domain/environment.ts";
import type { JournalEntry, JournalStep } from "../../src/domain/terminal.ts";
import { type CardAnswer, HostBook } from "./money-host.ts";

type Result = Extract<TerminalFrame, { type: "result" }>;
type Keyed = Extract<TerminalFrame, { type: "result" | "reversal_result" | "advice_result" }>;

interface Entry {
  /** Absent for a tombstone: an id that it refuses for good. */
  readonly prompt?: PromptFrame;
  step: JournalStep;
  card?: CardAnswer;
  word?: Word;
}

interface Word {
  readonly frame: Keyed;
  acknowledged: boolean;
}

/** The terminal's end of its line to the server. */
export interface TerminalEnd {
  say(frame: TerminalFrame): void;
  /** The highest number that was said over it. */
  told: number;
}

export class BookTerminal {
  readonly terminal_id: string;
  readonly journal_id: string;
  readonly #host: HostBook;
  readonly #clock: Clock;
  readonly #journal = new Map<string, Entry>();
  readonly #words: Word[] = [];
  /** What was asked of the host while that was away, or is still to be asked. */
  readonly #answers = new Map<string, Word>();
  #boot = 1;
  #booted_ms: number;
  #is_on = true;
  #screen: string | undefined;
  #held: PromptFrame | undefined;
  line: TerminalEnd | undefined;
  /** Its results wait, and with them every later one. */
  keeps_words = false;
  /** Its power goes when the host has answered and nothing of that is written yet. */
  dies_before_writing = false;
  /** Prompts that came while another was on the screen or with the host. */
  readonly crowded: string[] = [];

  constructor(parts: { terminal_id: string; host: HostBook; clock: Clock }) {
    this.terminal_id = parts.terminal_id;
    this.journal_id = `jr_${parts.terminal_id}`;
    this.#host = parts.host;
    this.#clock = parts.clock;
    this.#booted_ms = this.#clock.monotonic();
  }

  get isOn(): boolean {
    return this.#is_on;
  }

  get boot_id(): string {
    return `boot_${this.#boot}`;
  }

  get screen(): string | undefined {
    return this.#screen;
  }

  monotonic(): number {
    return this.#clock.monotonic() - this.#booted_ms;
  }

  /** What its hello says of its journal. */
  journal(): JournalEntry[] {
    const open = [...this.#journal].filter(([, entry]) => entry.word?.acknowledged !== true);
    return open.map(([prompt_id, { step }]) => ({ prompt_id, step }));
  }

  hasShown(prompt_id: string): boolean {
    return this.#journal.get(prompt_id)?.prompt !== undefined;
  }

  /** The server has welcomed it: what it has to say comes first. */
  welcomed(line: TerminalEnd): void {
    this.line = line;
    this.tellWords();
  }

  take(frame: ServerFrame): void {
    if (!this.#is_on) return;
    switch (frame.type) {
      case "prompt":
        return void this.#takePrompt(frame);
      case "stop":
        return void this.#stop(frame.prompt_id);
      case "inquire":
        return void this.#stand(frame.prompt_id);
      case "reverse":
        return void this.#askHost(frame.reversal_id, () => {
          const outcome = this.#host.reverse(frame) ? ("reversed" as const) : ("refused" as const);
          return { type: "reversal_result", reversal_id: frame.reversal_id, outcome };
        });
      case "advice":
        return void this.#askHost(frame.advice_id, () => {
          const outcome = this.#host.advise(frame) ? ("accepted" as const) : ("refused" as const);
          return { type: "advice_result", advice_id: frame.advice_id, outcome };
        });
      case "acknowledge":
        return void this.#acknowledged(frame.sequence);
      default:
        return;
    }
  }

  #takePrompt(prompt: PromptFrame): void {
    const { prompt_id } = prompt;
    if (this.#journal.has(prompt_id)) return void this.#stand(prompt_id);
    if (prompt.boot_id !== this.boot_id || prompt.not_after_ms <= this.monotonic()) {
      return void this.#conclude(prompt_id, "not_shown");
    }
    const is_held = this.#held?.prompt_id === prompt_id;
    if (!is_held && (this.#screen !== undefined || this.#held !== undefined)) {
      this.crowded.push(prompt_id);
      return void this.#conclude(prompt_id, "not_shown");
    }
    if (this.#undelivered().length > 0) this.#held = prompt;
    else this.#show(prompt);
  }

  #show(prompt: PromptFrame): void {
    assert.equal(this.#journal.get(prompt.prompt_id), undefined, "an id that is in the journal is never shown again");
    this.#journal.set(prompt.prompt_id, { prompt, step: "shown" });
    this.#screen = prompt.prompt_id;
    this.#say({ type: "shown", prompt_id: prompt.prompt_id });
  }

  #stop(prompt_id: string): void {
    const step = this.#journal.get(prompt_id)?.step;
    if (step === "shown") this.#conclude(prompt_id, "stopped");
    else if (step === "card_presented") this.#say({ type: "too_late", prompt_id });
    else this.#stand(prompt_id);
  }

  /** Where a prompt stands. One that was never seen is refused for good first. */
  #stand(prompt_id: string): void {
    const entry = this.#journal.get(prompt_id);
    if (entry === undefined) return void this.#conclude(prompt_id, "not_shown");
    if (entry.word !== undefined) return void this.#sayAgain(entry.word);
    if (entry.step !== "concluded") this.#say({ type: "standing", prompt_id, step: entry.step });
  }

  /** Said already: said again. Not said yet: its turn comes. */
  #sayAgain(word: Word): void {
    const is_said = word.acknowledged || word.frame.sequence <= (this.line?.told ?? 0);
    if (is_said) this.#say(word.frame);
    else this.tellWords();
  }

  /** Says one of its words once more, as after an acknowledgement that it forgot. */
  repeats(which: number): void {
    const said = this.#words.filter(
      ({ acknowledged, frame }) => acknowledged || frame.sequence <= (this.line?.told ?? 0),
    );
    const word = said[which % Math.max(1, said.length)];
    if (word !== undefined) this.#say(word.frame);
  }

  #conclude(prompt_id: string, outcome: Result["outcome"]): void {
    const entry: Entry = this.#journal.get(prompt_id) ?? { step: "received" };
    this.#journal.set(prompt_id, entry);
    entry.step = "concluded";
    if (this.#screen === prompt_id) this.#screen = undefined;
    if (this.#held?.prompt_id === prompt_id) this.#held = undefined;
    const { prompt } = entry;
    const approval =
      outcome === "approved" && prompt !== undefined
        ? { amount: prompt.amount, currency: prompt.currency, facts: { uniqueId: HostBook.uniqueId(prompt_id) } }
        : {};
    entry.word = this.#write({ type: "result", prompt_id, outcome, ...approval });
  }

  #write(said: Omit<Result, "journal_id" | "sequence"> | Record<string, unknown>): Word {
    const key = { journal_id: this.journal_id, sequence: this.#words.length + 1 };
    const word = { frame: { ...said, ...key } as Keyed, acknowledged: false };
    this.#words.push(word);
    this.tellWords();
    return word;
  }

  /** Says what it has not said over this line, in order. */
  tellWords(): void {
    const { line } = this;
    if (line === undefined || !this.#is_on || this.keeps_words) return;
    for (const { frame } of this.#undelivered()) {
      if (frame.sequence <= line.told) continue;
      line.told = frame.sequence;
      line.say(frame);
    }
  }

  #undelivered(): Word[] {
    return this.#words.filter(({ acknowledged }) => !acknowledged);
  }

  #acknowledged(sequence: number): void {
    for (const word of this.#words) if (word.frame.sequence === sequence) word.acknowledged = true;
    const held = this.#held;
    if (held === undefined || this.#undelivered().length > 0) return;
    this.#held = undefined;
    if (held.not_after_ms <= this.monotonic()) this.#conclude(held.prompt_id, "not_shown");
    else this.#show(held);
  }

  /** An advice or a reversal: the host is asked once, and what it said is written and told once. */
  #askHost(id: string, ask: () => Record<string, unknown>): void {
    const before = this.#answers.get(id);
    if (before !== undefined) return void this.#sayAgain(before);
    const said = ask();
    if (this.#dies()) return;
    this.#answers.set(id, this.#write(said));
  }

  #dies(): boolean {
    if (!this.dies_before_writing) return false;
    this.dies_before_writing = false;
    this.cutPower();
    return true;
  }

  #say(frame: TerminalFrame): void {
    if (this.#is_on) this.line?.say(frame);
  }

  /** A card is held to the terminal. False if nothing on its screen asks for one. */
  tap(card: CardAnswer): boolean {
    const entry = this.#onScreen();
    if (entry?.step !== "shown" || this.#isOver(entry)) return false;
    entry.step = "card_presented";
    entry.card = card;
    this.#say({ type: "card_presented", prompt_id: this.#screen ?? "" });
    return true;
  }

  /** The host's answer to the card that was presented. */
  hostAnswers(): void {
    const entry = this.#onScreen();
    if (entry?.step !== "card_presented" || entry.prompt === undefined) return;
    const approved = this.#host.authorize(entry.prompt, entry.card ?? "declines");
    if (this.#dies()) return;
    this.#conclude(entry.prompt.prompt_id, approved ? "approved" : "declined");
  }

  pressCancel(): void {
    if (this.#onScreen()?.step === "shown") this.#conclude(this.#screen ?? "", "cancelled");
  }

  /** Takes down what nobody presented a card for in time. */
  looksAtClock(): void {
    const entry = this.#onScreen();
    if (this.#is_on && entry?.step === "shown" && this.#isOver(entry)) this.#conclude(this.#screen ?? "", "timed_out");
  }

  #onScreen(): Entry | undefined {
    return this.#is_on && this.#screen !== undefined ? this.#journal.get(this.#screen) : undefined;
  }

  #isOver({ prompt }: Entry): boolean {
    return prompt !== undefined && prompt.not_after_ms <= this.monotonic();
  }

  cutPower(): void {
    this.#is_on = false;
    this.#held = undefined;
    this.line = undefined;
  }

  /** What a power cut left open is settled with the host first, then reported. */
  switchOn(): void {
    if (this.#is_on) return;
    this.#is_on = true;
    this.#boot++;
    this.#booted_ms = this.#clock.monotonic();
    this.#screen = undefined;
    for (const [prompt_id, { step }] of this.#journal) {
      if (step === "shown") this.#conclude(prompt_id, "failed");
      // An attempt that the host does not know is not made again: a card that is no longer there cannot be asked.
      if (step !== "card_presented") continue;
      const answer = this.#host.answerTo(prompt_id);
      this.#conclude(prompt_id, answer === undefined ? "failed" : answer ? "approved" : "declined");
    }
  }
}
