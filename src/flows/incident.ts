/**
 * Incidents: raised in the transaction that found the cause, settled by a person or by evidence that came after all.
 */

import { newId } from "../domain/ids.ts";
import { allowedDecisions, type DecisionOutcome, type IncidentKind } from "../domain/incident.ts";
import { Rejection } from "../domain/rejections.ts";
import type { Tx } from "../storage/database.ts";
import { type Incident, insertIncident, lockIncident, readIncident, writeDecision } from "../storage/incidents.ts";
import { type LockedPrompt, lockPrompt } from "../storage/prompts.ts";
import { readReversalsOf } from "../storage/reversals.ts";
import { endPrompt } from "./prompt.ts";
import { isoNow, type World } from "./world.ts";

export interface Cause {
  readonly account_id: string;
  readonly kind: IncidentKind;
  /** What it is about: once raised about the same thing, it is not raised again. */
  readonly subject: string;
  readonly terminal_id: string;
  /** The prompt it concerns, where we know one. */
  readonly prompt?: Pick<LockedPrompt, "id" | "session_id" | "transaction_id"> | undefined;
  readonly details?: object;
}

export async function raiseIncident(world: World, tx: Tx, cause: Cause): Promise<void> {
  const { account_id, kind, subject, terminal_id, prompt, details = {} } = cause;
  const ids = {
    terminal_id,
    session_id: prompt?.session_id,
    transaction_id: prompt?.transaction_id,
    prompt_id: prompt?.id,
  };
  const id = newId("inc", world.clock.now(), world.random);
  const is_new = await insertIncident(tx, { account_id, id, kind, subject, ...ids, details }, isoNow(world));
  if (is_new) world.log.error({ account_id, incident_id: id, kind, ...ids }, "an incident needs a person");
}

export interface DecisionRequest {
  readonly account_id: string;
  readonly client_id: string;
  readonly incident_id: string;
  readonly outcome: DecisionOutcome;
  readonly reason: string;
}

/**
 * Records what a person found out. `paid` and `not_paid` end an unresolved payment; everything else is `settled`.
 * Deciding the same again is answered with the incident; deciding otherwise is refused.
 */
export async function decideIncident(world: World, request: DecisionRequest): Promise<Incident> {
  const { account_id, incident_id, outcome, reason, client_id } = request;
  const decided = await world.db.transaction(async (tx) => {
    // The prompt's lock comes first, as where the terminal's word is applied: two that wait for each other end nowhere.
    const about = await readIncident(tx, account_id, incident_id);
    if (about === undefined) throw new Rejection("INCIDENT_NOT_FOUND", { incident_id });
    if (about.prompt_id !== null) await lockPrompt(tx, account_id, about.prompt_id);
    const incident = await lockIncident(tx, account_id, incident_id);
    if (incident === undefined) throw new Rejection("INCIDENT_NOT_FOUND", { incident_id });
    if (incident.decided_at !== null) {
      if (incident.outcome === outcome) return incident;
      throw new Rejection("INCIDENT_DECIDED", { incident_id, outcome: incident.outcome ?? "" });
    }
    await applyDecision(world, tx, incident, request);
    const now = isoNow(world);
    const written = await writeDecision(tx, account_id, incident_id, { outcome, reason, decided_by: client_id }, now);
    if (written === undefined) throw new Error(`Incident ${incident_id} changed under its lock.`);
    return written;
  });
  if (decided.prompt_id !== null) world.hints.promptChanged(decided.prompt_id);
  world.hints.deliveryDue();
  return decided;
}

async function applyDecision(
  world: World,
  tx: Tx,
  incident: Incident,
  { account_id, outcome }: DecisionRequest,
): Promise<void> {
  const prompt = incident.prompt_id === null ? undefined : await lockPrompt(tx, account_id, incident.prompt_id);
  const allowed = allowedDecisions(prompt?.status === "UNRESOLVED");
  if (!allowed.includes(outcome)) {
    throw new Rejection("DECISION_NOT_ALLOWED", { outcome, allowed: allowed.join(" or ") }, "outcome");
  }
  if (prompt !== undefined && outcome === "paid") await checkNotTakenBack(tx, prompt);
  if (prompt !== undefined && outcome !== "settled") {
    await endPrompt(world, tx, prompt, outcome === "paid" ? "decided_paid" : "decided_unpaid");
  }
}

/** Money that is being given back, or has been, is no payment, whoever says so. */
async function checkNotTakenBack(tx: Tx, prompt: LockedPrompt): Promise<void> {
  const reversals = await readReversalsOf(tx, prompt.account_id, prompt.transaction_id);
  if (reversals.some(({ prompt_id, status }) => prompt_id === prompt.id && status !== "REFUSED")) {
    const facts = { outcome: "paid", allowed: "not_paid, as its approval is being taken back" };
    throw new Rejection("DECISION_NOT_ALLOWED", facts, "outcome");
  }
}
