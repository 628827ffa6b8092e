/** The receiver in examples/ takes what this server sends, once and in order, and nothing that somebody else sends. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { HookWithSecret } from "../../src/contract/hook.ts";
import { tokenOf } from "../support/clients.ts";
import { type HookReceiver, openHookReceiver, type ReceivedHook } from "../support/hook-receiver.ts";
import { openShop, type Shop, until } from "../support/shop.ts";

const example = fileURLToPath(new URL("../../examples/webhook-receiver.js", import.meta.url));

let shop: Shop;
let receiver: HookReceiver;
let program: ChildProcess;
let said = "";
let address = "";

before(async () => {
  shop = await openShop();
  receiver = await openHookReceiver();
  const { account_id } = shop.demo;
  const token = await tokenOf(shop, { account_id, client_id: "hooks", scopes: ["admin:hooks"] });
  const body = { config: { url: receiver.address }, events: ["checkout_transaction"] };
  const headers = { authorization: `Bearer ${token}` };
  const path = `/v1/accounts/${account_id}/hooks/subscriptions`;
  const hook = await shop.call<HookWithSecret>("POST", path, body, headers);
  const settings = { WEBHOOK_SECRET: hook.body.signing_secret, PORT: "0" };
  program = spawn(process.execPath, [example], { env: settings, stdio: ["ignore", "pipe", "inherit"] });
  program.stdout?.on("data", (text) => {
    said += text;
  });
  const [, port] = await until(() => /listening on port (\d+)/.exec(said) ?? undefined);
  address = `http://127.0.0.1:${port}/`;
});
after(async () => {
  program.kill();
  receiver.close();
  await shop.close();
});

const handOn = async ({ headers, text }: ReceivedHook, change: Record<string, string> = {}): Promise<number> => {
  const kept = ["content-type", "webhook-id", "webhook-timestamp", "webhook-signature"];
  const own = Object.fromEntries(kept.map((name) => [name, String(headers[name])]));
  const { body = text, ...others } = change;
  return (await fetch(address, { method: "POST", headers: { ...own, ...others }, body })).status;
};

describe("the example's receiver", () => {
  test("knows how a payment stands whatever overtakes what, and takes a repetition for what it is", async () => {
    const { body } = await shop.create({ order: { merchant_reference: "ordre-ø" } });
    await shop.ended(body.id);
    const messages = await until(() => {
      const found = receiver.of("checkout_transaction");
      return found.length >= 2 && found;
    });
    const byAge = messages.toSorted((a, b) => Number(b.body.sequence) - Number(a.body.sequence));
    for (const message of [...byAge, ...byAge]) assert.equal(await handOn(message), 204);
    const lines = said.split("\n").filter((line) => line.startsWith("checkout_transaction"));
    const older = byAge
      .slice(1)
      .map(({ body: { sequence } }) => `checkout_transaction ${sequence}: older than what is known`);
    const again = byAge.map(({ body: { sequence } }) => `checkout_transaction ${sequence}: again, and nothing to do`);
    const newest = `checkout_transaction ${byAge.length}: ordre-ø is CAPTURED`;
    assert.deepEqual(lines, [newest, ...older, ...again]);
  });

  test("takes nothing that was changed, signed by somebody else, or kept for later", async () => {
    const ping = await until(() => receiver.of("ping")[0]);
    assert.equal(await handOn(ping), 204);
    assert.equal(await handOn(ping, { body: ping.text.replace("ping", "pong") }), 401);
    assert.equal(await handOn(ping, { "webhook-id": "evt_other" }), 401);
    assert.equal(await handOn(ping, { "webhook-signature": `v1,${Buffer.alloc(32).toString("base64")}` }), 401);
    assert.equal(await handOn(ping, { "webhook-signature": "" }), 401);
    const old = String(Number(ping.headers["webhook-timestamp"]) - 301);
    assert.equal(await handOn(ping, { "webhook-timestamp": old }), 401);
  });
});
