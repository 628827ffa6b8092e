/** Terminal operations: housekeeping that a terminal is asked for (contract/management section 4). */
import Type, { type Static } from "typebox";
import { dateTime, list, open, requiredText, text } from "./shapes.ts";

export const OperationKind = Type.Enum(["end_of_day", "send_logs", "check_update", "open_menu"]);
export type OperationKind = Static<typeof OperationKind>;

export const NewTerminalOperation = open({
  terminal_id: requiredText("The terminal, e.g. T12345678-T0292 or T0292"),
  operation: OperationKind,
  parameters: Type.Optional(open({}, "For the terminal, e.g. `operator_id`; it is sent as it is")),
});
export type NewTerminalOperation = Static<typeof NewTerminalOperation>;

export const TerminalOperation = open({
  id: text("A UUID"),
  account_id: text(),
  terminal_id: text(),
  operation: OperationKind,
  status: Type.Enum(["PENDING", "COMPLETED", "FAILED", "TIMEOUT"]),
  parameters: Type.Optional(open({})),
  result: Type.Optional(
    open(
      {},
      "Only when COMPLETED: what the terminal said. Of an `end_of_day` its totals, in minor units, and beside them " +
        "`books` (additive): what this server has of the terminal since its last end of day, and in `difference` every " +
        "total that the terminal counts otherwise, the terminal's less ours",
    ),
  ),
  reason: Type.Optional(text("Only when FAILED: why, for people (additive)")),
  created_at: dateTime(),
  created_by: Type.Optional(text()),
  updated_at: Type.Optional(dateTime()),
  updated_by: Type.Optional(text()),
});
export type TerminalOperation = Static<typeof TerminalOperation>;

export const TerminalOperationList = list(TerminalOperation);
