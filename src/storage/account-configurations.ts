/** What an account may be paid with: the configuration as it was sent, and the two columns of accounts that decide sales. */
import type { AccountConfiguration } from "../contract/profile.ts";
import type { InPersonSettings } from "../domain/account-configuration.ts";
import { type Reader, statement, type Tx } from "./database.ts";

export interface ConfigurationRow extends InPersonSettings {
  /** Where the account's days begin: the calendar of its settlements has it. */
  readonly time_zone: string;
  /** `null`, and the members after it, until somebody has changed it. */
  readonly configuration: AccountConfiguration | null;
  readonly created_at: string | null;
  readonly created_by: string | null;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
}

const columns = `SELECT account.in_person_enabled, account.in_person_currencies, kept.configuration, kept.created_at,
     kept.created_by, kept.updated_at, kept.updated_by, calendar.time_zone
   FROM accounts AS account
   JOIN settlement_calendars AS calendar ON calendar.account_id = account.account_id
   LEFT JOIN account_configurations AS kept ON kept.account_id = account.account_id
   WHERE account.account_id = $1`;
const read = statement("read_account_configuration", columns);
const lock = statement("lock_account_configuration", `${columns} FOR NO KEY UPDATE OF account`);

export async function readConfiguration(reader: Reader, account_id: string): Promise<ConfigurationRow | undefined> {
  return (await reader.query<ConfigurationRow>(read, [account_id]))[0];
}

export async function lockConfiguration(tx: Tx, account_id: string): Promise<ConfigurationRow | undefined> {
  return (await tx.query<ConfigurationRow>(lock, [account_id]))[0];
}

const settle = statement(
  "set_in_person",
  `UPDATE accounts SET in_person_enabled = $2, in_person_currencies = $3
   WHERE account_id = $1 AND (in_person_enabled, in_person_currencies) IS DISTINCT FROM ($2, $3::text[])`,
);

const put = statement(
  "put_account_configuration",
  `INSERT INTO account_configurations (account_id, configuration, created_at, created_by, updated_at, updated_by)
   VALUES ($1, $2, $3, $4, $3, $4)
   ON CONFLICT (account_id) DO UPDATE SET configuration = EXCLUDED.configuration, updated_at = EXCLUDED.updated_at,
     updated_by = EXCLUDED.updated_by`,
);

/** Under the account's lock. Triggers bring its seats and its profiles' revisions up to date. */
export async function writeConfiguration(
  tx: Tx,
  account_id: string,
  configuration: AccountConfiguration,
  settings: InPersonSettings,
  by: { readonly updated_by: string; readonly now: string },
): Promise<void> {
  await tx.query(settle, [account_id, settings.in_person_enabled, settings.in_person_currencies]);
  await tx.query(put, [account_id, JSON.stringify(configuration), by.now, by.updated_by]);
}
