/** How refusals and faults look on the wire: the HTTP status of every code, and one error body for all. */
import type { ErrorBody } from "../contract/shapes.ts";
import { Rejection, type RejectionCode } from "../domain/rejections.ts";
import { ConstraintRefusal, DatabaseUnavailable } from "../storage/database.ts";

export const statusOfRejection: Readonly<Record<RejectionCode, number>> = {
  INVALID_REQUEST_PARAMETER: 400,
  INVALID_JSON: 400,
  BODY_TOO_LARGE: 413,
  WEBSOCKET_REQUIRED: 426,
  UNSUPPORTED_MEDIA_TYPE: 415,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  INVALID_TOKEN: 401,
  INSUFFICIENT_SCOPE: 403,
  ACCOUNT_NOT_GRANTED: 403,
  INVALID_CLIENT: 401,
  AUDIENCE_NOT_GRANTED: 403,
  GRANT_TYPE_NOT_SUPPORTED: 400,
  TOO_MANY_ATTEMPTS: 429,
  CLIENT_NOT_FOUND: 404,
  CLIENT_ID_TAKEN: 409,
  CLIENT_UNKNOWN: 400,
  GRANT_NOT_FOUND: 404,
  AUDIENCE_OF_ANOTHER_ACCOUNT: 400,
  LAST_ADMINISTRATOR: 409,
  API_KEY_NOT_FOUND: 404,
  SESSION_NOT_FOUND: 404,
  TRANSACTION_NOT_FOUND: 404,
  INCIDENT_NOT_FOUND: 404,
  INCIDENT_DECIDED: 409,
  DECISION_NOT_ALLOWED: 400,
  TERMINAL_NOT_FOUND: 404,
  TERMINAL_OPERATION_NOT_FOUND: 404,
  TERMINAL_NOT_PAIRED: 400,
  OPERATION_NOT_SUPPORTED: 400,
  END_OF_DAY_TOO_EARLY: 409,
  SESSION_STARTED: 400,
  SESSION_NOT_PAYABLE: 400,
  IDEMPOTENCY_KEY_INVALID: 400,
  IDEMPOTENCY_KEY_REUSED: 409,
  PROFILE_NOT_FOUND: 400,
  IN_PERSON_NOT_ENABLED: 400,
  NO_METHOD_ENABLED: 400,
  OTHER_METHODS_ENABLED: 400,
  STORE_FIELD_MISSING: 400,
  TERMINAL_UNKNOWN: 400,
  TERMINAL_NOT_LINKED: 400,
  TERMINAL_NOT_ACTIVE: 400,
  TERMINAL_BUSY: 409,
  TERMINAL_UNREACHABLE: 409,
  TERMINAL_CANNOT_AUTHORIZE: 400,
  TERMINAL_CANNOT_TAKE_PAYMENTS: 400,
  STORE_UNKNOWN: 400,
  STORE_NOT_ACTIVE: 400,
  PAYOUT_DESTINATION_UNKNOWN: 400,
  PAYOUT_DESTINATION_NOT_LINKED: 400,
  PAYOUT_DESTINATION_NOT_ACTIVE: 400,
  CURRENCY_UNKNOWN: 400,
  CURRENCY_NOT_TAKEN: 400,
  AMOUNT_MISMATCH: 400,
  DUPLICATE_LINE_ID: 400,
  METADATA_KEY_RESERVED: 400,
  AMOUNT_NOT_POSITIVE: 400,
  NOT_CAPTURED: 400,
  REFUND_OF_UNKNOWN: 400,
  ALREADY_REFUNDED: 400,
  REFUND_EXCEEDS_REMAINING: 400,
  REFUND_TERMINAL_MISSING: 400,
  TERMINAL_OF_ANOTHER_SELLER: 400,
  TERMINAL_CANNOT_REFUND: 400,
  LINE_UNKNOWN: 400,
  LINE_AMOUNT_EXCEEDED: 400,
  LINE_QUANTITY_EXCEEDED: 400,
  LINES_MISMATCH: 400,
  OPERATION_METADATA_INVALID: 400,
  NOTHING_TO_CAPTURE: 400,
  CAPTURE_EXCEEDS_REMAINING: 400,
  NOTHING_TO_VOID: 400,
  VOID_AFTER_CAPTURE: 400,
  OPERATION_UNDER_WAY: 409,
  REFUSED_BY_HOST: 400,
  PAYOUT_DESTINATION_NOT_FOUND: 404,
  PAYOUT_DESTINATION_EXISTS: 409,
  BANK_ACCOUNT_NUMBER_INVALID: 400,
  CASE_DECISION_NOT_ALLOWED: 409,
  STORE_NOT_FOUND: 404,
  STORE_EXISTS: 409,
  STORE_HAS_OPEN_WORK: 409,
  STORE_HAS_TERMINALS: 409,
  SERIAL_NUMBER_TAKEN: 409,
  SERIAL_NUMBER_FIXED: 400,
  SIMULATED_SERIAL_WRONG: 400,
  DEVICE_MODEL_WRONG: 400,
  TERMINAL_NUMBERS_USED_UP: 409,
  TERMINAL_HAS_OPEN_WORK: 409,
  TERMINAL_STATUS_CONFLICT: 409,
  PAIRING_REFUSED: 400,
  PAIRING_PROOF_WRONG: 400,
  PAIRING_CODE_REFUSED: 400,
  PAIRING_NOT_FOUND: 404,
  PAIRING_TOO_OFTEN: 429,
  SPLITS_MISSING: 400,
  CALLBACK_ADDRESS_REFUSED: 400,
  EXPIRES_AT_PASSED: 400,
  SESSION_CANCEL_CONFLICT: 409,
  ACCOUNT_IS_LIVE: 400,
  SIMULATED_TERMINAL_NOT_FOUND: 404,
  NO_PROMPT: 409,
  PAYMENT_PROFILE_NOT_FOUND: 404,
  PROFILE_ID_TAKEN: 409,
  DEFAULT_PROFILE_STAYS: 400,
  CURRENCY_NOT_ENABLED: 400,
  SIGNATURE_NOT_FOUND: 404,
  USER_NOT_FOUND: 404,
  USER_EXISTS: 409,
  LAST_OWNER: 409,
  INVITATION_INVALID: 400,
  INVITATION_NOT_ACCEPTED: 400,
  ONE_TIME_CODE_WRONG: 401,
  INVALID_CREDENTIALS: 401,
  mfa_required: 403,
  MFA_TOKEN_INVALID: 401,
  REFRESH_TOKEN_INVALID: 401,
  TOO_MANY_TRIES: 429,
  SETTLEMENT_NOT_FOUND: 404,
  TEST_SETTLEMENT_OF_LIVE_ACCOUNT: 400,
  TRANSACTION_UNKNOWN: 400,
  NOTHING_TO_SETTLE: 400,
  STREAM_PLACE_UNKNOWN: 400,
  EVENTS_FORGOTTEN: 410,
  HOOK_NOT_FOUND: 404,
  HOOK_DELIVERY_NOT_FOUND: 404,
  HOOK_ADDRESS_REFUSED: 400,
  HOOK_LIMIT_REACHED: 409,
  SERVICE_UNAVAILABLE: 503,
  SERVER_STOPPING: 503,
  INTERNAL_ERROR: 500,
};

export interface Refusal {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Readonly<Record<string, string>>;
  /** A fault is ours: it is logged whole, and told without detail. */
  readonly fault: boolean;
}

export function refusalOf(error: unknown): Refusal {
  const rejection = error instanceof Rejection ? error : rejectionOf(error);
  const { code, message, errors, details, besides, facts } = rejection;
  const status = statusOfRejection[code];
  return {
    status,
    body: { error: { code, message, ...details, ...(errors.length > 0 ? { errors: [...errors] } : {}) }, ...besides },
    headers: headersOf(code, facts),
    fault: status >= 500,
  };
}

/** Whoever guesses is told when the next try is looked at. */
const tellsWhen: ReadonlySet<RejectionCode> = new Set(["TOO_MANY_ATTEMPTS", "TOO_MANY_TRIES", "PAIRING_TOO_OFTEN"]);

function headersOf(code: RejectionCode, facts: Rejection["facts"]): Record<string, string> {
  if (tellsWhen.has(code)) return { "retry-after": String(facts.retry_after_s) };
  if (code === "SERVICE_UNAVAILABLE") return { "retry-after": "2" };
  if (code === "METHOD_NOT_ALLOWED") return { allow: String(facts.allowed) };
  if (code === "WEBSOCKET_REQUIRED") return { upgrade: "websocket" };
  if (code === "INVALID_CLIENT") return { "www-authenticate": 'Basic realm="tapline"' };
  // No browser asks for a password at this one.
  if (statusOfRejection[code] === 401) return { "www-authenticate": "Bearer" };
  return {};
}

/** Errors of the web framework and of the database, in our words. */
function rejectionOf(error: unknown): Rejection {
  if (error instanceof DatabaseUnavailable) return new Rejection("SERVICE_UNAVAILABLE");
  if (error instanceof ConstraintRefusal) return new Rejection("INTERNAL_ERROR");
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new Rejection("BODY_TOO_LARGE", { limit_bytes: bodyMax_bytes });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new Rejection("UNSUPPORTED_MEDIA_TYPE", { content_type: "other than application/json" });
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new Rejection("INVALID_JSON", { reason: "its length is not what Content-Length says." });
    case "FST_ERR_MAX_PARAM_LENGTH":
    case "FST_ERR_BAD_URL":
      return new Rejection("INVALID_REQUEST_PARAMETER", { reason: "the path is not valid." });
    default:
      return new Rejection("INTERNAL_ERROR");
  }
}

/** A thousand order lines fit; a body of a megabyte is no order. */
export const bodyMax_bytes = 512 * 1024;
