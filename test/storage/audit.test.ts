/** The audit's reading: every page, every table, one moment. What differs in what way is told in test/domain/audit.test.ts. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { type AuditReport, emptyReport } from "../../src/domain/audit.ts";
import { auditBooks } from "../../src/storage/audit.ts";
import { type Database, statement } from "../../src/storage/database.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { account_id, insertRow, now, promptColumns } from "./planted.ts";

let database: TestDatabase;
before(async () => {
  database = await makeDatabase();
});
after(() => database.close());
beforeEach(async () => {
  await database.sql(
    "TRUNCATE sessions, transactions, transaction_events, prompts, refunds, advices, session_events CASCADE",
  );
});

/** So many sales that wait for their terminals, numbered from 1 in the order of their keys. */
async function plantSales(count: number, account = account_id): Promise<void> {
  const numbered = `SELECT $1::text AS account_id, lpad(number::text, 6, '0') AS name, $3::timestamptz AS now
    FROM generate_series(1, $2::integer) AS number`;
  const values = [account, count, now];
  await database.sql(
    `INSERT INTO sessions (account_id, id, transaction_id, merchant_reference, url, "order", configuration, members,
       request_headers, created_by, created_at, updated_at, expires_at)
     SELECT account_id, 's' || name, 't' || name, name, '{}', '{}', '{}', '{}', '{}', 'c', now, now,
       now + interval '1 day'
     FROM (${numbered}) AS sale`,
    values,
  );
  await database.sql(
    `INSERT INTO transactions (account_id, id, session_id, amount, currency, status, channel, merchant_reference,
       store_id, terminal_id, payout_destination_id, created_at, updated_at)
     SELECT account_id, 't' || name, 's' || name, 100, 'NOK', 'INITIATED', 'in_store', name, 'store', name, 'seller',
       now, now
     FROM (${numbered}) AS sale`,
    values,
  );
  await database.sql(
    `INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, amount,
       created_at)
     SELECT account_id, 't' || name, 1, 'INITIALIZE', 'INITIATED', true, 100, now FROM (${numbered}) AS sale`,
    values,
  );
  await database.sql(
    `INSERT INTO prompts (account_id, id, session_id, transaction_id, terminal_id, kind, amount, currency, status,
       created_at, deadline_at)
     SELECT account_id, 'p' || name, 's' || name, 't' || name, name, 'purchase', 100, 'NOK', 'PENDING', now, now
     FROM (${numbered}) AS sale`,
    values,
  );
}

async function audited(onPage: () => void = () => {}): Promise<AuditReport> {
  const report = emptyReport();
  await auditBooks(database.db, report, onPage);
  return report;
}

/** Sale 1 is an authorization of 100: 60 captured of it, and of these 40 paid back. */
async function plantRefundAndCapture(): Promise<void> {
  await plantSales(1);
  const of = { account_id, transaction_id: "t000001" };
  await database.sql(
    "UPDATE prompts SET kind = 'authorize', status = 'SENT', sent_at = now(), sent_epoch = 1, sent_journal_id = 'j'",
  );
  await database.sql("UPDATE prompts SET status = 'APPROVED', finished_at = now()");
  const events = [
    { event: "AUTHORIZE", amount: 100, transaction_status: "AUTHORIZED" },
    { event: "CAPTURE", amount: 60, transaction_status: "PARTIALLY_CAPTURED", request_id: "r-capture" },
    { event: "INITIATE_REFUND", amount: 40, transaction_status: "PARTIALLY_CAPTURED", request_id: "r-refund" },
    {
      event: "REFUND",
      amount: 40,
      transaction_status: "PARTIALLY_CAPTURED_REFUNDED",
      correlation_request_id: "r-refund",
    },
  ];
  for (const [index, event] of events.entries()) {
    await insertRow(database, "transaction_events", { ...of, id: index + 2, success: true, created_at: now, ...event });
  }
  await database.sql(
    `UPDATE transactions SET status = 'PARTIALLY_CAPTURED_REFUNDED', authorized_amount = 100, captured_amount = 60,
       refunded_amount = 40, event_count = 5`,
  );
  const common = { ...of, session_id: "s000001", terminal_id: "another", currency: "NOK", created_at: now };
  const refunding = { ...common, ...promptColumns("APPROVED"), id: "refunding", kind: "refund", amount: 40 };
  await insertRow(database, "prompts", { ...refunding, deadline_at: now });
  await insertRow(database, "refunds", {
    ...{ ...of, prompt_id: "refunding", request_id: "r-refund", amount: 40, requested_by: "c" },
    ...{ outcome: "SUCCEEDED", told_at: now, reserved_amount: 0 },
  });
  await insertRow(database, "advices", {
    ...{ ...common, id: "advice", prompt_id: "p000001", kind: "capture", amount: 60, status: "ACCEPTED" },
    ...{ request_id: "r-capture", requested_by: "c", request_headers: {}, finished_at: now },
  });
}

describe("an audit", () => {
  test("goes through all accounts to their last row, page by page", async () => {
    await plantSales(1_100);
    await plantSales(3, "P00000001");
    const off = ["t000001", "t000497", "t000498", "t000997", "t001100"];
    await database.sql("UPDATE transactions SET event_count = 2 WHERE account_id = $1 AND id = ANY($2)", [
      account_id,
      off,
    ]);
    const { sentences, ...counts } = await audited();
    assert.deepEqual(
      sentences,
      off.map((id) => `Transaction ${id}: its row counts 2 events, there are 1.`),
    );
    const rows = { transactions: 1_103, events: 1_103, prompts: 1_103, sessions: 1_103 };
    assert.deepEqual(counts, { ...rows, refunds: 0, advices: 0, differences: 5 });
  });

  test("reads refunds and what a terminal's host was told", async () => {
    await plantRefundAndCapture();
    const { sentences, ...counts } = await audited();
    assert.deepEqual(sentences, []);
    const rows = { transactions: 1, events: 5, prompts: 2, refunds: 1, advices: 1, sessions: 1 };
    assert.deepEqual(counts, { ...rows, differences: 0 });
    await database.sql("UPDATE refunds SET outcome = 'FAILED', reserved_amount = amount");
    await database.sql("UPDATE advices SET status = 'REFUSED'");
    assert.deepEqual((await audited()).sentences, [
      "Transaction t000001: its row has reserved_refund_amount 0, its refunds hold 40.",
      "Transaction t000001: 40 is paid back and 40 reserved, of 60 captured.",
      "Transaction t000001: its refund refunding is FAILED, its events make it SUCCEEDED.",
      "Transaction t000001: its refund's prompt refunding is APPROVED, and 40 of 40 is reserved.",
      "Transaction t000001: its refund refunding was told FAILED, its prompt is APPROVED, and no REFUND books it.",
      "Transaction t000001: its capture advice is REFUSED, its events make it ACCEPTED.",
    ]);
  });

  test("finds every row of a transaction that is gone", async () => {
    await plantRefundAndCapture();
    await database.sql("DELETE FROM transactions");
    const names = "the transaction t000001 that it names is not there, or is another session's.";
    assert.deepEqual((await audited()).sentences, [
      "Transaction t000001: it is not there, and has events.",
      `Prompt p000001: ${names}`,
      `Prompt refunding: ${names}`,
      `Refund refunding: ${names}`,
      `Advice advice: ${names}`,
      `Session s000001: ${names}`,
    ]);
  });

  test("finds a refund's prompt that nothing was asked for", async () => {
    await plantRefundAndCapture();
    await database.sql("DELETE FROM refunds");
    assert.deepEqual((await audited()).sentences, [
      "Transaction t000001: event 4 (INITIATE_REFUND) belongs to 0 rows of what was asked for.",
      "Prompt refunding: it is a refund's of transaction t000001, and has no refund.",
    ]);
  });

  test("reads one moment, whatever is written meanwhile", async () => {
    await plantSales(600);
    let written: Promise<unknown> | undefined;
    // After the first page and before the second; it would show in every table that comes later.
    const wreck = async () => {
      await database.sql("DELETE FROM transactions WHERE id < 't000550'");
      await database.sql("UPDATE transactions SET event_count = 2");
    };
    const { db } = database;
    const waiting: Database = {
      ...db,
      snapshot: (work) =>
        db.snapshot((reader) =>
          work({
            query: async (asked, values) => {
              await written;
              return reader.query(asked, values);
            },
          }),
        ),
    };
    const report = emptyReport();
    await auditBooks(waiting, report, () => {
      written ??= wreck();
    });
    assert.deepEqual([report.transactions, report.prompts, report.sentences], [600, 600, []]);
    assert.notEqual((await audited()).differences, 0);
  });

  test("tells the first hundred differences and counts the rest", async () => {
    await plantSales(150);
    await database.sql("UPDATE transactions SET event_count = 2");
    const { differences, sentences } = await audited();
    assert.deepEqual([differences, sentences.length], [150, 100]);
  });

  test("is ended by whoever looks on", async () => {
    await plantSales(1);
    const enough = () => {
      throw new Error("enough");
    };
    await assert.rejects(audited(enough), { message: "enough" });
  });

  test("can write nothing", async () => {
    const write = statement("", "INSERT INTO clock_steps (seen_at, step_ms) VALUES ('2026-11-22', 1)");
    await assert.rejects(
      database.db.snapshot((reader) => reader.query(write, [])),
      /read-only transaction/,
    );
  });
});
