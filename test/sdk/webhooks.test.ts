/** What the client's package verifies is what the server signs, and nothing else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signWebhook, verifyWebhook, WebhookRefused } from "@tapline/sdk";
import { standardSignature } from "../../src/delivery/signature.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const now_s = 1_614_265_330;
const now = () => now_s * 1_000;
const message = {
  account_id: "T12345678",
  event: "checkout_transaction",
  event_id: "T12345678.1",
  note: "Kaffe & Kø ✓",
};
const body = JSON.stringify(message);

const signedByServer = (change: object = {}) =>
  standardSignature(
    { signing_secret: secret, former_signing_secret: null, former_until: null, ...change } as never,
    { id: "T12345678.1", body },
    now(),
  );

const refused = async (received: Partial<Parameters<typeof verifyWebhook>[0]>, words: RegExp) => {
  const whole = { headers: signedByServer(), body, secret, now, ...received };
  await assert.rejects(verifyWebhook(whole), (error) => error instanceof WebhookRefused && words.test(error.message));
};

describe("a webhook", () => {
  test("is signed as in the example of Standard Webhooks", async () => {
    const signed = await signWebhook({
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestamp: now_s,
      body: '{"test": 2432232314}',
      secret,
    });
    assert.equal(signed["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  test("is signed by the server and by the package alike", async () => {
    assert.deepEqual(await signWebhook({ id: "T12345678.1", timestamp: now_s, body, secret }), signedByServer());
  });

  test("of the server is believed, whatever kind of headers it comes in", async () => {
    const headers = signedByServer();
    for (const kind of [headers, new Headers(headers), { ...headers, "x-other": ["a", "b"] }]) {
      assert.deepEqual(await verifyWebhook({ headers: kind, body, secret, now }), message);
    }
  });

  test("signed with the old secret and the new one is believed by either", async () => {
    const former = "whsec_c2VjcmV0IHRoYXQgd2FzIGdvb2QgYmVmb3Jl";
    const headers = signedByServer({ former_signing_secret: former, former_until: "2099-01-01T00:00:00.000Z" });
    for (const one of [secret, former]) await verifyWebhook({ headers, body, secret: one, now });
  });

  test("with another body, id or secret is refused", async () => {
    await refused({ body: body.replace("1", "2") }, /No signature is right/);
    await refused({ headers: { ...signedByServer(), "webhook-id": "other" } }, /No signature is right/);
    await refused({ secret: "whsec_c2VjcmV0IHRoYXQgd2FzIGdvb2QgYmVmb3Jl" }, /No signature is right/);
    await refused({ headers: { ...signedByServer(), "webhook-signature": "v1,!! v2,abc" } }, /No signature is right/);
  });

  test("older than five minutes, from the future, or without its headers is refused", async () => {
    await refused({ now: () => now() + 301_000 }, /five minutes/);
    await refused({ now: () => now() - 301_000 }, /five minutes/);
    await refused({ headers: { ...signedByServer(), "webhook-timestamp": "soon" } }, /five minutes/);
    for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
      await refused({ headers: { ...signedByServer(), [name]: undefined } }, new RegExp(name));
    }
  });
});
