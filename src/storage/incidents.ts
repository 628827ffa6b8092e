/** Incidents: rows for what only a person can settle. */
import type { DecisionOutcome, IncidentKind } from "../domain/incident.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import { Filter } from "./filter.ts";

export interface NewIncident {
  readonly account_id: string;
  readonly id: string;
  readonly kind: IncidentKind;
  /** What it is about. The same kind about the same thing is one incident, however often it is raised. */
  readonly subject: string;
  readonly terminal_id?: string | undefined;
  readonly session_id?: string | undefined;
  readonly transaction_id?: string | undefined;
  readonly prompt_id?: string | undefined;
  readonly details: object;
}

export interface Incident {
  readonly id: string;
  readonly kind: IncidentKind;
  readonly subject: string;
  readonly terminal_id: string | null;
  readonly session_id: string | null;
  readonly transaction_id: string | null;
  readonly prompt_id: string | null;
  readonly details: object;
  readonly created_at: string;
  readonly decided_at: string | null;
  readonly decided_by: string | null;
  readonly outcome: DecisionOutcome | null;
  readonly reason: string | null;
}

const raise = statement(
  "raise_incident",
  `INSERT INTO incidents (account_id, id, kind, subject, terminal_id, session_id, transaction_id, prompt_id, details,
     created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
   ON CONFLICT ON CONSTRAINT one_incident_per_subject DO NOTHING RETURNING id`,
);

/** False if it had been raised before. */
export async function insertIncident(tx: Tx, incident: NewIncident, now: string): Promise<boolean> {
  const { account_id, id, kind, subject, terminal_id, session_id, transaction_id, prompt_id, details } = incident;
  const facts = [terminal_id ?? null, session_id ?? null, transaction_id ?? null, prompt_id ?? null];
  const values = [account_id, id, kind, subject, ...facts, JSON.stringify(details), now];
  return (await tx.query(raise, values)).length > 0;
}

const columns =
  "id, kind, subject, terminal_id, session_id, transaction_id, prompt_id, details, created_at, decided_at, decided_by, outcome, " +
  "reason";

export interface IncidentFilter {
  readonly open?: boolean | undefined;
  readonly starting_after?: string | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly terminal_id?: string | undefined;
  readonly limit: number;
}

/**
 * Newest first, by the key, `open_incidents` or `incidents_by_terminal`: an id begins with its time. The text differs with
 * the filters, so that a page far back begins where it begins, and does not read what came before it.
 */
export async function listIncidents(reader: Reader, account_id: string, asked: IncidentFilter): Promise<Incident[]> {
  const filter = new Filter([account_id, asked.limit])
    .where(asked.starting_after, (parameter) => `id < ${parameter}`)
    .anyOf("kind", asked.kind)
    .equals("terminal_id", asked.terminal_id);
  const decided = asked.open === undefined ? "" : ` AND decided_at IS ${asked.open ? "NULL" : "NOT NULL"}`;
  const text = `SELECT ${columns} FROM incidents WHERE account_id = $1${decided}${filter.text}
    ORDER BY id DESC LIMIT $2`;
  return reader.query<Incident>(statement("", text), filter.values);
}

const ofTransaction = statement(
  "incidents_of_transaction",
  `SELECT ${columns} FROM incidents WHERE account_id = $1 AND transaction_id = $2 ORDER BY id`,
);

export const readIncidentsOf = (reader: Reader, account_id: string, transaction_id: string): Promise<Incident[]> =>
  reader.query(ofTransaction, [account_id, transaction_id]);

const read = statement("read_incident", `SELECT ${columns} FROM incidents WHERE account_id = $1 AND id = $2`);

export async function readIncident(
  reader: Reader,
  account_id: string,
  incident_id: string,
): Promise<Incident | undefined> {
  return (await reader.query<Incident>(read, [account_id, incident_id]))[0];
}

const lock = statement(
  "lock_incident",
  `SELECT ${columns} FROM incidents WHERE account_id = $1 AND id = $2 FOR UPDATE`,
);

export async function lockIncident(tx: Tx, account_id: string, incident_id: string): Promise<Incident | undefined> {
  return (await tx.query<Incident>(lock, [account_id, incident_id]))[0];
}

const decide = statement(
  "decide_incident",
  `UPDATE incidents SET decided_at = $3, decided_by = $4, outcome = $5, reason = $6
   WHERE account_id = $1 AND id = $2 AND decided_at IS NULL RETURNING ${columns}`,
);

export interface Decision {
  readonly outcome: DecisionOutcome;
  readonly reason: string;
  readonly decided_by: string;
}

export async function writeDecision(
  tx: Tx,
  account_id: string,
  incident_id: string,
  decision: Decision,
  now: string,
): Promise<Incident | undefined> {
  const values = [account_id, incident_id, now, decision.decided_by, decision.outcome, decision.reason];
  return (await tx.query<Incident>(decide, values))[0];
}

const settleOpen = statement(
  "settle_resolved_incidents",
  `UPDATE incidents SET decided_at = $3, decided_by = $4, outcome = 'settled', reason = $5
   WHERE account_id = $1 AND prompt_id = $2 AND decided_at IS NULL AND kind IN ('UNRESOLVED_PAYMENT', 'JOURNAL_LOST', 'REVERSAL_UNRESOLVED')
   RETURNING ${columns}`,
);

const settleAdvice = statement(
  "settle_advice_incident",
  `UPDATE incidents SET decided_at = $3, decided_by = $4, outcome = 'settled', reason = $5
   WHERE account_id = $1 AND kind = 'ADVICE_UNANSWERED' AND subject = $2 AND decided_at IS NULL
   RETURNING ${columns}`,
);

/** The host has answered after all. Answers what that settled. */
export async function settleAdviceIncident(
  tx: Tx,
  { account_id, id, terminal_id }: { account_id: string; id: string; terminal_id: string },
  reason: string,
  now: string,
): Promise<Incident[]> {
  return tx.query(settleAdvice, [account_id, id, now, terminal_id, reason]);
}

/** The terminal has said it after all: what was raised because it had not is settled by that, and answered. */
export async function settleByEvidence(
  tx: Tx,
  prompt: { account_id: string; id: string; terminal_id: string },
  reason: string,
  now: string,
): Promise<Incident[]> {
  return tx.query(settleOpen, [prompt.account_id, prompt.id, now, prompt.terminal_id, reason]);
}

const settleReceiver = statement(
  "settle_receiver_incident",
  `UPDATE incidents SET decided_at = $3, decided_by = 'tapline', outcome = 'settled', reason = $4
   WHERE account_id = $1 AND kind = 'RECEIVER_FAILING' AND starts_with(subject, $2 || ' ') AND decided_at IS NULL
   RETURNING ${columns}`,
);

/** A hook's receiver answers again. Answers what that settled. */
export async function settleReceiverIncident(
  tx: Tx,
  { account_id, id }: { account_id: string; id: string },
  reason: string,
  now: string,
): Promise<Incident[]> {
  return tx.query(settleReceiver, [account_id, id, now, reason]);
}

const openReceiver = statement(
  "open_receiver_incident",
  `SELECT FROM incidents
   WHERE account_id = $1 AND kind = 'RECEIVER_FAILING' AND starts_with(subject, $2 || ' ') AND decided_at IS NULL`,
);

/** Has a person been told already that this hook's receiver fails? */
export async function hasOpenReceiverIncident(
  reader: Reader,
  { account_id, id }: { account_id: string; id: string },
): Promise<boolean> {
  return (await reader.query(openReceiver, [account_id, id])).length > 0;
}
