/**
 * The terminal's own host, simulated: it authorizes, holds what it authorized until it is told to capture or release it,
 * and remembers every answer it gave. One prompt is one authorization and one advice is done once; asked again, it says
 * the same.
 */
import type { HostAnswer } from "./amounts.ts";
import type { EntryLog } from "./entry-log.ts";
import {
  type AdviceFrame,
  type Authorization,
  type BookEntry,
  HostBook,
  type HostDay,
  type HostEntry,
} from "./host-book.ts";

/** What the host says to a reversal or an advice: done, or why not. */
export interface HostWord {
  readonly refusal: string | undefined;
}

/** Was a refusal ordered of the host? Asked only where it has something to decide. */
export type RefusesByOrder = () => boolean;

const byOrder = "The host refuses it.";

export class CardHost {
  readonly #log: EntryLog<BookEntry>;
  readonly book: HostBook;

  private constructor(log: EntryLog<BookEntry>, book: HostBook) {
    this.#log = log;
    this.book = book;
  }

  static async open(log: EntryLog<BookEntry>): Promise<CardHost> {
    return new CardHost(log, HostBook.of(await log.load()));
  }

  async authorize(entry: HostEntry): Promise<HostAnswer> {
    const before = this.book.entry(entry.prompt_id);
    if (before !== undefined) return before.answer;
    await this.#write(entry);
    return entry.answer;
  }

  /** Takes an approval back; taking it back twice is taking it back once. What is captured stays captured. */
  async reverse(prompt_id: string, refusesByOrder: RefusesByOrder): Promise<HostWord> {
    const entry = this.book.entry(prompt_id);
    if (entry?.reversed === true) return { refusal: undefined };
    if (refusesByOrder()) return { refusal: byOrder };
    if (entry === undefined || !entry.answer.approved) return { refusal: "No approval." };
    const captured_amount = this.book.authorization(prompt_id)?.captured_amount ?? 0;
    if (captured_amount > 0) return { refusal: "It is captured." };
    await this.#write({ ...entry, reversed: true });
    return { refusal: undefined };
  }

  /** Captures, voids or lets lapse. The answer is in the book before it is given. */
  async advise({ type: _, ...advice }: AdviceFrame, refusesByOrder: RefusesByOrder): Promise<HostWord> {
    const before = this.book.advice(advice.advice_id);
    if (before !== undefined) return { refusal: before.refusal };
    const refusal = refusesByOrder() ? byOrder : whyNot(advice, this.book.authorization(advice.prompt_id));
    await this.#write({ ...advice, ...(refusal === undefined ? {} : { refusal }) });
    return { refusal };
  }

  /** Closes the day. Closed again for the same operation, it is the same day. */
  async closeDay(operation_id: string, closed_at: string): Promise<HostDay> {
    const { days, today } = this.book;
    const before = days.find((day) => day.operation_id === operation_id);
    if (before !== undefined) return before;
    const last = days.at(-1);
    const since = last === undefined ? {} : { last_end_of_day_at: last.closed_at };
    const day = { operation_id, batch_id: String(days.length + 1), closed_at, ...since, totals: today };
    await this.#write(day);
    return day;
  }

  /** What it answered, or `undefined` if it was never asked. */
  inquire(prompt_id: string): HostAnswer | undefined {
    return this.book.entry(prompt_id)?.answer;
  }

  async #write(entry: BookEntry): Promise<void> {
    await this.#log.append(entry);
    this.book.take(entry);
  }
}

/** Why an advice cannot be followed, or `undefined` if it can. */
function whyNot(
  { kind, amount, currency }: Omit<AdviceFrame, "type">,
  authorization: Authorization | undefined,
): string | undefined {
  if (authorization === undefined) return "No authorization stands for this prompt.";
  const { state, captured_amount } = authorization;
  if (currency !== authorization.currency) return `It was authorized in ${authorization.currency}.`;
  if (state !== "held") return `The authorization is ${state}.`;
  if (kind === "void" && captured_amount > 0) return "A part of it is captured.";
  if (kind === "capture" && captured_amount + amount > authorization.amount) return "It is more than was authorized.";
  return undefined;
}
