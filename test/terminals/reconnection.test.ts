/** A terminal is back: what is done about the prompts that were sent to it before (prompt-life sections 2 and 4). */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { Session } from "../../src/contract/session.ts";
import type { Hello, PromptFrame } from "../../src/contract/terminal-protocol.ts";
import { actOnDeadlines } from "../../src/flows/deadlines.ts";
import { until } from "../support/shop.ts";
import { TerminalScene } from "../support/terminal-scene.ts";

let scene: TerminalScene;
before(async () => {
  scene = await TerminalScene.open();
});
after(() => scene.close());
afterEach(() => scene.reset());

const cancel = (session_id: string) => scene.shop.call<Session>("POST", `/v1/sessions/${session_id}/cancel`);

/** A prompt that was sent over a connection which then broke. */
async function sendAndCut(): Promise<{ session_id: string; prompt: PromptFrame }> {
  const probe = await scene.device.connect();
  const sent = await scene.sell(probe);
  await scene.offline();
  return sent;
}

const entry = (prompt: PromptFrame, step: Hello["journal"][number]["step"]) => [{ prompt_id: prompt.prompt_id, step }];

async function passDeadline(): Promise<void> {
  await scene.shop.database.sql("UPDATE prompts SET deadline_at = now()");
}

describe("a prompt that was on its way when the link broke", () => {
  test("and that the journal never saw is sent again, the same one, over the new connection", async () => {
    const { prompt, session_id } = await sendAndCut();
    const probe = await scene.device.connect([]);
    const again = await probe.expect("prompt");
    assert.equal(again.prompt_id, prompt.prompt_id);
    await probe.quiet();
    const row = await scene.prompt(prompt.prompt_id);
    assert.deepEqual([row.status, row.sent_epoch, row.sent_journal_id], ["SENT", probe.epoch, "jr_first"]);
    const { body } = await scene.shop.call<Session>("GET", `/v1/sessions/${session_id}`);
    assert.deepEqual(
      body.events?.map(({ name }) => name),
      ["INITIATED", "PUSH_NOTIFICATION_SENT"],
    );
  });

  test("is sent again in the terminal's clock and boot of now, with no more time than is left", async () => {
    const { prompt } = await sendAndCut();
    scene.device.boot_id = "boot_after_a_power_cut";
    try {
      const probe = await scene.device.connect([], { monotonic_ms: 500 });
      const again = await probe.expect("prompt");
      const left_ms = Date.parse((await scene.prompt(prompt.prompt_id)).deadline_at) - Date.now();
      assert.equal(again.boot_id, "boot_after_a_power_cut");
      assert.ok(again.not_after_ms - 500 <= left_ms + 1_000 && again.not_after_ms - 500 > left_ms - 2_000);
    } finally {
      scene.device.boot_id = "boot_1";
    }
  });

  test("is sent again however often the link breaks, and its result counts once", async () => {
    const { prompt, session_id } = await sendAndCut();
    for (let count = 0; count < 3; count++) {
      await (await scene.device.connect([])).expect("prompt");
      await scene.offline();
    }
    const probe = await scene.device.connect(entry(prompt, "concluded"));
    await scene.device.deliver(probe, scene.device.approval(prompt));
    const { body } = await scene.shop.call<{ status: string }[]>("GET", `/v1/transactions?session_id=${session_id}`);
    assert.equal(body[0]?.status, "CAPTURED");
  });

  test("and that the journal has received is not sent again", async () => {
    const { prompt } = await sendAndCut();
    const probe = await scene.device.connect(entry(prompt, "received"));
    await probe.quiet();
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "SENT");
  });

  test("and that the journal has on the screen is SHOWN, and is not sent again", async () => {
    const { prompt } = await sendAndCut();
    const probe = await scene.device.connect(entry(prompt, "shown"));
    await probe.quiet();
    const row = await scene.prompt(prompt.prompt_id);
    assert.equal(row.status, "SHOWN");
    assert.notEqual(row.shown_at, null);
  });

  test("and for which a card was presented meanwhile is PROCESSING, and the terminal is asked where it stands", async () => {
    const { prompt } = await sendAndCut();
    const probe = await scene.device.connect(entry(prompt, "card_presented"));
    assert.equal((await probe.expect("inquire")).prompt_id, prompt.prompt_id);
    await probe.quiet();
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "PROCESSING");
  });

  test("and whose result the journal holds is left to that result", async () => {
    const { prompt } = await sendAndCut();
    const probe = await scene.device.connect(entry(prompt, "concluded"));
    await probe.quiet();
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "SENT");
    await scene.device.deliver(probe, scene.device.approval(prompt));
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "APPROVED");
  });

  test("is unresolved when another journal comes: only the one it was sent to may show it or deny it", async () => {
    const { prompt } = await sendAndCut();
    scene.device.journal_id = "jr_after_a_wipe";
    try {
      const probe = await scene.device.connect([]);
      await probe.quiet();
      await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, "not_shown"));
      assert.equal((await scene.results(prompt.prompt_id))[0]?.verdict, "foreign");
      assert.equal((await scene.prompt(prompt.prompt_id)).status, "UNRESOLVED");
    } finally {
      scene.device.journal_id = "jr_first";
    }
  });
});

describe("a sale that is cancelled while its terminal is away", () => {
  test("is refused with its own code, and the wish is kept", async () => {
    const { prompt, session_id } = await sendAndCut();
    const refused = await cancel(session_id);
    assert.equal(refused.status, 409);
    assert.equal((refused.body as unknown as { error: { code: string } }).error.code, "TERMINAL_UNREACHABLE");
    const row = await scene.prompt(prompt.prompt_id);
    assert.deepEqual([row.status, row.cancel_asked_by], ["SENT", "demo-client"]);
  });

  test("and whose prompt is on the screen is stopped when the terminal returns, and then CANCELLED", async () => {
    const { prompt, session_id } = await sendAndCut();
    await cancel(session_id);
    const probe = await scene.device.connect(entry(prompt, "shown"));
    assert.equal((await probe.expect("stop")).prompt_id, prompt.prompt_id);
    await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, "stopped"));
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "CANCELLED");
    const session = (await scene.shop.call<Session>("GET", `/v1/sessions/${session_id}`)).body;
    assert.equal(session.cancelled_by, "demo-client");
    assert.ok(session.cancelled_at);
  });

  test("and whose prompt was received but not shown is stopped too", async () => {
    const { prompt, session_id } = await sendAndCut();
    await cancel(session_id);
    const probe = await scene.device.connect(entry(prompt, "received"));
    assert.equal((await probe.expect("stop")).prompt_id, prompt.prompt_id);
  });

  test("and whose prompt never arrived is never sent again: it is to be refused for good", async () => {
    const { prompt, session_id } = await sendAndCut();
    await cancel(session_id);
    const probe = await scene.device.connect([]);
    assert.equal((await probe.expect("inquire")).prompt_id, prompt.prompt_id);
    await probe.quiet();
    await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, "not_shown"));
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "EXPIRED");
  });

  test("and was paid meanwhile stays paid: the terminal is asked where it stands, not to stop", async () => {
    const { prompt, session_id } = await sendAndCut();
    await cancel(session_id);
    const probe = await scene.device.connect(entry(prompt, "card_presented"));
    assert.equal((await probe.expect("inquire")).prompt_id, prompt.prompt_id);
    await scene.device.deliver(probe, scene.device.approval(prompt));
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "APPROVED");
    assert.equal((await cancel(session_id)).status, 409);
  });

  test("and never got its prompt is cancelled at once", async () => {
    const session_id = await scene.create();
    assert.equal((await cancel(session_id)).status, 200);
    assert.equal((await scene.promptOf(session_id)).status, "CANCELLED");
    await (await scene.device.connect()).quiet();
  });
});

describe("a prompt whose time is over when the terminal returns", () => {
  test("and that never arrived is not sent again but asked about", async () => {
    const { prompt } = await sendAndCut();
    await passDeadline();
    const probe = await scene.device.connect([]);
    assert.equal((await probe.expect("inquire")).prompt_id, prompt.prompt_id);
    await probe.quiet();
    await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, "not_shown"));
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "EXPIRED");
  });

  test("and that is on the screen is stopped, and has EXPIRED when it is down", async () => {
    const { prompt } = await sendAndCut();
    await passDeadline();
    const probe = await scene.device.connect(entry(prompt, "shown"));
    // At once, and not when the sweep of deadlines comes by.
    const [first] = await probe.settled();
    assert.deepEqual(first, { type: "stop", prompt_id: prompt.prompt_id });
    probe.send(scene.device.result(prompt.prompt_id, "stopped"));
    await until(async () => (await scene.prompt(prompt.prompt_id)).status === "EXPIRED");
  });
});

describe("a prompt of which nothing is known", () => {
  /** The server's sweep of deadlines, so much later. */
  async function sweepAfter(ms: number): Promise<void> {
    const { world } = scene.shop.app;
    await actOnDeadlines({ ...world, clock: { ...world.clock, now: () => world.clock.now() + ms } });
  }

  test("is asked to stop 2 s after its deadline, and UNRESOLVED when the terminal says nothing for 10 s more", async () => {
    const probe = await scene.device.connect();
    const { prompt } = await scene.sell(probe);
    await sweepAfter(121_000);
    await probe.quiet();
    await sweepAfter(122_100);
    assert.equal((await probe.expect("stop")).prompt_id, prompt.prompt_id);
    await sweepAfter(131_000);
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "SENT");
    await sweepAfter(132_500);
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "UNRESOLVED");
  });

  test("with a card presented is UNRESOLVED after 150 s, and the terminal is asked where it stands", async () => {
    const probe = await scene.device.connect();
    const { prompt } = await scene.sell(probe);
    probe.send({ type: "card_presented", prompt_id: prompt.prompt_id });
    await probe.quiet();
    await sweepAfter(149_000);
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "PROCESSING");
    await sweepAfter(150_500);
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "UNRESOLVED");
    assert.equal((await probe.expect("inquire")).prompt_id, prompt.prompt_id);
  });

  /** The terminal was away past every limit. */
  async function unresolved() {
    const sent = await sendAndCut();
    await sweepAfter(122_500);
    await sweepAfter(133_000);
    assert.equal((await scene.prompt(sent.prompt.prompt_id)).status, "UNRESOLVED");
    return sent;
  }

  for (const step of ["received", "shown", "card_presented"] as const) {
    test(`is asked about when the terminal returns with it, and has its outcome when it answers: ${step}`, async () => {
      const { prompt } = await unresolved();
      const probe = await scene.device.connect(entry(prompt, step));
      assert.equal((await probe.expect("inquire")).prompt_id, prompt.prompt_id);
      await scene.device.deliver(probe, scene.device.approval(prompt));
      assert.equal((await scene.prompt(prompt.prompt_id)).status, "APPROVED");
      assert.equal((await scene.seat()).occupant_id, null);
    });
  }

  test("is asked about when the terminal returns without it, and has EXPIRED when it was never shown", async () => {
    const { prompt } = await unresolved();
    const probe = await scene.device.connect([]);
    assert.equal((await probe.expect("inquire")).prompt_id, prompt.prompt_id);
    await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, "not_shown"));
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "EXPIRED");
    assert.equal((await scene.seat()).occupant_id, null);
  });

  test("is resolved by the result that the journal holds, without being asked about", async () => {
    const { prompt } = await unresolved();
    const probe = await scene.device.connect(entry(prompt, "concluded"));
    await probe.quiet();
    await scene.device.deliver(probe, scene.device.result(prompt.prompt_id, "declined"));
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "DECLINED");
  });

  test("is asked about again by each connection until it has its outcome", async () => {
    const { prompt } = await unresolved();
    for (let count = 0; count < 2; count++) {
      const probe = await scene.device.connect(entry(prompt, "card_presented"));
      await probe.expect("inquire");
      probe.send({ type: "standing", prompt_id: prompt.prompt_id, step: "card_presented" });
      await probe.quiet();
      assert.equal((await scene.prompt(prompt.prompt_id)).status, "UNRESOLVED");
      await scene.offline();
    }
  });

  test("is never sent again, whatever time was left", async () => {
    const { prompt } = await unresolved();
    const probe = await scene.device.connect([]);
    await probe.expect("inquire");
    await probe.quiet();
    assert.equal((await scene.prompt(prompt.prompt_id)).sent_epoch, probe.epoch - 1);
  });
});
