/**
 * Who sent a webhook, and that nobody changed it: the Standard Webhooks form, by the WebCrypto of any platform. The key is
 * what stands behind `whsec_`, in base64; what is signed is `{id}.{seconds}.{body}`.
 */
import type { EventMessage } from "./types.ts";

export interface SignedWebhook {
  /** The event's, the same at every try. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** As it is sent, byte for byte. */
  readonly body: string;
  /** `whsec_…` */
  readonly secret: string;
}

export interface ReceivedWebhook {
  /** As the server or framework has them: a `Headers`, or an object of lower-case names. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As it was received, before anything parsed it. */
  readonly body: string;
  readonly secret: string;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/** The webhook is not what its signature says, or is too old: answer 400, and believe nothing of it. */
export class WebhookRefused extends Error {
  override readonly name = "WebhookRefused";
}

/** Minutes that the two clocks may differ, and that a message may be under way. */
const toleranceMax_s = 300;

/** The headers `webhook-id`, `webhook-timestamp` and `webhook-signature`. */
export async function signWebhook({ id, timestamp, body, secret }: SignedWebhook): Promise<Record<string, string>> {
  const key = await keyOf(secret, "sign");
  const digest = await crypto.subtle.sign("HMAC", key, textOf(id, String(timestamp), body));
  const signature = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": `v1,${signature}` };
}

/** The message, where it is genuine and recent. Throws `WebhookRefused`. Keep its `event_id`: the same may come again. */
export async function verifyWebhook({ headers, body, secret, now = Date.now }: ReceivedWebhook): Promise<EventMessage> {
  const read = (name: string): string => {
    const value = headers instanceof Headers ? headers.get(name) : [headers[name] ?? []].flat()[0];
    if (value === undefined || value === null) throw new WebhookRefused(`The header ${name} is missing.`);
    return value;
  };
  const id = read("webhook-id");
  const timestamp = read("webhook-timestamp");
  const age_s = now() / 1_000 - Number(timestamp);
  if (!/^\d+$/.test(timestamp) || Math.abs(age_s) > toleranceMax_s) {
    throw new WebhookRefused("It was signed more than five minutes ago, or is from the future.");
  }
  const key = await keyOf(secret, "verify");
  const text = textOf(id, timestamp, body);
  // While a secret is being replaced both sign: one that is right is enough. The comparison takes the same time for all.
  for (const signature of read("webhook-signature").split(" ")) {
    const bytes = signature.startsWith("v1,") ? bytesOf(signature.slice(3)) : undefined;
    if (bytes !== undefined && (await crypto.subtle.verify("HMAC", key, bytes, text))) return JSON.parse(body);
  }
  throw new WebhookRefused("No signature is right: another secret, or another body.");
}

async function keyOf(secret: string, use: "sign" | "verify"): Promise<CryptoKey> {
  const bytes = bytesOf(secret.replace(/^whsec_/, ""));
  if (bytes === undefined || bytes.length === 0) throw new TypeError("The secret is whsec_ and base64.");
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [use]);
}

const textOf = (...parts: string[]) => new TextEncoder().encode(parts.join("."));

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  } catch {
    return undefined;
  }
}
