/** The conditions of a list, collected with their values. */

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

  /** ` AND a AND b`, or nothing. */
  get text(): string {
    return this.#conditions.map((condition) => ` AND ${condition}`).join("");
  }
}
