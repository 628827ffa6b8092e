/** Stores, with the seller that is paid there and the terminals that stand there. */
import { generatedStoreId } from "../domain/store.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

/** What whoever sets a store up says of it; null is what was not said. */
export interface StoreFacts {
  readonly store_name: string | null;
  readonly organization: Readonly<Record<string, unknown>> | null;
  readonly payout_destination_id: string | null;
  /** What was sent with the link to the payout destination, but its id. */
  readonly link: Readonly<Record<string, unknown>>;
  readonly address: Readonly<Record<string, unknown>> | null;
  readonly coordinates: Readonly<Record<string, unknown>> | null;
  readonly phone_number: string | null;
  readonly email: string | null;
  readonly website: string | null;
  /** The other members as they were sent. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** Of a store of which nothing is said. */
export const nothingToldOfStore: StoreFacts = {
  ...{ store_name: null, organization: null, payout_destination_id: null, link: {}, address: null, coordinates: null },
  ...{ phone_number: null, email: null, website: null, members: {} },
};

export interface Store extends StoreFacts {
  readonly account_id: string;
  readonly store_id: string;
  readonly id: string;
  readonly status: "ACTIVE" | "DELETED";
  readonly created_at: string;
  readonly created_by: string | null;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
}

export interface StoreSeller {
  readonly payout_destination_id: string;
  readonly case_status: string;
  readonly type: string | null;
  readonly name: string | null;
  readonly organization: Readonly<Record<string, unknown>> | null;
  readonly merchant_category_code: string | null;
}

export interface StoreTerminal {
  readonly terminal_id: string;
  readonly device_serial_number: string;
  readonly status: string;
}

export interface FurnishedStore extends Store {
  readonly seller: StoreSeller | null;
  /** Those that are not deleted. */
  readonly terminals: readonly StoreTerminal[];
}

const facts = [
  ...["store_name", "organization", "payout_destination_id", "link", "address", "coordinates", "phone_number", "email"],
  ...["website", "members"],
];
const jsonFacts = ["organization", "link", "address", "coordinates", "members"];
const factTypes = facts.map((name) => `${name} ${jsonFacts.includes(name) ? "jsonb" : "text"}`).join(", ");

const furnished = `SELECT store.*,
     (SELECT json_build_object('payout_destination_id', seller.payout_destination_id, 'case_status', seller.case_status,
        'type', seller.type, 'name', seller.name, 'organization', seller.organization,
        'merchant_category_code', seller.merchant_category_code)
      FROM payout_destinations AS seller WHERE seller.account_id = store.account_id
        AND seller.payout_destination_id = store.payout_destination_id) AS seller,
     (SELECT coalesce(json_agg(json_build_object('terminal_id', terminal.terminal_id,
        'device_serial_number', terminal.device_serial_number, 'status', terminal.status)
        ORDER BY terminal.terminal_id), '[]')
      FROM terminals AS terminal WHERE terminal.account_id = store.account_id
        AND terminal.store_id = store.store_id AND terminal.status <> 'DELETED') AS terminals
   FROM stores AS store`;

const read = statement(
  "read_store",
  `${furnished} WHERE store.account_id = $1 AND (store.store_id = $2 OR store.id = $2)
   ORDER BY store.store_id = $2 DESC LIMIT 1`,
);

/** By either of its ids. */
export async function readStore(
  reader: Reader,
  account_id: string,
  store_id: string,
): Promise<FurnishedStore | undefined> {
  return (await reader.query<FurnishedStore>(read, [account_id, store_id]))[0];
}

// Rows stay, so a number that was given is never given again; one that a merchant chose as a store_id is passed over.
const number = statement(
  "next_store_number",
  `WITH last AS (
     SELECT coalesce(max(substring(id FROM '^' || $1 || '-(\\d{4,9})$')::integer), 0) AS number
     FROM stores WHERE account_id = $1
   ), chosen AS (
     SELECT substring(store_id FROM '^' || $1 || '-(\\d{4,9})$')::integer AS number FROM stores WHERE account_id = $1
   )
   SELECT min(candidate) AS number
   FROM last, generate_series(last.number + 1, last.number + 1 + (SELECT count(number) FROM chosen)::integer) AS candidate
   WHERE candidate NOT IN (SELECT number FROM chosen WHERE number IS NOT NULL)`,
);

/** Under the account's lock. */
export async function nextStoreId(tx: Tx, account_id: string): Promise<string> {
  const [next] = await tx.query<{ number: number }>(number, [account_id]);
  return generatedStoreId(account_id, next?.number ?? 1);
}

const insert = statement(
  "create_store",
  `INSERT INTO stores (account_id, store_id, id, status, created_at, created_by, ${facts.join(", ")})
   SELECT $1, $2, $3, 'ACTIVE', $4, $5, ${facts.join(", ")} FROM json_to_record($6::json) AS asked (${factTypes})`,
);

export interface NewStore {
  readonly account_id: string;
  readonly store_id: string;
  readonly id: string;
  readonly created_by: string;
  readonly facts: StoreFacts;
}

export async function createStore(tx: Tx, store: NewStore, now: string): Promise<void> {
  const { account_id, store_id, id, created_by } = store;
  await tx.query(insert, [account_id, store_id, id, now, created_by, JSON.stringify(store.facts)]);
}

const update = statement(
  "update_store",
  `UPDATE stores SET updated_at = $3, updated_by = $4, ${facts.map((name) => `${name} = asked.${name}`).join(", ")}
   FROM json_to_record($5::json) AS asked (${factTypes}) WHERE account_id = $1 AND store_id = $2`,
);

interface Change {
  readonly account_id: string;
  readonly store_id: string;
  readonly changed_by: string;
}

export async function updateStore(
  tx: Tx,
  { account_id, store_id, changed_by, facts }: Change & { facts: StoreFacts },
  now: string,
): Promise<void> {
  await tx.query(update, [account_id, store_id, now, changed_by, JSON.stringify(facts)]);
}

const mark = statement(
  "delete_store",
  `UPDATE stores SET status = 'DELETED', deleted_at = $3, deleted_by = $4, updated_at = $3, updated_by = $4
   WHERE account_id = $1 AND store_id = $2`,
);

export async function markStoreDeleted(
  tx: Tx,
  { account_id, store_id, changed_by }: Change,
  now: string,
): Promise<void> {
  await tx.query(mark, [account_id, store_id, now, changed_by]);
}

// An empty text is sent by clients in the field where there is none, so it counts as missing.
const fill = statement(
  "fill_stores",
  `UPDATE stores AS store SET address = coalesce(store.address, seller.address),
     phone_number = coalesce(nullif(store.phone_number, ''), seller.phone_number, store.phone_number),
     email = coalesce(nullif(store.email, ''), seller.email, store.email),
     website = coalesce(nullif(store.website, ''), seller.website, store.website),
     updated_at = $3, updated_by = 'tapline'
   FROM payout_destinations AS seller
   WHERE store.account_id = $1 AND store.payout_destination_id = $2 AND store.status = 'ACTIVE'
     AND seller.account_id = $1 AND seller.payout_destination_id = $2 AND seller.case_status = 'ACTIVE'
     AND (store.address IS NULL AND seller.address IS NOT NULL
       OR coalesce(store.phone_number, '') = '' AND seller.phone_number <> ''
       OR coalesce(store.email, '') = '' AND seller.email <> ''
       OR coalesce(store.website, '') = '' AND seller.website <> '')
   RETURNING store.store_id, new.address, new.phone_number, new.email, new.website`,
);

export interface FilledStore {
  readonly store_id: string;
  readonly address: object | null;
  readonly phone_number: string | null;
  readonly email: string | null;
  readonly website: string | null;
}

/** Gives the stores of a seller that is ACTIVE what they lack of its address and the like; those that got something. */
export const fillStores = (
  tx: Tx,
  account_id: string,
  payout_destination_id: string,
  now: string,
): Promise<FilledStore[]> => tx.query(fill, [account_id, payout_destination_id, now]);

export interface StoreFilter {
  /** How many rows at most. */
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly store_id?: readonly string[] | undefined;
  readonly payout_destination_id?: readonly string[] | undefined;
  readonly status: readonly string[];
}

/** Newest first, by `stores_by_age`. Rows are only ever added, so what `starting_after` names stays. */
export async function listStores(reader: Reader, account_id: string, asked: StoreFilter): Promise<FurnishedStore[]> {
  const filter = new Filter([account_id, asked.limit])
    .where(
      asked.starting_after,
      (parameter) =>
        `(store.created_at, store.store_id) < (SELECT created_at, store_id FROM stores
           WHERE account_id = $1 AND store_id = ${parameter})`,
    )
    .anyOf("store.store_id", asked.store_id)
    .anyOf("store.payout_destination_id", asked.payout_destination_id)
    .anyOf("store.status", asked.status);
  const text = `${furnished} WHERE store.account_id = $1${filter.text}
    ORDER BY store.created_at DESC, store.store_id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}
