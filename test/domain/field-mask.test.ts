import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { hookMessageBody } from "../../src/domain/event-message.ts";
import {
  isProblem,
  kept,
  type Mask,
  parseExcluded,
  parseFields,
  withoutExcluded,
} from "../../src/domain/field-mask.ts";

const maskOf = (text: string): Mask => {
  const mask = parseFields(text);
  assert.ok(!isProblem(mask), JSON.stringify(mask));
  return mask;
};

const excludedOf = (...texts: string[]): (readonly string[])[] =>
  texts.map((text) => {
    const parts = parseExcluded(text);
    assert.ok(!isProblem(parts), JSON.stringify(parts));
    return parts;
  });

const sale = {
  transaction: {
    id: "t",
    amount: 39900,
    card: { brand: "Visa", masked_pan: "4925" },
    customer: { ip: "192.0.2.1", name: "Bjørn Sjø" },
    items: [
      { id: "a", amount: 1, vat: { rate: 25 } },
      { id: "b", amount: 2 },
    ],
    tags: ["ø", "å"],
  },
};

describe("a mask keeps", () => {
  const rows: [mask: string, kept: unknown][] = [
    ["transaction", sale],
    ["transaction/id", { transaction: { id: "t" } }],
    ["transaction/id,transaction/amount", { transaction: { id: "t", amount: 39900 } }],
    ["transaction(id,amount)", { transaction: { id: "t", amount: 39900 } }],
    ["transaction(id,card/brand)", { transaction: { id: "t", card: { brand: "Visa" } } }],
    ["transaction/card,transaction/card/brand", { transaction: { card: sale.transaction.card } }],
    ["transaction/*/brand", { transaction: { card: { brand: "Visa" }, customer: {}, items: [{}, {}], tags: [] } }],
    ["transaction/items/id", { transaction: { items: [{ id: "a" }, { id: "b" }] } }],
    [
      "transaction/items(amount,vat/rate)",
      { transaction: { items: [{ amount: 1, vat: { rate: 25 } }, { amount: 2 }] } },
    ],
    ["transaction/tags", { transaction: { tags: ["ø", "å"] } }],
    ["*/id", { transaction: { id: "t" } }],
    ["*/id,transaction/amount", { transaction: { id: "t", amount: 39900 } }],
    [" transaction ( id , amount ) ", { transaction: { id: "t", amount: 39900 } }],
    ["nothing/there", {}],
    ["transaction/id/deeper", { transaction: {} }],
  ];
  for (const [text, expected] of rows) {
    test(`of ${text.trim()} what it names`, () => assert.deepEqual(kept(sale, maskOf(text)), expected));
  }
});

describe("a mask that cannot be read says where", () => {
  const rows: [mask: string, position: number, problem: RegExp][] = [
    ["", 1, /lacks a name/],
    [",", 1, /lacks a name/],
    ["a,", 3, /lacks a name/],
    ["a,,b", 3, /lacks a name/],
    ["a/", 3, /lacks a name/],
    ["/a", 1, /lacks a name/],
    ["a(b", 4, /closing parenthesis/],
    ["a()", 3, /lacks a name/],
    ["a)b", 2, /a comma or the end/],
    ["a b", 3, /a comma or the end/],
    ["a(b)/c", 5, /a comma or the end/],
    ["(a)", 1, /lacks a name/],
    ["ab*", 3, /\* inside a name/],
    ["ø,å/*b", 5, /\* inside a name/],
  ];
  for (const [text, position, problem] of rows) {
    test(JSON.stringify(text), () => {
      const parsed = parseFields(text);
      assert.ok(isProblem(parsed));
      assert.equal(parsed.position, position);
      assert.match(parsed.problem, problem);
    });
  }
});

describe("what is excluded", () => {
  test("by its bare name goes wherever it stands", () => {
    const left = withoutExcluded({ ip: 1, a: { ip: 2, b: [{ ip: 3, c: 4 }] } }, excludedOf("ip"));
    assert.deepEqual(left, { a: { b: [{ c: 4 }] } });
  });
  test("by its path goes from there alone", () => {
    const left = withoutExcluded({ id: 1, a: { id: 2, b: { id: 3 } } }, excludedOf("a/id"));
    assert.deepEqual(left, { id: 1, a: { b: { id: 3 } } });
  });
  test("by a path goes from every element of a list", () => {
    const left = withoutExcluded({ items: [{ id: 1, n: 1 }, [{ id: 2, n: 2 }], "x"] }, excludedOf("items/id"));
    assert.deepEqual(left, { items: [{ n: 1 }, [{ n: 2 }], "x"] });
  });
  test("by a path with a star goes from every member", () => {
    const left = withoutExcluded({ a: { x: 1, y: 2 }, b: { x: 3 }, x: 4 }, excludedOf("*/x"));
    assert.deepEqual(left, { a: { y: 2 }, b: {}, x: 4 });
  });
  const problems: [text: string, position: number][] = [
    ["", 1],
    ["a/", 3],
    ["/a", 1],
    ["a,b", 2],
    ["a b", 2],
    ["a(b)", 2],
    ["a/b*", 4],
    ["*", 1],
    ["*/*", 1],
  ];
  for (const [text, position] of problems) {
    test(`cannot be ${JSON.stringify(text)}: position ${position}`, () => {
      const parsed = parseExcluded(text);
      assert.ok(isProblem(parsed));
      assert.equal(parsed.position, position);
    });
  }
});

const name = fc.constantFrom("id", "amount", "card", "brand", "items", "ø", "__proto__", "constructor");
const { value: anything } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));
const object = fc.dictionary(name, anything, { maxKeys: 5, noNullPrototype: true });
const { mask: maskText } = fc.letrec<{ mask: string; path: string }>((tie) => ({
  mask: fc.array(tie("path"), { minLength: 1, maxLength: 3 }).map((paths) => paths.join(",")),
  path: fc.oneof(
    { maxDepth: 3 },
    name,
    fc.constant("*"),
    fc.tuple(fc.oneof(name, fc.constant("*")), tie("path")).map(([one, rest]) => `${one}/${rest}`),
    fc.tuple(name, tie("mask")).map(([one, rest]) => `${one}(${rest})`),
  ),
}));
const excludedText = fc
  .tuple(fc.array(fc.oneof(name, fc.constant("*")), { maxLength: 2 }), name)
  .map(([way, last]) => [...way, last].join("/"));

/** Where there is something, without the places of a list's elements: a mask may leave some out. */
function placesOf(value: unknown, at = ""): string[] {
  if (Array.isArray(value)) return [at, ...value.flatMap((element) => placesOf(element, `${at}[]`))];
  if (typeof value !== "object" || value === null) return [`${at}=${JSON.stringify(value)}`];
  return [at, ...Object.entries(value).flatMap(([member, inner]) => placesOf(inner, `${at}/${member}`))];
}

describe("whatever the mask and whatever the message", () => {
  test("a mask of everything changes nothing", () => {
    fc.assert(fc.property(object, (message) => assert.deepEqual(kept(message, maskOf("*")), message)));
    const names = "id,amount,card,brand,items,ø,__proto__,constructor";
    fc.assert(fc.property(object, (message) => assert.deepEqual(kept(message, maskOf(names)), message)));
  });
  test("masked twice is masked once", () => {
    fc.assert(
      fc.property(object, maskText, fc.array(excludedText, { maxLength: 3 }), (message, text, excluded) => {
        const once = withoutExcluded(kept(message, maskOf(text)), excludedOf(...excluded));
        const twice = withoutExcluded(kept(once, maskOf(text)), excludedOf(...excluded));
        assert.deepEqual(twice, once);
      }),
    );
  });
  test("nothing is there that was not there before, and what is there is as it was", () => {
    fc.assert(
      fc.property(object, maskText, fc.array(excludedText, { maxLength: 3 }), (message, text, excluded) => {
        const places = new Set(placesOf(message));
        const masked = withoutExcluded(kept(message, maskOf(text)), excludedOf(...excluded));
        for (const place of placesOf(masked)) assert.ok(places.has(place), place);
      }),
    );
  });
  test("a name that is excluded stands nowhere", () => {
    fc.assert(
      fc.property(object, name, (message, excluded) => {
        const left = withoutExcluded(message, excludedOf(excluded));
        assert.ok(
          !placesOf(left).some((place) =>
            place
              .replace(/=.*/s, "")
              .split(/[/[\]]+/)
              .includes(excluded),
          ),
        );
      }),
    );
  });
  test("reading a mask never breaks: it is a mask, or a problem with a position inside it", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab*/(), ø") }), (text) => {
        const parsed = parseFields(text);
        if (isProblem(parsed)) assert.ok(parsed.position >= 1 && parsed.position <= text.length + 1);
      }),
    );
  });
});

describe("a message", () => {
  const event = {
    account_id: "T12345678",
    id: "t.2",
    type: "checkout_transaction",
    sequence: 2,
    members: { ...sale, note: { account_id: "inner" } },
    created_at: "2026-11-22T12:00:00.000Z",
  };
  const common = {
    account_id: "T12345678",
    event: "checkout_transaction",
    event_delivery: "d",
    event_id: "t.2",
    event_time: "2026-11-22T12:00:00.000Z",
    sequence: 2,
  };
  const bodyOf = (fields: string | null, exclude_fields: string[] | null) =>
    JSON.parse(hookMessageBody(event, "d", { fields, exclude_fields }));

  test("without a mask shows everything", () => {
    assert.deepEqual(bodyOf(null, null), { ...common, ...event.members });
    assert.deepEqual(bodyOf("", []), { ...common, ...event.members });
  });
  test("always says what it is, whatever is left out", () => {
    assert.deepEqual(bodyOf("transaction/id", null), { ...common, transaction: { id: "t" } });
    assert.deepEqual(bodyOf("nothing", ["event", "sequence"]), common);
    assert.deepEqual(bodyOf("note", ["account_id"]), { ...common, note: {} });
  });
  test("shows what is named, less what is excluded", () => {
    const body = bodyOf("transaction(id,customer)", ["ip"]);
    assert.deepEqual(body, { ...common, transaction: { id: "t", customer: { name: "Bjørn Sjø" } } });
  });
  test("has the same bytes whenever it is made", () => {
    const mask = { fields: "*/id,*/customer", exclude_fields: ["ip"] };
    assert.equal(hookMessageBody(event, "d", mask), hookMessageBody(structuredClone(event), "d", mask));
  });
});
