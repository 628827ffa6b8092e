/** Payment profiles: the base that a sale's own configuration overrides. */
import type { Configuration } from "../contract/session.ts";
import type { ProfileContent } from "../domain/profile.ts";
import { type Reader, statement, type Tx } from "./database.ts";

/** What a sale is planned from. */
export interface Profile {
  readonly account_id: string;
  readonly profile_id: string;
  readonly configuration: Configuration;
  readonly merchant: object | null;
  readonly url: object | null;
  readonly checkboxes: readonly object[] | null;
  readonly revision: number;
  /** Of the profile's account. */
  readonly allow_mixed_methods: boolean;
  readonly in_person_currencies: readonly string[] | null;
}

const read = statement(
  "read_profile",
  `SELECT profile.account_id, profile.profile_id, profile.configuration, profile.merchant, profile.url,
     profile.checkboxes, profile.revision, account.allow_mixed_methods, account.in_person_currencies
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

/** Creates the profile, or replaces it under the next revision: what the server sets up by itself. */
export async function putProfile(
  tx: Tx,
  profile: { account_id: string; profile_id: string; description: string; configuration: Configuration },
  now: string,
): Promise<void> {
  const { account_id, profile_id, description, configuration } = profile;
  await tx.query(put, [account_id, profile_id, description, JSON.stringify(configuration), now]);
}

/** A profile as it is set up. */
export interface ProfileRow extends ProfileContent {
  readonly profile_id: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly updated_at: string;
  readonly updated_by: string;
  readonly deleted_at: string | null;
  readonly deleted_by: string | null;
}

const columns = `profile_id, description, configuration, merchant, url, checkboxes, members, created_at, created_by,
  updated_at, updated_by, deleted_at, deleted_by`;

const readWhole = statement(
  "read_payment_profile",
  `SELECT ${columns} FROM payment_profiles WHERE account_id = $1 AND profile_id = $2 AND deleted_at IS NULL`,
);

export async function readPaymentProfile(
  reader: Reader,
  account_id: string,
  profile_id: string,
): Promise<ProfileRow | undefined> {
  return (await reader.query<ProfileRow>(readWhole, [account_id, profile_id]))[0];
}

const lock = statement("lock_payment_profile", `${readWhole.text} FOR NO KEY UPDATE`);

export async function lockProfile(tx: Tx, account_id: string, profile_id: string): Promise<ProfileRow | undefined> {
  return (await tx.query<ProfileRow>(lock, [account_id, profile_id]))[0];
}

// Deleted ones are found too: a page goes on after a profile that was deleted since. As text, to the microsecond.
const place = statement(
  "place_of_profile",
  "SELECT created_at::text FROM payment_profiles WHERE account_id = $1 AND profile_id = $2",
);

const listText = (after: string): string =>
  `SELECT ${columns} FROM payment_profiles WHERE account_id = $1 AND deleted_at IS NULL ${after}
   ORDER BY created_at DESC, profile_id DESC LIMIT $2`;
const firstPage = statement("list_profiles", listText(""));
const nextPage = statement("list_profiles_after", listText("AND (created_at, profile_id) < ($3::timestamptz, $4)"));

/**
 * Newest first, by `payment_profiles_by_age`. The cursor is the last id received; `undefined` where it is no profile's,
 * because then nobody can say what comes after it.
 */
export async function listPaymentProfiles(
  reader: Reader,
  account_id: string,
  { limit, starting_after }: { readonly limit: number; readonly starting_after?: string | undefined },
): Promise<ProfileRow[] | undefined> {
  if (starting_after === undefined) return reader.query<ProfileRow>(firstPage, [account_id, limit]);
  const [last] = await reader.query<{ created_at: string }>(place, [account_id, starting_after]);
  if (last === undefined) return undefined;
  return reader.query<ProfileRow>(nextPage, [account_id, limit, last.created_at, starting_after]);
}

interface ProfileKey {
  readonly account_id: string;
  readonly profile_id: string;
}

interface By {
  readonly client_id: string;
  readonly now: string;
}

const valuesOf = ({ account_id, profile_id }: ProfileKey, content: ProfileContent, by: By): unknown[] => {
  const { description, configuration, merchant, url, checkboxes, members } = content;
  const documents = [configuration, merchant, url, checkboxes, members].map((document) =>
    document === null ? null : JSON.stringify(document),
  );
  return [account_id, profile_id, description, ...documents, by.now, by.client_id];
};

const insert = statement(
  "insert_payment_profile",
  `INSERT INTO payment_profiles (account_id, profile_id, description, configuration, merchant, url, checkboxes, members,
     created_at, updated_at, created_by, updated_by)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $10)
   ON CONFLICT (account_id, profile_id) DO NOTHING RETURNING ${columns}`,
);

/** `undefined` if the id is taken, or was once. */
export async function insertProfile(
  tx: Tx,
  key: ProfileKey,
  content: ProfileContent,
  by: By,
): Promise<ProfileRow | undefined> {
  return (await tx.query<ProfileRow>(insert, valuesOf(key, content, by)))[0];
}

const replace = statement(
  "replace_payment_profile",
  `UPDATE payment_profiles SET description = $3, configuration = $4, merchant = $5, url = $6, checkboxes = $7,
     members = $8, updated_at = $9, updated_by = $10, revision = revision + 1
   WHERE account_id = $1 AND profile_id = $2 RETURNING ${columns}`,
);

/** Under the profile's lock. */
export async function replaceProfile(tx: Tx, key: ProfileKey, content: ProfileContent, by: By): Promise<ProfileRow> {
  return theOne(await tx.query<ProfileRow>(replace, valuesOf(key, content, by)));
}

const remove = statement(
  "delete_payment_profile",
  `UPDATE payment_profiles SET deleted_at = $3, deleted_by = $4, updated_at = $3, updated_by = $4,
     revision = revision + 1
   WHERE account_id = $1 AND profile_id = $2 RETURNING ${columns}`,
);

/** Under the profile's lock. */
export async function markProfileDeleted(tx: Tx, key: ProfileKey, by: By): Promise<ProfileRow> {
  return theOne(await tx.query<ProfileRow>(remove, [key.account_id, key.profile_id, by.now, by.client_id]));
}

function theOne([row]: readonly ProfileRow[]): ProfileRow {
  if (row === undefined) throw new Error("A locked profile is gone.");
  return row;
}
