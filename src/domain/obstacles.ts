/** Why a sale could not be created: what its names lead to, and the refusal that follows. */
import type { PromptKind } from "./prompt.ts";
import { Rejection } from "./rejections.ts";

/** What a sale's names lead to; a member is null where there is no such row. */
export interface Obstacles {
  readonly in_person_enabled: boolean | null;
  readonly profile_revision: number | null;
  readonly terminal_status: string | null;
  readonly terminal_store_id: string | null;
  readonly store_status: string | null;
  readonly store_payout_destination_id: string | null;
  readonly case_status: string | null;
  readonly capabilities: { currencies: string[]; kinds: string[]; advice: boolean } | null;
  readonly occupant_kind: string | null;
  readonly occupant_prompt_kind: PromptKind | null;
  readonly occupant_session_id: string | null;
  readonly occupant_merchant_reference: string | null;
}

interface Wanted {
  readonly kind: PromptKind;
  readonly currency: string;
  readonly profile_id?: string | undefined;
  readonly store_id: string;
  readonly terminal_id: string;
  readonly payout_destination_id: string;
}

/**
 * The refusal, from the most basic obstacle to the most fleeting; `undefined` if nothing stands in the way any more (a
 * busy terminal that has become free, a profile that has changed): then the sale is planned again.
 */
export function refusalOf(wanted: Wanted, found: Obstacles): Rejection | undefined {
  if (found.in_person_enabled !== true) return new Rejection("IN_PERSON_NOT_ENABLED");
  if (wanted.profile_id !== undefined && found.profile_revision === null) {
    return new Rejection("PROFILE_NOT_FOUND", { profile_id: wanted.profile_id }, "profile_id");
  }
  return (
    storeRefusal(wanted, found) ?? terminalRefusal(wanted, found) ?? sellerRefusal(wanted, found) ?? busy(wanted, found)
  );
}

function storeRefusal({ store_id }: Wanted, { store_status }: Obstacles): Rejection | undefined {
  const field = "order.store.id";
  if (store_status === null) return new Rejection("STORE_UNKNOWN", { store_id }, field);
  if (store_status !== "ACTIVE") return new Rejection("STORE_NOT_ACTIVE", { store_id, status: store_status }, field);
  return undefined;
}

function terminalRefusal(wanted: Wanted, found: Obstacles): Rejection | undefined {
  const { terminal_id, store_id, currency, kind } = wanted;
  const field = "order.store.terminal_id";
  const status = found.terminal_status;
  // A deleted terminal reads like one that never was.
  if (status === null || status === "DELETED") return new Rejection("TERMINAL_UNKNOWN", { terminal_id }, field);
  if (found.terminal_store_id !== store_id) {
    return new Rejection("TERMINAL_NOT_LINKED", { terminal_id, store_id }, field);
  }
  if (status !== "ACTIVE") return new Rejection("TERMINAL_NOT_ACTIVE", { terminal_id, status }, field);
  const can = found.capabilities;
  if (can !== null && !can.currencies.includes(currency)) {
    const facts = { terminal_id, currency, currencies: can.currencies.join(", ") };
    return new Rejection("CURRENCY_NOT_TAKEN", facts, "order.currency");
  }
  // Before its first connection we do not know what a terminal can do; holding money for later is not taken on trust.
  if (kind === "authorize" && !(can?.kinds.includes(kind) && can.advice)) {
    return new Rejection("TERMINAL_CANNOT_AUTHORIZE", { terminal_id }, "configuration.auto_capture");
  }
  if (can !== null && !can.kinds.includes(kind)) {
    return new Rejection("TERMINAL_CANNOT_TAKE_PAYMENTS", { terminal_id }, field);
  }
  return undefined;
}

function sellerRefusal(wanted: Wanted, found: Obstacles): Rejection | undefined {
  const { payout_destination_id, store_id } = wanted;
  const field = "order.store.payout_destination_id";
  if (found.case_status === null) {
    return new Rejection("PAYOUT_DESTINATION_UNKNOWN", { payout_destination_id }, field);
  }
  if (found.store_payout_destination_id !== payout_destination_id) {
    return new Rejection("PAYOUT_DESTINATION_NOT_LINKED", { payout_destination_id, store_id }, field);
  }
  if (found.case_status !== "ACTIVE") {
    const facts = { payout_destination_id, case_status: found.case_status };
    return new Rejection("PAYOUT_DESTINATION_NOT_ACTIVE", facts, field);
  }
  return undefined;
}

const occupants: Readonly<Record<string, string>> = {
  prompt: "a prompt",
  reversal: "a reversal",
  operation: "an operation",
};

type Occupied = Pick<
  Obstacles,
  "occupant_kind" | "occupant_prompt_kind" | "occupant_session_id" | "occupant_merchant_reference"
>;

/** Why nothing else can begin on the terminal now, or `undefined`; `field` is where the request names it. */
export function busy(
  { terminal_id }: { readonly terminal_id: string },
  found: Occupied,
  field = "order.store.terminal_id",
): Rejection | undefined {
  if (found.occupant_kind === null) return undefined;
  const sale = found.occupant_session_id;
  const occupant =
    sale === null
      ? (occupants[found.occupant_kind] ?? "something else")
      : `the ${found.occupant_prompt_kind === "refund" ? "refund of the sale" : "sale"} ${found.occupant_merchant_reference} (session ${sale})`;
  const rejection = new Rejection("TERMINAL_BUSY", { terminal_id, occupant }, field);
  return sale === null
    ? rejection
    : rejection.with({ session_id: sale, merchant_reference: found.occupant_merchant_reference ?? "" });
}
