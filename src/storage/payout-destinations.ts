/** Payout destinations: the sellers that money is paid out to. */
import type { BankAccount } from "../domain/bank-account.ts";
import type { CaseStatus } from "../domain/payout-destination.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

/** What whoever sets a seller up says of it; null is what was not said. */
export interface SellerFacts {
  readonly name: string | null;
  readonly description: string | null;
  readonly payout_reference: string | null;
  readonly bank_accounts: readonly BankAccount[];
  readonly type: "company" | "individual" | null;
  readonly payout_interval_type: "day" | "week" | "month" | "manual" | null;
  readonly merchant_category_code: string | null;
  readonly country_code: string | null;
  readonly organization: Readonly<Record<string, unknown>> | null;
  readonly address: Readonly<Record<string, unknown>> | null;
  readonly phone_number: string | null;
  readonly email: string | null;
  readonly website: string | null;
  /** The other members as they were sent. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** Of a seller of whom nothing is said. */
export const nothingToldOfSeller: SellerFacts = {
  ...{
    name: null,
    description: null,
    payout_reference: null,
    bank_accounts: [],
    type: null,
    payout_interval_type: null,
  },
  ...{ merchant_category_code: null, country_code: null, organization: null, address: null, phone_number: null },
  ...{ email: null, website: null, members: {} },
};

export interface PayoutDestination extends SellerFacts {
  readonly account_id: string;
  readonly payout_destination_id: string;
  /** A UUID. */
  readonly id: string;
  readonly case_status: CaseStatus;
  readonly created_at: string;
  readonly created_by: string | null;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
}

const facts = [
  ...["name", "description", "payout_reference", "bank_accounts", "type", "payout_interval_type"],
  ...[
    "merchant_category_code",
    "country_code",
    "organization",
    "address",
    "phone_number",
    "email",
    "website",
    "members",
  ],
];
const jsonFacts = ["bank_accounts", "organization", "address", "members"];
const factTypes = facts.map((name) => `${name} ${jsonFacts.includes(name) ? "jsonb" : "text"}`).join(", ");

const columns = [
  ...["account_id", "payout_destination_id", "id", "case_status", ...facts],
  ...["created_at", "created_by", "updated_at", "updated_by"],
].join(", ");

const insert = statement(
  "insert_seller",
  `INSERT INTO payout_destinations (account_id, payout_destination_id, id, case_status, created_at, created_by,
     ${facts.join(", ")})
   SELECT $1, $2, $3, $4, $5, $6, ${facts.join(", ")} FROM json_to_record($7::json) AS asked (${factTypes})
   ON CONFLICT (account_id, payout_destination_id) DO NOTHING RETURNING ${columns}`,
);

export interface NewSeller {
  readonly account_id: string;
  readonly payout_destination_id: string;
  readonly id: string;
  readonly case_status: CaseStatus;
  readonly created_by: string;
  readonly facts: SellerFacts;
}

/** `undefined` if there is one of that id already. */
export async function insertSeller(tx: Tx, seller: NewSeller, now: string): Promise<PayoutDestination | undefined> {
  const { account_id, payout_destination_id, id, case_status, created_by } = seller;
  const values = [account_id, payout_destination_id, id, case_status, now, created_by, JSON.stringify(seller.facts)];
  return (await tx.query<PayoutDestination>(insert, values))[0];
}

const update = statement(
  "update_seller",
  `UPDATE payout_destinations SET updated_at = $3, updated_by = $4, ${facts.map((name) => `${name} = asked.${name}`).join(", ")}
   FROM json_to_record($5::json) AS asked (${factTypes})
   WHERE account_id = $1 AND payout_destination_id = $2
   RETURNING ${columns.split(", ").map((name) => `payout_destinations.${name}`)}`,
);

interface Change {
  readonly account_id: string;
  readonly payout_destination_id: string;
  readonly updated_by: string;
}

export async function updateSeller(
  tx: Tx,
  { account_id, payout_destination_id, updated_by, facts }: Change & { facts: SellerFacts },
  now: string,
): Promise<PayoutDestination> {
  const values = [account_id, payout_destination_id, now, updated_by, JSON.stringify(facts)];
  return written(await tx.query<PayoutDestination>(update, values));
}

const decide = statement(
  "decide_seller",
  `UPDATE payout_destinations SET case_status = $5, updated_at = $3, updated_by = $4
   WHERE account_id = $1 AND payout_destination_id = $2 RETURNING ${columns}`,
);

export async function updateCaseStatus(
  tx: Tx,
  { account_id, payout_destination_id, updated_by, case_status }: Change & { case_status: CaseStatus },
  now: string,
): Promise<PayoutDestination> {
  const values = [account_id, payout_destination_id, now, updated_by, case_status];
  return written(await tx.query<PayoutDestination>(decide, values));
}

function written([row]: readonly PayoutDestination[]): PayoutDestination {
  if (row === undefined) throw new Error("A payout destination that was read under its account's lock is not there.");
  return row;
}

const read = statement(
  "read_seller",
  `SELECT ${columns} FROM payout_destinations WHERE account_id = $1 AND payout_destination_id = $2`,
);

export async function readSeller(
  reader: Reader,
  account_id: string,
  payout_destination_id: string,
): Promise<PayoutDestination | undefined> {
  return (await reader.query<PayoutDestination>(read, [account_id, payout_destination_id]))[0];
}

export interface SellerFilter {
  /** How many rows at most. */
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly payout_destination_id?: readonly string[] | undefined;
  readonly case_status?: readonly string[] | undefined;
}

/** Newest first, by `payout_destinations_by_age`. Rows are only ever added, so what `starting_after` names stays. */
export async function listSellers(
  reader: Reader,
  account_id: string,
  asked: SellerFilter,
): Promise<PayoutDestination[]> {
  const filter = new Filter([account_id, asked.limit])
    .where(
      asked.starting_after,
      (parameter) =>
        `(created_at, payout_destination_id) < (SELECT created_at, payout_destination_id FROM payout_destinations
           WHERE account_id = $1 AND payout_destination_id = ${parameter})`,
    )
    .anyOf("payout_destination_id", asked.payout_destination_id)
    .anyOf("case_status", asked.case_status);
  const text = `SELECT ${columns} FROM payout_destinations
    WHERE account_id = $1${filter.text} ORDER BY created_at DESC, payout_destination_id DESC LIMIT $2`;
  return reader.query(statement("", text), filter.values);
}

export interface SellerPlaces {
  readonly stores: { store_id: string; id: string; store_name?: string; status: string }[];
  readonly terminals: { terminal_id: string; device_serial_number: string; status: string; store_id: string }[];
}

const places = statement(
  "seller_places",
  `SELECT
     (SELECT coalesce(json_agg(json_strip_nulls(json_build_object('store_id', store.store_id, 'id', store.id,
         'store_name', store.store_name, 'status', store.status)) ORDER BY store.store_id), '[]')
      FROM stores AS store
      WHERE store.account_id = $1 AND store.payout_destination_id = $2 AND store.status = 'ACTIVE') AS stores,
     (SELECT coalesce(json_agg(json_build_object('terminal_id', terminal.terminal_id,
         'device_serial_number', terminal.device_serial_number, 'status', terminal.status,
         'store_id', terminal.store_id) ORDER BY terminal.terminal_id), '[]')
      FROM stores AS store
      JOIN terminals AS terminal ON terminal.account_id = store.account_id AND terminal.store_id = store.store_id
      WHERE store.account_id = $1 AND store.payout_destination_id = $2 AND terminal.status <> 'DELETED') AS terminals`,
);

/** The stores that pay this seller and the terminals in them, by `stores_by_seller`; deleted ones are left out. */
export async function readSellerPlaces(
  reader: Reader,
  account_id: string,
  payout_destination_id: string,
): Promise<SellerPlaces> {
  const [found] = await reader.query<SellerPlaces>(places, [account_id, payout_destination_id]);
  return found ?? { stores: [], terminals: [] };
}
