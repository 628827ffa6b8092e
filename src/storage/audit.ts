/**
 * Reads the books, whole and of one moment, and has them checked. It goes through them in pages by key, so that neither
 * the size of the database nor the number of differences decides how much memory it takes.
 */
import { type AuditReport, differencesOf, noteDifferences, type StrayRow, strayDifference } from "../domain/audit.ts";
import type { AuditedTransaction } from "../domain/audited.ts";
import { type Database, type Reader, type Statement, statement } from "./database.ts";
import { checkSchema } from "./migrations.ts";
import { auditSettlements } from "./settlement-audit.ts";

/** A page is a megabyte or so. The numbers stand in the statements, so that they are planned for a page and no more. */
const transactionsInPage = 500;
const rowsInPage = 5_000;

/**
 * Fills the report. `onPage` is called after every page; what it throws ends the audit. Throws `StartupProblem` where the
 * database is not at this server's schema.
 */
export async function auditBooks(db: Database, report: AuditReport, onPage: () => void): Promise<void> {
  await db.snapshot(async (reader) => {
    await checkSchema(reader);
    await auditTransactions(reader, report, onPage);
    for (const table of strayTables) await auditStrays(reader, table, report, onPage);
    await auditSettlements(reader, report, onPage);
  });
}

/** Keys are compared by bytes; nothing comes before two empty ones. */
const firstKey = { account_id: "", id: "" };

const page = statement(
  "audit_transactions",
  `WITH page AS MATERIALIZED (
     SELECT account_id, id, session_id, amount, currency, status, authorized_amount, captured_amount, refunded_amount,
       voided_amount, reserved_refund_amount, event_count
     FROM transactions WHERE (account_id, id) > ($1, $2) ORDER BY account_id, id
     LIMIT ${transactionsInPage}
   ), page_advices AS (
     -- Joined once for the page: there is no index of a transaction's ended advices to look each up by.
     SELECT page.account_id, page.id, json_agg(json_build_object('id', advice.id, 'prompt_id', advice.prompt_id,
         'kind', advice.kind, 'amount', advice.amount, 'status', advice.status, 'request_id', advice.request_id,
         'initiated', advice.initiated) ORDER BY advice.id) AS advices
     FROM page JOIN advices AS advice ON advice.account_id = page.account_id AND advice.transaction_id = page.id
     GROUP BY page.account_id, page.id
   )
   SELECT page.*,
     (SELECT json_build_object('transaction_id', session.transaction_id) FROM sessions AS session
      WHERE session.account_id = page.account_id AND session.id = page.session_id) AS session,
     (SELECT coalesce(json_agg(json_build_object('id', event.id, 'event', event.event,
          'transaction_status', event.transaction_status, 'success', event.success, 'amount', event.amount,
          'request_id', event.request_id, 'correlation_request_id', event.correlation_request_id)
        ORDER BY event.id), '[]')
      FROM transaction_events AS event
      WHERE event.account_id = page.account_id AND event.transaction_id = page.id) AS events,
     -- The payment's by its session, the refunds' by their refunds: each by an index.
     (SELECT coalesce(json_agg(json_build_object('id', prompt.id, 'session_id', prompt.session_id,
          'transaction_id', prompt.transaction_id, 'kind', prompt.kind, 'amount', prompt.amount,
          'currency', prompt.currency, 'status', prompt.status, 'shown_at', prompt.shown_at)
        ORDER BY prompt.created_at, prompt.id), '[]')
      FROM (
        SELECT payment.* FROM prompts AS payment
        WHERE payment.account_id = page.account_id AND payment.session_id = page.session_id
          AND payment.kind IN ('purchase', 'authorize')
        UNION ALL
        SELECT refunding.* FROM refunds AS refund
        JOIN prompts AS refunding ON refunding.account_id = refund.account_id AND refunding.id = refund.prompt_id
        WHERE refund.account_id = page.account_id AND refund.transaction_id = page.id AND refunding.kind = 'refund'
      ) AS prompt) AS prompts,
     (SELECT coalesce(json_agg(json_build_object('prompt_id', refund.prompt_id, 'request_id', refund.request_id,
          'amount', refund.amount, 'outcome', refund.outcome, 'reserved_amount', refund.reserved_amount)
        ORDER BY refund.prompt_id), '[]')
      FROM refunds AS refund
      WHERE refund.account_id = page.account_id AND refund.transaction_id = page.id) AS refunds,
     coalesce(page_advices.advices, '[]') AS advices
   FROM page
   LEFT JOIN page_advices ON page_advices.account_id = page.account_id AND page_advices.id = page.id
   ORDER BY page.account_id, page.id`,
);

async function auditTransactions(reader: Reader, report: AuditReport, onPage: () => void): Promise<void> {
  for (let last = firstKey; ; ) {
    const rows = await reader.query<AuditedTransaction & { account_id: string }>(page, [last.account_id, last.id]);
    for (const books of rows) {
      report.transactions += 1;
      report.events += books.events.length;
      noteDifferences(report, differencesOf(books));
    }
    onPage();
    const end = rows.at(-1);
    if (end === undefined || rows.length < transactionsInPage) return;
    last = end;
  }
}

interface StrayTable {
  readonly table: StrayRow["table"];
  /** The column of the report that counts its rows; the events were counted with their transactions. */
  readonly counts?: "prompts" | "refunds" | "advices" | "sessions";
  readonly statement: Statement;
}

/** Rows by their key, with what is wrong about the transaction that each names. `rows` is the page, keyed in order. */
const strayStatement = (table: string, rows: string, session: string, no_refund: string): Statement =>
  statement(
    `audit_stray_${table}`,
    `WITH page AS MATERIALIZED (${rows} LIMIT ${rowsInPage})
     SELECT page.account_id, page.id, page.transaction_id,
       CASE WHEN transaction.id IS NULL THEN 'no_transaction' WHEN ${no_refund} THEN 'no_refund' END AS what
     FROM page
     LEFT JOIN transactions AS transaction ON transaction.account_id = page.account_id
       AND transaction.id = page.transaction_id AND transaction.session_id = ${session}
     ORDER BY page.account_id, page.id`,
  );

const keyed = (columns: string, from: string) =>
  `SELECT account_id, ${columns} FROM ${from} AND (account_id, id) > ($1, $2) ORDER BY account_id, id`;

/** Each row that names a transaction, whether or not that transaction is there to be audited. */
const strayTables: readonly StrayTable[] = [
  {
    table: "events",
    statement: strayStatement(
      "events",
      `SELECT account_id, transaction_id AS id, transaction_id FROM transaction_events
       WHERE (account_id, transaction_id) > ($1, $2) GROUP BY account_id, transaction_id
       ORDER BY account_id, transaction_id`,
      "transaction.session_id",
      "false",
    ),
  },
  {
    table: "prompt",
    counts: "prompts",
    statement: strayStatement(
      "prompts",
      keyed("id, transaction_id, session_id, kind", "prompts WHERE true"),
      "page.session_id",
      `page.kind = 'refund' AND NOT EXISTS (SELECT FROM refunds AS refund
         WHERE refund.account_id = page.account_id AND refund.prompt_id = page.id)`,
    ),
  },
  {
    table: "refund",
    counts: "refunds",
    statement: strayStatement(
      "refunds",
      `SELECT account_id, prompt_id AS id, transaction_id FROM refunds
       WHERE (account_id, prompt_id) > ($1, $2) ORDER BY account_id, prompt_id`,
      "transaction.session_id",
      "false",
    ),
  },
  {
    table: "advice",
    counts: "advices",
    statement: strayStatement(
      "advices",
      keyed("id, transaction_id, session_id", "advices WHERE true"),
      "page.session_id",
      "false",
    ),
  },
  {
    table: "session",
    counts: "sessions",
    statement: strayStatement(
      "sessions",
      keyed("id, transaction_id", "sessions WHERE transaction_id IS NOT NULL"),
      "page.id",
      "false",
    ),
  },
];

type StrayPageRow = Omit<StrayRow, "table" | "what"> & { account_id: string; what: StrayRow["what"] | null };

async function auditStrays(
  reader: Reader,
  { table, counts, statement: asked }: StrayTable,
  report: AuditReport,
  onPage: () => void,
): Promise<void> {
  for (let last = firstKey; ; ) {
    const rows = await reader.query<StrayPageRow>(asked, [last.account_id, last.id]);
    if (counts !== undefined) report[counts] += rows.length;
    for (const { what, ...row } of rows)
      if (what !== null) noteDifferences(report, [strayDifference({ table, what, ...row })]);
    onPage();
    const end = rows.at(-1);
    if (end === undefined || rows.length < rowsInPage) return;
    last = end;
  }
}
