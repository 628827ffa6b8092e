/**
 * A terminal is back: what is to be done about each prompt that was sent to it before. Its journal is the evidence, and
 * only for prompts that were sent to that journal (prompt-life section 4).
 */

import { isFinal } from "../domain/prompt.ts";
import type { JournalEntry, JournalStep } from "../domain/terminal.ts";
import {
  freeSeat,
  lockPrompt,
  type Prompt,
  readOpenPrompts,
  resendPrompt,
  type SentPrompt,
  type TerminalLink,
} from "../storage/prompts.ts";
import { raiseIncident } from "./incident.ts";
import { cardPresented, endPrompt, promptShown } from "./prompt.ts";
import { leaveReversalsBehind } from "./reversal.ts";
import { isoNow, type World } from "./world.ts";

export interface CatchUpStep {
  /** send: the same prompt again. stop: call it off. inquire: where does it stand? */
  readonly act: "send" | "stop" | "inquire";
  readonly prompt: SentPrompt;
}

/** The frames to send, in order. Results that the journal holds come by themselves. */
export async function catchUp(
  world: World,
  link: TerminalLink,
  held: { readonly journal_id: string; readonly journal: readonly JournalEntry[] },
): Promise<CatchUpStep[]> {
  const steps: CatchUpStep[] = [];
  await leaveReversalsBehind(world, link, held.journal_id);
  for (const prompt of await readOpenPrompts(world.db, link)) {
    if (prompt.status === "PENDING") continue;
    if (prompt.sent_journal_id !== held.journal_id) {
      await leaveBehind(world, prompt);
      continue;
    }
    const entry = held.journal.find(({ prompt_id }) => prompt_id === prompt.id);
    if (entry?.step === "shown") await promptShown(world, link, prompt.id);
    if (entry?.step === "card_presented") await cardPresented(world, link, prompt.id);
    const act = await actOn(world, link, prompt, entry?.step);
    if (act !== undefined) steps.push({ act, prompt });
  }
  return steps;
}

/**
 * The device that was asked has been wiped, replaced or revoked. Its terminal is free for the successor; what became of
 * the prompt only a person can find out, unless the old journal speaks after all.
 */
export async function leaveBehind(world: World, seen: Prompt): Promise<void> {
  await world.db.transaction(async (tx) => {
    const prompt = await lockPrompt(tx, seen.account_id, seen.id);
    if (prompt === undefined || isFinal(prompt.status)) return;
    await endPrompt(world, tx, prompt, "journal_lost");
    await freeSeat(tx, prompt);
    const { account_id, terminal_id, id, sent_journal_id, amount, currency } = prompt;
    const details = { journal_id: sent_journal_id, amount, currency };
    await raiseIncident(world, tx, { account_id, terminal_id, kind: "JOURNAL_LOST", subject: id, prompt, details });
  });
  world.hints.promptChanged(seen.id);
}

async function actOn(
  world: World,
  link: TerminalLink,
  prompt: SentPrompt,
  step: JournalStep | undefined,
): Promise<CatchUpStep["act"] | undefined> {
  // Its result is on the way, before anything else the terminal says.
  if (step === "concluded") return undefined;
  if (step === "card_presented" || prompt.status === "UNRESOLVED" || prompt.status === "PROCESSING") return "inquire";
  const now = isoNow(world);
  const called_off = prompt.cancel_asked_at !== null || prompt.deadline_at <= now;
  // Where the terminal never saw it, it says so and refuses it for good; where it shows it, it takes it down.
  if (called_off) return step === undefined ? "inquire" : "stop";
  if (step !== undefined) return undefined;
  const resent = await world.db.atOnce((tx) => resendPrompt(tx, link, prompt.id, now));
  return resent ? "send" : undefined;
}
