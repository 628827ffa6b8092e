/** Refunds of one payment that wait for one terminal, and whose time runs out in the same moment. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readConfig } from "../../src/config.ts";
import { newUuid } from "../../src/domain/ids.ts";
import { actOnDeadlines } from "../../src/flows/deadlines.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { startRefund } from "../../src/flows/refund.ts";
import { startSale } from "../../src/flows/sale.ts";
import { enrol } from "../support/honest-enrol.ts";
import { saleRequest } from "../support/honest-server.ts";
import { readBooks } from "../support/money-books.ts";
import { HostBook } from "../support/money-host.ts";
import { MoneyServer } from "../support/money-server.ts";
import { BookTerminal } from "../support/money-terminal.ts";

const limits = readConfig({});

let server: MoneyServer;
before(async () => {
  server = await MoneyServer.open(limits);
});
after(() => server.close());

/** Often enough for the two to meet in each other's middle: they did in every other one, a second each time. */
const terminals = 25;

async function refundsEndTogether(): Promise<void> {
  const { terminal_id } = await enrol(server.world);
  const terminal = new BookTerminal({ terminal_id, host: new HostBook(), clock: server.clock });
  await server.connect(terminal);
  await startSale(server.world, saleRequest(terminal_id, 1_000));
  await server.settle();
  terminal.tap("approves");
  terminal.hostAnswers();
  await server.settle();
  const [payment] = await readBooks(server.database, [terminal_id]);
  const { account_id, client_id } = demo;
  for (let nth = 0; nth < 3; nth++) {
    const who = { account_id, client_id, request_id: newUuid(server.world.random), request_headers: {} };
    await startRefund(server.world, { ...who, transaction_id: payment?.id ?? "", amount: 100, terminal_id });
    await server.settle();
  }
  server.clock.pass(limits.refund_within_ms);
  terminal.looksAtClock();
  await Promise.all([actOnDeadlines(server.world), server.lineOf(terminal)?.arrivesNow()]);
  await server.settle();
  await actOnDeadlines(server.world);
  const [ended] = await readBooks(server.database, [terminal_id]);
  const refunds = (ended?.prompts ?? []).filter(({ kind }) => kind === "refund");
  assert.deepEqual(
    refunds.map(({ status }) => status),
    ["EXPIRED", "EXPIRED", "EXPIRED"],
  );
  assert.equal(ended?.reserved_refund_amount, 0);
  await server.retire(terminal);
}

test("the terminal's word on one and the deadlines of the others never wait for each other", async () => {
  for (let nth = 0; nth < terminals; nth++) await refundsEndTogether();
  const text = "SELECT deadlocks::integer FROM pg_stat_database WHERE datname = current_database()";
  const [counted] = await server.database.sql<{ deadlocks: number }>(text);
  assert.equal(counted?.deadlocks, 0);
});
