/** What the terminals of a store have not ended, and what their hosts have not answered. */
import type { OpenWork } from "../domain/store.ts";
import { statement, type Tx } from "./database.ts";

// What is open anywhere is little, and has indexes of its own; the finished rows are never looked at.
const open = statement(
  "open_work_of_store",
  `SELECT work.kind, work.terminal_id, work.session_id, session.merchant_reference
   FROM terminals AS terminal
   JOIN (
     SELECT account_id, terminal_id, session_id, kind, created_at FROM prompts
     WHERE status IN ('WAITING', 'PENDING', 'SENT', 'SHOWN', 'PROCESSING', 'UNRESOLVED')
     UNION ALL
     SELECT account_id, terminal_id, session_id, kind, created_at FROM advices WHERE status IN ('DUE', 'SENT')
     UNION ALL
     SELECT account_id, terminal_id, session_id, 'reversal', issued_at FROM reversals
     WHERE status IN ('ISSUED', 'SENT', 'UNRESOLVED')
   ) AS work ON work.account_id = terminal.account_id AND work.terminal_id = terminal.terminal_id
   JOIN sessions AS session ON session.account_id = work.account_id AND session.id = work.session_id
   WHERE terminal.account_id = $1 AND terminal.store_id = $2
   ORDER BY work.created_at, work.terminal_id`,
);

/**
 * Asked after the store was changed, in the same transaction: the change has locked the seats whose sales it concerns, so
 * that a sale is either seen here or refused because of the change. Oldest first.
 */
export const readOpenWork = (tx: Tx, account_id: string, store_id: string): Promise<OpenWork[]> =>
  tx.query(open, [account_id, store_id]);
