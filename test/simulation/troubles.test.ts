/**
 * Trouble, ordered at each step of a sale: how the payment ends, how soon that is known, and that the terminal sells on.
 * Each case has a terminal of its own, so that they run side by side.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Trouble } from "../../src/contract/account.ts";
import type { Incident } from "../../src/contract/incident.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { approved, Fleet, type Struck } from "../support/fleet.ts";
import { until } from "../support/shop.ts";

type Kind = Trouble["kind"];
type Step = Trouble["at"];
type Status = Transaction["status"];

interface Case {
  readonly kind: Kind;
  readonly at: Step;
  /** How the payment ends. */
  readonly status: Status;
  readonly incidents: readonly Incident["kind"][];
  /** By src/simulator/amounts.ts; an approved tap where nothing is said. */
  readonly amount?: number;
}

/** The steps in the order in which a sale passes them. */
const steps: readonly Step[] = ["received", "shown", "card_presented", "host_asked", "concluded", "sent"];
/** Those at which the server has not been told the result. */
const untold = steps.filter((at) => at !== "sent");
const declined = 990_100;
const ignored = 990_500;

const trouble = (kind: Kind, at: Step, status: Status, more: Partial<Case> = {}): Case => ({
  ...{ kind, at, status, incidents: [] },
  ...more,
});

/** Until its host was asked no money moves; from then on the host knows, and the terminal asks it when it is back. */
const afterPowerCut = (at: Step): Status => (steps.indexOf(at) < steps.indexOf("host_asked") ? "FAILED" : "CAPTURED");

const goesDark = ({ kind }: Case): boolean => kind === "power_cut" || kind === "journal_wiped" || kind === "link_cut";

/** Where the result was not sent before the link went, it comes when the link is back. */
const reportsLater = (asked: Case): boolean => asked.kind === "answer_late" || (goesDark(asked) && asked.at !== "sent");

const caseName = ({ kind, at, status, incidents, amount = approved }: Case): string =>
  `${kind} at ${at}${amount === approved ? "" : `, amount ${amount}`}: ${[status, ...incidents].join(" and ")}`;

const eventsOf: Partial<Record<Status, string[]>> = {
  CAPTURED: ["INITIALIZE true", "AUTHORIZE true", "CAPTURE true"],
  DECLINED: ["INITIALIZE true", "AUTHORIZE false"],
  FAILED: ["INITIALIZE true", "AUTHORIZE false"],
  UNKNOWN: ["INITIALIZE true"],
};

/** The payment has ended as it should, once, and nothing more was raised than should be. */
async function endedAsItShould(fleet: Fleet, struck: Struck, { status, incidents }: Case): Promise<void> {
  const { events, ...transaction } = await fleet.transaction(struck);
  assert.equal(transaction.status, status);
  assert.deepEqual(
    events.map(({ event, success }) => `${event} ${success}`),
    eventsOf[status],
  );
  const evidence = await fleet.evidence(struck);
  assert.deepEqual(evidence.incidents.map(({ kind }) => kind).sort(), [...incidents].sort());
}

describe("trouble that is over soon", { concurrency: true }, () => {
  const for_ms = 300;
  const cases: Case[] = [
    ...steps.map((at) => trouble("power_cut", at, afterPowerCut(at))),
    ...steps.map((at) => trouble("link_cut", at, "CAPTURED")),
    trouble("power_cut", "concluded", "DECLINED", { amount: declined }),
    trouble("link_cut", "host_asked", "DECLINED", { amount: declined }),
    // What the journal held has been told.
    trouble("journal_wiped", "sent", "CAPTURED"),
    trouble("answer_late", "concluded", "CAPTURED"),
    trouble("answer_twice", "concluded", "CAPTURED"),
    trouble("answer_twice", "concluded", "DECLINED", { amount: declined }),
  ];
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.open(cases.length);
  });
  after(() => fleet.close("troubles.test.ts"));

  for (const [index, asked] of cases.entries()) {
    test(caseName(asked), async () => {
      const terminal_id = fleet.terminalOf(index);
      const struck = await fleet.strike(terminal_id, asked, for_ms);
      await fleet.left(struck, "INITIATED");
      const { sent_at, finished_at } = await fleet.prompt(struck);
      const took_ms = Date.parse(finished_at ?? "") - Date.parse(sent_at);
      if (reportsLater(asked)) {
        assert.ok(took_ms >= for_ms - 20, `ended after ${took_ms} ms, though nothing could be told for ${for_ms} ms`);
      }
      if (goesDark(asked) && asked.at !== "sent") await fleet.noteKnown(struck);
      await fleet.sellsOn(terminal_id);
      const { connection_epoch } = await fleet.seat(terminal_id);
      assert.equal(
        connection_epoch > struck.epoch_before,
        goesDark(asked),
        "whether the terminal has said hello again",
      );
      await endedAsItShould(fleet, struck, asked);
      await fleet.agree(terminal_id);
    });
  }
});

describe("a result that was lost on the way", () => {
  const lost = trouble("answer_lost", "concluded", "CAPTURED");
  const asks = trouble("answer_lost", "sent", "CAPTURED");
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.open([lost, asks].length, { TAPLINE_PRESENT_WITHIN_S: "1", TAPLINE_PROCESSING_S: "1" });
  });
  after(() => fleet.close("troubles.test.ts"));

  /** The terminal has its result, and the server has not heard of it. */
  async function loseResult(index: number, asked: Case): Promise<Struck> {
    const struck = await fleet.strike(fleet.terminalOf(index), asked, 0);
    const concluded = `SELECT FROM simulated_terminal_entries
      WHERE terminal_id = $1 AND log = 'journal' AND entry ->> 'kind' = 'concluded'`;
    await until(async () => (await fleet.rows(concluded, [struck.terminal_id])).length === 1);
    await until(async () => (await fleet.prompt(struck)).status === "PROCESSING");
    assert.equal((await fleet.transaction(struck)).status, "INITIATED");
    return struck;
  }

  test("comes with the terminal's next hello", async () => {
    const struck = await loseResult(0, lost);
    const { terminal_id, epoch_before } = struck;
    assert.equal((await fleet.post(terminal_id, "person", { action: "offline" })).status, 200);
    assert.equal((await fleet.post(terminal_id, "person", { action: "online" })).status, 200);
    await fleet.left(struck, "INITIATED");
    assert.ok((await fleet.seat(terminal_id)).connection_epoch > epoch_before);
    await fleet.noteKnown(struck);
    await fleet.sellsOn(terminal_id);
    await endedAsItShould(fleet, struck, lost);
    await fleet.agree(terminal_id);
  });

  test("is asked for when it does not come by itself", async () => {
    const struck = await loseResult(1, asks);
    const { terminal_id, epoch_before } = struck;
    await fleet.left(struck, "INITIATED", "UNKNOWN");
    assert.ok((await fleet.prompt(struck)).unresolved_at !== null);
    await fleet.sellsOn(terminal_id);
    assert.equal((await fleet.seat(terminal_id)).connection_epoch, epoch_before);
    await endedAsItShould(fleet, struck, asks);
    await fleet.agree(terminal_id);
  });
});

describe("a terminal that says two things", { concurrency: true }, () => {
  const cases = [
    trouble("answer_different", "concluded", "CAPTURED", { incidents: ["CONTRADICTION"] }),
    // Its approval is taken back, as far as it was one: its host knows of none, and says so.
    trouble("answer_different", "concluded", "DECLINED", {
      amount: declined,
      incidents: ["CONTRADICTION", "REVERSAL_REFUSED"],
    }),
  ];
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.open(cases.length);
  });
  after(async () => {
    await fleet.shop.close();
  });

  for (const [index, asked] of cases.entries()) {
    test(caseName(asked), async () => {
      const struck = await fleet.strike(fleet.terminalOf(index), asked, 0);
      await fleet.left(struck, "INITIATED");
      await until(async () => (await fleet.evidence(struck)).incidents.length === asked.incidents.length);
      await fleet.sellsOn(struck.terminal_id);
      await endedAsItShould(fleet, struck, asked);
      await fleet.agree(struck.terminal_id);
    });
  }
});

describe("a terminal that was wiped", { concurrency: true }, () => {
  const for_ms = 300;
  const cases = untold.map((at) => trouble("journal_wiped", at, "UNKNOWN", { incidents: ["JOURNAL_LOST"] }));
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.open(cases.length);
  });
  after(() => fleet.close("troubles.test.ts"));

  for (const [index, asked] of cases.entries()) {
    test(`${caseName(asked)}, until a person has asked the host`, async () => {
      const terminal_id = fleet.terminalOf(index);
      const struck = await fleet.strike(terminal_id, asked, for_ms);
      await fleet.left(struck, "INITIATED");
      await fleet.noteKnown(struck);
      await fleet.sellsOn(terminal_id);
      await endedAsItShould(fleet, struck, asked);

      // The journal is gone; the host's book is not.
      const { prompts, incidents } = await fleet.evidence(struck);
      const { approved } = await fleet.booksOf(terminal_id);
      const has_paid = approved.includes(prompts[0]?.id ?? "");
      assert.equal(has_paid, afterPowerCut(asked.at) === "CAPTURED");
      const decision = { outcome: has_paid ? "paid" : "not_paid", reason: "The host was asked." };
      const path = `/v1/admin/incidents/${incidents[0]?.id}/decision`;
      assert.equal((await fleet.shop.call("POST", path, decision)).status, 200);
      assert.equal((await fleet.transaction(struck)).status, has_paid ? "CAPTURED" : "FAILED");
      await fleet.agree(terminal_id);
    });
  }
});

describe("trouble that lasts until the server does not know the end", { concurrency: true }, () => {
  /** Presented within 1 s, 2 s of grace, 1 s for the answer to a stop; the sweeps take up to half a second each. */
  const settings = { TAPLINE_PRESENT_WITHIN_S: "1", TAPLINE_STOP_ANSWER_S: "1", TAPLINE_PROCESSING_S: "1" };
  const for_ms = 6_500;
  const cases: Case[] = [
    ...untold.map((at) => trouble("power_cut", at, afterPowerCut(at))),
    ...untold.map((at) => trouble("link_cut", at, "CAPTURED")),
    trouble("power_cut", "host_asked", "DECLINED", { amount: declined }),
    // Nobody presents a card: the terminal's own deadline ends it, and that is told when the link is back.
    trouble("link_cut", "shown", "DECLINED", { amount: ignored }),
    trouble("answer_late", "concluded", "CAPTURED"),
  ];
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.open(cases.length, settings);
  });
  after(() => fleet.close("troubles.test.ts"));

  for (const [index, asked] of cases.entries()) {
    test(`${caseName(asked)}, UNKNOWN before`, async () => {
      const terminal_id = fleet.terminalOf(index);
      const struck = await fleet.strike(terminal_id, asked, for_ms);
      await fleet.left(struck, "INITIATED", "UNKNOWN");
      assert.ok((await fleet.prompt(struck)).unresolved_at !== null, "it was never UNKNOWN");
      if (goesDark(asked)) await fleet.noteKnown(struck);
      await fleet.sellsOn(terminal_id);
      await endedAsItShould(fleet, struck, asked);
      await fleet.agree(terminal_id);
    });
  }
});
