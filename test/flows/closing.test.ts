/** Deleting a terminal closes its day: after everything that is open on it, and without touching any of it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TerminalOperation } from "../../src/contract/terminal-operation.ts";
import type { Capabilities } from "../../src/contract/terminal-protocol.ts";
import { tendOperations } from "../../src/flows/terminal-operation.ts";
import { type Counter, openCounter, paid, refunding, untilEvent } from "../support/counter.ts";
import {
  incidentsAt,
  later,
  occupantOf,
  openBareShop,
  sold,
  transactionOf,
  untilConnected,
  untilPrompt,
} from "../support/honest-shop.ts";
import { type Operator, operatorOf } from "../support/operator.ts";
import { openShop, type Shop, until } from "../support/shop.ts";

const hour_ms = 60 * 60 * 1000;

let shop: Shop;
let operator: Operator;
before(async () => {
  shop = await openBareShop();
  operator = await operatorOf(shop);
});
after(() => shop.close());

const operationsOf = async (at: Shop, terminal_id: string): Promise<TerminalOperation[]> =>
  (await at.call<TerminalOperation[]>("GET", `/v1/admin/terminals/operations?terminal_id=${terminal_id}`)).body;

/** Its operations' names and statuses, newest first. */
const listOf = async (terminal_id: string): Promise<string[]> =>
  (await operationsOf(shop, terminal_id)).map(({ operation, status }) => `${operation} ${status}`);

async function remove(terminal_id: string): Promise<void> {
  const { status, body } = await operator.terminals("DELETE", `/${terminal_id}`);
  assert.deepEqual([status, body.status], [200, "DELETED"]);
}

const counterOf = (can?: Partial<Capabilities>): Promise<Counter> => openCounter(shop, can);

/** The day is not closed now, however often it is looked at, and the terminal was sent nothing. */
async function staysOpen({ terminal, link }: Counter): Promise<void> {
  await tendOperations(shop.app.world);
  assert.deepEqual(
    (await link.settled()).filter(({ type }) => type === "operation"),
    [],
  );
  assert.equal((await listOf(terminal.terminal_id))[0], "end_of_day PENDING");
}

describe("the day of a deleted terminal", () => {
  test("is closed by its device, with the books beside it, and the device is cut off after that", async () => {
    const counter = await counterOf();
    const { terminal, link } = counter;
    const { terminal_id } = terminal;
    await paid(shop, counter);
    await remove(terminal_id);
    const [pending] = await operationsOf(shop, terminal_id);
    assert.deepEqual([pending?.operation, pending?.status, pending?.created_by], ["end_of_day", "PENDING", "operator"]);
    const { operation_id } = await link.expect("operation");
    assert.equal(operation_id, pending?.id);
    assert.equal(await occupantOf(shop, terminal_id), operation_id);
    link.send(terminal.operated(operation_id, { result: { outcome: "accepted", purchases_count: 1 } }));
    await link.expect("acknowledge");
    const [{ status, result } = {}, ...more] = await operationsOf(shop, terminal_id);
    assert.deepEqual([status, more.length], ["COMPLETED", 0]);
    const { books } = result as { books: { purchases_amount: number; difference: object } };
    assert.deepEqual([books.purchases_amount, books.difference], [39900, {}]);
    assert.equal((await link.expect("refused")).code, "REPLACED");
    await assert.rejects(terminal.connect(), /TERMINAL_DELETED/);
    await remove(terminal_id);
    assert.deepEqual(await listOf(terminal_id), ["end_of_day COMPLETED"], "it is closed once");
    assert.deepEqual(await incidentsAt(shop, terminal_id), []);
  });

  test("waits for the sale on the screen and for the refund behind it, which end as their cardholders do", async () => {
    const counter = await counterOf();
    const { terminal, link } = counter;
    const { terminal_id } = terminal;
    const before = await paid(shop, counter);
    const session_id = await sold(shop, terminal_id);
    const sale = await link.expect("prompt");
    const refund = await refunding(shop, before, { amount: 100, terminal_id });
    await remove(terminal_id);
    await staysOpen(counter);
    link.send({ type: "shown", prompt_id: sale.prompt_id }, { type: "card_presented", prompt_id: sale.prompt_id });
    await untilPrompt(shop, session_id, "PROCESSING");
    await staysOpen(counter);
    link.send(terminal.approval(sale));
    await link.expect("acknowledge");
    assert.equal((await transactionOf(shop, session_id)).status, "CAPTURED");
    const shown = await link.expect("prompt");
    assert.equal(shown.kind, "refund");
    await staysOpen(counter);
    link.send(terminal.approval(shown));
    await link.expect("acknowledge");
    assert.equal((await untilEvent(shop, before, "REFUND", refund)).success, true);
    await terminal.closeDay(link);
    assert.deepEqual(await listOf(terminal_id), ["end_of_day COMPLETED"]);
  });

  test("waits for a payment whose end nobody knows, until the device tells", async () => {
    const counter = await counterOf();
    const { terminal, link } = counter;
    const session_id = await sold(shop, terminal.terminal_id);
    const prompt = await link.expect("prompt");
    await shop.database.sql("UPDATE prompts SET status = 'UNRESOLVED', unresolved_at = now() WHERE id = $1", [
      prompt.prompt_id,
    ]);
    // Its seat may be free long before that.
    await shop.database.sql(
      "UPDATE terminal_seats SET occupant_kind = NULL, occupant_id = NULL, occupied_at = NULL WHERE terminal_id = $1",
      [terminal.terminal_id],
    );
    await remove(terminal.terminal_id);
    await staysOpen(counter);
    link.send(terminal.approval(prompt));
    await link.expect("acknowledge");
    assert.equal((await transactionOf(shop, session_id)).status, "CAPTURED");
    await terminal.closeDay(link);
  });

  test("waits for an approval that is to be taken back", async () => {
    const counter = await counterOf();
    const { terminal, link } = counter;
    const session_id = await sold(shop, terminal.terminal_id);
    const prompt = await link.expect("prompt");
    link.send(terminal.result(prompt.prompt_id, "declined"));
    await link.expect("acknowledge");
    link.send(terminal.approval(prompt));
    const { reversal_id } = await link.expect("reverse");
    await link.expect("acknowledge");
    await remove(terminal.terminal_id);
    await staysOpen(counter);
    link.send(terminal.reversal(reversal_id, "reversed"));
    await link.expect("acknowledge");
    await terminal.closeDay(link);
    assert.equal((await transactionOf(shop, session_id)).status, "DECLINED");
  });

  test("waits for what the terminal was asked for before; a day that is being closed is not closed again", async () => {
    const { terminal, link } = await counterOf();
    const { terminal_id } = terminal;
    const ask = (operation: string) => shop.call("POST", "/v1/admin/terminals/operations", { terminal_id, operation });
    assert.equal((await ask("send_logs")).status, 200);
    const { operation_id } = await link.expect("operation");
    await remove(terminal_id);
    assert.deepEqual(await listOf(terminal_id), ["end_of_day PENDING", "send_logs PENDING"]);
    await tendOperations(shop.app.world);
    assert.deepEqual(await link.settled(), []);
    link.send(terminal.operated(operation_id));
    await link.expect("acknowledge");
    await terminal.closeDay(link);
    assert.deepEqual(await listOf(terminal_id), ["end_of_day COMPLETED", "send_logs COMPLETED"]);

    const other = await counterOf();
    const asked = { terminal_id: other.terminal.terminal_id, operation: "end_of_day" };
    await shop.call("POST", "/v1/admin/terminals/operations", asked);
    await remove(asked.terminal_id);
    await other.terminal.closeDay(other.link);
    assert.deepEqual(await listOf(asked.terminal_id), ["end_of_day COMPLETED"]);
  });

  test("is closed when its device is switched on within a day, which is let in for that", async () => {
    const { terminal } = await counterOf();
    const { terminal_id } = terminal;
    terminal.leave();
    await untilConnected(shop, terminal_id, false);
    await remove(terminal_id);
    await tendOperations(later(shop.app.world, 24 * hour_ms - 60_000));
    assert.deepEqual(await listOf(terminal_id), ["end_of_day PENDING"]);
    const link = await terminal.connect();
    await terminal.closeDay(link);
    assert.equal((await link.expect("refused")).code, "REPLACED");
  });

  test("whose device is never back is given up after a day", async () => {
    const { terminal } = await counterOf();
    const { terminal_id } = terminal;
    terminal.leave();
    await untilConnected(shop, terminal_id, false);
    await remove(terminal_id);
    await tendOperations(later(shop.app.world, 24 * hour_ms + 1_000));
    assert.deepEqual(await listOf(terminal_id), ["end_of_day TIMEOUT"]);
    await assert.rejects(terminal.connect(), /TERMINAL_DELETED/);
  });

  test("whose device is there and says nothing is given up as any operation", async () => {
    const { terminal, link } = await counterOf();
    const { terminal_id } = terminal;
    await remove(terminal_id);
    await link.expect("operation");
    await tendOperations(later(shop.app.world, 61_000));
    assert.deepEqual(await listOf(terminal_id), ["end_of_day TIMEOUT"]);
    assert.equal(await occupantOf(shop, terminal_id), null);
    assert.equal((await link.expect("refused")).code, "REPLACED");
  });

  test("whose device is revoked meanwhile cannot be closed, and says so", async () => {
    const { terminal } = await counterOf();
    const { terminal_id } = terminal;
    terminal.leave();
    await untilConnected(shop, terminal_id, false);
    await remove(terminal_id);
    assert.equal((await operator.terminals("DELETE", `/${terminal_id}/device`)).status, 200);
    await tendOperations(shop.app.world);
    const [{ status, reason } = {}] = await operationsOf(shop, terminal_id);
    assert.deepEqual([status, reason], ["FAILED", "The terminal's device was revoked."]);
  });

  test("that was never opened is not closed: no device, one that never connected, one that closes no days", async () => {
    const simple = await counterOf({ operations: ["send_logs"] });
    const none = await operator.register("CLOSE-none");
    const silent = await operator.register("CLOSE-silent");
    await operator.pair(silent);
    for (const { terminal_id } of [none, silent, simple.terminal]) {
      await remove(terminal_id);
      assert.deepEqual(await listOf(terminal_id), [], terminal_id);
    }
    assert.equal((await simple.link.expect("refused")).code, "REPLACED");
  });
});

test("a simulated terminal closes its day when it is deleted, and is switched off after that", async () => {
  const simulated = await openShop();
  try {
    const office = await operatorOf(simulated);
    const { account_id, terminal_id } = simulated.demo;
    await simulated.play("auto");
    const { body } = await simulated.create();
    assert.equal((await simulated.ended(body.id)).status, "CAPTURED");
    assert.equal((await office.terminals("DELETE", `/${terminal_id}`)).status, 200);
    const [ended] = await until(async () => {
      const operations = await operationsOf(simulated, terminal_id);
      return operations[0]?.status !== "PENDING" && operations;
    });
    const { books } = (ended?.result ?? {}) as { books?: object };
    assert.deepEqual([ended?.status, books], ["COMPLETED", { ...totals, difference: {} }]);
    const person = `/v1/accounts/${account_id}/simulated-terminals/${terminal_id}`;
    await until(async () => (await simulated.call("GET", person)).status === 404);
  } finally {
    await simulated.close();
  }
});

const totals = {
  purchases_count: 1,
  purchases_amount: 39900,
  reversals_count: 0,
  reversals_amount: 0,
  refunds_count: 0,
  refunds_amount: 0,
};
