/**
 * Payments of which we do not know the end: their terminals are asked again and again, and after a while a person is told
 * as well. What the terminal answers is judged in result.ts; what a person decides, in incident.ts.
 */
import { lockPrompt, readLongUnresolved, readUnresolvedHere } from "../storage/prompts.ts";
import { raiseIncident } from "./incident.ts";
import { askWhereItStands } from "./reach.ts";
import type { World } from "./world.ts";

/** A host answers in a few seconds, a customer types a PIN in less than this: then the answer may have been lost. */
const answerIsLate_ms = 20_000;

/** Asks the connected terminals where prompts stand whose end is not known, or is late. */
export async function askUnresolved(world: World): Promise<void> {
  const presented_before = new Date(world.clock.now() - answerIsLate_ms).toISOString();
  const prompts = await readUnresolvedHere(world.db, world.process_id, presented_before);
  for (const prompt of prompts) askWhereItStands(world, prompt, prompt.id);
}

/** Tells a person of each payment that has been unresolved for long. Its status stays as it is. */
export async function raiseLongUnresolved(world: World): Promise<void> {
  const since = new Date(world.clock.now() - world.limits.incident_after_ms).toISOString();
  for (const { account_id, id } of await readLongUnresolved(world.db, since)) {
    await world.db.transaction(async (tx) => {
      const prompt = await lockPrompt(tx, account_id, id);
      if (prompt?.status !== "UNRESOLVED") return;
      const { terminal_id, amount, currency, unresolved_at } = prompt;
      const details = { amount, currency, unresolved_at };
      await raiseIncident(world, tx, {
        account_id,
        terminal_id,
        kind: "UNRESOLVED_PAYMENT",
        subject: id,
        prompt,
        details,
      });
    });
  }
}
