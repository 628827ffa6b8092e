/** Sending a result that is on the journal, and what ordered trouble makes of that. */
import type { Trouble } from "../contract/account.ts";
import type { PromptFrame } from "../contract/terminal-protocol.ts";
import type { Clock } from "../domain/environment.ts";
import type { Conclusion } from "./journal.ts";

export interface AnswerParts<Answer> {
  readonly clock: Clock;
  readonly send: (result: Answer) => void;
  /** Writes another result about the same to the journal, one that says otherwise. */
  readonly sayOtherwise: () => Promise<Answer>;
}

/** What an ordered trouble makes of the answer; without one it is sent. */
export async function sendAnswer<Answer>(
  result: Answer,
  trouble: Trouble | undefined,
  parts: AnswerParts<Answer>,
): Promise<void> {
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
      parts.send(await parts.sayOtherwise());
      return;
    default:
      parts.send(result);
  }
}

/** The contrary of how a prompt ended. */
export function otherwise({ prompt_id, outcome }: Conclusion, prompt: PromptFrame | undefined): Conclusion {
  const amount = prompt === undefined ? {} : { amount: prompt.amount, currency: prompt.currency };
  return { prompt_id, outcome: outcome === "approved" ? "declined" : "approved", ...amount };
}
