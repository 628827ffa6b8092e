/** A body's members that have a column of their own, and the others, which are kept as they were sent. */

/** What we say and nobody else: what was read may be sent back whole, and these are not taken from it. */
const ours = new Set([
  ...["id", "account_id", "case_status", "status", "verified", "links"],
  ...["created_at", "created_by", "updated_at", "updated_by", "deleted_at", "deleted_by"],
  ...["stores", "terminals", "number_of_stores", "number_of_terminals", "operator_payout_destinations"],
]);

export const otherMembers = (body: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !ours.has(name)));

type Nullable<Facts> = { [Name in keyof Facts]: NonNullable<Facts[Name]> | null };

/** Absent members as null: what a new row says of what was not sent. */
export const orNull = <Facts extends object>(facts: Facts): Nullable<Facts> =>
  Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, value ?? null])) as Nullable<Facts>;

type Sent<Facts> = { [Name in keyof Facts]?: Exclude<Facts[Name], undefined> };

/** Only those that were sent. */
export const onlySent = <Facts extends object>(facts: Facts): Sent<Facts> =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Sent<Facts>;
