/** The header `Dintero-Signature`: who sent a callback, when, and to which address (callbacks-and-webhooks A5). */
import { createHmac } from "node:crypto";
import type { HookSettings } from "../storage/lanes.ts";
import { awsSignatureHeaders } from "./aws-signature.ts";

/** Of every hook's message. */
export const messageType = "application/json";

export interface Signed {
  readonly account_id: string;
  readonly method: "GET" | "POST";
  readonly url: string;
}

/**
 * Six lines: the time in seconds, the account, the method, the host's name without its port, the path, and the query
 * sorted by its names and form-encoded. The body is not covered.
 */
export function signedText({ account_id, method, url }: Signed, now_s: number): string {
  const { hostname, pathname, searchParams } = new URL(url);
  searchParams.sort();
  return [now_s, account_id, method, hostname, pathname, searchParams.toString()].join("\n");
}

/** Made anew for each try: receivers take a time that is at most five minutes off. */
export function signatureHeader(secret: string, signed: Signed, now_s: number): string {
  const digest = createHmac("sha256", secret).update(signedText(signed, now_s)).digest("hex");
  return `t=${now_s},v0-hmac-sha256=${digest}`;
}

/** What the hook's own secret adds (C2): a digest of the raw body, an AWS signature, or the words of an Authorization header. */
export function webhookSecretHeaders(
  { secret }: HookSettings,
  { url, body }: { readonly url: string; readonly body: string },
  now: number,
): Record<string, string> {
  if (secret === null) return {};
  if (secret.type === "Authorization") return { authorization: secret.value };
  if (secret.type === "AWS4-HMAC-SHA256")
    return awsSignatureHeaders(secret, { url, body, content_type: messageType }, now);
  return { "event-signature": createHmac("sha1", secret.value).update(body).digest("hex") };
}

/**
 * The Standard Webhooks form: over id, time and body, so that neither an old message nor another body passes. While a
 * rotated secret's former one is still taken, both sign.
 */
export function standardSignature(
  { signing_secret, former_signing_secret, former_until }: HookSettings,
  { id, body }: { readonly id: string; readonly body: string },
  now: number,
): Record<string, string> {
  const now_s = Math.floor(now / 1000);
  const is_former_valid = former_until !== null && Date.parse(former_until) > now;
  const secrets = [signing_secret, ...(is_former_valid ? [former_signing_secret ?? ""] : [])];
  const signatures = secrets.map((secret) => `v1,${digestOf(secret, `${id}.${now_s}.${body}`)}`);
  return { "webhook-id": id, "webhook-timestamp": String(now_s), "webhook-signature": signatures.join(" ") };
}

/** The key is what stands behind `whsec_`, in base64. */
const digestOf = (secret: string, text: string): string =>
  createHmac("sha256", Buffer.from(secret.replace(/^whsec_/, ""), "base64"))
    .update(text)
    .digest("base64");
