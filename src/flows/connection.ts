/** A terminal comes and goes. Its driver has made sure that it is the device we paired. */
import type { TerminalLink } from "../storage/prompts.ts";
import { connectTerminal, disconnectTerminal, type NewConnection } from "../storage/terminals.ts";
import { isoNow, type World } from "./world.ts";

/**
 * Makes this the terminal's only connection: its epoch guards every send and every answer. `undefined` if the device was
 * revoked meanwhile.
 */
export async function terminalArrived(
  world: World,
  arrival: Omit<NewConnection, "process_id">,
): Promise<TerminalLink | undefined> {
  const { account_id, terminal_id } = arrival;
  const asked = { ...arrival, process_id: world.process_id };
  const epoch = await world.db.atOnce((tx) => connectTerminal(tx, asked, isoNow(world)));
  return epoch === undefined ? undefined : { account_id, terminal_id, epoch };
}

export async function terminalGone(world: World, link: TerminalLink): Promise<void> {
  await world.db.atOnce((tx) => disconnectTerminal(tx, link, isoNow(world)));
}
