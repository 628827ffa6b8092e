/** What a terminal is asked to show, when, and until when. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { Session } from "../../src/contract/session.ts";
import { Connection } from "../../src/terminals/socket/connection.ts";
import { until } from "../support/shop.ts";
import { HandClock } from "../support/terminal-clock.ts";
import { someoneWaits, TerminalScene, whileLocked } from "../support/terminal-scene.ts";
import { HandSocket } from "../support/terminal-socket.ts";

let scene: TerminalScene;
before(async () => {
  scene = await TerminalScene.open();
});
after(() => scene.close());
afterEach(() => scene.reset());

describe("a prompt", () => {
  test("says what is to be paid, for which order, in which boot and until when, and nothing else", async () => {
    const probe = await scene.device.connect();
    const { prompt, session_id } = await scene.sell(probe, { order: { amount: 12345, currency: "SEK", items: [] } });
    const { not_after_ms, ...rest } = prompt;
    assert.equal(typeof not_after_ms, "number");
    assert.deepEqual(rest, {
      type: "prompt",
      prompt_id: (await scene.promptOf(session_id)).id,
      kind: "purchase",
      amount: 12345,
      currency: "SEK",
      merchant_reference: "order-12345",
      boot_id: "boot_1",
    });
  });

  test("reads SENT, over this connection and to this journal, by the time it is on the terminal", async () => {
    const probe = await scene.device.connect();
    const { prompt } = await scene.sell(probe);
    const row = await scene.prompt(prompt.prompt_id);
    assert.deepEqual([row.status, row.sent_epoch, row.sent_journal_id], ["SENT", probe.epoch, "jr_first"]);
    assert.ok(row.sent_at !== null && row.sent_at >= row.created_at);
  });

  test("is not written to the terminal before the database has it as SENT", async () => {
    const session_id = await scene.create();
    const { id } = await scene.promptOf(session_id);
    const probe = await scene.device.open();
    await whileLocked(scene.shop.database, "SELECT FROM prompts WHERE id = $1 FOR UPDATE", [id], async () => {
      probe.send(await scene.device.hello(probe.challenge.nonce));
      await probe.expect("welcome");
      await someoneWaits(scene.shop.database);
      assert.deepEqual(await probe.arrived(), []);
    });
    assert.equal((await probe.expect("prompt")).prompt_id, id);
    assert.equal((await scene.prompt(id)).status, "SENT");
  });

  test("that the database refuses to note as SENT never reaches the terminal", async () => {
    const session_id = await scene.create();
    const { id } = await scene.promptOf(session_id);
    const { sql } = scene.shop.database;
    await sql("ALTER TABLE prompts ADD CONSTRAINT none_is_sent CHECK (status <> 'SENT')");
    const logged = scene.shop.app.world.log.error;
    scene.shop.app.world.log.error = () => {};
    try {
      const probe = await scene.device.connect();
      await probe.closed();
      assert.deepEqual(await probe.arrived(), []);
      assert.equal((await scene.prompt(id)).status, "PENDING");
    } finally {
      scene.shop.app.world.log.error = logged;
      await sql("ALTER TABLE prompts DROP CONSTRAINT none_is_sent");
    }
  });

  test("is told in the session's events once it is sent, and not before", async () => {
    const session_id = await scene.create();
    const events = async () =>
      (await scene.shop.call<Session>("GET", `/v1/sessions/${session_id}`)).body.events?.map(({ name }) => name);
    assert.deepEqual(await events(), ["INITIATED"]);
    await (await scene.device.connect()).expect("prompt");
    assert.deepEqual(await events(), ["INITIATED", "PUSH_NOTIFICATION_SENT"]);
  });

  test("for a terminal that is offline waits, is said to, and is sent as soon as the terminal connects", async () => {
    const { body } = await scene.shop.create();
    assert.equal(body.publish[0]?.status, "failed");
    assert.equal((await scene.promptOf(body.id)).status, "PENDING");
    const probe = await scene.device.connect();
    const prompt = await probe.expect("prompt");
    assert.equal((await scene.promptOf(body.id)).id, prompt.prompt_id);
  });

  test("for a terminal that is offline is not sent once its time is over", async () => {
    const session_id = await scene.create();
    await scene.shop.database.sql("UPDATE prompts SET deadline_at = now()");
    const probe = await scene.device.connect();
    await probe.quiet();
    // A sweep may have ended it already.
    assert.equal((await scene.promptOf(session_id)).sent_at, null);
  });

  test("is sent once, however often the terminal is to be told of it", async () => {
    const probe = await scene.device.connect();
    const { prompt } = await scene.sell(probe);
    const { account_id, terminal_id } = await scene.prompt(prompt.prompt_id);
    for (let count = 0; count < 5; count++) scene.shop.app.world.terminals.sendDue({ account_id, terminal_id });
    await probe.quiet();
  });

  test("of the next sale is sent when the one before has ended", async () => {
    const probe = await scene.device.connect();
    const first = await scene.sell(probe);
    await scene.device.deliver(probe, scene.device.approval(first.prompt));
    const second = await scene.sell(probe);
    assert.notEqual(second.prompt.prompt_id, first.prompt.prompt_id);
  });
});

describe("the time until which a card may be presented", () => {
  /** What the terminal's clock says when ours says `performance.now()`. */
  const skews = [0, -1_000_000, 7_777_777.25];
  for (const skew_ms of skews) {
    test(`is told in the terminal's clock, never later than ours: ${skew_ms} ms apart`, async () => {
      const terminalNow = () => Math.max(0, 2_000_000 + skew_ms + performance.now());
      const probe = await scene.device.connect([], { monotonic_ms: terminalNow() });
      const { prompt } = await scene.sell(probe);
      const { deadline_at } = await scene.prompt(prompt.prompt_id);
      const left_ms = Date.parse(deadline_at) - Date.now();
      const told_ms = prompt.not_after_ms - terminalNow();
      // Date.now() cuts a millisecond off; the rest is the time a frame may take.
      assert.ok(told_ms <= left_ms + 1, `${told_ms} ms told of ${left_ms} ms`);
      assert.ok(told_ms > left_ms - 2_000, `${told_ms} ms told of ${left_ms} ms`);
    });
  }

  /** A connection in a time of its own, with its terminal's clock at 77 s. */
  async function connectAt(clock: HandClock): Promise<HandSocket> {
    const socket = new HandSocket();
    const { world } = scene.shop.app;
    new Connection({ ...world, clock }, socket.served, { onAdmitted: () => {}, onGone: () => {} });
    const [challenge] = socket.sent;
    assert.ok(challenge?.type === "challenge");
    socket.say(await scene.device.hello(challenge.nonce, { monotonic_ms: 77_000 }));
    return socket;
  }

  const promptOn = (socket: HandSocket) =>
    until(() => {
      const prompt = socket.sent.find(({ type }) => type === "prompt");
      return prompt?.type === "prompt" && prompt;
    });

  test("counts from the clock of the last heartbeat, and from its boot", async () => {
    const session_id = await scene.create();
    const clock = new HandClock(Date.parse((await scene.promptOf(session_id)).created_at), 5_000);
    const socket = await connectAt(clock);
    const first = await promptOn(socket);
    assert.deepEqual([first.not_after_ms, first.boot_id], [77_000 + 120_000, "boot_1"]);
    // The terminal's clock runs a little fast, and it has started again: the next prompt goes by what it said last.
    const { sql } = scene.shop.database;
    await sql("UPDATE prompts SET status = 'FAILED', finished_at = now()");
    await sql("UPDATE terminal_seats SET occupant_kind = NULL, occupant_id = NULL, occupied_at = NULL");
    clock.pass(3_000);
    socket.say({ type: "heartbeat", boot_id: "boot_2", monotonic_ms: 1_000 });
    await until(() => socket.sent.some(({ type }) => type === "heartbeat"));
    clock.pass(500);
    socket.sent.length = 0;
    const next = await scene.promptOf(await scene.create());
    socket.say({ type: "result", journal_id: "jr_first", sequence: 1, prompt_id: first.prompt_id, outcome: "failed" });
    const second = await promptOn(socket);
    assert.deepEqual(
      [second.boot_id, second.not_after_ms],
      ["boot_2", 1_000 + 500 + Date.parse(next.deadline_at) - clock.now()],
    );
    socket.terminate();
  });
});
