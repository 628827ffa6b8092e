/** A device is paired by a code that it shows: an operator types it, and the device agrees to where it is to be. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Terminal } from "../../src/contract/terminal.ts";
import { pairingRequestsPath, pairingRequestText } from "../../src/contract/terminal-protocol/pairing.ts";
import { forgetOldPairings, openPairing } from "../../src/flows/shown-code.ts";
import { type DeviceKey, makeDeviceKey, type Sign, signer } from "../../src/simulator/device-key.ts";
import { type Invitation, pairByShownCode, pollRequest, shownCodeRequest } from "../../src/simulator/pairing.ts";
import { assertRefused } from "../api/refusal.ts";
import { callsAt, startAnother } from "../support/another-server.ts";
import { HandTerminal } from "../support/honest-hand.ts";
import { later, openBareShop, sell } from "../support/honest-shop.ts";
import { type Operator, operatorOf } from "../support/operator.ts";
import type { Answer, Shop } from "../support/shop.ts";

const model = "Counter 5";

interface Standing {
  readonly status: string;
  readonly [member: string]: unknown;
}

/** A device that shows a code. */
interface Showing {
  readonly pairing_id: string;
  readonly code: string;
  readonly key: DeviceKey;
  readonly sign: Sign;
}

let shop: Shop;
let operator: Operator;
before(async () => {
  shop = await openBareShop();
  operator = await operatorOf(shop);
});
after(() => shop.close());

const post = <Body = ErrorBody>(path: string, body: unknown, at = shop): Promise<Answer<Body>> =>
  at.call<Body>("POST", path, body, { authorization: "" });

async function show(serial_number: string, at = shop): Promise<Showing> {
  const key = await makeDeviceKey();
  const sign = await signer(key.private_jwk);
  const request = await shownCodeRequest({ serial_number, model }, key.public_jwk, sign);
  const { status, body } = await post<{ pairing_id: string; code: string }>(pairingRequestsPath, request, at);
  assert.equal(status, 200, JSON.stringify(body));
  return { ...body, key, sign };
}

async function poll({ pairing_id, sign }: Showing, terminal_id?: string): Promise<Answer<Standing & ErrorBody>> {
  const asked = terminal_id === undefined ? { pairing_id } : { pairing_id, terminal_id };
  return post(`${pairingRequestsPath}/${pairing_id}`, await pollRequest(asked, sign));
}

const type = (terminal_id: string, code: string, by = operator): Promise<Answer<Terminal & ErrorBody>> =>
  by.terminals("POST", `/${terminal_id}/pair`, { code });

const statusOf = async (terminal_id: string): Promise<Terminal> =>
  (await operator.terminals("GET", `/${terminal_id}`)).body;

/** Guesses are counted for a minute; the tests do not wait for it. */
const forgetGuesses = () => shop.database.sql("DELETE FROM wrong_secrets");

describe("a device that shows a code", () => {
  test("is told who typed it, agrees, connects with its key, and sells after a check-update", async () => {
    const { terminal_id } = await operator.register("SHOW-1");
    let shown = "";
    const invitations: Invitation[] = [];
    const paired = await pairByShownCode(
      shop.app.address,
      { serial_number: "SHOW-1", model },
      {
        show: (code) => {
          shown = code;
        },
        agrees: (invitation) => invitations.push(invitation) > 0,
        // Nobody has typed it at the first look; somebody has before the second.
        wait: async (ms) => {
          assert.equal(ms, 2_000);
          const answer = await type(terminal_id, shown.toLowerCase().replace("-", " "));
          assert.equal(answer.status, 200, JSON.stringify(answer.body));
          assert.equal((await statusOf(terminal_id)).device, undefined, "nothing is paired before the device agrees");
        },
      },
    );
    assert.match(shown, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    const [{ account_id, account_name, ...more } = {} as Invitation] = invitations;
    assert.deepEqual([account_id, typeof account_name], ["T12345678", "string"]);
    assert.equal(more.terminal_id, terminal_id);
    assert.deepEqual([paired.account_id, paired.terminal_id], ["T12345678", terminal_id]);
    const waiting = await statusOf(terminal_id);
    assert.deepEqual([waiting.status, waiting.device?.device_id], ["ACTION_REQUIRED", paired.device_id]);
    assert.equal(waiting.device_model, model);
    const enrolled = { account_id: "T12345678", terminal_id, sign: await signer(paired.key.private_jwk) };
    const device = new HandTerminal(shop.app.address, enrolled, `jr_${paired.device_id}`);
    await device.connect();
    assert.equal((await operator.terminals("POST", `/${terminal_id}/sync`)).body.status, "ACTIVE");
    assert.equal((await sell(shop, terminal_id)).status, 200);
    device.leave();
  });

  test("is not paired where nobody agrees in front of it", async () => {
    const { terminal_id } = await operator.register("SHOW-2");
    let shown = "";
    const pairing = pairByShownCode(
      shop.app.address,
      { serial_number: "SHOW-2", model },
      {
        show: (code) => {
          shown = code;
        },
        agrees: () => false,
        wait: async () => {
          await type(terminal_id, shown);
        },
      },
    );
    await assert.rejects(pairing, /Nobody agrees/);
    assert.equal((await statusOf(terminal_id)).status, "PENDING");
  });

  test("agrees to the terminal that it was told, and to no other", async () => {
    const { terminal_id } = await operator.register("SHOW-3");
    const other = await operator.register("SHOW-3b");
    const device = await show("SHOW-3");
    assertRefused(await poll(device, terminal_id), { status: 400, field: "terminal_id" });
    await type(terminal_id, device.code);
    assertRefused(await poll(device, other.terminal_id), { status: 400, field: "terminal_id" });
    assert.equal((await poll(device)).body.status, "claimed");
    assert.equal((await poll(device, terminal_id)).body.status, "paired");
  });

  test("hears the same again where an answer was lost, and is one device however often it agrees", async () => {
    const { terminal_id } = await operator.register("SHOW-4");
    const device = await show("SHOW-4");
    assert.equal((await type(terminal_id, device.code)).status, 200);
    assert.equal((await type(terminal_id, device.code)).status, 200, "the operator may have lost the answer too");
    const answers = await Promise.all([1, 2, 3].map(() => poll(device, terminal_id)));
    const ids = new Set(answers.map(({ body }) => body.device_id));
    assert.deepEqual([ids.size, answers.map(({ body }) => body.status)], [1, ["paired", "paired", "paired"]]);
    const { status, device_id } = (await poll(device)).body;
    assert.deepEqual([status, ids.has(device_id)], ["paired", true]);
    const devices = "SELECT count(*)::integer AS count FROM devices WHERE terminal_id = $1";
    assert.deepEqual(await shop.database.sql(devices, [terminal_id]), [{ count: 1 }]);
    assertRefused(await type(terminal_id, device.code), { status: 400, code: "PAIRING_CODE_REFUSED", field: "code" });
    await forgetGuesses();
  });

  test("is paired though the server went away between showing and typing, and between typing and agreeing", async () => {
    const { terminal_id } = await operator.register("SHOW-5");
    const first = await startAnother(shop);
    const device = await show("SHOW-5", { ...shop, call: callAt(first.address) });
    await first.close();
    assert.equal((await type(terminal_id, device.code)).status, 200);
    const second = await startAnother(shop);
    const asked = await pollRequest({ pairing_id: device.pairing_id, terminal_id }, device.sign);
    const answer = await callAt(second.address)<Standing>("POST", `${pairingRequestsPath}/${device.pairing_id}`, asked);
    assert.equal(answer.body.status, "paired");
    await second.close();
    assert.equal((await statusOf(terminal_id)).status, "ACTION_REQUIRED");
  });

  test("takes the place of the device before it, and makes a code good for nothing that was made for it", async () => {
    const first = await operator.readyTerminal();
    const { terminal_id } = first;
    const link = await first.connect();
    const { device_serial_number } = await statusOf(terminal_id);
    await operator.codeFor(terminal_id);
    const device = await show(device_serial_number);
    await type(terminal_id, device.code);
    assert.ok(link.isOpen, "nothing changes before the device agrees");
    assert.equal((await poll(device, terminal_id)).body.status, "paired");
    assert.equal((await link.expect("refused")).code, "REPLACED");
    await assert.rejects(first.connect(), /PROOF_WRONG/);
    assert.deepEqual(await shop.database.sql("SELECT FROM pairing_codes WHERE terminal_id = $1", [terminal_id]), []);
  });

  test("is on record: who typed the code, and which device came of it, without the code", async () => {
    const { terminal_id } = await operator.register("SHOW-6");
    const device = await show("SHOW-6");
    await type(terminal_id, device.code);
    const { device_id } = (await poll(device, terminal_id)).body;
    const changes = async (entity: string, id: unknown) => {
      const path = `/v1/accounts/T12345678/changes?entity=${entity}&entity_id=${id}`;
      return (await operator.call<{ action: string; changed_by: string; change: object }[]>("GET", path)).body;
    };
    const [paired] = await changes("device", device_id);
    assert.deepEqual([paired?.action, paired?.changed_by], ["paired", "operator"]);
    const [typed] = await changes("terminal", terminal_id);
    assert.deepEqual(typed?.change, { device_asked_to_join: { serial_number: "SHOW-6", model } });
    for (const table of ["account_changes", "pairing_requests", "terminals", "devices"]) {
      const rows = JSON.stringify(await shop.database.sql(`SELECT * FROM ${table}`));
      assert.ok(!rows.includes(device.code) && !rows.includes(device.code.replace("-", "")), `${table} holds a code`);
    }
  });

  test("needs a proof of the key that it sends, each time", async () => {
    const { terminal_id } = await operator.register("SHOW-7");
    const { private_jwk, public_jwk } = await makeDeviceKey();
    const sign = await signer(private_jwk);
    const request = await shownCodeRequest({ serial_number: "SHOW-7", model }, public_jwk, sign);
    const others = await makeDeviceKey();
    for (const change of [
      { public_jwk: others.public_jwk },
      { model: "Other" },
      { serial_number: "x" },
      { proof: "!" },
    ]) {
      const refusal = await post(pairingRequestsPath, { ...request, ...change });
      assertRefused(refusal, { status: 400, code: "PAIRING_PROOF_WRONG", field: "proof" });
    }
    const leaked = { ...request, public_jwk: private_jwk };
    assertRefused(await post(pairingRequestsPath, leaked), { status: 400, field: "public_jwk.d" });
    assertRefused(await post(pairingRequestsPath, { ...request, model: undefined }), { status: 400, field: "model" });

    const device = await show("SHOW-7");
    await type(terminal_id, device.code);
    const path = `${pairingRequestsPath}/${device.pairing_id}`;
    const forged = await pollRequest({ pairing_id: device.pairing_id, terminal_id }, await signer(others.private_jwk));
    assertRefused(await post(path, forged), { status: 400, code: "PAIRING_PROOF_WRONG" });
    const asking = await pollRequest({ pairing_id: device.pairing_id }, device.sign);
    const turned = await post(path, { ...asking, terminal_id });
    assertRefused(turned, { status: 400, code: "PAIRING_PROOF_WRONG" });
    assert.equal((await statusOf(terminal_id)).device, undefined, "a question is no agreement");
    await forgetGuesses();
  });
});

const callAt =
  (address: string): Shop["call"] =>
  async (method, path, body) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${address}${path}`, { method, headers, body: JSON.stringify(body) });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as never };
  };

describe("a code that a device shows", () => {
  test("is good once, for the terminal of the device's serial number, for ten minutes; all else is refused alike", async () => {
    const of = async (serial_number: string) => (await operator.register(serial_number)).terminal_id;
    const [mine, other] = [await of("CODE-mine"), await of("CODE-other")];
    const device = await show("CODE-mine");
    const old = await show("CODE-mine");
    await shop.database.sql(
      `UPDATE pairing_requests SET created_at = now() - interval '11 minutes', expires_at = now() - interval '1 second'
       WHERE pairing_id = $1`,
      [old.pairing_id],
    );
    const used = await show("CODE-mine");
    await type(mine, used.code);
    await poll(used, mine);
    const bodies = new Set<string>();
    for (const [terminal_id, code] of [
      [mine, "0000-0000"],
      [mine, "no code at all"],
      [mine, old.code],
      [mine, used.code],
    ] as const) {
      const refusal = await type(terminal_id, code);
      assertRefused(refusal, { status: 400, code: "PAIRING_CODE_REFUSED", field: "code" });
      bodies.add(JSON.stringify(refusal.body));
    }
    assert.equal(bodies.size, 1, [...bodies].join("\n"));
    assertRefused(await type(other, device.code), { status: 400, code: "PAIRING_CODE_REFUSED", field: "code" });
    assertRefused(await poll(old), { status: 404, code: "PAIRING_NOT_FOUND" });
    assert.equal((await type(mine, device.code)).status, 200, "none of that has used the code");
    await forgetGuesses();
  });

  test("that is typed in its last second leaves the device a minute to agree", async () => {
    const { terminal_id } = await operator.register("CODE-late");
    const device = await show("CODE-late");
    await shop.database.sql(
      "UPDATE pairing_requests SET expires_at = now() + interval '5 seconds' WHERE pairing_id = $1",
      [device.pairing_id],
    );
    const { body } = await operator.terminals<{ expires_at: string }>("POST", `/${terminal_id}/pair`, {
      code: device.code,
    });
    const left_ms = Date.parse(body.expires_at) - Date.now();
    assert.ok(left_ms > 50_000 && left_ms < 61_000, `${left_ms}`);
  });

  test("of two accounts that have registered the device is the first one's who types it, and the device says whose", async () => {
    const { terminal_id } = await operator.register("CODE-both");
    const rival = await rivalOf("CODE-both");
    const device = await show("CODE-both");
    assert.equal((await type(rival.terminal_id, device.code, rival.operator)).status, 200);
    assertRefused(await type(terminal_id, device.code), { status: 400, code: "PAIRING_CODE_REFUSED" });
    const { body } = await poll(device);
    assert.deepEqual([body.status, body.account_id, body.account_name], ["claimed", "T00000042", "Rival på hjørnet"]);
    // Whoever stands at the device does not agree, and has another code shown.
    const again = await show("CODE-both");
    assert.equal((await type(terminal_id, again.code)).status, 200);
    assert.equal((await poll(again, terminal_id)).body.account_id, "T12345678");
    await forgetGuesses();
  });

  test("of a terminal that is deleted, or that is not there, pairs nothing", async () => {
    const { terminal_id } = await operator.register("CODE-gone");
    const device = await show("CODE-gone");
    assert.equal((await type(terminal_id, device.code)).status, 200);
    await operator.terminals("DELETE", `/${terminal_id}`);
    assertRefused(await poll(device, terminal_id), { status: 404, code: "PAIRING_NOT_FOUND" });
    assertRefused(await type(terminal_id, device.code), { status: 404, code: "TERMINAL_NOT_FOUND" });
    assertRefused(await type("T9999", device.code), { status: 404, code: "TERMINAL_NOT_FOUND" });
    assertRefused(await operator.terminals("POST", "/T0292/pair", {}), { status: 400, field: "code" });
    await forgetGuesses();
  });

  test("is forgotten when it has expired", async () => {
    await forgetOldPairings(later(shop.app.world, 60 * 60 * 1000));
    assert.deepEqual(await shop.database.sql("SELECT FROM pairing_requests"), []);
  });
});

/** Another account that has registered a device with this serial number. */
async function rivalOf(device_serial_number: string): Promise<{ operator: Operator; terminal_id: string }> {
  const account_id = "T00000042";
  await shop.database.sql(
    "INSERT INTO accounts (account_id, name, in_person_enabled, created_at) VALUES ($1, 'Rival på hjørnet', true, now())",
    [account_id],
  );
  const rival = await operatorOf(shop, account_id);
  await rival.call("POST", `/v1/accounts/${account_id}/stores`, { store_id: "rival" });
  const { body } = await rival.terminals("POST", "", { device_serial_number, store_id: "rival" });
  assert.ok(body.terminal_id, JSON.stringify(body));
  return { operator: rival, terminal_id: body.terminal_id };
}

describe("guessing", () => {
  test("codes of devices stops an operator after ten, in every process", async () => {
    const { terminal_id } = await operator.register("GUESS-1");
    const device = await show("GUESS-1");
    for (let guess = 1; guess <= 10; guess++) {
      assertRefused(await type(terminal_id, "0000-0000"), { status: 400, code: "PAIRING_CODE_REFUSED" });
    }
    const another = await startAnother(shop);
    const there = await operatorOf({ ...shop, ...callsAt(shop, another) });
    for (const [code, by] of [
      ["0000-0000", operator],
      [device.code, operator],
      [device.code, there],
    ] as const) {
      const stopped = await type(terminal_id, code, by);
      assertRefused(stopped, { status: 429, code: "PAIRING_TOO_OFTEN" });
      const wait_s = Number(stopped.headers.get("retry-after"));
      assert.ok(wait_s >= 1 && wait_s <= 60, `${wait_s}`);
    }
    await another.close();
    assert.equal((await poll(device)).body.status, "waiting", "not even the right one is tried");
    await shop.database.sql("UPDATE wrong_secrets SET since = since - interval '61 seconds'");
    assert.equal((await type(terminal_id, device.code)).status, 200);
    await forgetGuesses();
  });

  test("pairings that there are not stops the place it comes from, and not a device that is there", async () => {
    const { terminal_id } = await operator.register("GUESS-2");
    const device = await show("GUESS-2");
    const missing = { ...device, pairing_id: "pair_0000000000000000000000" };
    for (let guess = 1; guess <= 10; guess++) {
      assertRefused(await poll(missing), { status: 404, code: "PAIRING_NOT_FOUND" });
    }
    const stopped = await poll(missing);
    assertRefused(stopped, { status: 429, code: "PAIRING_TOO_OFTEN" });
    assert.ok(Number(stopped.headers.get("retry-after")) >= 1);
    await type(terminal_id, device.code);
    assert.equal((await poll(device, terminal_id)).body.status, "paired");
    await forgetGuesses();
  });

  test("has little room: a place shows twenty codes at once, all together a thousand, and then the next has to wait", async () => {
    await shop.database.sql("DELETE FROM pairing_requests");
    const { world } = shop.app;
    const { private_jwk, public_jwk } = await makeDeviceKey();
    const sign = await signer(private_jwk);
    const request = await shownCodeRequest({ serial_number: "ROOM", model }, public_jwk, sign);
    const planted = `INSERT INTO pairing_requests (pairing_id, code_scrypt, public_jwk, serial_number, model, address,
        created_at, expires_at)
      SELECT 'planted_' || $1::text || n, sha256(($1::text || n)::bytea), '{}', 'x', 'x', $1, now(), now() + interval '5 minutes'
      FROM generate_series(1, $2::integer) AS n`;
    await shop.database.sql(planted, ["127.0.0.1", 19]);
    const opened = await Promise.all([1, 2, 3].map(() => post(pairingRequestsPath, request)));
    assert.deepEqual(opened.map(({ status }) => status).sort(), [200, 429, 429], "at the same instant as well");
    const refused = opened.find(({ status }) => status === 429) as Answer<ErrorBody>;
    assertRefused(refused, { status: 429, code: "PAIRING_TOO_OFTEN" });
    const wait_s = Number(refused.headers.get("retry-after"));
    assert.ok(wait_s > 280 && wait_s <= 300, `${wait_s}`);
    const text = pairingRequestText({ serial_number: "ROOM", model, public_jwk });
    const from = (place: string) => openPairing(world, request as never, text, place);
    assert.ok((await from("192.0.2.7")).code, "another place has room");
    await shop.database.sql(planted, ["192.0.2.8", 979]);
    await assert.rejects(from("192.0.2.9"), /Too many pairings/);
    await shop.database.sql("UPDATE pairing_requests SET created_at = now() - interval '1 hour', expires_at = now()");
    assert.ok((await from("192.0.2.9")).code, "what has expired takes no room");
  });
});
