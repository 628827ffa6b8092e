/** What the plantings of all lists have in common. Row `n` was made `n` seconds after the beginning. */
import type { Operations } from "../../src/contract/operations.ts";

/** Accounts of nothing but planted rows: neither is the demo's. */
export const account_id = "T00000041";
export const other_account = "T00000042";
export const beginning = Date.parse("2026-01-01T00:00:00.000Z");
export const timeOf = (n: number): string => new Date(beginning + n * 1000).toISOString();

export type Meant = (n: number) => boolean;

export interface PlantedList {
  readonly operation: Operations[keyof Operations];
  /** What of its path is neither `{aid}` nor `{oid}`; both accounts have it. */
  readonly within?: Readonly<Record<string, string>>;
  /** Inserts the rows $2 to $3 of the account $1. Two lists of the same rows have the same statements. */
  readonly plant: readonly string[];
  /** The member that a row is known by and that the cursor names: its `id`, unless this says another. */
  readonly key?: string;
  /** A row that every account has from its beginning: it counts as row 0. */
  readonly row_0?: string;
  /** How many rows a page has where nothing is asked: ten, unless this says otherwise. */
  readonly limit_default?: number;
  /** Rows that the list leaves out: always, or as long as the parameter `unless` is not sent. */
  readonly hidden?: { readonly rows: Meant; readonly unless?: string };
  /** The query, and which rows it means. */
  readonly filters: readonly [query: string, meant: Meant][];
  /**
   * Filters that have no index of their own, and whose rows here are old and few: they are looked for among all of the
   * account's, newest first. What that takes is told, and not held to.
   */
  readonly looks_through?: readonly string[];
  /** Filters together that a till asks for. */
  readonly also_measured?: readonly string[];
  /** How many rows a page may have: a hundred, unless this says otherwise. */
  readonly limit_max?: number;
  /** Where the cursor is no `starting_after`: the answer's, as a row's key, and the query that begins after a row. */
  readonly cursor?: { readonly of: (body: unknown) => string | undefined; readonly after: (key: string) => string };
  /** The answer's member that is the list, where the answer is not the list itself; its cursor stands beside it. */
  readonly named?: string;
}

export const digits = (n: number): string => String(n).padStart(20, "0");
export const padded = "lpad(n::text, 20, '0')";

const inByteOrder = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const places = [7, 6, 5, 4, 3, 2, 1, 0].map((place) => 62 ** place);
const digitsOf = (ms: number): string =>
  places.map((place) => inByteOrder.charAt(Math.floor(ms / place) % 62)).join("");

/** Begins with its time, as the ids of sessions and transactions do; ends with its number. */
export const checkoutId = (kind: "s" | "t", n: number): string =>
  `${account_id}.${digitsOf(beginning + n * 1000)}${kind}${digits(n)}`;

/** The same in the statements that plant. */
export const checkoutIdText = (kind: "s" | "t"): string => {
  const ms = `(${beginning} + n::bigint * 1000)`;
  const text = places.map((place) => `substr('${inByteOrder}', (${ms} / ${place} % 62)::integer + 1, 1)`);
  return `$1 || '.' || ${text.join(" || ")} || '${kind}' || ${padded}`;
};

export const made = `timestamptz '${timeOf(0)}' + n * interval '1 second'`;
export const numbers = "generate_series($2::integer, $3::integer) AS n";

/** For lists that are ordered by time and key: two in the same millisecond follow one another by their keys. */
export const madeInPairs = `timestamptz '${timeOf(0)}' + n / 2 * interval '1 second'`;
export const third = (n: number): number => Math.floor(n / 3);
