/** What the end of a purchase or an authorization means for the money, and what is written and said about it. */
import type { SessionEventName } from "../contract/session.ts";
import type { Card, TransactionEvent } from "../contract/transaction.ts";
import { type HostFacts, hostFacts } from "./host-facts.ts";
import { type CallbackError, type PromptKind, type PromptStatus, posView } from "./prompt.ts";
import { type Balance, noBalance, statusOf, type TransactionStatus } from "./transaction.ts";

export interface EndedPrompt {
  readonly kind: PromptKind;
  readonly amount: number;
  readonly terminal_id: string;
  readonly was_shown: boolean;
  /** Who asked for the cancel that came true, if that is how it ended. */
  readonly cancelled_by?: string | undefined;
}

/** What the terminal said besides the outcome. */
export interface TerminalWord {
  /** It could not have ended like this without having been shown, whether or not we heard of that. */
  readonly was_shown?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly reason_code?: string | undefined;
  readonly card?: Card | undefined;
  readonly facts?: HostFacts | undefined;
}

/** Identifiers for what is written; made by the caller, so that the rule stays pure. */
export interface FreshIds {
  readonly request_id: string;
  readonly payout_correlation_id: string;
}

export interface SaleOutcome {
  readonly status: PromptStatus;
  readonly transaction_status: TransactionStatus;
  readonly balance: Balance;
  readonly card?: Card | undefined;
  readonly transaction_events: readonly Omit<TransactionEvent, "id" | "created_at">[];
  readonly session_events: readonly { name: SessionEventName; details?: object }[];
  readonly cancelled_by?: string | undefined;
  /** Is there anything to call back about yet, and which error? UNKNOWN is told by nobody until it is resolved. */
  readonly callback: "none" | { readonly error?: CallbackError };
}

export function saleOutcome(prompt: EndedPrompt, status: PromptStatus, word: TerminalWord, ids: FreshIds): SaleOutcome {
  const view = posView(status, prompt.was_shown);
  if (view === undefined) throw new Error(`A prompt that is ${status} has no outcome.`);
  if (view.transaction_status === "UNKNOWN") return unknown(status);
  if (view.transaction_status === "AUTHORIZED") return approved(prompt, word, ids);
  const error = errorOf(prompt, status, word);
  const common = eventBase(prompt, word, ids);
  return {
    status,
    transaction_status: view.transaction_status,
    balance: noBalance,
    card: word.card,
    transaction_events: [
      { ...common, event: "AUTHORIZE", transaction_status: view.transaction_status, success: false, error },
    ],
    session_events: [sessionEnd(prompt, view.transaction_status, view.callback_error)],
    cancelled_by: prompt.cancelled_by,
    callback: view.callback_error === undefined ? {} : { error: view.callback_error },
  };
}

function unknown(status: PromptStatus): SaleOutcome {
  return {
    status,
    transaction_status: "UNKNOWN",
    balance: noBalance,
    transaction_events: [],
    session_events: [{ name: "UNKNOWN" }],
    callback: "none",
  };
}

function approved(prompt: EndedPrompt, word: TerminalWord, ids: FreshIds): SaleOutcome {
  const captured_amount = prompt.kind === "purchase" ? prompt.amount : 0;
  const authorized: Balance = { ...noBalance, authorized_amount: prompt.amount };
  const balance: Balance = { ...authorized, captured_amount };
  const common = eventBase(prompt, word, ids);
  const authorize = { ...common, event: "AUTHORIZE", transaction_status: statusOf(authorized), success: true } as const;
  const capture = {
    ...common,
    event: "CAPTURE",
    transaction_status: statusOf(balance),
    success: true,
    metadata: { ...common.metadata, payout_correlation_id: ids.payout_correlation_id },
  } as const;
  return {
    status: "APPROVED",
    transaction_status: statusOf(balance),
    balance,
    card: word.card,
    // R30: a purchase is authorized and captured by the terminal's host in one.
    transaction_events: prompt.kind === "purchase" ? [authorize, capture] : [authorize],
    session_events: [{ name: "AUTHORIZED", details: { amount: prompt.amount } }, { name: "COMPLETED" }],
    callback: {},
  };
}

function eventBase(prompt: EndedPrompt, word: TerminalWord, ids: FreshIds) {
  return {
    amount: prompt.amount,
    created_by: prompt.cancelled_by ?? prompt.terminal_id,
    request_id: ids.request_id,
    metadata: hostFacts(word.facts),
  };
}

function sessionEnd(
  prompt: EndedPrompt,
  status: "DECLINED" | "FAILED",
  error: CallbackError | undefined,
): { name: SessionEventName; details: object } {
  const details = { payment_product_type: "seitatech.in_person", ...(error === undefined ? {} : { error }) };
  return { name: prompt.cancelled_by === undefined ? status : "CANCELLED", details };
}

/** The contract's list (transactions section 4); a terminal's own words stand in the sentence. */
const errorTypes = new Set(
  (
    "ERROR DECLINED ISSUER_ERROR PICK_UP_CARD INVALID_MERCHANT INVALID_TRANSACTION INVALID_AMOUNT INSUFFICIENT_FUNDS " +
    "CLOSED_ACCOUNT EXPIRED_CARD EXCEEDS_APPROVAL_LIMIT EXCEEDS_WITHDRAWAL_FREQUENCY_LIMIT RESTRICTED_CARD PIN_REQUIRED " +
    "FAILED_VERIFICATION ADDITIONAL_VERIFICATION_REQUIRED UNKNOWN"
  ).split(" "),
);

/** The event's error: code, sentence, and the contract's error types (transactions section 4). */
function errorOf(prompt: EndedPrompt, status: PromptStatus, word: TerminalWord) {
  switch (status) {
    case "DECLINED":
      return {
        code: "DECLINED",
        message: word.reason ?? "The card was declined.",
        type: [errorTypes.has(word.reason_code ?? "") ? (word.reason_code ?? "DECLINED") : "DECLINED"],
        ...(word.facts?.responseCode === undefined ? {} : { result_code: word.facts.responseCode }),
      };
    case "CANCELLED":
      return prompt.cancelled_by === undefined
        ? { code: "CANCELLED_ON_TERMINAL", message: word.reason ?? "Cancelled on the terminal.", type: ["DECLINED"] }
        : { code: "CANCELLED", message: "Cancelled by the point of sale.", type: ["DECLINED"] };
    case "EXPIRED":
      return prompt.was_shown
        ? { code: "EXPIRED", message: word.reason ?? "Nobody presented a card in time.", type: ["DECLINED"] }
        : { code: "EXPIRED", message: word.reason ?? "The terminal could not be reached in time.", type: ["ERROR"] };
    default:
      return { code: "FAILED", message: word.reason ?? "The payment failed; no money moved.", type: ["ERROR"] };
  }
}
