/** Terminals, and the person in front of a simulated one (contract/management). */
import Type from "typebox";
import { PersonCommand, SimulatedTerminalState, Trouble } from "../account.ts";
import { operation } from "../operation.ts";
import { AccountId, requiredText, text } from "../shapes.ts";
import { NewTerminal, Terminal, TerminalChange, TerminalList, TerminalStatus } from "../terminal.ts";
import { readTerminals, several, writeAccounts } from "./parameters.ts";

const terminals = "/v1/accounts/{aid}/terminals";
const alsoTerminals = "/v1/accounts/{aid}/management/terminals";
const one = `${terminals}/{terminal_id}` as const;
const alsoOne = `${alsoTerminals}/{terminal_id}` as const;
const terminalParams = Type.Object({ aid: AccountId, terminal_id: requiredText() });
const includes = Type.Optional(
  Type.Array(Type.Enum(["store"]), { maxItems: 1, description: "`store`: with the store's id and name" }),
);

export const registerTerminal = operation({
  id: "registerTerminal",
  method: "POST",
  path: terminals,
  also_at: alsoTerminals,
  surface: "accounts",
  summary: "Register a terminal in a store",
  description:
    "It is PENDING until a device is paired. A simulated terminal, by the serial number `SIMULATED-{aid}-` and three " +
    "digits on a test account, is ACTIVE at once and answers by itself.",
  access: writeAccounts,
  params: Type.Object({ aid: AccountId }),
  body: NewTerminal,
  reply: Terminal,
  rejections: [
    "STORE_UNKNOWN",
    "STORE_NOT_ACTIVE",
    "SERIAL_NUMBER_TAKEN",
    "SIMULATED_SERIAL_WRONG",
    "DEVICE_MODEL_WRONG",
    "ACCOUNT_IS_LIVE",
    "TERMINAL_NUMBERS_USED_UP",
  ],
});

export const listTerminals = operation({
  id: "listTerminals",
  method: "GET",
  path: terminals,
  also_at: alsoTerminals,
  surface: "accounts",
  summary: "List terminals, newest first",
  description: "Deleted ones are listed where `status` names DELETED.",
  access: readTerminals,
  params: Type.Object({ aid: AccountId }),
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The `starting_after` of the page before")),
    payout_destination_id: Type.Optional(several(text(), "In stores of any of these")),
    store_id: Type.Optional(several(text(), "In any of these, by the merchant's or the generated id")),
    status: Type.Optional(several(TerminalStatus, "Any of these")),
    device_model: Type.Optional(several(text(), "Any of these")),
    device_serial_number: Type.Optional(several(text(), "Any of these")),
    includes,
  }),
  reply: TerminalList,
  rejections: [],
});

export const readTerminal = operation({
  id: "readTerminal",
  method: "GET",
  path: one,
  also_at: alsoOne,
  surface: "accounts",
  summary: "Read a terminal: is it connected, and what is open on it",
  access: readTerminals,
  params: terminalParams,
  query: Type.Object({ includes }),
  reply: Terminal,
  rejections: ["TERMINAL_NOT_FOUND"],
});

export const changeTerminal = operation({
  id: "changeTerminal",
  method: "PUT",
  path: one,
  also_at: alsoOne,
  surface: "accounts",
  summary: "Change a terminal's model, or move it to another store",
  description: "A terminal that has something open is not moved: the answer, a 409, names what.",
  access: writeAccounts,
  params: terminalParams,
  body: TerminalChange,
  reply: Terminal,
  rejections: [
    "TERMINAL_NOT_FOUND",
    "STORE_UNKNOWN",
    "STORE_NOT_ACTIVE",
    "SERIAL_NUMBER_FIXED",
    "DEVICE_MODEL_WRONG",
    "TERMINAL_HAS_OPEN_WORK",
  ],
});

export const deleteTerminal = operation({
  id: "deleteTerminal",
  method: "DELETE",
  path: one,
  also_at: alsoOne,
  surface: "accounts",
  summary: "Delete a terminal",
  description:
    "It takes no new payment. What is open on it goes on to its end, and an incident says so at once. After that its " +
    "device closes its day: an `end_of_day` among the terminal operations, PENDING from now on. Deleting it again is " +
    "answered the same.",
  access: writeAccounts,
  params: terminalParams,
  reply: Terminal,
  rejections: ["TERMINAL_NOT_FOUND"],
});

export const syncTerminal = operation({
  id: "syncTerminal",
  method: "POST",
  path: `${one}/sync`,
  also_at: [`${alsoOne}/sync`, `${one}/check-update`, `${alsoOne}/check-update`],
  surface: "accounts",
  summary: "Ask a paired terminal to check for its configuration (check-update)",
  description:
    "A terminal in ACTION_REQUIRED is ACTIVE after this and after its device has connected, in either order.",
  access: writeAccounts,
  params: terminalParams,
  reply: Terminal,
  rejections: ["TERMINAL_NOT_FOUND"],
});

export const deactivateTerminal = operation({
  id: "deactivateTerminal",
  method: "POST",
  path: `${one}/deactivate`,
  also_at: `${alsoOne}/deactivate`,
  surface: "accounts",
  summary: "Switch a terminal off: it takes no new payment (additive)",
  description: "What is open on it goes on to its end.",
  access: writeAccounts,
  params: terminalParams,
  reply: Terminal,
  rejections: ["TERMINAL_NOT_FOUND"],
});

export const activateTerminal = operation({
  id: "activateTerminal",
  method: "POST",
  path: `${one}/activate`,
  also_at: `${alsoOne}/activate`,
  surface: "accounts",
  summary: "Switch a terminal on again (additive)",
  description: "It is as far as its device is: PENDING, ACTION_REQUIRED or ACTIVE.",
  access: writeAccounts,
  params: terminalParams,
  reply: Terminal,
  rejections: ["TERMINAL_NOT_FOUND", "TERMINAL_STATUS_CONFLICT"],
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

export const pairSimulatedTerminal = operation({
  id: "pairSimulatedTerminal",
  method: "POST",
  path: "/v1/accounts/{aid}/simulated-terminals/{terminal_id}/pair",
  surface: "accounts",
  summary: "Give a simulated terminal another device, where its own was revoked (additive)",
  description: "It is ACTIVE again when it has connected, within seconds. Where a device is paired, nothing changes.",
  access: writeAccounts,
  params: simulatorParams,
  reply: Terminal,
  rejections: ["TERMINAL_NOT_FOUND", "SIMULATED_TERMINAL_NOT_FOUND"],
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
