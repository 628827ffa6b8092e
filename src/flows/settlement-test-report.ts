/** A settlement to look at, of a test account's transactions: like a real one, and it settles nothing. */
import { isTestAccount, newUuid } from "../domain/ids.ts";
import { nextLocalMidnight, startOfLocalDay } from "../domain/local-day.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { placeOf, referenceOf } from "../domain/settlement.ts";
import {
  insertTestSettlement,
  readSettlement,
  readTestCandidates,
  readTimeZone,
  type Settlement,
  type TestCandidate,
} from "../storage/settlements.ts";
import { tellOfSettlement } from "./set-up-event.ts";
import { isoNow, type World } from "./world.ts";

export interface TestReportRequest {
  readonly account_id: string;
  readonly transaction_ids?: readonly string[] | undefined;
  readonly number_of_transactions?: number | undefined;
  readonly date_range?: { readonly start_at: string; readonly end_at: string } | undefined;
}

/** As many as a request may name. */
const transactionsMax = 1_000;

/** One for each seller and store among them. Throws `Rejection`; then nothing was written. */
export async function generateTestReport(world: World, asked: TestReportRequest): Promise<Settlement[]> {
  const { account_id, date_range } = asked;
  if (!isTestAccount(account_id)) throw new Rejection("TEST_SETTLEMENT_OF_LIVE_ACCOUNT");
  checkOneWay(asked);
  const chosen = await choose(world, asked);
  const time_zone = (await readTimeZone(world.db, account_id)) ?? "UTC";
  return world.db.transaction(async (tx) => {
    const made: Settlement[] = [];
    for (const ofPlace of Map.groupBy(chosen, placeOf).values()) {
      const id = newUuid(world.random);
      const days = daysOf(ofPlace, time_zone);
      // A range is what was asked for; days are whole otherwise, as in a real settlement.
      const range = date_range ?? { start_at: iso(days.start), end_at: iso(days.end) };
      const [{ payout_destination_id, store_id }] = ofPlace as [TestCandidate];
      const provider_reference = `TEST-${referenceOf(id, days, time_zone)}`;
      const transaction_ids = ofPlace.map((transaction) => transaction.id);
      const settlement = { account_id, id, payout_destination_id, store_id, ...range, provider_reference };
      await insertTestSettlement(tx, { ...settlement, transaction_ids }, isoNow(world));
      const written = await readSettlement(tx, account_id, id);
      if (written !== undefined) made.push(written);
      await tellOfSettlement(world, tx, account_id, id);
    }
    return made;
  });
}

const iso = (moment: number): string => new Date(moment).toISOString();

function checkOneWay({ transaction_ids, number_of_transactions, date_range }: TestReportRequest): void {
  const ways = { transaction_ids, number_of_transactions, date_range };
  const sent = Object.entries(ways).filter(([, value]) => value !== undefined);
  const [, second] = sent;
  if (sent.length === 0) {
    const problem = "is required, or number_of_transactions, or date_range.";
    throw refused("REQUIRED", "transaction_ids", problem);
  }
  if (second !== undefined) throw refused("NOT_ALLOWED", second[0], `does not go together with ${sent[0]?.[0]}.`);
  if (date_range !== undefined && date_range.start_at >= date_range.end_at) {
    throw refused("INVALID_VALUE", "date_range.end_at", "must be later than start_at.");
  }
}

function refused(code: string, field: string, problem: string): Rejection {
  return Rejection.ofFields(`${field} ${problem}`, [fieldError(code, field, problem)]);
}

async function choose(world: World, asked: TestReportRequest): Promise<TestCandidate[]> {
  const { account_id, transaction_ids, number_of_transactions, date_range } = asked;
  // One more than may be: a report that left something out would be a wrong one.
  const limit = number_of_transactions ?? transactionsMax + 1;
  const found = await readTestCandidates(world.db, account_id, { transaction_ids, ...date_range, limit });
  if (transaction_ids !== undefined) checkNamed(transaction_ids, found);
  if (date_range !== undefined && found.length > transactionsMax) {
    const problem = `holds more than ${transactionsMax} transactions; choose a shorter one.`;
    throw refused("TOO_MANY", "date_range", problem);
  }
  if (found.length === 0) {
    const field = number_of_transactions === undefined ? "date_range" : "number_of_transactions";
    throw new Rejection("NOTHING_TO_SETTLE", { reason: "nothing is captured or paid back there." }, field);
  }
  return found;
}

function checkNamed(transaction_ids: readonly string[], found: readonly TestCandidate[]): void {
  const byId = new Map(found.map((transaction) => [transaction.id, transaction]));
  for (const [index, transaction_id] of transaction_ids.entries()) {
    const field = `transaction_ids.${index}`;
    const transaction = byId.get(transaction_id);
    if (transaction === undefined) throw new Rejection("TRANSACTION_UNKNOWN", { transaction_id }, field);
    if (transaction.captured_amount === 0) {
      const reason = `nothing of transaction ${transaction_id} is captured.`;
      throw new Rejection("NOTHING_TO_SETTLE", { reason }, field);
    }
  }
}

/** From the midnight before the first capture or refund among them to the one after the last. */
function daysOf(transactions: readonly TestCandidate[], time_zone: string): { start: number; end: number } {
  const times = transactions.flatMap(({ first_at, last_at }) => [first_at, last_at]).filter((time) => time !== null);
  const sorted = times.map((time) => Date.parse(time)).sort((a, b) => a - b);
  const [first = 0] = sorted;
  return { start: startOfLocalDay(first, time_zone), end: nextLocalMidnight(sorted.at(-1) ?? first, time_zone) };
}
