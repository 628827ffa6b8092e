/** Times in a query: ISO 8601, taken as UTC where no zone is written (errors-and-conventions section 4). */
import { fieldError, Rejection } from "../domain/rejections.ts";

const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;
const zoned = /(?:Z|[+-]\d\d:\d\d)$/;

/** The query with every `….gte` and `….lte` that is a time in the form the database takes. */
export function withTimes<Query extends object>(query: Query): Query {
  const read = Object.entries(query).map(([name, value]) =>
    /_at\.[gl]te$/.test(name) ? [name, timeOf(name, String(value))] : [name, value],
  );
  return Object.fromEntries(read) as Query;
}

export function timeOf(name: string, text: string): string {
  // A plus sign that was not encoded arrives as a space.
  const written = text.replace(" ", "+");
  const whole = zoned.test(written) || !written.includes("T") ? written : `${written}Z`;
  const time = form.test(written) ? Date.parse(whole) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  const problem = "must be a time such as 2026-11-22T12:00:00.000Z.";
  throw Rejection.ofFields(`${name} ${problem}`, [fieldError("FORMAT", name, problem)]);
}
