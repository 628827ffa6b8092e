/** Incidents: raised in the transaction that found the cause. A person decides them in decision.ts, or evidence settles them. */

import { newId } from "../domain/ids.ts";
import type { IncidentKind } from "../domain/incident.ts";
import type { Tx } from "../storage/database.ts";
import { insertIncident } from "../storage/incidents.ts";
import type { LockedPrompt } from "../storage/prompts.ts";
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
  if (is_new) world.log.error({ account_id, incident_id: id, kind, ...ids }, "an incident needs a person");
}
