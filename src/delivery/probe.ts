/** The question to a paused hook's receiver, whether it is back: a ping, of which no row is written. */
import type { RandomBytes } from "../domain/environment.ts";
import { newId, newUuid } from "../domain/ids.ts";
import type { HookSettings } from "../storage/lanes.ts";
import { type Unlimited, webhookMessage } from "./message.ts";

export function probeMessage(account_id: string, hook: HookSettings, now: number, random: RandomBytes): Unlimited {
  const { id, url } = hook;
  const event = {
    account_id,
    id: newId("probe", now, random),
    type: "ping",
    sequence: null,
    members: { hook: { id, config: { url } } },
    created_at: new Date(now).toISOString(),
  };
  return webhookMessage({ id: newUuid(random), url }, event, hook, now);
}
