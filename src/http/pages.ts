/** Pages of the management lists (errors-and-conventions section 5): the cursor stands in the answer. */
import { fieldError, Rejection } from "../domain/rejections.ts";
import type { World } from "../flows/world.ts";
import { isRowOf } from "../storage/cursors.ts";

/** One row more than the page holds is read: it tells whether there is another page. */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
): { page: Row[]; cursor: { starting_after?: string } } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, cursor: rows.length > limit && last !== undefined ? { starting_after: keyOf(last) } : {} };
}

/** A cursor that leads nowhere is told: an empty page would read like the end of the list. */
export function unknownCursor(field = "starting_after"): Rejection {
  const problem = "is none that a page of this list ended with.";
  return Rejection.ofFields(`${field} ${problem}`, [fieldError("UNKNOWN", field, problem)]);
}

/** Throws `unknownCursor` where the list goes on from a row that never was. */
export async function checkCursor(
  { db }: Pick<World, "db">,
  table: Parameters<typeof isRowOf>[1],
  account_id: string,
  starting_after: string | undefined,
): Promise<void> {
  if (starting_after !== undefined && !(await isRowOf(db, table, account_id, starting_after))) throw unknownCursor();
}
