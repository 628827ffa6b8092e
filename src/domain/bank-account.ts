/** Bank accounts that a seller is paid out to: a currency there is, and a number that can be. */
import { currencyExponents } from "./money.ts";
import { Rejection } from "./rejections.ts";

export interface BankAccount {
  readonly bank_account_currency: string;
  readonly payout_currency?: string | undefined;
  readonly bank_name?: string | undefined;
  readonly bank_account_number?: string | undefined;
  readonly bank_account_number_type?: "IBAN" | "BBAN" | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly bank_account_country_code?: string | undefined;
  readonly bank_identification_code?: string | undefined;
}

/** Who knows the countries' rules. What is asked is without spaces, dots and hyphens, in capital letters. */
export interface NumberRules {
  /** What is wrong with an IBAN, as a sentence without the number; `undefined` if nothing is. */
  ibanProblem(iban: string): string | undefined;
  /** The same of a number that is written as banks of this country do among themselves. */
  bbanProblem(bban: string, country_code: string): string | undefined;
}

/** The first that cannot be, by its field. The sentence never repeats the number: it may be logged. */
export function refusalOfBankAccounts(accounts: readonly BankAccount[], rules: NumberRules): Rejection | undefined {
  for (const [index, account] of accounts.entries()) {
    const refusal = refusalOf(account, ["bank_accounts", String(index)], rules);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refusalOf(account: BankAccount, path: readonly string[], rules: NumberRules): Rejection | undefined {
  for (const name of ["bank_account_currency", "payout_currency"] as const) {
    const currency = account[name];
    if (currency !== undefined && !currencyExponents.has(currency)) {
      return new Rejection("CURRENCY_UNKNOWN", { currency }, [...path, name]);
    }
  }
  const number = compact(account.bank_account_number ?? "");
  if (number === "") return undefined;
  const reason = isIban(account, number) ? ibanProblem(account, number, rules) : bbanProblem(account, number, rules);
  if (reason === undefined) return undefined;
  return new Rejection("BANK_ACCOUNT_NUMBER_INVALID", { reason }, [...path, "bank_account_number"]);
}

/** People write numbers in groups: "NO93 8601 1117 947", "8601.11.17947". */
const compact = (number: string): string => number.replaceAll(/[\s.-]/g, "").toUpperCase();

/** Only an IBAN begins with a country's letters and two check digits, so one is known also where nobody says so. */
const isIban = ({ bank_account_number_type }: BankAccount, number: string): boolean =>
  bank_account_number_type === "IBAN" || (bank_account_number_type === undefined && /^[A-Z]{2}\d\d/.test(number));

function ibanProblem({ bank_account_country_code: country }: BankAccount, number: string, rules: NumberRules) {
  if (country !== undefined && !number.startsWith(country)) {
    return `it is an IBAN of another country than bank_account_country_code, which is ${country}.`;
  }
  return rules.ibanProblem(number);
}

/** A number of no type is taken as it is: it may be written as no table knows. */
function bbanProblem(account: BankAccount, number: string, rules: NumberRules): string | undefined {
  const { bank_account_number_type: type, bank_account_country_code: country } = account;
  return type === undefined || country === undefined ? undefined : rules.bbanProblem(number, country);
}

/** For records that stay: enough to tell which account it was, too little to pay to. */
export const withMaskedNumbers = (accounts: readonly BankAccount[]): BankAccount[] =>
  accounts.map(({ bank_account_number: number, ...account }) =>
    number === undefined ? account : { ...account, bank_account_number: masked(compact(number)) },
  );

const masked = (number: string): string =>
  number.length <= shownDigits
    ? "*".repeat(number.length)
    : `${"*".repeat(number.length - shownDigits)}${number.slice(-shownDigits)}`;

const shownDigits = 4;
