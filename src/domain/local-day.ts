/** Days as a shop has them: from one local midnight to the next, 23 or 25 hours long where the clocks are changed. */

const zoned = (moment: number, time_zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(time_zone);

/** The moment that the day of `moment` began at: its midnight, or the first moment of a day that has none. */
export const startOfLocalDay = (moment: number, time_zone: string): number =>
  zoned(moment, time_zone).startOfDay().epochMilliseconds;

/** The beginning of the next day. What begins with a day ends with it; what begins within one is shorter. */
export const nextLocalMidnight = (moment: number, time_zone: string): number =>
  zoned(moment, time_zone).toPlainDate().add({ days: 1 }).toZonedDateTime(time_zone).epochMilliseconds;

/** `20261122` */
export const localDate = (moment: number, time_zone: string): string =>
  zoned(moment, time_zone).toPlainDate().toString().replaceAll("-", "");

/** Why a text is not the name of a time zone, as the sentence's end; `undefined` where it is one. */
export function problemOfTimeZone(name: string): string | undefined {
  const unknown = "is not the name of a time zone of the IANA, such as Europe/Oslo.";
  // A mere difference to UTC, such as +01:00, knows nothing of summer.
  if (!/^[A-Za-z]/.test(name)) return unknown;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    const is_other_case = timeZone !== name && timeZone.toLowerCase() === name.toLowerCase();
    return is_other_case ? `is written ${timeZone}.` : undefined;
  } catch {
    return unknown;
  }
}
