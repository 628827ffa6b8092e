/** Sending a result that is on the journal, and what ordered trouble makes of that. */
import type { Trouble } from "../contract/account.ts";
import type { PromptFrame, Result } from "../contract/terminal-protocol.ts";
import type { Clock } from "../domain/environment.ts";
import type { Conclusion } from "./journal.ts";

export interface AnswerParts {
  readonly clock: Clock;
  readonly prompt: PromptFrame | undefined;
  readonly send: (result: Result) => void;
  /** Writes another conclusion to the journal. */
  readonly conclude: (conclusion: Conclusion) => Promise<Result>;
}

/** What an ordered trouble makes of the answer; without one it is sent. */
export async function sendAnswer(result: Result, trouble: Trouble | undefined, parts: AnswerParts): Promise<void> {
  switch (trouble?.kind) {
    case "answer_lost":
      return;
    case "answer_late":
      parts.clock.after(trouble.for_ms, () => parts.send(result));
      return;
    case "answer_twice":
      parts.send(result);
      parts.send(result);
      return;
    case "answer_different":
      parts.send(result);
      parts.send(await parts.conclude(otherwise(result, parts.prompt)));
      return;
    default:
      parts.send(result);
  }
}

function otherwise({ prompt_id, outcome }: Result, prompt: PromptFrame | undefined): Conclusion {
  const amount = prompt === undefined ? {} : { amount: prompt.amount, currency: prompt.currency };
  return { prompt_id, outcome: outcome === "approved" ? "declined" : "approved", ...amount };
}
