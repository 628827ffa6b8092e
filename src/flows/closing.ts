/**
 * Deleting a terminal closes its day (management section 3): an `end_of_day` that waits for whatever is open on it, so that
 * no batch is closed over money whose end is not known, and that changes none of it.
 *
 *   askToClose      a row, in the transaction that deletes the terminal; it waits, and holds no seat
 *   beginClosings   nothing is open any more and the device is there: an operation like any other from then on
 */
import { newUuid } from "../domain/ids.ts";
import { closesWithin_ms, refusalOfEndOfDay } from "../domain/terminal-operation.ts";
import {
  beginClosing,
  type Closing,
  insertClosing,
  lockClosing,
  lockClosingSeat,
  readReadyClosings,
} from "../storage/closings.ts";
import type { Tx } from "../storage/database.ts";
import { endOperation } from "../storage/terminal-operations.ts";
import { readOpenWork } from "../storage/terminal-work.ts";
import { bringOperation } from "./reach.ts";
import { isoNow, type World } from "./world.ts";

interface Deleted {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly client_id: string;
}

export async function askToClose(world: World, tx: Tx, { account_id, terminal_id, client_id }: Deleted): Promise<void> {
  const deadline_at = new Date(world.clock.now() + closesWithin_ms).toISOString();
  const asked = { account_id, terminal_id, id: newUuid(world.random), created_by: client_id, deadline_at };
  await insertClosing(tx, asked, isoNow(world));
}

/** Begins those whose time has come, for terminals that are connected here. */
export async function beginClosings(world: World): Promise<void> {
  for (const closing of await readReadyClosings(world.db, world.process_id)) await beginIfIdle(world, closing);
}

async function beginIfIdle(world: World, { account_id, id }: Closing): Promise<void> {
  const begun = await world.db.transaction(async (tx) => {
    const closing = await lockClosing(tx, { account_id, id });
    if (closing === undefined) return undefined;
    // Under the seat's lock nothing can begin: what is read as ended has ended.
    const { occupant_id, connected_to, is_paired } = await lockClosingSeat(tx, closing);
    if (!is_paired) {
      await endOperation(
        tx,
        closing,
        { status: "FAILED", reason: "The terminal's device was revoked." },
        isoNow(world),
      );
      return undefined;
    }
    if (occupant_id !== null || connected_to === null) return undefined;
    if (refusalOfEndOfDay(closing.terminal_id, await readOpenWork(tx, closing)) !== undefined) return undefined;
    const deadline_at = new Date(world.clock.now() + world.limits.operation_ms).toISOString();
    await beginClosing(tx, closing, deadline_at, isoNow(world));
    return { closing, connected_to };
  });
  if (begun !== undefined) bringOperation(world, begun.closing, begun.connected_to);
}
