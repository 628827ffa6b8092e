/** Is this where a page of a list has ended? */
import { type Reader, statement } from "./database.ts";

const tables = ["sessions", "transactions", "incidents", "account_changes", "api_clients", "client_grants"] as const;

const statements = Object.fromEntries(
  tables.map((table) => [
    table,
    statement(`cursor_in_${table}`, `SELECT FROM ${table} WHERE account_id = $1 AND id = $2`),
  ]),
) as Record<(typeof tables)[number], ReturnType<typeof statement>>;

/** True of a row that was deleted since, too: a page may go on from there. */
export const isRowOf = async (
  reader: Reader,
  table: (typeof tables)[number],
  account_id: string,
  id: string,
): Promise<boolean> => (await reader.query(statements[table], [account_id, id])).length > 0;
