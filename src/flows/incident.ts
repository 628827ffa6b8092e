/** Incidents: raised in the transaction that found the cause. A person decides them in decision.ts, or evidence settles them. */

import { newId } from "../domain/ids.ts";
import type { IncidentKind } from "../domain/incident.ts";
import type { Tx } from "../storage/database.ts";
import { type Incident, insertIncident, readIncident, settleReceiverIncident } from "../storage/incidents.ts";
import type { LockedPrompt } from "../storage/prompts.ts";
import { tellOfIncidents } from "./set-up-event.ts";
import { isoNow, type World } from "./world.ts";

export interface Cause {
  readonly account_id: string;
  readonly kind: IncidentKind;
  /** What it is about: once raised about the same thing, it is not raised again. */
  readonly subject: string;
  readonly terminal_id?: string | undefined;
  /** The prompt it concerns, where we know one; else what else is known. */
  readonly prompt?: Pick<LockedPrompt, "id" | "session_id" | "transaction_id"> | undefined;
  readonly session_id?: string | undefined;
  readonly transaction_id?: string | undefined;
  readonly details?: object;
}

export async function raiseIncident(world: World, tx: Tx, cause: Cause): Promise<void> {
  const { account_id, kind, subject, terminal_id, prompt, details = {} } = cause;
  const ids = {
    terminal_id,
    session_id: prompt?.session_id ?? cause.session_id,
    transaction_id: prompt?.transaction_id ?? cause.transaction_id,
    prompt_id: prompt?.id,
  };
  const id = newId("inc", world.clock.now(), world.random);
  const is_new = await insertIncident(tx, { account_id, id, kind, subject, ...ids, details }, isoNow(world));
  if (!is_new) return;
  const raised = await readIncident(tx, account_id, id);
  await tellOfIncidents(world, tx, account_id, "incident_add", raised === undefined ? [] : [raised]);
  world.log.error({ account_id, incident_id: id, kind, ...ids }, "an incident needs a person");
}

/** What evidence, or a person, has settled of them. */
export const tellOfSettled = (world: World, tx: Tx, account_id: string, settled: readonly Incident[]): Promise<void> =>
  tellOfIncidents(world, tx, account_id, "incident_update", settled);

/** A hook has nothing to wait for any more: its receiver answers again, or it was deleted. */
export async function settleReceiver(
  world: World,
  tx: Tx,
  lane: { readonly account_id: string; readonly id: string },
  reason: string,
): Promise<void> {
  await tellOfSettled(world, tx, lane.account_id, await settleReceiverIncident(tx, lane, reason, isoNow(world)));
}
