/**
 * A till that sells on one terminal, one sale after the other, whatever is being killed: it repeats what was not answered
 * under the same Idempotency-Key, and writes down what was.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { demo } from "../../src/flows/demo-account.ts";
import type { Chance } from "./kill-chance.ts";
import type { KillScene, KillTerminal } from "./kill-scene.ts";

export interface Sold {
  readonly merchant_reference: string;
  readonly terminal_id: string;
  readonly amount: number;
  readonly session_id: string;
  /** The first final status that the till was told. */
  told?: Transaction["status"];
  /** The till was told that the sale is called off. */
  cancelled?: true;
}

/** Amounts by what the simulated terminal does with them (src/simulator/amounts.ts); most sales are approved. */
const amounts = [39_900, 12_345, 991_100, 991_200, 4_200, 100, 990_100, 990_200, 990_400, 990_600];

const againAfter_ms = 30;
/** An answer that is not there by then is not waited for: the request is repeated. */
const answerWithin_ms = 8_000;
/** How long a till tries to have its last sale answered when nothing is killed any more. */
const patience_ms = 30_000;

export class Till {
  readonly sold: Sold[] = [];
  repeats = 0;
  readonly #scene: KillScene;
  readonly #terminal: KillTerminal;
  readonly #chance: Chance;

  constructor(scene: KillScene, terminal: KillTerminal, chance: Chance) {
    this.#scene = scene;
    this.#terminal = terminal;
    this.#chance = chance;
  }

  /** Sells until `isClosing`; then the sale under way is still seen through. */
  async sell(isClosing: () => boolean): Promise<void> {
    for (let number = 1; !isClosing(); number++) {
      const merchant_reference = `${this.#terminal.terminal_id}-${number}`;
      const amount = this.#chance.of(amounts);
      const session_id = await this.#create(merchant_reference, amount, isClosing);
      if (session_id === undefined) return;
      const sold: Sold = { merchant_reference, terminal_id: this.#terminal.terminal_id, amount, session_id };
      this.sold.push(sold);
      if (this.#chance.happens(0.1)) await this.#cancel(sold);
      // The others are not watched: the next sale meets a busy terminal until this one has ended.
      if (this.#chance.happens(0.6)) await this.#watch(sold, isClosing);
    }
  }

  /** Asks for every sale once more: each must be answered with the session it was answered with before. */
  async askAgain(): Promise<void> {
    for (const { merchant_reference, amount, session_id } of this.sold) {
      const again = await this.#create(merchant_reference, amount, () => true);
      // The till has given up, and said so.
      if (again === undefined) return;
      if (again !== session_id) this.#fault(`${merchant_reference} was answered with ${session_id} and ${again}.`);
    }
  }

  /** The session, or `undefined` where the till gave up: not while it is open. */
  async #create(merchant_reference: string, amount: number, isClosing: () => boolean): Promise<string | undefined> {
    let left_ms = patience_ms;
    const { store_id, terminal_id: _, payout_destination_id, profile_id } = demo;
    const store = { id: store_id, terminal_id: this.#terminal.terminal_id, payout_destination_id };
    const body = {
      url: { return_url: "https://yourpos.example.com/payment/return" },
      order: { amount, currency: "NOK", merchant_reference, store },
      profile_id,
    };
    const answers: string[] = [];
    while (left_ms > 0) {
      const began = performance.now();
      const key = { "idempotency-key": `key-${merchant_reference}` };
      const answer = await this.#call<CreatedSession & ErrorBody>("POST", "/v1/sessions-profile", body, key);
      if (answer?.status === 200) {
        this.#scene.pass(this.#terminal, "sold");
        return answer.body.id;
      }
      if (answer === undefined) this.repeats++;
      else this.#judgeRefusal(merchant_reference, answer.status, answer.body);
      answers.push(`${new Date().toISOString()} ${JSON.stringify(answer)}`);
      await pause(againAfter_ms);
      if (isClosing()) left_ms -= performance.now() - began;
    }
    const last = answers.filter((_, index) => index % 20 === 0 || index > answers.length - 3).join("\n");
    this.#fault(`${merchant_reference} was not answered within ${patience_ms} ms:\n${last}`);
    return undefined;
  }

  #judgeRefusal(merchant_reference: string, status: number, { error }: ErrorBody): void {
    if (status !== 409 || error.code !== "TERMINAL_BUSY") {
      this.#fault(`${merchant_reference} was answered ${status} ${JSON.stringify(error)}.`);
    } else if (error.merchant_reference === merchant_reference) {
      // prompt-life section 10: a retry finds its own sale, not a busy terminal.
      this.#fault(`${merchant_reference} was told that its terminal is busy with ${merchant_reference}.`);
    }
  }

  async #cancel(sold: Sold): Promise<void> {
    await pause(this.#chance.between(0, 150));
    const answer = await this.#call<Session>("POST", `/v1/sessions/${sold.session_id}/cancel`);
    if (answer?.status === 200) sold.cancelled = true;
    else if (answer !== undefined && answer.status !== 409) {
      this.#fault(
        `Cancelling ${sold.merchant_reference} was answered ${answer.status} ${JSON.stringify(answer.body)}.`,
      );
    }
  }

  /** Reads the transaction until it has ended, as a till does. */
  async #watch(sold: Sold, isClosing: () => boolean): Promise<void> {
    let transaction_id: string | undefined;
    while (!isClosing()) {
      if (transaction_id === undefined) {
        const answer = await this.#read<Session>(`/v1/sessions/${sold.session_id}`);
        transaction_id = answer?.transaction_id;
      } else {
        const status = (await this.#read<Transaction>(`/v1/transactions/${transaction_id}`))?.status;
        if (status === "CAPTURED" || status === "DECLINED" || status === "FAILED") {
          sold.told = status;
          return;
        }
      }
      await pause(againAfter_ms);
    }
  }

  /** What was answered 200 is there to be read, at every moment (G6). */
  async #read<Body>(path: string): Promise<Body | undefined> {
    const answer = await this.#call<Body>("GET", path);
    if (answer !== undefined && answer.status !== 200) {
      this.#fault(`GET ${path} was answered ${answer.status} ${JSON.stringify(answer.body)}.`);
      return undefined;
    }
    return answer?.body;
  }

  /** The answer; `undefined` where there was none, or a 503: it is not known what became of the request. */
  async #call<Body>(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Body } | undefined> {
    const authorization = `Bearer ${this.#scene.token}`;
    const json = body === undefined ? {} : { "content-type": "application/json" };
    try {
      const answer = await fetch(`${this.#scene.address}${path}`, {
        method,
        headers: { authorization, ...json, ...headers },
        signal: AbortSignal.timeout(answerWithin_ms),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return answer.status === 503 ? undefined : { status: answer.status, body: JSON.parse(text) as Body };
    } catch {
      return undefined;
    }
  }

  #fault(sentence: string): void {
    this.#scene.faults.push(sentence);
  }
}
