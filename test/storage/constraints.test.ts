/** What the database refuses whatever the program believes: money that does not add up, and rows that are not whole. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { isFinal, type PromptStatus, promptStatuses } from "../../src/domain/prompt.ts";
import { noBalance, statusOf, type TransactionStatus } from "../../src/domain/transaction.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { account_id, insertRow, newPrompt, now, refusalOf } from "./planted.ts";

let database: TestDatabase;
before(async () => {
  database = await makeDatabase();
  await database.sql(tryStatuses);
});
after(() => database.close());

const insert = (table: string, columns: Readonly<Record<string, unknown>>) =>
  refusalOf(insertRow(database, table, columns));

const statuses: TransactionStatus[] = Object.keys({
  INITIATED: true,
  AUTHORIZED: true,
  AUTHORIZATION_VOIDED: true,
  CAPTURED: true,
  PARTIALLY_CAPTURED: true,
  PARTIALLY_CAPTURED_REFUNDED: true,
  REFUNDED: true,
  PARTIALLY_REFUNDED: true,
  DECLINED: true,
  FAILED: true,
  UNKNOWN: true,
} satisfies Record<TransactionStatus, true>) as TransactionStatus[];

/** Tries a transaction's row in every status, keeps none, and answers what the database said to each. */
const tryStatuses = `
  CREATE FUNCTION try_statuses(row_tried jsonb, statuses text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
  DECLARE
    said jsonb := '{}';
    tried text;
    refused_by text;
  BEGIN
    FOREACH tried IN ARRAY statuses LOOP
      BEGIN
        INSERT INTO transactions
          SELECT * FROM jsonb_populate_record(NULL::transactions, row_tried || jsonb_build_object('status', tried));
        RAISE EXCEPTION USING ERRCODE = 'TAKEN';
      EXCEPTION
        WHEN SQLSTATE 'TAKEN' THEN said := said || jsonb_build_object(tried, 'taken');
        WHEN check_violation THEN
          GET STACKED DIAGNOSTICS refused_by = CONSTRAINT_NAME;
          said := said || jsonb_build_object(tried, refused_by);
      END;
    END LOOP;
    RETURN said;
  END $$`;

async function answers(amounts: object): Promise<Record<string, string>> {
  const defaults = {
    event_count: 1,
    sequence: 1,
    ...noBalance,
    settled_captured_amount: 0,
    settled_refunded_amount: 0,
  };
  const row = JSON.stringify({ ...transaction(), ...defaults, ...amounts });
  const [found] = await database.sql<{ said: Record<string, string> }>("SELECT try_statuses($1, $2) AS said", [
    row,
    statuses,
  ]);
  return found?.said ?? {};
}

let transactions = 0;
const transaction = (change: Readonly<Record<string, unknown>> = {}) => {
  const name = String(++transactions);
  return {
    account_id,
    id: `transaction_${name}`,
    session_id: `session_${name}`,
    amount: 100,
    currency: "NOK",
    status: "INITIATED",
    channel: "in_store",
    merchant_reference: "order",
    store_id: "store-1",
    terminal_id: "terminal-1",
    payout_destination_id: "seller-1",
    sequence: 1,
    created_at: now,
    updated_at: now,
    ...change,
  };
};

describe("a transaction's row", () => {
  /** Which of all statuses the database takes with these amounts. */
  async function taken(amounts: object): Promise<string[]> {
    const said = await answers(amounts);
    for (const answer of Object.values(said)) assert.match(answer, /^(taken|status_follows_from_amounts)$/);
    return statuses.filter((status) => said[status] === "taken");
  }

  test("reads, once authorized, the one status that follows from its amounts", async () => {
    // Small amounts on purpose: that is where equal ones, ones off by one and noughts meet.
    const amounts = fc
      .integer({ min: 1, max: 6 })
      .chain((amount) => fc.tuple(fc.constant(amount), fc.integer({ min: 0, max: amount })))
      .chain(([amount, captured]) =>
        fc.record({
          amount: fc.constant(amount),
          captured_amount: fc.constant(captured),
          refunded_amount: fc.integer({ min: 0, max: captured }),
          voided_amount: fc.integer({ min: 0, max: amount - captured }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(amounts, async (drawn) => {
        const balance = { ...drawn, authorized_amount: drawn.amount };
        assert.deepEqual(await taken(balance), [statusOf(balance)]);
      }),
      { numRuns: 500 },
    );
  });

  test("reads, before it is authorized, that nothing has happened, went wrong, or is known", async () => {
    assert.deepEqual(await taken(noBalance), ["INITIATED", "DECLINED", "FAILED", "UNKNOWN"]);
  });

  test("is taken exactly where its amounts are in order, and otherwise refused whatever its status", async () => {
    const small = fc.integer({ min: -1, max: 4 });
    const drawn = fc.record({
      amount: fc.integer({ min: 1, max: 3 }),
      authorized_amount: small,
      captured_amount: small,
      refunded_amount: small,
      voided_amount: small,
      reserved_refund_amount: small,
    });
    await fc.assert(
      fc.asyncProperty(drawn, async (amounts) => {
        const { amount, authorized_amount, captured_amount, refunded_amount, voided_amount } = amounts;
        const { reserved_refund_amount } = amounts;
        const in_order =
          [0, amount].includes(authorized_amount) &&
          [captured_amount, refunded_amount, voided_amount, reserved_refund_amount].every((part) => part >= 0) &&
          captured_amount + voided_amount <= authorized_amount &&
          refunded_amount + reserved_refund_amount <= captured_amount;
        const said = Object.values(await answers(amounts));
        assert.equal(said.includes("taken"), in_order);
        if (!in_order) assert.ok(said.includes("amounts_in_order"));
      }),
      { numRuns: 1_000 },
    );
  });

  const inOrder = { authorized_amount: 100, captured_amount: 100, status: "CAPTURED" };
  const refused: { what: string; change: Record<string, unknown>; by: string }[] = [
    { what: "of no money", change: { amount: 0 }, by: "transactions_amount_check" },
    { what: "of less than no money", change: { amount: -1 }, by: "transactions_amount_check" },
    { what: "in no currency", change: { currency: "nok" }, by: "transactions_currency_check" },
    { what: "through a channel that is none", change: { channel: "post" }, by: "transactions_channel_check" },
    {
      what: "that promises more money back than was captured",
      change: { ...inOrder, reserved_refund_amount: 101 },
      by: "amounts_in_order",
    },
    {
      what: "that promises the same money back twice",
      change: { ...inOrder, status: "PARTIALLY_REFUNDED", refunded_amount: 60, reserved_refund_amount: 41 },
      by: "amounts_in_order",
    },
  ];
  for (const { what, change, by } of refused) {
    test(`${what} is refused`, async () => {
      assert.equal(await insert("transactions", transaction(change)), by);
    });
  }

  test("is the only one of its session", async () => {
    const first = transaction();
    assert.equal(await insert("transactions", first), "taken");
    const second = transaction({ session_id: first.session_id });
    assert.equal(await insert("transactions", second), "one_transaction_per_session");
    assert.equal(await insert("transactions", { ...second, account_id: "T87654321" }), "taken");
  });
});

describe("a prompt's row", () => {
  const prompt = (status: PromptStatus, change: object = {}) => insert("prompts", newPrompt(status, { ...change }));

  test("is taken in every status, if it is whole", async () => {
    for (const status of promptStatuses) assert.equal(await prompt(status), "taken", status);
  });

  test("has the time of its end if it is final, and only then", async () => {
    for (const status of promptStatuses) {
      const wrong = { finished_at: isFinal(status) ? null : now };
      assert.equal(await prompt(status, wrong), "finished_when_final", status);
    }
  });

  const unsent = { sent_at: null, sent_epoch: null, sent_journal_id: null };

  test("was sent if its terminal has answered it", async () => {
    for (const status of ["SENT", "SHOWN", "PROCESSING", "UNRESOLVED", "APPROVED", "DECLINED"] as const) {
      assert.equal(await prompt(status, unsent), "sent_before_it_was_answered", status);
    }
    for (const status of ["CANCELLED", "EXPIRED", "FAILED"] as const) {
      assert.equal(await prompt(status, unsent), "taken", status);
    }
  });

  test("was not sent while it is pending or waits", async () => {
    const sent = { sent_at: now, sent_epoch: 1, sent_journal_id: "jr_1" };
    for (const status of ["PENDING", "WAITING"] as const) {
      assert.equal(await prompt(status, sent), "never_sent_while_pending", status);
    }
  });

  const refused: { what: string; status: PromptStatus; change: object; by: string }[] = [
    { what: "sent over no connection", status: "SENT", change: { sent_epoch: null }, by: "sent_whole" },
    { what: "sent to no journal", status: "SENT", change: { sent_journal_id: null }, by: "sent_whole" },
    { what: "sent at no time", status: "EXPIRED", change: { sent_at: null }, by: "sent_whole" },
    { what: "shown at no time", status: "SHOWN", change: { shown_at: null }, by: "shown_has_its_time" },
    {
      what: "processing a card that was never presented",
      status: "PROCESSING",
      change: { card_presented_at: null },
      by: "processing_has_its_card",
    },
    {
      what: "to be cancelled by nobody",
      status: "SENT",
      change: { cancel_asked_at: now },
      by: "cancel_asked_by_someone",
    },
    {
      what: "to be cancelled at no time",
      status: "SENT",
      change: { cancel_asked_by: "somebody" },
      by: "cancel_asked_by_someone",
    },
    {
      what: "that waits, for a payment",
      status: "WAITING",
      change: { kind: "purchase" },
      by: "waiting_is_for_refunds",
    },
    { what: "for no money", status: "PENDING", change: { amount: 0 }, by: "prompts_amount_check" },
    { what: "of no kind", status: "PENDING", change: { kind: "tip" }, by: "prompts_kind_check" },
    { what: "in no status", status: "PENDING", change: { status: "LOST" }, by: "prompts_status_check" },
  ];
  for (const { what, status, change, by } of refused) {
    test(`${what} is refused`, async () => {
      assert.equal(await prompt(status, change), by);
    });
  }

  test("asks for a session's payment once, however the first one ended, and may refund it often", async () => {
    for (const first of ["PENDING", "APPROVED", "DECLINED", "UNRESOLVED"] as const) {
      const asked = newPrompt(first);
      const { session_id } = asked;
      assert.equal(await insert("prompts", asked), "taken");
      for (const kind of ["purchase", "authorize"]) {
        assert.equal(await prompt("PENDING", { session_id, kind }), "one_payment_prompt_per_session", first);
      }
      assert.equal(await prompt("PENDING", { session_id, kind: "refund" }), "taken");
      assert.equal(await prompt("PENDING", { session_id, kind: "refund" }), "taken");
      assert.equal(await prompt("PENDING", { session_id, account_id: "T87654321" }), "taken");
    }
  });

  test("takes up its terminal while it is live: a second live one is refused, others are not", async () => {
    const live = ["PENDING", "SENT", "SHOWN", "PROCESSING"] as const;
    for (const first of live) {
      const standing = newPrompt(first);
      const { terminal_id } = standing;
      assert.equal(await insert("prompts", standing), "taken");
      for (const status of promptStatuses) {
        const expected = live.some((one) => one === status) ? "one_live_prompt_per_terminal" : "taken";
        assert.equal(await prompt(status, { terminal_id }), expected, `${first}, then ${status}`);
      }
    }
  });
});

describe("other rows that are not whole", () => {
  const session = {
    account_id,
    id: "session_1",
    merchant_reference: "order",
    url: {},
    order: {},
    configuration: {},
    members: {},
    request_headers: {},
    created_by: "c",
    created_at: now,
    updated_at: now,
    expires_at: "2026-11-23T12:00:00Z",
  };
  const event = { account_id, transaction_id: "t", id: 1, event: "AUTHORIZE", transaction_status: "DECLINED" };
  const delivery = {
    account_id,
    id: "d",
    kind: "callback",
    lane_id: "http://localhost",
    session_id: "s",
    transaction_id: "t",
    method: "GET",
    url: "http://localhost",
    status: "PENDING",
    due_at: now,
    created_at: now,
  };
  const told = { account_id, id: "e", type: "incident_add", body: "{}", created_at: now };
  const result = {
    account_id,
    terminal_id: "t",
    journal_id: "j",
    sequence: 1,
    prompt_id: "p",
    epoch: 1,
    received_at: now,
    frame: {},
    verdict: "applied",
  };
  const key = { kid: "k", algorithm: "ES256", private_jwk: { d: "secret" }, created_at: now };
  const rows: { what: string; table: string; row: object; by: string }[] = [
    {
      what: "a session cancelled by nobody",
      table: "sessions",
      row: { ...session, cancelled_at: now },
      by: "cancelled_by_someone",
    },
    {
      what: "a session that has expired when it begins",
      table: "sessions",
      row: { ...session, expires_at: now },
      by: "expires_after_creation",
    },
    {
      what: "a failed event without its error",
      table: "transaction_events",
      row: { ...event, success: false, created_at: now },
      by: "failure_has_its_error",
    },
    {
      what: "a successful event with an error",
      table: "transaction_events",
      row: { ...event, success: true, error: {}, created_at: now },
      by: "failure_has_its_error",
    },
    {
      what: "an event that is none",
      table: "transaction_events",
      row: { ...event, event: "TIP", success: true, created_at: now },
      by: "transaction_events_event_check",
    },
    {
      what: "a delivery that ended at no time",
      table: "deliveries",
      row: { ...delivery, status: "DELIVERED" },
      by: "delivery_finished_when_ended",
    },
    {
      what: "a delivery that ended and goes on",
      table: "deliveries",
      row: { ...delivery, finished_at: now },
      by: "delivery_finished_when_ended",
    },
    { what: "a GET with a body", table: "deliveries", row: { ...delivery, body: "{}" }, by: "callback_whole" },
    {
      what: "a callback that is a hook's as well",
      table: "deliveries",
      row: { ...delivery, hook_id: "h", event_position: 1 },
      by: "callback_whole",
    },
    {
      what: "a webhook without its event",
      table: "deliveries",
      row: { ...delivery, kind: "webhook", method: "POST", hook_id: "h" },
      by: "webhook_whole",
    },
    {
      what: "a webhook with a body beside its event's",
      table: "deliveries",
      row: { ...delivery, kind: "webhook", method: "POST", body: "{}", hook_id: "h", event_position: 1 },
      by: "webhook_whole",
    },
    {
      what: "a lane that nobody paused and that is probed",
      table: "delivery_lanes",
      row: { account_id, id: "l", failures: 0, draining: false, probe_at: now },
      by: "probed_while_paused",
    },
    {
      what: "a lane that is paused by nobody",
      table: "delivery_lanes",
      row: { account_id, id: "l", failures: 0, draining: false, paused_at: now },
      by: "paused_whole",
    },
    { what: "an event before the first", table: "events", row: { ...told, position: 0 }, by: "events_position_check" },
    { what: "a POST without one", table: "deliveries", row: { ...delivery, method: "POST" }, by: "callback_whole" },
    {
      what: "a result without a number",
      table: "terminal_results",
      row: { ...result, sequence: 0 },
      by: "terminal_results_sequence_check",
    },
    {
      what: "a result with a verdict that is none",
      table: "terminal_results",
      row: { ...result, verdict: "believed" },
      by: "terminal_results_verdict_check",
    },
    {
      what: "a public key that holds the private one",
      table: "signing_keys",
      row: { ...key, public_jwk: { d: "secret" } },
      by: "signing_keys_public_jwk_check",
    },
    {
      what: "an account that is neither live nor for tests",
      table: "accounts",
      row: { account_id: "X12345678", name: "N", in_person_enabled: true, created_at: now },
      by: "accounts_account_id_check",
    },
  ];
  for (const { what, table, row, by } of rows) {
    test(`${what} is refused`, async () => {
      assert.equal(await insert(table, row as Record<string, unknown>), by);
    });
  }
});
