import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fieldError, Rejection, type RejectionCode, rejections } from "../../src/domain/rejections.ts";

const codes = Object.keys(rejections) as RejectionCode[];

const placeholdersOf = (code: RejectionCode): string[] =>
  Array.from(rejections[code].sentence.matchAll(/\{([^}]*)\}/g), ([, name = ""]) => name);

const factsFor = (code: RejectionCode, fact: (name: string) => string | number) =>
  Object.fromEntries(placeholdersOf(code).map((name) => [name, fact(name)]));

describe("a refusal's sentence", () => {
  for (const code of codes) {
    test(`of ${code} is filled with every fact it names`, () => {
      const names = placeholdersOf(code);
      const { message, facts } = new Rejection(
        code,
        factsFor(code, (name) => `«${name}»`),
      );
      for (const name of names) assert.ok(message.includes(`«${name}»`), message);
      assert.doesNotMatch(message, /[{}]/);
      assert.deepEqual(Object.keys(facts), [...new Set(names)]);
    });
    test(`of ${code} and its remedy are sentences, and its facts are named like fields`, () => {
      const { sentence, remedy } = rejections[code];
      assert.match(sentence, /^(\{\w+\}|[A-Z]|expires_at|order\.amount|seitatech\.in_person).*(\.|: \{reason\})$/);
      assert.match(remedy, /^[A-Z].*\.$/);
      for (const name of placeholdersOf(code)) assert.match(name, /^[a-z]+(_[a-z]+)*$/);
      // The contract spells one of them otherwise (auth section 3).
      assert.match(code, /^([A-Z]+(_[A-Z]+)*|mfa_required)$/);
    });
  }

  test("leaves a fact that was not given to be seen, and says nothing that is not so", () => {
    assert.equal(new Rejection("SESSION_NOT_FOUND").message, "There is no session {session_id}.");
  });
  test("tells a zero", () => {
    assert.equal(
      new Rejection("AMOUNT_MISMATCH", { amount: 1, sum: 0 }).message,
      "order.amount is 1, but the items and the shipping option add up to 0.",
    );
  });
  test("tells the same fact twice where it is named twice", () => {
    const facts = { path: "/v1/sessions", method: "PATCH", allowed: "GET" };
    assert.equal(new Rejection("METHOD_NOT_ALLOWED", facts).message, "/v1/sessions does not take PATCH; it takes GET.");
  });
  test("tells every fact as it is, whatever stands in it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom("$&", "$1", "{session_id}", "{reason}")), (session_id) => {
        const { message } = new Rejection("SESSION_NOT_FOUND", { session_id });
        assert.equal(message, `There is no session ${session_id}.`);
      }),
    );
  });
});

describe("a refusal", () => {
  test("of no field in particular names none", () => {
    const rejection = new Rejection("IN_PERSON_NOT_ENABLED");
    assert.deepEqual(rejection.errors, []);
    assert.deepEqual(rejection.details, {});
    assert.deepEqual(rejection.facts, {});
  });
  test("of a field names it by its path, and says in one sentence what is wrong there", () => {
    const message = "There is no terminal T0001.";
    assert.deepEqual(new Rejection("TERMINAL_UNKNOWN", { terminal_id: "T0001" }, "order.store.terminal_id").errors, [
      {
        code: "TERMINAL_UNKNOWN",
        description: `order.store.terminal_id: ${message}`,
        path: ["order", "store", "terminal_id"],
        message,
      },
    ]);
  });
  test("of several fields lists each", () => {
    const errors = [
      fieldError("REQUIRED", "order.amount", "is required."),
      fieldError("TYPE", "url", "must be a text."),
    ];
    const rejection = Rejection.ofFields("order.amount: is required. url: must be a text.", errors);
    assert.equal(rejection.code, "INVALID_REQUEST_PARAMETER");
    assert.equal(rejection.message, "The request is not valid: order.amount: is required. url: must be a text.");
    assert.deepEqual(
      rejection.errors.map(({ description, path }) => ({ description, path })),
      [
        { description: "order.amount: is required.", path: ["order", "amount"] },
        { description: "url: must be a text.", path: ["url"] },
      ],
    );
  });
  test("carries what a program needs besides, and stays the same refusal", () => {
    const rejection = new Rejection("TERMINAL_BUSY", { terminal_id: "T0001", occupant: "the sale order-16" });
    assert.equal(rejection.with({ merchant_reference: "order-16" }), rejection);
    assert.deepEqual(rejection.details, { merchant_reference: "order-16" });
  });
  test("carries beside the error what the contract has there", () => {
    assert.deepEqual(new Rejection("mfa_required").besides, {});
    assert.deepEqual(new Rejection("mfa_required").beside({ mfa_token: "x" }).besides, { mfa_token: "x" });
  });
  test("is thrown and caught like any error", () => {
    assert.ok(new Rejection("INTERNAL_ERROR") instanceof Error);
  });
});
