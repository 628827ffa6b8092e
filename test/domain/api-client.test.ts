/** What a client may be called and granted, and what of a token is still good. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accountPair, isAccountDigits, newAccountDigits } from "../../src/domain/account.ts";
import {
  audienceNames,
  clientIdProblem,
  findSecretMember,
  goodScopes,
  meantScopes,
} from "../../src/domain/api-client.ts";

describe("a client", () => {
  const names: [client_id: string, problem: RegExp | undefined][] = [
    ["ecom-123", undefined],
    ["kassé 7", undefined],
    ["k".repeat(100), undefined],
    ["k".repeat(101), /at most 100/],
    ["till:7", /colon/],
    ["till\t7", /control/],
    ["till\u0085", /control/],
    [" till", /space/],
    ["till ", /space/],
    ["tapline", /stands for the server/],
    ["Tapline", undefined],
  ];
  for (const [client_id, problem] of names) {
    test(`${problem === undefined ? "may" : "may not"} be called ${JSON.stringify(client_id)}`, () => {
      const found = clientIdProblem(client_id);
      if (problem === undefined) assert.equal(found, undefined);
      else assert.match(found ?? "", problem);
    });
  }
});

test("a scope that is turned around, or named twice, is the one that is meant", () => {
  assert.deepEqual(meantScopes(["checkout:admin", "read:checkout", "admin:checkout", "read:checkout"]), [
    "admin:checkout",
    "read:checkout",
  ]);
});

test("an audience names the account at its end, whatever host it names", () => {
  for (const host of ["https://api.dintero.com", "https://T12345678@api.dintero.com", "http://localhost:8080"]) {
    assert.equal(audienceNames(`${host}/v1/accounts/T12345678`, "T12345678"), true);
  }
  assert.equal(audienceNames("https://api.dintero.com/v1/accounts/P12345678", "T12345678"), false);
  assert.equal(audienceNames("https://api.dintero.com/v1/accounts/T12345678/x", "T12345678"), false);
});

test("a member that would hold a secret is found wherever it stands", () => {
  assert.equal(findSecretMember({ secret: "no", list: [1, { a: null }] }), undefined);
  assert.deepEqual(findSecretMember({ list: [{}, { client_secret: "x" }] }), ["list", "1", "client_secret"]);
});

describe("a token", () => {
  const standing = { secret_ids: ["s1"], scopes: ["read:checkout", "read:accounts"] };
  const token = { secret_id: "s1", scopes: ["read:checkout", "admin:hooks"] };
  test("is good for those of its scopes that its client still has", () => {
    assert.deepEqual(goodScopes(token, standing), ["read:checkout"]);
    assert.deepEqual(goodScopes({ scopes: ["read:accounts"] }, standing), ["read:accounts"], "bound to no secret");
  });
  test("is good for nothing without its client, its secret, or any grant", () => {
    assert.match(String(goodScopes(token, undefined)), /deleted/);
    assert.match(String(goodScopes(token, { ...standing, secret_ids: ["s2"] })), /secret/);
    assert.match(String(goodScopes(token, { ...standing, scopes: [] })), /grant/);
  });
});

describe("an account's digits", () => {
  test("are eight", () => {
    for (const text of ["12345678", "00000000"]) assert.ok(isAccountDigits(text));
    for (const text of ["1234567", "123456789", "1234567a", "T1234567", " 12345678", ""]) {
      assert.ok(!isAccountDigits(text), text);
    }
    for (const byte of [0, 1, 127, 255]) {
      const digits = newAccountDigits((length) => new Uint8Array(length).fill(byte));
      assert.match(digits, /^[1-9]\d{7}$/);
    }
  });
  test("are those of both its accounts", () => {
    assert.deepEqual(accountPair("12345678"), ["T12345678", "P12345678"]);
  });
});
