/**
 * Trouble, ordered at each step of a refund, a capture and a void: one outcome, the right one, and the host's book agrees.
 * Each case has a terminal of its own, so that they run side by side.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Trouble } from "../../src/contract/account.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { approved, Fleet } from "../support/fleet.ts";
import { until } from "../support/shop.ts";
import { auditFindings } from "../support/whole-books.ts";

type Kind = Trouble["kind"];
type Step = Trouble["at"];
type Event = Transaction["events"][number];

interface Case {
  readonly kind: Kind;
  readonly at: Step;
  readonly for_ms: number;
}

const for_ms = 300;
const refundSteps: readonly Step[] = ["received", "shown", "card_presented", "host_asked", "concluded", "sent"];
const adviceSteps: readonly Step[] = ["received", "host_asked", "concluded", "sent"];

const named = ({ kind, at }: Case): string => `${kind} at ${at}`;

/** A payment on that terminal, paid or held. */
async function paid(fleet: Fleet, terminal_id: string, auto_capture: boolean): Promise<Transaction> {
  const answer = await fleet.shop.create({
    order: { amount: approved, items: [] },
    store: { terminal_id },
    configuration: { auto_capture },
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const transaction = await fleet.shop.ended(answer.body.id);
  assert.equal(transaction.status, auto_capture ? "CAPTURED" : "AUTHORIZED");
  return transaction;
}

const read = async (fleet: Fleet, { id }: Transaction): Promise<Transaction> =>
  (await fleet.shop.call<Transaction>("GET", `/v1/transactions/${id}`)).body;

/** When the cases are over, an audit finds nothing. */
async function closeWithWholeBooks({ shop }: Fleet): Promise<void> {
  const findings = await auditFindings(shop.database.db);
  await shop.close();
  assert.deepEqual(findings, []);
}

/** The events that end what was asked for under this request id. */
const outcomesOf = ({ events }: Transaction, request_id: string | null): Event[] =>
  events.filter((event) => event.correlation_request_id === request_id);

describe("a refund", { concurrency: true }, () => {
  const dark: readonly Kind[] = ["power_cut", "link_cut"];
  const told: readonly Kind[] = ["answer_lost", "answer_late", "answer_twice"];
  const cases: Case[] = [
    ...dark.flatMap((kind) => refundSteps.map((at) => ({ kind, at, for_ms }))),
    ...told.map((kind) => ({ kind, at: "concluded" as const, for_ms })),
  ];
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.open(cases.length);
  });
  after(() => closeWithWholeBooks(fleet));

  /** Until its host was asked no money moves; from then on the host knows, and the terminal asks it when it is back. */
  const goesBack = ({ kind, at }: Case): boolean =>
    kind !== "power_cut" || refundSteps.indexOf(at) >= refundSteps.indexOf("host_asked");

  for (const [index, asked] of cases.entries()) {
    const end = goesBack(asked) ? "paid back" : "failed, and nothing is reserved";
    test(`under ${named(asked)} ends once: ${end}`, async () => {
      const terminal_id = fleet.terminalOf(index);
      const payment = await paid(fleet, terminal_id, true);
      assert.equal((await fleet.post(terminal_id, "trouble", asked)).status, 200);
      const body = { amount: 10_000, terminal_id };
      const answer = await fleet.shop.call<Transaction>("POST", `/v1/transactions/${payment.id}/refund`, body);
      assert.equal(answer.status, 202);
      const request_id = answer.headers.get("event-request-id");
      const after = await until(async () => {
        // A lost answer comes with the terminal's next hello.
        if (asked.kind === "answer_lost") await fleet.post(terminal_id, "person", { action: "offline" });
        if (asked.kind === "answer_lost") await fleet.post(terminal_id, "person", { action: "online" });
        const transaction = await read(fleet, payment);
        return outcomesOf(transaction, request_id).length > 0 && transaction;
      });
      const [outcome, ...more] = outcomesOf(after, request_id);
      assert.deepEqual([outcome?.event, outcome?.success, more], ["REFUND", goesBack(asked), []]);
      assert.equal(after.status, goesBack(asked) ? "PARTIALLY_REFUNDED" : "CAPTURED");
      // What is left can be refunded whole, on the same terminal: nothing is reserved, nothing is in the way.
      const left = { amount: approved - (goesBack(asked) ? 10_000 : 0), terminal_id };
      const last = await fleet.shop.call<Transaction>("POST", `/v1/transactions/${payment.id}/refund`, left);
      assert.equal(last.status, 202, JSON.stringify(last.body));
      await until(async () => (await read(fleet, payment)).status === "REFUNDED");
      const host = (await fleet.hostBook(terminal_id)).standingApprovals("refund");
      assert.equal(
        host.reduce((sum, { amount }) => sum + amount, 0),
        approved,
      );
    });
  }
});

for (const operation of ["capture", "void"] as const) {
  describe(`a ${operation}`, { concurrency: true }, () => {
    const dark: readonly Kind[] = ["power_cut", "link_cut"];
    const told: readonly Kind[] = ["answer_lost", "answer_late", "answer_twice"];
    const cases: Case[] = [
      ...dark.flatMap((kind) => adviceSteps.map((at) => ({ kind, at, for_ms }))),
      ...told.map((kind) => ({ kind, at: "concluded" as const, for_ms })),
    ];
    let fleet: Fleet;
    before(async () => {
      fleet = await Fleet.open(cases.length, { TAPLINE_STOP_ANSWER_S: "1" });
    });
    after(() => closeWithWholeBooks(fleet));

    for (const [index, asked] of cases.entries()) {
      test(`under ${named(asked)} is done once, and the till is told once`, async () => {
        const terminal_id = fleet.terminalOf(index);
        const payment = await paid(fleet, terminal_id, false);
        assert.equal((await fleet.post(terminal_id, "trouble", asked)).status, 200);
        const body = operation === "capture" ? { amount: approved } : undefined;
        const answer = await fleet.shop.call<Transaction>("POST", `/v1/transactions/${payment.id}/${operation}`, body);
        assert.ok(answer.status === 200 || answer.status === 202, JSON.stringify(answer.body));
        const status = operation === "capture" ? "CAPTURED" : "AUTHORIZATION_VOIDED";
        const after = await until(async () => {
          const transaction = await read(fleet, payment);
          return transaction.status === status && transaction;
        });
        const name = operation === "capture" ? "CAPTURE" : "VOID";
        const outcomes = after.events.filter(({ event }) => event === name);
        assert.deepEqual(
          outcomes.map(({ success }) => success),
          [true],
        );
        const initiated = after.events.find(({ event }) => event.startsWith("INITIATE_"));
        assert.equal(outcomes[0]?.correlation_request_id, initiated?.request_id);
        assert.equal(initiated !== undefined, answer.headers.has("event-request-id"));
        const [held] = (await fleet.hostBook(terminal_id)).authorizations();
        const expected = operation === "capture" ? [approved, "held"] : [0, "voided"];
        assert.deepEqual([held?.captured_amount, held?.state], expected);
      });
    }
  });
}

describe("what the host refuses", { concurrency: true }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.open(2);
  });
  after(() => closeWithWholeBooks(fleet));

  for (const [index, operation] of (["capture", "void"] as const).entries()) {
    test(`is refused to the till: a ${operation} changes nothing, and may be asked for again`, async () => {
      const terminal_id = fleet.terminalOf(index);
      const payment = await paid(fleet, terminal_id, false);
      const order = { kind: "advice_refused", at: "host_asked", for_ms: 0 };
      assert.equal((await fleet.post(terminal_id, "trouble", order)).status, 200);
      const body = operation === "capture" ? { amount: approved } : undefined;
      const path = `/v1/transactions/${payment.id}/${operation}`;
      const refused = await fleet.shop.call("POST", path, body);
      assert.deepEqual([refused.status, refused.body.error.code], [400, "REFUSED_BY_HOST"]);
      assert.equal((await read(fleet, payment)).status, "AUTHORIZED");
      assert.equal((await fleet.shop.call("POST", path, body)).status, 200);
    });
  }
});
