/**
 * Whether the books of a transaction are whole: its row against the fold of its events, its payment's prompt, and its
 * session. What was asked for afterwards (refunds, captures, voids) stands in audit-requests.ts.
 *
 * Every rule here is kept where the rows are written. This says them again from the outside, for the day when a disk, a
 * restore or a hand has changed a row behind the server's back.
 */
import { requestDifferences } from "./audit-requests.ts";
import {
  type AuditedEvent,
  type AuditedPrompt,
  type AuditedTransaction,
  belongingDifferences,
  nameOf,
} from "./audited.ts";
import { posView } from "./prompt.ts";
import {
  afterEvent,
  balanceOf,
  type MovedMoney,
  movesMoney,
  nothingMoved,
  statusOf,
  type TransactionStatus,
} from "./transaction.ts";

/** Every way in which the books disagree, a sentence each. None where they are whole. */
export function differencesOf(books: AuditedTransaction): string[] {
  const moved = balanceOf(books.events);
  const found = [
    ...moneyDifferences(books, moved),
    ...statusDifferences(books, moved),
    ...numberingDifferences(books),
    ...eventDifferences(books),
    ...sessionDifferences(books),
    ...paymentDifferences(books, moved),
    ...requestDifferences(books),
  ];
  return found.map((what) => `Transaction ${books.id}: ${what}.`);
}

/** The row's amounts against what its events moved, and its reservation against its refunds. */
function moneyDifferences(books: AuditedTransaction, moved: MovedMoney): string[] {
  const found: string[] = [];
  for (const column of Object.keys(nothingMoved) as (keyof MovedMoney)[]) {
    if (books[column] !== moved[column]) {
      found.push(`its row has ${column} ${books[column]}, its events add up to ${moved[column]}`);
    }
  }
  const reserved = books.refunds.reduce((sum, refund) => sum + refund.reserved_amount, 0);
  if (books.reserved_refund_amount !== reserved) {
    const row = books.reserved_refund_amount;
    found.push(`its row has reserved_refund_amount ${row}, its refunds hold ${reserved}`);
  }
  const { authorized_amount, captured_amount, refunded_amount, voided_amount } = moved;
  if (captured_amount + voided_amount > authorized_amount) {
    const taken = `captured ${captured_amount} and voided ${voided_amount}`;
    found.push(`its events have ${taken} of an authorization of ${authorized_amount}`);
  }
  if (refunded_amount + reserved > captured_amount) {
    found.push(`${refunded_amount} is paid back and ${reserved} reserved, of ${captured_amount} captured`);
  }
  return found;
}

function statusDifferences({ events, status }: AuditedTransaction, moved: MovedMoney): string[] {
  const told = statusByEvents(events, moved);
  if (told !== undefined) return told === status ? [] : [`its row reads ${status}, its events make it ${told}`];
  // Whether it is still under way or unresolved is the prompt's to say.
  if (status === "INITIATED" || status === "UNKNOWN") return [];
  return [`its row reads ${status}, and by its events nothing has ended yet`];
}

function statusByEvents(events: readonly AuditedEvent[], moved: MovedMoney): TransactionStatus | undefined {
  if (moved.authorized_amount > 0) return statusOf(moved);
  return events.find(({ event, success }) => event === "AUTHORIZE" && !success)?.transaction_status;
}

/** Counted under the row's lock, so without gaps. */
function numberingDifferences({ events, event_count }: AuditedTransaction): string[] {
  const found: string[] = [];
  if (event_count !== events.length) found.push(`its row counts ${event_count} events, there are ${events.length}`);
  const gap = events.findIndex(({ id }, index) => id !== index + 1);
  if (gap >= 0) found.push(`its events are not numbered in a row: number ${gap + 1} is missing`);
  return found;
}

/** What every event says by itself: its amount, and the status after it. */
function eventDifferences({ events, amount }: AuditedTransaction): string[] {
  const found: string[] = [];
  let moved = nothingMoved;
  for (const event of events) {
    moved = afterEvent(moved, event);
    if (movesMoney(event) && !((event.amount ?? 0) > 0)) found.push(`${nameOf(event)} moves money and has no amount`);
    const is_whole = event.event === "INITIALIZE" || (event.event === "AUTHORIZE" && event.success);
    if (is_whole && event.amount !== amount) found.push(`${nameOf(event)} is of ${event.amount}, the row of ${amount}`);
    const after = moved.authorized_amount > 0 ? statusOf(moved) : "INITIATED";
    if (event.success && event.transaction_status !== after) {
      found.push(`${nameOf(event)} reads ${event.transaction_status}, the money after it ${after}`);
    }
  }
  if (events[0]?.event !== "INITIALIZE") found.push("its first event is not INITIALIZE");
  for (const once of ["INITIALIZE", "AUTHORIZE"]) {
    const times = events.filter(({ event }) => event === once).length;
    if (times > 1) found.push(`it has ${times} ${once} events`);
  }
  return found;
}

function sessionDifferences({ id, session, session_id }: AuditedTransaction): string[] {
  if (session === null) return [`its session ${session_id} is not there`];
  if (session.transaction_id === id) return [];
  return [`its session ${session_id} names ${session.transaction_id ?? "no transaction"}`];
}

const isPayment = ({ kind }: AuditedPrompt): boolean => kind !== "refund";

/** The prompt that asked for the payment, against what became of it. */
function paymentDifferences(books: AuditedTransaction, moved: MovedMoney): string[] {
  const payments = books.prompts.filter(isPayment);
  const [prompt] = payments;
  if (prompt === undefined) return ["it has no prompt for its payment"];
  const found = prompt === payments.at(-1) ? [] : [`it has ${payments.length} prompts for its payment`];
  found.push(...belongingDifferences(books, prompt));
  if (prompt.amount !== books.amount) found.push(`prompt ${prompt.id} asks for ${prompt.amount} of ${books.amount}`);
  const follows = statusesBy(prompt, moved);
  if (!follows.includes(books.status)) {
    found.push(`its row reads ${books.status}, its prompt ${prompt.id} is ${prompt.status}`);
  }
  const { authorized_amount, captured_amount } = moved;
  if (prompt.kind === "purchase" && captured_amount !== authorized_amount) {
    found.push(`its prompt ${prompt.id} is a purchase, and ${captured_amount} of ${authorized_amount} is captured`);
  }
  return found;
}

/** The statuses that the transaction may have while its payment's prompt has this one (prompt-life section 3). */
function statusesBy({ kind, status, shown_at }: AuditedPrompt, moved: MovedMoney): TransactionStatus[] {
  const view = posView(status, shown_at !== null);
  if (view === undefined) return ["INITIATED"];
  if (view.transaction_status === "AUTHORIZED") {
    if (moved.authorized_amount > 0) return [statusOf(moved)];
    return [kind === "purchase" ? "CAPTURED" : "AUTHORIZED"];
  }
  // A terminal that says it gave up waiting has shown it, whether or not we heard of that at the time.
  if (status === "EXPIRED" && shown_at === null) return ["FAILED", "DECLINED"];
  return [view.transaction_status];
}

/** A row that names a transaction and is not part of it. */
export interface StrayRow {
  readonly table: "events" | "prompt" | "refund" | "advice" | "session";
  readonly id: string;
  readonly transaction_id: string;
  /** no_transaction: it is not there, or does not name the row in turn. no_refund: a refund's prompt with nothing asked. */
  readonly what: "no_transaction" | "no_refund";
}

export function strayDifference({ table, id, transaction_id, what }: StrayRow): string {
  if (table === "events") return `Transaction ${transaction_id}: it is not there, and has events.`;
  const row = `${table.charAt(0).toUpperCase()}${table.slice(1)} ${id}`;
  if (what === "no_refund") return `${row}: it is a refund's of transaction ${transaction_id}, and has no refund.`;
  return `${row}: the transaction ${transaction_id} that it names is not there, or is another session's.`;
}

/** What an audit has seen so far, and in the end. */
export interface AuditReport {
  transactions: number;
  events: number;
  prompts: number;
  refunds: number;
  advices: number;
  sessions: number;
  /** How many differences there are, in sentences: the first hundred. */
  differences: number;
  readonly sentences: string[];
}

export const emptyReport = (): AuditReport => ({
  ...{ transactions: 0, events: 0, prompts: 0, refunds: 0, advices: 0, sessions: 0 },
  differences: 0,
  sentences: [],
});

/** More than anybody reads; the number of the rest is told. */
const sentencesMax = 100;

export function noteDifferences(report: AuditReport, differences: readonly string[]): void {
  report.differences += differences.length;
  report.sentences.push(...differences.slice(0, sentencesMax - report.sentences.length));
}
