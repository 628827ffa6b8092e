/**
 * The terminal's journal: what it knows about every prompt it was ever sent. It stores a step before it acts on it, so
 * that after a power cut it can say what happened (prompt-life section 4).
 */
import type { JournalStep, PromptFrame, Result, ReversalResult, TerminalFrame } from "../contract/terminal-protocol.ts";
import type { EntryLog } from "./entry-log.ts";

/** A result before it has its key. */
export type Conclusion = Omit<Result, "type" | "journal_id" | "sequence">;
export type ReversalConclusion = Omit<ReversalResult, "type" | "journal_id" | "sequence">;
export type AdviceResult = Extract<TerminalFrame, { type: "advice_result" }>;
export type AdviceConclusion = Omit<AdviceResult, "type" | "journal_id" | "sequence">;

export type OperationResult = Extract<TerminalFrame, { type: "operation_result" }>;
export type OperationConclusion = Omit<OperationResult, "type" | "journal_id" | "sequence">;

export type JournalEntry =
  | { readonly kind: "made"; readonly journal_id: string }
  | { readonly kind: "received"; readonly prompt: PromptFrame }
  | { readonly kind: "shown"; readonly prompt_id: string }
  | { readonly kind: "card_presented"; readonly prompt_id: string }
  | { readonly kind: "concluded"; readonly result: Result }
  | { readonly kind: "reversed"; readonly result: ReversalResult }
  | { readonly kind: "advised"; readonly result: AdviceResult }
  | { readonly kind: "operated"; readonly result: OperationResult }
  | { readonly kind: "acknowledged"; readonly sequence: number };

/** What the journal holds of one prompt. A tombstone has a result and no prompt: it was refused before it was seen. */
export interface JournalRecord {
  readonly prompt?: PromptFrame | undefined;
  readonly step: JournalStep;
  readonly result?: Result | undefined;
  readonly acknowledged: boolean;
}

/** A result that is about no prompt of its own: of a reversal, an advice or an operation. */
interface KeptResult<Kept> {
  readonly result: Kept;
  acknowledged: boolean;
}

export class Journal {
  readonly #log: EntryLog<JournalEntry>;
  readonly #records = new Map<string, JournalRecord>();
  readonly #reversals = new Map<string, KeptResult<ReversalResult>>();
  readonly #advices = new Map<string, KeptResult<AdviceResult>>();
  readonly #operations = new Map<string, KeptResult<OperationResult>>();
  /** Results that wait for their acknowledgement although the journal holds another one for the same prompt by now. */
  #overruled: Result[] = [];
  #journal_id: string | undefined;
  #sequence = 0;

  private constructor(log: EntryLog<JournalEntry>) {
    this.#log = log;
  }

  /** Reads the journal; an empty one is new, and gets its id. */
  static async open(log: EntryLog<JournalEntry>, new_journal_id: string): Promise<Journal> {
    const journal = new Journal(log);
    for (const entry of await log.load()) journal.#take(entry);
    if (journal.#journal_id === undefined) await journal.#write({ kind: "made", journal_id: new_journal_id });
    return journal;
  }

  get journal_id(): string {
    if (this.#journal_id === undefined) throw new Error("The journal has no id yet.");
    return this.#journal_id;
  }

  record(prompt_id: string): JournalRecord | undefined {
    return this.#records.get(prompt_id);
  }

  /** Every prompt whose result has not been acknowledged, oldest first. */
  unacknowledged(): { prompt_id: string; record: JournalRecord }[] {
    return [...this.#records]
      .filter(([, record]) => !record.acknowledged)
      .map(([prompt_id, record]) => ({ prompt_id, record }));
  }

  /** Results that wait for their acknowledgement, in the order of their sequence. */
  undelivered(): (Result | ReversalResult | AdviceResult | OperationResult)[] {
    const results = [...this.#overruled, ...this.unacknowledged().flatMap(({ record }) => record.result ?? [])];
    const afterwards = this.#kept().flatMap(({ acknowledged, result }) => (acknowledged ? [] : [result]));
    return [...results, ...afterwards].sort((a, b) => a.sequence - b.sequence);
  }

  /** What a reversal came to, if it is known here. */
  reversal(reversal_id: string): ReversalResult | undefined {
    return this.#reversals.get(reversal_id)?.result;
  }

  /** What an advice came to, if it is known here. */
  advice(advice_id: string): AdviceResult | undefined {
    return this.#advices.get(advice_id)?.result;
  }

  /** What an operation came to, if it is known here. */
  operation(operation_id: string): OperationResult | undefined {
    return this.#operations.get(operation_id)?.result;
  }

  received = (prompt: PromptFrame): Promise<void> => this.#write({ kind: "received", prompt });
  shown = (prompt_id: string): Promise<void> => this.#write({ kind: "shown", prompt_id });
  cardPresented = (prompt_id: string): Promise<void> => this.#write({ kind: "card_presented", prompt_id });

  async conclude(conclusion: Conclusion): Promise<Result> {
    const result: Result = { type: "result", ...this.#nextKey(), ...conclusion };
    await this.#write({ kind: "concluded", result });
    return result;
  }

  async concludeReversal(conclusion: ReversalConclusion): Promise<ReversalResult> {
    const result: ReversalResult = { type: "reversal_result", ...this.#nextKey(), ...conclusion };
    await this.#write({ kind: "reversed", result });
    return result;
  }

  async concludeAdvice(conclusion: AdviceConclusion): Promise<AdviceResult> {
    const result: AdviceResult = { type: "advice_result", ...this.#nextKey(), ...conclusion };
    await this.#write({ kind: "advised", result });
    return result;
  }

  async concludeOperation(conclusion: OperationConclusion): Promise<OperationResult> {
    const result: OperationResult = { type: "operation_result", ...this.#nextKey(), ...conclusion };
    await this.#write({ kind: "operated", result });
    return result;
  }

  #kept(): KeptResult<ReversalResult | AdviceResult | OperationResult>[] {
    return [...this.#reversals.values(), ...this.#advices.values(), ...this.#operations.values()];
  }

  #nextKey() {
    return { journal_id: this.journal_id, sequence: this.#sequence + 1 };
  }

  async acknowledged(sequence: number): Promise<void> {
    if (this.undelivered().some((result) => result.sequence === sequence)) {
      await this.#write({ kind: "acknowledged", sequence });
    }
  }

  async #write(entry: JournalEntry): Promise<void> {
    await this.#log.append(entry);
    this.#take(entry);
  }

  #take(entry: JournalEntry): void {
    switch (entry.kind) {
      case "made":
        this.#journal_id = entry.journal_id;
        return;
      case "received":
        this.#records.set(entry.prompt.prompt_id, { prompt: entry.prompt, step: "received", acknowledged: false });
        return;
      case "shown":
      case "card_presented":
        this.#change(entry.prompt_id, { step: entry.kind });
        return;
      case "concluded":
        this.#sequence = entry.result.sequence;
        this.#overrule(entry.result.prompt_id);
        this.#change(entry.result.prompt_id, { step: "concluded", result: entry.result });
        return;
      case "reversed":
        this.#sequence = entry.result.sequence;
        this.#reversals.set(entry.result.reversal_id, { result: entry.result, acknowledged: false });
        return;
      case "advised":
        this.#sequence = entry.result.sequence;
        this.#advices.set(entry.result.advice_id, { result: entry.result, acknowledged: false });
        return;
      case "operated":
        this.#sequence = entry.result.sequence;
        this.#operations.set(entry.result.operation_id, { result: entry.result, acknowledged: false });
        return;
      case "acknowledged":
        this.#acknowledge(entry.sequence);
    }
  }

  /** A terminal that says two things has said the first one too: it is not lost behind the second. */
  #overrule(prompt_id: string): void {
    const before = this.#records.get(prompt_id);
    if (before?.result !== undefined && !before.acknowledged) this.#overruled.push(before.result);
  }

  #acknowledge(sequence: number): void {
    this.#overruled = this.#overruled.filter((result) => result.sequence !== sequence);
    for (const kept of this.#kept()) {
      if (kept.result.sequence === sequence) kept.acknowledged = true;
    }
    for (const [prompt_id, record] of this.#records) {
      if (record.result?.sequence === sequence) this.#change(prompt_id, { acknowledged: true });
    }
  }

  #change(prompt_id: string, change: Partial<JournalRecord>): void {
    const before = this.#records.get(prompt_id) ?? { step: "received", acknowledged: false };
    this.#records.set(prompt_id, { ...before, ...change });
  }
}
