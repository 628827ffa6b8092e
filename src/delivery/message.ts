/** What is sent: a callback as it was written, or an event as its hook wants to see it; signed anew for each try. */
import { eventMessage, type ToldEvent } from "../domain/event-message.ts";
import type { CallbackDelivery, WebhookDelivery } from "../storage/deliveries.ts";
import type { HookSettings } from "../storage/lanes.ts";
import { signatureHeader, standardSignature, webhookSecretHeaders } from "./signature.ts";

export interface Message {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Whose certificate is not looked at, because the merchant said so. */
  readonly insecure_ssl: boolean;
  readonly timeout_ms: number;
}

/** The contract's limit for a callback (R72), and for a webhook (Q-WEBHOOK-TIMEOUT). */
const callbackTimeout_ms = 10_000;
const webhookTimeout_ms = 60_000;

/** `secret` is the account's newest; an account without one signs nothing. */
export function callbackMessage(delivery: CallbackDelivery, secret: string | undefined, now: number): Message {
  const { method, url, body } = delivery;
  const signed =
    secret === undefined ? {} : { "dintero-signature": signatureHeader(secret, delivery, Math.floor(now / 1000)) };
  const typed = body === null ? {} : { "content-type": "application/json" };
  const headers = { "event-delivery": delivery.id, "user-agent": "Tapline", ...signed, ...typed };
  return { method, url, headers, body, insecure_ssl: false, timeout_ms: callbackTimeout_ms };
}

/** The body of a hook's message: the same at every try, compact, in one piece. */
export const webhookBody = (event: ToldEvent, delivery_id: string): string =>
  JSON.stringify(eventMessage(event, delivery_id));

export function webhookMessage(
  delivery: Pick<WebhookDelivery, "id" | "url">,
  event: ToldEvent,
  hook: HookSettings,
  now: number,
): Message {
  const body = webhookBody(event, delivery.id);
  const headers = {
    "content-type": "application/json",
    // The short id is the hook's, as at the vendor: receivers filter by it.
    "user-agent": `Dintero-Hook/${hook.id.slice(0, 8)} Tapline`,
    event: event.type,
    "event-delivery": delivery.id,
    ...webhookSecretHeaders(hook, { url: delivery.url, body }, now),
    ...standardSignature(hook, { id: event.id, body }, now),
  };
  const insecure_ssl = hook.insecure_ssl;
  return { method: "POST", url: delivery.url, headers, body, insecure_ssl, timeout_ms: webhookTimeout_ms };
}
