/**
 * Money: whole minor units beside a currency. 39900 NOK is 399.00 kroner; 399 JPY is 399 yen.
 */

/** ISO 4217 currencies in circulation whose minor unit is a hundredth. */
const hundredths = [
  "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP",
  "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR",
  "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN",
  "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP",
  "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
];
const whole = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const thousandths = "BHD IQD JOD KWD LYD OMR TND";

/** Currency code → number of decimals of its minor unit (ISO 4217 table A.1). */
export const currencyExponents: ReadonlyMap<string, number> = new Map([
  ...hundredths.flatMap((line) => line.split(" ")).map((code) => [code, 2] as const),
  ...whole.split(" ").map((code) => [code, 0] as const),
  ...thousandths.split(" ").map((code) => [code, 3] as const),
]);

/** The contract's amounts are 32-bit integers (errors-and-conventions section 4). */
export const amountMax = 2_147_483_647;

/** "399.00 NOK" for 39900 NOK, "399 JPY" for 399 JPY: for people, never for programs. */
export function formatAmount(amount: number, currency: string): string {
  const exponent = currencyExponents.get(currency) ?? 2;
  if (exponent === 0) return `${amount} ${currency}`;
  const digits = String(Math.abs(amount)).padStart(exponent + 1, "0");
  const sign = amount < 0 ? "-" : "";
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)} ${currency}`;
}
