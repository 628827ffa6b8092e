/** Reaching a terminal wherever it is connected: over this process's own connection, else by a hint to the others. */
import type { TerminalAddress } from "./terminal-driver.ts";
import type { World } from "./world.ts";

/** Runs work when the point of sale has its answer. */
export type WhenAnswered = (work: () => void) => void;

/**
 * The terminal is told after the point of sale: else a quick card, or a simulated one, could have its callback arrive at a
 * shop that does not know the session yet. Where nobody asked over a network there is nobody to wait for.
 */
export function onceAnswered(
  { whenAnswered }: { readonly whenAnswered?: WhenAnswered | undefined },
  tell: () => void,
): void {
  if (whenAnswered === undefined) tell();
  else whenAnswered(tell);
}

/** A prompt may wait for this terminal, which is connected to that process. */
export function bringPrompt(world: World, terminal: TerminalAddress, prompt_id: string, connected_to: string): void {
  const is_here = connected_to === world.process_id && world.terminals.sendDue(terminal);
  if (!is_here) hint(world, "send", terminal, prompt_id);
}

/** Call this prompt off. `connected_to` is the process that has the terminal, where that is known. */
export function askToStop(world: World, terminal: TerminalAddress, prompt_id: string, connected_to?: string): void {
  const may_be_here = connected_to === undefined || connected_to === world.process_id;
  if (!(may_be_here && world.terminals.stop(terminal, prompt_id))) hint(world, "stop", terminal, prompt_id);
}

/** An advice waits for this terminal, which is connected to that process. */
export function bringAdvice(world: World, terminal: TerminalAddress & { id: string }, connected_to: string): void {
  const is_here = connected_to === world.process_id && world.terminals.sendAdvices(terminal);
  if (!is_here) hint(world, "advise", terminal, terminal.id);
}

/** An operation waits for this terminal, which is connected to that process. */
export function bringOperation(world: World, terminal: TerminalAddress & { id: string }, connected_to: string): void {
  const is_here = connected_to === world.process_id && world.terminals.sendOperations(terminal);
  if (!is_here) hint(world, "operate", terminal, terminal.id);
}

/** Where does this prompt stand? */
export function askWhereItStands(world: World, terminal: TerminalAddress, prompt_id: string): void {
  if (!world.terminals.inquire(terminal, prompt_id)) hint(world, "inquire", terminal, prompt_id);
}

function hint(
  world: World,
  kind: "send" | "stop" | "inquire" | "advise" | "operate",
  { account_id, terminal_id }: TerminalAddress,
  prompt_id: string,
): void {
  world.bus.tell({ kind, account_id, terminal_id, prompt_id });
}
