/** How a prompt ended, as the terminal words it. */
import type { PromptFrame } from "../contract/terminal-protocol.ts";
import { type HostAnswer, type Script, scriptFor } from "./amounts.ts";
import type { Conclusion } from "./journal.ts";
import { factsOf, type ReceiptPrinter } from "./receipt.ts";

/** The host has answered. */
export function answered(prompt: PromptFrame, script: Script, answer: HostAnswer, printer: ReceiptPrinter): Conclusion {
  const { brand, masked_pan, type } = script.card;
  const common = {
    prompt_id: prompt.prompt_id,
    amount: prompt.amount,
    currency: prompt.currency,
    card: { brand, masked_pan, type, country: "NOR", expiry_date: "12/2030", entry_method: "contactless" as const },
    facts: factsOf(prompt, script, answer, printer),
  };
  if (answer.approved) return { ...common, outcome: "approved" };
  const { reason = "Declined.", reason_code = "DECLINED" } = answer;
  return { ...common, outcome: answer.unreachable === true ? "failed" : "declined", reason, reason_code };
}

/** The terminal has started again, and its host says what it knows of the prompt: its answer, or nothing. */
export function settled(
  prompt: PromptFrame,
  never_shown: boolean,
  answer: HostAnswer | undefined,
  printer: ReceiptPrinter,
): Conclusion {
  const { prompt_id } = prompt;
  if (answer !== undefined) return answered(prompt, scriptFor(prompt.amount), answer, printer);
  if (never_shown) return { prompt_id, outcome: "not_shown", reason: "The terminal restarted before it was shown." };
  return { prompt_id, outcome: "failed", reason: "The terminal restarted; its host was never asked." };
}
