/** Lines of an order that are captured or refunded: they name lines that are there, and take no more than is left of them. */
import type { OrderItem, TakenLine } from "../contract/shapes.ts";
import { Rejection } from "./rejections.ts";

export interface Lines {
  readonly ordered: readonly OrderItem[];
  /** Taken by earlier operations of the same kind. */
  readonly taken: readonly TakenLine[];
}

/** R63. Lines are optional; where there are some, they add up to `amount`. */
export function refusalOfLines(
  amount: number,
  items: readonly TakenLine[] | undefined,
  lines: Lines,
): Rejection | undefined {
  if (items === undefined || items.length === 0) return undefined;
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const field = `items.${index}`;
    if (seen.has(item.line_id)) {
      return new Rejection("DUPLICATE_LINE_ID", { line_id: item.line_id }, `${field}.line_id`);
    }
    seen.add(item.line_id);
    const refusal = refusalOfLine(item, lines, field);
    if (refusal !== undefined) return refusal;
  }
  const sum = items.reduce((total, item) => total + item.amount, 0);
  return sum === amount ? undefined : new Rejection("LINES_MISMATCH", { amount, sum }, "amount");
}

function refusalOfLine(item: TakenLine, { ordered, taken }: Lines, field: string): Rejection | undefined {
  const { line_id, amount, quantity } = item;
  const line = ordered.find((candidate) => candidate.line_id === line_id);
  if (line === undefined) return new Rejection("LINE_UNKNOWN", { line_id }, `${field}.line_id`);
  const earlier = taken.filter((one) => one.line_id === line_id);
  const left = (line.amount ?? 0) - earlier.reduce((total, one) => total + one.amount, 0);
  if (amount <= 0 || amount > left) {
    return new Rejection("LINE_AMOUNT_EXCEEDED", { line_id, amount, remaining: left }, `${field}.amount`);
  }
  if (quantity === undefined || line.quantity === undefined) return undefined;
  // Quantities may be decimal (0.5 kg): what is left is compared to a millionth.
  const before = earlier.reduce((total, one) => total + (one.quantity ?? 0), 0);
  const left_quantity = Math.round((line.quantity - before) * 1e6) / 1e6;
  if (quantity > 0 && quantity <= left_quantity) return undefined;
  return new Rejection("LINE_QUANTITY_EXCEEDED", { line_id, quantity, remaining: left_quantity }, `${field}.quantity`);
}
