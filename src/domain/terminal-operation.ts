/** Terminal operations: when one may begin, how it ends, and how a terminal's totals compare with our books. */
import { Rejection } from "./rejections.ts";

export type OperationKind = "end_of_day" | "send_logs" | "check_update" | "open_menu";
export type OperationStatus = "PENDING" | "COMPLETED" | "FAILED" | "TIMEOUT";

/** The terminal's word on an operation. */
export interface OperationAnswer {
  readonly outcome: "completed" | "failed";
  readonly reason?: string | undefined;
  readonly result?: object | undefined;
}

export interface OperationTerminal {
  readonly terminal_id: string;
  readonly is_paired: boolean;
  /** What the terminal said it does; null where it has never connected. */
  readonly operations: readonly string[] | null;
}

/** Why the terminal cannot be asked for this at all, or `undefined`. */
export function refusalOfOperation(operation: OperationKind, terminal: OperationTerminal): Rejection | undefined {
  const { terminal_id, is_paired, operations } = terminal;
  if (!is_paired) return new Rejection("TERMINAL_NOT_PAIRED", { terminal_id }, "terminal_id");
  if (operations === null || operations.includes(operation)) return undefined;
  const facts = { terminal_id, operation, operations: operations.join(", ") || "nothing of the kind" };
  return new Rejection("OPERATION_NOT_SUPPORTED", facts, "operation");
}

interface Work {
  readonly what: string;
  readonly id: string;
  readonly status: string;
}

/** What a batch cannot be closed over: money whose end is not known. What the host was told to capture is its own affair. */
const keepsTheDayOpen: ReadonlySet<string> = new Set(["sale", "refund", "reversal"]);

export function refusalOfEndOfDay(terminal_id: string, open: readonly Work[]): Rejection | undefined {
  const work = open.filter(({ what }) => keepsTheDayOpen.has(what));
  if (work.length === 0) return undefined;
  const named = work.map(({ what, id, status }) => `${what} ${id} (${status})`).join(", ");
  return new Rejection("END_OF_DAY_TOO_EARLY", { terminal_id, work: named }, "terminal_id");
}

/**
 * How long the last end of day of a deleted terminal waits for what is open on it, and for its device to be there: whoever
 * switches it on the next morning still has its day closed. After that it is given up.
 */
export const closesWithin_ms = 24 * 60 * 60 * 1000;

/** What we have of a terminal since its last end of day. Amounts in minor units. */
export interface TerminalBooks {
  /** Sales that were approved, those that were taken back again among them, and captures. */
  readonly purchases_count: number;
  readonly purchases_amount: number;
  /** Approvals of sales that were taken back. */
  readonly reversals_count: number;
  readonly reversals_amount: number;
  readonly refunds_count: number;
  readonly refunds_amount: number;
}

export type ComparedBooks = TerminalBooks & { readonly difference: Readonly<Record<string, number>> };

/** Our books, with every total that the terminal counts otherwise: its own less ours. What it does not tell is not compared. */
export function comparedBooks(books: TerminalBooks, told: object): ComparedBooks {
  const said = new Map<string, unknown>(Object.entries(told));
  const differing = Object.entries(books).flatMap(([name, ours]) => {
    const theirs = said.get(name);
    return typeof theirs === "number" && theirs !== ours ? [[name, theirs - ours] as const] : [];
  });
  return { ...books, difference: Object.fromEntries(differing) };
}
