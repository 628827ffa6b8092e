/** The countries' rules for bank account numbers, as the registry of IBANs and the banks' own check digits have them. */
import { getCountrySpecifications, isValidBBAN, ValidationErrorsIBAN, validateIBAN } from "ibantools";
import type { NumberRules } from "../domain/bank-account.ts";

/** The most telling problem first: a number of the wrong length has wrong check digits as well. */
const problems: readonly (readonly [code: ValidationErrorsIBAN, problem: string])[] = [
  [ValidationErrorsIBAN.NoIBANCountry, "no country with IBANs begins like it."],
  [ValidationErrorsIBAN.WrongBBANLength, "it has not as many characters as the country's IBANs have."],
  [ValidationErrorsIBAN.ChecksumNotNumber, "its third and fourth characters are not digits."],
  [ValidationErrorsIBAN.WrongBBANFormat, "the country's IBANs are not formed like it."],
  [ValidationErrorsIBAN.WrongIBANChecksum, "its check digits do not fit."],
  [ValidationErrorsIBAN.WrongAccountBankBranchChecksum, "the check digit of the account in it does not fit."],
];

const countries = getCountrySpecifications();

export const bankNumberRules: NumberRules = {
  ibanProblem(iban) {
    const { valid, errorCodes } = validateIBAN(iban);
    if (valid) return undefined;
    return problems.find(([code]) => errorCodes.includes(code))?.[1] ?? "it is no IBAN.";
  },
  bbanProblem(bban, country_code) {
    // Of some countries nobody has written down what their numbers look like.
    const is_known = countries[country_code]?.bban_regexp != null;
    return !is_known || isValidBBAN(bban, country_code) ? undefined : `it is no account number of ${country_code}.`;
  },
};
