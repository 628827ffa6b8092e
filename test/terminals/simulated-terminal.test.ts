/** The simulated terminal keeps the terminal's side of the promises (prompt-life section 4), power cuts included. */
import assert from "node:assert/strict";
import { afterEach, before, beforeEach, describe, test } from "node:test";
import {
  heartbeatEvery_ms,
  type PromptFrame,
  type Result,
  silenceLimit_ms,
} from "../../src/contract/terminal-protocol.ts";
import { scriptFor } from "../../src/simulator/amounts.ts";
import { CardHost } from "../../src/simulator/card-host.ts";
import { makeDeviceKey, type Sign, signer } from "../../src/simulator/device-key.ts";
import { SimulatedTerminal } from "../../src/simulator/terminal.ts";
import { Troubles } from "../../src/simulator/trouble.ts";
import { systemRandom } from "../../src/system-environment.ts";
import { quietLog } from "../support/quiet-log.ts";
import { until } from "../support/shop.ts";
import { HandClock } from "../support/terminal-clock.ts";
import { HandDisk, type PowerCut } from "../support/terminal-disk.ts";
import { HandServer } from "../support/terminal-server.ts";

let sign: Sign;
let server: HandServer;
let disk: HandDisk;
let clock: HandClock;
let booted: SimulatedTerminal[] = [];
const approval = scriptFor(39900);

before(async () => {
  sign = await signer((await makeDeviceKey()).private_jwk);
});
beforeEach(async () => {
  server = await HandServer.open();
  disk = new HandDisk();
});
afterEach(() => {
  for (const terminal of booted) terminal.unplug();
  booted = [];
  server.close();
});

/** Switches the terminal on. Its clock starts at nought, as every boot's does. */
async function boot(cut?: PowerCut): Promise<SimulatedTerminal> {
  clock = new HandClock(Date.parse("2026-11-22T12:00:00Z"));
  const { journal, host } = disk.boot(cut);
  const terminal = await SimulatedTerminal.boot({
    clock,
    random: systemRandom,
    log: quietLog,
    address: server.address,
    terminal_id: "T12345678-T0292",
    serial_number: "SIMULATED-1",
    sign,
    journal,
    host: await CardHost.open(host),
    troubles: new Troubles(),
    onPowerCut: () => {},
    onScreen: ({ waits, text }) => disk.story.push(waits ? "it is on the screen" : `the screen says ${text}`),
  });
  booted.push(terminal);
  return terminal;
}

async function bootAndConnect(): Promise<SimulatedTerminal> {
  const terminal = await boot();
  const before = server.connections;
  terminal.plugIn();
  await server.greeted(before + 1);
  return terminal;
}

/** Shows a prompt on the terminal. */
async function show(prompt = server.prompt(clock)): Promise<PromptFrame> {
  server.send(prompt);
  assert.equal((await server.expect("shown")).prompt_id, prompt.prompt_id);
  return prompt;
}

const kindsOf = () => disk.journal.map(({ kind }) => kind);

describe("a simulated terminal", () => {
  test("takes a payment: shown, card presented, approved by its host once, delivered until acknowledged", async () => {
    const terminal = await bootAndConnect();
    const prompt = await show();
    assert.equal(terminal.screen.text, "Present card: 399.00 NOK");
    assert.equal(await terminal.presentCard(approval), true);
    await server.expect("card_presented");
    const result = await server.expect("result");
    assert.deepEqual(
      [result.outcome, result.amount, result.currency, result.sequence, result.prompt_id],
      ["approved", 39900, "NOK", 1, prompt.prompt_id],
    );
    server.acknowledge(result);
    await until(() => kindsOf().includes("acknowledged"));
    assert.deepEqual(kindsOf(), ["made", "received", "shown", "card_presented", "concluded", "acknowledged"]);
    assert.deepEqual(
      disk.host.map((entry) => "prompt_id" in entry && entry.prompt_id),
      [prompt.prompt_id],
    );
  });

  test("stores each step before it acts on it", async () => {
    const terminal = await bootAndConnect();
    await show();
    await terminal.presentCard(approval);
    assert.deepEqual(disk.story, [
      "made is on disk",
      "received is on disk",
      "shown is on disk",
      "it is on the screen",
      "card_presented is on disk",
      "the screen says Processing…",
      "authorized is on disk",
      "concluded is on disk",
      "the screen says Approved",
    ]);
  });

  for (const kind of ["received", "shown", "card_presented", "authorized", "concluded"] as const) {
    test(`says nothing of a step before the step is on disk: ${kind}`, async () => {
      const terminal = await bootAndConnect();
      const held = disk.hold(kind);
      const prompt = server.prompt(clock);
      server.send(prompt);
      if (kind !== "received" && kind !== "shown") {
        await server.expect("shown");
        void terminal.presentCard(approval);
        if (kind !== "card_presented") await held.reached.then(() => server.expect("card_presented"));
      }
      await held.reached;
      const screen = terminal.screen.text;
      assert.deepEqual(await server.arrived(), []);
      assert.notEqual(screen, "Approved");
      if (kind === "received" || kind === "shown") assert.equal(screen, "Welcome");
      if (kind === "card_presented") assert.equal(screen, "Present card: 399.00 NOK");
      held.release();
      const next = { received: "shown", shown: "shown", card_presented: "card_presented" } as const;
      await server.expect(kind === "authorized" || kind === "concluded" ? "result" : next[kind]);
    });
  }

  test("shows a prompt once: the same one sent again is answered with where it stands", async () => {
    const terminal = await bootAndConnect();
    const prompt = await show();
    server.send(prompt);
    assert.deepEqual(await server.expect("standing"), {
      type: "standing",
      prompt_id: prompt.prompt_id,
      step: "shown",
    });
    await terminal.pressCancel();
    const result = await server.expect("result");
    server.send(prompt);
    assert.deepEqual(await server.expect("result"), result);
    server.acknowledge(result);
    await until(() => kindsOf().includes("acknowledged"));
    server.send(prompt, { type: "inquire", prompt_id: prompt.prompt_id });
    assert.deepEqual(await server.expect("result"), result);
    assert.deepEqual(await server.expect("result"), result);
    assert.equal(disk.story.filter((line) => line === "it is on the screen").length, 1);
  });

  test("shows no new prompt while a result of its own is unacknowledged", async () => {
    const terminal = await bootAndConnect();
    await show();
    await terminal.presentCard(approval);
    await server.expect("card_presented");
    const result = await server.expect("result");
    const next = server.prompt(clock);
    server.send(next, { type: "inquire", prompt_id: next.prompt_id });
    assert.equal((await server.expect("standing")).step, "received");
    assert.equal(terminal.screen.waits, false);
    server.acknowledge(result);
    assert.equal((await server.expect("shown")).prompt_id, next.prompt_id);
    assert.equal(terminal.screen.waits, true);
  });

  test("does not show a prompt that waited too long for an acknowledgement", async () => {
    const terminal = await bootAndConnect();
    await show();
    await terminal.presentCard(approval);
    await server.expect("card_presented");
    const result = await server.expect("result");
    const next = server.prompt(clock, { not_after_ms: clock.monotonic() + 1_000 });
    server.send(next, { type: "inquire", prompt_id: next.prompt_id });
    await server.expect("standing");
    clock.pass(1_000);
    server.acknowledge(result);
    const refusal = await server.expect("result");
    assert.deepEqual([refusal.prompt_id, refusal.outcome], [next.prompt_id, "not_shown"]);
    assert.equal(disk.story.filter((line) => line === "it is on the screen").length, 1);
  });

  test("lets go of a prompt that it holds back when it is to stop it", async () => {
    const terminal = await bootAndConnect();
    await show();
    await terminal.presentCard(approval);
    await server.expect("card_presented");
    const result = await server.expect("result");
    const next = server.prompt(clock);
    server.send(next, { type: "stop", prompt_id: next.prompt_id });
    const stopped = await server.expect("result");
    assert.deepEqual([stopped.prompt_id, stopped.outcome], [next.prompt_id, "stopped"]);
    server.acknowledge(result);
    server.acknowledge(stopped);
    await until(() => kindsOf().filter((kind) => kind === "acknowledged").length === 2);
    assert.deepEqual(await server.arrived(), []);
    assert.equal(terminal.screen.waits, false);
  });

  test("does not show a prompt that was meant for an earlier start", async () => {
    const terminal = await bootAndConnect();
    server.send(server.prompt(clock, { boot_id: "boot_before" }));
    assert.equal((await server.expect("result")).outcome, "not_shown");
    assert.equal(terminal.screen.waits, false);
    assert.ok(!kindsOf().includes("shown"));
  });

  test("does not show a prompt whose time is over", async () => {
    const terminal = await bootAndConnect();
    clock.pass(5_000);
    server.send(server.prompt(clock, { not_after_ms: clock.monotonic() }));
    assert.equal((await server.expect("result")).outcome, "not_shown");
    assert.equal(terminal.screen.waits, false);
    assert.ok(!kindsOf().includes("shown"));
  });

  test("does not show a second prompt beside the one on its screen", async () => {
    await bootAndConnect();
    const first = await show();
    const second = server.prompt(clock);
    server.send(second);
    const refusal = await server.expect("result");
    assert.deepEqual([refusal.prompt_id, refusal.outcome], [second.prompt_id, "not_shown"]);
    server.send({ type: "inquire", prompt_id: first.prompt_id });
    assert.equal((await server.expect("standing")).step, "shown");
  });

  test("takes a prompt down when its time is over, and takes no card for it any more", async () => {
    const terminal = await bootAndConnect();
    const prompt = await show();
    clock.pass(59_999);
    assert.equal(terminal.screen.waits, true);
    clock.pass(1);
    const result = await server.expect("result");
    assert.deepEqual([result.prompt_id, result.outcome], [prompt.prompt_id, "timed_out"]);
    assert.equal(await terminal.presentCard(approval), false);
    assert.deepEqual(disk.host, []);
  });

  test("answers about a prompt it never saw by refusing it for good: it is not shown when it comes after all", async () => {
    const terminal = await bootAndConnect();
    const prompt = server.prompt(clock);
    server.send({ type: "inquire", prompt_id: prompt.prompt_id });
    const tombstone = await server.expect("result");
    assert.equal(tombstone.outcome, "not_shown");
    assert.ok(kindsOf().includes("concluded"));
    server.acknowledge(tombstone);
    server.send(prompt);
    assert.deepEqual(await server.expect("result"), tombstone);
    assert.equal(terminal.screen.waits, false);
    // After a power cut as well.
    terminal.unplug();
    const again = await bootAndConnect();
    server.send({ ...prompt, boot_id: server.hello?.boot_id ?? "" });
    assert.deepEqual(await server.expect("result"), tombstone);
    assert.equal(again.screen.waits, false);
  });

  test("does the same when it is to stop a prompt it never saw", async () => {
    await bootAndConnect();
    const prompt = server.prompt(clock);
    server.send({ type: "stop", prompt_id: prompt.prompt_id }, prompt);
    const tombstone = await server.expect("result");
    assert.equal(tombstone.outcome, "not_shown");
    assert.deepEqual(await server.expect("result"), tombstone);
    assert.ok(!kindsOf().includes("shown"));
  });
});

describe("a stop and a tap in the same instant", () => {
  test("end in one way: the tap was first, and the stop is answered with the approval", async () => {
    const terminal = await bootAndConnect();
    const prompt = await show();
    const held = disk.hold("card_presented");
    const tapped = terminal.presentCard(approval);
    await held.reached;
    server.send({ type: "stop", prompt_id: prompt.prompt_id });
    await server.arrived();
    held.release();
    assert.equal(await tapped, true);
    await server.expect("card_presented");
    const result = await server.expect("result");
    assert.equal(result.outcome, "approved");
    assert.deepEqual(await server.expect("result"), result);
  });

  test("end in the other way: the stop was first, and the card finds nothing to pay", async () => {
    const terminal = await bootAndConnect();
    const prompt = await show();
    const held = disk.hold("concluded");
    server.send({ type: "stop", prompt_id: prompt.prompt_id });
    await held.reached;
    const tapped = terminal.presentCard(approval);
    held.release();
    assert.equal(await tapped, false);
    assert.equal((await server.expect("result")).outcome, "stopped");
    assert.deepEqual([await server.arrived(), disk.host], [[], []]);
  });

  test("leave one result, whichever was first: with the time running out as well", async () => {
    for (let round = 0; round < 10; round++) {
      disk = new HandDisk();
      const terminal = await bootAndConnect();
      const prompt = await show();
      const acts = [
        () => server.send({ type: "stop", prompt_id: prompt.prompt_id }),
        () => clock.pass(60_000),
        () => void terminal.presentCard(approval),
        () => void terminal.pressCancel(),
      ];
      for (let turn = 0; turn < acts.length; turn++) acts[(turn + round) % acts.length]?.();
      await until(() => kindsOf().includes("concluded"));
      await server.arrived();
      server.send({ type: "inquire", prompt_id: prompt.prompt_id });
      let result: Result | undefined;
      await until(async () => {
        for (const frame of await server.arrived()) if (frame.type === "result") result = frame;
        return result !== undefined;
      });
      assert.equal(kindsOf().filter((kind) => kind === "concluded").length, 1);
      assert.equal(disk.host.length, result?.outcome === "approved" ? 1 : 0);
      terminal.unplug();
      server.close();
      server = await HandServer.open();
    }
  });
});

describe("a power cut", () => {
  /** Every write of a payment: made, received, shown, card_presented, authorized, concluded, acknowledged. */
  const writes = 7;
  const cuts: PowerCut[] = Array.from({ length: writes }, (_, index) => [
    { write: index + 1, kept: false },
    { write: index + 1, kept: true },
  ]).flat();

  /** A whole payment, until power goes. Answers its prompt, if it came to one. */
  async function payUntilDark(cut: PowerCut, script: typeof approval): Promise<PromptFrame | undefined> {
    const terminal = await Promise.race([boot(cut), disk.out.then(() => undefined)]);
    if (terminal === undefined) return undefined;
    terminal.plugIn();
    await server.greeted(1);
    const prompt = server.prompt(clock);
    const pay = async () => {
      server.send(prompt);
      await server.expect("shown");
      await terminal.presentCard(script);
      await server.expect("card_presented");
      server.acknowledge(await server.expect("result"));
    };
    pay().catch(() => {});
    await disk.out;
    // The server it comes back to knows nothing of what was said to the one before.
    server.close();
    server = await HandServer.open();
    return prompt;
  }

  /** What is owed to the server, by what is on the disk and in the host's book. */
  function owed(prompt: PromptFrame, answered: "approved" | "declined"): Result["outcome"] | "nothing" {
    if (kindsOf().includes("acknowledged")) return "nothing";
    if (disk.host.some((entry) => "prompt_id" in entry && entry.prompt_id === prompt.prompt_id)) return answered;
    if (kindsOf().includes("shown")) return "failed";
    return kindsOf().includes("received") ? "not_shown" : "nothing";
  }

  const timesShown = () => disk.story.filter((line) => line === "it is on the screen").length;
  const answers = [
    { answered: "approved" as const, script: approval },
    { answered: "declined" as const, script: scriptFor(990100) },
  ];
  const second: { again: string; cut: PowerCut | undefined }[] = [
    { again: "", cut: undefined },
    { again: ", and again before what is owed is on disk", cut: { write: 1, kept: false } },
    { again: ", and again when it is just on disk", cut: { write: 1, kept: true } },
  ];

  for (const { answered, script } of answers) {
    for (const cut of cuts) {
      for (const { again, cut: next_cut } of second) {
        const when = `${cut.kept ? "after" : "before"} write ${cut.write} of ${writes}${again}`;
        test(`${when} loses no payment and invents none: ${answered}`, async () => {
          const prompt = await payUntilDark(cut, script);
          const outcome = prompt === undefined ? "nothing" : owed(prompt, answered);
          const before = disk.journal.find((entry) => entry.kind === "concluded");
          if (next_cut !== undefined) await Promise.race([boot(next_cut), disk.out]);
          const shown_before = timesShown();
          const terminal = await boot();
          terminal.plugIn();
          const hello = await server.greeted(1);
          assert.deepEqual(
            hello.journal,
            outcome === "nothing" ? [] : [{ prompt_id: prompt?.prompt_id, step: "concluded" }],
          );
          if (outcome === "nothing") assert.deepEqual(await server.arrived(), []);
          if (prompt !== undefined) {
            if (outcome === "nothing") server.send({ type: "inquire", prompt_id: prompt.prompt_id });
            const result = await server.expect("result");
            if (before?.kind === "concluded") assert.deepEqual(result, before.result);
            else assert.equal(result.outcome, outcome === "nothing" ? "not_shown" : outcome);
            // Nothing is shown a second time, and the host was asked once at most.
            server.acknowledge(result);
            server.send({ ...prompt, boot_id: hello.boot_id });
            assert.deepEqual(await server.expect("result"), result);
            assert.equal(timesShown(), shown_before);
            assert.ok(disk.host.length <= 1);
          }
          // And the terminal is good for the next sale.
          await show(server.prompt(clock, { prompt_id: "pr_next" }));
          assert.equal(timesShown(), shown_before + 1);
        });
      }
    }
  }
});

describe("a simulated card host", () => {
  test("authorizes a prompt once: asked again it says the same, whatever card it is shown, after a power cut too", async () => {
    const asked = {
      prompt_id: "pr_1",
      kind: "purchase" as const,
      amount: 39900,
      currency: "NOK",
      answer: approval.answer,
    };
    const again = { ...asked, answer: scriptFor(990100).answer };
    const host = await CardHost.open(disk.boot().host);
    assert.equal(host.inquire("pr_1"), undefined);
    assert.deepEqual(await host.authorize(asked), approval.answer);
    assert.deepEqual(await host.authorize(again), approval.answer);
    const after_power_cut = await CardHost.open(disk.boot().host);
    assert.deepEqual(after_power_cut.inquire("pr_1"), approval.answer);
    assert.deepEqual(await after_power_cut.authorize(again), approval.answer);
    assert.deepEqual(disk.host, [asked]);
  });
});

describe("a simulated terminal's link", () => {
  test("is opened again when it breaks, and what was not acknowledged is sent again", async () => {
    const terminal = await bootAndConnect();
    await show();
    await terminal.presentCard(approval);
    await server.expect("card_presented");
    const result = await server.expect("result");
    server.cut();
    await until(async () => {
      clock.pass(100);
      return server.connections === 2;
    });
    const hello = await server.greeted(2);
    assert.deepEqual(hello.journal, [{ prompt_id: result.prompt_id, step: "concluded" }]);
    assert.deepEqual(await server.expect("result"), result);
  });

  test("takes a tap while it is down, and delivers the approval when it is up again", async () => {
    const terminal = await bootAndConnect();
    const prompt = await show();
    terminal.unplug();
    assert.equal(await terminal.presentCard(approval), true);
    terminal.plugIn();
    await server.greeted(2);
    const result = await server.expect("result");
    assert.deepEqual([result.prompt_id, result.outcome], [prompt.prompt_id, "approved"]);
  });

  test("sends a heartbeat every three seconds, with its boot and its clock", async () => {
    await bootAndConnect();
    await server.arrived();
    for (let count = 1; count <= 3; count++) {
      clock.pass(heartbeatEvery_ms);
      await until(() => server.heartbeats === count);
    }
  });

  test("is given up when the server says nothing for ten seconds, and opened again", async () => {
    await bootAndConnect();
    await server.arrived();
    server.answers = false;
    for (let passed_ms = 0; passed_ms <= silenceLimit_ms; passed_ms += heartbeatEvery_ms) {
      assert.equal(server.connections, 1);
      clock.pass(heartbeatEvery_ms);
    }
    await until(async () => {
      clock.pass(100);
      return server.connections === 2;
    });
  });
});
