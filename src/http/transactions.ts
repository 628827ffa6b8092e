import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { fullTerminalId } from "../domain/ids.ts";
import { Rejection } from "../domain/rejections.ts";
import { isoNow, type World } from "../flows/world.ts";
import { readSession } from "../storage/sessions.ts";
import { listTransactions as list, readTransaction as read, updateReference } from "../storage/transactions.ts";
import { withTimes } from "./times.ts";

export const readTransaction =
  (world: World): Handler<Operations["readTransaction"]> =>
  async ({ account_id, params: { transaction_id }, query: { includes = [] } }) => {
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
    const now = isoNow(world);
    const is_there = await world.db.atOnce((tx) =>
      updateReference(tx, account_id, transaction_id, merchant_reference_2, now),
    );
    const transaction = is_there ? await read(world.db, account_id, transaction_id) : undefined;
    if (transaction === undefined) throw new Rejection("TRANSACTION_NOT_FOUND", { transaction_id });
    return transaction;
  };
