/** What a terminal answers, and what that does to the prompt, the money and the seat (prompt-life sections 2 and 5). */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { PromptFrame, Result, TerminalFrame } from "../../src/contract/terminal-protocol.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { isFinal, nextStatus, type PromptStatus } from "../../src/domain/prompt.ts";
import type { TerminalProbe } from "../support/terminal-probe.ts";
import { someoneWaits, TerminalScene, whileLocked } from "../support/terminal-scene.ts";

let scene: TerminalScene;
before(async () => {
  scene = await TerminalScene.open();
});
after(() => scene.close());
afterEach(() => scene.reset());

const transactionOf = async (session_id: string): Promise<Transaction> => {
  const { body } = await scene.shop.call<Transaction[]>("GET", `/v1/transactions?session_id=${session_id}`);
  assert.ok(body[0] !== undefined);
  return body[0];
};

type Standing = "SENT" | "SHOWN" | "PROCESSING" | "UNRESOLVED";

/** Brings a prompt that was just sent to where a test wants it, by what a terminal would say. */
async function bring(probe: TerminalProbe, prompt: PromptFrame, to: Standing): Promise<void> {
  const { prompt_id } = prompt;
  if (to === "SHOWN") probe.send({ type: "shown", prompt_id });
  if (to === "PROCESSING") probe.send({ type: "card_presented", prompt_id });
  if (to === "UNRESOLVED") await scene.leaveUnresolved(prompt_id);
  await probe.quiet();
  assert.equal((await scene.prompt(prompt_id)).status, to);
}

describe("what a terminal says on the way", () => {
  const frames: { frame: (prompt_id: string) => TerminalFrame; from: Standing; to: PromptStatus; says: string }[] = [
    { says: "shown", frame: (prompt_id) => ({ type: "shown", prompt_id }), from: "SENT", to: "SHOWN" },
    { says: "shown", frame: (prompt_id) => ({ type: "shown", prompt_id }), from: "PROCESSING", to: "PROCESSING" },
    { says: "shown", frame: (prompt_id) => ({ type: "shown", prompt_id }), from: "UNRESOLVED", to: "UNRESOLVED" },
    {
      says: "card presented",
      frame: (prompt_id) => ({ type: "card_presented", prompt_id }),
      from: "SENT",
      to: "PROCESSING",
    },
    {
      says: "card presented",
      frame: (prompt_id) => ({ type: "card_presented", prompt_id }),
      from: "SHOWN",
      to: "PROCESSING",
    },
    {
      says: "card presented",
      frame: (prompt_id) => ({ type: "card_presented", prompt_id }),
      from: "UNRESOLVED",
      to: "UNRESOLVED",
    },
    { says: "too late", frame: (prompt_id) => ({ type: "too_late", prompt_id }), from: "SENT", to: "PROCESSING" },
    { says: "too late", frame: (prompt_id) => ({ type: "too_late", prompt_id }), from: "SHOWN", to: "PROCESSING" },
    {
      says: "received it",
      frame: (prompt_id) => ({ type: "standing", prompt_id, step: "received" }),
      from: "SENT",
      to: "SENT",
    },
    {
      says: "it stands at shown",
      frame: (prompt_id) => ({ type: "standing", prompt_id, step: "shown" }),
      from: "SENT",
      to: "SHOWN",
    },
    {
      says: "it stands at card presented",
      frame: (prompt_id) => ({ type: "standing", prompt_id, step: "card_presented" }),
      from: "SHOWN",
      to: "PROCESSING",
    },
  ];
  for (const { says, frame, from, to } of frames) {
    test(`moves the prompt as the table says: ${says}, ${from} → ${to}`, async () => {
      const probe = await scene.device.connect();
      const { prompt } = await scene.sell(probe);
      await bring(probe, prompt, from);
      probe.send(frame(prompt.prompt_id));
      await probe.quiet();
      const row = await scene.prompt(prompt.prompt_id);
      assert.equal(row.status, to);
      assert.equal(row.shown_at !== null, row.status === "SHOWN" || from === "SHOWN" || row.status === "PROCESSING");
      assert.equal(row.card_presented_at !== null, row.status === "PROCESSING");
    });
  }

  test("about a prompt that ended moves nothing", async () => {
    const probe = await scene.device.connect();
    const { prompt } = await scene.sell(probe);
    await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, "declined"));
    const { prompt_id } = prompt;
    probe.send({ type: "shown", prompt_id }, { type: "card_presented", prompt_id }, { type: "too_late", prompt_id });
    await probe.quiet();
    assert.equal((await scene.prompt(prompt_id)).status, "DECLINED");
  });

  test("about a prompt that nobody knows moves nothing and harms nothing", async () => {
    const probe = await scene.device.connect();
    const { prompt } = await scene.sell(probe);
    probe.send({ type: "shown", prompt_id: "pr_unknown" }, { type: "card_presented", prompt_id: "pr_unknown" });
    await probe.quiet();
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "SENT");
  });
});

const outcomes: Result["outcome"][] = [
  "approved",
  "declined",
  "cancelled",
  "stopped",
  "not_shown",
  "timed_out",
  "failed",
];
const standings: Standing[] = ["SENT", "SHOWN", "PROCESSING", "UNRESOLVED"];
const answerOf = (prompt: PromptFrame, outcome: Result["outcome"]) =>
  outcome === "approved" ? scene.device.approval(prompt) : scene.device.result(prompt.prompt_id, outcome);

describe("a result", () => {
  for (const from of standings) {
    for (const outcome of outcomes) {
      const to = nextStatus(from, outcome, false);
      test(`"${outcome}" for a prompt that is ${from} ${to === undefined ? "changes nothing" : `makes it ${to}`}`, async () => {
        const probe = await scene.device.connect();
        const { prompt } = await scene.sell(probe);
        await bring(probe, prompt, from);
        const result = answerOf(prompt, outcome);
        await scene.device.deliver(probe, result);
        const row = await scene.prompt(prompt.prompt_id);
        assert.equal(row.status, to ?? from);
        const [stored] = (await scene.results(prompt.prompt_id)).filter(({ sequence }) => sequence === result.sequence);
        assert.equal(stored?.verdict, to === undefined ? "contradiction" : "applied");
        assert.deepEqual(stored?.frame, result);
        // The seat is the prompt's until it has ended, and free for the next from then on.
        const { occupant_id } = await scene.seat();
        assert.equal(occupant_id, isFinal(row.status) ? null : prompt.prompt_id);
        if (isFinal(row.status)) await scene.sell(probe);
      });
    }
  }

  for (const from of standings) {
    test(`"stopped" for a prompt that is ${from} and was to be cancelled makes it CANCELLED, by whoever asked`, async () => {
      const probe = await scene.device.connect();
      const { prompt, session_id } = await scene.sell(probe);
      await bring(probe, prompt, from);
      await scene.shop.database.sql("UPDATE prompts SET cancel_asked_at = now(), cancel_asked_by = 'somebody'");
      assert.equal(nextStatus(from, "stopped", true), "CANCELLED");
      await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, "stopped"));
      assert.equal((await scene.prompt(prompt.prompt_id)).status, "CANCELLED");
      const { body } = await scene.shop.call<{ cancelled_by?: string }>("GET", `/v1/sessions/${session_id}`);
      assert.equal(body.cancelled_by, "somebody");
    });
  }

  test("is acknowledged only after it is on disk", async () => {
    const probe = await scene.device.connect();
    const { prompt, session_id } = await scene.sell(probe);
    const result = scene.device.approval(prompt);
    const held = "SELECT FROM transactions WHERE session_id = $1 FOR UPDATE";
    await whileLocked(scene.shop.database, held, [session_id], async () => {
      probe.send(result);
      await someoneWaits(scene.shop.database);
      assert.deepEqual(await probe.arrived(), []);
      assert.deepEqual(await scene.results(prompt.prompt_id), []);
    });
    await probe.expect("acknowledge");
    assert.equal((await scene.results(prompt.prompt_id)).length, 1);
    assert.equal((await transactionOf(session_id)).status, "CAPTURED");
  });

  test("that comes again is acknowledged again, and changes nothing", async () => {
    const probe = await scene.device.connect();
    const { prompt, session_id } = await scene.sell(probe);
    const result = scene.device.approval(prompt);
    await scene.device.deliver(probe, result);
    const before = await scene.traces(session_id);
    for (let count = 0; count < 3; count++) await scene.device.deliver(probe, result);
    const again = await scene.device.connect([{ prompt_id: prompt.prompt_id, step: "concluded" }]);
    await scene.device.deliver(again, result);
    assert.deepEqual(await scene.traces(session_id), before);
    assert.equal((await scene.results(prompt.prompt_id)).length, 1);
  });

  test("that is sent twice before either is acknowledged counts once", async () => {
    const probe = await scene.device.connect();
    const { prompt, session_id } = await scene.sell(probe);
    const result = scene.device.approval(prompt);
    probe.send(result, result);
    await probe.expect("acknowledge");
    await probe.expect("acknowledge");
    const { events } = await transactionOf(session_id);
    assert.deepEqual(
      events.map(({ event }) => event),
      ["INITIALIZE", "AUTHORIZE", "CAPTURE"],
    );
  });

  test("under a number that was used before does not replace what was said under it", async () => {
    const probe = await scene.device.connect();
    const { prompt, session_id } = await scene.sell(probe);
    const declined = scene.device.result(prompt.prompt_id, "declined");
    await scene.device.deliver(probe, declined);
    await scene.device.deliver(probe, { ...scene.device.approval(prompt), sequence: declined.sequence });
    assert.equal((await transactionOf(session_id)).status, "DECLINED");
    const [stored, ...more] = await scene.results(prompt.prompt_id);
    assert.deepEqual([stored?.frame, more], [declined, []]);
  });

  test("for a prompt that nobody knows is stored as an orphan and acknowledged", async () => {
    const probe = await scene.device.connect();
    const result = scene.device.result("pr_of_a_lost_database", "approved", { amount: 100, currency: "NOK" });
    await scene.device.deliver(probe, result);
    const [stored] = await scene.results("pr_of_a_lost_database");
    assert.deepEqual([stored?.verdict, stored?.frame], ["orphan", result]);
  });

  test("for a prompt of another terminal is an orphan, and does not touch that terminal's sale", async () => {
    const probe = await scene.device.connect();
    const { prompt } = await scene.sell(probe);
    const { sql } = scene.shop.database;
    await sql("UPDATE prompts SET terminal_id = 'T12345678-T0999'");
    await scene.device.deliver(probe, scene.device.approval(prompt));
    assert.equal((await scene.results(prompt.prompt_id))[0]?.verdict, "orphan");
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "SENT");
  });

  for (const ending of ["declined", "cancelled", "timed_out", "failed"] as const) {
    test(`that contradicts the first is stored, and what was said first stands: ${ending}, then approved`, async () => {
      const probe = await scene.device.connect();
      const { prompt, session_id } = await scene.sell(probe);
      await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, ending));
      const before = await scene.traces(session_id);
      await scene.device.deliver(probe, scene.device.approval(prompt));
      assert.deepEqual(await scene.traces(session_id), before);
      const verdicts = (await scene.results(prompt.prompt_id)).map(({ verdict }) => verdict);
      assert.deepEqual(verdicts, ["applied", "contradiction"]);
    });
  }

  test("after an approval never takes the money back by itself", async () => {
    const probe = await scene.device.connect();
    const { prompt, session_id } = await scene.sell(probe);
    await scene.device.deliver(probe, scene.device.approval(prompt));
    for (const outcome of outcomes) await scene.device.deliver(probe, answerOf(prompt, outcome));
    assert.equal((await transactionOf(session_id)).status, "CAPTURED");
    const [, ...later] = await scene.results(prompt.prompt_id);
    const verdictOn = (outcome: unknown) => (outcome === "approved" ? "late" : "contradiction");
    for (const { verdict, frame } of later) assert.equal(verdict, verdictOn(frame.outcome), String(frame.outcome));
  });

  for (const outcome of outcomes) {
    test(`"${outcome}" from another journal than the prompt was sent to is stored as foreign and is no evidence`, async () => {
      const probe = await scene.device.connect();
      const { prompt, session_id } = await scene.sell(probe);
      const before = await scene.traces(session_id);
      await scene.device.deliver(probe, { ...answerOf(prompt, outcome), journal_id: "jr_of_another_device" });
      assert.deepEqual(await scene.traces(session_id), before);
      assert.equal((await scene.results(prompt.prompt_id))[0]?.verdict, "foreign");
    });
  }

  const otherwise: { what: string; change: Partial<Result> }[] = [
    { what: "a smaller amount", change: { amount: 39899 } },
    { what: "a larger amount", change: { amount: 39901 } },
    { what: "another currency", change: { currency: "SEK" } },
  ];
  for (const { what, change } of otherwise) {
    test(`that approves ${what} is no approval of ours: UNRESOLVED, and the transaction reads UNKNOWN`, async () => {
      const probe = await scene.device.connect();
      const { prompt, session_id } = await scene.sell(probe);
      await scene.device.deliver(probe, scene.device.approval(prompt, change));
      const row = await scene.prompt(prompt.prompt_id);
      assert.deepEqual([row.status, row.finished_at], ["UNRESOLVED", null]);
      assert.notEqual(row.unresolved_at, null);
      const transaction = await transactionOf(session_id);
      assert.equal(transaction.status, "UNKNOWN");
      assert.deepEqual(
        transaction.events.map(({ event }) => event),
        ["INITIALIZE"],
      );
      assert.deepEqual(await scene.shop.database.sql("SELECT FROM deliveries"), []);
      assert.equal((await scene.shop.create()).body.error.code, "TERMINAL_BUSY");
    });
  }

  test("that approves without saying how much is no approval of ours either", async () => {
    const probe = await scene.device.connect();
    const { prompt } = await scene.sell(probe);
    await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, "approved"));
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "UNRESOLVED");
  });

  test("with a receipt and a card is told in the transaction", async () => {
    const probe = await scene.device.connect();
    const { prompt, session_id } = await scene.sell(probe);
    const card = { brand: "Visa", masked_pan: "476173******0416", entry_method: "chip" as const };
    const facts = { customerReceipt: "APPROVED", responseCode: "00", makersOwn: "kept" };
    await scene.device.deliver(probe, scene.device.approval(prompt, { card, facts }));
    const transaction = await transactionOf(session_id);
    assert.deepEqual(transaction.card, card);
    const { payout_correlation_id: _, ...metadata } = transaction.events.at(-1)?.metadata ?? {};
    assert.deepEqual(metadata, {
      "seitatech:customerReceipt": "APPROVED",
      "seitatech:responseCode": "00",
      "seitatech:makersOwn": "kept",
    });
  });
});

describe("a result that holds what looks like a whole card number", () => {
  const number = "4761739001010416";
  const masked = "476173******0416";

  test("is taken, and the number is masked wherever it stood: frame, event and card", async () => {
    const probe = await scene.device.connect();
    const { prompt, session_id } = await scene.sell(probe);
    const { log } = scene.shop.app.world;
    const told: unknown[] = [];
    const logged = log.error;
    log.error = (...said) => told.push(said);
    try {
      const said = {
        card: { brand: "Visa", masked_pan: number, holder: `no ${number.replaceAll(/(.{4})/g, "$1 ")}` },
        facts: { customerReceipt: `PAN ${number}\nAPPROVED`, [number]: "as a key" },
        reason: `Card ${number} is fine.`,
      };
      await scene.device.deliver(probe, scene.device.approval(prompt, said));
    } finally {
      log.error = logged;
    }
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "APPROVED");
    const [stored] = await scene.results(prompt.prompt_id);
    assert.match(JSON.stringify(stored?.frame.card), /"masked_pan":"476173\*{6}0416"/);
    const transaction = await transactionOf(session_id);
    assert.equal(transaction.card?.masked_pan, masked);
    assert.equal(transaction.events.at(-1)?.metadata?.["seitatech:customerReceipt"], `PAN ${masked}\nAPPROVED`);
    // Once for the log, and once as an incident.
    assert.equal(told.length, 2);
    assert.match(JSON.stringify(told), /card\.masked_pan.*card\.holder.*facts\.customerReceipt/);
    // Nowhere, in no spelling.
    const everything = JSON.stringify([told, stored, transaction, await scene.traces(session_id)]);
    assert.doesNotMatch(everything.replaceAll(/[ -]/g, ""), new RegExp(number));
  });

  test("in the words of a declined card is masked in the event's error", async () => {
    const probe = await scene.device.connect();
    const { prompt, session_id } = await scene.sell(probe);
    const { log } = scene.shop.app.world;
    const logged = log.error;
    log.error = () => {};
    try {
      const reason = `Card ${number} was declined.`;
      await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, "declined", { reason }));
    } finally {
      log.error = logged;
    }
    const { events } = await transactionOf(session_id);
    assert.equal(events.at(-1)?.error?.message, `Card ${masked} was declined.`);
  });
});

/** A result is never refused for its content: it would come back for ever (prompt-life section 5). */
describe("a result with strange content", () => {
  const strange: { what: string; change: Partial<Result> }[] = [
    { what: "an empty reason", change: { reason: "" } },
    { what: "a character of no text in its receipt", change: { facts: { customerReceipt: "APPROVED\0\0" } } },
    { what: "half a character in its reason", change: { reason: "\ud83d" } },
    { what: "a fact named like a property of every object", change: { facts: { ["__proto__" as string]: "a fact" } } },
    { what: "a receipt of thirty thousand signs", change: { facts: { customerReceipt: "€".repeat(10_000) } } },
    { what: "a reason code of its maker's own", change: { reason_code: "MAKERS_OWN" } },
  ];
  for (const { what, change } of strange) {
    for (const outcome of ["approved", "declined"] as const) {
      test(`is stored, applied and acknowledged: ${what}, ${outcome}`, async () => {
        const probe = await scene.device.connect();
        const { prompt, session_id } = await scene.sell(probe);
        await scene.device.deliver(probe, { ...answerOf(prompt, outcome), ...change });
        assert.equal((await transactionOf(session_id)).status, outcome === "approved" ? "CAPTURED" : "DECLINED");
      });
    }
  }
});
