/** Frames that are not of the protocol, links that say nothing, and links that say too much. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { frameLimit_bytes, silenceLimit_ms, type TerminalFrame } from "../../src/contract/terminal-protocol.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { Connection } from "../../src/terminals/socket/connection.ts";
import { SocketGateway } from "../../src/terminals/socket/gateway.ts";
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

describe("a frame that is not of the protocol", () => {
  const key = { journal_id: "jr_1", sequence: 1 };
  const tooEarly: TerminalFrame[] = [
    { type: "heartbeat", boot_id: "boot_1", monotonic_ms: 1 },
    { type: "shown", prompt_id: "pr_1" },
    { type: "card_presented", prompt_id: "pr_1" },
    { type: "too_late", prompt_id: "pr_1" },
    { type: "standing", prompt_id: "pr_1", step: "shown" },
    { type: "result", ...key, prompt_id: "pr_1", outcome: "approved" },
    { type: "not_supported", of: "advice" },
  ];
  for (const frame of tooEarly) {
    test(`is ${frame.type} before hello: refused, and nothing is stored`, async () => {
      const probe = await scene.device.open();
      probe.send(frame);
      const { code, sentence, close_code } = await probe.refused();
      assert.deepEqual([code, sentence, close_code], ["FRAME_NOT_UNDERSTOOD", "The first frame is hello.", 4003]);
      assert.deepEqual(await scene.results("pr_1"), []);
    });
  }

  const strange: { what: string; text: string; sentence: RegExp }[] = [
    { what: "no JSON", text: "hello", sentence: /^The frame is not JSON\.$/ },
    { what: "empty", text: "", sentence: /^The frame is not JSON\.$/ },
    { what: "a number", text: "42", sentence: /^There is no frame of type undefined\.$/ },
    { what: "null", text: "null", sentence: /^There is no frame of type undefined\.$/ },
    { what: "a list", text: '[{"type":"heartbeat"}]', sentence: /^There is no frame of type undefined\.$/ },
    { what: "of a type that nobody knows", text: '{"type":"tip"}', sentence: /^There is no frame of type "tip"\.$/ },
    { what: "of a type with a name of the language's own", text: '{"type":"constructor"}', sentence: /"constructor"/ },
    { what: "one that only the server sends", text: '{"type":"welcome"}', sentence: /"welcome"/ },
    { what: "a heartbeat without its clock", text: '{"type":"heartbeat","boot_id":"b"}', sentence: /monotonic_ms/ },
    {
      what: "a result numbered with no whole number",
      text: '{"type":"result","journal_id":"j","sequence":1.5,"prompt_id":"p","outcome":"approved"}',
      sentence: /^result\/sequence: /,
    },
    {
      what: "a result numbered beyond what a counter reaches",
      text: '{"type":"result","journal_id":"j","sequence":1e19,"prompt_id":"p","outcome":"approved"}',
      sentence: /^result\/sequence: /,
    },
  ];
  for (const { what, text, sentence } of strange) {
    test(`that is ${what} ends the connection with a sentence that says so`, async () => {
      const probe = await scene.device.connect();
      probe.sendText(text);
      const refusal = await probe.refused();
      assert.deepEqual([refusal.code, refusal.close_code], ["FRAME_NOT_UNDERSTOOD", 4003]);
      assert.match(refusal.sentence, sentence);
    });
  }

  test("that is a second hello is refused", async () => {
    const probe = await scene.device.connect();
    probe.send(await scene.device.hello(probe.challenge.nonce));
    const { code, sentence } = await probe.refused();
    assert.deepEqual([code, sentence], ["FRAME_NOT_UNDERSTOOD", "hello comes once."]);
    assert.equal((await scene.seat()).connection_epoch, probe.epoch);
  });

  test("ends what is heard of the connection: a hello behind it admits nobody", async () => {
    const { connection_epoch } = await scene.seat();
    const probe = await scene.device.open();
    probe.send({ type: "shown", prompt_id: "pr_1" }, await scene.device.hello(probe.challenge.nonce));
    assert.equal((await probe.refused()).code, "FRAME_NOT_UNDERSTOOD");
    // The hello was read before the refusal had crossed the wire; another terminal's visit takes longer than it would.
    const next = await scene.device.connect();
    assert.equal(next.epoch, connection_epoch + 1);
  });

  test("because its protocol version is another is refused as such", async () => {
    const probe = await scene.device.open();
    const hello = await scene.device.hello(probe.challenge.nonce);
    probe.sendText(JSON.stringify({ ...hello, protocol_version: 2 }));
    const { code, close_code } = await probe.refused();
    assert.deepEqual([code, close_code], ["PROTOCOL_VERSION", 4003]);
  });

  test("because it is larger than a frame may be ends the connection, and no other", async () => {
    const other = await scene.device.open();
    const probe = await scene.device.connect();
    const frame = { type: "shown", prompt_id: "pr_1", filling: "" };
    const room = frameLimit_bytes - JSON.stringify(frame).length;
    probe.sendText(JSON.stringify({ ...frame, filling: "x".repeat(room) }));
    await probe.quiet();
    probe.sendText(JSON.stringify({ ...frame, filling: "x".repeat(room + 1) }));
    assert.ok([1006, 1009].includes(await probe.closed()));
    other.send(await scene.device.hello(other.challenge.nonce));
    await other.expect("welcome");
  });
});

describe("a terminal of tomorrow", () => {
  test("may say more in a frame than this server knows", async () => {
    const probe = await scene.device.open();
    const hello = await scene.device.hello(probe.challenge.nonce);
    probe.sendText(JSON.stringify({ ...hello, battery: 80, device: { ...hello.device, colour: "grey" } }));
    await probe.expect("welcome");
  });

  test("may answer what this server does not ask yet, and stays connected", async () => {
    const probe = await scene.device.connect();
    const key = { journal_id: "jr_1", sequence: 1 };
    probe.send(
      { type: "not_supported", of: "advice", id: "ad_1" },
      { type: "reversal_result", ...key, reversal_id: "rv_1", outcome: "reversed" },
      { type: "advice_result", ...key, sequence: 2, advice_id: "ad_1", outcome: "accepted" },
      { type: "operation_result", ...key, sequence: 3, operation_id: "op_1", outcome: "completed" },
    );
    // A result is acknowledged even where nobody knows what it is about: it would come back for ever.
    for (const sequence of [1, 2, 3]) assert.equal((await probe.expect("acknowledge")).sequence, sequence);
    await probe.quiet();
  });
});

describe("a link", () => {
  const connect = (clock: HandClock): HandSocket => {
    const socket = new HandSocket();
    const ignore = { onAdmitted: () => {}, onGone: () => {} };
    new Connection({ ...scene.shop.app.world, clock }, socket.served, ignore);
    return socket;
  };

  test("gets an answer to each heartbeat", async () => {
    const probe = await scene.device.connect();
    for (const monotonic_ms of [1, 2, 3]) {
      probe.send({ type: "heartbeat", boot_id: "boot_1", monotonic_ms });
      assert.deepEqual(await probe.expect("heartbeat"), { type: "heartbeat" });
    }
  });

  test("that says nothing for ten seconds is cut", () => {
    const clock = new HandClock(Date.now());
    const socket = connect(clock);
    clock.pass(silenceLimit_ms - 1);
    assert.equal(socket.ended, undefined);
    clock.pass(1);
    assert.equal(socket.ended, "terminated");
  });

  test("that says anything, welcome or not, is given ten seconds more", async () => {
    const clock = new HandClock(Date.now());
    const socket = connect(clock);
    const [challenge] = socket.sent;
    assert.ok(challenge?.type === "challenge");
    clock.pass(silenceLimit_ms - 1);
    socket.say(await scene.device.hello(challenge.nonce));
    await until(() => socket.sent.some(({ type }) => type === "welcome"));
    for (const monotonic_ms of [1, 2, 3]) {
      clock.pass(silenceLimit_ms - 1);
      socket.say({ type: "heartbeat", boot_id: "boot_1", monotonic_ms });
    }
    assert.equal(socket.ended, undefined);
    clock.pass(silenceLimit_ms);
    assert.equal(socket.ended, "terminated");
  });

  test("that was cut leaves the terminal offline in the database", async () => {
    const clock = new HandClock(Date.now());
    const socket = connect(clock);
    const [challenge] = socket.sent;
    assert.ok(challenge?.type === "challenge");
    socket.say(await scene.device.hello(challenge.nonce));
    await until(() => socket.sent.some(({ type }) => type === "welcome"));
    assert.notEqual((await scene.seat()).connected_to, null);
    clock.pass(silenceLimit_ms);
    await until(async () => (await scene.seat()).connected_to === null);
  });

  test("that breaks while the server still checks who it is leaves the terminal offline", async () => {
    const { database, app } = scene.shop;
    const probe = await scene.device.open();
    const held = "SELECT FROM terminal_seats FOR UPDATE";
    await whileLocked(database, held, [], async () => {
      probe.send(await scene.device.hello(probe.challenge.nonce));
      await someoneWaits(database);
      await probe.cut();
      // The server has seen the cut: what it is asked after it, it answers after it.
      await (await scene.device.open()).arrived();
    });
    const { connection_epoch } = await scene.seat();
    try {
      await until(async () => (await scene.seat()).connected_to === null);
      assert.equal(
        app.world.terminals.stop({ account_id: demo.account_id, terminal_id: demo.terminal_id }, "pr"),
        false,
      );
    } finally {
      // A ghost that is left behind goes when the terminal comes again.
      assert.ok((await scene.device.connect()).epoch > connection_epoch);
    }
  });

  test("over which more frames come at once than a terminal ever has is cut", () => {
    const socket = connect(new HandClock(Date.now()));
    for (let count = 1; count <= 256; count++) socket.say({ type: "heartbeat", boot_id: "b", monotonic_ms: count });
    assert.equal(socket.ended, undefined);
    socket.say({ type: "heartbeat", boot_id: "b", monotonic_ms: 257 });
    assert.equal(socket.ended, "terminated");
  });

  test("of a server that stops is told so, and that trying again may help", async () => {
    const admitted = await scene.device.connect();
    const stranger = await scene.device.open();
    const gateway = scene.shop.app.world.terminals;
    assert.ok(gateway instanceof SocketGateway);
    gateway.close();
    for (const probe of [admitted, stranger]) {
      const { code, close_code } = await probe.refused();
      assert.deepEqual([code, close_code], ["STOPPING", 4000]);
    }
  });
});
