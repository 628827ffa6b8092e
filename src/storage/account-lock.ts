/** Changes of an account's sellers and stores follow one another: each sees what the one before it left. */
import { statement, type Tx } from "./database.ts";

// The triggers that bring the seats up to date lock the same row, after the row that changed. Whoever takes it first of
// all waits for nobody who waits for them. Sales do not touch it.
const lock = statement("lock_account", "SELECT FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE");

export async function lockAccount(tx: Tx, account_id: string): Promise<void> {
  await tx.query(lock, [account_id]);
}
