/** The port by which the API plays the person in front of a simulated terminal that runs in this process. */
import type { PersonAction, SimulatedTerminalState, Trouble } from "../contract/account.ts";

export interface SimulatedPerson {
  state(): SimulatedTerminalState;
  /** False where there was nothing on the screen to act on within `at_most_ms`. */
  play(action: PersonAction, at_most_ms: number): Promise<boolean>;
  /** Orders trouble: it strikes once, at the next prompt that comes so far. */
  order(trouble: Trouble): void;
}

export type FindPerson = (account_id: string, terminal_id: string) => SimulatedPerson | undefined;
