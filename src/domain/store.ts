/** What is open in a store, in words, and the refusals that follow from it. */
import { Rejection } from "./rejections.ts";

/** Something that a terminal of the store has not ended, or a host has not answered. */
export interface OpenWork {
  readonly kind: "purchase" | "authorize" | "refund" | "capture" | "void" | "lapse" | "reversal";
  readonly terminal_id: string;
  readonly session_id: string;
  readonly merchant_reference: string;
}

const nouns: Readonly<Record<OpenWork["kind"], string>> = {
  purchase: "the sale",
  authorize: "the sale",
  refund: "the refund of the sale",
  capture: "the capture of the sale",
  void: "the void of the sale",
  lapse: "the lapse of the sale",
  reversal: "the reversal of the sale",
};

/** A handful says enough. */
const namedMax = 5;

export function refusalOfOpenWork(store_id: string, work: readonly OpenWork[]): Rejection | undefined {
  if (work.length === 0) return undefined;
  const named = work
    .slice(0, namedMax)
    .map((one) => `${nouns[one.kind]} ${one.merchant_reference} (session ${one.session_id}) on ${one.terminal_id}`);
  const open = listed(named, work.length);
  return new Rejection("STORE_HAS_OPEN_WORK", { store_id, open });
}

export function refusalOfTerminals(store_id: string, terminal_ids: readonly string[]): Rejection | undefined {
  if (terminal_ids.length === 0) return undefined;
  const named = listed(terminal_ids.slice(0, namedMax), terminal_ids.length);
  return new Rejection("STORE_HAS_TERMINALS", { store_id, terminal_ids: named });
}

const listed = (named: readonly string[], all: number): string =>
  all > named.length ? `${named.join(", ")} and ${all - named.length} more` : named.join(", ");

/** `{aid}-{4 digits}`; a fifth digit where an account has that many. */
export const generatedStoreId = (account_id: string, number: number): string =>
  `${account_id}-${String(number).padStart(4, "0")}`;
