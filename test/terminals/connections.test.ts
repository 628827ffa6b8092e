/** A terminal has one connection at a time, and only that one counts. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import fastify from "fastify";
import { type App, startApp } from "../../src/app.ts";
import { ConnectionReplaced } from "../../src/flows/connection.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { cardPresented, promptShown, takePromptToSend } from "../../src/flows/prompt.ts";
import { takeResult } from "../../src/flows/result.ts";
import { makeLogger } from "../../src/logger.ts";
import type { Database } from "../../src/storage/database.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { SocketGateway } from "../../src/terminals/socket/gateway.ts";
import { ProbeDevice, type TerminalProbe } from "../support/terminal-probe.ts";
import { TerminalScene } from "../support/terminal-scene.ts";

let scene: TerminalScene;
before(async () => {
  scene = await TerminalScene.open();
});
after(() => scene.close());
afterEach(() => scene.reset());

describe("a terminal that connects a second time", () => {
  test("is known by the newer connection: the older is told that it was replaced, and that it may try again", async () => {
    const older = await scene.device.connect();
    const newer = await scene.device.connect();
    const { code, close_code } = await older.refused();
    assert.deepEqual([code, close_code], ["REPLACED", 4000]);
    assert.equal(newer.epoch, older.epoch + 1);
    await newer.quiet();
    assert.equal((await scene.seat()).connection_epoch, newer.epoch);
  });

  test("stays online when the older connection has gone", async () => {
    const older = await scene.device.connect();
    const newer = await scene.device.connect();
    await older.closed();
    // What the server writes about the older one's end is written by the time it has answered the newer one twice.
    await newer.quiet();
    await newer.quiet();
    const seat = await scene.seat();
    assert.deepEqual([seat.connected_to, seat.connection_epoch], [scene.shop.app.world.process_id, newer.epoch]);
    const { prompt } = await scene.sell(newer);
    assert.equal((await scene.prompt(prompt.prompt_id)).sent_epoch, newer.epoch);
  });

  test("ten times at once ends with exactly one connection, the last that the database counted", async () => {
    const { connection_epoch } = await scene.seat();
    const probes = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const probe = await scene.device.open();
        probe.send(await scene.device.hello(probe.challenge.nonce));
        return probe;
      }),
    );
    // One that was counted before another, and answered after it, is not even welcomed.
    const epochOf = (probe: TerminalProbe) =>
      probe.expect("welcome").then(
        ({ epoch }) => epoch,
        () => undefined,
      );
    const epochs = await Promise.all(probes.map(epochOf));
    const { connection_epoch: last } = await scene.seat();
    assert.equal(last, connection_epoch + 10);
    for (const [index, probe] of probes.entries()) {
      if (epochs[index] === last) await probe.quiet();
      else if (epochs[index] === undefined) assert.equal(await probe.closed(), 4000);
      else assert.equal((await probe.refused()).code, "REPLACED", `epoch ${epochs[index]} of ${last}`);
    }
    assert.ok(epochs.includes(last));
  });
});

describe("two connections of one terminal that the database counts in one order and answers in the other", () => {
  test("leave the terminal with the one that was counted last", async () => {
    const { world } = scene.shop.app;
    const answered = Promise.withResolvers<void>();
    const counted = Promise.withResolvers<void>();
    let first = true;
    const db: Database = {
      ...world.db,
      atOnce: async (work) => {
        const is_first = first;
        first = false;
        const result = await world.db.atOnce(work);
        counted.resolve();
        if (is_first) await answered.promise;
        return result;
      },
    };
    const gateway = new SocketGateway();
    const server = fastify();
    await gateway.serve(server, () => ({ ...world, db, terminals: gateway }));
    const device = new ProbeDevice(await server.listen(), demo.terminal_id, scene.device.sign);
    try {
      const early = await device.open();
      early.send(await device.hello(early.challenge.nonce));
      await counted.promise;
      const late = await device.connect();
      answered.resolve();
      // The early one has its answer, and whatever follows from it has been done.
      await early.settled();
      await late.quiet();
      assert.equal(await early.closed(), 4000);
    } finally {
      await device.leave();
      await server.close();
    }
  });
});

describe("what is said over a connection that was replaced", () => {
  test("counts for nothing, even where that connection has not been told yet", async () => {
    const { world } = scene.shop.app;
    const probe = await scene.device.connect();
    const { prompt } = await scene.sell(probe);
    const { prompt_id } = prompt;
    const older = { account_id: demo.account_id, terminal_id: demo.terminal_id, epoch: probe.epoch - 1 };
    await promptShown(world, older, prompt_id);
    await cardPresented(world, older, prompt_id);
    assert.equal(await takePromptToSend(world, older), undefined);
    await assert.rejects(takeResult(world, older, scene.device.approval(prompt)), ConnectionReplaced);
    assert.equal((await scene.prompt(prompt_id)).status, "SENT");
    assert.deepEqual(await scene.results(prompt_id), []);
  });
});

describe("a terminal that has moved to another server process", () => {
  let other: App;
  let moved: ProbeDevice;
  before(async () => {
    const { config } = scene.shop;
    other = await startApp({
      config,
      clock: systemClock,
      random: systemRandom,
      logger: makeLogger("error", process.stderr),
      onLost: (problem) => {
        throw problem;
      },
    });
    moved = new ProbeDevice(other.address, demo.terminal_id, scene.device.sign);
  });
  after(() => other.close());
  afterEach(() => moved.leave());

  /** The terminal got its prompt over one process, and is now connected to the other; the old link is still up. */
  async function move() {
    const left_behind = await scene.device.connect();
    const { prompt } = await scene.sell(left_behind);
    const now = await moved.connect([{ prompt_id: prompt.prompt_id, step: "received" }]);
    assert.equal(now.epoch, left_behind.epoch + 1);
    return { left_behind, now, prompt };
  }

  test("is not heard over the connection it left: what it says there is on the screen, is not", async () => {
    const { left_behind, now, prompt } = await move();
    left_behind.send({ type: "shown", prompt_id: prompt.prompt_id });
    await left_behind.settled();
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "SENT");
    now.send({ type: "shown", prompt_id: prompt.prompt_id });
    await now.quiet();
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "SHOWN");
  });

  test("is not heard over the connection it left: no card is presented there", async () => {
    const { left_behind, now, prompt } = await move();
    left_behind.send({ type: "card_presented", prompt_id: prompt.prompt_id });
    left_behind.send({ type: "too_late", prompt_id: prompt.prompt_id });
    left_behind.send({ type: "standing", prompt_id: prompt.prompt_id, step: "card_presented" });
    await left_behind.settled();
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "SENT");
    now.send({ type: "card_presented", prompt_id: prompt.prompt_id });
    await now.quiet();
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "PROCESSING");
  });

  test("is not heard over the connection it left: a result there ends nothing", async () => {
    const { left_behind, now, prompt } = await move();
    const result = scene.device.approval(prompt);
    left_behind.send(result);
    await left_behind.settled();
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "SENT");
    await moved.deliver(now, result);
    assert.equal((await scene.prompt(prompt.prompt_id)).status, "APPROVED");
  });

  test("gets no prompt over the connection it left", async () => {
    const left_behind = await scene.device.connect();
    const now = await moved.connect();
    await scene.create();
    const prompt = await now.expect("prompt");
    await left_behind.settled();
    assert.equal((await scene.prompt(prompt.prompt_id)).sent_epoch, now.epoch);
  });

  test("keeps its seat there when the old link breaks", async () => {
    const left_behind = await scene.device.connect();
    const now = await moved.connect();
    await left_behind.cut();
    await now.quiet();
    assert.equal((await scene.seat()).connected_to, other.world.process_id);
  });
});
