/** A seller is set up, changed, and its case decided. What is open at its terminals goes on to its end, whatever happens. */
import { type BankAccount, withMaskedNumbers } from "../domain/bank-account.ts";
import { changedMembers, saidMembers } from "../domain/changed-members.ts";
import { newUuid } from "../domain/ids.ts";
import { type CaseStatus, firstCaseStatus, refusalOfDecision } from "../domain/payout-destination.ts";
import { Rejection } from "../domain/rejections.ts";
import { lockAccount } from "../storage/accounts.ts";
import type { Tx } from "../storage/database.ts";
import {
  insertSeller,
  type PayoutDestination,
  readSeller,
  type SellerFacts,
  updateCaseStatus,
  updateSeller,
} from "../storage/payout-destinations.ts";
import { fillStores } from "../storage/stores.ts";
import { recordChange } from "./account-change.ts";
import { tellOfCase, tellOfSeller, tellOfStore } from "./set-up-event.ts";
import { isoNow, type World } from "./world.ts";

export interface SellerRequest {
  readonly account_id: string;
  readonly client_id: string;
  readonly payout_destination_id: string;
}

export async function createPayoutDestination(
  world: World,
  { account_id, client_id, payout_destination_id, facts }: SellerRequest & { facts: SellerFacts },
): Promise<PayoutDestination> {
  const case_status = firstCaseStatus(account_id, facts.description ?? undefined);
  const id = newUuid(world.random);
  return world.db.transaction(async (tx) => {
    await lockAccount(tx, account_id);
    const seller = { account_id, payout_destination_id, id, case_status, created_by: client_id, facts };
    const created = await insertSeller(tx, seller, isoNow(world));
    if (created === undefined) {
      throw new Rejection("PAYOUT_DESTINATION_EXISTS", { payout_destination_id }, "payout_destination_id");
    }
    const change = { case_status, ...recorded(saidMembers(plain(facts))) };
    await recordSeller(world, tx, created, { changed_by: client_id, action: "created", change });
    if (case_status !== "AUTOMATIC_REVIEW") await tellOfCase(world, tx, created);
    return created;
  });
}

/** `said` holds what is to change; the rest stays. */
export async function updatePayoutDestination(
  world: World,
  { account_id, client_id, payout_destination_id, said }: SellerRequest & { said: Partial<SellerFacts> },
): Promise<PayoutDestination> {
  return world.db.transaction(async (tx) => {
    const before = await lockSeller(tx, account_id, payout_destination_id);
    const facts: SellerFacts = { ...before, ...said, members: { ...before.members, ...said.members } };
    const change = changedMembers(plain(before), plain(facts));
    if (change === undefined) return before;
    const now = isoNow(world);
    const after = await updateSeller(tx, { account_id, payout_destination_id, updated_by: client_id, facts }, now);
    await recordSeller(world, tx, after, { changed_by: client_id, action: "updated", change: recorded(change) });
    await fillLinkedStores(world, tx, after);
    return after;
  });
}

/** A person's word on the case. The seats follow in the same transaction: a sale that comes after it finds it so. */
export async function decidePayoutDestination(
  world: World,
  request: SellerRequest & { case_status: CaseStatus; reason: string },
): Promise<PayoutDestination> {
  const { account_id, client_id, payout_destination_id, case_status, reason } = request;
  return world.db.transaction(async (tx) => {
    const before = await lockSeller(tx, account_id, payout_destination_id);
    const refusal = refusalOfDecision(before, case_status);
    if (refusal !== undefined) throw refusal;
    if (before.case_status === case_status) return before;
    const now = isoNow(world);
    const decided = { account_id, payout_destination_id, updated_by: client_id, case_status };
    const after = await updateCaseStatus(tx, decided, now);
    const change = { case_status, reason };
    await recordSeller(world, tx, after, { changed_by: client_id, action: "updated", change });
    await tellOfCase(world, tx, after);
    await fillLinkedStores(world, tx, after);
    return after;
  });
}

async function lockSeller(tx: Tx, account_id: string, payout_destination_id: string): Promise<PayoutDestination> {
  await lockAccount(tx, account_id);
  const seller = await readSeller(tx, account_id, payout_destination_id);
  if (seller === undefined) throw new Rejection("PAYOUT_DESTINATION_NOT_FOUND", { payout_destination_id });
  return seller;
}

/** What the stores of a seller that is ACTIVE lack of its address and the like, they get from it. */
export async function fillLinkedStores(
  world: World,
  tx: Tx,
  { account_id, payout_destination_id }: Pick<PayoutDestination, "account_id" | "payout_destination_id">,
): Promise<void> {
  for (const { store_id, ...filled } of await fillStores(tx, account_id, payout_destination_id, isoNow(world))) {
    const made = {
      account_id,
      entity: "store",
      entity_id: store_id,
      action: "updated",
      changed_by: "tapline",
    } as const;
    await recordChange(world, tx, { ...made, change: saidMembers(filled) });
    await tellOfStore(world, tx, { account_id, store_id }, "updated");
  }
}

interface SellerChange {
  readonly changed_by: string;
  readonly action: "created" | "updated";
  readonly change: object;
}

/** On record, and told. */
async function recordSeller(world: World, tx: Tx, seller: PayoutDestination, made: SellerChange): Promise<void> {
  const { account_id, payout_destination_id: entity_id } = seller;
  await recordChange(world, tx, { account_id, entity: "payout_destination", entity_id, ...made });
  await tellOfSeller(world, tx, seller, made.action);
}

const factNames = [
  ...["name", "description", "payout_reference", "bank_accounts", "type", "payout_interval_type", "country_code"],
  ...["merchant_category_code", "organization", "address", "phone_number", "email", "website"],
] as const satisfies (keyof SellerFacts)[];

/** The facts alone, those without a column of their own among the others. */
const plain = ({ members, ...row }: SellerFacts): Record<string, unknown> => ({
  ...Object.fromEntries(factNames.map((name) => [name, row[name]])),
  ...members,
});

/** A record stays for ever and is read by many: it holds no number that could be paid to, and nothing of a private person. */
const recorded = (change: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(change).map(([name, value]) => {
      if (name === "bank_accounts") return [name, withMaskedNumbers(value as BankAccount[])];
      return [name, name === "individual" ? "not recorded" : value];
    }),
  );
