/** A settlement's report for a spreadsheet or a program: RFC 4180, a line for each capture and refund. */

/** Text or a number: a number is ours, and is written as it is, its minus sign too. */
export type Cell = string | number | null;

/**
 * What a spreadsheet would take for a formula is given an apostrophe, which spreadsheets show as text: a reference that a
 * till sent must not become a program on an accountant's machine.
 */
const formula = /^\s*[=+\-@]|^[\t\r\n]/;

export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(",")}\r\n`;
}

function cellText(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const safe = formula.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export interface ReportedItem {
  readonly transaction_id: string;
  readonly event_id: number;
  readonly event: "CAPTURE" | "REFUND";
  readonly created_at: string;
  readonly amount: number;
  readonly currency: string;
  readonly terminal_id: string | null;
  readonly merchant_reference: string | null;
  readonly merchant_reference_2: string | null;
  readonly event_reference: string | null;
  readonly payout_correlation_id: string | null;
  readonly card_brand: string | null;
}

export interface ReportedSettlement {
  readonly id: string;
  readonly provider_reference: string;
  readonly payout_destination_id: string;
  readonly store_id: string;
}

type Column = readonly [name: string, of: (item: ReportedItem, settlement: ReportedSettlement) => Cell];

const capture = ({ event, amount }: ReportedItem): number => (event === "CAPTURE" ? amount : 0);
const refund = ({ event, amount }: ReportedItem): number => (event === "REFUND" ? amount : 0);

/** Amounts are whole minor units beside their currency: 39900 NOK is 399.00 kroner. */
const columns: readonly Column[] = [
  ["settlement_id", (_, { id }) => id],
  ["provider_reference", (_, { provider_reference }) => provider_reference],
  ["payout_destination_id", (_, { payout_destination_id }) => payout_destination_id],
  ["store_id", (_, { store_id }) => store_id],
  ["terminal_id", ({ terminal_id }) => terminal_id],
  ["transaction_id", ({ transaction_id }) => transaction_id],
  ["event_id", ({ event_id }) => event_id],
  ["event", ({ event }) => event],
  ["created_at", ({ created_at }) => created_at],
  ["merchant_reference", ({ merchant_reference }) => merchant_reference],
  ["merchant_reference_2", ({ merchant_reference_2 }) => merchant_reference_2],
  ["event_reference", ({ event_reference }) => event_reference],
  ["payout_correlation_id", ({ payout_correlation_id }) => payout_correlation_id],
  ["card_brand", ({ card_brand }) => card_brand],
  ["currency", ({ currency }) => currency],
  ["capture", capture],
  ["refund", refund],
  ["fee", () => 0],
  ["amount", (item) => capture(item) - refund(item)],
];

export const reportHead = (): string => csvLine(columns.map(([name]) => name));

export const reportLine = (item: ReportedItem, settlement: ReportedSettlement): string =>
  csvLine(columns.map(([, of]) => of(item, settlement)));
