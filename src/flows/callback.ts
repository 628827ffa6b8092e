/** What the point of sale is to be told at its `callback_url`: written with the outcome, sent by delivery. */
import type { Transaction } from "../contract/transaction.ts";
import { callbackAddress, callbackOptions } from "../domain/callback.ts";
import { newUuid } from "../domain/ids.ts";
import type { CallbackError } from "../domain/prompt.ts";
import type { Tx } from "../storage/database.ts";
import { insertCallback } from "../storage/deliveries.ts";
import type { LockedPrompt } from "../storage/prompts.ts";
import { readSession } from "../storage/sessions.ts";
import type { World } from "./world.ts";

/** Whom it is told to, and about which payment, as it stands now; none where it was called off before it began. */
export type Told = Pick<
  LockedPrompt,
  "account_id" | "session_id" | "merchant_reference" | "callback_url" | "transaction_created_at"
> & { readonly transaction: Transaction | undefined };

/** What the till is to be told: how the payment ended, or that something happened to it later. */
export interface Callback {
  readonly error?: CallbackError;
  readonly event?: "CAPTURE" | "REFUND" | "VOID";
}

/** Writes the callback of an outcome, if the session asked for one. */
export async function writeCallback(
  world: World,
  tx: Tx,
  told: Told,
  outcome: { readonly callback: "none" | Callback },
  transaction_event_id?: number,
): Promise<void> {
  const { account_id, session_id, merchant_reference, callback_url, transaction_created_at, transaction } = told;
  if (outcome.callback === "none" || callback_url === null || callback_url === "") return;
  const options = callbackOptions(callback_url);
  const { error, event } = outcome.callback;
  // R62, R70: told of later events, success and failure, only where the point of sale named them.
  if (event !== undefined && !options.report_event.includes(event)) return;
  // R71: told about an error of the payment only where the point of sale asked for it.
  if (event === undefined && error !== undefined && !options.report_error) return;
  const session = options.includes_session ? await readSession(tx, account_id, session_id) : undefined;
  const now = world.clock.now();
  await insertCallback(
    tx,
    {
      account_id,
      id: newUuid(world.random),
      lane_id: new URL(callback_url).origin,
      session_id,
      transaction_id: transaction?.id ?? null,
      transaction_event_id: transaction_event_id ?? null,
      method: options.method,
      url: callbackAddress(callback_url, {
        ...(transaction === undefined ? {} : { transaction_id: transaction.id }),
        session_id,
        merchant_reference,
        time: transaction_created_at,
        ...outcome.callback,
        ...(event === undefined ? {} : { event_id: String(transaction_event_id) }),
      }),
      body:
        options.method === "GET"
          ? null
          : JSON.stringify({ ...transaction, ...(session === undefined ? {} : { session }) }),
      due_at: new Date(now + options.delay_s * 1000).toISOString(),
    },
    new Date(now).toISOString(),
  );
}
