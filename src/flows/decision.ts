/** A person has found out what nobody else could: the incident's decision, and what follows from it. */
import { allowedDecisions, type DecisionOutcome } from "../domain/incident.ts";
import { Rejection } from "../domain/rejections.ts";
import { readAdvice } from "../storage/advices.ts";
import { lockTransaction } from "../storage/balances.ts";
import type { Tx } from "../storage/database.ts";
import { type Incident, lockIncident, readIncident, writeDecision } from "../storage/incidents.ts";
import { type LockedPrompt, lockPrompt } from "../storage/prompts.ts";
import { readReversalsOf } from "../storage/reversals.ts";
import { concludeAdvice } from "./advice.ts";
import { tellOfSettled } from "./incident.ts";
import { endPrompt } from "./prompt.ts";
import { isoNow, type World } from "./world.ts";

export interface DecisionRequest {
  readonly account_id: string;
  readonly client_id: string;
  readonly incident_id: string;
  readonly outcome: DecisionOutcome;
  readonly reason: string;
}

/**
 * Records what a person found out. `paid` and `not_paid` end an unresolved payment or refund, `accepted` and
 * `refused` an advice; everything else is `settled`.
 * Deciding the same again is answered with the incident; deciding otherwise is refused.
 */
export async function decideIncident(world: World, request: DecisionRequest): Promise<Incident> {
  const { account_id, incident_id, outcome, reason, client_id } = request;
  const decided = await world.db.transaction(async (tx) => {
    // The locks of prompt and payment come first, as where the terminal's word is applied: two that wait for each other
    // end nowhere.
    const about = await readIncident(tx, account_id, incident_id);
    if (about === undefined) throw new Rejection("INCIDENT_NOT_FOUND", { incident_id });
    if (about.prompt_id !== null) await lockPrompt(tx, account_id, about.prompt_id);
    if (about.transaction_id !== null) await lockTransaction(tx, account_id, about.transaction_id);
    const incident = await lockIncident(tx, account_id, incident_id);
    if (incident === undefined) throw new Rejection("INCIDENT_NOT_FOUND", { incident_id });
    if (incident.decided_at !== null) {
      if (incident.outcome === outcome) return incident;
      throw new Rejection("INCIDENT_DECIDED", { incident_id, outcome: incident.outcome ?? "" });
    }
    const now = isoNow(world);
    // Before what follows from it: an advice's answer settles the incident about it, unless a person has decided that.
    const written = await writeDecision(tx, account_id, incident_id, { outcome, reason, decided_by: client_id }, now);
    if (written === undefined) throw new Error(`Incident ${incident_id} changed under its lock.`);
    await applyDecision(world, tx, incident, request);
    await tellOfSettled(world, tx, account_id, [written]);
    return written;
  });
  if (decided.prompt_id !== null) world.hints.promptChanged(decided.prompt_id);
  world.hints.eventWritten();
  return decided;
}

async function applyDecision(
  world: World,
  tx: Tx,
  incident: Incident,
  { account_id, outcome, client_id }: DecisionRequest,
): Promise<void> {
  const prompt = incident.prompt_id === null ? undefined : await lockPrompt(tx, account_id, incident.prompt_id);
  const { kind, subject } = incident;
  const advice = kind === "ADVICE_UNANSWERED" ? await readAdvice(tx, account_id, subject) : undefined;
  const advice_is_open = advice !== undefined && advice.finished_at === null;
  const allowed = allowedDecisions(kind, { prompt_is_unresolved: prompt?.status === "UNRESOLVED", advice_is_open });
  if (!allowed.includes(outcome)) {
    throw new Rejection("DECISION_NOT_ALLOWED", { outcome, allowed: allowed.join(" or ") }, "outcome");
  }
  if (outcome === "accepted" || outcome === "refused") {
    const answer = { accepted: outcome === "accepted", reason: `Decided by ${client_id}.` };
    await concludeAdvice(world, tx, { account_id, advice_id: subject }, answer, client_id);
    return;
  }
  if (prompt !== undefined && outcome !== "settled") await checkNotTakenBack(tx, prompt, outcome);
  if (prompt !== undefined && outcome !== "settled") {
    await endPrompt(world, tx, prompt, outcome === "paid" ? "decided_paid" : "decided_unpaid", client_id);
  }
}

/**
 * Money that is being given back, or has been, is no payment, whoever says so. And a refund of which the terminal's host is
 * asked to take the approval back is not decided before it has answered: its amount would be free, and the money gone.
 */
async function checkNotTakenBack(tx: Tx, prompt: LockedPrompt, outcome: DecisionOutcome): Promise<void> {
  const reversals = await readReversalsOf(tx, prompt.account_id, prompt.transaction_id);
  const reversal = reversals.find(({ prompt_id }) => prompt_id === prompt.id);
  if (reversal === undefined || reversal.status === "REFUSED") return;
  const is_open = reversal.status === "ISSUED" || reversal.status === "SENT";
  if (prompt.kind === "refund" && is_open) {
    const allowed = "paid or not_paid once the terminal has answered whether its approval could be taken back";
    throw new Rejection("DECISION_NOT_ALLOWED", { outcome, allowed }, "outcome");
  }
  if (outcome !== "paid") return;
  const facts = { outcome, allowed: "not_paid, as its approval is being taken back" };
  throw new Rejection("DECISION_NOT_ALLOWED", facts, "outcome");
}
