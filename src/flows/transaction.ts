/** What a point of sale may say of a transaction afterwards. */
import type { Transaction } from "../contract/transaction.ts";
import { Rejection } from "../domain/rejections.ts";
import { writeReference } from "../storage/transactions.ts";
import { tellOfTransaction } from "./event.ts";
import { isoNow, type World } from "./world.ts";

export interface ReferenceRequest {
  readonly account_id: string;
  readonly transaction_id: string;
  readonly merchant_reference_2: string;
}

/** Writes the merchant's second reference, which is often made only after the payment. */
export async function updateReference(world: World, request: ReferenceRequest): Promise<Transaction> {
  const { account_id, transaction_id, merchant_reference_2 } = request;
  const updated = await world.db.transaction(async (tx) => {
    const is_there = await writeReference(tx, account_id, transaction_id, merchant_reference_2, isoNow(world));
    if (!is_there) throw new Rejection("TRANSACTION_NOT_FOUND", { transaction_id });
    return tellOfTransaction(world, tx, request);
  });
  world.hints.eventWritten();
  return updated;
}
