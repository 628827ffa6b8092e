/**
 * The person in front of a simulated terminal. In `auto` they answer by amount after a human moment; in `manual` they
 * wait to be told.
 */
import type { PersonAction, SimulatedTerminalState } from "../contract/account.ts";
import type { Clock, Timer } from "../domain/environment.ts";
import { anyOtherAmount, declinedByIssuer, type Script, scriptFor } from "./amounts.ts";
import { dark, type Screen } from "./screen.ts";
import type { SimulatedTerminal } from "./terminal.ts";

export interface Setting {
  readonly mode: "auto" | "manual";
  readonly network: "online" | "offline";
}

export interface PersonOptions {
  readonly clock: Clock;
  readonly terminal_id: string;
  /** How long a person takes to present a card. */
  readonly delay_ms: number;
  /** Keeps a change of setting, so that it survives a restart. */
  readonly keep: (setting: Setting) => Promise<void>;
}

export class Person {
  readonly #options: PersonOptions;
  #terminal: SimulatedTerminal | undefined;
  #setting: Setting;
  #about_to_act: Timer | undefined;
  #looking: (() => void)[] = [];

  constructor(options: PersonOptions, setting: Setting) {
    this.#options = options;
    // These two and nothing else: whoever hands in a whole row hands in the device's private key, and `state` is public.
    this.#setting = { mode: setting.mode, network: setting.network };
  }

  /** The terminal has gone dark: there is nothing to look at until it has started again. */
  leave(): void {
    this.#terminal = undefined;
    this.look(dark);
  }

  /** Steps in front of the terminal. */
  face(terminal: SimulatedTerminal): void {
    this.#terminal = terminal;
    if (this.#setting.network === "online") terminal.plugIn();
  }

  /** The screen has changed. */
  look(screen: Screen): void {
    this.#about_to_act?.cancel();
    const looking = this.#looking;
    this.#looking = [];
    for (const seen of looking) seen();
    if (screen.waits && this.#setting.mode === "auto") this.#answerSoon(screen);
  }

  state(): SimulatedTerminalState {
    const { text = "", prompt } = this.#terminal?.screen ?? {};
    const shown = prompt === undefined ? {} : { amount: prompt.amount, currency: prompt.currency };
    return {
      terminal_id: this.#options.terminal_id,
      ...this.#setting,
      screen: { text, ...(prompt === undefined ? {} : { prompt_id: prompt.prompt_id }), ...shown },
    };
  }

  /** Does what was asked. False where there was nothing on the screen to do it to, for `at_most_ms`. */
  async play(action: PersonAction, at_most_ms: number): Promise<boolean> {
    switch (action) {
      case "auto":
      case "manual":
        await this.#set({ ...this.#setting, mode: action });
        if (this.#terminal !== undefined) this.look(this.#terminal.screen);
        return true;
      case "online":
      case "offline":
        await this.#set({ ...this.#setting, network: action });
        if (action === "online") this.#terminal?.plugIn();
        else this.#terminal?.unplug();
        return true;
      case "tap":
      case "decline":
      case "cancel":
        return this.#actOnPrompt(action, at_most_ms);
    }
  }

  async #set(setting: Setting): Promise<void> {
    await this.#options.keep(setting);
    this.#setting = setting;
  }

  #answerSoon({ prompt }: Screen): void {
    const script = scriptFor(prompt?.amount ?? 0);
    if (script.act === "ignore") return;
    this.#about_to_act = this.#options.clock.after(this.#options.delay_ms, () => {
      if (script.act === "cancel") void this.#terminal?.pressCancel();
      else void this.#terminal?.presentCard(script);
    });
  }

  async #actOnPrompt(action: "tap" | "decline" | "cancel", at_most_ms: number): Promise<boolean> {
    const until = this.#options.clock.monotonic() + at_most_ms;
    for (;;) {
      const terminal = this.#terminal;
      if (terminal?.screen.waits === true) {
        this.#about_to_act?.cancel();
        const amount = terminal.screen.prompt?.amount ?? 0;
        const done = action === "cancel" ? terminal.pressCancel() : terminal.presentCard(cardFor(action, amount));
        if (await done) return true;
      }
      const left_ms = until - this.#options.clock.monotonic();
      if (left_ms <= 0) return false;
      await this.#screenChange(left_ms);
    }
  }

  #screenChange(at_most_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(at_most_ms, resolve);
      this.#looking.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

/** A tap does what the amount says; where the amount has nobody tap, the card is an ordinary one. */
function cardFor(action: "tap" | "decline", amount: number): Script {
  const script = scriptFor(amount);
  if (action === "decline") return { ...script, answer: script.answer.approved ? declinedByIssuer : script.answer };
  return script.act === "tap" ? script : anyOtherAmount;
}
