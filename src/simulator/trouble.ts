/**
 * Trouble, to order: what can go wrong with a terminal or its host, and at which step. Each is taken once, at the first
 * prompt, advice or operation that comes so far.
 */
import type { Trouble } from "../contract/account.ts";

export type TroubleKind = Trouble["kind"];
export type TroubleStep = Trouble["at"];
/** The host's troubles: they strike when it is asked to do that, whatever step was named. */
export type OrderedRefusal = "reversal_refused" | "advice_refused";

/** What each does, for people. */
export const troubleMeanings: Readonly<Record<TroubleKind, string>> = {
  power_cut: "the terminal goes dark at once, and starts again after a while",
  link_cut: "the network goes at that step, and comes back after a while; the terminal goes on",
  answer_lost: "the result is written to the journal and never sent; it comes after the next hello",
  answer_late: "the result is sent after a while",
  answer_twice: "the result is sent twice",
  answer_different: "after the result another one is sent about the same, that says otherwise",
  journal_wiped: "the terminal is wiped: it starts again with an empty journal, and knows of nothing",
  reversal_refused: "the host refuses the next reversal that it is asked for; the approval stands",
  advice_refused: "the host refuses the next capture, void or lapse that it is told of; it stays as it was",
};

/** The power is gone: whatever was under way ends here, as if it had never been about to happen. */
export class PowerCut extends Error {
  readonly for_ms: number;
  readonly wiped: boolean;
  constructor(for_ms: number, wiped: boolean) {
    super("power cut");
    this.for_ms = for_ms;
    this.wiped = wiped;
  }
}

/** Troubles that are ordered and have not struck yet. */
export class Troubles {
  readonly #ordered: Trouble[] = [];

  order(trouble: Trouble): void {
    this.#ordered.push(trouble);
  }

  /** Takes the trouble that strikes at this step, if one does. */
  strike(step: TroubleStep): Trouble | undefined {
    return this.#take((trouble) => strikesAt(trouble) === step);
  }

  /** Takes the host's refusal, if one was ordered. */
  refuses(kind: OrderedRefusal): boolean {
    return this.#take((trouble) => trouble.kind === kind) !== undefined;
  }

  #take(isIt: (trouble: Trouble) => boolean): Trouble | undefined {
    const index = this.#ordered.findIndex(isIt);
    return index < 0 ? undefined : this.#ordered.splice(index, 1)[0];
  }
}

/** The answers' troubles strike when there is an answer, whatever step was named; a refusal at no step of the terminal. */
function strikesAt({ kind, at }: Trouble): TroubleStep | undefined {
  if (kind === "reversal_refused" || kind === "advice_refused") return undefined;
  return kind.startsWith("answer_") ? "concluded" : at;
}
