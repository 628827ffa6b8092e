/** What a terminal says too late, twice, or not as it should, and what becomes of the money (prompt-life section 5). */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { Incident } from "../../src/contract/incident.ts";
import type { PromptFrame, Result } from "../../src/contract/terminal-protocol.ts";
import { actOnDeadlines } from "../../src/flows/deadlines.ts";
import { askUnresolved, raiseLongUnresolved } from "../../src/flows/resolution.ts";
import { raiseSilentReversals } from "../../src/flows/reversal.ts";
import { tokenOf } from "../support/clients.ts";
import { type HandLink, HandTerminal } from "../support/honest-hand.ts";
import {
  cancel,
  evidenceOf,
  handTerminal,
  incidentsAt,
  later,
  occupantOf,
  openBareShop,
  promptOf,
  sell,
  sold,
  transactionOf,
} from "../support/honest-shop.ts";
import { type Shop, until } from "../support/shop.ts";
import { someoneWaits } from "../support/terminal-scene.ts";

interface Asked {
  readonly link: HandLink;
  readonly session_id: string;
  readonly prompt: PromptFrame;
}

let shop: Shop;
let terminal: HandTerminal;
before(async () => {
  shop = await openBareShop({ TAPLINE_STOP_ANSWER_S: "2" });
});
after(() => shop.close());
afterEach(() => terminal?.leave());

/** A terminal of the test's own, connected, with a sale's prompt on its screen. */
async function asked(): Promise<Asked> {
  terminal = await handTerminal(shop);
  return askedAgain(await terminal.connect());
}

async function askedAgain(link: HandLink): Promise<Asked> {
  const callback_url = `${shop.callback_url}?report_error=true`;
  const session_id = await sold(shop, terminal.terminal_id, { url: { callback_url } });
  const prompt = await link.expect("prompt");
  link.send({ type: "shown", prompt_id: prompt.prompt_id });
  await link.settled();
  return { link, session_id, prompt };
}

/** Says it, and awaits the acknowledgement. */
async function say(link: HandLink, result: Result): Promise<void> {
  link.send(result);
  const { journal_id, sequence } = await link.expect("acknowledge");
  assert.deepEqual([journal_id, sequence], [result.journal_id, result.sequence]);
}

/** Brings a sale to UNKNOWN: nobody has answered the stop. */
async function unknown(): Promise<Asked> {
  const sale = await asked();
  await actOnDeadlines(later(shop.app.world, 123_000));
  await sale.link.expect("stop");
  await actOnDeadlines(later(shop.app.world, 126_000));
  assert.equal(await statusOf(sale), "UNKNOWN");
  return sale;
}

const statusOf = async ({ session_id }: Asked): Promise<string> => (await transactionOf(shop, session_id)).status;

const moneyEvents = async ({ session_id }: Asked): Promise<string[]> =>
  (await transactionOf(shop, session_id)).events.map(({ event, success }) => `${event} ${success}`);

interface ReversalRow {
  readonly id: string;
  readonly status: string;
  readonly amount: number;
}
const reversalsOf = ({ prompt }: Asked): Promise<ReversalRow[]> =>
  shop.database.sql("SELECT id, status, amount FROM reversals WHERE prompt_id = $1", [prompt.prompt_id]);

const verdictsOf = async ({ prompt }: { prompt: { prompt_id: string } }): Promise<string[]> => {
  const text = "SELECT verdict FROM terminal_results WHERE prompt_id = $1 ORDER BY received_at, sequence";
  return (await shop.database.sql<{ verdict: string }>(text, [prompt.prompt_id])).map(({ verdict }) => verdict);
};

const incidentKinds = async (): Promise<string[]> =>
  (await incidentsAt(shop, terminal.terminal_id)).map(({ kind }) => kind).sort();

async function incident(kind: string): Promise<Incident> {
  const found = (await incidentsAt(shop, terminal.terminal_id)).filter((candidate) => candidate.kind === kind);
  assert.equal(found.length, 1, `incidents of kind ${kind}`);
  const [only] = found;
  assert.ok(only !== undefined);
  return only;
}

const decide = (id: string, outcome: string, headers?: Record<string, string>) =>
  shop.call<Incident & { error: { code: string } }>(
    "POST",
    `/v1/admin/incidents/${id}/decision`,
    { outcome, reason: "Found out by telephone." },
    headers,
  );

/** A stored frame, as the terminal worded it. */
const said = (frame: object | undefined) => frame as { outcome?: string; reason?: string };

const callbacksOf = ({ session_id }: Asked) =>
  shop.callbacks.filter(({ url }) => url.searchParams.get("session_id") === session_id);

describe("an approval that comes after", () => {
  /** How a sale ended otherwise, and what the till was told. */
  const ends: { what: string; outcome: Result["outcome"]; by_cancel?: boolean; told: string }[] = [
    { what: "the till's cancel", outcome: "stopped", by_cancel: true, told: "DECLINED" },
    { what: "the red key", outcome: "cancelled", told: "DECLINED" },
    { what: "the time limit", outcome: "timed_out", told: "DECLINED" },
    { what: "a failure", outcome: "failed", told: "FAILED" },
    { what: "a decline", outcome: "declined", told: "DECLINED" },
  ];

  async function ended(end: (typeof ends)[number]): Promise<Asked> {
    const sale = await asked();
    if (end.by_cancel === true) {
      const answer = cancel(shop, sale.session_id);
      await sale.link.expect("stop");
      await say(sale.link, terminal.result(sale.prompt.prompt_id, end.outcome));
      assert.equal((await answer).status, 200);
    } else {
      await say(sale.link, terminal.result(sale.prompt.prompt_id, end.outcome));
    }
    assert.equal(await statusOf(sale), end.told);
    return sale;
  }

  for (const end of ends) {
    test(`${end.what} is reversed: a row first, then the terminal, then the acknowledgement, then the next sale`, async () => {
      const sale = await ended(end);
      const { link, prompt } = sale;
      const said = await moneyEvents(sale);
      link.send(terminal.approval(prompt));
      const reverse = await link.expect("reverse");
      const [row, ...more] = await reversalsOf(sale);
      assert.deepEqual(more, []);
      assert.deepEqual(row, { id: reverse.reversal_id, status: "SENT", amount: prompt.amount });
      assert.deepEqual(
        { prompt_id: reverse.prompt_id, amount: reverse.amount, currency: reverse.currency },
        { prompt_id: prompt.prompt_id, amount: prompt.amount, currency: prompt.currency },
      );
      await link.expect("acknowledge");
      const busy = await sell(shop, terminal.terminal_id);
      assert.deepEqual([busy.status, busy.body.error.code], [409, "TERMINAL_BUSY"]);
      link.send(terminal.reversal(reverse.reversal_id, "reversed"));
      await link.expect("acknowledge");
      assert.equal((await reversalsOf(sale))[0]?.status, "REVERSED");
      assert.equal(await statusOf(sale), end.told, "what was said stands");
      assert.deepEqual(await moneyEvents(sale), said, "clients sum those: no event is added");
      const next = await askedAgain(link);
      await say(link, terminal.approval(next.prompt));
      assert.equal(await statusOf(next), "CAPTURED");
      assert.equal((await reversalsOf(next)).length, 0);
    });
  }

  test("the till's cancel is told in the evidence, and the till gets no second callback", async () => {
    const [cancelled] = ends;
    assert.ok(cancelled !== undefined);
    const sale = await ended(cancelled);
    sale.link.send(terminal.approval(sale.prompt));
    const { reversal_id } = await sale.link.expect("reverse");
    await sale.link.expect("acknowledge");
    sale.link.send(terminal.reversal(reversal_id, "reversed"));
    await sale.link.expect("acknowledge");
    const { reversals, words } = await evidenceOf(shop, sale.session_id);
    assert.deepEqual(
      reversals.map(({ id, status, amount }) => [id, status, amount]),
      [[reversal_id, "REVERSED", sale.prompt.amount]],
    );
    assert.deepEqual(
      words.map(({ frame }) => said(frame).outcome),
      ["stopped", "approved", "reversed"],
    );
    await until(() => callbacksOf(sale).length > 0);
    assert.deepEqual(
      callbacksOf(sale).map(({ url }) => url.searchParams.get("error")),
      ["cancelled"],
    );
  });

  test("and that cannot be taken back is an incident, told to a person, and the terminal is free", async () => {
    const sale = await asked();
    const { link, prompt } = sale;
    await say(link, terminal.result(prompt.prompt_id, "cancelled"));
    link.send(terminal.approval(prompt));
    const { reversal_id } = await link.expect("reverse");
    await link.expect("acknowledge");
    link.send(terminal.reversal(reversal_id, "refused", "The host has closed the batch."));
    await link.expect("acknowledge");
    assert.equal((await reversalsOf(sale))[0]?.status, "REFUSED");
    const { details, transaction_id, decided_at } = await incident("REVERSAL_REFUSED");
    assert.equal(decided_at, undefined);
    assert.equal(transaction_id, (await transactionOf(shop, sale.session_id)).id);
    assert.match(JSON.stringify(details), /closed the batch/);
    assert.equal(await statusOf(sale), "DECLINED");
    assert.equal(await occupantOf(shop, terminal.terminal_id), null);
  });

  test("on a terminal that cannot reverse is an incident at once: it is not asked, and it is free", async () => {
    terminal = await handTerminal(shop);
    const sale = await askedAgain(await terminal.connect([], { reverse: false }));
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "cancelled"));
    sale.link.send(terminal.approval(sale.prompt));
    await until(async () => (await verdictsOf(sale)).length > 1);
    await sale.link.settled();
    const asks = sale.link.frames.filter(({ type }) => type === "reverse").length;
    const kinds = (await incidentKinds()).filter((kind) => kind.startsWith("REVERSAL"));
    assert.deepEqual([asks, kinds.length, await occupantOf(shop, terminal.terminal_id)], [0, 1, null]);
  });

  test("and that the terminal says it cannot take back, whatever it said in hello, is an incident at once", async () => {
    const sale = await asked();
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "cancelled"));
    sale.link.send(terminal.approval(sale.prompt));
    const { reversal_id } = await sale.link.expect("reverse");
    await sale.link.expect("acknowledge");
    sale.link.send({ type: "not_supported", of: "reverse", id: reversal_id });
    await sale.link.settled();
    assert.equal((await incidentKinds()).filter((kind) => kind.startsWith("REVERSAL")).length, 1);
    assert.equal(await occupantOf(shop, terminal.terminal_id), null);
  });

  test("is reversed under one id, however often the link breaks, and before any prompt", async () => {
    const sale = await asked();
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "cancelled"));
    sale.link.send(terminal.approval(sale.prompt));
    const { reversal_id } = await sale.link.expect("reverse");
    for (let times = 0; times < 2; times++) {
      terminal.leave();
      const back = await terminal.connect();
      assert.equal((await back.expect("reverse")).reversal_id, reversal_id);
      assert.deepEqual(await back.settled(), []);
    }
    terminal.leave();
    const link = await terminal.connect();
    await link.expect("reverse");
    const result = terminal.reversal(reversal_id, "reversed");
    link.send(result, result);
    await link.expect("acknowledge");
    await link.expect("acknowledge");
    assert.deepEqual(
      (await reversalsOf(sale)).map(({ status }) => status),
      ["REVERSED"],
    );
    terminal.leave();
    assert.deepEqual(await (await terminal.connect()).settled(), [], "it is not asked for again");
  });

  test("and whose reversal is in progress is asked for again, under the same id, until there is an end", async () => {
    const sale = await asked();
    const { link, prompt } = sale;
    await say(link, terminal.result(prompt.prompt_id, "cancelled"));
    link.send(terminal.approval(prompt));
    const { reversal_id } = await link.expect("reverse");
    await link.expect("acknowledge");
    link.send(terminal.reversal(reversal_id, "in_progress"));
    await link.expect("acknowledge");
    assert.equal((await reversalsOf(sale))[0]?.status, "SENT");
    const again = () => link.frames.filter(({ type }) => type === "reverse").length > 1;
    await until(again).catch(() => assert.fail("the server has not asked again within ten seconds"));
    link.send(terminal.reversal(reversal_id, "reversed"));
    await until(async () => (await reversalsOf(sale))[0]?.status === "REVERSED");
  });

  test("and that nobody takes back in a quarter of an hour is an incident, and the terminal is free", async () => {
    const sale = await asked();
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "cancelled"));
    sale.link.send(terminal.approval(sale.prompt));
    await sale.link.expect("acknowledge").catch(() => {});
    await raiseSilentReversals(later(shop.app.world, 16 * 60_000));
    assert.equal((await incident("REVERSAL_UNRESOLVED")).decided_at, undefined);
    assert.equal((await reversalsOf(sale))[0]?.status, "UNRESOLVED");
    assert.equal(await occupantOf(shop, terminal.terminal_id), null);
    // It is asked for all the same, and may still come true.
    terminal.leave();
    const link = await terminal.connect();
    const { reversal_id } = await link.expect("reverse");
    link.send(terminal.reversal(reversal_id, "reversed"));
    await link.expect("acknowledge");
    assert.equal((await reversalsOf(sale))[0]?.status, "REVERSED");
    assert.equal((await incident("REVERSAL_UNRESOLVED")).outcome, "settled", "what was not known is known");
  });

  test("on a device that is wiped before it has reversed leaves the terminal free for the next sale", async () => {
    const sale = await asked();
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "cancelled"));
    sale.link.send(terminal.approval(sale.prompt));
    await sale.link.expect("reverse");
    terminal.leave();
    terminal = terminal.wiped();
    const link = await terminal.connect();
    assert.deepEqual(await link.settled(), [], "the new journal has nothing to take back");
    const next = await sell(shop, terminal.terminal_id);
    assert.equal(next.status, 200, JSON.stringify(next.body));
    await link.expect("prompt");
    assert.deepEqual((await incidentsAt(shop, terminal.terminal_id)).length > 0, true, "and a person is told");
  });
});

describe("a result", () => {
  test("of a prompt that nobody knows is kept, acknowledged, made an incident, and never reversed by itself", async () => {
    terminal = await handTerminal(shop);
    const link = await terminal.connect();
    const orphan = { prompt_id: "pr_of_a_lost_backup", amount: 5000, currency: "NOK" };
    await say(link, terminal.result(orphan.prompt_id, "approved", orphan));
    assert.deepEqual(await link.settled(), []);
    assert.deepEqual(await verdictsOf({ prompt: orphan }), ["orphan"]);
    assert.equal((await incident("ORPHAN_RESULT")).transaction_id, undefined);
    assert.deepEqual(await shop.database.sql("SELECT FROM reversals WHERE prompt_id = $1", [orphan.prompt_id]), []);
  });

  test("of another terminal's prompt is an orphan, and moves that prompt nowhere", async () => {
    const sale = await asked();
    const owner = terminal;
    terminal = await handTerminal(shop);
    const stranger = await terminal.connect();
    await say(stranger, terminal.approval(sale.prompt));
    assert.deepEqual(await stranger.settled(), []);
    assert.equal(await statusOf(sale), "INITIATED");
    assert.deepEqual(await incidentKinds(), ["ORPHAN_RESULT"]);
    await say(sale.link, owner.approval(sale.prompt));
    assert.equal(await statusOf(sale), "CAPTURED");
    owner.leave();
  });

  test("that says approved of a prompt that was never sent is an orphan: our books are older than the terminal", async () => {
    terminal = await handTerminal(shop);
    const session_id = await sold(shop, terminal.terminal_id);
    assert.equal((await cancel(shop, session_id)).status, 200);
    const { id: prompt_id } = await promptOf(shop, session_id);
    const link = await terminal.connect();
    await say(link, terminal.result(prompt_id, "approved", { amount: 39900, currency: "NOK" }));
    assert.deepEqual(await link.settled(), [], "it is not reversed");
    assert.deepEqual(await incidentKinds(), ["ORPHAN_RESULT"]);
  });

  test("from another journal than the prompt was sent to is no evidence", async () => {
    const sale = await asked();
    const { link, prompt } = sale;
    await say(link, { ...terminal.approval(prompt), journal_id: "jr_somebody_elses", sequence: 1 });
    assert.deepEqual(await link.settled(), [], "it is not reversed");
    assert.equal(await statusOf(sale), "INITIATED");
    assert.deepEqual(await verdictsOf(sale), ["foreign"]);
    assert.deepEqual(await incidentKinds(), ["FOREIGN_RESULT"]);
    terminal.sequence = 0;
    await say(link, terminal.result(prompt.prompt_id, "declined"));
    assert.equal(await statusOf(sale), "DECLINED");
  });

  test("whose number runs backwards is no evidence", async () => {
    const sale = await asked();
    terminal.sequence = 6;
    await say(sale.link, terminal.result("pr_another", "declined"));
    terminal.sequence = 2;
    await say(sale.link, terminal.approval(sale.prompt));
    assert.equal(await statusOf(sale), "INITIATED");
    assert.deepEqual(await verdictsOf(sale), ["backwards"]);
    assert.deepEqual(await incidentKinds(), ["ORPHAN_RESULT", "SEQUENCE_BACKWARDS"]);
    terminal.sequence = 7;
    await say(sale.link, terminal.approval(sale.prompt));
    assert.equal(await statusOf(sale), "CAPTURED");
  });

  test("of a reversal whose number runs backwards is no evidence either, and an incident", async () => {
    const sale = await asked();
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "cancelled"));
    sale.link.send(terminal.approval(sale.prompt));
    const { reversal_id } = await sale.link.expect("reverse");
    await sale.link.expect("acknowledge");
    terminal.sequence = 9;
    await say(sale.link, terminal.result("pr_another", "declined"));
    terminal.sequence = 4;
    sale.link.send(terminal.reversal(reversal_id, "reversed"));
    await sale.link.expect("acknowledge");
    assert.notEqual((await reversalsOf(sale))[0]?.status, "REVERSED");
    assert.ok((await incidentKinds()).includes("SEQUENCE_BACKWARDS"));
  });

  test("whose number leaves one out counts, and a person is told that one is missing", async () => {
    const first = await asked();
    await say(first.link, terminal.result(first.prompt.prompt_id, "cancelled"));
    const sale = await askedAgain(first.link);
    // The journal has lost a result: nobody will ever hear what it said.
    terminal.sequence++;
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "declined"));
    assert.equal(await statusOf(sale), "DECLINED");
    const { details } = await incident("SEQUENCE_GAP");
    const expected = { last_sequence: 1, sequence: 3, prompt_id: sale.prompt.prompt_id };
    assert.deepEqual(details, expected);
  });

  test("said again is acknowledged again, and changes nothing", async () => {
    const sale = await asked();
    const result = terminal.approval(sale.prompt);
    await say(sale.link, result);
    const before = await moneyEvents(sale);
    await say(sale.link, result);
    terminal.leave();
    await say(await terminal.connect(), result);
    assert.deepEqual(await moneyEvents(sale), before);
    assert.deepEqual(await incidentKinds(), []);
    assert.deepEqual(await verdictsOf(sale), ["applied"]);
  });
});

describe("a second word that says otherwise", () => {
  test("never replaces the first: approved stays approved, and a person is told", async () => {
    const sale = await asked();
    await say(sale.link, terminal.approval(sale.prompt));
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "declined"));
    assert.equal(await statusOf(sale), "CAPTURED");
    assert.deepEqual(await verdictsOf(sale), ["applied", "contradiction"]);
    assert.equal((await incident("CONTRADICTION")).session_id, sale.session_id);
    assert.deepEqual(await sale.link.settled(), [], "nothing is reversed");
  });

  test("never replaces the first: declined stays declined, and what was approved after all is reversed", async () => {
    const sale = await asked();
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "declined"));
    sale.link.send(terminal.approval(sale.prompt));
    await sale.link.expect("reverse");
    await sale.link.expect("acknowledge");
    assert.equal(await statusOf(sale), "DECLINED");
    assert.deepEqual(await incidentKinds(), ["CONTRADICTION"]);
  });

  test("under the key of the first changes nothing, and a person is told both", async () => {
    const sale = await asked();
    const first = terminal.result(sale.prompt.prompt_id, "declined");
    await say(sale.link, first);
    const { amount, currency } = sale.prompt;
    await say(sale.link, { ...first, outcome: "approved", amount, currency });
    assert.equal(await statusOf(sale), "DECLINED");
    const { details } = await incident("CONTRADICTION");
    assert.match(JSON.stringify(details), /declined.*approved/);
  });

  test("of another amount, under a key of its own or the same, is a contradiction too", async () => {
    for (const same_key of [false, true]) {
      const sale = await asked();
      const first = terminal.approval(sale.prompt);
      await say(sale.link, first);
      const second = same_key ? first : terminal.approval(sale.prompt);
      await say(sale.link, { ...second, amount: sale.prompt.amount + 1 });
      assert.equal(await statusOf(sale), "CAPTURED");
      assert.deepEqual(await incidentKinds(), ["CONTRADICTION"], same_key ? "same key" : "its own key");
      terminal.leave();
    }
  });
});

describe("an approval of another amount than asked", () => {
  async function wrong(change: Partial<Result> = { amount: 40_000 }): Promise<Asked & { reversal_id: string }> {
    const sale = await asked();
    sale.link.send(terminal.approval(sale.prompt, change));
    const { reversal_id } = await sale.link.expect("reverse");
    await sale.link.expect("acknowledge");
    return { ...sale, reversal_id };
  }

  test("reads UNKNOWN, is being reversed, and is an incident; nobody is called back", async () => {
    const sale = await wrong();
    assert.equal(await statusOf(sale), "UNKNOWN");
    assert.deepEqual(
      (await reversalsOf(sale)).map(({ status, amount }) => [status, amount]),
      [["SENT", 40_000]],
    );
    const { details } = await incident("WRONG_AMOUNT");
    assert.deepEqual(details, {
      asked: { amount: 39_900, currency: "NOK" },
      approved: { amount: 40_000, currency: "NOK" },
    });
    assert.deepEqual(await moneyEvents(sale), ["INITIALIZE true"]);
    assert.deepEqual(callbacksOf(sale), []);
    const busy = await sell(shop, terminal.terminal_id);
    assert.equal(busy.body.error.code, "TERMINAL_BUSY");
  });

  test("reads FAILED once it has been taken back, and only then the till is called back", async () => {
    const sale = await wrong();
    sale.link.send(terminal.reversal(sale.reversal_id, "reversed"));
    await sale.link.expect("acknowledge");
    assert.equal(await statusOf(sale), "FAILED");
    await until(() => callbacksOf(sale).length > 0);
    assert.deepEqual(
      callbacksOf(sale).map(({ url }) => url.searchParams.get("error")),
      ["failed"],
    );
    assert.equal(await occupantOf(shop, terminal.terminal_id), null);
    assert.equal((await incident("WRONG_AMOUNT")).decided_at, undefined, "the terminal must be looked at all the same");
  });

  test("in another currency is no approval either", async () => {
    const sale = await wrong({ currency: "SEK" });
    assert.equal(await statusOf(sale), "UNKNOWN");
    assert.deepEqual(await incidentKinds(), ["WRONG_AMOUNT"]);
  });

  test("that cannot be taken back stays UNKNOWN until a person has said what was paid", async () => {
    const sale = await wrong();
    sale.link.send(terminal.reversal(sale.reversal_id, "refused"));
    await sale.link.expect("acknowledge");
    assert.equal(await statusOf(sale), "UNKNOWN");
    // The terminal has said its last word, and sells on meanwhile.
    assert.equal(await occupantOf(shop, terminal.terminal_id), null);
    const { id } = await incident("REVERSAL_REFUSED");
    assert.equal((await decide(id, "paid")).status, 200);
    assert.equal(await statusOf(sale), "CAPTURED");
  });

  test("that has been UNKNOWN for long and is taken back at last leaves no open incident that says it is UNKNOWN", async () => {
    const sale = await wrong();
    await raiseLongUnresolved(later(shop.app.world, 20 * 60_000));
    assert.equal((await incident("UNRESOLVED_PAYMENT")).decided_at, undefined);
    sale.link.send(terminal.reversal(sale.reversal_id, "reversed"));
    await sale.link.expect("acknowledge");
    assert.equal(await statusOf(sale), "FAILED");
    assert.equal((await incident("UNRESOLVED_PAYMENT")).outcome, "settled");
  });

  for (const second of ["declined", "approved"] as const) {
    test(`stays UNKNOWN when the terminal says ${second} after it: the first word stands`, async () => {
      const sale = await wrong();
      const { amount, currency } = sale.prompt;
      await say(
        sale.link,
        terminal.result(sale.prompt.prompt_id, second, second === "approved" ? { amount, currency } : {}),
      );
      assert.equal(await statusOf(sale), "UNKNOWN");
      assert.ok((await incidentKinds()).includes("CONTRADICTION"));
    });
  }

  test("is not CAPTURED on a person's word while the same money is being given back", async () => {
    const sale = await wrong();
    const { id } = await incident("WRONG_AMOUNT");
    const decided = await decide(id, "paid");
    sale.link.send(terminal.reversal(sale.reversal_id, "reversed"));
    await sale.link.expect("acknowledge");
    // Refused, or told to a person: but never a payment in the books that the cardholder has got back in silence.
    const open = (await incidentsAt(shop, terminal.terminal_id)).filter(({ decided_at }) => decided_at === undefined);
    const seen = { decision: decided.status, status: await statusOf(sale), open: open.map(({ kind }) => kind) };
    assert.ok(seen.status !== "CAPTURED" || seen.open.length > 0, JSON.stringify(seen));
  });
});

describe("a result that is not of the protocol but for its key", () => {
  const unreadable: { what: string; change: (result: Result) => object }[] = [
    { what: "an amount as a text", change: (result) => ({ ...result, amount: "39900" }) },
    { what: "an outcome of its own", change: (result) => ({ ...result, outcome: "perhaps" }) },
    { what: "facts that are numbers", change: (result) => ({ ...result, facts: { receiptNumber: 7 } }) },
    { what: "no outcome at all", change: ({ outcome: _, ...rest }) => rest },
  ];
  for (const { what, change } of unreadable) {
    test(`(${what}) is kept, acknowledged, and shown to a person; the link stays`, async () => {
      const sale = await asked();
      const result = terminal.approval(sale.prompt);
      sale.link.sendText(JSON.stringify(change(result)));
      assert.equal((await sale.link.expect("acknowledge")).sequence, result.sequence);
      assert.deepEqual(await sale.link.settled(), []);
      assert.deepEqual(await verdictsOf(sale), ["unreadable"]);
      const told = await incident("UNREADABLE_RESULT");
      assert.equal(told.session_id, sale.session_id);
      assert.match(JSON.stringify(told.details), new RegExp(sale.prompt.prompt_id));
      assert.equal(await statusOf(sale), "INITIATED", "it is no evidence");
      await say(sale.link, terminal.approval(sale.prompt));
      assert.equal(await statusOf(sale), "CAPTURED");
    });
  }

  test("that is a reversal's is kept and acknowledged too, and the reversal stays open", async () => {
    const sale = await asked();
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "cancelled"));
    sale.link.send(terminal.approval(sale.prompt));
    const { reversal_id } = await sale.link.expect("reverse");
    await sale.link.expect("acknowledge");
    sale.link.sendText(JSON.stringify({ ...terminal.reversal(reversal_id, "reversed"), outcome: true }));
    await sale.link.expect("acknowledge");
    assert.equal((await reversalsOf(sale))[0]?.status, "SENT");
    assert.ok((await incidentKinds()).includes("UNREADABLE_RESULT"));
  });
});

describe("a result is never refused for its content, or it would come back for ever:", () => {
  const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const strange: { what: string; text: (result: Result) => string }[] = [
    { what: "a NUL in a receipt", text: (result) => JSON.stringify({ ...result, facts: { customerReceipt: "a\0b" } }) },
    { what: "a NUL in the reason", text: (result) => JSON.stringify({ ...result, reason: "a\0b" }) },
    { what: "a NUL in a name", text: (result) => JSON.stringify({ ...result, facts: { "a\0b": "x" } }) },
    { what: "half a character", text: (result) => JSON.stringify({ ...result, reason: "\ud800" }) },
    { what: "a NUL in a card's brand", text: (result) => JSON.stringify({ ...result, card: { brand: "Vi\0sa" } }) },
    { what: "members nested deep", text: (result) => JSON.stringify(result).replace(/}$/, `,"x":${deep(6_000)}}`) },
    {
      what: "a NUL in what is unreadable besides",
      text: (result) => JSON.stringify({ ...result, outcome: "a\0b" }),
    },
  ];
  for (const { what, text } of strange) {
    test(what, async () => {
      const sale = await asked();
      const result = terminal.approval(sale.prompt);
      sale.link.sendText(text(result));
      assert.equal((await sale.link.expect("acknowledge")).sequence, result.sequence);
      assert.equal((await verdictsOf(sale)).length, 1, "it is kept");
    });
  }

  test("a NUL in the prompt's id", async () => {
    terminal = await handTerminal(shop);
    const link = await terminal.connect();
    await say(link, terminal.result("pr_\0", "declined"));
    assert.equal((await incidentKinds()).length, 1, "and a person is told");
  });

  test("a journal whose name looks like a card number: it is the key of what it says, and evidence", async () => {
    const { enrolled } = await handTerminal(shop);
    terminal = new HandTerminal(shop.app.address, enrolled, "4111111111111111");
    const sale = await askedAgain(await terminal.connect());
    await say(sale.link, terminal.approval(sale.prompt));
    assert.equal(await statusOf(sale), "CAPTURED");
  });

  test("a sequence number that looks like a card number", async () => {
    const sale = await asked();
    terminal.sequence = 4_111_111_111_111_110;
    await say(sale.link, terminal.approval(sale.prompt));
    assert.equal(await statusOf(sale), "CAPTURED");
  });
});

describe("what looks like a card number", () => {
  const pan = "4761739001010416";
  /** Every text of every table, so that no corner is forgotten. */
  async function isStoredAnywhere(): Promise<string[]> {
    const tables = await shop.database.sql<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const text = `SELECT FROM ${name} AS row WHERE row::text LIKE '%${pan}%'`;
      if ((await shop.database.sql(text)).length > 0) found.push(name);
    }
    return found;
  }

  test("in a result is masked before it is stored; the incident names the field, and never the number", async () => {
    const sale = await asked();
    const facts = { customerReceipt: `Visa ${pan}\n399.00 NOK`, field41: "12345678" };
    await say(sale.link, terminal.approval(sale.prompt, { facts, card: { masked_pan: pan } }));
    assert.equal(await statusOf(sale), "CAPTURED");
    assert.deepEqual(await isStoredAnywhere(), []);
    const { fields } = (await incident("CARD_NUMBER")).details as { fields: string[] };
    assert.deepEqual(fields.sort(), ["card.masked_pan", "facts.customerReceipt"]);
    const { card, events } = await transactionOf(shop, sale.session_id);
    assert.equal(card?.masked_pan, "476173******0416");
    assert.match(String(events.at(-1)?.metadata?.["seitatech:customerReceipt"]), /476173\*{6}0416/);
  });

  test("in a result that is unreadable is masked too, and the incident names the field", async () => {
    const sale = await asked();
    sale.link.sendText(JSON.stringify({ ...terminal.approval(sale.prompt), outcome: 7, track: `;${pan}=3012` }));
    await sale.link.expect("acknowledge");
    assert.deepEqual(await isStoredAnywhere(), []);
    assert.deepEqual((await incident("CARD_NUMBER")).details, { fields: ["track"] });
  });

  test("in the result of a reversal is masked too, and the incident names the field", async () => {
    const sale = await asked();
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "cancelled"));
    sale.link.send(terminal.approval(sale.prompt));
    const { reversal_id } = await sale.link.expect("reverse");
    await sale.link.expect("acknowledge");
    sale.link.send(terminal.reversal(reversal_id, "refused", `Card ${pan} is unknown.`));
    await sale.link.expect("acknowledge");
    assert.deepEqual(await isStoredAnywhere(), []);
    assert.deepEqual((await incident("CARD_NUMBER")).details, { fields: ["reason"] });
  });
});

describe("a payment that reads UNKNOWN", () => {
  test("is CAPTURED by an approval, however late, and only then is the till called back", async () => {
    const sale = await unknown();
    assert.deepEqual(await moneyEvents(sale), ["INITIALIZE true"]);
    assert.deepEqual(await shop.database.sql("SELECT FROM deliveries WHERE session_id = $1", [sale.session_id]), []);
    await say(sale.link, terminal.approval(sale.prompt));
    assert.equal(await statusOf(sale), "CAPTURED");
    const callback = await until(() => callbacksOf(sale)[0]);
    assert.equal(callback.url.searchParams.get("error"), null);
    assert.equal(callbacksOf(sale).length, 1);
    assert.deepEqual(await reversalsOf(sale), []);
  });

  for (const { outcome, told } of [
    { outcome: "declined", told: "DECLINED" },
    { outcome: "timed_out", told: "DECLINED" },
    { outcome: "failed", told: "FAILED" },
  ] as const) {
    test(`is ${told} by the terminal's late ${outcome}`, async () => {
      const sale = await unknown();
      await say(sale.link, terminal.result(sale.prompt.prompt_id, outcome));
      assert.equal(await statusOf(sale), told);
      assert.equal(await occupantOf(shop, terminal.terminal_id), null);
    });
  }

  test("keeps its terminal: no other sale is prompted for", async () => {
    const sale = await unknown();
    const busy = await sell(shop, terminal.terminal_id);
    assert.deepEqual(
      [busy.status, busy.body.error.code, busy.body.error.session_id],
      [409, "TERMINAL_BUSY", sale.session_id],
    );
  });

  test("is resolved within two seconds of hello, once the terminal has the outcome", async () => {
    const sale = await unknown();
    terminal.leave();
    const began = performance.now();
    const link = await terminal.connect([{ prompt_id: sale.prompt.prompt_id, step: "card_presented" }]);
    assert.equal((await link.expect("inquire")).prompt_id, sale.prompt.prompt_id);
    link.send({ type: "standing", prompt_id: sale.prompt.prompt_id, step: "card_presented" });
    await link.settled();
    assert.equal(await statusOf(sale), "UNKNOWN", "in progress is no end");
    await say(link, terminal.approval(sale.prompt));
    assert.equal(await statusOf(sale), "CAPTURED");
    assert.ok(performance.now() - began < 2_000);
  });

  test("is asked about again and again while its terminal is connected and still at it", async () => {
    const sale = await unknown();
    const { prompt_id } = sale.prompt;
    for (let times = 0; times < 3; times++) {
      await askUnresolved(shop.app.world);
      assert.equal((await sale.link.expect("inquire")).prompt_id, prompt_id);
      sale.link.send({ type: "standing", prompt_id, step: "card_presented" });
      await sale.link.settled();
      assert.equal(await statusOf(sale), "UNKNOWN");
    }
    await say(sale.link, terminal.approval(sale.prompt));
    assert.equal(await statusOf(sale), "CAPTURED");
  });

  test("is not waited for where the answer was lost on a link that holds: the terminal is asked", async () => {
    const sale = await asked();
    sale.link.send({ type: "card_presented", prompt_id: sale.prompt.prompt_id });
    await sale.link.settled();
    await askUnresolved(shop.app.world);
    assert.equal(sale.link.frames.filter(({ type }) => type === "inquire").length, 0, "a PIN takes its time");
    await askUnresolved(later(shop.app.world, 21_000));
    assert.equal((await sale.link.expect("inquire")).prompt_id, sale.prompt.prompt_id);
    await say(sale.link, terminal.approval(sale.prompt));
    assert.equal(await statusOf(sale), "CAPTURED");
  });

  test("comes of a card that was presented, and of no result in the processing limit: the terminal is asked", async () => {
    const sale = await asked();
    const { link, prompt } = sale;
    link.send({ type: "card_presented", prompt_id: prompt.prompt_id });
    await link.settled();
    await actOnDeadlines(later(shop.app.world, 140_000));
    assert.equal(await statusOf(sale), "INITIATED", "a card presented in time is waited for");
    await actOnDeadlines(later(shop.app.world, 151_000));
    assert.equal(await statusOf(sale), "UNKNOWN");
    assert.equal((await link.expect("inquire")).prompt_id, prompt.prompt_id);
    await say(link, terminal.approval(prompt));
    assert.equal(await statusOf(sale), "CAPTURED");
  });

  describe("for long", () => {
    let patient: Shop;
    before(async () => {
      patient = shop;
      shop = await openBareShop({ TAPLINE_STOP_ANSWER_S: "2", TAPLINE_INCIDENT_AFTER_S: "1" });
    });
    after(async () => {
      const impatient = shop;
      shop = patient;
      await impatient.close();
    });

    test("is an incident besides, which the terminal's word settles by itself", async () => {
      const sale = await unknown();
      // It became unresolved in a time to come: now is later.
      await shop.database.sql("UPDATE prompts SET unresolved_at = now() - interval '1 second' WHERE id = $1", [
        sale.prompt.prompt_id,
      ]);
      const raised = await until(async () => (await incidentsAt(shop, terminal.terminal_id))[0]);
      assert.equal(raised.kind, "UNRESOLVED_PAYMENT");
      assert.equal(raised.session_id, sale.session_id);
      assert.equal(raised.decided_at, undefined);
      assert.equal(await statusOf(sale), "UNKNOWN", "its status stays as it is");
      await say(sale.link, terminal.approval(sale.prompt));
      assert.equal(await statusOf(sale), "CAPTURED");
      const settled = await incident("UNRESOLVED_PAYMENT");
      assert.equal(settled.id, raised.id);
      assert.equal(settled.outcome, "settled");
      assert.equal(settled.decided_by, terminal.terminal_id);
      const open = await shop.call<Incident[]>("GET", "/v1/admin/incidents?open=true");
      assert.deepEqual(open.body, []);
    });
  });
});

describe("a device that was wiped", () => {
  test("frees its terminal: the old sale reads UNKNOWN with an incident, and the next sale works", async () => {
    const old = await asked();
    old.link.cut();
    const first = terminal;
    terminal = first.wiped();
    const link = await terminal.connect();
    assert.deepEqual(await link.settled(), [], "the old prompt is nothing to the new journal");
    assert.equal(await statusOf(old), "UNKNOWN");
    assert.equal((await incident("JOURNAL_LOST")).session_id, old.session_id);
    const next = await askedAgain(link);
    await say(link, terminal.approval(next.prompt));
    assert.equal(await statusOf(next), "CAPTURED");
    assert.equal(await statusOf(old), "UNKNOWN");
    first.leave();
  });

  test("resolves the old sale should the old journal come back after all", async () => {
    const old = await asked();
    old.link.cut();
    const first = terminal;
    terminal = first.wiped();
    await (await terminal.connect()).settled();
    terminal.leave();
    assert.equal(await statusOf(old), "UNKNOWN");
    const link = await first.connect([{ prompt_id: old.prompt.prompt_id, step: "concluded" }]);
    await say(link, first.approval(old.prompt));
    assert.equal(await statusOf(old), "CAPTURED");
    const { outcome, decided_by } = await incident("JOURNAL_LOST");
    assert.deepEqual([outcome, decided_by], ["settled", first.terminal_id]);
    first.leave();
  });

  test("frees its terminal of a payment that was UNKNOWN before, which stays so, with an incident", async () => {
    const old = await unknown();
    assert.notEqual(await occupantOf(shop, terminal.terminal_id), null);
    terminal.leave();
    terminal = terminal.wiped();
    const link = await terminal.connect();
    assert.deepEqual(await link.settled(), []);
    assert.equal(await occupantOf(shop, terminal.terminal_id), null);
    assert.equal(await statusOf(old), "UNKNOWN");
    assert.equal((await incident("JOURNAL_LOST")).session_id, old.session_id);
  });

  test("and says never seen of the old prompt under its new journal is no evidence", async () => {
    const old = await asked();
    old.link.cut();
    terminal = terminal.wiped();
    const link = await terminal.connect();
    await say(link, terminal.result(old.prompt.prompt_id, "not_shown"));
    assert.equal(await statusOf(old), "UNKNOWN");
    assert.deepEqual(await incidentKinds(), ["FOREIGN_RESULT", "JOURNAL_LOST"]);
  });
});

describe("a person's decision", () => {
  async function lost(): Promise<Asked & { incident_id: string }> {
    const sale = await asked();
    sale.link.cut();
    terminal = terminal.wiped();
    await (await terminal.connect()).settled();
    return { ...sale, incident_id: (await incident("JOURNAL_LOST")).id };
  }

  for (const { outcome, told, error } of [
    { outcome: "paid", told: "CAPTURED", error: null },
    { outcome: "not_paid", told: "FAILED", error: "failed" },
  ]) {
    test(`${outcome} ends the payment as ${told}, calls the till back, and tells who decided and why`, async () => {
      const sale = await lost();
      const { status, body } = await decide(sale.incident_id, outcome);
      assert.equal(status, 200);
      assert.deepEqual(
        [body.outcome, body.decided_by, body.reason],
        [outcome, "demo-client", "Found out by telephone."],
      );
      assert.equal(await statusOf(sale), told);
      const callback = await until(() => callbacksOf(sale)[0]);
      assert.equal(callback.url.searchParams.get("error"), error);
    });
  }

  test("is not settled where a payment is still UNKNOWN, nor paid where there is none", async () => {
    const sale = await lost();
    const { status, body } = await decide(sale.incident_id, "settled");
    assert.deepEqual([status, body.error.code], [400, "DECISION_NOT_ALLOWED"]);
    assert.equal(await statusOf(sale), "UNKNOWN");
    const link = await terminal.connect();
    await say(link, terminal.result("pr_unknown", "declined"));
    const orphan = await incident("ORPHAN_RESULT");
    assert.equal((await decide(orphan.id, "paid")).body.error.code, "DECISION_NOT_ALLOWED");
    assert.equal((await decide(orphan.id, "settled")).status, 200);
  });

  test("made twice alike is one; made otherwise the second time is refused with 409, and the first stands", async () => {
    const sale = await lost();
    const first = await decide(sale.incident_id, "not_paid");
    const again = await decide(sale.incident_id, "not_paid");
    assert.deepEqual([again.status, again.body], [200, first.body]);
    const otherwise = await decide(sale.incident_id, "paid");
    assert.deepEqual([otherwise.status, otherwise.body.error.code], [409, "INCIDENT_DECIDED"]);
    assert.equal(await statusOf(sale), "FAILED");
  });

  test("about another account's incident finds none, and its evidence and list tell nothing", async () => {
    const sale = await lost();
    const claims = { account_id: "T87654321", client_id: "stranger", scopes: ["admin:checkout"] };
    const stranger = await tokenOf(shop, claims);
    const headers = { authorization: `Bearer ${stranger}` };
    const { status, body } = await decide(sale.incident_id, "paid", headers);
    const missing = await decide("inc_there_is_none", "paid", headers);
    assert.deepEqual([status, body.error.code], [404, "INCIDENT_NOT_FOUND"]);
    assert.deepEqual([missing.status, missing.body.error.code], [404, "INCIDENT_NOT_FOUND"]);
    const list = await shop.call<Incident[]>("GET", "/v1/admin/incidents", undefined, headers);
    assert.deepEqual([list.status, list.body], [200, []]);
    const { id } = await transactionOf(shop, sale.session_id);
    const evidence = await shop.call("GET", `/v1/transactions/${id}/evidence`, undefined, headers);
    assert.equal(evidence.status, 404);
    assert.equal(await statusOf(sale), "UNKNOWN");
  });

  test("not_paid is answered by the terminal's late approval with a reversal; what was said stands", async () => {
    const sale = await unknown();
    await raiseLongUnresolved(later(shop.app.world, 20 * 60_000));
    const { id } = await incident("UNRESOLVED_PAYMENT");
    assert.equal((await decide(id, "not_paid")).status, 200);
    assert.equal(await statusOf(sale), "FAILED");
    sale.link.send(terminal.approval(sale.prompt));
    const { reversal_id } = await sale.link.expect("reverse");
    await sale.link.expect("acknowledge");
    sale.link.send(terminal.reversal(reversal_id, "reversed"));
    await sale.link.expect("acknowledge");
    assert.equal(await statusOf(sale), "FAILED");
    assert.equal((await reversalsOf(sale))[0]?.status, "REVERSED");
  });

  test("paid that the terminal approves later for another amount is an incident: the books and the host differ", async () => {
    const sale = await unknown();
    await raiseLongUnresolved(later(shop.app.world, 20 * 60_000));
    assert.equal((await decide((await incident("UNRESOLVED_PAYMENT")).id, "paid")).status, 200);
    sale.link.send(terminal.approval(sale.prompt, { amount: sale.prompt.amount + 100 }));
    await until(async () => (await verdictsOf(sale)).length > 0);
    const open = (await incidentsAt(shop, terminal.terminal_id)).filter(({ decided_at }) => decided_at === undefined);
    assert.equal(open.length, 1);
    assert.equal(await statusOf(sale), "CAPTURED", "a decision stands");
  });

  test("paid that the terminal contradicts later stands, and the contradiction is an incident of its own", async () => {
    const sale = await unknown();
    await raiseLongUnresolved(later(shop.app.world, 20 * 60_000));
    const { id } = await incident("UNRESOLVED_PAYMENT");
    assert.equal((await decide(id, "paid")).status, 200);
    await say(sale.link, terminal.result(sale.prompt.prompt_id, "declined"));
    assert.equal(await statusOf(sale), "CAPTURED");
    assert.equal((await incident("CONTRADICTION")).decided_at, undefined);
  });

  test("and the terminal's word at the same instant follow one another: nobody is answered with a fault", async () => {
    const sale = await unknown();
    await raiseLongUnresolved(later(shop.app.world, 20 * 60_000));
    const { id } = await incident("UNRESOLVED_PAYMENT");
    const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let decision: ReturnType<typeof decide> | undefined;
    await shop.database.db.transaction(async (tx) => {
      const lock = { name: "", text: "SELECT FROM prompts WHERE id = $1 FOR UPDATE" };
      await tx.query(lock, [sale.prompt.prompt_id]);
      sale.link.send(terminal.approval(sale.prompt));
      await someoneWaits(shop.database);
      decision = decide(id, "paid");
      await until(async () => (await shop.database.sql(waiting)).length > 1);
    });
    const answer = await decision;
    assert.ok(answer !== undefined && [200, 400, 409].includes(answer.status), JSON.stringify(answer?.body));
    await sale.link.expect("acknowledge");
    assert.equal(await statusOf(sale), "CAPTURED");
  });
});

describe("the evidence of a transaction", () => {
  test("tells what was sent, when and to which journal, every word that came, reversals and incidents", async () => {
    const sale = await asked();
    const { link, prompt } = sale;
    link.send({ type: "card_presented", prompt_id: prompt.prompt_id });
    await say(link, terminal.result(prompt.prompt_id, "declined", { reason: "Insufficient funds." }));
    link.send(terminal.approval(prompt));
    const { reversal_id } = await link.expect("reverse");
    await link.expect("acknowledge");
    link.send(terminal.reversal(reversal_id, "refused", "No."));
    await link.expect("acknowledge");
    const evidence = await evidenceOf(shop, sale.session_id);
    const [told, ...more] = evidence.prompts;
    assert.deepEqual(more, []);
    assert.ok(told !== undefined);
    assert.deepEqual(
      { id: told.id, status: told.status, terminal_id: told.terminal_id, amount: told.amount, currency: told.currency },
      {
        ...{ id: prompt.prompt_id, status: "DECLINED", terminal_id: terminal.terminal_id },
        ...{ amount: prompt.amount, currency: prompt.currency },
      },
    );
    assert.equal(told.sent_journal_id, terminal.journal_id);
    assert.equal(told.sent_epoch, 1);
    const times = [told.created_at, told.sent_at, told.shown_at, told.card_presented_at, told.finished_at];
    assert.ok(times.every((time) => time !== undefined));
    assert.deepEqual([...times].sort(), times, "in the order they happened");
    assert.deepEqual(
      evidence.words.map((word) => [word.sequence, word.journal_id, word.verdict, said(word.frame).outcome]),
      [
        [1, terminal.journal_id, "applied", "declined"],
        [2, terminal.journal_id, "contradiction", "approved"],
        [3, terminal.journal_id, "applied", "refused"],
      ],
    );
    assert.equal(said(evidence.words[0]?.frame).reason, "Insufficient funds.", "word for word");
    assert.deepEqual(
      evidence.reversals.map(({ id, status, reason }) => [id, status, reason]),
      [[reversal_id, "REFUSED", "No."]],
    );
    assert.deepEqual(evidence.incidents.map(({ kind }) => kind).sort(), ["CONTRADICTION", "REVERSAL_REFUSED"]);
    assert.ok(evidence.incidents.every(({ meaning, remedy }) => meaning.length > 0 && remedy.length > 0));
  });
});
