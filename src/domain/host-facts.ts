/** What a terminal's host said besides the outcome, as an event's metadata names it (transactions section 6). */

export type HostFacts = Readonly<Record<string, string | undefined>>;

/** Receipts, EMV and host data under `seitatech:*`. */
export const hostFacts = (facts: HostFacts = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(facts).flatMap(([key, fact]) => (fact === undefined ? [] : [[`seitatech:${key}`, fact]])),
  );
