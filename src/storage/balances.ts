/** A transaction's money, under its lock: whoever promises or moves some of it holds this row. */
import type { Balance, TransactionStatus } from "../domain/transaction.ts";
import { statement, type Tx } from "./database.ts";

export interface LockedTransaction extends Balance {
  readonly account_id: string;
  readonly id: string;
  readonly session_id: string;
  readonly terminal_id: string;
  readonly payout_destination_id: string;
  readonly status: TransactionStatus;
  readonly amount: number;
  readonly currency: string;
  /** The order's default reference for captures and refunds. */
  readonly event_reference: string | null;
}

const lock = statement(
  "lock_transaction",
  `SELECT transaction.account_id, transaction.id, transaction.session_id, transaction.terminal_id,
     transaction.payout_destination_id, transaction.status, transaction.amount, transaction.currency,
     transaction.authorized_amount, transaction.captured_amount, transaction.refunded_amount, transaction.voided_amount,
     transaction.reserved_refund_amount, session."order" ->> 'event_reference' AS event_reference
   FROM transactions AS transaction
   JOIN sessions AS session ON session.account_id = transaction.account_id AND session.id = transaction.session_id
   WHERE transaction.account_id = $1 AND transaction.id = $2 FOR UPDATE OF transaction`,
);

export async function lockTransaction(
  tx: Tx,
  account_id: string,
  transaction_id: string,
): Promise<LockedTransaction | undefined> {
  return (await tx.query<LockedTransaction>(lock, [account_id, transaction_id]))[0];
}
