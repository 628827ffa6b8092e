/** Terminal operations (contract/management section 4). */
import Type from "typebox";
import { operation } from "../operation.ts";
import { requiredText, text } from "../shapes.ts";
import { NewTerminalOperation, TerminalOperation, TerminalOperationList } from "../terminal-operation.ts";
import { several } from "./parameters.ts";

const path = "/v1/admin/terminals/operations";
const read = ["admin:checkout", "read:checkout:/admin/terminals"] as const;

export const startTerminalOperation = operation({
  id: "startTerminalOperation",
  method: "POST",
  path,
  surface: "checkout",
  summary: "Have a terminal close its day, send its logs, check for an update or open its menu",
  description:
    "Never money. The answer is PENDING; read the operation until it is COMPLETED, FAILED, or TIMEOUT because the " +
    "terminal has not answered in time. A terminal does one thing at a time: 409 while it is busy. An `end_of_day` waits " +
    "for everything that is open on the terminal. With an Idempotency-Key the same command is executed once.",
  access: ["admin:checkout", "write:checkout:/admin/terminals"],
  api_key: true,
  body: NewTerminalOperation,
  reply: TerminalOperation,
  rejections: [
    "TERMINAL_UNKNOWN",
    "TERMINAL_NOT_PAIRED",
    "OPERATION_NOT_SUPPORTED",
    "TERMINAL_BUSY",
    "END_OF_DAY_TOO_EARLY",
    "IDEMPOTENCY_KEY_INVALID",
    "IDEMPOTENCY_KEY_REUSED",
  ],
});

export const listTerminalOperations = operation({
  id: "listTerminalOperations",
  method: "GET",
  path,
  surface: "checkout",
  summary: "List terminal operations, newest first",
  access: read,
  api_key: true,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The id of the last operation received")),
    terminal_id: Type.Optional(several(text(), "Of any of these")),
    operation_id: Type.Optional(several(text(), "Any of these")),
  }),
  reply: TerminalOperationList,
  rejections: [],
});

export const readTerminalOperation = operation({
  id: "readTerminalOperation",
  method: "GET",
  path: `${path}/{operation_id}`,
  surface: "checkout",
  summary: "Read a terminal operation",
  access: read,
  api_key: true,
  params: Type.Object({ operation_id: requiredText() }),
  reply: TerminalOperation,
  rejections: ["TERMINAL_OPERATION_NOT_FOUND"],
});
