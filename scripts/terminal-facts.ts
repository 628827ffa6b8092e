/** What each fact of a result means, for the terminal protocol's page (the contract's transactions section 6). */
import { terminalFrames } from "../src/contract/terminal-protocol.ts";

/** The facts in the order of the protocol. */
export const factNames = Object.keys(terminalFrames.result.properties.facts.properties);

const meanings: Readonly<Record<string, string>> = {
  uniqueId: "The terminal's own id of the payment. A refund names it as `original.unique_id`",
  receiptNumber: "Unique among the receipts of the terminal",
  outcome: "The host's or the payment application's own word for the outcome",
  outcomeReason: "Why it was not approved, in the host's words",
  customerReceipt: "The customer's receipt, as text with line breaks",
  customerReceiptPart2: "Its second part, where there is one",
  merchantReceipt: "The merchant's receipt",
  merchantReceiptPart2: "Its second part, where there is one",
  responseCode: "The host's response code, such as `00` or `51`",
  reasonCode: "The host's reason code",
  actionCode: "The host's action code",
  field41: "ISO 8583 field 41: the terminal's id at the acquirer",
  field42: "ISO 8583 field 42: the merchant's id at the acquirer",
  applicationIdentifier: "EMV AID",
  aip: "EMV application interchange profile",
  atc: "EMV application transaction counter",
  cid: "EMV cryptogram information data",
  cvm: "EMV cardholder verification method results",
  tvr: "EMV terminal verification results",
  tsi: "EMV transaction status information",
  acquirer: "The acquirer's name",
  authorizer: "Who authorized it",
  archiveId: "The host's id of the stored payment",
  serviceIdentifier: "The host's id of the service",
  batchId: "The batch that the payment is in",
  batchUuid: "The same batch, as a UUID",
  merchantCategoryCode: "ISO 18245, four digits",
  languageCode: "The cardholder's language, ISO 639",
  transactionType: "EMV transaction type, such as `00`",
  terminalSerialNumber: "As printed on the device",
  saleAmount: "The amount in minor units",
  posReferenceData: "The `merchant_reference` of the prompt",
  conlonToken: "The card's token at the host",
};

/** Throws for a fact that has no meaning yet, so that the page stays whole. */
export function factMeaning(name: string): string {
  const meaning = meanings[name];
  if (meaning === undefined) throw new Error(`scripts/terminal-facts.ts says nothing of the fact ${name}; add it.`);
  return meaning;
}
