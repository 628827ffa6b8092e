import { Accepted, type Call, type Handler, type Operation } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { fullTerminalId } from "../domain/ids.ts";
import { Rejection } from "../domain/rejections.ts";
import { type AnsweredOperation, captureTransaction as capture, voidTransaction as letGo } from "../flows/advice.ts";
import { startRefund } from "../flows/refund.ts";
import { updateReference } from "../flows/transaction.ts";
import type { World } from "../flows/world.ts";
import { readSession } from "../storage/sessions.ts";
import { listTransactions as list, readTransaction as read } from "../storage/transactions.ts";
import type { EventHub } from "./event-hub.ts";
import { requestKey } from "./idempotency-key.ts";
import { transactionAtRest } from "./long-poll.ts";
import { checkCursor } from "./pages.ts";
import { systemHeaders } from "./system-headers.ts";
import { withTimes } from "./times.ts";

export const readTransaction =
  (world: World, hub: EventHub): Handler<Operations["readTransaction"]> =>
  async ({ account_id, params: { transaction_id }, query: { includes = [], wait_s = 0 }, onEnd }) => {
    if (wait_s > 0) await transactionAtRest(world, hub, { account_id, transaction_id, wait_s, onEnd });
    const transaction = await read(world.db, account_id, transaction_id, {
      event_headers: includes.includes("events.request_headers"),
      initiating_headers: includes.includes("initiating_system_request_headers"),
      only_successful_events: includes.includes("events.success.true"),
    });
    if (transaction === undefined) throw new Rejection("TRANSACTION_NOT_FOUND", { transaction_id });
    const latest_only = includes.includes("session.events.latest");
    if (!latest_only && !includes.includes("session")) return transaction;
    const session = await readSession(world.db, account_id, transaction.session_id);
    if (session === undefined) return transaction;
    return { ...transaction, session: latest_only ? { ...session, events: session.events.slice(-1) } : session };
  };

const limitDefault = 10;

export const listTransactions =
  (world: World): Handler<Operations["listTransactions"]> =>
  async ({ account_id, query }) => {
    const { limit = limitDefault, includes = [], terminal_id, ...filter } = withTimes(query);
    await checkCursor(world, "transactions", account_id, filter.starting_after);
    const terminals = terminal_id?.map((id) => fullTerminalId(account_id, id));
    return list(
      world.db,
      account_id,
      { ...filter, limit, terminal_id: terminals },
      {
        event_headers: false,
        initiating_headers: false,
        only_successful_events: includes.includes("events.success.true"),
      },
    );
  };

export const updateTransaction =
  (world: World): Handler<Operations["updateTransaction"]> =>
  async ({ account_id, params: { transaction_id }, body: { merchant_reference_2 } }) => {
    return updateReference(world, { account_id, transaction_id, merchant_reference_2 });
  };

type AboutTransaction = Omit<Call<Operation>, "params" | "query" | "body"> & {
  readonly params: { readonly transaction_id: string };
  readonly body: unknown;
};

/** What a request for money to move has in common: who, about what, and under which key. */
function operationOf(call: AboutTransaction, operation: string) {
  const { account_id, client_id, request_id, headers, params, body } = call;
  const { transaction_id } = params;
  return {
    account_id,
    client_id,
    request_id,
    transaction_id,
    idempotency: requestKey(operation, headers, { transaction_id, body: body ?? null }),
    request_headers: systemHeaders(headers),
  };
}

const metadataKey = /^ext_.{0,124}$/s;

function checkMetadata(metadata: Readonly<Record<string, string>> | undefined): void {
  const key = Object.keys(metadata ?? {}).find((name) => !metadataKey.test(name));
  if (key !== undefined)
    throw new Rejection("OPERATION_METADATA_INVALID", { key }, key === "" ? "metadata" : ["metadata", key]);
}

export const refundTransaction =
  (world: World): Handler<Operations["refundTransaction"]> =>
  async (call) => {
    const { amount, items, terminal_id, reason, refund_reference, metadata } = call.body;
    checkMetadata(metadata);
    if (!terminal_id) throw new Rejection("REFUND_TERMINAL_MISSING", {}, "terminal_id");
    const wanted = { amount, items, reason, refund_reference, metadata };
    const terminal = fullTerminalId(call.account_id, terminal_id);
    const request = { ...operationOf(call, "refundTransaction"), ...wanted, terminal_id: terminal };
    const { transaction, event_request_id } = await startRefund(world, request);
    return new Accepted(transaction, event_request_id);
  };

export const captureTransaction =
  (world: World): Handler<Operations["captureTransaction"]> =>
  async (call) => {
    const { amount, items, capture_reference, metadata } = call.body;
    checkMetadata(metadata);
    const request = { ...operationOf(call, "captureTransaction"), amount, items, capture_reference, metadata };
    return answered(await capture(world, request));
  };

export const voidTransaction =
  (world: World): Handler<Operations["voidTransaction"]> =>
  async (call) =>
    answered(await letGo(world, operationOf(call, "voidTransaction")));

const answered = ({ transaction, event_request_id }: AnsweredOperation) =>
  event_request_id === undefined ? transaction : new Accepted(transaction, event_request_id);
