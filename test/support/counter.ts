/** A counter of the shop: a terminal moved by hand that can do all there is, and the payments made on it. */
import assert from "node:assert/strict";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Capabilities, PromptFrame, TerminalFrame } from "../../src/contract/terminal-protocol.ts";
import type { Transaction, TransactionEvent } from "../../src/contract/transaction.ts";
import type { HandLink, HandTerminal } from "./honest-hand.ts";
import { handTerminal, sold, transactionOf } from "./honest-shop.ts";
import { type Answer, type SaleChange, type Shop, until } from "./shop.ts";

export const whole: Partial<Capabilities> = { kinds: ["purchase", "authorize", "refund"], advice: true };

export type Operated = Answer<Transaction & ErrorBody>;

export interface Counter {
  readonly terminal: HandTerminal;
  readonly link: HandLink;
}

export async function openCounter(shop: Shop, can: Partial<Capabilities> = {}): Promise<Counter> {
  const terminal = await handTerminal(shop);
  return { terminal, link: await terminal.connect([], { ...whole, ...can }) };
}

/** A sale that is approved: CAPTURED, or AUTHORIZED with `auto_capture: false`. */
export async function paid(shop: Shop, { terminal, link }: Counter, change: SaleChange = {}): Promise<Transaction> {
  const session_id = await sold(shop, terminal.terminal_id, change);
  await approve({ terminal, link }, await link.expect("prompt"));
  return transactionOf(shop, session_id);
}

export const authorized = (shop: Shop, counter: Counter, change: SaleChange = {}): Promise<Transaction> =>
  paid(shop, counter, { configuration: { auto_capture: false }, ...change });

/** Says it, and awaits the acknowledgement. */
export async function say({ link }: Counter, frame: TerminalFrame): Promise<void> {
  link.send(frame);
  await link.expect("acknowledge");
}

export const approve = (counter: Counter, prompt: PromptFrame): Promise<void> =>
  say(counter, counter.terminal.approval(prompt, { facts: { uniqueId: `unique-${prompt.prompt_id}` } }));

export const adviceResult = (
  { terminal }: Counter,
  advice_id: string,
  outcome: "accepted" | "refused",
  reason?: string,
): Extract<TerminalFrame, { type: "advice_result" }> => ({
  type: "advice_result",
  journal_id: terminal.journal_id,
  sequence: ++terminal.sequence,
  advice_id,
  outcome,
  ...(reason === undefined ? {} : { reason }),
});

/** The host answers the next advice that the terminal is told. */
export async function answerAdvice(counter: Counter, outcome: "accepted" | "refused", reason?: string) {
  const advice = await counter.link.expect("advice");
  await say(counter, adviceResult(counter, advice.advice_id, outcome, reason));
  return advice;
}

export type Operation = "refund" | "capture" | "void";

export const operate = (
  shop: Pick<Shop, "call">,
  operation: Operation,
  { id }: { readonly id: string },
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Operated> => shop.call("POST", `/v1/transactions/${id}/${operation}`, body, headers);

/** A refund that must be accepted: the request id of its INITIATE_REFUND. */
export async function refunding(
  shop: Shop,
  payment: { readonly id: string },
  body: { readonly amount: number; readonly terminal_id: string; readonly [member: string]: unknown },
): Promise<string> {
  const { status, headers, body: answer } = await operate(shop, "refund", payment, body);
  assert.equal(status, 202, JSON.stringify(answer));
  return headers.get("event-request-id") ?? "";
}

export async function read(shop: Shop, { id }: { readonly id: string }, query = ""): Promise<Transaction> {
  return (await shop.call<Transaction>("GET", `/v1/transactions/${id}${query}`)).body;
}

/** Reads until the transaction has an event of that name that ends this request, or is of it. */
export const untilEvent = (
  shop: Shop,
  payment: { readonly id: string },
  event: string,
  request_id: string,
): Promise<TransactionEvent> =>
  until(async () =>
    (await read(shop, payment)).events.find(
      (seen) => seen.event === event && [seen.correlation_request_id, seen.request_id].includes(request_id),
    ),
  );

export interface Books {
  readonly event_count: number;
  readonly status: string;
  readonly reserved: number;
  readonly refunded: number;
  readonly captured: number;
  readonly voided: number;
  readonly prompts: number;
  readonly advices: number;
}

/** What the database holds of a payment. */
export async function booksOf({ database }: Shop, { id }: { readonly id: string }): Promise<Books> {
  const [books] = await database.sql<Books>(
    `SELECT event_count, status, reserved_refund_amount AS reserved, refunded_amount AS refunded,
       captured_amount AS captured, voided_amount AS voided,
       (SELECT count(*)::integer FROM prompts) AS prompts, (SELECT count(*)::integer FROM advices) AS advices
     FROM transactions WHERE id = $1`,
    [id],
  );
  assert.ok(books !== undefined, `no transaction ${id}`);
  return books;
}

/** What happened to the payment after it was paid, a line for each event. */
export const storyOf = ({ events }: Transaction): string[] =>
  events
    .filter(({ event }) => event !== "INITIALIZE" && event !== "AUTHORIZE")
    .map(({ event, success, amount }) => `${event} ${success ? "" : "failed "}${amount}`);
