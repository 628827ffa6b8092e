import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type CallbackOptions,
  type CallbackResult,
  callbackAddress,
  callbackOptions,
} from "../../src/domain/callback.ts";

const shop = "https://shop.example/callback";
const plain: CallbackOptions = {
  method: "GET",
  report_error: false,
  delay_s: 0,
  report_event: [],
  includes_session: false,
  sid_parameter_name: "session_id",
};

describe("the options in a callback's address", () => {
  const rows: [string, Partial<CallbackOptions>, string][] = [
    ["", {}, "without any, a GET at once, for payments that happened"],
    ["?method=POST", { method: "POST" }, "POST is asked for by name"],
    ["?method=post", { method: "POST" }, "POST in small letters is POST"],
    ["?method=GET", {}, "GET may be said"],
    ["?method=PUT", {}, "another method is GET"],
    ["?report_error=true", { report_error: true }, "errors are reported where that is asked for"],
    ["?report_error=false", {}, "errors are not reported where that is refused"],
    ["?report_error=", {}, "errors are not reported where nothing is said"],
    ["?delay_callback=10", { delay_s: 10 }, "the first try may be delayed"],
    ["?delay_callback=60", { delay_s: 60 }, "60 seconds are the longest delay"],
    ["?delay_callback=120", { delay_s: 60 }, "120 seconds, which a client in the field sends, become 60"],
    ["?delay_callback=61", { delay_s: 60 }, "61 seconds become 60"],
    ["?delay_callback=-5", {}, "a negative delay is none"],
    ["?delay_callback=soon", {}, "a delay that is no number is none"],
    ["?delay_callback=NaN", {}, "a delay that is not a number by name is none"],
    ["?delay_callback=", {}, "an empty delay is none"],
    ["?report_event=REFUND", { report_event: ["REFUND"] }, "a later event is reported where asked for"],
    [
      "?report_event=CAPTURE&report_event=REFUND&report_event=VOID",
      { report_event: ["CAPTURE", "REFUND", "VOID"] },
      "several later events are asked for by repeating",
    ],
    ["?includes=session", { includes_session: true }, "the session is included where asked for"],
    ["?includes=card&includes=session", { includes_session: true }, "the session is included among other wishes"],
    ["?includes=sessions", {}, "nothing is included that is not known"],
    ["?sid_parameter_name=sid", { sid_parameter_name: "sid" }, "the session's id may be called sid"],
    ["?sid_parameter_name=session_id", {}, "the session's id may be called by its own name"],
    ["?sid_parameter_name=transaction_id", {}, "the session's id takes no other name"],
    ["?order=17&Method=POST", {}, "a merchant's own parameters are no options"],
  ];
  for (const [query, options, guarantee] of rows) {
    test(guarantee, () => assert.deepEqual(callbackOptions(shop + query), { ...plain, ...options }));
  }

  test("whatever is asked for, the delay is within a minute", () => {
    const anyDelay = fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String));
    fc.assert(
      fc.property(anyDelay, (text) => {
        const { delay_s } = callbackOptions(`${shop}?delay_callback=${encodeURIComponent(text)}`);
        assert.ok(delay_s >= 0 && delay_s <= 60, String(delay_s));
      }),
    );
  });
});

const result: CallbackResult = {
  transaction_id: "T12345678.0VYqZ4ekAAAAAAAAAAAAA1",
  session_id: "T12345678.0VYqZ4ekAAAAAAAAAAAAA2",
  merchant_reference: "order-17",
  time: "2026-11-22T12:00:00.000Z",
};
const appended =
  "transaction_id=T12345678.0VYqZ4ekAAAAAAAAAAAAA1&session_id=T12345678.0VYqZ4ekAAAAAAAAAAAAA2" +
  "&merchant_reference=order-17&time=2026-11-22T12%3A00%3A00.000Z";

describe("the address that is called", () => {
  const rows: [string, Partial<CallbackResult>, string, string][] = [
    [shop, {}, `${shop}?${appended}`, "carries the result, with the colons of its time as %3A"],
    [
      `${shop}?order=17&method=POST&report_error=true`,
      {},
      `${shop}?order=17&method=POST&report_error=true&${appended}`,
      "keeps the merchant's own parameters and the options, before the result",
    ],
    [
      `${shop}?sid_parameter_name=sid`,
      {},
      `${shop}?sid_parameter_name=sid&${appended.replace("session_id", "sid")}`,
      "calls the session sid where that was asked for",
    ],
    [shop, { error: "cancelled" }, `${shop}?${appended}&error=cancelled`, "names the error"],
    [
      shop,
      { event: "REFUND", event_id: "3" },
      `${shop}?${appended}&event=REFUND&event_id=3`,
      "names a later event and its number",
    ],
    [
      `${shop}?note=to%20the%20till&tag=a+b`,
      {},
      `${shop}?note=to+the+till&tag=a+b&${appended}`,
      "writes every space as +, so that a receiver that encodes it anew reads the same",
    ],
    [
      shop,
      { merchant_reference: "Bord 4 / å & co: 100%" },
      `${shop}?${appended.replace("order-17", "Bord+4+%2F+%C3%A5+%26+co%3A+100%25")}`,
      "form-encodes the merchant's reference",
    ],
    [
      `${shop}?error=mine`,
      { error: "failed" },
      `${shop}?error=mine&${appended}&error=failed`,
      "keeps a parameter of the merchant's that is named like one of ours",
    ],
    [`${shop}#till`, {}, `${shop}?${appended}`, "has no fragment, which no server would see"],
    ["https://shop.example", {}, `https://shop.example/?${appended}`, "has a path"],
    ["https://shop.example:8443/a", {}, `https://shop.example:8443/a?${appended}`, "keeps its port"],
  ];
  for (const [callback_url, more, address, guarantee] of rows) {
    test(guarantee, () => assert.equal(callbackAddress(callback_url, { ...result, ...more }), address));
  }

  test("reads back as the merchant's parameters and then the result, and encodes anew to the same", () => {
    const anyParameter = fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(fc.array(anyParameter), fc.string({ unit: "grapheme" }), (own, merchant_reference) => {
        fc.pre(own.every(([name]) => name !== "sid_parameter_name"));
        const query = own.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
        const address = callbackAddress(`${shop}?${query}`, { ...result, merchant_reference });
        const { searchParams, search } = new URL(address);
        assert.deepEqual(
          [...searchParams],
          [
            ...own,
            ["transaction_id", result.transaction_id],
            ["session_id", result.session_id],
            ["merchant_reference", merchant_reference],
            ["time", result.time],
          ],
        );
        assert.equal(`?${new URLSearchParams([...searchParams])}`, search);
        assert.doesNotMatch(search, /[ :]|%20/);
      }),
    );
  });
});
