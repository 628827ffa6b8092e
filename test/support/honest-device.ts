/**
 * A simulated terminal in a test's hand: its journal and its card host's book outlive a power cut, and the power can go at
 * any instant, in the middle of any write.
 */
import type { Clock, RandomBytes } from "../../src/domain/environment.ts";
import { anyOtherAmount, declinedByIssuer, type Script, scriptsByAmount } from "../../src/simulator/amounts.ts";
import { CardHost } from "../../src/simulator/card-host.ts";
import type { Sign } from "../../src/simulator/device-key.ts";
import type { EntryLog } from "../../src/simulator/entry-log.ts";
import { type BookEntry, HostBook } from "../../src/simulator/host-book.ts";
import type { JournalEntry } from "../../src/simulator/journal.ts";
import type { Screen } from "../../src/simulator/screen.ts";
import { SimulatedTerminal } from "../../src/simulator/terminal.ts";
import { PowerCut, Troubles } from "../../src/simulator/trouble.ts";
import { quietLog } from "./quiet-log.ts";

export const approves: Script = anyOtherAmount;
export const declines: Script = { ...anyOtherAmount, answer: declinedByIssuer };
/** The host cannot be reached, and the attempt is taken back. */
export const fails: Script = scriptsByAmount.get(990600) ?? anyOtherAmount;

const never = new Promise<never>(() => {});

/** One stretch of power, from a boot to a cut. What a dead device was about to write is not written. */
class Power {
  #on = true;
  #writes_left: number | undefined;
  #after_write = false;
  readonly #onCut: () => void;

  constructor(onCut: () => void) {
    this.#onCut = onCut;
  }

  get isOn(): boolean {
    return this.#on;
  }

  cut(): void {
    if (!this.#on) return;
    this.#on = false;
    this.#onCut();
  }

  /** Goes with the nth write from now: just before it is on disk, or just after. */
  goWithWrite(nth: number, after_write: boolean): void {
    this.#writes_left = nth;
    this.#after_write = after_write;
  }

  async write(work: () => void): Promise<void> {
    await new Promise((soon) => setImmediate(soon));
    if (!this.#on) return never;
    if (this.#writes_left !== undefined) this.#writes_left--;
    const goes = this.#writes_left === 0;
    if (!goes || this.#after_write) work();
    if (!goes) return;
    this.cut();
    return never;
  }
}

class DeviceLog<Entry> {
  readonly entries: Entry[] = [];

  under(power: Power): EntryLog<Entry> {
    return {
      load: async () => [...this.entries],
      append: (entry) => power.write(() => void this.entries.push(entry)),
      wipe: () => power.write(() => void this.entries.splice(0)),
    };
  }
}

export interface DeviceParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** ws://… */
  readonly address: string;
  readonly terminal_id: string;
  readonly sign: Sign;
}

export class Device {
  readonly #parts: DeviceParts;
  readonly #journal = new DeviceLog<JournalEntry>();
  readonly #book = new DeviceLog<BookEntry>();
  #troubles = new Troubles();
  #power: Power | undefined;
  #terminal: SimulatedTerminal | undefined;
  #looking: (() => void)[] = [];
  #retired = false;
  #was_wiped = false;

  constructor(parts: DeviceParts) {
    this.#parts = parts;
  }

  get terminal_id(): string {
    return this.#parts.terminal_id;
  }

  get terminal(): SimulatedTerminal | undefined {
    return this.#terminal;
  }

  get troubles(): Troubles {
    return this.#troubles;
  }

  /** Everything the device has written since it was made, or wiped. */
  get journal(): readonly JournalEntry[] {
    return this.#journal.entries;
  }

  get wasWiped(): boolean {
    return this.#was_wiped;
  }

  readonly shownBeforeItWasWiped = new Set<string>();

  hasShown(prompt_id: string): boolean {
    const is_in_journal = this.journal.some((entry) => entry.kind === "shown" && entry.prompt_id === prompt_id);
    return is_in_journal || this.shownBeforeItWasWiped.has(prompt_id);
  }

  /** The card host's book, as it is now. */
  get book(): HostBook {
    return HostBook.of(this.#book.entries);
  }

  /** The prompts whose approval stands in the card host's book: the money that has moved. */
  moneyMoved(): Set<string> {
    return new Set(this.book.standingApprovals().map(({ prompt_id }) => prompt_id));
  }

  /** Switches it on and plugs it in. Does nothing where it is on. */
  async switchOn(): Promise<void> {
    if (this.#power?.isOn === true || this.#retired) return;
    const power: Power = new Power(() => this.#dark(power));
    this.#power = power;
    const booting = SimulatedTerminal.boot({
      ...this.#parts,
      log: quietLog,
      serial_number: `HONEST-${this.terminal_id}`,
      journal: this.#journal.under(power),
      host: await CardHost.open(this.#book.under(power)),
      onScreen: () => this.#looked(),
      troubles: this.#troubles,
      onPowerCut: (cut) => this.#wentDark(power, cut),
    });
    // A cut while it starts: the boot hangs for ever, or ends in the cut.
    const cut = new Promise<undefined>((resolve) => this.#onDark.set(power, () => resolve(undefined)));
    const terminal = await Promise.race([booting, cut]).catch((error: unknown) => {
      if (!(error instanceof PowerCut)) throw error;
      this.#wentDark(power, error);
      return undefined;
    });
    if (terminal === undefined || !power.isOn) return;
    this.#terminal = terminal;
    terminal.plugIn();
    this.#looked();
  }

  /** Cuts the power: now, or with the nth write from now on. It stays off until it is switched on. */
  cutPower(with_write?: { nth: number; after_write: boolean }): void {
    if (with_write === undefined) this.#power?.cut();
    else this.#power?.goWithWrite(with_write.nth, with_write.after_write);
  }

  /** Wipes it: it comes back with an empty journal of another name. The card host keeps its book. */
  async wipe(): Promise<void> {
    this.cutPower();
    this.#forget();
    await this.switchOn();
  }

  /** Waits until the screen waits for a card or a key; `undefined` where it never does so within `at_most_ms`. */
  async untilItWaits(at_most_ms: number): Promise<Screen | undefined> {
    const until_ms = performance.now() + at_most_ms;
    for (;;) {
      const screen = this.#terminal?.screen;
      if (screen?.waits === true) return screen;
      const left_ms = until_ms - performance.now();
      if (left_ms <= 0) return undefined;
      await new Promise<void>((look) => {
        const timer = setTimeout(look, left_ms);
        this.#looking.push(() => {
          clearTimeout(timer);
          look();
        });
      });
    }
  }

  /** No more trouble is ordered. */
  makePeace(): void {
    while (this.#troubles.strike("concluded") !== undefined);
    for (const step of ["received", "shown", "card_presented", "host_asked", "sent"] as const) {
      while (this.#troubles.strike(step) !== undefined);
    }
    for (const kind of ["reversal_refused", "advice_refused"] as const) {
      while (this.#troubles.refuses(kind));
    }
    this.#power?.goWithWrite(Number.NaN, false);
  }

  /** Off for good. */
  retire(): void {
    this.#retired = true;
    this.#power?.cut();
  }

  readonly #onDark = new Map<Power, () => void>();

  /** The terminal's own account of a cut: a trouble that was ordered. It comes on again after a while. */
  #wentDark(power: Power, cut: PowerCut): void {
    const was_on = power.isOn;
    power.cut();
    if (was_on && cut.wiped) this.#forget();
    if (was_on) this.#parts.clock.after(cut.for_ms, () => void this.switchOn());
  }

  #dark(power: Power): void {
    this.#onDark.get(power)?.();
    this.#onDark.delete(power);
    const terminal = this.#terminal;
    this.#terminal = undefined;
    terminal?.cutPower();
    this.#looked();
  }

  #forget(): void {
    this.#was_wiped = true;
    for (const entry of this.#journal.entries.splice(0)) {
      if (entry.kind === "shown") this.shownBeforeItWasWiped.add(entry.prompt_id);
    }
  }

  #looked(): void {
    for (const look of this.#looking.splice(0)) look();
  }
}
