/** The book of the terminal's own host: whom it approved, and what it was told of that afterwards. Tests compare it. */
import type { PromptFrame, ServerFrame } from "../contract/terminal-protocol.ts";
import type { HostAnswer } from "./amounts.ts";

export interface HostEntry {
  readonly prompt_id: string;
  readonly kind: PromptFrame["kind"];
  readonly amount: number;
  readonly currency: string;
  readonly answer: HostAnswer;
  /** The approval was taken back. */
  readonly reversed?: boolean;
}

export type AdviceFrame = Extract<ServerFrame, { type: "advice" }>;

/** What the host said to an advice. It is written down where it is a refusal as well, so that it says the same again. */
export interface HostAdvice extends Omit<AdviceFrame, "type"> {
  /** Why it was refused; `undefined` where it was accepted. */
  readonly refusal?: string;
}

export type BookEntry = HostEntry | HostAdvice;

/** Money that an approved `authorize` holds, or held. */
export interface Authorization {
  readonly prompt_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly captured_amount: number;
  /** Of what is not captured. */
  readonly state: "held" | "voided" | "lapsed";
}

export class HostBook {
  readonly #entries = new Map<string, HostEntry>();
  readonly #advices = new Map<string, HostAdvice>();

  static of(entries: readonly BookEntry[]): HostBook {
    const book = new HostBook();
    for (const entry of entries) book.take(entry);
    return book;
  }

  take(entry: BookEntry): void {
    if ("advice_id" in entry) this.#advices.set(entry.advice_id, entry);
    // Entries that name no kind are from the time when there were only purchases.
    else this.#entries.set(entry.prompt_id, { ...entry, kind: entry.kind ?? "purchase" });
  }

  entry(prompt_id: string): HostEntry | undefined {
    return this.#entries.get(prompt_id);
  }

  advice(advice_id: string): HostAdvice | undefined {
    return this.#advices.get(advice_id);
  }

  /** Approvals that stand: of all kinds, or of one. An authorization stands when it is voided, too; its money is free. */
  standingApprovals(kind?: HostEntry["kind"]): HostEntry[] {
    return [...this.#entries.values()].filter(
      (entry) => entry.answer.approved && entry.reversed !== true && (kind === undefined || entry.kind === kind),
    );
  }

  /** Every authorization that was given and not taken back, with what became of its money. */
  authorizations(): Authorization[] {
    return this.standingApprovals("authorize").map(({ prompt_id, amount, currency }) => {
      const accepted = [...this.#advices.values()].filter(
        (advice) => advice.prompt_id === prompt_id && advice.refusal === undefined,
      );
      const captures = accepted.filter(({ kind }) => kind === "capture");
      const captured_amount = captures.reduce((sum, capture) => sum + capture.amount, 0);
      return { prompt_id, amount, currency, captured_amount, state: stateAfter(accepted) };
    });
  }

  authorization(prompt_id: string): Authorization | undefined {
    return this.authorizations().find((authorization) => authorization.prompt_id === prompt_id);
  }
}

function stateAfter(accepted: readonly HostAdvice[]): Authorization["state"] {
  if (accepted.some(({ kind }) => kind === "void")) return "voided";
  return accepted.some(({ kind }) => kind === "lapse") ? "lapsed" : "held";
}
