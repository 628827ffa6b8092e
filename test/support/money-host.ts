/**
 * The book of the terminals' host: the money itself. Everything it is asked has an id, and is answered the same however
 * often it is asked. It keeps the rules that a host keeps, and fails the test where it is asked to break one.
 */
import assert from "node:assert/strict";
import type { AdviceKind } from "../../src/domain/advice.ts";
import type { PromptKind } from "../../src/domain/prompt.ts";

export type CardAnswer = "approves" | "declines";

interface AskedPrompt {
  readonly prompt_id: string;
  readonly kind: PromptKind;
  readonly amount: number;
  readonly merchant_reference?: string;
  readonly original?: { readonly unique_id?: string };
}

export interface HostPayment {
  readonly merchant_reference: string | undefined;
  readonly authorized: number;
  captured: number;
  voided: number;
  /** Taken back whole. */
  reversed: boolean;
}

interface HostRefund {
  readonly payment_id: string;
  readonly amount: number;
  reversed: boolean;
}

export class HostBook {
  readonly payments = new Map<string, HostPayment>();
  readonly refunds = new Map<string, HostRefund>();
  readonly #answers = new Map<string, boolean>();
  /** What it refuses the next time it is asked. */
  readonly refuses = new Set<"advice" | "reversal">();

  static uniqueId = (prompt_id: string): string => `uid-${prompt_id}`;

  /** What it answered about this id, if it was asked. */
  answerTo(id: string): boolean | undefined {
    return this.#answers.get(id);
  }

  authorize(asked: AskedPrompt, card: CardAnswer): boolean {
    return this.#once(asked.prompt_id, () => {
      if (card === "declines") return false;
      if (asked.kind === "refund") this.#payBack(asked);
      else this.#take(asked);
      return true;
    });
  }

  #take({ prompt_id, kind, amount, merchant_reference }: AskedPrompt): void {
    const captured = kind === "purchase" ? amount : 0;
    this.payments.set(prompt_id, { merchant_reference, authorized: amount, captured, voided: 0, reversed: false });
  }

  #payBack(asked: AskedPrompt): void {
    const { prompt_id, amount } = asked;
    const payment_id = this.#originalOf(asked);
    const payment = this.payments.get(payment_id);
    assert.ok(payment !== undefined && !payment.reversed, `the host is to pay back what it never took: ${payment_id}`);
    assert.ok(this.paidBack(payment_id) + amount <= payment.captured, `more is paid back than was taken: ${prompt_id}`);
    this.refunds.set(prompt_id, { payment_id, amount, reversed: false });
  }

  /** By the host's own id; a payment that a person decided has none in our books, and is found by its receipt. */
  #originalOf({ original, merchant_reference }: AskedPrompt): string {
    if (original?.unique_id !== undefined) return original.unique_id.replace(/^uid-/, "");
    const found = [...this.payments].find(([, payment]) => payment.merchant_reference === merchant_reference);
    return found?.[0] ?? "";
  }

  /** What stands as paid back of this payment. */
  paidBack(payment_id: string): number {
    const of_payment = [...this.refunds.values()].filter((refund) => refund.payment_id === payment_id);
    return of_payment.reduce((sum, { amount, reversed }) => sum + (reversed ? 0 : amount), 0);
  }

  advise(asked: { advice_id: string; prompt_id: string; kind: AdviceKind; amount: number }): boolean {
    const { advice_id, prompt_id, kind, amount } = asked;
    return this.#once(advice_id, () => {
      if (this.refuses.delete("advice")) return false;
      const payment = this.payments.get(prompt_id);
      assert.ok(payment !== undefined && !payment.reversed, `${kind} of what the host never authorized: ${prompt_id}`);
      const left = payment.authorized - payment.captured - payment.voided;
      assert.ok(amount <= left, `${kind} of ${amount} where ${left} is left: ${prompt_id}`);
      assert.ok(kind !== "void" || payment.captured === 0, `void after a capture: ${prompt_id}`);
      if (kind === "capture") payment.captured += amount;
      else payment.voided += amount;
      return true;
    });
  }

  reverse({ reversal_id, prompt_id }: { reversal_id: string; prompt_id: string }): boolean {
    return this.#once(reversal_id, () => {
      if (this.refuses.delete("reversal")) return false;
      const approved = this.payments.get(prompt_id) ?? this.refunds.get(prompt_id);
      assert.ok(approved !== undefined, `what is taken back was never approved: ${prompt_id}`);
      approved.reversed = true;
      return true;
    });
  }

  /** Did money move for this prompt, and stay? A person who asks closes the matter: what it does not know, it refuses. */
  askedByPerson(prompt_id: string): boolean {
    this.#once(prompt_id, () => false);
    return this.stands(prompt_id);
  }

  stands(prompt_id: string): boolean {
    const approved = this.payments.get(prompt_id) ?? this.refunds.get(prompt_id);
    return approved !== undefined && !approved.reversed;
  }

  /** What became of this advice; one that it does not know is refused from now on. */
  askedOfAdvice(advice_id: string): boolean {
    return this.#once(advice_id, () => false);
  }

  #once(id: string, answer: () => boolean): boolean {
    const before = this.#answers.get(id);
    if (before !== undefined) return before;
    const given = answer();
    this.#answers.set(id, given);
    return given;
  }
}
