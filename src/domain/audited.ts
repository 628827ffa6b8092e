/** The books of one transaction as an audit reads them: as much of each row as the money needs. */
import { isFinal, type PromptKind, type PromptStatus } from "./prompt.ts";
import type { Balance, TransactionEventName, TransactionStatus } from "./transaction.ts";

export interface AuditedEvent {
  readonly id: number;
  readonly event: TransactionEventName;
  readonly transaction_status: TransactionStatus;
  readonly success: boolean;
  readonly amount: number | null;
  readonly request_id: string | null;
  readonly correlation_request_id: string | null;
}

export interface AuditedPrompt {
  readonly id: string;
  readonly session_id: string;
  readonly transaction_id: string;
  readonly kind: PromptKind;
  readonly amount: number;
  readonly currency: string;
  readonly status: PromptStatus;
  readonly shown_at: string | null;
}

export interface AuditedRefund {
  readonly prompt_id: string;
  readonly request_id: string;
  readonly amount: number;
  /** As the till was told; null while it was told nothing. */
  readonly outcome: "SUCCEEDED" | "FAILED" | null;
  readonly reserved_amount: number;
}

export interface AuditedAdvice {
  readonly id: string;
  readonly prompt_id: string;
  readonly kind: "capture" | "void" | "lapse";
  readonly amount: number;
  readonly status: "DUE" | "SENT" | "ACCEPTED" | "REFUSED";
  readonly request_id: string;
  readonly initiated: boolean;
}

/** A transaction's row with everything that belongs to it; the events in the order of their ids. */
export interface AuditedTransaction extends Balance {
  readonly id: string;
  readonly session_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: TransactionStatus;
  readonly event_count: number;
  /** Null where there is no such session. */
  readonly session: { readonly transaction_id: string | null } | null;
  readonly events: readonly AuditedEvent[];
  readonly prompts: readonly AuditedPrompt[];
  readonly refunds: readonly AuditedRefund[];
  readonly advices: readonly AuditedAdvice[];
}

export const nameOf = ({ id, event }: AuditedEvent): string => `event ${id} (${event})`;

export const isOpen = ({ status }: AuditedPrompt): boolean => !isFinal(status) && status !== "UNRESOLVED";

/** What holds of every prompt, a refund's too. */
export function belongingDifferences(books: AuditedTransaction, prompt: AuditedPrompt): string[] {
  const found: string[] = [];
  if (prompt.transaction_id !== books.id) found.push(`its prompt ${prompt.id} names ${prompt.transaction_id}`);
  if (prompt.session_id !== books.session_id) {
    found.push(`its prompt ${prompt.id} names the session ${prompt.session_id}, not ${books.session_id}`);
  }
  if (prompt.currency !== books.currency) {
    found.push(`its prompt ${prompt.id} asks for ${prompt.currency}, not ${books.currency}`);
  }
  return found;
}
