/**
 * A prompt's time has run out: what follows from it. A prompt that was never sent ends; one that may be on a screen is
 * asked to stop; one that does not answer is unresolved (prompt-life section 2).
 */
import type { Tx } from "../storage/database.ts";
import { lockPrompt, markStopAsked, type Prompt, readDuePrompts } from "../storage/prompts.ts";
import { readConnection } from "../storage/terminals.ts";
import { endPrompt } from "./prompt.ts";
import { askToStop, askWhereItStands } from "./reach.ts";
import { isoNow, type World } from "./world.ts";

/** Where a terminal may have the prompt, the server acts so much later than it (prompt-life section 4). */
export const deadlineGrace_ms = 2_000;

/** Prompts taken up in one sweep; the next takes the rest. */
const sweepMax = 200;

/** Acts on every prompt whose time has come. Answers how many there were. */
export async function actOnDeadlines(world: World): Promise<number> {
  const now = world.clock.now();
  const ago = (ms: number) => new Date(now - ms).toISOString();
  const before = {
    now: ago(0),
    deadline: ago(deadlineGrace_ms),
    stop_asked: ago(world.limits.stop_answer_ms),
    card_presented: ago(world.limits.processing_ms),
  };
  const due = await readDuePrompts(world.db, before, sweepMax);
  for (const prompt of due) await actOnDeadline(world, prompt);
  if (due.length > 0) world.hints.eventWritten();
  return due.length;
}

async function isDark(tx: Tx, { account_id, terminal_id }: Prompt): Promise<boolean> {
  return (await readConnection(tx, account_id, terminal_id))?.connected_to === null;
}

async function actOnDeadline(world: World, seen: Prompt): Promise<void> {
  const asks = await world.db.transaction(async (tx) => {
    const prompt = await lockPrompt(tx, seen.account_id, seen.id);
    // It moved between the sweep's read and the lock: then the next sweep judges it anew.
    if (prompt === undefined || prompt.status !== seen.status) return undefined;
    switch (prompt.status) {
      case "WAITING":
      case "PENDING":
        await endPrompt(world, tx, prompt, "deadline");
        return undefined;
      case "SENT":
      case "SHOWN":
        if (prompt.stop_asked_at !== null) {
          await endPrompt(world, tx, prompt, "stop_unanswered");
          return undefined;
        }
        if (prompt.kind === "refund" && (await isDark(tx, prompt))) {
          // R58: the till is told of a refund's end after 120 s. Its amount stays reserved until the terminal is back.
          await endPrompt(world, tx, prompt, "stop_unanswered");
          return undefined;
        }
        await markStopAsked(tx, prompt, isoNow(world));
        return "stop";
      case "PROCESSING":
        await endPrompt(world, tx, prompt, "processing_limit");
        return "inquire";
      default:
        return undefined;
    }
  });
  if (asks === "stop") askToStop(world, seen, seen.id);
  if (asks === "inquire") askWhereItStands(world, seen, seen.id);
  world.hints.promptChanged(seen.id);
}
