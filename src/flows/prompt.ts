/**
 * A prompt's way to its end: sent, shown, a card presented; and the ends that are ours to make. The terminal's own word is
 * judged in result.ts; what an end means for the money is the flow's that made the prompt.
 */
import { isFinal, nextStatus, type PromptEvent, type PromptStatus } from "../domain/prompt.ts";
import type { TerminalWord } from "../domain/sale-outcome.ts";
import type { Tx } from "../storage/database.ts";
import {
  claimPrompt,
  type LockedPrompt,
  markCardPresented,
  markShown,
  type SentPrompt,
  type TerminalLink,
} from "../storage/prompts.ts";
import { concludeRefund } from "./refund.ts";
import { concludeSale } from "./sale.ts";
import { isoNow, type World } from "./world.ts";

/** A refund that has waited for its terminal is shown only if there is so much time left to find the card. */
const usefulFor_ms = 3_000;

/**
 * Takes the prompt that waits for a terminal. It reads SENT, on disk, when this returns: only then may the driver write
 * its first byte.
 */
export async function takePromptToSend(world: World, link: TerminalLink): Promise<SentPrompt | undefined> {
  const useful_until = new Date(world.clock.now() + usefulFor_ms).toISOString();
  const sent = await world.db.atOnce((tx) => claimPrompt(tx, link, isoNow(world), useful_until));
  if (sent !== undefined) world.hints.eventWritten();
  return sent;
}

export async function promptShown(world: World, link: TerminalLink, prompt_id: string): Promise<void> {
  await world.db.atOnce((tx) => markShown(tx, link, prompt_id, isoNow(world)));
  world.hints.promptChanged(prompt_id);
}

/** From here money may move: a cancel is too late. */
export async function cardPresented(world: World, link: TerminalLink, prompt_id: string): Promise<void> {
  await world.db.atOnce((tx) => markCardPresented(tx, link, prompt_id, isoNow(world)));
  world.hints.promptChanged(prompt_id);
}

/** Ends a prompt on our own account (a cancel before it was sent, a deadline, a person's decision), under its lock. */
export async function endPrompt(
  world: World,
  tx: Tx,
  prompt: LockedPrompt,
  on: PromptEvent,
  decided_by?: string,
): Promise<PromptStatus | undefined> {
  const status = nextStatus(prompt.status, on, prompt.cancel_asked_at !== null);
  if (status === undefined || status === prompt.status) return undefined;
  if (isFinal(status) || status === "UNRESOLVED") await concludePrompt(world, tx, prompt, status, {}, decided_by);
  return status;
}

/** What the end means for the money is the flow's that made the prompt. */
export function concludePrompt(
  world: World,
  tx: Tx,
  prompt: LockedPrompt,
  status: PromptStatus,
  word: TerminalWord,
  decided_by?: string,
): Promise<void> {
  if (prompt.kind === "refund") return concludeRefund(world, tx, prompt, status, word, decided_by);
  return concludeSale(world, tx, prompt, status, word);
}
