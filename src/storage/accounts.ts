/** Accounts. */
import { type Reader, statement, type Tx } from "./database.ts";

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

const lock = statement("lock_account", "SELECT FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE");

/** Changes of the set-up that must not overtake one another follow one another. Taken before any other lock. */
export async function lockAccount(tx: Tx, account_id: string): Promise<void> {
  await tx.query(lock, [account_id]);
}

const listAll = statement(
  "list_accounts",
  `SELECT account.account_id, account.name, account.created_at,
     (SELECT count(*) FROM api_clients AS client
      WHERE client.account_id = account.account_id AND client.deleted_at IS NULL) AS clients,
     (SELECT count(*) FROM terminals AS terminal
      WHERE terminal.account_id = account.account_id AND terminal.status <> 'DELETED') AS terminals
   FROM accounts AS account ORDER BY substr(account.account_id, 2), account.account_id DESC`,
);

export interface ListedAccount {
  readonly account_id: string;
  readonly name: string;
  readonly created_at: string;
  readonly clients: number;
  readonly terminals: number;
}

/** All accounts on this server, the two of a pair side by side. */
export const listAccounts = (reader: Reader): Promise<ListedAccount[]> => reader.query(listAll, []);

const settings = statement(
  "account_settings",
  "SELECT allow_mixed_methods, in_person_currencies FROM accounts WHERE account_id = $1",
);

/** What of an account decides which sales may be planned. */
export interface AccountSettings {
  readonly allow_mixed_methods: boolean;
  readonly in_person_currencies: readonly string[] | null;
}

export async function readAccountSettings(reader: Reader, account_id: string): Promise<AccountSettings | undefined> {
  return (await reader.query<AccountSettings>(settings, [account_id]))[0];
}
