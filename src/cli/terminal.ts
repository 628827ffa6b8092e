import { StartupProblem } from "../domain/startup-problem.ts";
import { reachApi } from "./api.ts";

export const terminalActions = ["tap", "decline", "cancel", "offline", "online", "auto", "manual"] as const;

/** `tapline terminal <action> [terminal_id]`. */
export async function commandTerminal(
  action: (typeof terminalActions)[number],
  terminal_id: string | undefined,
): Promise<void> {
  const api = reachApi(terminal_id);
  const asked = terminal_id ?? api.terminal_id;
  if (asked === undefined) throw new StartupProblem("Name the terminal: tapline terminal tap T12345678-T0292.");
  const state = await api.tapline.simulatedTerminals.play(asked, action);
  console.log(`${state.terminal_id}: ${state.mode}, ${state.network}; the screen says "${state.screen.text}".`);
}
