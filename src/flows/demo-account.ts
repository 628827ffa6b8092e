/**
 * The account that a first start of the demo finds: everything a sale needs, written in one transaction. Later starts
 * find it as it was.
 */
import { serverItself } from "../domain/api-client.ts";
import { newUuid } from "../domain/ids.ts";
import { StartupProblem } from "../domain/startup-problem.ts";
import { generatedStoreId } from "../domain/store.ts";
import { findApiClient } from "../storage/clients.ts";
import { insertSeller, nothingToldOfSeller } from "../storage/payout-destinations.ts";
import { createStore, nothingToldOfStore } from "../storage/stores.ts";
import { addAccount, addFirstClient, addInPersonProfile } from "./account.ts";
import { rotateSecret } from "./client.ts";
import { enrolSimulated, type NewDeviceKey } from "./simulated-enrolment.ts";
import { isoNow, type World } from "./world.ts";

export const demo = {
  account_id: "T12345678",
  client_id: "demo-client",
  profile_id: "in-person",
  store_id: "oslo-center",
  terminal_id: "T12345678-T0292",
  payout_destination_id: "seller-1",
} as const;

/** The client's secret if the account was made now; `undefined` if it was there. */
export async function openDemoAccount(world: World, key: NewDeviceKey): Promise<string | undefined> {
  const now = isoNow(world);
  const { account_id, client_id, profile_id, store_id, terminal_id, payout_destination_id } = demo;
  return world.db.transaction(async (tx) => {
    if (!(await addAccount(world, tx, account_id, "Demo"))) return undefined;
    const secret = await addFirstClient(world, tx, { account_id, client_id, name: "Demo" });
    const made = { account_id, created_by: serverItself };
    const seller = { ...nothingToldOfSeller, name: "Seller 1" };
    const id = newUuid(world.random);
    await insertSeller(tx, { ...made, payout_destination_id, id, case_status: "ACTIVE", facts: seller }, now);
    const store = { ...nothingToldOfStore, store_name: "Oslo Center", payout_destination_id };
    await createStore(tx, { ...made, store_id, id: generatedStoreId(account_id, 1), facts: store }, now);
    const device_serial_number = `SIMULATED-${account_id}-292`;
    const terminal = { account_id, terminal_id, store_id, device_serial_number, created_by: serverItself };
    await enrolSimulated(world, tx, terminal, key);
    await addInPersonProfile(world, tx, account_id, profile_id);
    return secret;
  });
}

/** A new secret for the demo's client, where the file that held the old one is lost; the old one ends at once. */
export async function renewDemoSecret(world: World): Promise<string> {
  const { account_id, client_id } = demo;
  const id = await findApiClient(world.db, account_id, client_id);
  if (id === undefined) {
    throw new StartupProblem(
      `The client ${client_id} of account ${account_id} was deleted, and demo.json is lost: use another client with \`tapline serve\`, or start the demo in another TAPLINE_DATA_DIR.`,
    );
  }
  return (await rotateSecret(world, { account_id, id, overlap_s: 0 }, serverItself)).client_secret;
}
