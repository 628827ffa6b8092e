/**
 * A prompt's time has run out: what follows from it. A prompt that was never sent ends; one that may be on a screen is
 * asked to stop; one that does not answer is unresolved (prompt-life section 2).
 */
import { lockPrompt, markStopAsked, type Prompt, readDuePrompts } from "../storage/prompts.ts";
import { endPrompt } from "./prompt.ts";
import { askToStop, askWhereItStands } from "./reach.ts";
import { isoNow, type World } from "./world.ts";

/** The server acts on its own deadline so much later than the terminal (prompt-life section 4). */
export const deadlineGrace_ms = 2_000;

/** Prompts taken up in one sweep; the next takes the rest. */
const sweepMax = 200;

/** Acts on every prompt whose time has come. Answers how many there were. */
export async function actOnDeadlines(world: World): Promise<number> {
  const now = world.clock.now();
  const ago = (ms: number) => new Date(now - ms).toISOString();
  const before = {
    deadline: ago(deadlineGrace_ms),
    stop_asked: ago(world.limits.stop_answer_ms),
    card_presented: ago(world.limits.processing_ms),
  };
  const due = await readDuePrompts(world.db, before, sweepMax);
  for (const prompt of due) await actOnDeadline(world, prompt);
  if (due.length > 0) world.hints.deliveryDue();
  return due.length;
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
