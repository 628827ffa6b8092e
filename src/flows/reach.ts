/** Reaching a terminal wherever it is connected: over this process's own connection, else by a hint to the others. */
import type { TerminalAddress } from "./terminal-driver.ts";
import type { World } from "./world.ts";

/** A prompt may wait for this terminal. */
export function tellOfPrompt(world: World, terminal: TerminalAddress, prompt_id: string): void {
  if (!world.terminals.sendDue(terminal)) hint(world, "send", terminal, prompt_id);
}

/** Call this prompt off. */
export function askToStop(world: World, terminal: TerminalAddress, prompt_id: string): void {
  if (!world.terminals.stop(terminal, prompt_id)) hint(world, "stop", terminal, prompt_id);
}

/** Where does this prompt stand? */
export function askWhereItStands(world: World, terminal: TerminalAddress, prompt_id: string): void {
  if (!world.terminals.inquire(terminal, prompt_id)) hint(world, "inquire", terminal, prompt_id);
}

function hint(
  world: World,
  kind: "send" | "stop" | "inquire",
  { account_id, terminal_id }: TerminalAddress,
  prompt_id: string,
): void {
  world.bus.tell({ kind, account_id, terminal_id, prompt_id });
}
