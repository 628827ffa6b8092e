/** Whatever is sent, the answer says what is wrong with it, and nothing is written and no terminal is taken. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, describe, test } from "node:test";
import type { Session } from "../../src/contract/session.ts";
import { openShop, type SaleChange, type Shop } from "../support/shop.ts";
import { assertErrorBody, assertRefused, leavesNoTrace, type Refusal, send, sendBytes } from "./refusal.ts";

let shop: Shop;
before(async () => {
  shop = await openShop();
  await shop.play("manual");
});
after(() => shop.close());
// What was taken where it should have been refused must not be in the way of the next test.
afterEach(async () => {
  const open = "SELECT session_id FROM prompts WHERE status IN ('PENDING', 'SENT', 'SHOWN')";
  for (const { session_id } of await shop.database.sql<{ session_id: string }>(open)) {
    await shop.call("POST", `/v1/sessions/${session_id}/cancel`);
  }
});

const path = "/v1/sessions-profile";
const invalid = (field: Refusal["field"]): Refusal => ({
  status: 400,
  code: "INVALID_REQUEST_PARAMETER",
  ...(field === undefined ? {} : { field }),
});

/** The sale as text, with `literal` where it says "LITERAL": numbers that JavaScript would write differently. */
const saleText = (change: SaleChange, literal: string): string =>
  JSON.stringify(shop.sale(change)).replace('"LITERAL"', literal);

async function refuses(body: unknown, refusal: Refusal, headers: Record<string, string> = {}): Promise<void> {
  await leavesNoTrace(shop, async () => assertRefused(await shop.call("POST", path, body, headers), refusal));
}

async function accepts(body: unknown, headers: Record<string, string> = {}): Promise<void> {
  await accepted(body, headers);
}

/** Creates the sale, hands over what was kept of it, and calls it off. */
async function accepted(body: unknown, headers: Record<string, string> = {}): Promise<Session> {
  const created = await shop.call<{ id: string }>("POST", path, body, headers);
  assert.equal(created.status, 200, JSON.stringify(created.body));
  const session = await shop.call<Session>("GET", `/v1/sessions/${created.body.id}`);
  assert.equal((await shop.call("POST", `/v1/sessions/${created.body.id}/cancel`)).status, 200);
  assert.equal(session.status, 200);
  return session.body;
}

describe("an amount that is no whole number of minor units from 1 to 2147483647 is refused", () => {
  const literals = [
    ...["0", "-1", "-39900", "1.5", "1998.9999999999998", "2147483648", "1e999", "-1e999"],
    ...['"39900"', "null", "true", "[39900]", '{"minor":39900}'],
  ];
  for (const literal of literals) {
    test(literal, () => refuses(saleText({ order: { amount: "LITERAL" } }, literal), invalid("order.amount")));
  }
  test("none at all", () => refuses(shop.sale({ order: { amount: undefined } }), invalid("order.amount")));
});

describe("an amount is taken however JSON spells it", () => {
  const rows: [literal: string, amount: number][] = [
    ["39900.0", 39900],
    ["3.99e4", 39900],
    ["1", 1],
    ["2147483647", 2147483647],
  ];
  for (const [literal, amount] of rows) {
    test(`${literal} is ${amount}`, async () => {
      const session = await accepted(saleText({ order: { amount: "LITERAL" } }, literal));
      assert.equal(session.order.amount, amount);
    });
  }
});

describe("a member of the wrong kind is refused by its name", () => {
  const rows: [change: Record<string, unknown>, field: string][] = [
    [{ url: undefined }, "url"],
    [{ url: "https://yourpos.example.com" }, "url"],
    [{ url: {} }, "url.return_url"],
    [{ url: { return_url: "" } }, "url.return_url"],
    [{ url: { return_url: "yourpos.example.com" } }, "url.return_url"],
    [{ url: { return_url: "https://a.example", callback_url: "callback" } }, "url.callback_url"],
    [{ order: undefined }, "order"],
    [{ order: [] }, "order"],
    [{ profile_id: undefined }, "profile_id"],
    [{ profile_id: 7 }, "profile_id"],
    [{ profile_id: " in-person" }, "profile_id"],
    [{ profile_id: "in-person\n" }, "profile_id"],
    [{ customer: "Ola" }, "customer"],
    [{ customer: { email: "nobody" } }, "customer.email"],
    [{ configuration: [] }, "configuration"],
    [{ configuration: { auto_capture: "false" } }, "configuration.auto_capture"],
    [{ configuration: { channel: "shop" } }, "configuration.channel"],
    [{ configuration: { publish: { channel: "terminal" } } }, "configuration.publish"],
    [{ configuration: { publish: ["terminal"] } }, "configuration.publish.0"],
    [{ configuration: { seitatech: { in_person: { enabled: 1 } } } }, "configuration.seitatech.in_person.enabled"],
    [{ checkboxes: [{ label: "Terms" }] }, "checkboxes.0.id"],
    [{ merchant: { logo_url: "https://a.example/logo.png" } }, "merchant.name"],
    [{ express: true }, "express"],
    [{ metadata: [] }, "metadata"],
    [{ metadata: { ext_vip: true } }, "metadata.ext_vip"],
    [{ metadata: { ext_till: { number: 4 } } }, "metadata.ext_till"],
    [{ expires_at: "tomorrow" }, "expires_at"],
    [{ expires_at: 4_102_444_800 }, "expires_at"],
    [{ expires_at: "2099-02-30T12:00:00Z" }, "expires_at"],
    [{ expires_at: "2099-12-31T12:00:00" }, "expires_at"],
  ];
  for (const [change, field] of rows) {
    test(`${field}: ${JSON.stringify(Object.values(change)[0]) ?? "missing"}`, () =>
      refuses({ ...shop.sale(), ...change }, invalid(field)));
  }

  const ofOrder: [change: Record<string, unknown>, field: string][] = [
    [{ currency: undefined }, "order.currency"],
    [{ currency: 578 }, "order.currency"],
    [{ merchant_reference: undefined }, "order.merchant_reference"],
    [{ merchant_reference: "" }, "order.merchant_reference"],
    [{ merchant_reference: 12345 }, "order.merchant_reference"],
    [{ vat_amount: 42.75 }, "order.vat_amount"],
    [{ partial_payment: "yes" }, "order.partial_payment"],
    [{ store: "oslo-center" }, "order.store"],
    [{ billing_address: { email: "Storgata 1" } }, "order.billing_address.email"],
    [{ shipping_option: { id: "post" } }, "order.shipping_option.line_id"],
    [{ discount_codes: [10] }, "order.discount_codes.0"],
    [{ items: {} }, "order.items"],
    [{ items: [null] }, "order.items.0"],
    [{ items: [{ amount: 399.5 }] }, "order.items.0.amount"],
    [{ items: [{}, { amount: -2147483649 }] }, "order.items.1.amount"],
    [{ items: [{ quantity: "2" }] }, "order.items.0.quantity"],
    [{ items: [{ line_id: 1 }] }, "order.items.0.line_id"],
    [{ items: [{ type: "food" }] }, "order.items.0.type"],
    [{ items: [{ groups: [{ name: "Coffee" }] }] }, "order.items.0.groups.0.id"],
    [{ items: [{ splits: [{ payout_destination_id: "seller-1" }] }] }, "order.items.0.splits.0.amount"],
  ];
  for (const [change, field] of ofOrder) {
    test(`${field}: ${JSON.stringify(Object.values(change)[0]) ?? "missing"}`, async () => {
      const { body } = await leavesNoTrace(shop, () => shop.create({ order: change }));
      assert.equal(body.error.code, "INVALID_REQUEST_PARAMETER");
      assert.ok(
        body.error.errors?.some((error) => error.path.join(".") === field),
        body.error.message,
      );
    });
  }
});

/** So many letters that no compression makes fewer of them. */
function mixed(length: number): string {
  const parts = Array.from({ length: Math.ceil(length / 43) }, (_, i) =>
    createHash("sha256").update(String(i)).digest("base64url"),
  );
  return parts.join("").slice(0, length);
}

describe("what JSON can spell but no row can keep is refused by its name", () => {
  test("a quantity without end", () =>
    refuses(saleText({ order: { items: [{ quantity: "LITERAL" }] } }, "1e999"), invalid("order.items.0.quantity")));

  test("a number without end in the metadata", () =>
    refuses(saleText({ metadata: { ext_till: "LITERAL" } }, "1e999"), invalid("metadata.ext_till")));

  test("an object in the metadata, under a key with a line break", () =>
    refuses(shop.sale({ metadata: { "ext\ntill": {} } }), invalid(["metadata", "ext\ntill"])));

  const times: [expires_at: string, what: string][] = [
    ["2099-12-31T23:59:60Z", "a leap second"],
    ["2099-12-31T23:59:59+01", "an offset without minutes"],
    ["9999-12-31T23:59:59-23:59", "a time after the year 9999"],
  ];
  for (const [expires_at, what] of times) {
    test(`${what} as expires_at`, () => refuses(shop.sale({ expires_at }), { status: 400, field: "expires_at" }));
  }

  /** What stands in an index and travels to a terminal must have an end; no till has a reference of a page. */
  const long: [what: string, merchant_reference: string][] = [
    ["of 501 characters", "a".repeat(501)],
    ["of six thousand mixed letters", mixed(6000)],
    ["that is longer than a terminal's frame", "a".repeat(70_000)],
  ];
  for (const [what, merchant_reference] of long) {
    test(`a merchant_reference ${what}`, () =>
      refuses(shop.sale({ order: { merchant_reference } }), invalid("order.merchant_reference")));
  }

  test("while a merchant_reference of 500 characters, each of four bytes, is taken to its receipt", async () => {
    const merchant_reference = Array.from(mixed(500), (letter) =>
      String.fromCodePoint(0x1f300 + letter.charCodeAt(0) * 7),
    ).join("");
    assert.equal(Buffer.byteLength(merchant_reference), 2000);
    const { body: created } = await shop.create({ order: { merchant_reference }, url: { callback_url: "" } });
    await shop.play("tap");
    const transaction = await shop.ended(created.id);
    assert.equal(transaction.status, "CAPTURED");
    assert.equal(transaction.merchant_reference, merchant_reference);
    assert.equal(transaction.events.at(-1)?.metadata?.["seitatech:posReferenceData"], merchant_reference);
  });

  const texts: [text: string, what: string][] = [
    ["order\u0000", "a NUL"],
    ["order\ud800", "the first half of a surrogate pair"],
    ["\udc00order", "the second half of a surrogate pair"],
  ];
  for (const [text, what] of texts) {
    test(`${what} in a text`, () =>
      refuses(shop.sale({ order: { merchant_reference: text } }), invalid("order.merchant_reference")));
    test(`${what} in a text of a member that nobody knows`, () =>
      refuses(shop.sale({ till: { notes: ["a", text] } }), invalid("till.notes.1")));
    test(`${what} in the name of a member`, () => refuses(shop.sale({ [text]: 1 }), invalid(undefined)));
  }
  test("a NUL in a text that is the whole body", () => refuses('"a\\u0000"', invalid("body")));
});

describe("an order whose parts do not go together is refused by the part", () => {
  const strict = { "dintero-feature-toggles": "strict-session-amounts" };
  const coffee = (amount: number) => [{ line_id: "1", amount }];
  const post = { id: "post", line_id: "2", amount: 4900, title: "Post", operator: "Posten" };
  const mismatch: Refusal = { status: 400, code: "AMOUNT_MISMATCH", field: "order.amount" };

  test("the amount is not the sum of the items, where sums are strict", () =>
    refuses(shop.sale({ order: { items: coffee(39800) } }), mismatch, strict));
  test("the toggle counts among others", () =>
    refuses(shop.sale({ order: { items: coffee(39800) } }), mismatch, {
      "dintero-feature-toggles": "strict-merchant-reference, strict-session-amounts",
    }));
  test("the shipping option is part of the sum", () =>
    refuses(shop.sale({ order: { items: coffee(39900), shipping_option: post } }), mismatch, strict));
  test("a partial payment is not more than the sum", () =>
    refuses(shop.sale({ order: { items: coffee(39800), partial_payment: true } }), mismatch, strict));

  test("a sum that differs is taken where nobody asks for strictness", () =>
    accepts(shop.sale({ order: { items: coffee(39800) } })));
  test("items and shipping that add up are taken", () =>
    accepts(shop.sale({ order: { items: coffee(35000), shipping_option: post } }), strict));
  test("a partial payment below the sum is taken", () =>
    accepts(shop.sale({ order: { items: coffee(79800), partial_payment: true } }), strict));
  test("an order without lines has nothing to add up", () =>
    accepts(shop.sale({ order: { items: undefined } }), strict));

  test("two lines with one line_id", () =>
    refuses(shop.sale({ order: { items: [{ line_id: "1" }, { line_id: "2" }, { line_id: "1" }] } }), {
      status: 400,
      code: "DUPLICATE_LINE_ID",
      field: "order.items.2.line_id",
    }));
  test("splits that would come at a capture that has happened", () =>
    refuses(shop.sale({ order: { items: [{ line_id: "1" }, { line_id: "2", splits: [] }] } }), {
      status: 400,
      code: "SPLITS_MISSING",
      field: "order.items.1.splits",
    }));
});

describe("a body that is no JSON object is refused", () => {
  const invalidJson: Refusal = { status: 400, code: "INVALID_JSON" };
  const rows: [body: string, refusal: Refusal, what: string][] = [
    ["", invalidJson, "nothing"],
    ["   ", invalidJson, "blanks"],
    ["null", invalidJson, "null"],
    ["[]", invalid("body"), "a list"],
    ['"sale"', invalid("body"), "a text"],
    ["39900", invalid("body"), "a number"],
    ["true", invalid("body"), "a truth"],
    ["{}", invalid(undefined), "an empty object"],
    ['{"order":', invalidJson, "half of one"],
    ["{'order': 1}", invalidJson, "JavaScript"],
    ['{"order": NaN}', invalidJson, "NaN"],
    ['{"order": 1}{"order": 2}', invalidJson, "two of them"],
    ["amount=39900&currency=NOK", invalidJson, "a form that says it is JSON"],
    ["<sale/>", invalidJson, "XML that says it is JSON"],
    ["x".repeat(1_048_576), { status: 413, code: "BODY_TOO_LARGE" }, "a megabyte"],
  ];
  for (const [body, refusal, what] of rows) {
    test(what, async () => {
      const headers = { authorization: `Bearer ${shop.token}`, "content-type": "application/json" };
      await leavesNoTrace(shop, async () =>
        assertRefused(await send(shop, { method: "POST", path, headers, body }), refusal),
      );
    });
  }

  test("bytes that are not UTF-8", async () => {
    const headers = { authorization: `Bearer ${shop.token}`, "content-type": "application/json" };
    const body = new Uint8Array(Buffer.from(saleText({ order: { merchant_reference: "Blåbær" } }, ""), "latin1"));
    await leavesNoTrace(shop, async () =>
      assertRefused(await send(shop, { method: "POST", path, headers, body }), invalidJson),
    );
  });

  const nested = (open: string, close: string, depth: number) =>
    saleText({ till: "LITERAL" }, open.repeat(depth) + close.repeat(depth));
  test("lists a hundred thousand deep", () => refuses(nested("[", "]", 100_000), invalid(undefined)));
  test("objects sixty thousand deep", () =>
    refuses(nested('{"a":', "}", 60_000).replace(":}", ":1}"), invalid(undefined)));

  test("a hundred thousand mistakes are answered with a handful of them", async () => {
    const items = Array.from({ length: 100_000 }, () => 0);
    const { status, body } = await leavesNoTrace(shop, () => shop.create({ order: { items } }));
    assert.equal(status, 400);
    const named = body.error.errors?.length ?? 0;
    assert.ok(named > 1 && named <= 20, `${named} errors`);
    assert.ok(JSON.stringify(body).length < 10_000);
  });

  const prototypes: [member: string, place: string][] = [
    ['"__proto__":{"amount":1}', "__proto__"],
    ['"order":{"__proto__":{"amount":1}}', "order.__proto__"],
    ['"metadata":{"__proto__":"ext"}', "metadata.__proto__"],
    ['"configuration":{"seitatech":{"__proto__":{"enabled":true}}}', "configuration.seitatech.__proto__"],
  ];
  for (const [member, place] of prototypes) {
    test(`a prototype at ${place}`, () =>
      refuses(`${JSON.stringify(shop.sale()).slice(0, -1)},${member}}`, invalid(place)));
  }
});

describe("the content type", () => {
  const unsupported: Refusal = { status: 415, code: "UNSUPPORTED_MEDIA_TYPE" };
  const refusedTypes = [
    ...["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data; boundary=x"],
    ...["application", "json", "application/jsonp", ";charset=utf-8"],
  ];
  for (const type of refusedTypes) {
    test(`${type} is not understood`, () => refuses(shop.sale(), unsupported, { "content-type": type }));
  }
  test("has to be said with a body", async () => {
    const headers = { authorization: `Bearer ${shop.token}` };
    const body = new Uint8Array(Buffer.from(JSON.stringify(shop.sale())));
    await leavesNoTrace(shop, async () =>
      assertRefused(await send(shop, { method: "POST", path, headers, body }), unsupported),
    );
  });

  for (const type of ["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"]) {
    test(`${type} is JSON`, () => accepts(shop.sale(), { "content-type": type }));
  }
  for (const type of ["application/json", "application/json; charset=utf-8", "text/plain"]) {
    test(`${type} on a read, which has no body, is no hindrance`, async () => {
      assert.equal((await shop.call("GET", "/v1/transactions", undefined, { "content-type": type })).status, 200);
    });
  }
});

describe("a cancel, which takes no body, takes whatever clients in the field send with it", () => {
  const rows: [what: string, body: string, type: string][] = [
    ["an empty body that says it is JSON", "", "application/json"],
    ["an empty body that says it is text", "", "text/plain"],
    ["null", "null", "application/json"],
    ["an empty list", "[]", "application/json"],
    ["an empty object", "{}", "application/json; charset=utf-8"],
    ["the session's id", '{"id":"T12345678.0123456789abcdefABCDEF"}', "application/json"],
  ];
  for (const [what, body, type] of rows) {
    test(what, async () => {
      const { body: created } = await shop.create();
      const answer = await shop.call<Session>("POST", `/v1/sessions/${created.id}/cancel`, body, {
        "content-type": type,
      });
      assert.equal(answer.status, 200);
      assert.ok(answer.body.cancelled_at);
    });
  }
});

describe("a place that is not there", () => {
  const nowhere: Refusal = { status: 404, code: "ROUTE_NOT_FOUND" };
  const unknown: [method: string, path: string][] = [
    ["GET", "/"],
    ["GET", "/v1"],
    ["GET", "/sessions-profile"],
    ["POST", "/v2/sessions-profile"],
    ["GET", "/v1/sessions/a/b"],
    ["GET", "/v1/accounts/T12345678/sessions"],
    ["GET", "/V1/TRANSACTIONS"],
    ["GET", "/v1/transactions/../../etc/passwd"],
    ["DELETE", "/favicon.ico"],
  ];
  for (const [method, place] of unknown) {
    test(`${method} ${place} is unknown, with or without a token`, async () => {
      assertRefused(await send(shop, { method, path: place }), nowhere);
      assertRefused(await shop.call(method, place), nowhere);
    });
  }

  const wrong: [method: string, path: string, allowed: string][] = [
    ["GET", "/v1/sessions-profile", "POST"],
    ["PUT", "/v1/sessions-profile/", "POST"],
    ["POST", "/v1/transactions", "GET"],
    ["PATCH", "/v1/transactions/T12345678.x", "GET, PUT"],
    ["DELETE", "/v1/sessions/T12345678.x", "PUT, GET"],
    ["GET", "/v1/sessions/T12345678.x/cancel", "POST"],
    ["GET", "/v1/accounts/T12345678/auth/token", "POST"],
    ["POST", "/v1/accounts/T12345678/payments/transactions?limit=1", "GET"],
    ["POST", "/healthz", "GET"],
  ];
  for (const [method, place, allowed] of wrong) {
    test(`${method} ${place} is told which method it takes`, async () => {
      const answer = await send(shop, { method, path: place });
      assertRefused(answer, { status: 405, code: "METHOD_NOT_ALLOWED" });
      assert.equal(answer.headers.get("allow"), allowed);
    });
  }

  const broken = [
    ...["/v1/transactions/a%00b", "/v1/sessions/%00", "/v1/transactions?merchant_reference=a%00"],
    ...["/v1/transactions/%", "/v1/transactions/%zz", "/v1/sessions/%e0%a4%a", "/v1/%ff/transactions"],
  ];
  for (const place of broken) {
    test(`${place} is no path`, async () => {
      assertRefused(await shop.call("GET", place), { status: 400, code: "INVALID_REQUEST_PARAMETER" });
    });
  }

  test("an id of three hundred letters is an id that is not there", async () => {
    assertErrorBody(await shop.call("GET", `/v1/sessions/T12345678.${"a".repeat(300)}`));
    assertErrorBody(await shop.call("GET", `/v1/transactions/T12345678.${"a".repeat(300)}`));
  });

  test("an id of nine thousand letters, and an amount that no transaction can have, are refused", async () => {
    const long = `/v1/transactions/${"x".repeat(9_000)}`;
    for (const place of [long, "/v1/transactions?amount.gte=99999999999999999999", "/v1/transactions?amount=1e30"]) {
      assertRefused(await shop.call("GET", place), { status: 400, code: "INVALID_REQUEST_PARAMETER" });
    }
  });

  test("an OPTIONS that no browser sent is answered like a browser's", async () => {
    const answer = await fetch(`${shop.app.address}/v1/transactions`, { method: "OPTIONS" });
    assert.equal(answer.status, 204, await answer.text());
  });

  test("the terminals' door, tried without a WebSocket, says no with an error body", async () => {
    assertErrorBody(await send(shop, { method: "GET", path: "/v1/terminals/connect" }));
  });
});

describe("a slash at the end changes nothing", () => {
  test("reading and creating", async () => {
    const created = await shop.call<{ id: string }>("POST", `${path}/`, shop.sale());
    assert.equal(created.status, 200);
    const session = await shop.call<Session>("GET", `/v1/sessions/${created.body.id}/`);
    assert.equal(session.body.id, created.body.id);
    assert.equal((await shop.call("GET", `/v1/transactions/${session.body.transaction_id}/`)).status, 200);
    assert.equal((await shop.call("GET", "/v1/transactions/?limit=1")).status, 200);
    assert.equal((await shop.call("POST", `/v1/sessions/${created.body.id}/cancel/`)).status, 200);
  });
});

describe("what is hardly HTTP is answered with an error body all the same", () => {
  const sale = (headers: string, body: string) =>
    `POST ${path} HTTP/1.1\r\nHost: tapline\r\nAuthorization: Bearer ${shop.token}\r\n` +
    `Content-Type: application/json\r\n${headers}\r\n\r\n${body}`;
  const rows: [what: string, bytes: () => string][] = [
    ["words", () => "give me your money\r\n\r\n"],
    ["the beginning of a TLS handshake", () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
    ["a header of twenty kilobytes", () => `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(20_000)}\r\n\r\n`],
    ["an address of twenty kilobytes", () => `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ["a header with a NUL", () => "GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"],
    ["a length that is no number", () => sale("Content-Length: many", "{}")],
    ["two lengths", () => sale("Content-Length: 2\r\nContent-Length: 3", "{}")],
    ["a length and chunks at once", () => sale("Content-Length: 2\r\nTransfer-Encoding: chunked", "0\r\n\r\n")],
    ["a chunk that is none", () => sale("Transfer-Encoding: chunked", "zz\r\n{}\r\n")],
    ["no host", () => "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"],
    [
      "an expectation nobody knows",
      () => "GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: gold\r\nConnection: close\r\n\r\n",
    ],
  ];
  for (const [what, bytes] of rows) {
    test(what, async () => {
      const { status, body } = await leavesNoTrace(shop, () => sendBytes(shop, bytes()));
      assert.ok(status >= 400 && status < 500, String(status));
      assert.match(body.error.message, /\S/);
    });
  }

  test("with a request id, as every answer", async () => assertErrorBody(await sendBytes(shop, "pay me\r\n\r\n")));

  test("and the server goes on", async () => {
    assert.equal((await shop.call("GET", "/v1/transactions")).status, 200);
  });
});
