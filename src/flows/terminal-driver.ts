/**
 * The port that terminal drivers implement. Nothing outside `terminals/` knows how a terminal is spoken to.
 *
 * Every call is a hint about rows that are already committed: a driver that misses one finds the rows again.
 */
import type { TerminalLink } from "../storage/prompts.ts";

export interface TerminalAddress {
  readonly account_id: string;
  readonly terminal_id: string;
}

export interface TerminalDriver {
  /** A prompt may wait for this terminal: sends it. False if the terminal is not connected to this process. */
  sendDue(terminal: TerminalAddress): boolean;
  /** A reversal may wait for this terminal. Asks for it, if the terminal is connected to this process. */
  sendReversals(terminal: TerminalAddress): void;
  /** An advice may wait for this terminal: sends it. False if the terminal is not connected to this process. */
  sendAdvices(terminal: TerminalAddress): boolean;
  /** An operation may wait for this terminal: sends it. False if the terminal is not connected to this process. */
  sendOperations(terminal: TerminalAddress): boolean;
  /** Asks the terminal to call the prompt off. False if it is not connected to this process. */
  stop(terminal: TerminalAddress, prompt_id: string): boolean;
  /** Asks the terminal where the prompt stands. False if it is not connected to this process. */
  inquire(terminal: TerminalAddress, prompt_id: string): boolean;
  /** The connections of this process. */
  links(): readonly TerminalLink[];
  /** An older connection than of this epoch is void: tells it so, where this process has it, and ends it. */
  replaced(terminal: TerminalAddress, epoch: number): void;
  /** Ends every connection of this process; the terminals connect again, to whichever process. */
  dropAll(): void;
}
