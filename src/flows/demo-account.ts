/**
 * The account that a first start of the demo finds: everything a sale needs, written in one transaction. Later starts
 * find it as it was.
 */
import { createHash } from "node:crypto";
import { newId, newSecret } from "../domain/ids.ts";
import { scopes } from "../domain/scopes.ts";
import { insertAccount, insertPayoutDestination, insertStore, putApiClient } from "../storage/accounts.ts";
import { putProfile } from "../storage/profiles.ts";
import { insertSimulatedTerminal } from "../storage/simulated-terminals.ts";
import { insertDevice, insertTerminal } from "../storage/terminals.ts";
import { isoNow, type World } from "./world.ts";

export const demo = {
  account_id: "T12345678",
  client_id: "demo-client",
  profile_id: "in-person",
  store_id: "oslo-center",
  terminal_id: "T12345678-T0292",
  payout_destination_id: "seller-1",
} as const;

/** A device's key pair, made by whoever is to play the device. */
export interface NewDeviceKey {
  readonly private_jwk: JsonWebKey;
  readonly public_jwk: JsonWebKey;
}

/** The client's secret if the account was made now; `undefined` if it was there. */
export async function openDemoAccount(world: World, key: NewDeviceKey): Promise<string | undefined> {
  const now = isoNow(world);
  const secret = newSecret(world.random);
  const { account_id, profile_id, store_id, terminal_id, payout_destination_id } = demo;
  return world.db.transaction(async (tx) => {
    const is_new = await insertAccount(tx, { account_id, name: "Demo", in_person_enabled: true }, now);
    if (!is_new) return undefined;
    await putApiClient(tx, demoClient(secret), now);
    await insertPayoutDestination(
      tx,
      { account_id, payout_destination_id, name: "Seller 1", case_status: "ACTIVE" },
      now,
    );
    const store = { account_id, store_id, id: `${account_id}-0001`, store_name: "Oslo Center", payout_destination_id };
    await insertStore(tx, store, now);
    const device = { device_serial_number: `SIMULATED-${account_id}-292`, device_model: "SIMULATED" };
    await insertTerminal(tx, { account_id, terminal_id, store_id, ...device }, now);
    const device_id = newId("dev", world.clock.now(), world.random);
    await insertDevice(tx, { account_id, terminal_id, device_id, public_jwk: key.public_jwk }, now);
    await insertSimulatedTerminal(tx, { account_id, terminal_id, private_jwk: key.private_jwk });
    const description = "In-person payments, pushed to the terminal";
    await putProfile(tx, { account_id, profile_id, description, configuration: inPersonConfiguration }, now);
    return secret;
  });
}

/** A new secret for the demo's client, where the file that held the old one is lost. */
export async function renewDemoSecret(world: World): Promise<string> {
  const secret = newSecret(world.random);
  await world.db.atOnce((tx) => putApiClient(tx, demoClient(secret), isoNow(world)));
  return secret;
}

/** As the mission document recommends it: in-person payments alone, pushed to the terminal. */
const inPersonConfiguration = {
  channel: "in_store" as const,
  publish: [{ channel: "terminal", type: "push" }],
  seitatech: {
    type: "payment_type",
    in_person: { type: "payment_product_type", enabled: true, payability: "payable" },
  },
};

const demoClient = (secret: string) => ({
  account_id: demo.account_id,
  client_id: demo.client_id,
  name: "Demo",
  secret_sha256: createHash("sha256").update(secret).digest(),
  scopes: [...scopes],
});
