/** Card numbers here are the schemes' published test numbers, or made up with a right check digit. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { maskCardNumbers, maskCardNumbersDeep } from "../../src/domain/card-data.ts";

const visa = "4761739001010416";
const mastercard = "5413330089010434";
const amex = "374245001751006";

function passesLuhn(digits: string): boolean {
  const sum = Array.from(digits)
    .reverse()
    .map(Number)
    .map((digit, index) => (index % 2 === 0 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9))
    .reduce((total, digit) => total + digit, 0);
  return sum % 10 === 0;
}

const withCheckDigit = (digits: string): string =>
  Array.from("0123456789", (check) => digits + check).find(passesLuhn) ?? "";

/** 13 to 19 digits with a right check digit, beginning as cards do. */
const anyCard = fc
  .tuple(fc.constantFrom("2", "3", "4", "5", "6"), fc.stringMatching(/^\d{11,17}$/))
  .map(([first, rest]) => withCheckDigit(first + rest));

/** Whole card numbers that stand in a text. */
const cardsIn = (text: string): string[] =>
  (text.match(/(?<![\dA-Za-z])[2-6]\d{12,18}(?![\dA-Za-z])/g) ?? []).filter(passesLuhn);

describe("the field for a masked number", () => {
  const rows: [string, string, string][] = [
    ["4761734444440416", "476173******0416", "a whole number is masked though its check digit is wrong"],
    ["476173444444041612345", "476173***********2345", "more digits than any card has are masked"],
    ["4761 7344 4444 0416", "476173******0416", "spaces hide nothing"],
    ["476173******0416", "476173******0416", "a masked number stays as it is"],
  ];
  for (const [sent, kept, what] of rows) {
    test(what, () => {
      const { value, found_at } = maskCardNumbersDeep({ card: { masked_pan: sent } });
      assert.deepEqual(value, { card: { masked_pan: kept } });
      assert.deepEqual(found_at, sent === kept ? [] : ["card.masked_pan"]);
    });
  }
});

describe("a card number in a text", () => {
  const rows: [string, string, string][] = [
    [visa, "476173******0416", "is reduced to its first six and last four digits"],
    [amex, "374245*****1006", "of 15 digits is masked"],
    ["4222222222222", "422222***2222", "of 13 digits is masked"],
    ["6304000000000000000", "630400*********0000", "of 19 digits is masked"],
    ["2223000048400011", "222300******0011", "that begins with 2 is masked"],
    ["4761 7390 0101 0416", "476173******0416", "with spaces is masked"],
    ["4761-7390-0101-0416", "476173******0416", "with dashes is masked"],
    ["3742 450017 51006", "374245*****1006", "in groups of its own is masked"],
    [`Kort: ${visa}.`, "Kort: 476173******0416.", "is masked within a sentence"],
    [`VISA\n${visa}\nNOK 399.00`, "VISA\n476173******0416\nNOK 399.00", "is masked on a receipt"],
    [`pan=${visa}&exp=1225`, "pan=476173******0416&exp=1225", "is masked in a query"],
    [`${visa}, ${mastercard}`, "476173******0416, 541333******0434", "is masked beside another"],
    [`${visa} ${mastercard}`, "476173******0416 541333******0434", "is masked with only a space before the next"],
    [
      `;${visa}=25122011000012345678?`,
      ";476173******0416=25122011000012345678?",
      "is masked in track 2 of a magstripe",
    ],
    [`(${visa})`, "(476173******0416)", "is masked in brackets"],
    [`_${visa}_`, "_476173******0416_", "is masked between underscores"],
  ];
  for (const [text, masked, guarantee] of rows) {
    test(guarantee, () => assert.equal(maskCardNumbers(text), masked));
  }

  test("is masked beside other numbers, such as an expiry date or the day", () => {
    assert.equal(maskCardNumbers(`${visa} 12/25`), "476173******0416 12/25");
    assert.equal(maskCardNumbers(`${visa} 1225`), "476173******0416 1225");
    assert.equal(maskCardNumbers("4761 7390 0101 0416 12/25"), "476173******0416 12/25");
    assert.equal(maskCardNumbers(`3 ${visa}`), "3 476173******0416");
    assert.equal(maskCardNumbers(`2026-11-22 ${visa}`), "2026-11-22 476173******0416");
  });

  test("is masked in the track 2 data of a chip, where a D follows it", () => {
    assert.equal(maskCardNumbers(`${visa}D25122011000012345678`), "476173******0416D25122011000012345678");
  });
});

describe("what is no card number is left alone", () => {
  const rows: [string, string][] = [
    ["476173******0416", "a number that is masked already"],
    ["1795348800000", "a time in milliseconds"],
    ["632612345678", "a retrieval reference of 12 digits"],
    ["4761739001010417", "a number with a wrong check digit"],
    ["1761739001010412", "a number that begins with 1"],
    ["7761739001010419", "a number that begins with 7"],
    ["0761739001010414", "a number that begins with 0"],
    ["47617390010104161234", "a number of 20 digits"],
    ["422222222222", "the first 12 digits of a card"],
    ["T12345678-T0292", "a terminal"],
    [`T12345678.${visa}VYqZ4e`, "a session whose id is mostly digits"],
    ["2026-11-22T12:00:00.000Z", "a time"],
    ["+47 22 33 44 55", "a telephone number"],
    ["399.00 NOK", "an amount"],
    ["", "nothing"],
  ];
  for (const [text, what] of rows) {
    test(what, () => assert.equal(maskCardNumbers(text), text));
  }

  test("the numbers above that could be cards but for one thing have right check digits", () => {
    for (const digits of ["1761739001010412", "7761739001010419", "0761739001010414", visa]) {
      assert.ok(passesLuhn(digits), digits);
    }
  });

  test("any time in milliseconds of these decades, as a number and as a text", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e12, max: 2e12 - 1 }), (time) => {
        assert.equal(maskCardNumbers(String(time)), String(time));
        assert.deepEqual(maskCardNumbersDeep({ time }), { value: { time }, found_at: [] });
      }),
    );
  });

  test("any retrieval reference of 12 digits", () => {
    fc.assert(fc.property(fc.stringMatching(/^\d{12}$/), (rrn) => assert.equal(maskCardNumbers(rrn), rrn)));
  });
});

describe("whatever the text", () => {
  const anyWord = fc.oneof(fc.string(), fc.constantFrom("Kort:", "PAN", "***", "NOK", "-", " ", "é", "💳"));

  test("no card number survives in it", () => {
    const anyText = fc
      .array(fc.tuple(anyWord, fc.constantFrom("\n", ",", "; ", ": ", "|", "=", "/"), anyCard), { minLength: 1 })
      .map((pieces) => pieces.map(([word, between, card]) => `${word}${between}${card}\n`).join(""));
    fc.assert(
      fc.property(anyText, (text) => {
        assert.notDeepEqual(cardsIn(text), []);
        assert.deepEqual(cardsIn(maskCardNumbers(text)), []);
      }),
    );
  });

  test("no card number survives between other numbers", () => {
    const anyNumber = fc.stringMatching(/^\d{1,8}$/);
    const between = fc.constantFrom(" ", "-", "/", ":", ", ");
    fc.assert(
      fc.property(anyNumber, between, anyCard, between, anyNumber, (before, gap, card, next, after) => {
        assert.deepEqual(cardsIn(maskCardNumbers(`${before}${gap}${card}${next}${after}`)), []);
      }),
    );
  });

  test("a card printed in any groups shows its first six and last four digits and no more", () => {
    const printed = anyCard.chain((card) =>
      fc
        .array(fc.constantFrom("", " ", "-"), { minLength: card.length - 1, maxLength: card.length - 1 })
        .map((gaps) => ({ card, text: Array.from(card, (digit, index) => digit + (gaps[index] ?? "")).join("") })),
    );
    fc.assert(
      fc.property(printed, ({ card, text }) => {
        const stars = "*".repeat(card.length - 10);
        assert.equal(maskCardNumbers(text), `${card.slice(0, 6)}${stars}${card.slice(-4)}`);
      }),
    );
  });

  test("masking twice masks no more than masking once", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyWord, anyCard)), (words) => {
        const once = maskCardNumbers(words.join(", "));
        assert.equal(maskCardNumbers(once), once);
      }),
    );
  });
});

describe("a card number anywhere in what a terminal sends", () => {
  test("is masked, and its place is named", () => {
    const sent = {
      prompt_id: "pr_1",
      card: { brand: "Visa", masked_pan: visa },
      facts: { customerReceipt: `Kort ${visa}`, responseCode: "00" },
      lines: ["", { text: mastercard }],
      amount: 39900,
      approved: true,
      reason: null,
    };
    assert.deepEqual(maskCardNumbersDeep(sent), {
      value: {
        ...sent,
        card: { brand: "Visa", masked_pan: "476173******0416" },
        facts: { customerReceipt: "Kort 476173******0416", responseCode: "00" },
        lines: ["", { text: "541333******0434" }],
      },
      found_at: ["card.masked_pan", "facts.customerReceipt", "lines.1.text"],
    });
  });

  test("is masked where it was sent as a number", () => {
    assert.deepEqual(maskCardNumbersDeep({ pan: Number(visa), amount: 39900 }), {
      value: { pan: "476173******0416", amount: 39900 },
      found_at: ["pan"],
    });
  });

  test("is masked where it is a member's name", () => {
    assert.deepEqual(maskCardNumbersDeep({ [visa]: "approved" }).value, { "476173******0416": "approved" });
  });

  test("has its place named without itself, and named where it is a member's name", () => {
    assert.deepEqual(maskCardNumbersDeep({ cards: { [visa]: "approved" } }).found_at, ["cards.476173******0416"]);
    assert.deepEqual(maskCardNumbersDeep({ [visa]: { pan: visa } }).found_at.flatMap(cardsIn), []);
  });

  test("is masked where it is all there is", () => {
    assert.deepEqual(maskCardNumbersDeep(visa), { value: "476173******0416", found_at: [""] });
  });

  test("does not survive, however deep it lies", () => {
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "medium", withCrossShrink: true },
        fc.oneof(anyCard, fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(fc.oneof(anyCard, fc.string()), tie("tree"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (sent) => {
        assert.deepEqual(cardsIn(JSON.stringify(maskCardNumbersDeep(sent).value)), []);
      }),
    );
  });

  test("takes nothing else with it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (sent) => {
        fc.pre(cardsIn(JSON.stringify(sent)).length === 0 && !/\d[ \d-]{11,}\d/.test(JSON.stringify(sent)));
        assert.deepEqual(maskCardNumbersDeep(sent), { value: sent, found_at: [] });
      }),
    );
  });

  test("leaves a member named __proto__ a member", () => {
    const sent = JSON.parse('{"__proto__": {"text": "kept"}}');
    const { value } = maskCardNumbersDeep(sent);
    assert.equal(JSON.stringify(value), '{"__proto__":{"text":"kept"}}');
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  });
});
