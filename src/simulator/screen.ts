/** What the terminal's display says. */
import type { PromptFrame, Result } from "../contract/terminal-protocol.ts";
import { formatAmount } from "../domain/money.ts";

export interface Screen {
  readonly text: string;
  readonly prompt?: PromptFrame | undefined;
  /** Is a card, or a key, waited for? */
  readonly waits: boolean;
}

export const idle: Screen = { text: "Welcome", waits: false };
export const dark: Screen = { text: "", waits: false };

/** Whoever holds the card must see which way the money goes. */
export function asks(prompt: PromptFrame): Screen {
  const what = prompt.kind === "refund" ? "Present card to refund" : "Present card";
  return { text: `${what}: ${formatAmount(prompt.amount, prompt.currency)}`, prompt, waits: true };
}

export const processing = (prompt: PromptFrame): Screen => ({ text: "Processing…", prompt, waits: false });

export function tells(kind: PromptFrame["kind"], outcome: Result["outcome"]): Screen {
  const text = kind === "refund" && outcome === "approved" ? "Refunded" : outcomeTexts[outcome];
  return { text, waits: false };
}

const outcomeTexts: Record<Result["outcome"], string> = {
  approved: "Approved",
  declined: "Declined",
  cancelled: "Cancelled",
  stopped: "Cancelled",
  not_shown: "Welcome",
  timed_out: "Timed out",
  failed: "Failed",
};
