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

/** What a terminal took and paid back in a day. Amounts in minor units. */
export interface DayTotals {
  /** Sales that were approved, those that were taken back again among them, and captures. */
  readonly purchases_count: number;
  readonly purchases_amount: number;
  /** Approvals of sales that were taken back. */
  readonly reversals_count: number;
  readonly reversals_amount: number;
  readonly refunds_count: number;
  readonly refunds_amount: number;
}

/** A day that was closed, by the operation that closed it. */
export interface HostDay {
  readonly operation_id: string;
  readonly batch_id: string;
  readonly closed_at: string;
  /** When the day before it was closed. */
  readonly last_end_of_day_at?: string;
  readonly totals: DayTotals;
}

export type BookEntry = HostEntry | HostAdvice | HostDay;

const nothing: DayTotals = {
  purchases_count: 0,
  purchases_amount: 0,
  reversals_count: 0,
  reversals_amount: 0,
  refunds_count: 0,
  refunds_amount: 0,
};

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
  readonly #days: HostDay[] = [];
  #today = nothing;

  static of(entries: readonly BookEntry[]): HostBook {
    const book = new HostBook();
    for (const entry of entries) book.take(entry);
    return book;
  }

  take(entry: BookEntry): void {
    if ("advice_id" in entry) this.#takeAdvice(entry);
    else if ("operation_id" in entry) this.#takeDay(entry);
    else this.#takeAnswer(entry);
  }

  #takeDay(day: HostDay): void {
    this.#days.push(day);
    this.#today = nothing;
  }

  #takeAnswer(entry: HostEntry): void {
    // Entries that name no kind are from the time when there were only purchases.
    const named = { ...entry, kind: entry.kind ?? "purchase" };
    this.#count(named, this.#entries.get(entry.prompt_id));
    this.#entries.set(entry.prompt_id, named);
  }

  #takeAdvice(advice: HostAdvice): void {
    const is_new = !this.#advices.has(advice.advice_id);
    this.#advices.set(advice.advice_id, advice);
    if (is_new && advice.kind === "capture" && advice.refusal === undefined) this.#add("purchases", advice.amount);
  }

  /** An authorization takes no money until it is captured. */
  #count({ kind, amount, answer, reversed }: HostEntry, before: HostEntry | undefined): void {
    if (!answer.approved || kind === "authorize") return;
    if (before === undefined) this.#add(kind === "refund" ? "refunds" : "purchases", amount);
    if (reversed !== true || before?.reversed === true) return;
    if (kind === "purchase") this.#add("reversals", amount);
    else this.#add("refunds", -amount, -1);
  }

  #add(what: "purchases" | "reversals" | "refunds", amount: number, count = 1): void {
    const [counted, added] = [`${what}_count`, `${what}_amount`] as const;
    const { [counted]: count_before, [added]: amount_before } = this.#today;
    this.#today = { ...this.#today, [counted]: count_before + count, [added]: amount_before + amount };
  }

  /** What it took since the last day was closed. */
  get today(): DayTotals {
    return this.#today;
  }

  /** Every day that was closed, oldest first. */
  get days(): readonly HostDay[] {
    return this.#days;
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
