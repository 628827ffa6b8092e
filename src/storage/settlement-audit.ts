/** The settlements' part of an audit, read in pages by key as the rest of it. */
import { type AuditReport, noteDifferences } from "../domain/audit.ts";
import {
  type AuditedSettlement,
  type AuditedSettling,
  settlementDifferences,
  settlingDifferences,
} from "../domain/audit-settlements.ts";
import { type Reader, type Statement, statement } from "./database.ts";

const transactionsInPage = 1_000;
/** One settlement may hold a day of a large store. */
const settlementsInPage = 100;

const settlements = statement(
  "audit_settlements",
  `WITH page AS MATERIALIZED (
     SELECT account_id, id FROM settlements WHERE (account_id, id) > ($1, $2) ORDER BY account_id, id
     LIMIT ${settlementsInPage}
   )
   SELECT page.account_id, page.id,
     (SELECT coalesce(json_agg(json_build_object('currency', sum.currency, 'capture', sum.capture,
          'refund', sum.refund, 'fee', sum.fee) ORDER BY sum.currency), '[]')
      FROM settlement_amounts AS sum
      WHERE sum.account_id = page.account_id AND sum.settlement_id = page.id) AS amounts,
     (SELECT coalesce(json_agg(json_build_object('currency', held.currency, 'capture', held.capture,
          'refund', held.refund) ORDER BY held.currency), '[]')
      FROM (SELECT item.currency, coalesce(sum(item.amount) FILTER (WHERE item.event = 'CAPTURE'), 0) AS capture,
          coalesce(sum(item.amount) FILTER (WHERE item.event = 'REFUND'), 0) AS refund
        FROM settlement_items AS item
        WHERE item.account_id = page.account_id AND item.settlement_id = page.id GROUP BY item.currency) AS held
     ) AS items,
     ARRAY(SELECT DISTINCT item.transaction_id FROM settlement_items AS item
       WHERE item.account_id = page.account_id AND item.settlement_id = page.id
         AND NOT EXISTS (SELECT FROM transactions AS transaction
           WHERE transaction.account_id = item.account_id AND transaction.id = item.transaction_id)
       ORDER BY item.transaction_id LIMIT 10) AS strays
   FROM page ORDER BY page.account_id, page.id`,
);

const settling = statement(
  "audit_settled_transactions",
  `WITH page AS MATERIALIZED (
     SELECT account_id, id, currency, payout_destination_id, store_id, settled_captured_amount, settled_refunded_amount
     FROM transactions WHERE (account_id, id) > ($1, $2) ORDER BY account_id, id LIMIT ${transactionsInPage}
   )
   SELECT page.*,
     (SELECT coalesce(json_agg(json_build_object('settlement_id', item.settlement_id, 'event_id', item.event_id,
          'event', item.event, 'amount', item.amount, 'currency', item.currency,
          'booked', CASE WHEN event.id IS NOT NULL THEN json_build_object('event', event.event,
            'amount', event.amount, 'success', event.success) END,
          'settlement', CASE WHEN settlement.id IS NOT NULL THEN json_build_object(
            'payout_destination_id', settlement.payout_destination_id, 'store_id', settlement.store_id) END)
        ORDER BY item.event_id, item.settlement_id), '[]')
      FROM settlement_items AS item
      LEFT JOIN transaction_events AS event ON event.account_id = item.account_id
        AND event.transaction_id = item.transaction_id AND event.id = item.event_id
      LEFT JOIN settlements AS settlement ON settlement.account_id = item.account_id
        AND settlement.id = item.settlement_id AND NOT settlement.is_test
      WHERE item.account_id = page.account_id AND item.transaction_id = page.id AND NOT item.is_test) AS items
   FROM page ORDER BY page.account_id, page.id`,
);

export async function auditSettlements(reader: Reader, report: AuditReport, onPage: () => void): Promise<void> {
  const judge = (rows: readonly AuditedSettlement[]) => noteDifferences(report, rows.flatMap(settlementDifferences));
  await inPages(reader, settlements, settlementsInPage, judge, onPage);
  const judgeSettling = (rows: readonly AuditedSettling[]) =>
    noteDifferences(report, rows.flatMap(settlingDifferences));
  await inPages(reader, settling, transactionsInPage, judgeSettling, onPage);
}

async function inPages<Row extends { readonly id: string }>(
  reader: Reader,
  asked: Statement,
  rowsInPage: number,
  judge: (rows: readonly Row[]) => void,
  onPage: () => void,
): Promise<void> {
  for (let last = { account_id: "", id: "" }; ; ) {
    const rows = await reader.query<Row & { account_id: string }>(asked, [last.account_id, last.id]);
    judge(rows);
    onPage();
    const end = rows.at(-1);
    if (end === undefined || rows.length < rowsInPage) return;
    last = end;
  }
}
