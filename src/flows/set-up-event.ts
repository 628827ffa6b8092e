/** Telling of what an account is set up with, as it can be read from then on: in the transaction that changed it. */
import type { EventType } from "../contract/events.ts";
import { withInPerson, withoutCredentials } from "../domain/account-configuration.ts";
import { readConfiguration } from "../storage/account-configurations.ts";
import type { Tx } from "../storage/database.ts";
import type { Incident } from "../storage/incidents.ts";
import type { PayoutDestination } from "../storage/payout-destinations.ts";
import { readSettlement } from "../storage/settlements.ts";
import { readStore } from "../storage/stores.ts";
import { readTerminal } from "../storage/terminal-registry.ts";
import { tellOf } from "./event.ts";
import { approvalOf, incidentOf, sellerOf, settlementOf, storeOf, terminalOf } from "./shown-set-up.ts";
import type { World } from "./world.ts";

/** What has become of a row, as account changes name it. */
export type Happening = "created" | "updated" | "deleted";

const told = { created: "add", updated: "update", deleted: "delete" } as const;

type Teller = Pick<World, "clock" | "random">;

export async function tellOfStore(
  world: Teller,
  tx: Tx,
  { account_id, store_id }: { readonly account_id: string; readonly store_id: string },
  happening: Happening,
): Promise<void> {
  const store = await readStore(tx, account_id, store_id);
  if (store === undefined) throw new Error(`There is no store ${store_id}.`);
  await tellOf(world, tx, {
    account_id,
    type: `account_store_${told[happening]}`,
    members: { store: storeOf(store) },
  });
}

export async function tellOfTerminal(
  world: Teller,
  tx: Tx,
  { account_id, terminal_id }: { readonly account_id: string; readonly terminal_id: string },
  happening: Happening,
): Promise<void> {
  const terminal = await readTerminal(tx, account_id, terminal_id);
  if (terminal === undefined) throw new Error(`There is no terminal ${terminal_id}.`);
  const type = `account_terminal_${told[happening]}` as const;
  await tellOf(world, tx, { account_id, type, members: { terminal: terminalOf(terminal) } });
}

export async function tellOfSeller(
  world: Teller,
  tx: Tx,
  seller: PayoutDestination,
  happening: "created" | "updated",
): Promise<void> {
  const { account_id } = seller;
  const type = `account_payout_destination_${told[happening]}` as const;
  await tellOf(world, tx, { account_id, type, members: { payout_destination: sellerOf(seller) } });
}

/** Somebody, or the test account's own word, has decided whether the seller may be paid. */
export async function tellOfCase(world: Teller, tx: Tx, seller: PayoutDestination): Promise<void> {
  await tellOf(world, tx, {
    account_id: seller.account_id,
    type: "approval_payout_destination_update",
    members: { payout_destination_case: approvalOf(seller) },
  });
}

/** Its configuration is all of an account that can be read and changed. */
export async function tellOfAccount(world: Teller, tx: Tx, account_id: string): Promise<void> {
  const row = await readConfiguration(tx, account_id);
  if (row === undefined) throw new Error(`There is no account ${account_id}.`);
  const { updated_at, updated_by } = row;
  const configuration = withoutCredentials(withInPerson(row.configuration ?? {}, row));
  const account = { id: account_id, configuration, updated_at, updated_by };
  await tellOf(world, tx, { account_id, type: "account_update", members: { account } });
}

/** A day's settlement is whole, or one was made to be looked at. */
export async function tellOfSettlement(world: Teller, tx: Tx, account_id: string, id: string): Promise<void> {
  const settlement = await readSettlement(tx, account_id, id);
  if (settlement === undefined) throw new Error(`There is no settlement ${id}.`);
  const members = { settlement: settlementOf(account_id, settlement) };
  await tellOf(world, tx, { account_id, type: "settlement_add", members });
}

export async function tellOfIncidents(
  world: Teller,
  tx: Tx,
  account_id: string,
  type: Extract<EventType, `incident_${string}`>,
  incidents: readonly Incident[],
): Promise<void> {
  for (const incident of incidents) {
    const { session_id, transaction_id } = incident;
    const about = { session_id: session_id ?? undefined, transaction_id: transaction_id ?? undefined };
    await tellOf(world, tx, { account_id, type, ...about, members: { incident: incidentOf(incident) } });
  }
}
