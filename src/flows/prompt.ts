/**
 * A prompt's way to its end: sent, shown, a card presented, a result. What the terminal says is applied here by the
 * table in domain/prompt.ts, whatever the prompt is for; what its end means for the money is the flow's that made it.
 */
import { maskCardNumbersDeep } from "../domain/card-data.ts";
import { isFinal, nextStatus, type PromptEvent, type PromptStatus } from "../domain/prompt.ts";
import type { TerminalWord } from "../domain/sale-outcome.ts";
import type { TerminalResult } from "../domain/terminal.ts";
import type { Tx } from "../storage/database.ts";
import {
  claimPrompt,
  type LockedPrompt,
  lockPrompt,
  markCardPresented,
  markShown,
  type Prompt,
  type TerminalLink,
} from "../storage/prompts.ts";
import { readVerdict, storeResult, type Verdict } from "../storage/terminal-results.ts";
import { readConnection } from "../storage/terminals.ts";
import { concludeSale } from "./sale.ts";
import { isoNow, type World } from "./world.ts";

/**
 * Takes the prompt that waits for a terminal. It reads SENT, on disk, when this returns: only then may the driver write
 * its first byte.
 */
export async function takePromptToSend(
  world: World,
  link: TerminalLink,
): Promise<(Prompt & { merchant_reference: string }) | undefined> {
  return world.db.atOnce((tx) => claimPrompt(tx, link, isoNow(world)));
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

/**
 * Stores what the terminal said and applies it. When this returns the result is on disk and may be acknowledged,
 * whatever came of it: a result is never refused for its content (prompt-life section 5).
 */
export async function takeResult(world: World, link: TerminalLink, said: TerminalResult): Promise<Verdict> {
  const { value: result, found_at } = maskCardNumbersDeep(said);
  const ids = { account_id: link.account_id, terminal_id: link.terminal_id, prompt_id: result.prompt_id };
  if (found_at.length > 0)
    world.log.error({ ...ids, fields: found_at }, "a terminal sent what looks like a card number");
  const verdict = await world.db.transaction(async (tx) => {
    await checkOwner(tx, link);
    const prompt = await lockPrompt(tx, link.account_id, result.prompt_id);
    const before = await readVerdict(tx, link, result);
    if (before !== undefined) return before;
    const judged = judge(link, prompt, result);
    await storeResult(tx, link, result, judged.verdict, isoNow(world));
    if (judged.verdict === "applied") await concludeSale(world, tx, judged.prompt, judged.status, wordOf(result));
    return judged.verdict;
  });
  if (verdict !== "applied") world.log.warn({ ...ids, verdict, outcome: result.outcome }, "a result changed nothing");
  world.hints.promptChanged(result.prompt_id);
  world.hints.deliveryDue();
  return verdict;
}

/** The terminal has connected again since: what it has to say, it says over its new connection. */
export class ConnectionReplaced extends Error {}

async function checkOwner(tx: Tx, link: TerminalLink): Promise<void> {
  const connection = await readConnection(tx, link.account_id, link.terminal_id);
  if (connection?.epoch !== link.epoch) throw new ConnectionReplaced(`epoch ${link.epoch} of ${connection?.epoch}`);
}

type Judgement =
  | { readonly verdict: "applied"; readonly prompt: LockedPrompt; readonly status: PromptStatus }
  | { readonly verdict: Exclude<Verdict, "applied"> };

function judge(link: TerminalLink, prompt: LockedPrompt | undefined, result: TerminalResult): Judgement {
  if (prompt === undefined || prompt.terminal_id !== link.terminal_id) return { verdict: "orphan" };
  if (prompt.sent_journal_id !== null && prompt.sent_journal_id !== result.journal_id) return { verdict: "foreign" };
  const status = nextStatus(prompt.status, eventOf(prompt, result), prompt.cancel_asked_at !== null);
  if (status === undefined) return { verdict: "late" };
  return { verdict: "applied", prompt, status };
}

/** An approval of another amount or currency than asked is no approval of ours. */
function eventOf(prompt: Prompt, result: TerminalResult): PromptEvent {
  if (result.outcome !== "approved") return result.outcome;
  const same = result.amount === prompt.amount && result.currency === prompt.currency;
  return same ? "approved" : "approved_otherwise";
}

const wordOf = ({ outcome, reason, reason_code, card, facts }: TerminalResult): TerminalWord => ({
  was_shown: outcome === "timed_out",
  reason,
  reason_code,
  card,
  facts,
});

/** Ends a prompt on our own account (a cancel before it was sent, a deadline), under its lock. */
export async function endPrompt(
  world: World,
  tx: Tx,
  prompt: LockedPrompt,
  on: PromptEvent,
): Promise<PromptStatus | undefined> {
  const status = nextStatus(prompt.status, on, prompt.cancel_asked_at !== null);
  if (status === undefined || status === prompt.status) return undefined;
  if (isFinal(status) || status === "UNRESOLVED") await concludeSale(world, tx, prompt, status, {});
  return status;
}
