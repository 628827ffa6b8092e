import { type Handler, TextDocument } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { reportHead, reportLine } from "../domain/settlement-report.ts";
import { generateTestReport as generate } from "../flows/settlement-test-report.ts";
import { settlementProvider as provider, reportName, settlementOf } from "../flows/shown-set-up.ts";
import type { World } from "../flows/world.ts";
import type { Reader } from "../storage/database.ts";
import {
  listSettlements as list,
  readSettlement as read,
  readItems,
  type SettlementFilter,
  type Settlement as SettlementRow,
} from "../storage/settlements.ts";
import { unknownCursor } from "./pages.ts";
import { timeOf, withTimes } from "./times.ts";

const limitDefault = 10;

export const listSettlements =
  (world: World): Handler<Operations["listSettlements"]> =>
  async ({ account_id, query }) => {
    const {
      limit = limitDefault,
      payment_provider,
      starting_after_id,
      starting_after_date,
      ...filter
    } = withTimes(query);
    const no_provider = payment_provider === undefined || payment_provider.includes(provider) ? {} : noProvider;
    const after = cursorOf(starting_after_id, starting_after_date);
    if (after !== undefined && (await read(world.db, account_id, after.id)) === undefined) {
      throw unknownCursor("starting_after_id");
    }
    const rows = await list(world.db, account_id, { ...filter, ...no_provider, after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const more = rows.length > limit && last !== undefined;
    const key = more ? { last_evaluated_key: { id: last.id, settled_at: last.settled_at } } : {};
    return { items: page.map((row) => settlementOf(account_id, row)), ...key };
  };

const noProvider = { no_provider: true } as const;

/** A half of the cursor alone would begin at another place than the page before has ended. */
function cursorOf(id: string | undefined, date: string | undefined): SettlementFilter["after"] {
  if (id === undefined && date === undefined) return undefined;
  if (id !== undefined && date !== undefined) return { id, settled_at: timeOf("starting_after_date", date) };
  const missing = id === undefined ? "starting_after_id" : "starting_after_date";
  const problem = "is required: the two parts of a cursor go together.";
  throw Rejection.ofFields(`${missing} ${problem}`, [fieldError("REQUIRED", missing, problem)]);
}

export const readSettlement =
  (world: World): Handler<Operations["readSettlement"]> =>
  async ({ account_id, params: { settlement_id } }) =>
    settlementOf(account_id, await found(world, account_id, settlement_id));

export const readSettlementItems =
  (world: World): Handler<Operations["readSettlementItems"]> =>
  async ({ account_id, params: { settlement_id } }) => {
    const settlement = await found(world, account_id, settlement_id);
    return new TextDocument(reportName(settlement), report(world.db, account_id, settlement));
  };

async function* report(reader: Reader, account_id: string, settlement: SettlementRow): AsyncGenerator<string> {
  yield reportHead();
  for await (const page of readItems(reader, account_id, settlement.id)) {
    yield page.map((item) => reportLine(item, settlement)).join("");
  }
}

export const generateTestReport =
  (world: World): Handler<Operations["generateTestReport"]> =>
  async ({ account_id, body: { transaction_ids, number_of_transactions, date_range } }) => {
    const range = date_range && {
      start_at: timeOf("date_range.start_at", date_range.start_at),
      end_at: timeOf("date_range.end_at", date_range.end_at),
    };
    const asked = { account_id, transaction_ids, number_of_transactions, date_range: range };
    const made = await generate(world, asked);
    return { items: made.map((row) => settlementOf(account_id, row)) };
  };

async function found(world: World, account_id: string, settlement_id: string): Promise<SettlementRow> {
  const row = await read(world.db, account_id, settlement_id);
  if (row === undefined) throw new Rejection("SETTLEMENT_NOT_FOUND", { settlement_id });
  return row;
}
