/** The conditions of a list, collected with their values. */
import { checkoutIdsFrom } from "../domain/ids.ts";

/** An id is made when its row is planned, and the row's time is taken with it: they are never so far apart. */
const idSlack_ms = 60_000;

export class Filter {
  readonly values: unknown[];
  readonly #conditions: string[] = [];

  /** `given` are the values that the statement refers to itself, from $1 on. */
  constructor(given: readonly unknown[]) {
    this.values = [...given];
  }

  /** Adds a condition if there is a value; `condition` is given the value's parameter. */
  where(value: unknown, condition: (parameter: string) => string): this {
    if (value === undefined) return this;
    this.values.push(value);
    this.#conditions.push(condition(`$${this.values.length}`));
    return this;
  }

  /** Any of these values. */
  anyOf(column: string, values: readonly string[] | undefined): this {
    return this.where(values, (parameter) => `${column} = ANY(${parameter}::text[])`);
  }

  equals(column: string, value: string | number | undefined): this {
    return this.where(value, (parameter) => `${column} = ${parameter}`);
  }

  /** Not before, and not after. */
  between(column: string, from: string | number | undefined, to: string | number | undefined): this {
    return this.where(from, (parameter) => `${column} >= ${parameter}`).where(
      to,
      (parameter) => `${column} <= ${parameter}`,
    );
  }

  /**
   * An id that begins with its time, of a row that was made in this range, or before its end: by the key, so that an old
   * range is gone to and not walked to. The time itself is compared besides.
   */
  madeBetween(column: string, account_id: string, from: string | undefined, to: string | undefined): this {
    const first = from === undefined ? undefined : checkoutIdsFrom(account_id, Date.parse(from) - idSlack_ms);
    const last = to === undefined ? undefined : checkoutIdsFrom(account_id, Date.parse(to) + idSlack_ms);
    return this.where(first, (id) => `${column} >= ${id}`).where(last, (id) => `${column} < ${id}`);
  }

  /** ` AND a AND b`, or nothing. */
  get text(): string {
    return this.#conditions.map((condition) => ` AND ${condition}`).join("");
  }
}
