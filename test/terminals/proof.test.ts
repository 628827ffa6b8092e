/** Who may speak as a terminal: the device that was paired to it, and proves it afresh for every connection. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { type Hello, heartbeatEvery_ms, helloText, silenceLimit_ms } from "../../src/contract/terminal-protocol.ts";
import { makeDeviceKey, signer } from "../../src/simulator/device-key.ts";
import { TerminalScene } from "../support/terminal-scene.ts";

describe("a terminal that connects", () => {
  let scene: TerminalScene;
  before(async () => {
    scene = await TerminalScene.open();
  });
  after(() => scene.close());
  afterEach(() => scene.reset());

  test("is welcomed with the proof of its key, and is told the connection's number and how often to be heard", async () => {
    const { connection_epoch } = await scene.seat();
    const probe = await scene.device.open();
    assert.deepEqual(probe.challenge.protocol_versions, [1]);
    probe.send(await scene.device.hello(probe.challenge.nonce));
    assert.deepEqual(await probe.expect("welcome"), {
      type: "welcome",
      epoch: connection_epoch + 1,
      heartbeat_every_ms: heartbeatEvery_ms,
      silence_limit_ms: silenceLimit_ms,
    });
    const seat = await scene.seat();
    assert.equal(seat.connected_to, scene.shop.app.world.process_id);
    assert.equal(seat.journal_id, scene.device.journal_id);
  });

  test("gets a nonce that no other connection gets", async () => {
    const probes = await Promise.all(Array.from({ length: 20 }, () => scene.device.open()));
    const nonces = new Set(probes.map(({ challenge }) => challenge.nonce));
    assert.equal(nonces.size, 20);
    for (const nonce of nonces) assert.match(nonce, /^[0-9A-Za-z]{43}$/);
  });

  const wrongHellos: { what: string; hello: (nonce: string) => Promise<Hello> }[] = [
    {
      what: "with the key of another device",
      hello: async (nonce) => {
        const sign = await signer((await makeDeviceKey()).private_jwk);
        const { device } = scene;
        return device.hello(nonce, { proof: await sign(helloText(nonce, device)) });
      },
    },
    {
      what: "with a proof over another nonce",
      hello: async (nonce) =>
        scene.device.hello(nonce, { proof: await scene.device.sign(helloText(`${nonce}x`, scene.device)) }),
    },
    {
      what: "under another journal than it proves",
      hello: async (nonce) => ({ ...(await scene.device.hello(nonce)), journal_id: "jr_of_another" }),
    },
    {
      what: "in another boot than it proves",
      hello: async (nonce) => ({ ...(await scene.device.hello(nonce)), boot_id: "boot_of_another" }),
    },
    {
      what: "with a proof that is no signature",
      hello: async (nonce) => ({ ...(await scene.device.hello(nonce)), proof: "!!" }),
    },
    {
      what: "with half a proof",
      hello: async (nonce) => {
        const hello = await scene.device.hello(nonce);
        return { ...hello, proof: hello.proof.slice(0, 43) };
      },
    },
    {
      what: "as a terminal that nobody enrolled",
      hello: (nonce) => scene.device.hello(nonce, { terminal_id: "T12345678-T0293" }),
    },
    {
      what: "as a terminal of an account that does not exist",
      hello: (nonce) => scene.device.hello(nonce, { terminal_id: "T99999999-T0292" }),
    },
    {
      what: "under a name that is no terminal's",
      hello: (nonce) => scene.device.hello(nonce, { terminal_id: "terminal" }),
    },
  ];

  for (const { what, hello } of wrongHellos) {
    test(`${what} is refused for good, in the words that every stranger is refused with`, async () => {
      const seat = await scene.seat();
      const probe = await scene.device.open();
      probe.send(await hello(probe.challenge.nonce));
      assert.deepEqual(await probe.refused(), {
        type: "refused",
        code: "PROOF_WRONG",
        sentence: "The terminal is not paired with this server, or its key is another one.",
        close_code: 4003,
      });
      assert.deepEqual(await scene.seat(), seat);
    });
  }

  test("under a name that no text can hold is refused for good, not dropped without a word", async () => {
    const probe = await scene.device.open();
    probe.send(await scene.device.hello(probe.challenge.nonce, { terminal_id: "T12345678-T0292\0" }));
    assert.equal((await probe.refused()).close_code, 4003);
  });

  test("with a hello that was overheard on another connection is refused, and the one it imitates stays", async () => {
    const first = await scene.device.open();
    const hello = await scene.device.hello(first.challenge.nonce);
    first.send(hello);
    await first.expect("welcome");
    const replayed = await scene.device.open();
    replayed.send(hello);
    const { code, close_code } = await replayed.refused();
    assert.deepEqual([code, close_code], ["PROOF_WRONG", 4003]);
    await first.quiet();
  });

  test("of a device that was revoked is refused as a stranger is", async () => {
    await scene.shop.database.sql("UPDATE devices SET revoked_at = now()");
    try {
      const probe = await scene.device.open();
      probe.send(await scene.device.hello(probe.challenge.nonce));
      const { code, close_code } = await probe.refused();
      assert.deepEqual([code, close_code], ["PROOF_WRONG", 4003]);
    } finally {
      await scene.shop.database.sql("UPDATE devices SET revoked_at = NULL");
    }
  });

  test("of a deleted terminal is told so if it proves its key, and nothing if it does not", async () => {
    await scene.shop.database.sql("UPDATE terminals SET status = 'DELETED'");
    try {
      const { connection_epoch } = await scene.seat();
      const known = await scene.device.open();
      known.send(await scene.device.hello(known.challenge.nonce));
      const told = await known.refused();
      assert.deepEqual([told.code, told.close_code], ["TERMINAL_DELETED", 4003]);
      const stranger = await scene.device.open();
      stranger.send(await scene.device.hello("another nonce"));
      assert.equal((await stranger.refused()).code, "PROOF_WRONG");
      assert.equal((await scene.seat()).connection_epoch, connection_epoch);
    } finally {
      await scene.shop.database.sql("UPDATE terminals SET status = 'ACTIVE'");
    }
  });
});
