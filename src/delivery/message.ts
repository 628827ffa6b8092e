/** What is sent: a callback as it was written, or an event as its hook wants to see it; signed anew for each try. */
import { hookMessageBody, type ToldEvent } from "../domain/event-message.ts";
import type { CallbackDelivery, WebhookDelivery } from "../storage/deliveries.ts";
import type { HookSettings } from "../storage/lanes.ts";
import { messageType, signatureHeader, standardSignature, webhookSecretHeaders } from "./signature.ts";

export interface Message {
  readonly account_id: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Whose certificate is not looked at, because the merchant said so. */
  readonly insecure_ssl: boolean;
  readonly timeout_ms: number;
}

/** What a message is, but for how long its answer is waited for. */
export type Unlimited = Omit<Message, "timeout_ms">;

/** `secret` is the account's newest; an account without one signs nothing. */
export function callbackMessage(delivery: CallbackDelivery, secret: string | undefined, now: number): Unlimited {
  const { account_id, method, url, body } = delivery;
  const signed =
    secret === undefined ? {} : { "dintero-signature": signatureHeader(secret, delivery, Math.floor(now / 1000)) };
  const typed = body === null ? {} : { "content-type": "application/json" };
  const headers = { "event-delivery": delivery.id, "user-agent": "Tapline", ...signed, ...typed };
  return { account_id, method, url, headers, body, insecure_ssl: false };
}

export function webhookMessage(
  delivery: Pick<WebhookDelivery, "id" | "url">,
  event: ToldEvent,
  hook: HookSettings,
  now: number,
): Unlimited {
  const body = hookMessageBody(event, delivery.id, hook);
  const headers = {
    "content-type": messageType,
    // The short id is the hook's, as at the vendor: receivers filter by it.
    "user-agent": `Dintero-Hook/${hook.id.slice(0, 8)} Tapline`,
    event: event.type,
    "event-delivery": delivery.id,
    ...webhookSecretHeaders(hook, { url: delivery.url, body }, now),
    ...standardSignature(hook, { id: event.id, body }, now),
  };
  const { account_id } = event;
  return { account_id, method: "POST", url: delivery.url, headers, body, insecure_ssl: hook.insecure_ssl };
}
