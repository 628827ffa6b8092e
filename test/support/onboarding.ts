/** A shop whose sellers and stores a test sets up through the API. */
import { newId } from "../../src/domain/ids.ts";
import { isoNow } from "../../src/flows/world.ts";
import { makeDeviceKey, signer } from "../../src/simulator/device-key.ts";
import { insertDevice, insertTerminal } from "../../src/storage/terminals.ts";
import { tokenOf as plantedToken } from "./clients.ts";
import { HandTerminal } from "./honest-hand.ts";
import { openBareShop } from "./honest-shop.ts";
import type { Answer, Shop } from "./shop.ts";

type Body = Record<string, unknown> & { error?: { code?: string; message: string } };

export interface Onboarding {
  readonly shop: Shop;
  readonly account_id: string;
  /** Calls below the account, as a client that may do everything there, or as one with these scopes. */
  manage<T = Body>(method: string, path: string, body?: unknown, ...scopes: string[]): Promise<Answer<T>>;
  /** A seller that is ACTIVE. */
  seller(payout_destination_id: string, change?: object): Promise<void>;
  /** A store that is linked to the seller; its store_id. */
  store(store_id: string, payout_destination_id: string, change?: object): Promise<void>;
  /** A terminal that stands there, moved by hand. */
  terminal(store_id: string): Promise<HandTerminal>;
  changes(entity: string, entity_id: string): Promise<{ action: string; changed_by: string; change: Body }[]>;
}

let terminals = 5000;

export async function openOnboarding(): Promise<Onboarding> {
  const shop = await openBareShop();
  const { world, address } = shop.app;
  const { account_id } = shop.demo;
  const tokens = new Map<string, string>();
  const tokenOf = async (scopes: string[]): Promise<string> => {
    const asked = scopes.length === 0 ? ["admin:accounts"] : scopes;
    const key = asked.join(" ");
    const token = tokens.get(key) ?? (await plantedToken(shop, { account_id, client_id: "office", scopes: asked }));
    tokens.set(key, token);
    return token;
  };
  const manage: Onboarding["manage"] = async (method, path, body, ...scopes) => {
    const authorization = `Bearer ${await tokenOf(scopes)}`;
    return shop.call(method, `/v1/accounts/${account_id}${path}`, body, { authorization });
  };
  const made = async (path: string, body: object): Promise<void> => {
    const answer = await manage("POST", path, body);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  };
  return {
    shop,
    account_id,
    manage,
    seller: (payout_destination_id, change = {}) =>
      made("/payout-destinations", { ...sellerBody(payout_destination_id), description: "AUTO_APPROVE", ...change }),
    store: (store_id, payout_destination_id, change = {}) =>
      made("/stores", { store_id, payout_destination: { payout_destination_id }, ...change }),
    terminal: async (store_id) => {
      const terminal_id = `${account_id}-T${++terminals}`;
      const { private_jwk, public_jwk } = await makeDeviceKey();
      const device_id = newId("dev", world.clock.now(), world.random);
      await world.db.transaction(async (tx) => {
        const device = { device_serial_number: `HAND-${terminal_id}`, device_model: "S1F2" };
        await insertTerminal(tx, { account_id, terminal_id, store_id, ...device }, isoNow(world));
        await insertDevice(tx, { account_id, terminal_id, device_id, public_jwk }, isoNow(world));
      });
      return new HandTerminal(address, { account_id, terminal_id, sign: await signer(private_jwk) });
    },
    changes: async (entity, entity_id) => {
      const { body } = await manage<never[]>("GET", `/changes?entity=${entity}&entity_id=${entity_id}&limit=100`);
      return body;
    },
  };
}

export const sellerBody = (payout_destination_id: string) => ({
  payout_destination_id,
  payout_reference: "Tapline",
  bank_accounts: [{ bank_account_currency: "NOK" }],
});
