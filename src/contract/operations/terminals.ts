/** Terminals, and the person in front of a simulated one (contract/management). */
import Type from "typebox";
import { PersonCommand, SimulatedTerminalState, Trouble } from "../account.ts";
import { operation } from "../operation.ts";
import { AccountId, requiredText } from "../shapes.ts";
import { Terminal } from "../terminal.ts";

export const readTerminal = operation({
  id: "readTerminal",
  method: "GET",
  path: "/v1/accounts/{aid}/terminals/{terminal_id}",
  surface: "accounts",
  summary: "Read a terminal: is it connected, and what is open on it",
  access: ["admin:accounts", "read:accounts"],
  params: Type.Object({ aid: AccountId, terminal_id: requiredText() }),
  reply: Terminal,
  rejections: ["TERMINAL_NOT_FOUND"],
});

const simulatorParams = Type.Object({ aid: AccountId, terminal_id: requiredText() });

export const readSimulatedTerminal = operation({
  id: "readSimulatedTerminal",
  method: "GET",
  path: "/v1/accounts/{aid}/simulated-terminals/{terminal_id}",
  surface: "accounts",
  summary: "What a simulated terminal shows (additive)",
  access: ["admin:checkout", "read:checkout:/admin/terminals"],
  params: simulatorParams,
  reply: SimulatedTerminalState,
  rejections: ["ACCOUNT_IS_LIVE", "SIMULATED_TERMINAL_NOT_FOUND"],
});

export const playPerson = operation({
  id: "playPerson",
  method: "POST",
  path: "/v1/accounts/{aid}/simulated-terminals/{terminal_id}/person",
  surface: "accounts",
  summary: "Play the person in front of a simulated terminal (additive)",
  description: "`tap`, `decline` and `cancel` wait up to ten seconds for a prompt.",
  access: ["admin:checkout", "write:checkout:/admin/terminals"],
  params: simulatorParams,
  body: PersonCommand,
  reply: SimulatedTerminalState,
  rejections: ["ACCOUNT_IS_LIVE", "SIMULATED_TERMINAL_NOT_FOUND", "NO_PROMPT"],
});

export const orderTrouble = operation({
  id: "orderTrouble",
  method: "POST",
  path: "/v1/accounts/{aid}/simulated-terminals/{terminal_id}/trouble",
  surface: "accounts",
  summary: "Have something go wrong with a simulated terminal, once (additive)",
  access: ["admin:checkout", "write:checkout:/admin/terminals"],
  params: simulatorParams,
  body: Trouble,
  reply: SimulatedTerminalState,
  rejections: ["ACCOUNT_IS_LIVE", "SIMULATED_TERMINAL_NOT_FOUND"],
});
