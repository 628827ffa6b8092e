/** A simulated terminal tells its host of captures, voids and lapses: each is done once and answered until it is heard. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { CardHost } from "../../src/simulator/card-host.ts";
import type { AdviceResult } from "../../src/simulator/journal.ts";
import { until } from "../support/shop.ts";
import { type Advice, SimulatedScene } from "../support/simulated-scene.ts";
import type { PowerCut } from "../support/terminal-disk.ts";

let scene: SimulatedScene;
/** An approved authorization of 399.00 NOK. */
let held: string;
beforeEach(async () => {
  scene = await SimulatedScene.open();
  held = (await scene.take({ kind: "authorize" })).prompt_id;
});
afterEach(() => scene.close());

const money = () => {
  const { captured_amount, state } = scene.book.authorization(held) ?? {};
  return [captured_amount, state];
};
const told = (advice_id: string) =>
  scene.disk.host.filter((entry) => "advice_id" in entry && entry.advice_id === advice_id).length;

/** Told in this order, about one authorization of 399.00 NOK. The last is what the row is about. */
type Said = [kind: Advice["kind"], amount: number];
const rules: { what: string; told: Said[]; refusal?: string; money: [number, string] }[] = [
  { what: "captures all of it", told: [["capture", 39900]], money: [39900, "held"] },
  {
    what: "captures it in parts, to the last øre",
    told: [
      ["capture", 10000],
      ["capture", 29900],
    ],
    money: [39900, "held"],
  },
  {
    what: "captures no more than was authorized",
    told: [["capture", 39901]],
    refusal: "It is more than was authorized.",
    money: [0, "held"],
  },
  {
    what: "captures no more than is left",
    told: [
      ["capture", 10000],
      ["capture", 29901],
    ],
    refusal: "It is more than was authorized.",
    money: [10000, "held"],
  },
  { what: "voids what nothing was captured of", told: [["void", 39900]], money: [0, "voided"] },
  {
    what: "does not void what a part is captured of",
    told: [
      ["capture", 1],
      ["void", 39900],
    ],
    refusal: "A part of it is captured.",
    money: [1, "held"],
  },
  {
    what: "captures nothing of what is voided",
    told: [
      ["void", 39900],
      ["capture", 39900],
    ],
    refusal: "The authorization is voided.",
    money: [0, "voided"],
  },
  {
    what: "lets the rest lapse after a capture",
    told: [
      ["capture", 10000],
      ["lapse", 29900],
    ],
    money: [10000, "lapsed"],
  },
  {
    what: "captures nothing of what has lapsed",
    told: [
      ["lapse", 39900],
      ["capture", 1],
    ],
    refusal: "The authorization is lapsed.",
    money: [0, "lapsed"],
  },
  {
    what: "does not void what has lapsed",
    told: [
      ["lapse", 39900],
      ["void", 39900],
    ],
    refusal: "The authorization is lapsed.",
    money: [0, "lapsed"],
  },
];

describe("the host of a simulated terminal", () => {
  for (const { what, told: advices, refusal, money: expected } of rules) {
    test(what, async () => {
      let last: AdviceResult | undefined;
      for (const [kind, amount] of advices) last = await scene.tell(scene.advice(held, kind, amount));
      assert.deepEqual(
        [last?.outcome, last?.reason],
        refusal === undefined ? ["accepted", undefined] : ["refused", refusal],
      );
      assert.deepEqual(money(), expected);
    });
  }

  test("knows of no authorization where none was approved, or where it was taken back", async () => {
    const sale = await scene.take({ kind: "purchase" });
    const refund = await scene.take({ kind: "refund" });
    const declined = await scene.take({ kind: "authorize", amount: 990100 });
    scene.server.send(scene.reverse(held));
    await scene.acknowledge(await scene.server.expect("reversal_result"));
    for (const prompt_id of [sale.prompt_id, refund.prompt_id, declined.prompt_id, held, "pr_never_seen"]) {
      for (const kind of ["capture", "void", "lapse"] as const) {
        const { outcome, reason } = await scene.tell(scene.advice(prompt_id, kind, 1));
        assert.deepEqual([outcome, reason], ["refused", "No authorization stands for this prompt."]);
      }
    }
    assert.deepEqual(scene.book.authorizations(), []);
  });

  test("captures in the currency of the authorization alone", async () => {
    const { outcome, reason } = await scene.tell(scene.advice(held, "capture", 39900, { currency: "SEK" }));
    assert.deepEqual([outcome, reason], ["refused", "It was authorized in NOK."]);
    assert.deepEqual(money(), [0, "held"]);
  });

  test("keeps each authorization's money apart from the others'", async () => {
    const other = await scene.take({ kind: "authorize", amount: 5000 });
    await scene.tell(scene.advice(other.prompt_id, "capture", 4000));
    await scene.tell(scene.advice(held, "void"));
    assert.deepEqual(scene.book.authorizations(), [
      { prompt_id: held, amount: 39900, currency: "NOK", captured_amount: 0, state: "voided" },
      { prompt_id: other.prompt_id, amount: 5000, currency: "NOK", captured_amount: 4000, state: "held" },
    ]);
  });

  test("does not take back what is captured", async () => {
    await scene.tell(scene.advice(held, "capture", 1));
    scene.server.send(scene.reverse(held));
    const { outcome, reason } = await scene.server.expect("reversal_result");
    assert.deepEqual([outcome, reason], ["refused", "It is captured."]);
    assert.deepEqual(money(), [1, "held"]);
  });

  for (const refused of [false, true]) {
    test(`does an advice once and says the same again, after a power cut too: ${refused ? "refused" : "accepted"}`, async () => {
      const advice = scene.advice(held, "capture", refused ? 39901 : 10000);
      const hosts = async () => CardHost.open(scene.disk.boot().host);
      const host = await hosts();
      const word = await host.advise(advice, () => false);
      assert.equal(word.refusal !== undefined, refused);
      assert.deepEqual(await host.advise(advice, () => true), word);
      const after_power_cut = await hosts();
      assert.deepEqual(await after_power_cut.advise(advice, () => true), word);
      assert.equal(told(advice.advice_id), 1);
    });
  }

  test("refuses one advice when it is ordered to, and the same one again; the next is accepted", async () => {
    scene.troubles.order({ kind: "advice_refused", at: "received", for_ms: 0 });
    const advice = scene.advice(held, "capture");
    const refused = await scene.tell(advice);
    assert.deepEqual([refused.outcome, refused.reason], ["refused", "The host refuses it."]);
    assert.deepEqual(money(), [0, "held"]);
    scene.server.send(advice);
    assert.deepEqual(await scene.server.expect("advice_result"), refused);
    assert.equal((await scene.tell(scene.advice(held, "capture"))).outcome, "accepted");
    assert.deepEqual(money(), [39900, "held"]);
  });

  test("keeps a refusal that was ordered for the advice or the reversal that it was ordered for", async () => {
    scene.troubles.order({ kind: "advice_refused", at: "host_asked", for_ms: 0 });
    scene.troubles.order({ kind: "reversal_refused", at: "host_asked", for_ms: 0 });
    const sale = await scene.take();
    assert.equal(sale.outcome, "approved");
    assert.equal((await scene.tell(scene.advice(held, "void"))).outcome, "refused");
    scene.server.send(scene.reverse(sale.prompt_id));
    assert.equal((await scene.server.expect("reversal_result")).outcome, "refused");
    assert.deepEqual([money(), scene.book.standingApprovals("purchase").length], [[0, "held"], 1]);
  });
});

describe("a simulated terminal that is told of a capture", () => {
  test("announces that it can", () => {
    assert.equal(scene.server.hello?.capabilities.advice, true);
  });

  for (const write of ["told", "advised"] as const) {
    test(`says nothing before it is in the host's book and on the journal: ${write}`, async () => {
      const writing = scene.disk.hold(write);
      scene.server.send(scene.advice(held, "capture"));
      await writing.reached;
      assert.deepEqual(await scene.server.arrived(), []);
      writing.release();
      assert.equal((await scene.server.expect("advice_result")).outcome, "accepted");
    });
  }

  test("answers under the journal's next number, and goes on with what it shows", async () => {
    await scene.show();
    scene.server.send(scene.advice(held, "capture"));
    const result = await scene.server.expect("advice_result");
    assert.equal(result.sequence, 2);
    assert.equal(scene.terminal.screen.text, "Present card: 399.00 NOK");
    await scene.terminal.pressCancel();
    assert.equal((await scene.server.expect("result")).sequence, 3);
  });

  test("answers again after every hello until it is acknowledged, and then no more", async () => {
    scene.server.send(scene.advice(held, "capture"));
    const result = await scene.server.expect("advice_result");
    scene.server.cut();
    await scene.connectsAgain();
    assert.deepEqual(await scene.server.expect("advice_result"), result);
    await scene.boot();
    assert.deepEqual(await scene.server.expect("advice_result"), result);
    await scene.acknowledge(result);
    await scene.boot();
    assert.deepEqual(await scene.server.arrived(), []);
  });

  test("answers the same advice with the same result, acknowledged or not, and after a power cut", async () => {
    const advice = scene.advice(held, "capture", 10000);
    scene.server.send(advice, advice);
    const result = await scene.server.expect("advice_result");
    assert.deepEqual(await scene.server.expect("advice_result"), result);
    await scene.acknowledge(result);
    scene.server.send(advice);
    assert.deepEqual(await scene.server.expect("advice_result"), result);
    await scene.boot();
    scene.server.send(advice);
    assert.deepEqual(await scene.server.expect("advice_result"), result);
    assert.deepEqual([money(), told(advice.advice_id)], [[10000, "held"], 1]);
  });

  test("shows no new prompt until the answer is acknowledged", async () => {
    scene.server.send(scene.advice(held, "capture"));
    const result = await scene.server.expect("advice_result");
    const next = scene.server.prompt(scene.clock);
    scene.server.send(next, { type: "inquire", prompt_id: next.prompt_id });
    assert.equal((await scene.server.expect("standing")).step, "received");
    assert.equal(scene.terminal.screen.waits, false);
    scene.server.acknowledge(result);
    assert.equal((await scene.server.expect("shown")).prompt_id, next.prompt_id);
  });
});

describe("a power cut while a capture is told", () => {
  /** Every write of it: told, advised, acknowledged. */
  const writes = 3;
  const cuts: PowerCut[] = Array.from({ length: writes }, (_, index) => [
    { write: index + 1, kept: false },
    { write: index + 1, kept: true },
  ]).flat();
  for (const cut of cuts) {
    test(`${cut.kept ? "after" : "before"} write ${cut.write} of ${writes} captures once, and is answered once it is told again`, async () => {
      await scene.boot(cut);
      const advice = scene.advice(held, "capture", 10000);
      scene.server.send(advice);
      if (cut.write === 3) scene.server.acknowledge(await scene.server.expect("advice_result"));
      await scene.disk.out;
      await scene.boot();
      scene.server.send(advice);
      const is_undelivered = cut.write === 2 ? cut.kept : cut.write === 3 && !cut.kept;
      await isAccepted(advice, is_undelivered ? 2 : 1);
      assert.deepEqual([money(), told(advice.advice_id)], [[10000, "held"], 1]);
    });
  }
});

/** So many answers come, each that it is accepted, and nothing else. */
async function isAccepted({ advice_id }: Advice, answers: number): Promise<void> {
  for (let count = 0; count < answers; count++) {
    const answer = await scene.server.expect("advice_result");
    assert.deepEqual([answer.advice_id, answer.outcome], [advice_id, "accepted"]);
  }
  assert.deepEqual(await scene.server.arrived(), []);
}

describe("trouble while a capture is told", () => {
  const steps = ["received", "host_asked", "concluded", "sent"] as const;

  for (const at of steps) {
    for (const kind of ["power_cut", "journal_wiped"] as const) {
      test(`${kind} at ${at}: told again, it is answered, and captured once`, async () => {
        scene.troubles.order({ kind, at, for_ms: 2_000 });
        const advice = scene.advice(held, "capture", 10000);
        scene.server.send(advice);
        const { wiped, for_ms } = await scene.wentDark;
        assert.deepEqual([wiped, for_ms], [kind === "journal_wiped", 2_000]);
        assert.deepEqual(money(), [at === "received" ? 0 : 10000, "held"]);
        if (wiped) scene.disk.journal.length = 0;
        await scene.boot();
        scene.server.send(advice);
        const was_sent = at === "sent" ? 1 : 0;
        const comes_by_itself = !wiped && (at === "concluded" || at === "sent") ? 1 : 0;
        await isAccepted(advice, was_sent + comes_by_itself + 1);
        assert.deepEqual([money(), told(advice.advice_id)], [[10000, "held"], 1]);
      });
    }

    test(`link_cut at ${at}: the terminal goes on, and answers after its next hello`, async () => {
      scene.troubles.order({ kind: "link_cut", at, for_ms: 2_000 });
      const advice = scene.advice(held, "capture", 10000);
      scene.server.send(advice);
      await scene.connectsAgain();
      await isAccepted(advice, at === "sent" ? 2 : 1);
      assert.deepEqual([money(), told(advice.advice_id)], [[10000, "held"], 1]);
    });
  }

  /** The answer is on the journal, and nothing more is to be said before time passes. */
  async function isWritten(): Promise<void> {
    await until(() => scene.disk.journal.some(({ kind }) => kind === "advised"));
    await scene.server.arrived();
  }

  test("answer_lost: it comes after the next hello", async () => {
    scene.troubles.order({ kind: "answer_lost", at: "concluded", for_ms: 0 });
    scene.server.send(scene.advice(held, "capture"));
    await isWritten();
    assert.deepEqual(await scene.server.arrived(), []);
    await scene.boot();
    assert.equal((await scene.server.expect("advice_result")).outcome, "accepted");
  });

  test("answer_late: it comes after so long", async () => {
    scene.troubles.order({ kind: "answer_late", at: "concluded", for_ms: 2_000 });
    scene.server.send(scene.advice(held, "capture"));
    await isWritten();
    assert.deepEqual(await scene.server.arrived(), []);
    scene.clock.pass(2_000);
    assert.equal((await scene.server.expect("advice_result")).outcome, "accepted");
  });

  test("answer_twice: it comes twice, the same", async () => {
    scene.troubles.order({ kind: "answer_twice", at: "concluded", for_ms: 0 });
    scene.server.send(scene.advice(held, "capture"));
    const result = await scene.server.expect("advice_result");
    assert.deepEqual(await scene.server.expect("advice_result"), result);
  });

  for (const [amount, says] of [
    [39900, ["accepted", "refused"]],
    [39901, ["refused", "accepted"]],
  ] as const) {
    test(`answer_different: it is ${says.join(", then ")}, under two numbers`, async () => {
      scene.troubles.order({ kind: "answer_different", at: "concluded", for_ms: 0 });
      scene.server.send(scene.advice(held, "capture", amount));
      const first = await scene.server.expect("advice_result");
      const second = await scene.server.expect("advice_result");
      assert.deepEqual([first.outcome, second.outcome], says);
      assert.deepEqual([first.sequence, second.sequence], [2, 3]);
      assert.deepEqual(money(), [amount === 39900 ? 39900 : 0, "held"]);
    });
  }

  test("at a step that an advice does not have waits for the next sale", async () => {
    scene.troubles.order({ kind: "link_cut", at: "shown", for_ms: 0 });
    assert.equal((await scene.tell(scene.advice(held, "capture"))).outcome, "accepted");
    assert.equal(scene.server.connections, 1);
    assert.ok(scene.troubles.strike("shown") !== undefined);
  });
});
