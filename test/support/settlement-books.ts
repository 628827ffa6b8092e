/** Books of captures and refunds at times that a test chooses, and server processes that settle them by a clock it sets. */
import type { Clock } from "../../src/domain/environment.ts";
import type { World } from "../../src/flows/world.ts";
import { insertAccount } from "../../src/storage/accounts.ts";
import { statement, type Tx } from "../../src/storage/database.ts";
import { systemRandom } from "../../src/system-environment.ts";
import { makeDatabase, type TestDatabase } from "./database.ts";
import { SetClock } from "./money-clock.ts";
import { quietLog } from "./quiet-log.ts";

export interface SoldAt {
  readonly amount?: number;
  readonly currency?: string;
  readonly payout_destination_id?: string;
  readonly store_id?: string;
}

export interface ItemRow {
  readonly settlement_id: string;
  readonly transaction_id: string;
  readonly event_id: number;
  readonly event: string;
  readonly amount: number;
  readonly created_at: string;
}

export interface SettlementRow {
  readonly id: string;
  readonly payout_destination_id: string;
  readonly store_id: string;
  readonly start_at: string;
  readonly end_at: string;
  readonly settled_at: string | null;
  readonly amounts: { currency: string; capture: number; refund: number }[];
}

const sale = statement(
  "",
  `WITH session AS (
     INSERT INTO sessions (account_id, id, transaction_id, merchant_reference, url, "order", configuration, members,
       request_headers, created_by, created_at, updated_at, expires_at)
     VALUES ($1, $2 || 's', $2, $2, '{}', '{}', '{}', '{}', '{}', 'till', $3, $3, $3::timestamptz + interval '1 day')
   ), prompt AS (
     INSERT INTO prompts (account_id, id, session_id, transaction_id, terminal_id, kind, amount, currency, status,
       created_at, deadline_at, sent_at, sent_epoch, sent_journal_id, shown_at, finished_at)
     VALUES ($1, $2 || 'p', $2 || 's', $2, $2, 'purchase', $4, $5, 'APPROVED', $3, $3, $3, 1, 'jr', $3, $3)
   ), transaction AS (
     INSERT INTO transactions (account_id, id, session_id, amount, currency, status, channel, merchant_reference,
       store_id, terminal_id, payout_destination_id, authorized_amount, captured_amount, event_count, created_at,
       updated_at)
     VALUES ($1, $2, $2 || 's', $4, $5, 'CAPTURED', 'in_store', $2, $6, $2, $7, $4, $4, 3, $3, $3)
   )
   INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, amount,
     created_at, metadata)
   VALUES ($1, $2, 1, 'INITIALIZE', 'INITIATED', true, $4, $3, NULL),
     ($1, $2, 2, 'AUTHORIZE', 'AUTHORIZED', true, $4, $3, NULL),
     ($1, $2, 3, 'CAPTURE', 'CAPTURED', true, $4, $3, jsonb_build_object('payout_correlation_id', 'pc-' || $2))`,
);

/** Asked for and approved at the same moment. */
const refund = statement(
  "",
  `WITH paid AS (
     UPDATE transactions SET refunded_amount = refunded_amount + $4, event_count = event_count + 2,
       status = CASE WHEN refunded_amount + $4 = captured_amount THEN 'REFUNDED' ELSE 'PARTIALLY_REFUNDED' END
     WHERE account_id = $1 AND id = $2 RETURNING *
   ), prompt AS (
     INSERT INTO prompts (account_id, id, session_id, transaction_id, terminal_id, kind, amount, currency, status,
       created_at, deadline_at, sent_at, sent_epoch, sent_journal_id, shown_at, finished_at)
     SELECT $1, $2 || 'r' || event_count, session_id, $2, terminal_id, 'refund', $4, currency, 'APPROVED', $3, $3, $3,
       1, 'jr', $3, $3 FROM paid
   ), asked AS (
     INSERT INTO refunds (account_id, prompt_id, transaction_id, request_id, amount, requested_by, outcome, told_at,
       reserved_amount)
     SELECT $1, $2 || 'r' || event_count, $2, 'refund-' || event_count, $4, 'till', 'SUCCEEDED', $3, 0 FROM paid
   )
   INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, amount,
     created_at, request_id, correlation_request_id)
   SELECT $1, $2, event_count - 1, 'INITIATE_REFUND',
     CASE WHEN refunded_amount = $4 THEN 'CAPTURED' ELSE 'PARTIALLY_REFUNDED' END, true, $4, $3::timestamptz,
     'refund-' || event_count, NULL FROM paid
   UNION ALL
   SELECT $1, $2, event_count, 'REFUND', status, true, $4, $3, NULL, 'refund-' || event_count FROM paid`,
);

/** A SetClock that may go to any time, and back. */
class AnyClock extends SetClock {
  goTo(time: string): void {
    this.pass(Date.parse(time) - this.now());
  }
}

let accounts = 0;

export class SettlementBooks {
  readonly database: TestDatabase;
  readonly clock = new AnyClock();
  readonly account_id: string;
  #sales = 0;

  private constructor(database: TestDatabase, account_id: string) {
    this.database = database;
    this.account_id = account_id;
  }

  /** An account that was made at `time`, on a database that may hold others. */
  static async open(time: string, database?: TestDatabase): Promise<SettlementBooks> {
    const books = new SettlementBooks(database ?? (await makeDatabase()), `T${String(++accounts).padStart(8, "0")}`);
    const { account_id } = books;
    books.clock.goTo(time);
    const made = { account_id, name: "Grønn", in_person_enabled: true };
    await books.database.db.transaction((tx) => insertAccount(tx, made, time));
    return books;
  }

  /** A server process: as much of its world as settling needs. */
  world(clock: Clock = this.clock): World {
    return { db: this.database.db, clock, random: systemRandom, log: quietLog } as unknown as World;
  }

  /** Its id. In `tx`, so that the test says when it is committed. */
  async sale(at: string, sold: SoldAt = {}, tx?: Tx): Promise<string> {
    const { amount = 100, currency = "NOK", store_id = "store-1", payout_destination_id = "seller-1" } = sold;
    const id = `${this.account_id}.${String(++this.#sales).padStart(6, "0")}`;
    const values = [this.account_id, id, at, amount, currency, store_id, payout_destination_id];
    await (tx ?? this.database.db).query(sale, values);
    return id;
  }

  async refund(transaction_id: string, at: string, amount: number): Promise<void> {
    await this.database.db.query(refund, [this.account_id, transaction_id, at, amount]);
  }

  items(): Promise<ItemRow[]> {
    const text = `SELECT settlement_id, transaction_id, event_id, event, amount, iso(created_at) AS created_at
      FROM settlement_items WHERE account_id = $1 AND NOT is_test ORDER BY transaction_id, event_id, settlement_id`;
    return this.database.sql(text, [this.account_id]);
  }

  /** Oldest day first; those that are being made, too. */
  settlements(): Promise<SettlementRow[]> {
    const text = `SELECT id, payout_destination_id, store_id, iso(start_at) AS start_at, iso(end_at) AS end_at,
        iso(settled_at) AS settled_at,
        (SELECT json_agg(json_build_object('currency', currency, 'capture', capture, 'refund', refund)
           ORDER BY currency) FROM settlement_amounts AS sum
         WHERE sum.account_id = settlement.account_id AND settlement_id = settlement.id) AS amounts
      FROM settlements AS settlement WHERE account_id = $1 AND NOT is_test
      ORDER BY start_at, payout_destination_id, store_id`;
    return this.database.sql(text, [this.account_id]);
  }
}
