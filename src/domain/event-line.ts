/** What an event changed, in one line for people. */
import { formatAmount } from "./money.ts";

type Members = Readonly<Record<string, unknown>>;

const membersIn = (message: Members, name: string): Members | undefined => {
  const value = message[name];
  return typeof value === "object" && value !== null ? (value as Members) : undefined;
};

/** `CAPTURED 399.00 NOK order-12345`, and of anything else which it is and how it stands. */
export function eventLine(type: string, message: Members): string {
  const transaction = membersIn(message, "transaction");
  const prompt = membersIn(message, "prompt");
  const authorization = membersIn(message, "authorization");
  if (type === "checkout_transaction" && transaction) {
    return told([lastStep(transaction), moneyIn(transaction), transaction.merchant_reference, transaction.id]);
  }
  if (authorization) {
    const { error, merchant_reference, transaction_id } = authorization;
    return told([error ?? "authorized", merchant_reference, transaction_id]);
  }
  if (prompt) return told([prompt.kind, moneyIn(prompt), `on ${prompt.terminal_id}`, prompt.transaction_id]);
  const [subject] = Object.values(message).filter((value) => typeof value === "object" && value !== null);
  return told(subjectOf((subject ?? {}) as Members));
}

/** The status, and what came of a request that moved no money. */
function lastStep({ status, events }: Members): string {
  const last = Array.isArray(events) ? (events.at(-1) as Members | undefined) : undefined;
  const name = String(last?.event ?? "");
  if (name.startsWith("INITIATE_")) return `${status}, ${name}`;
  return last?.success === false && ["REFUND", "CAPTURE", "VOID"].includes(name)
    ? `${status}, ${name} failed`
    : String(status);
}

function moneyIn({ amount, currency }: Members): string | undefined {
  return typeof amount === "number" && typeof currency === "string" ? formatAmount(amount, currency) : undefined;
}

function subjectOf(subject: Members): unknown[] {
  const kind = subject.kind ?? subject.status ?? subject.case_status;
  const id = subject.terminal_id ?? subject.store_id ?? subject.payout_destination_id ?? subject.id;
  return [kind, subject.name, id];
}

const told = (parts: readonly unknown[]): string =>
  parts.filter((part) => part !== undefined && part !== null && part !== "").join("  ");
