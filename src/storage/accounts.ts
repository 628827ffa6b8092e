/** Accounts, their API clients, sellers and stores. */
import { type Reader, statement, type Tx } from "./database.ts";

export interface ApiClient {
  readonly account_id: string;
  readonly client_id: string;
  readonly secret_sha256: Buffer;
  readonly scopes: string[];
}

const client = statement(
  "read_api_client",
  `SELECT account_id, client_id, secret_sha256, scopes FROM api_clients
   WHERE account_id = $1 AND client_id = $2 AND deleted_at IS NULL`,
);

export async function readApiClient(
  reader: Reader,
  account_id: string,
  client_id: string,
): Promise<ApiClient | undefined> {
  return (await reader.query<ApiClient>(client, [account_id, client_id]))[0];
}

const putClient = statement(
  "put_api_client",
  `INSERT INTO api_clients (account_id, client_id, name, secret_sha256, scopes, created_at)
   VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT (account_id, client_id) DO UPDATE SET secret_sha256 = EXCLUDED.secret_sha256, scopes = EXCLUDED.scopes`,
);

/** Creates the client, or gives it a new secret and new scopes. */
export async function putApiClient(tx: Tx, asked: ApiClient & { name: string }, now: string): Promise<void> {
  const { account_id, client_id, name, secret_sha256, scopes } = asked;
  await tx.query(putClient, [account_id, client_id, name, secret_sha256, scopes, now]);
}

const account = statement(
  "insert_account",
  `INSERT INTO accounts (account_id, name, in_person_enabled, created_at) VALUES ($1, $2, $3, $4)
   ON CONFLICT DO NOTHING RETURNING account_id`,
);

/** False if the account is there already. */
export async function insertAccount(
  tx: Tx,
  asked: { account_id: string; name: string; in_person_enabled: boolean },
  now: string,
): Promise<boolean> {
  const rows = await tx.query(account, [asked.account_id, asked.name, asked.in_person_enabled, now]);
  return rows.length > 0;
}

const settings = statement("account_settings", "SELECT allow_mixed_methods FROM accounts WHERE account_id = $1");

export async function readAccountSettings(
  reader: Reader,
  account_id: string,
): Promise<{ allow_mixed_methods: boolean } | undefined> {
  return (await reader.query<{ allow_mixed_methods: boolean }>(settings, [account_id]))[0];
}

const payoutDestination = statement(
  "insert_payout_destination",
  `INSERT INTO payout_destinations (account_id, payout_destination_id, name, case_status, created_at)
   VALUES ($1, $2, $3, $4, $5)`,
);

export async function insertPayoutDestination(
  tx: Tx,
  asked: { account_id: string; payout_destination_id: string; name: string; case_status: string },
  now: string,
): Promise<void> {
  const { account_id, payout_destination_id, name, case_status } = asked;
  await tx.query(payoutDestination, [account_id, payout_destination_id, name, case_status, now]);
}

const store = statement(
  "insert_store",
  `INSERT INTO stores (account_id, store_id, id, store_name, payout_destination_id, status, created_at)
   VALUES ($1, $2, $3, $4, $5, 'ACTIVE', $6)`,
);

export async function insertStore(
  tx: Tx,
  asked: { account_id: string; store_id: string; id: string; store_name: string; payout_destination_id: string },
  now: string,
): Promise<void> {
  const { account_id, store_id, id, store_name, payout_destination_id } = asked;
  await tx.query(store, [account_id, store_id, id, store_name, payout_destination_id, now]);
}
