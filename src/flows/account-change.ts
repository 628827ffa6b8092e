/** Every change of an account's set-up is recorded with it: who, when, what. */
import { newId } from "../domain/ids.ts";
import { type AccountChange, insertAccountChange } from "../storage/account-changes.ts";
import type { Tx } from "../storage/database.ts";
import { isoNow, type World } from "./world.ts";

/** In the transaction that makes the change. Secrets have no place in `change`. */
export async function recordChange(
  world: Pick<World, "clock" | "random">,
  tx: Tx,
  made: Omit<AccountChange, "id">,
): Promise<void> {
  const id = newId("chg", world.clock.now(), world.random);
  await insertAccountChange(tx, { ...made, id }, isoNow(world));
}
