/** Payment profiles: the base that a sale's own configuration overrides. */
import type { Configuration } from "../contract/session.ts";
import { type Reader, statement, type Tx } from "./database.ts";

export interface Profile {
  readonly account_id: string;
  readonly profile_id: string;
  readonly configuration: Configuration;
  readonly merchant: object | null;
  readonly revision: number;
  /** Of the profile's account. */
  readonly allow_mixed_methods: boolean;
}

const read = statement(
  "read_profile",
  `SELECT profile.account_id, profile.profile_id, profile.configuration, profile.merchant, profile.revision,
     account.allow_mixed_methods
   FROM payment_profiles AS profile JOIN accounts AS account ON account.account_id = profile.account_id
   WHERE profile.account_id = $1 AND profile.profile_id = $2 AND profile.deleted_at IS NULL`,
);

export async function readProfile(
  reader: Reader,
  account_id: string,
  profile_id: string,
): Promise<Profile | undefined> {
  return (await reader.query<Profile>(read, [account_id, profile_id]))[0];
}

const put = statement(
  "put_profile",
  `INSERT INTO payment_profiles (account_id, profile_id, description, configuration, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $5)
   ON CONFLICT (account_id, profile_id) DO UPDATE SET description = EXCLUDED.description,
     configuration = EXCLUDED.configuration, updated_at = EXCLUDED.updated_at,
     revision = payment_profiles.revision + 1`,
);

/** Creates the profile, or replaces it under the next revision. */
export async function putProfile(
  tx: Tx,
  profile: { account_id: string; profile_id: string; description: string; configuration: Configuration },
  now: string,
): Promise<void> {
  const { account_id, profile_id, description, configuration } = profile;
  await tx.query(put, [account_id, profile_id, description, JSON.stringify(configuration), now]);
}
