/** The session callback's options and parameters (callbacks-and-webhooks part A). */
import type { CallbackError } from "./prompt.ts";

export interface CallbackOptions {
  readonly method: "GET" | "POST";
  readonly report_error: boolean;
  /** Seconds before the first try; clamped to 60, never refused (R73). */
  readonly delay_s: number;
  readonly report_event: readonly string[];
  readonly includes_session: boolean;
  readonly sid_parameter_name: "session_id" | "sid";
}

const delayMax_s = 60;

export function callbackOptions(callback_url: string): CallbackOptions {
  const query = new URL(callback_url).searchParams;
  const delay_s = Number(query.get("delay_callback") ?? 0);
  return {
    method: query.get("method")?.toUpperCase() === "POST" ? "POST" : "GET",
    report_error: query.get("report_error") === "true",
    delay_s: Number.isFinite(delay_s) ? Math.min(Math.max(delay_s, 0), delayMax_s) : 0,
    report_event: query.getAll("report_event"),
    includes_session: query.getAll("includes").includes("session"),
    sid_parameter_name: query.get("sid_parameter_name") === "sid" ? "sid" : "session_id",
  };
}

export interface CallbackResult {
  /** None where the session was called off before its payment began (callbacks-and-webhooks A3). */
  readonly transaction_id?: string;
  readonly session_id: string;
  readonly merchant_reference: string;
  /** ISO 8601: when the transaction was created, or else the session (callbacks-and-webhooks A3). */
  readonly time: string;
  readonly error?: CallbackError;
  readonly event?: string;
  readonly event_id?: string;
}

/** The merchant's address with the result appended, form-encoded; the merchant's own parameters stay as they are. */
export function callbackAddress(callback_url: string, result: CallbackResult): string {
  const { sid_parameter_name } = callbackOptions(callback_url);
  const url = new URL(callback_url);
  if (result.transaction_id !== undefined) url.searchParams.append("transaction_id", result.transaction_id);
  url.searchParams.append(sid_parameter_name, result.session_id);
  url.searchParams.append("merchant_reference", result.merchant_reference);
  url.searchParams.append("time", result.time);
  if (result.error !== undefined) url.searchParams.append("error", result.error);
  if (result.event !== undefined) url.searchParams.append("event", result.event);
  if (result.event_id !== undefined) url.searchParams.append("event_id", result.event_id);
  url.hash = "";
  return url.href;
}
