/** A device becomes a terminal's by a code, and ceases to be: when another is paired, or when it is revoked. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type App, startApp } from "../../src/app.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Terminal } from "../../src/contract/terminal.ts";
import { pairingPath } from "../../src/contract/terminal-protocol/pairing.ts";
import { makeLogger } from "../../src/logger.ts";
import { makeDeviceKey, signer } from "../../src/simulator/device-key.ts";
import { pairingRequest, pairTerminal } from "../../src/simulator/pairing.ts";
import { markDeviceRevoked, vacateSeat } from "../../src/storage/terminals.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { assertRefused } from "../api/refusal.ts";
import { approves, Device } from "../support/honest-device.ts";
import type { HandLink, HandTerminal } from "../support/honest-hand.ts";
import {
  incidentsAt,
  occupantOf,
  openBareShop,
  sell,
  socketOf,
  sold,
  transactionOf,
  untilPrompt,
} from "../support/honest-shop.ts";
import { type Operator, operatorOf } from "../support/operator.ts";
import { type Answer, type Shop, until } from "../support/shop.ts";

const model = "Counter 5";

/** What a device with a key of its own posts. */
async function requestOf(code: string, serial_number: string, change: object = {}): Promise<Record<string, unknown>> {
  const { private_jwk, public_jwk } = await makeDeviceKey();
  const request = await pairingRequest({ code, serial_number, model }, public_jwk, await signer(private_jwk));
  return { ...request, ...change };
}

const post = (shop: Shop, body: unknown): Promise<Answer<ErrorBody>> => shop.call("POST", pairingPath, body);

const statusOf = async (operator: Operator, terminal_id: string): Promise<Terminal> =>
  (await operator.terminals("GET", `/${terminal_id}`)).body;

describe("a device that is paired", () => {
  let shop: Shop;
  let operator: Operator;
  before(async () => {
    shop = await openBareShop();
    operator = await operatorOf(shop);
  });
  after(() => shop.close());

  test("by the software of a simulated terminal connects with its new key, and sells after a check-update", async () => {
    const { terminal_id } = await operator.register("PAIR-1");
    const code = await operator.codeFor(terminal_id);
    assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    const facts = { code: code.toLowerCase().replace("-", " "), serial_number: "PAIR-1", model };
    const paired = await pairTerminal(shop.app.address, facts);
    assert.deepEqual([paired.account_id, paired.terminal_id], ["T12345678", terminal_id]);
    const waiting = await statusOf(operator, terminal_id);
    assert.deepEqual([waiting.status, waiting.status_reason], ["ACTION_REQUIRED", "CHECK_UPDATE"]);
    assert.deepEqual([waiting.device?.device_id, waiting.device_model], [paired.device_id, model]);
    const device = new Device({
      clock: systemClock,
      random: systemRandom,
      address: socketOf(shop.app.address),
      terminal_id,
      sign: await signer(paired.key.private_jwk),
    });
    await device.switchOn();
    await until(async () => (await statusOf(operator, terminal_id)).connected);
    assert.equal((await operator.terminals("POST", `/${terminal_id}/check-update`)).body.status, "ACTIVE");
    const session_id = await sold(shop, terminal_id);
    assert.ok(await device.untilItWaits(5_000));
    await device.terminal?.presentCard(approves);
    assert.equal((await shop.ended(session_id)).status, "CAPTURED");
    device.retire();
  });

  test("is on record: who had the code made, and which device came of it, without the code", async () => {
    const { terminal_id } = await operator.register("PAIR-2");
    const code = await operator.codeFor(terminal_id);
    const { device_id } = await pairTerminal(shop.app.address, { code, serial_number: "PAIR-2", model });
    const path = `/v1/accounts/T12345678/changes?entity=device&entity_id=${device_id}`;
    const { body } = await operator.call<{ action: string; changed_by: string }[]>("GET", path);
    assert.deepEqual(
      body.map(({ action, changed_by }) => [action, changed_by]),
      [["paired", "operator"]],
    );
    const again = await operator.codeFor(terminal_id);
    for (const table of ["account_changes", "pairing_codes", "terminals", "devices"]) {
      const rows = JSON.stringify(await shop.database.sql(`SELECT * FROM ${table}`));
      for (const shown of [code, again]) {
        assert.ok(!rows.includes(shown) && !rows.includes(shown.replace("-", "")), `${table} holds a code`);
      }
    }
  });

  test("has the code to itself: of two that post it at once, one is paired", async () => {
    const { terminal_id } = await operator.register("PAIR-3");
    const code = await operator.codeFor(terminal_id);
    const requests = await Promise.all([1, 2, 3, 4].map(() => requestOf(code, "PAIR-3")));
    const answers = await Promise.all(requests.map((request) => post(shop, request)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400, 400]);
    const devices = "SELECT count(*)::integer AS count FROM devices WHERE terminal_id = $1";
    assert.deepEqual(await shop.database.sql(devices, [terminal_id]), [{ count: 1 }]);
  });

  test("needs a proof of the key that it sends", async () => {
    const { terminal_id } = await operator.register("PAIR-4");
    const code = await operator.codeFor(terminal_id);
    const request = await requestOf(code, "PAIR-4");
    const { private_jwk, public_jwk } = await makeDeviceKey();
    const wrong = [
      { public_jwk },
      { model: "Counter 6" },
      { serial_number: "PAIR-5" },
      { code: "00000000" },
      { proof: "!!" },
    ];
    for (const change of wrong) {
      const refusal = await post(shop, { ...request, ...change });
      assertRefused(refusal, { status: 400, code: "PAIRING_PROOF_WRONG", field: "proof" });
    }
    const bare = { status: 400, code: "INVALID_REQUEST_PARAMETER" };
    const key = request.public_jwk as JsonWebKey;
    const d = private_jwk.d;
    assertRefused(await post(shop, { ...request, public_jwk: { ...key, d } }), { ...bare, field: "public_jwk.d" });
    const off = { ...key, x: key.y };
    assertRefused(await post(shop, { ...request, public_jwk: off }), { ...bare, field: "public_jwk" });
    assertRefused(await post(shop, { ...request, code: undefined }), { ...bare, field: "code" });
    assert.equal((await post(shop, request)).status, 200, "none of that has used the code");
  });

  test("while the terminal is switched off leaves it switched off", async () => {
    const { terminal_id, device_serial_number } = await operator.register("PAIR-6");
    await operator.terminals("POST", `/${terminal_id}/deactivate`);
    await operator.pair({ terminal_id, device_serial_number });
    assert.equal((await statusOf(operator, terminal_id)).status, "INACTIVE");
    assert.equal((await operator.terminals("POST", `/${terminal_id}/activate`)).body.status, "ACTION_REQUIRED");
  });

  test("again takes the place of the one before, which is cut off and refused", async () => {
    const first = await operator.readyTerminal();
    const { terminal_id } = first;
    const link = await first.connect();
    const { device_serial_number } = await statusOf(operator, terminal_id);
    const second = await operator.pair({ terminal_id, device_serial_number });
    assert.equal((await link.expect("refused")).code, "REPLACED");
    await assert.rejects(first.connect(), /PROOF_WRONG/);
    assertRefused(await sell(shop, terminal_id), { status: 400, code: "TERMINAL_NOT_ACTIVE" });
    await second.connect();
    assert.equal((await operator.terminals("POST", `/${terminal_id}/sync`)).body.status, "ACTIVE");
    assert.equal((await sell(shop, terminal_id)).status, 200);
    second.leave();
  });
});

describe("a pairing code", () => {
  let shop: Shop;
  let operator: Operator;
  before(async () => {
    shop = await openBareShop();
    operator = await operatorOf(shop);
  });
  after(() => shop.close());

  test("that is wrong, old, used, replaced, of another device or of a deleted terminal is refused alike", async () => {
    const of = async (serial_number: string) => (await operator.register(serial_number)).terminal_id;
    const old = await operator.codeFor(await of("CODE-old"));
    await shop.database.sql(
      `UPDATE pairing_codes SET created_at = now() - interval '11 minutes', expires_at = now() - interval '1 minute'`,
    );
    const used = await operator.codeFor(await of("CODE-used"));
    await pairTerminal(shop.app.address, { code: used, serial_number: "CODE-used", model });
    const replaced_at = await of("CODE-replaced");
    const replaced = await operator.codeFor(replaced_at);
    await operator.codeFor(replaced_at);
    const others = await operator.codeFor(await of("CODE-others"));
    await of("CODE-without");
    const deleted_at = await of("CODE-deleted");
    const deleted = await operator.codeFor(deleted_at);
    await operator.terminals("DELETE", `/${deleted_at}`);
    const tried: [string, string][] = [
      ["00000000", "CODE-others"],
      ["no code at all", "CODE-others"],
      [old, "CODE-old"],
      [used, "CODE-used"],
      [replaced, "CODE-replaced"],
      [others, "CODE-replaced"],
      [others, "CODE-without"],
      [others, "nobody's"],
      [deleted, "CODE-deleted"],
    ];
    const bodies = new Set<string>();
    for (const [code, serial_number] of tried) {
      const refusal = await post(shop, await requestOf(code, serial_number));
      assertRefused(refusal, { status: 400, code: "PAIRING_REFUSED" });
      bodies.add(JSON.stringify(refusal.body));
    }
    assert.equal(bodies.size, 1, [...bodies].join("\n"));
  });

  test("is good for ten minutes", async () => {
    const { terminal_id } = await operator.register("CODE-ten");
    const began = Date.now();
    const { body } = await operator.terminals<{ expires_at: string }>("POST", `/${terminal_id}/pairing-code`);
    const life_ms = Date.parse(body.expires_at) - began;
    assert.ok(life_ms > 590_000 && life_ms < 610_000, `${life_ms}`);
  });

  test("of a deleted terminal is not made", async () => {
    const { terminal_id } = await operator.register("CODE-gone");
    await operator.terminals("DELETE", `/${terminal_id}`);
    const refusal = await operator.terminals<ErrorBody>("POST", `/${terminal_id}/pairing-code`);
    assertRefused(refusal, { status: 404, code: "TERMINAL_NOT_FOUND" });
  });
});

describe("guessing", () => {
  let shop: Shop;
  let operator: Operator;
  before(async () => {
    shop = await openBareShop();
    operator = await operatorOf(shop);
  });
  after(() => shop.close());

  test("is stopped, and the right code is taken all the same; one that was tried too often is made anew", async () => {
    const { terminal_id } = await operator.register("GUESS-1");
    const code = await operator.codeFor(terminal_id);
    for (let guess = 1; guess <= 10; guess++) {
      const refusal = await post(shop, await requestOf("0".repeat(8), "nobody's"));
      assertRefused(refusal, { status: 400, code: "PAIRING_REFUSED" });
    }
    for (const serial_number of ["nobody's", "GUESS-1"]) {
      const stopped = await post(shop, await requestOf("0".repeat(8), serial_number));
      assertRefused(stopped, { status: 429, code: "TOO_MANY_ATTEMPTS" });
      const wait_s = Number(stopped.headers.get("retry-after"));
      assert.ok(wait_s >= 1 && wait_s <= 60, `${wait_s}`);
    }
    assert.equal((await post(shop, await requestOf(code, "GUESS-1"))).status, 200);

    const tried = await operator.codeFor(terminal_id);
    for (let guess = 1; guess <= 10; guess++) {
      assertRefused(await post(shop, await requestOf("0".repeat(8), "GUESS-1")), { status: 429 });
    }
    assertRefused(await post(shop, await requestOf(tried, "GUESS-1")), { status: 429, code: "TOO_MANY_ATTEMPTS" });
    const fresh = await operator.codeFor(terminal_id);
    assert.equal((await post(shop, await requestOf(fresh, "GUESS-1"))).status, 200);
  });
});

describe("a device that is revoked", () => {
  let shop: Shop;
  let there: App;
  let operator: Operator;
  before(async () => {
    shop = await openBareShop();
    operator = await operatorOf(shop);
    there = await startApp({
      config: { ...shop.config, port: 0 },
      clock: systemClock,
      random: systemRandom,
      logger: makeLogger(shop.config.log_level, process.stderr),
      onLost: (problem) => {
        throw problem;
      },
    });
  });
  after(async () => {
    await there.close();
    await shop.close();
  });

  const revoke = (terminal_id: string) => operator.terminals("DELETE", `/${terminal_id}/device`);

  /** A sale that the terminal shows. */
  async function shown(terminal: HandTerminal, link: HandLink): Promise<string> {
    const session_id = await sold(shop, terminal.terminal_id);
    const { prompt_id } = await link.expect("prompt");
    link.send({ type: "shown", prompt_id });
    await untilPrompt(shop, session_id, "SHOWN");
    return session_id;
  }

  for (const where of ["this process", "another process"] as const) {
    test(`is cut off at once where ${where} holds it, what it showed is somebody's to settle, and its successor sells`, async () => {
      const ready = await operator.readyTerminal();
      const terminal = where === "this process" ? ready : ready.at(there.address);
      const { terminal_id } = terminal;
      const link = await terminal.connect();
      const session_id = await shown(terminal, link);
      const { status, body } = await revoke(terminal_id);
      assert.deepEqual([status, body.status, body.device, body.connected], [200, "PENDING", undefined, false]);
      assert.equal((await link.expect("refused")).code, "REPLACED");
      await assert.rejects(terminal.connect(), /PROOF_WRONG/);
      assert.equal((await transactionOf(shop, session_id)).status, "UNKNOWN");
      assert.deepEqual(
        (await incidentsAt(shop, terminal_id)).map(({ kind }) => kind),
        ["JOURNAL_LOST"],
      );
      assert.equal(await occupantOf(shop, terminal_id), null);
      assertRefused(await sell(shop, terminal_id), { status: 400, code: "TERMINAL_NOT_ACTIVE" });

      const successor = await operator.pair(await statusOf(operator, terminal_id));
      const next = await successor.connect();
      await operator.terminals("POST", `/${terminal_id}/sync`);
      const sale = await sold(shop, terminal_id);
      next.send(successor.approval(await next.expect("prompt")));
      assert.equal((await shop.ended(sale)).status, "CAPTURED");
      assert.equal((await transactionOf(shop, session_id)).status, "UNKNOWN", "the successor knows nothing of it");
      successor.leave();
    });
  }

  test("is cut off though its terminal was deleted before, with a sale on the screen", async () => {
    const terminal = await operator.readyTerminal();
    const { terminal_id } = terminal;
    const link = await terminal.connect();
    const session_id = await shown(terminal, link);
    assert.equal((await operator.terminals("DELETE", `/${terminal_id}`)).status, 200);
    assert.equal((await revoke(terminal_id)).status, 200);
    assert.equal((await link.expect("refused")).code, "REPLACED");
    await assert.rejects(terminal.connect(), /PROOF_WRONG/);
    assert.equal((await transactionOf(shop, session_id)).status, "UNKNOWN");
    const kinds = (await incidentsAt(shop, terminal_id)).map(({ kind }) => kind);
    assert.ok(kinds.includes("JOURNAL_LOST"), kinds.join());
  });

  test("leaves a sale that it never got to its successor", async () => {
    const terminal = await operator.readyTerminal();
    const { terminal_id } = terminal;
    const session_id = await sold(shop, terminal_id);
    await revoke(terminal_id);
    assert.deepEqual(await incidentsAt(shop, terminal_id), []);
    const successor = await operator.pair(await statusOf(operator, terminal_id));
    const link = await successor.connect();
    link.send(successor.approval(await link.expect("prompt")));
    assert.equal((await shop.ended(session_id)).status, "CAPTURED");
    successor.leave();
  });

  test("leaves a capture that its host was not told of to a person, at once", async () => {
    const terminal = await operator.readyTerminal();
    const { terminal_id } = terminal;
    const link = await terminal.connect();
    const session_id = await sold(shop, terminal_id, { configuration: { auto_capture: false } });
    link.send(terminal.approval(await link.expect("prompt")));
    const { id } = await shop.ended(session_id);
    terminal.leave();
    await until(async () => !(await statusOf(operator, terminal_id)).connected);
    const capture = await shop.call("POST", `/v1/transactions/${id}/capture`, { amount: 39900 });
    assert.equal(capture.status, 202, JSON.stringify(capture.body));
    await revoke(terminal_id);
    assert.deepEqual(
      (await incidentsAt(shop, terminal_id)).map(({ kind }) => kind),
      ["ADVICE_UNANSWERED"],
    );
    assert.equal((await transactionOf(shop, session_id)).status, "AUTHORIZED");
  });

  test("is cut off, and its sale is somebody's to settle, where the process that revoked it died before it said so", async () => {
    const terminal = await operator.readyTerminal();
    const { terminal_id } = terminal;
    const link = await terminal.connect();
    const session_id = await shown(terminal, link);
    const { db } = shop.app.world;
    const address = { account_id: "T12345678", terminal_id };
    const now = new Date().toISOString();
    await db.transaction(async (tx) => {
      await markDeviceRevoked(tx, address, "operator", now);
      await vacateSeat(tx, address, now);
    });
    assert.equal((await link.expect("refused")).code, "REPLACED");
    await untilPrompt(shop, session_id, "UNRESOLVED");
    const [incident] = await until(async () => {
      const incidents = await incidentsAt(shop, terminal_id);
      return incidents.length > 0 && incidents;
    });
    assert.equal(incident?.kind, "JOURNAL_LOST");
  });

  test("twice, and where there is none, changes nothing", async () => {
    const { terminal_id } = await operator.register("REVOKED-none");
    const { status, body } = await revoke(terminal_id);
    assert.deepEqual([status, body.status], [200, "PENDING"]);
    assert.equal(body.updated_at, undefined);
  });
});
