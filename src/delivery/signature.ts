/** The header `Dintero-Signature`: who sent a callback, when, and to which address (callbacks-and-webhooks A5). */
import { createHmac } from "node:crypto";

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
