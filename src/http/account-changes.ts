import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import type { World } from "../flows/world.ts";
import { listAccountChanges as list } from "../storage/account-changes.ts";
import { checkCursor } from "./pages.ts";

const limitDefault = 10;

export const listAccountChanges =
  (world: World): Handler<Operations["listAccountChanges"]> =>
  async ({ account_id, query: { limit = limitDefault, ...filter } }) => {
    await checkCursor(world, "account_changes", account_id, filter.starting_after);
    return list(world.db, account_id, { limit, ...filter });
  };
