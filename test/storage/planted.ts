/** Rows to begin a storage test with: an account that can sell, sales to create on it, and a prompt in any status. */
import { randomUUID } from "node:crypto";
import { isFinal, type PromptStatus } from "../../src/domain/prompt.ts";
import { insertAccount } from "../../src/storage/accounts.ts";
import { ConstraintRefusal, statement, type Tx } from "../../src/storage/database.ts";
import { insertSeller, nothingToldOfSeller } from "../../src/storage/payout-destinations.ts";
import { putProfile } from "../../src/storage/profiles.ts";
import type { NewSale } from "../../src/storage/sales.ts";
import { createStore, nothingToldOfStore } from "../../src/storage/stores.ts";
import { insertTerminal } from "../../src/storage/terminals.ts";
import type { TestDatabase } from "../support/database.ts";

export const now = "2026-11-22T12:00:00.000Z";
export const account_id = "T12345678";
export const terminalId = (number: number): string => `${account_id}-T${String(number).padStart(4, "0")}`;

/** An account with a seller, a store, a profile, and so many terminals that take payments. */
export async function plantAccount({ db }: TestDatabase, terminals = 1): Promise<void> {
  const payout_destination_id = "seller-1";
  const store_id = "store-1";
  await db.transaction(async (tx) => {
    await insertAccount(tx, { account_id, name: "Planted", in_person_enabled: true }, now);
    await plantStore(tx, account_id, store_id, payout_destination_id);
    const configuration = { channel: "in_store" as const };
    await putProfile(tx, { account_id, profile_id: "in-person", description: "P", configuration }, now);
    for (let number = 1; number <= terminals; number++) {
      const device = { device_serial_number: `S-${number}`, device_model: "M" };
      await insertTerminal(tx, { account_id, terminal_id: terminalId(number), store_id, ...device }, now);
    }
  });
}

/** A store, and the seller that is paid there. */
export async function plantStore(tx: Tx, account: string, store_id: string, payout_destination_id: string) {
  const made = { account_id: account, created_by: "test" };
  const case_status = "ACTIVE" as const;
  const seller = { ...made, payout_destination_id, id: randomUUID(), case_status };
  await insertSeller(tx, { ...seller, facts: { ...nothingToldOfSeller, name: "S" } }, now);
  const facts = { ...nothingToldOfStore, store_name: "Store", payout_destination_id };
  await createStore(tx, { ...made, store_id, id: `id-of-${store_id}`, facts }, now);
}

let sales = 0;

/** A sale that nothing stands in the way of, unless `change` brings it. */
export function newSale(change: Partial<NewSale> = {}): NewSale {
  const name = String(++sales).padStart(6, "0");
  return {
    account_id,
    session_id: `${account_id}.session${name}`,
    transaction_id: `${account_id}.transaction${name}`,
    prompt_id: `pr_${name}`,
    kind: "purchase",
    profile_id: "in-person",
    profile_revision: 1,
    store_id: "store-1",
    terminal_id: terminalId(1),
    payout_destination_id: "seller-1",
    amount: 39900,
    currency: "NOK",
    channel: "in_store",
    merchant_reference: `order-${name}`,
    url: { return_url: "https://example.com" },
    order: { amount: 39900 },
    configuration: {},
    members: {},
    request_headers: {},
    request_id: `request-${name}`,
    created_by: "client-1",
    created_at: now,
    expires_at: "2026-11-23T12:00:00.000Z",
    deadline_at: "2026-11-22T12:02:00.000Z",
    ...change,
  };
}

/** Every column that a prompt of this status must have, and no other. */
export function promptColumns(status: PromptStatus): Record<string, unknown> {
  const was_sent = !["WAITING", "PENDING"].includes(status);
  return {
    status,
    sent_at: was_sent ? now : null,
    sent_epoch: was_sent ? 1 : null,
    sent_journal_id: was_sent ? "jr_1" : null,
    shown_at: was_sent ? now : null,
    card_presented_at: status === "PROCESSING" ? now : null,
    unresolved_at: status === "UNRESOLVED" ? now : null,
    finished_at: isFinal(status) ? now : null,
  };
}

export async function insertRow(
  { db }: TestDatabase,
  table: string,
  columns: Readonly<Record<string, unknown>>,
): Promise<void> {
  const names = Object.keys(columns);
  const places = names.map((_, index) => `$${index + 1}`);
  const text = `INSERT INTO ${table} ("${names.join('", "')}") VALUES (${places.join(", ")})`;
  await db.query(statement("", text), Object.values(columns));
}

let prompts = 0;

/** A prompt of its own session and terminal, whole for its status. Answers its columns. */
export function newPrompt(status: PromptStatus, change: Readonly<Record<string, unknown>> = {}) {
  const name = `planted${++prompts}`;
  return {
    account_id,
    id: `pr_${name}`,
    session_id: `session_${name}`,
    transaction_id: `transaction_${name}`,
    terminal_id: `terminal_${name}`,
    kind: status === "WAITING" ? "refund" : "purchase",
    amount: 100,
    currency: "NOK",
    created_at: now,
    deadline_at: now,
    ...promptColumns(status),
    ...change,
  };
}

/** The name of the constraint that refused, or "taken" if none did. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "taken";
  } catch (error) {
    if (error instanceof ConstraintRefusal) return error.constraint;
    throw error;
  }
}
