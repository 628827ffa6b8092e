import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { amountMax, currencyExponents, formatAmount } from "../../src/domain/money.ts";

describe("minor units", () => {
  const rows: [string, number | undefined, string][] = [
    ["NOK", 2, "a krone has a hundred øre"],
    ["EUR", 2, "a euro has a hundred cents"],
    ["JPY", 0, "a yen has no minor unit"],
    ["ISK", 0, "an Icelandic króna has no minor unit"],
    ["KRW", 0, "a won has no minor unit"],
    ["KWD", 3, "a Kuwaiti dinar has a thousand fils"],
    ["TND", 3, "a Tunisian dinar has a thousand millimes"],
    ["MRU", 2, "an ouguiya counts in hundredths though its khoums is a fifth"],
    ["HRK", undefined, "the kuna has gone"],
    ["XXX", undefined, "no currency is none"],
    ["nok", undefined, "small letters name no currency"],
    ["", undefined, "an empty text names no currency"],
  ];
  for (const [currency, exponent, guarantee] of rows) {
    test(guarantee, () => assert.equal(currencyExponents.get(currency), exponent));
  }

  test("the Caribbean guilder, in use since 2025, is a currency", () => {
    assert.equal(currencyExponents.get("XCG"), 2);
  });

  test("every currency is three capital letters and has none, two or three decimals", () => {
    for (const [currency, exponent] of currencyExponents) {
      assert.match(currency, /^[A-Z]{3}$/);
      assert.ok([0, 2, 3].includes(exponent), currency);
    }
  });

  test("the largest amount is the contract's 32-bit integer", () => assert.equal(amountMax, 2 ** 31 - 1));
});

describe("an amount for people", () => {
  const rows: [number, string, string][] = [
    [39900, "NOK", "399.00 NOK"],
    [100, "NOK", "1.00 NOK"],
    [99, "NOK", "0.99 NOK"],
    [5, "NOK", "0.05 NOK"],
    [0, "NOK", "0.00 NOK"],
    [-5, "NOK", "-0.05 NOK"],
    [-39900, "NOK", "-399.00 NOK"],
    [399, "JPY", "399 JPY"],
    [0, "ISK", "0 ISK"],
    [-399, "JPY", "-399 JPY"],
    [1, "KWD", "0.001 KWD"],
    [12345, "KWD", "12.345 KWD"],
    [-1, "KWD", "-0.001 KWD"],
    [amountMax, "NOK", "21474836.47 NOK"],
    [-amountMax - 1, "NOK", "-21474836.48 NOK"],
  ];
  for (const [amount, currency, text] of rows) {
    test(`${amount} minor units of ${currency} read ${text}`, () => assert.equal(formatAmount(amount, currency), text));
  }

  test("whatever is printed, its digits are the amount and its decimals the currency's", () => {
    const anyAmount = fc.integer({ min: -amountMax - 1, max: amountMax });
    fc.assert(
      fc.property(anyAmount, fc.constantFrom(...currencyExponents), (amount, [currency, exponent]) => {
        const printed = /^(-?)(\d+)(?:\.(\d+))? ([A-Z]{3})$/.exec(formatAmount(amount, currency));
        assert.ok(printed !== null);
        const [, sign = "", units = "", decimals = "", unit] = printed;
        assert.equal(decimals.length, exponent);
        assert.equal(unit, currency);
        assert.doesNotMatch(units, /^0\d/);
        assert.equal(Number(sign + units + decimals) + 0, amount);
      }),
    );
  });
});
