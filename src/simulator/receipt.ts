/** The facts and receipts of an answered payment, as the terminal reports them (transactions section 6). */
import type { PromptFrame, Result } from "../contract/terminal-protocol.ts";
import { formatAmount } from "../domain/money.ts";
import type { HostAnswer, Script } from "./amounts.ts";

export interface ReceiptPrinter {
  readonly terminal_id: string;
  readonly serial_number: string;
  readonly receipt_number: number;
  /** ISO 8601. */
  readonly printed_at: string;
}

export function factsOf(
  prompt: PromptFrame,
  { card }: Script,
  answer: HostAnswer,
  printer: ReceiptPrinter,
): NonNullable<Result["facts"]> {
  const receipt_number = String(printer.receipt_number).padStart(6, "0");
  return {
    uniqueId: prompt.prompt_id,
    receiptNumber: receipt_number,
    outcome: answer.approved ? "approved" : "declined",
    ...(answer.reason === undefined ? {} : { outcomeReason: answer.reason }),
    customerReceipt: receiptText("CUSTOMER COPY", prompt, card, answer, printer, receipt_number),
    merchantReceipt: receiptText("MERCHANT COPY", prompt, card, answer, printer, receipt_number),
    responseCode: answer.response_code,
    applicationIdentifier: card.application_identifier,
    aip: "1980",
    atc: receipt_number.slice(-4),
    cid: answer.approved ? "80" : "00",
    cvm: "1F0000",
    tvr: "0000000000",
    tsi: "0000",
    field41: printer.terminal_id.slice(-8),
    field42: printer.terminal_id.slice(0, 9),
    acquirer: "Simulated acquirer",
    languageCode: "en",
    transactionType: prompt.kind === "refund" ? "20" : "00",
    terminalSerialNumber: printer.serial_number,
    saleAmount: String(prompt.amount),
    ...(prompt.merchant_reference === undefined ? {} : { posReferenceData: prompt.merchant_reference }),
  };
}

function receiptText(
  title: string,
  prompt: PromptFrame,
  card: Script["card"],
  answer: HostAnswer,
  printer: ReceiptPrinter,
  receipt_number: string,
): string {
  return [
    title,
    `Terminal ${printer.terminal_id}`,
    `Receipt ${receipt_number}  ${printer.printed_at.slice(0, 19).replace("T", " ")} UTC`,
    `${card.brand} ${card.masked_pan}  contactless`,
    `AID ${card.application_identifier}`,
    `${prompt.kind === "authorize" ? "AUTHORIZATION" : prompt.kind.toUpperCase()} ${formatAmount(prompt.amount, prompt.currency)}`,
    answer.approved ? "APPROVED" : `DECLINED  ${answer.reason ?? ""}`.trimEnd(),
    "SIMULATED: NO MONEY MOVED",
  ].join("\n");
}
