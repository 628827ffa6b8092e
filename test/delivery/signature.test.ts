/** What a receiver can check a webhook by: vectors that others have published, recomputed by nobody but the code. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { awsSignatureHeaders } from "../../src/delivery/aws-signature.ts";
import { webhookMessage } from "../../src/delivery/message.ts";
import { standardSignature, webhookSecretHeaders } from "../../src/delivery/signature.ts";
import type { HookSecret, HookSettings } from "../../src/storage/lanes.ts";

const hook: HookSettings = {
  id: "0b8ba3ac-0000-4000-8000-000000000000",
  url: "https://receiver.test/hook",
  secret: null,
  insecure_ssl: false,
  fields: null,
  exclude_fields: null,
  signing_secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  former_signing_secret: null,
  former_until: null,
};
const noon = Date.parse("2026-11-22T12:00:00.000Z");

describe("the Standard Webhooks form", () => {
  const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  const body = '{"test": 2432232314}';
  const published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

  test("is that of the specification's example", () => {
    assert.deepEqual(standardSignature(hook, { id, body }, 1614265330_000), {
      "webhook-id": id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": published,
    });
  });
  test("is another for another body, id or second", () => {
    const signatures = [
      standardSignature(hook, { id, body }, 1614265330_000),
      standardSignature(hook, { id, body: `${body} ` }, 1614265330_000),
      standardSignature(hook, { id: `${id}x`, body }, 1614265330_000),
      standardSignature(hook, { id, body }, 1614265331_000),
    ].map((headers) => headers["webhook-signature"]);
    assert.equal(new Set(signatures).size, 4);
  });
  test("has both secrets' signatures while the former one is still taken, and then the new one's alone", () => {
    const rotated = {
      ...hook,
      signing_secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
      former_signing_secret: hook.signing_secret,
      former_until: "2021-02-25T15:02:11.000Z",
    };
    const during = standardSignature(rotated, { id, body }, 1614265330_000)["webhook-signature"]?.split(" ") ?? [];
    assert.equal(during.length, 2);
    assert.equal(during[1], published);
    const after = standardSignature(rotated, { id, body }, 1614265331_000)["webhook-signature"]?.split(" ") ?? [];
    assert.equal(after.length, 1);
  });
});

describe("AWS Signature Version 4", () => {
  const credentials = {
    aws_access_key_id: "AKIDEXAMPLE",
    aws_secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region: "us-east-1",
    service: "service",
  };
  const at = Date.parse("2015-08-30T12:36:00Z");
  const post = { url: "https://example.amazonaws.com/", body: "Param1=value1" };
  const form = "application/x-www-form-urlencoded";
  const authorization = (signature: string) =>
    `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ` +
    `SignedHeaders=content-type;host;x-amz-date, Signature=${signature}`;

  test("is that of AWS's test suite: post-x-www-form-urlencoded", () => {
    const signature = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a";
    assert.deepEqual(awsSignatureHeaders(credentials, { ...post, content_type: form }, at), {
      "x-amz-date": "20150830T123600Z",
      authorization: authorization(signature),
    });
  });
  test("is that of AWS's test suite: post-x-www-form-urlencoded-parameters", () => {
    const signature = "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe";
    const signed = awsSignatureHeaders(credentials, { ...post, content_type: `${form}; charset=utf8` }, at);
    assert.equal(signed.authorization, authorization(signature));
  });
  test("sorts and encodes the query, encodes the path once more, and leaves out a port that goes without saying", () => {
    const signed = (url: string) => awsSignatureHeaders(credentials, { ...post, url, content_type: form }, at);
    assert.deepEqual(signed("https://a.test/x?b=2&a=%C3%B8&a=1"), signed("https://a.test:443/x?a=1&a=%C3%B8&b=2"));
    const others = ["https://a.test/x", "https://a.test:8443/x", "https://a.test/%C3%B8", "https://a.test/x?a=1"];
    assert.equal(new Set(others.map((url) => signed(url).authorization)).size, others.length);
  });
});

describe("a hook's own secret", () => {
  const sent = { url: hook.url, body: '{"a":"ø"}' };
  const headersOf = (secret: HookSecret | null) => webhookSecretHeaders({ ...hook, secret }, sent, noon);

  test("of HMAC-SHA1 signs the bytes of the body", () => {
    const secret = { type: "HMAC-SHA1", value: "hemmelig ø" } as const;
    const expected = createHmac("sha1", "hemmelig ø").update(Buffer.from(sent.body)).digest("hex");
    assert.deepEqual(headersOf(secret), { "event-signature": expected });
    assert.match(expected, /^[0-9a-f]{40}$/);
  });
  test("of HMAC-SHA1 is that of RFC 2202's second case", () => {
    const signed = webhookSecretHeaders(
      { ...hook, secret: { type: "HMAC-SHA1", value: "Jefe" } },
      { url: hook.url, body: "what do ya want for nothing?" },
      noon,
    );
    assert.equal(signed["event-signature"], "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  });
  test("of Authorization is sent as it is", () => {
    assert.deepEqual(headersOf({ type: "Authorization", value: "Basic dGlsbA==" }), {
      authorization: "Basic dGlsbA==",
    });
  });
  test("where there is none adds nothing", () => assert.deepEqual(headersOf(null), {}));
});

describe("a webhook", () => {
  const event = {
    account_id: "T12345678",
    id: "evt_1",
    type: "ping",
    sequence: null,
    members: { hook: { id: hook.id } },
    created_at: "2026-11-22T12:00:00.000Z",
  };
  const message = webhookMessage(
    { id: "d", url: hook.url },
    event,
    { ...hook, secret: { type: "Authorization", value: "Bearer hemmelig" } },
    noon,
  );

  test("carries the contract's headers and the Standard Webhooks ones, under the event's id", () => {
    const { "webhook-signature": signature, ...headers } = message.headers;
    assert.deepEqual(headers, {
      "content-type": "application/json",
      "user-agent": "Dintero-Hook/0b8ba3ac Tapline",
      event: "ping",
      "event-delivery": "d",
      authorization: "Bearer hemmelig",
      "webhook-id": "evt_1",
      "webhook-timestamp": String(noon / 1000),
    });
    assert.match(signature ?? "", /^v1,[A-Za-z0-9+/]{43}=$/);
  });
});
