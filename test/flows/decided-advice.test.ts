/** A capture or a void that the terminal's host has not answered for long: what a person finds out is its answer. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readConfig } from "../../src/config.ts";
import { newUuid } from "../../src/domain/ids.ts";
import type { DecisionOutcome } from "../../src/domain/incident.ts";
import { captureTransaction } from "../../src/flows/advice.ts";
import { decideIncident } from "../../src/flows/decision.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { startSale } from "../../src/flows/sale.ts";
import { enrol } from "../support/honest-enrol.ts";
import { saleRequest } from "../support/honest-server.ts";
import { type Payment, readBooks } from "../support/money-books.ts";
import { HostBook } from "../support/money-host.ts";
import { MoneyServer } from "../support/money-server.ts";
import { BookTerminal } from "../support/money-terminal.ts";

let server: MoneyServer;
before(async () => {
  server = await MoneyServer.open(readConfig({}));
});
after(() => server.close());

const price = 39_900;

/** A capture whose terminal has been offline for so long that a person is told; then that person decides. */
async function decided(outcome: DecisionOutcome): Promise<Payment> {
  const { terminal_id } = await enrol(server.world);
  const terminal = new BookTerminal({ terminal_id, host: new HostBook(), clock: server.clock });
  const books = async (): Promise<Payment> => {
    const [payment] = await readBooks(server.database, [terminal_id]);
    if (payment === undefined) throw new Error("The payment is gone.");
    return payment;
  };
  await server.connect(terminal);
  const sale = saleRequest(terminal_id, price);
  await startSale(server.world, { ...sale, body: { ...sale.body, configuration: { auto_capture: false } } });
  await server.settle();
  terminal.tap("approves");
  terminal.hostAnswers();
  await server.settle();
  await server.cut(terminal);
  const { account_id, client_id } = demo;
  const who = { account_id, client_id, request_id: newUuid(server.world.random), request_headers: {} };
  await captureTransaction(server.world, { ...who, transaction_id: (await books()).id, amount: price });
  await server.pass(server.world.limits.incident_after_ms);
  const { incidents } = await books();
  assert.deepEqual(
    incidents.map(({ kind }) => kind),
    ["ADVICE_UNANSWERED"],
  );
  const incident_id = incidents[0]?.id ?? "";
  await decideIncident(server.world, { account_id, client_id, incident_id, outcome, reason: "The host was asked." });
  return books();
}

test("a capture that a person finds accepted is booked, and ends what the till was told had begun", async () => {
  const { status, captured_amount, events, incidents } = await decided("accepted");
  assert.deepEqual([status, captured_amount], ["CAPTURED", price]);
  const [begun, ended] = events.slice(-2);
  assert.deepEqual([begun?.event, ended?.event, ended?.success], ["INITIATE_CAPTURE", "CAPTURE", true]);
  assert.equal(ended?.correlation_request_id, begun?.request_id);
  assert.equal(incidents[0]?.outcome, "accepted");
});

test("a capture that a person finds refused takes nothing, and may be asked for again", async () => {
  const { status, captured_amount, events, advices, incidents } = await decided("refused");
  assert.deepEqual([status, captured_amount], ["AUTHORIZED", 0]);
  assert.deepEqual([events.at(-1)?.event, events.at(-1)?.success], ["CAPTURE", false]);
  assert.equal(advices[0]?.status, "REFUSED");
  assert.equal(incidents[0]?.outcome, "refused");
});
