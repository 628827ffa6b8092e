/**
 * The books that must agree when everything is up again: the tills' notes, the server's database, the terminals' journals,
 * and what their card hosts approved. Each offence is a sentence.
 */
import { type BookEntry, HostBook, type HostEntry } from "../../src/simulator/host-book.ts";
import type { JournalEntry } from "../../src/simulator/journal.ts";
import { type Database, statement } from "../../src/storage/database.ts";
import type { KillScene, KillTerminal } from "./kill-scene.ts";
import type { Sold } from "./kill-till.ts";

export interface SaleRow {
  readonly session_id: string;
  readonly merchant_reference: string;
  readonly cancelled_at: string | null;
  readonly transactions: number;
  readonly status: string;
  readonly amount: number;
  readonly captured_amount: number;
  readonly prompts: number;
  readonly prompt_id: string;
  readonly prompt_status: string;
  readonly terminal_id: string;
  readonly created_at: string;
  readonly sent_at: string | null;
  readonly unresolved_at: string | null;
  readonly finished_at: string | null;
  /** `AUTHORIZE true` and the like, in their order. */
  readonly events: readonly string[];
  readonly event_count: number;
  readonly session_events: readonly string[];
}

const sales = statement(
  "",
  `SELECT session.id AS session_id, session.merchant_reference, session.cancelled_at,
     (SELECT count(*) FROM transactions AS other WHERE other.session_id = session.id) AS transactions,
     transaction.status, transaction.amount, transaction.captured_amount, transaction.event_count,
     (SELECT count(*) FROM prompts AS other WHERE other.session_id = session.id) AS prompts,
     prompt.id AS prompt_id, prompt.status AS prompt_status, prompt.terminal_id, prompt.created_at, prompt.sent_at,
     prompt.unresolved_at, prompt.finished_at,
     (SELECT json_agg(event.event || ' ' || event.success ORDER BY event.id) FROM transaction_events AS event
      WHERE event.transaction_id = transaction.id) AS events,
     (SELECT json_agg(event.name ORDER BY event.id) FROM session_events AS event
      WHERE event.session_id = session.id) AS session_events
   FROM sessions AS session
   LEFT JOIN transactions AS transaction ON transaction.session_id = session.id
   LEFT JOIN prompts AS prompt ON prompt.session_id = session.id`,
);

export const readSales = (db: Database): Promise<SaleRow[]> => db.query(sales, []);

const open = statement(
  "",
  `SELECT 'prompt ' || id || ' is ' || status AS what FROM prompts
   WHERE status NOT IN ('APPROVED', 'DECLINED', 'CANCELLED', 'EXPIRED', 'FAILED')
   UNION ALL SELECT 'transaction ' || id || ' is ' || status FROM transactions WHERE status IN ('INITIATED', 'UNKNOWN')
   UNION ALL SELECT 'reversal ' || id || ' is ' || status FROM reversals WHERE status NOT IN ('REVERSED', 'REFUSED')
   UNION ALL SELECT 'terminal ' || terminal_id || ' is taken by ' || occupant_id FROM terminal_seats
     WHERE occupant_id IS NOT NULL`,
);

/** Everything that has not ended, in words. */
export async function readOpen(db: Database): Promise<string[]> {
  return (await db.query<{ what: string }>(open, [])).map(({ what }) => what);
}

const incidents = statement("", "SELECT kind || ' ' || details AS what FROM incidents");

/** No journal was lost and no terminal lied here: nothing is left for a person. */
export async function incidentsIn(db: Database): Promise<string[]> {
  return (await db.query<{ what: string }>(incidents, [])).map(({ what }) => `An incident was raised: ${what}.`);
}

/** G6 and G1: what a till was told stands. */
export function tillsAgree(sold: readonly Sold[], rows: readonly SaleRow[]): string[] {
  const bySession = new Map(rows.map((row) => [row.session_id, row]));
  const sessions = new Map<string, number>();
  for (const { merchant_reference } of rows) {
    sessions.set(merchant_reference, (sessions.get(merchant_reference) ?? 0) + 1);
  }
  return sold.flatMap(({ merchant_reference, session_id, amount, told, cancelled }) => {
    const row = bySession.get(session_id);
    if (row === undefined) return [`${merchant_reference} was answered with session ${session_id}, which is gone.`];
    const offences: string[] = [];
    if (row.merchant_reference !== merchant_reference || row.amount !== amount) {
      offences.push(`${merchant_reference} of ${amount} reads ${row.merchant_reference} of ${row.amount}.`);
    }
    if (sessions.get(merchant_reference) !== 1) {
      offences.push(`${merchant_reference} has ${sessions.get(merchant_reference)} sessions.`);
    }
    if (told !== undefined && told !== row.status) {
      offences.push(`${merchant_reference} was told to be ${told}, and is ${row.status}.`);
    }
    if (cancelled && (row.status !== "DECLINED" || row.cancelled_at === null)) {
      offences.push(`${merchant_reference} was told to be cancelled, and is ${row.status}.`);
    }
    return offences;
  });
}

/** G1: one transaction, one prompt, one end, told once. */
export function salesEndedOnce(rows: readonly SaleRow[]): string[] {
  return rows.flatMap((row) => {
    const offences: string[] = [];
    const say = (what: string) => offences.push(`${row.merchant_reference} (${row.session_id}) ${what}.`);
    if (row.transactions !== 1) say(`has ${row.transactions} transactions`);
    if (row.prompts !== 1) say(`has ${row.prompts} payment prompts`);
    const { events, session_events } = row;
    const ended = row.status === "CAPTURED" ? ["AUTHORIZE true", "CAPTURE true"] : ["AUTHORIZE false"];
    if (["INITIALIZE true", ...ended].join() !== events.join()) say(`is ${row.status} by the events ${events}`);
    if (row.event_count !== events.length) say(`counts ${row.event_count} events and has ${events.length}`);
    if (row.captured_amount !== (row.status === "CAPTURED" ? row.amount : 0))
      say(`has captured ${row.captured_amount}`);
    const ends = session_events.filter((name) => ["COMPLETED", "DECLINED", "FAILED", "CANCELLED"].includes(name));
    if (ends.length !== 1) say(`has ended by the session's events ${session_events}`);
    return offences;
  });
}

/** A terminal's own books against the server's. */
export async function terminalAgrees(
  scene: KillScene,
  terminal: KillTerminal,
  rows: readonly SaleRow[],
): Promise<string[]> {
  const own = rows.filter(({ terminal_id }) => terminal_id === terminal.terminal_id);
  const entries = await scene.book(terminal).load();
  return [
    ...moneyAgrees(own, HostBook.of(entries).standingApprovals()),
    ...askedOnce(entries),
    ...journalHolds(await scene.journal(terminal), own),
    ...twiceIn(terminal.shown).map((prompt_id) => `${prompt_id} stood on the screen of ${terminal.terminal_id} twice.`),
  ].map((offence) => `${terminal.terminal_id}: ${offence}`);
}

/** Every standing approval is CAPTURED, and every CAPTURED stands approved. */
function moneyAgrees(rows: readonly SaleRow[], standing: readonly HostEntry[]): string[] {
  const byPrompt = new Map(rows.map((row) => [row.prompt_id, row]));
  const approved = new Map(standing.map((entry) => [entry.prompt_id, entry]));
  const unbooked = standing.flatMap(({ prompt_id, amount }) => {
    const row = byPrompt.get(prompt_id);
    if (row?.status === "CAPTURED" && row.captured_amount === amount) return [];
    return [`the host approved ${amount} for ${prompt_id}, which is ${row?.status ?? "unknown to the server"}.`];
  });
  const unpaid = rows.flatMap(({ status, prompt_id, merchant_reference }) =>
    status === "CAPTURED" && !approved.has(prompt_id)
      ? [`${merchant_reference} is CAPTURED, and the host has no approval for ${prompt_id}.`]
      : [],
  );
  return [...unbooked, ...unpaid];
}

/** One prompt is one authorization at the host; a reversal is the same entry once more. */
function askedOnce(entries: readonly BookEntry[]): string[] {
  const asked = entries.flatMap((entry) => ("answer" in entry && entry.reversed !== true ? [entry.prompt_id] : []));
  return twiceIn(asked).map((prompt_id) => `the host was asked twice for ${prompt_id}.`);
}

/** G2, and that everything was told. */
function journalHolds(journal: readonly JournalEntry[], rows: readonly SaleRow[]): string[] {
  const known = new Set(rows.map(({ prompt_id }) => prompt_id));
  const offences: string[] = [];
  const shown: string[] = [];
  const undelivered = new Set<number>();
  for (const entry of journal) {
    if (entry.kind === "received" && !known.has(entry.prompt.prompt_id)) {
      offences.push(`${entry.prompt.prompt_id} was received, and the server does not know it.`);
    }
    if (entry.kind === "shown") {
      shown.push(entry.prompt_id);
      if (undelivered.size > 0) {
        offences.push(`${entry.prompt_id} was shown while results ${[...undelivered]} were not acknowledged.`);
      }
    }
    if ("result" in entry) undelivered.add(entry.result.sequence);
    if (entry.kind === "acknowledged") undelivered.delete(entry.sequence);
  }
  if (undelivered.size > 0) offences.push(`results ${[...undelivered]} were never acknowledged.`);
  return [...offences, ...twiceIn(shown).map((prompt_id) => `${prompt_id} was shown twice, by the journal.`)];
}

function twiceIn(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** Two readings of the same clock by two processes: the database's own, and what a process carries on from it. */
const clocksApart_ms = 50;

/**
 * G4: of each payment that was open when its terminal said hello for the last time before the end was known, how long
 * that took; from the server's and the database's return, where one of them was away then. Milliseconds, longest first.
 */
export function resolutionTimes(scene: KillScene, rows: readonly SaleRow[]): { took_ms: number; row: SaleRow }[] {
  const hellos = new Map(scene.terminals.map((terminal) => [terminal.terminal_id, terminal.hellos]));
  return rows
    .flatMap((row) => {
      if (row.sent_at === null || row.finished_at === null) return [];
      const finished = Date.parse(row.finished_at);
      const back = hellos.get(row.terminal_id)?.findLast((at) => at <= finished + clocksApart_ms);
      if (back === undefined || back < Date.parse(row.sent_at)) return [];
      const away = scene.outages.filter(({ from }) => from <= finished).map(({ until }) => Math.min(until, finished));
      return [{ took_ms: Math.max(0, finished - Math.max(back, ...away)), row }];
    })
    .sort((a, b) => b.took_ms - a.took_ms);
}
