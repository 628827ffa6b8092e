/** A terminal comes and goes. Its driver has made sure that it is the device we paired. */
import type { Reader } from "../storage/database.ts";
import type { TerminalLink } from "../storage/prompts.ts";
import { readIdleDeleted } from "../storage/terminal-work.ts";
import {
  connectTerminal,
  disconnectTerminal,
  endConnection,
  type NewConnection,
  readConnection,
  readReplaced,
} from "../storage/terminals.ts";
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
  const made = await world.db.atOnce((tx) => connectTerminal(tx, asked, isoNow(world)));
  if (made === undefined) return undefined;
  const { epoch, connected_before } = made;
  // The same key connected twice: a device that has come back another way, or a clone. The older one is told.
  if (connected_before !== null && connected_before !== world.process_id) {
    world.bus.tell({ kind: "replaced", account_id, terminal_id, epoch });
  }
  return { account_id, terminal_id, epoch };
}

/** Ends this process's connections that another one has taken over, where the hint was lost. */
export async function dropReplaced(world: World): Promise<void> {
  const held = world.terminals.links();
  if (held.length === 0) return;
  for (const link of await readReplaced(world.db, held)) world.terminals.replaced(link, link.epoch);
}

/** How long a deleted terminal that has nothing open stays: its last words are on their way until then. */
const lastWords_ms = 2_000;

/** Ends the connections of deleted terminals that have told everything; when they come back they are told why. */
export async function dropDeleted(world: World): Promise<void> {
  const held = world.terminals.links();
  if (held.length === 0) return;
  const connected_before = new Date(world.clock.now() - lastWords_ms).toISOString();
  for (const link of await readIdleDeleted(world.db, held, connected_before)) {
    const epoch = await world.db.atOnce((tx) => endConnection(tx, link, isoNow(world)));
    if (epoch !== undefined) world.terminals.replaced(link, epoch);
  }
}

/** The terminal has connected again since: what it has to say, it says over its new connection. */
export class ConnectionReplaced extends Error {}

/** Every answer is guarded by the connection's epoch (prompt-life section 4). Throws `ConnectionReplaced`. */
export async function checkOwner(reader: Reader, link: TerminalLink): Promise<void> {
  const connection = await readConnection(reader, link.account_id, link.terminal_id);
  if (connection?.epoch !== link.epoch) throw new ConnectionReplaced(`epoch ${link.epoch} of ${connection?.epoch}`);
}

export async function terminalGone(world: World, link: TerminalLink): Promise<void> {
  await world.db.atOnce((tx) => disconnectTerminal(tx, link, isoNow(world)));
}
