import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { changedMembers, saidMembers } from "../../src/domain/changed-members.ts";
import { generatedStoreId, type OpenWork, refusalOfOpenWork, refusalOfTerminals } from "../../src/domain/store.ts";

const work = (kind: OpenWork["kind"], merchant_reference = "order-1"): OpenWork => ({
  kind,
  terminal_id: "T12345678-T0001",
  session_id: "T12345678.open",
  merchant_reference,
});

describe("what is open in a store is named", () => {
  const rows: [kind: OpenWork["kind"], words: string][] = [
    ["purchase", "the sale order-1"],
    ["authorize", "the sale order-1"],
    ["refund", "the refund of the sale order-1"],
    ["capture", "the capture of the sale order-1"],
    ["void", "the void of the sale order-1"],
    ["lapse", "the lapse of the sale order-1"],
    ["reversal", "the reversal of the sale order-1"],
  ];
  for (const [kind, words] of rows) {
    test(words, () =>
      assert.equal(
        refusalOfOpenWork("shop-1", [work(kind)])?.message,
        `Something is open in the store shop-1: ${words} (session T12345678.open) on T12345678-T0001.`,
      ),
    );
  }
  test("up to five, and how many more", () => {
    const all = Array.from({ length: 7 }, (_, index) => work("purchase", `order-${index}`));
    const message = refusalOfOpenWork("shop-1", all)?.message ?? "";
    assert.match(message, /order-4 .* and 2 more\.$/);
    assert.doesNotMatch(message, /order-5/);
  });
  test("and nothing is refused where nothing is", () => {
    assert.equal(refusalOfOpenWork("shop-1", []), undefined);
    assert.equal(refusalOfTerminals("shop-1", []), undefined);
  });
});

test("a generated id has four digits, and five where an account has that many stores", () => {
  assert.equal(generatedStoreId("T12345678", 26), "T12345678-0026");
  assert.equal(generatedStoreId("T12345678", 10_000), "T12345678-10000");
});

describe("a change is recorded", () => {
  test("by the members that it touches, however their own members are ordered", () => {
    const before = { name: "Ølbutikken", address: { country: "NO", lines: ["a", "b"] }, email: null };
    const after = { name: "Ølhallen", address: { lines: ["a", "b"], country: "NO" }, email: null };
    assert.deepEqual(changedMembers(before, after), { name: "Ølhallen" });
  });
  for (const [what, after] of Object.entries({
    "another order of a list": { lines: ["b", "a"] },
    "a list in place of an object": { lines: { 0: "a", 1: "b" } },
    "one more": { lines: ["a", "b", "c"] },
    "a member that was not there": { lines: ["a", "b"], email: "post@example.com" },
  })) {
    test(`where there is ${what}`, () => assert.notEqual(changedMembers({ lines: ["a", "b"] }, after), undefined));
  }
  test("not at all where nothing is another", () => assert.equal(changedMembers({ a: [1] }, { a: [1] }), undefined));
  test("without what was not said", () => assert.deepEqual(saidMembers({ a: null, b: undefined, c: "" }), { c: "" }));
});
