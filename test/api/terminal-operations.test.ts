/** A shop asks its terminals for housekeeping: close the day, send logs, look for an update, open the menu (management section 4). */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { TerminalOperation } from "../../src/contract/terminal-operation.ts";
import type { Capabilities } from "../../src/contract/terminal-protocol.ts";
import { dropDeleted } from "../../src/flows/connection.ts";
import { tendOperations } from "../../src/flows/terminal-operation.ts";
import { tokenOf } from "../support/clients.ts";
import { answerAdvice, authorized, openCounter, operate } from "../support/counter.ts";
import type { HandLink, HandTerminal } from "../support/honest-hand.ts";
import {
  handTerminal,
  incidentsAt,
  later,
  occupantOf,
  openBareShop,
  sell,
  sold,
  transactionOf,
  untilConnected,
  untilPrompt,
} from "../support/honest-shop.ts";
import { operatorOf } from "../support/operator.ts";
import { openShop, type Shop, until } from "../support/shop.ts";
import { assertRefused } from "./refusal.ts";

const path = "/v1/admin/terminals/operations";
type Operation = TerminalOperation & ErrorBody;

const ask = (shop: Shop, body: object, headers?: Record<string, string>) =>
  shop.call<Operation>("POST", path, body, headers);
const read = async (shop: Shop, id: string) => (await shop.call<Operation>("GET", `${path}/${id}`)).body;
const untilEnded = (shop: Shop, id: string) =>
  until(async () => {
    const operation = await read(shop, id);
    return operation.status !== "PENDING" && operation;
  });

describe("a terminal moved by hand", () => {
  let shop: Shop;
  before(async () => {
    shop = await openBareShop();
  });
  after(() => shop.close());

  async function counter(can?: Partial<Capabilities>): Promise<{ terminal: HandTerminal; link: HandLink }> {
    const terminal = await handTerminal(shop);
    return { terminal, link: await terminal.connect([], can) };
  }

  /** Asked for and taken. */
  async function asked(terminal_id: string, operation: string, more: object = {}): Promise<TerminalOperation> {
    const { status, body } = await ask(shop, { terminal_id, operation, ...more });
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  const said = (terminal: HandTerminal, operation_id: string, end?: object) => terminal.operated(operation_id, end);

  test("is sent what it is asked for, with its parameters, and is busy until it has answered", async () => {
    const { terminal, link } = await counter();
    const { terminal_id } = terminal;
    const parameters = { operator_id: "Bjørn" };
    const pending = await asked(terminal_id, "send_logs", { parameters, note: "for Åse" });
    const { id, created_at, ...rest } = pending;
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.ok(Date.parse(created_at) > 0);
    const { account_id, client_id } = shop.demo;
    const expected = { account_id, terminal_id, operation: "send_logs", status: "PENDING", parameters };
    assert.deepEqual(rest, { ...expected, created_by: client_id, note: "for Åse" });
    assert.deepEqual(await link.expect("operation"), {
      type: "operation",
      operation_id: id,
      operation: "send_logs",
      parameters,
    });
    assertRefused(await sell(shop, terminal_id), {
      status: 409,
      code: "TERMINAL_BUSY",
      field: "order.store.terminal_id",
    });
    assertRefused(await ask(shop, { terminal_id, operation: "open_menu" }), {
      status: 409,
      code: "TERMINAL_BUSY",
      field: "terminal_id",
    });
    link.send(said(terminal, id, { result: { outcome: "sent", files: 3 } }));
    await link.expect("acknowledge");
    const ended = await read(shop, id);
    assert.deepEqual([ended.status, ended.result], ["COMPLETED", { outcome: "sent", files: 3 }]);
    assert.ok(Date.parse(ended.updated_at ?? "") >= Date.parse(created_at));
    assert.equal((await sell(shop, terminal_id)).status, 200);
    terminal.leave();
  });

  test("that fails says why, and is free", async () => {
    const { terminal, link } = await counter();
    const { id } = await asked(terminal.terminal_id, "check_update");
    await link.expect("operation");
    link.send(said(terminal, id, { outcome: "failed", reason: "No network." }));
    await link.expect("acknowledge");
    const { status, reason, result } = await read(shop, id);
    assert.deepEqual([status, reason, result], ["FAILED", "No network.", undefined]);
    assert.equal(await occupantOf(shop, terminal.terminal_id), null);
    terminal.leave();
  });

  test("that answers not_supported has failed at it", async () => {
    const { terminal, link } = await counter();
    const { id } = await asked(terminal.terminal_id, "open_menu");
    await link.expect("operation");
    link.send({ type: "not_supported", of: "operation", id });
    const { status, reason } = await untilEnded(shop, id);
    assert.deepEqual([status, reason], ["FAILED", "The terminal does not do this."]);
    assert.equal((await sell(shop, terminal.terminal_id)).status, 200);
    terminal.leave();
  });

  test("that said it does not do this is not asked", async () => {
    const { terminal } = await counter({ operations: ["send_logs"] });
    const refused = await ask(shop, { terminal_id: terminal.terminal_id, operation: "end_of_day" });
    assertRefused(refused, { status: 400, code: "OPERATION_NOT_SUPPORTED", field: "operation" });
    terminal.leave();
  });

  test("is asked when it is back, and again after a hello until it answers, under the same id", async () => {
    const terminal = await handTerminal(shop);
    const { id } = await asked(terminal.terminal_id, "check_update");
    const first = await terminal.connect();
    assert.equal((await first.expect("operation")).operation_id, id);
    terminal.leave();
    await untilConnected(shop, terminal.terminal_id, false);
    const second = await terminal.connect();
    assert.equal((await second.expect("operation")).operation_id, id);
    const word = said(terminal, id);
    second.send(word, word);
    await second.expect("acknowledge");
    await second.expect("acknowledge");
    assert.equal((await read(shop, id)).status, "COMPLETED");
    terminal.leave();
  });

  test("that does not answer in time is free again, and what it says later is kept and changes nothing", async () => {
    const { terminal, link } = await counter();
    const { terminal_id } = terminal;
    const { id } = await asked(terminal_id, "end_of_day");
    await link.expect("operation");
    await tendOperations(later(shop.app.world, 59_000));
    assert.equal((await read(shop, id)).status, "PENDING");
    await tendOperations(later(shop.app.world, 60_000));
    const timed_out = await read(shop, id);
    assert.deepEqual([timed_out.status, timed_out.result], ["TIMEOUT", undefined]);
    const next = await asked(terminal_id, "send_logs");
    assert.equal((await link.expect("operation")).operation_id, next.id);
    link.send(said(terminal, id, { result: { outcome: "accepted" } }));
    await link.expect("acknowledge");
    assert.deepEqual(await read(shop, id), timed_out);
    assert.equal((await read(shop, next.id)).status, "PENDING");
    assert.equal(await occupantOf(shop, terminal_id), next.id);
    const [row] = await shop.database.sql("SELECT answer FROM terminal_operations WHERE id = $1", [id]);
    assert.deepEqual(row, { answer: { outcome: "completed", result: { outcome: "accepted" } } });
    assert.deepEqual(await incidentsAt(shop, terminal_id), []);
    terminal.leave();
  });

  test("that is deleted meanwhile goes on to the end of what it was asked for, and is asked for nothing more", async () => {
    const { terminal, link } = await counter();
    const { terminal_id } = terminal;
    const { id } = await asked(terminal_id, "end_of_day");
    await link.expect("operation");
    const operator = await operatorOf(shop);
    assert.equal((await operator.terminals("DELETE", `/${terminal_id}`)).status, 200);
    await dropDeleted(later(shop.app.world, 3_000));
    link.send(said(terminal, id));
    await link.expect("acknowledge");
    assert.equal((await read(shop, id)).status, "COMPLETED");
    await dropDeleted(later(shop.app.world, 3_000));
    assert.equal(await link.closed(), 4000);
    const refused = await ask(shop, { terminal_id, operation: "send_logs" });
    assertRefused(refused, { status: 400, code: "TERMINAL_UNKNOWN", field: "terminal_id" });
  });

  test("does not end what another terminal was asked for", async () => {
    const { terminal, link } = await counter();
    const { terminal: other, link: its_link } = await counter();
    const { id } = await asked(terminal.terminal_id, "send_logs");
    await link.expect("operation");
    its_link.send(said(other, id));
    await its_link.expect("acknowledge");
    its_link.send({ type: "not_supported", of: "operation", id });
    await its_link.settled();
    assert.equal((await read(shop, id)).status, "PENDING");
    terminal.leave();
    other.leave();
  });

  test("keeps no card number that it sends with a result, and a person is told", async () => {
    const { terminal, link } = await counter();
    const { id } = await asked(terminal.terminal_id, "send_logs");
    await link.expect("operation");
    link.send(said(terminal, id, { result: { log: "4111111111111111" } }));
    await link.expect("acknowledge");
    assert.ok(!JSON.stringify(await read(shop, id)).includes("4111111111111111"));
    assert.deepEqual(
      (await incidentsAt(shop, terminal.terminal_id)).map(({ kind }) => kind),
      ["CARD_NUMBER"],
    );
    terminal.leave();
  });

  test("shows the refund that waited when the operation has ended", async () => {
    const { terminal, link } = await counter();
    const { terminal_id } = terminal;
    const session_id = await sold(shop, terminal_id);
    link.send(terminal.approval(await link.expect("prompt")));
    await link.expect("acknowledge");
    const { id } = await asked(terminal_id, "open_menu");
    await link.expect("operation");
    const transaction = await transactionOf(shop, session_id);
    const refund = await shop.call("POST", `/v1/transactions/${transaction.id}/refund`, { amount: 100, terminal_id });
    assert.equal(refund.status, 202);
    assert.deepEqual(await link.settled(), []);
    link.send(said(terminal, id));
    await link.expect("acknowledge");
    assert.equal((await link.expect("prompt")).kind, "refund");
    terminal.leave();
  });

  test("does not close its day while a sale is on its screen, or nobody knows its end", async () => {
    const { terminal, link } = await counter();
    const { terminal_id } = terminal;
    const session_id = await sold(shop, terminal_id);
    const { prompt_id } = await link.expect("prompt");
    const busy = await ask(shop, { terminal_id, operation: "end_of_day" });
    assertRefused(busy, { status: 409, code: "TERMINAL_BUSY", field: "terminal_id" });
    assert.match(busy.body.error.message, /order-12345/);
    // The seat may be free before the end of a payment is known.
    await shop.database.sql(
      "UPDATE prompts SET status = 'UNRESOLVED', unresolved_at = now() WHERE id = $1 AND status <> 'UNRESOLVED'",
      [prompt_id],
    );
    await shop.database.sql(
      "UPDATE terminal_seats SET occupant_kind = NULL, occupant_id = NULL, occupied_at = NULL WHERE terminal_id = $1",
      [terminal_id],
    );
    const early = await ask(shop, { terminal_id, operation: "end_of_day" });
    assertRefused(early, { status: 409, code: "END_OF_DAY_TOO_EARLY", field: "terminal_id" });
    assert.ok(early.body.error.message.includes(prompt_id));
    link.send(terminal.result(prompt_id, "declined"));
    await link.expect("acknowledge");
    await untilPrompt(shop, session_id, "DECLINED");
    assert.equal((await ask(shop, { terminal_id, operation: "end_of_day" })).status, 200);
    terminal.leave();
  });

  test("tells of its day, and the books beside it say where they differ, from one end of day to the next", async () => {
    const { terminal, link } = await counter();
    const { terminal_id } = terminal;
    const sale = async () => {
      await sold(shop, terminal_id);
      link.send(terminal.approval(await link.expect("prompt")));
      await link.expect("acknowledge");
    };
    const close = async (result: object) => {
      const { id } = await asked(terminal_id, "end_of_day");
      await link.expect("operation");
      link.send(said(terminal, id, { result }));
      await link.expect("acknowledge");
      return (await read(shop, id)).result;
    };
    const none = { reversals_count: 0, reversals_amount: 0, refunds_count: 0, refunds_amount: 0 };
    await sale();
    await sale();
    const told = { outcome: "accepted", batch_id: "7", purchases_count: 3, purchases_amount: 119700, tip_amount: 0 };
    assert.deepEqual(await close(told), {
      ...told,
      books: {
        ...{ purchases_count: 2, purchases_amount: 79800, ...none },
        difference: { purchases_count: 1, purchases_amount: 39900 },
      },
    });
    await sale();
    const agreed = { purchases_count: 1, purchases_amount: 39900, ...none };
    assert.deepEqual(await close(agreed), { ...agreed, books: { ...agreed, difference: {} } });
    const empty = { purchases_count: 0, purchases_amount: 0, ...none };
    assert.deepEqual(await close({}), { books: { ...empty, difference: {} } });
    terminal.leave();
  });

  test("has captures and sales that were taken back in its books, and closes no day over a reversal", async () => {
    const counter = await openCounter(shop);
    const { terminal, link } = counter;
    const { terminal_id } = terminal;
    const payment = await authorized(shop, counter);
    const [captured] = await Promise.all([
      operate(shop, "capture", payment, { amount: 10_000 }),
      answerAdvice(counter, "accepted"),
    ]);
    assert.equal(captured.status, 200);
    await sold(shop, terminal_id);
    const prompt = await link.expect("prompt");
    link.send(terminal.result(prompt.prompt_id, "declined"));
    await link.expect("acknowledge");
    link.send(terminal.approval(prompt));
    const { reversal_id } = await link.expect("reverse");
    await link.expect("acknowledge");
    const busy = await ask(shop, { terminal_id, operation: "end_of_day" });
    assertRefused(busy, { status: 409, code: "TERMINAL_BUSY", field: "terminal_id" });
    link.send(terminal.reversal(reversal_id, "reversed"));
    await link.expect("acknowledge");
    const { id } = await asked(terminal_id, "end_of_day");
    await link.expect("operation");
    link.send(said(terminal, id));
    await link.expect("acknowledge");
    assert.deepEqual((await read(shop, id)).result, {
      books: {
        purchases_count: 2,
        purchases_amount: 49900,
        reversals_count: 1,
        reversals_amount: 39900,
        refunds_count: 0,
        refunds_amount: 0,
        difference: {},
      },
    });
    terminal.leave();
  });

  test("is asked once for requests under one Idempotency-Key, also at the same instant", async () => {
    const { terminal, link } = await counter();
    const body = { terminal_id: terminal.terminal_id, operation: "send_logs" };
    const key = { "idempotency-key": "5f0c8f0e-4f0f-4a55-9a6d-0d8f1b6c0001" };
    const [first, second] = await Promise.all([ask(shop, body, key), ask(shop, body, key)]);
    assert.deepEqual([first.status, second.status], [200, 200]);
    assert.deepEqual(first.body, second.body);
    await link.expect("operation");
    link.send(said(terminal, first.body.id));
    await link.expect("acknowledge");
    assert.deepEqual((await ask(shop, body, key)).body, first.body);
    assert.deepEqual(await link.settled(), []);
    const other = await ask(shop, { ...body, operation: "open_menu" }, key);
    assertRefused(other, { status: 409, code: "IDEMPOTENCY_KEY_REUSED" });
    terminal.leave();
  });

  const wrong: { what: string; body: object; code: string; field: string }[] = [
    {
      what: "no terminal",
      body: { operation: "send_logs" },
      code: "INVALID_REQUEST_PARAMETER",
      field: "terminal_id",
    },
    {
      what: "a terminal that is not there",
      body: { terminal_id: "T9999", operation: "send_logs" },
      code: "TERMINAL_UNKNOWN",
      field: "terminal_id",
    },
    {
      what: "another account's terminal",
      body: { terminal_id: "T87654321-T0292", operation: "send_logs" },
      code: "TERMINAL_UNKNOWN",
      field: "terminal_id",
    },
    {
      what: "an operation that there is not",
      body: { terminal_id: "T0292", operation: "reboot" },
      code: "INVALID_REQUEST_PARAMETER",
      field: "operation",
    },
    {
      what: "parameters that are no object",
      body: { terminal_id: "T0292", operation: "send_logs", parameters: "all" },
      code: "INVALID_REQUEST_PARAMETER",
      field: "parameters",
    },
  ];
  for (const { what, body, code, field } of wrong) {
    test(`is not looked for with ${what}`, async () => {
      assertRefused(await ask(shop, body), { status: 400, code, field });
    });
  }

  test("shows its operations newest first, page by page, and to nobody without the scope", async () => {
    const { terminal } = await counter();
    const { terminal_id } = terminal;
    const list = (query: string) => shop.call<TerminalOperation[]>("GET", `${path}?terminal_id=${terminal_id}${query}`);
    assert.deepEqual((await list("")).body, []);
    const ids: string[] = [];
    for (const operation of ["send_logs", "check_update", "open_menu"]) {
      ids.unshift((await asked(terminal_id, operation)).id);
      await tendOperations(later(shop.app.world, 60_000));
    }
    const pageOf = async (query: string) => (await list(query)).body.map(({ id }) => id);
    assert.deepEqual(await pageOf("&limit=2"), ids.slice(0, 2));
    assert.deepEqual(await pageOf(`&limit=2&starting_after=${ids[1]}`), ids.slice(2));
    assert.deepEqual(await pageOf(`&operation_id=${ids[2]}&operation_id=${ids[0]}`), [ids[0], ids[2]]);
    const lost = await shop.call("GET", `${path}?starting_after=nowhere`);
    assertRefused(lost, { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "starting_after" });
    const missing = await shop.call("GET", `${path}/nowhere`);
    assertRefused(missing, { status: 404, code: "TERMINAL_OPERATION_NOT_FOUND" });

    const { account_id } = shop.demo;
    const reader = await tokenOf(shop, {
      account_id,
      client_id: "reader",
      scopes: ["read:checkout:/admin/terminals"],
    });
    const as_reader = { authorization: `Bearer ${reader}` };
    const alias = `/v1/accounts/${account_id}/payments/admin/terminals/operations`;
    assert.equal((await shop.call("GET", `${alias}/${ids[0]}`, undefined, as_reader)).status, 200);
    const forbidden = await ask(shop, { terminal_id, operation: "send_logs" }, as_reader);
    assertRefused(forbidden, { status: 403, code: "INSUFFICIENT_SCOPE" });
    terminal.leave();
  });

  test("without a device is not asked", async () => {
    const operator = await operatorOf(shop);
    const { terminal_id } = await operator.register("SN-no-device");
    const refused = await ask(shop, { terminal_id, operation: "check_update" });
    assertRefused(refused, { status: 400, code: "TERMINAL_NOT_PAIRED", field: "terminal_id" });
  });
});

describe("a simulated terminal", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
    await shop.play("auto");
  });
  after(() => shop.close());

  const completed = async (operation: string) => {
    const { status, body } = await ask(shop, { terminal_id: "T0292", operation });
    assert.equal(status, 200, JSON.stringify(body));
    const ended = await untilEnded(shop, body.id);
    assert.equal(ended.status, "COMPLETED");
    return (ended.result ?? {}) as Record<string, unknown>;
  };
  const sale = async () => shop.ended((await shop.create()).body.id);

  for (const operation of ["send_logs", "check_update", "open_menu"]) {
    test(`does ${operation}`, async () => {
      assert.ok("outcome" in (await completed(operation)));
    });
  }

  test("closes its day, and its host's totals are those of the books", async () => {
    await sale();
    const { id } = await sale();
    const refund = { amount: 9900, terminal_id: "T0292" };
    assert.equal((await shop.call("POST", `/v1/transactions/${id}/refund`, refund)).status, 202);
    await shop.until(
      async () =>
        (await shop.call<{ refunded_amount?: number; status: string }>("GET", `/v1/transactions/${id}`)).body.status ===
        "PARTIALLY_REFUNDED",
    );
    const { books, batch_id, ...told } = await completed("end_of_day");
    const totals = { purchases_count: 2, purchases_amount: 79800, reversals_count: 0, reversals_amount: 0 };
    const refunds = { refunds_count: 1, refunds_amount: 9900 };
    assert.deepEqual(told, { outcome: "accepted", ...totals, ...refunds, sale_amount: 79800, tip_amount: 0 });
    assert.deepEqual(books, { ...totals, ...refunds, difference: {} });
    assert.equal(batch_id, "1");
  });

  test("that loses its power over its end of day closes it once, and answers when it is back", async () => {
    await sale();
    for (const at of ["received", "host_asked", "concluded"]) {
      const trouble = { kind: "power_cut", at, for_ms: 50 };
      const { account_id, terminal_id } = shop.demo;
      const address = `/v1/accounts/${account_id}/simulated-terminals/${terminal_id}/trouble`;
      assert.equal((await shop.call("POST", address, trouble)).status, 200);
      const { batch_id, purchases_count, last_end_of_day_at, books } = await completed("end_of_day");
      const number = { received: 2, host_asked: 3, concluded: 4 }[at];
      assert.equal(batch_id, String(number), at);
      assert.equal(purchases_count, at === "received" ? 1 : 0, at);
      assert.ok(typeof last_end_of_day_at === "string");
      assert.deepEqual((books as { difference: object }).difference, {}, at);
    }
    assert.equal((await sale()).status, "CAPTURED");
  });
});
