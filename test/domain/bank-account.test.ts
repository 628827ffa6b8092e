import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type BankAccount, refusalOfBankAccounts, withMaskedNumbers } from "../../src/domain/bank-account.ts";
import { bankNumberRules } from "../../src/http/bank-numbers.ts";

const refusal = (...accounts: Partial<BankAccount>[]) =>
  refusalOfBankAccounts(
    accounts.map((account) => ({ bank_account_currency: "NOK", ...account })),
    bankNumberRules,
  );

const numberField = ["bank_accounts", "0", "bank_account_number"];

describe("a bank account is taken", () => {
  const rows: [what: string, account: Partial<BankAccount>][] = [
    ["with a currency alone", {}],
    ["with an IBAN", { bank_account_number_type: "IBAN", bank_account_number: "NO9386011117947" }],
    [
      "with an IBAN in groups, of the country that is named",
      {
        bank_account_number_type: "IBAN",
        bank_account_number: "NO93 8601 1117 947",
        bank_account_country_code: "NO",
      },
    ],
    ["with an IBAN in small letters", { bank_account_number_type: "IBAN", bank_account_number: "no9386011117947" }],
    [
      "with a Norwegian number, dots and all",
      { bank_account_number_type: "BBAN", bank_account_number: "8601.11.17947", bank_account_country_code: "NO" },
    ],
    [
      "with a number of a country whose numbers nobody has written down",
      { bank_account_number_type: "BBAN", bank_account_number: "12-3456-7", bank_account_country_code: "NZ" },
    ],
    ["with a number whose country is not said", { bank_account_number_type: "BBAN", bank_account_number: "12345" }],
    ["with a number of no type", { bank_account_number: "12345678901", bank_account_country_code: "NO" }],
    ["with an empty number", { bank_account_number_type: "IBAN", bank_account_number: "" }],
    ["with another currency of the payout", { payout_currency: "EUR" }],
  ];
  for (const [what, account] of rows) test(what, () => assert.equal(refusal(account), undefined));
});

describe("a bank account number that cannot be is refused by its field, with what is wrong", () => {
  const rows: [what: string, account: Partial<BankAccount>, problem: RegExp][] = [
    [
      "check digits that do not fit",
      { bank_account_number_type: "IBAN", bank_account_number: "NO9486011117947" },
      /check digits/,
    ],
    [
      "a digit too few",
      { bank_account_number_type: "IBAN", bank_account_number: "NO938601111794" },
      /as many characters/,
    ],
    [
      "a country without IBANs",
      { bank_account_number_type: "IBAN", bank_account_number: "US9386011117947" },
      /no country/,
    ],
    [
      "letters where digits are",
      { bank_account_number_type: "IBAN", bank_account_number: "NO93860111X7947" },
      /formed/,
    ],
    ["no IBAN at all", { bank_account_number_type: "IBAN", bank_account_number: "86011117947" }, /no country/],
    ["an IBAN that nobody called one", { bank_account_number: "NO9486011117947" }, /check digits/],
    [
      "an IBAN of another country",
      { bank_account_number_type: "IBAN", bank_account_number: "NO9386011117947", bank_account_country_code: "SE" },
      /another country/,
    ],
    [
      "a Norwegian number with a wrong last digit",
      { bank_account_number_type: "BBAN", bank_account_number: "86011117948", bank_account_country_code: "NO" },
      /no account number of NO/,
    ],
    [
      "a number of another country's length",
      { bank_account_number_type: "BBAN", bank_account_number: "123", bank_account_country_code: "DK" },
      /no account number of DK/,
    ],
  ];
  for (const [what, account, problem] of rows) {
    test(what, () => {
      const refused = refusal(account);
      assert.equal(refused?.code, "BANK_ACCOUNT_NUMBER_INVALID");
      assert.deepEqual(refused.errors[0]?.path, numberField);
      assert.match(refused.message, problem);
      assert.ok(!refused.message.includes(account.bank_account_number ?? ""), "the number is told");
    });
  }
});

describe("a currency that is none is refused by its field", () => {
  for (const field of ["bank_account_currency", "payout_currency"] as const) {
    test(`${field}, of the second account too`, () => {
      const refused = refusal({}, { [field]: "NKR" });
      assert.equal(refused?.code, "CURRENCY_UNKNOWN");
      assert.deepEqual(refused.errors[0]?.path, ["bank_accounts", "1", field]);
    });
  }
});

describe("a record of a bank account", () => {
  test("shows the last four characters of the number and nothing else of it", () => {
    const account = { bank_account_currency: "NOK", bank_account_number: "NO93 8601 1117 947", bank_name: "Bank" };
    assert.deepEqual(withMaskedNumbers([account]), [
      { bank_account_currency: "NOK", bank_account_number: "***********7947", bank_name: "Bank" },
    ]);
  });
  test("shows nothing of a number of four characters, and none where there is none", () => {
    const accounts = [{ bank_account_currency: "NOK", bank_account_number: "1234" }, { bank_account_currency: "SEK" }];
    assert.deepEqual(
      withMaskedNumbers(accounts).map((account) => account.bank_account_number),
      ["****", undefined],
    );
  });
});
