/** What a terminal says about a prompt, in whatever protocol: drivers bring it into this form. */
import type { Card } from "../contract/transaction.ts";
import type { PromptOutcome } from "./prompt.ts";

/** How far a prompt has come on the terminal, by its journal. */
export type JournalStep = "received" | "shown" | "card_presented" | "concluded";

export interface JournalEntry {
  readonly prompt_id: string;
  readonly step: JournalStep;
}

/** A terminal's final word on a prompt. The key (journal and sequence) makes it one word however often it is said. */
export interface TerminalResult {
  readonly journal_id: string;
  readonly sequence: number;
  readonly prompt_id: string;
  readonly outcome: PromptOutcome;
  readonly reason?: string;
  /** One of the contract's error types (transactions section 4). */
  readonly reason_code?: string;
  /** Minor units. */
  readonly amount?: number;
  readonly currency?: string;
  readonly card?: Card;
  /** Receipts, EMV and host data, all as texts. */
  readonly facts?: Readonly<Record<string, string>>;
}

/** What a terminal's host said to an advice. */
export interface AdviceResult {
  readonly journal_id: string;
  readonly sequence: number;
  readonly advice_id: string;
  readonly outcome: "accepted" | "refused";
  readonly reason?: string;
  readonly facts?: Readonly<Record<string, string>>;
}

/** How a terminal operation ended. */
export interface OperationResult {
  readonly journal_id: string;
  readonly sequence: number;
  readonly operation_id: string;
  readonly outcome: "completed" | "failed";
  readonly reason?: string;
  readonly result?: object;
}

/** A terminal's word on a reversal. */
export interface ReversalResult {
  readonly journal_id: string;
  readonly sequence: number;
  readonly reversal_id: string;
  readonly outcome: "reversed" | "refused" | "in_progress";
  readonly reason?: string;
}
