import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { TerminalOperation } from "../contract/terminal-operation.ts";
import { fullTerminalId } from "../domain/ids.ts";
import { present } from "../domain/present.ts";
import { Rejection } from "../domain/rejections.ts";
import { startOperation } from "../flows/terminal-operation.ts";
import type { World } from "../flows/world.ts";
import { listOperations, type TerminalOperation as Row, readOperation } from "../storage/terminal-operations.ts";
import { requestKey } from "./idempotency-key.ts";
import { unknownCursor } from "./pages.ts";

const limitDefault = 10;

/** Ours to write: whoever sends back what was read changes none of them. */
const writtenByUs = new Set(Object.keys(TerminalOperation.properties));

export const startTerminalOperation =
  (world: World): Handler<Operations["startTerminalOperation"]> =>
  async ({ account_id, client_id, headers, body }) => {
    const { terminal_id, operation, parameters } = body;
    const members = Object.fromEntries(Object.entries(body).filter(([name]) => !writtenByUs.has(name)));
    const full_id = fullTerminalId(account_id, terminal_id);
    const idempotency = requestKey("startTerminalOperation", headers, body);
    const asked = { account_id, client_id, terminal_id: full_id, operation, parameters, members, idempotency };
    return operationOf(await startOperation(world, asked));
  };

export const listTerminalOperations =
  (world: World): Handler<Operations["listTerminalOperations"]> =>
  async ({ account_id, query: { limit = limitDefault, terminal_id, ...filter } }) => {
    const { starting_after } = filter;
    if (starting_after !== undefined && (await readOperation(world.db, account_id, starting_after)) === undefined) {
      throw unknownCursor();
    }
    const terminals = terminal_id?.map((id) => fullTerminalId(account_id, id));
    const rows = await listOperations(world.db, account_id, { limit, terminal_id: terminals, ...filter });
    return rows.map(operationOf);
  };

export const readTerminalOperation =
  (world: World): Handler<Operations["readTerminalOperation"]> =>
  async ({ account_id, params: { operation_id } }) => {
    const row = await readOperation(world.db, account_id, operation_id);
    if (row === undefined) throw new Rejection("TERMINAL_OPERATION_NOT_FOUND", { operation_id });
    return operationOf(row);
  };

function operationOf({ members, answered_at: _, ...row }: Row) {
  return { ...members, ...present(row) };
}
