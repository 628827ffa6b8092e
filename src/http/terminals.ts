import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { fullTerminalId } from "../domain/ids.ts";
import { Rejection } from "../domain/rejections.ts";
import type { World } from "../flows/world.ts";
import { readTerminal as read } from "../storage/terminals.ts";
import { present } from "./present.ts";

export const readTerminal =
  (world: World): Handler<Operations["readTerminal"]> =>
  async ({ account_id, params: { terminal_id } }) => {
    const terminal = await read(world.db, account_id, fullTerminalId(account_id, terminal_id));
    if (terminal === undefined) throw new Rejection("TERMINAL_NOT_FOUND", { terminal_id });
    return present(terminal);
  };
