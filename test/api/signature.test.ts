/** The secret of the header Dintero-Signature: made, read, made anew; and what a receiver of callbacks makes of it. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import { signatureHeader, signedText } from "../../src/delivery/signature.ts";
import { insertAccount } from "../../src/storage/accounts.ts";
import { tokenOf } from "../support/clients.ts";
import { openShop, type ReceivedCallback, type Shop } from "../support/shop.ts";
import { assertRefused } from "./refusal.ts";

interface Kept extends ErrorBody {
  readonly id: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly signature: { readonly type: string; readonly secret: string };
}

const path = "/v1/admin/signature";
const other_account = "T00000042";

describe("a signature", () => {
  const signed = { account_id: "P00000000", method: "GET", url: "https://example.com/callback?B=123&A=992" } as const;
  const now_s = 1_582_236_537;

  test("is the published one for the published request", () => {
    const digest = "6bed2ab1b919d460ef7465a20dc6c97260dca73fab6647106ca525f0908df64a";
    assert.equal(signatureHeader("123", signed, now_s), `t=${now_s},v0-hmac-sha256=${digest}`);
  });

  const texts: [what: string, url: string, lines: [host: string, path: string, query: string]][] = [
    ["sorts the query by its names", signed.url, ["example.com", "/callback", "A=992&B=123"]],
    ["leaves the port out", "http://127.0.0.1:8080/a?b=c", ["127.0.0.1", "/a", "b=c"]],
    ["has an empty line for no query", "https://example.com", ["example.com", "/", ""]],
    ["keeps the order of a name that comes twice", "https://a.no/?b=2&a=1&b=1", ["a.no", "/", "a=1&b=2&b=1"]],
    [
      "form-encodes a space, a colon and an ø",
      "https://a.no/?time=2026-11-22T12:00:00.000Z&name=Bj%C3%B8rns%20kaf%C3%A9",
      ["a.no", "/", "name=Bj%C3%B8rns+kaf%C3%A9&time=2026-11-22T12%3A00%3A00.000Z"],
    ],
  ];
  for (const [what, url, lines] of texts) {
    test(what, () => {
      const asked = { account_id: "T12345678", method: "POST", url } as const;
      assert.equal(signedText(asked, 7), ["7", "T12345678", "POST", ...lines].join("\n"));
    });
  }
});

describe("an account's signature secret", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
    const now = new Date().toISOString();
    await shop.app.world.db.transaction((tx) =>
      insertAccount(tx, { account_id: other_account, name: "Other", in_person_enabled: true }, now),
    );
  });
  after(() => shop.close());

  const bearer = async (account_id: string, ...scopes: string[]): Promise<Record<string, string>> => {
    const token = await tokenOf(shop, { account_id, client_id: "somebody", scopes });
    return { authorization: `Bearer ${token}` };
  };

  async function make(body?: unknown): Promise<Kept> {
    const answer = await shop.call<Kept>("POST", path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  /** The callback of a sale that is paid now. */
  async function calledBack(query = ""): Promise<ReceivedCallback> {
    const before = shop.callbacks.length;
    const { body } = await shop.create({ url: { callback_url: `${shop.callback_url}${query}` } });
    await shop.ended(body.id);
    return shop.until(() => shop.callbacks[before]);
  }

  /** As a receiver in the field does it: the query as it arrived, its parts sorted by name. */
  function expected({ method, url, headers }: ReceivedCallback, secret: string): string {
    const time = /^t=(\d+),v0-hmac-sha256=[0-9a-f]{64}$/.exec(String(headers["dintero-signature"]))?.[1] ?? "no time";
    assert.ok(Math.abs(Date.now() / 1000 - Number(time)) < 300, "receivers take five minutes' difference");
    const query = url.search
      .slice(1)
      .split("&")
      .map((part) => ({ part, name: part.split("=")[0] ?? "" }))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
      .map(({ part }) => part)
      .join("&");
    const text = [time, "T12345678", method, "127.0.0.1", url.pathname, query].join("\n");
    return `t=${time},v0-hmac-sha256=${createHmac("sha256", secret).update(text).digest("hex")}`;
  }

  test("is not there until it is made, and no callback is signed until then", async () => {
    assertRefused(await shop.call("GET", path), { status: 404, code: "SIGNATURE_NOT_FOUND" });
    assert.equal((await calledBack()).headers["dintero-signature"], undefined);
  });

  test("is made of 256 random bits, and read by whoever may read checkout", async () => {
    const made = await make();
    assert.match(made.signature.secret, /^[0-9A-Za-z]{43}$/);
    assert.equal(made.signature.type, "v0-hmac-sha256");
    assert.equal(made.created_by, shop.demo.client_id);
    const read = await shop.call("GET", path, undefined, await bearer("T12345678", "read:checkout"));
    assert.deepEqual(read.body, made as unknown);
    const alias = await shop.call("GET", "/v1/accounts/T12345678/payments/admin/signature");
    assert.deepEqual(alias.body, made as unknown);
  });

  test("is made with write:checkout, whatever stands in a body that the operation does not take", async () => {
    const headers = await bearer("T12345678", "write:checkout");
    for (const body of [undefined, {}, "null", []]) {
      assert.equal((await shop.call("POST", path, body, headers)).status, 200);
    }
    const refused = await shop.call("POST", path, {}, await bearer("T12345678", "read:checkout"));
    assertRefused(refused, { status: 403, code: "INSUFFICIENT_SCOPE" });
    const unread = await shop.call("GET", path, undefined, await bearer("T12345678", "write:checkout"));
    assertRefused(unread, { status: 403, code: "INSUFFICIENT_SCOPE" });
  });

  test("signs callbacks by GET and by POST, with the merchant's own parameters, so that a receiver can check them", async () => {
    const { signature } = await make();
    for (const query of ["", "?method=POST&report_event=REFUND&report_event=VOID&navn=Bj%C3%B8rn%20B&A=1"]) {
      const callback = await calledBack(query);
      assert.equal(callback.headers["dintero-signature"], expected(callback, signature.secret));
    }
  });

  test("that is made anew is the only one: the older signs nothing, and is kept nowhere", async () => {
    const older = await make();
    const newer = await make();
    assert.notEqual(newer.id, older.id);
    assert.notEqual(newer.signature.secret, older.signature.secret);
    assert.deepEqual((await shop.call<Kept>("GET", path)).body, newer);
    const callback = await calledBack();
    assert.equal(callback.headers["dintero-signature"], expected(callback, newer.signature.secret));
    assert.ok(!(await wholeDatabase(shop)).includes(older.signature.secret));
  });

  test("is recorded when it is made and made anew, and never what it is", async () => {
    const { id, signature } = await make();
    const headers = await bearer("T12345678", "read:accounts");
    type Change = { action: string; entity_id: string; changed_by: string; change: object };
    const changes = "/v1/accounts/T12345678/changes?entity=signature&limit=100";
    const { body } = await shop.call<Change[]>("GET", changes, undefined, headers);
    assert.ok(!JSON.stringify(body).includes(signature.secret));
    const { action, entity_id, changed_by, change } = body[0] as Change;
    assert.deepEqual([action, entity_id, changed_by, change], ["rotated", id, shop.demo.client_id, {}]);
    assert.equal(body.at(-1)?.action, "created");
  });

  test("is one account's own", async () => {
    const mine = await make();
    const headers = await bearer(other_account, "admin:checkout");
    assertRefused(await shop.call("GET", path, undefined, headers), { status: 404, code: "SIGNATURE_NOT_FOUND" });
    const theirs = await shop.call<Kept>("POST", path, undefined, headers);
    assert.notEqual(theirs.body.signature.secret, mine.signature.secret);
    assert.deepEqual((await shop.call<Kept>("GET", path)).body, mine);
  });

  test("made by several at once is one in the end, the one that is read", async () => {
    const made = await Promise.all([make(), make(), make(), make()]);
    const { body } = await shop.call<Kept>("GET", path);
    assert.ok(made.some(({ id, signature }) => id === body.id && signature.secret === body.signature.secret));
    const callback = await calledBack();
    assert.equal(callback.headers["dintero-signature"], expected(callback, body.signature.secret));
  });
});

async function wholeDatabase({ database }: Shop): Promise<string> {
  const tables = await database.sql<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const rows = await Promise.all(tables.map(({ name }) => database.sql(`SELECT t::text FROM "${name}" AS t`)));
  return JSON.stringify(rows);
}
