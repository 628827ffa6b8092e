/**
 * Every refusal: its code, its sentence, and what to do about it. The error page is made from this table, and the HTTP
 * status of each stands in `http/refusals.ts`.
 *
 * A refusal is our "no" to a request. A declined card is not one: that is an outcome, and is answered with 200.
 */

import { apiKeyRejections } from "./api-key-rejections.ts";
import { clientRejections } from "./client-rejections.ts";
import { hookRejections } from "./hook-rejections.ts";
import { operationRejections } from "./operation-rejections.ts";
import { pairingRejections } from "./pairing-rejections.ts";
import { profileRejections } from "./profile-rejections.ts";
import { sellerRejections } from "./seller-rejections.ts";
import { settlementRejections } from "./settlement-rejections.ts";
import { streamRejections } from "./stream-rejections.ts";
import { terminalOperationRejections } from "./terminal-operation-rejections.ts";
import { terminalRejections } from "./terminal-rejections.ts";
import { userRejections } from "./user-rejections.ts";

interface RejectionRule {
  /** The sentence on the wire. `{name}` is replaced by a fact. */
  readonly sentence: string;
  readonly remedy: string;
}

export const rejections = {
  ...operationRejections,
  ...sellerRejections,
  ...clientRejections,
  ...apiKeyRejections,
  ...terminalRejections,
  ...profileRejections,
  ...terminalOperationRejections,
  ...userRejections,
  ...settlementRejections,
  ...pairingRejections,
  ...streamRejections,
  ...hookRejections,
  INVALID_REQUEST_PARAMETER: {
    sentence: "The request is not valid: {reason}",
    remedy: "Each entry of `errors` names a field and what was expected there. Mend them and send the request again.",
  },
  INVALID_JSON: {
    sentence: "The body is not valid JSON: {reason}",
    remedy: "Send one JSON document in UTF-8 with `Content-Type: application/json`.",
  },
  BODY_TOO_LARGE: {
    sentence: "The body is larger than {limit_bytes} bytes.",
    remedy: "Send less: an order rarely needs more than a few kilobytes.",
  },
  WEBSOCKET_REQUIRED: {
    sentence: "Terminals connect here, by WebSocket.",
    remedy: "Open a WebSocket to this address; docs/terminal-protocol.md says what is spoken over it.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    sentence: "Bodies of type {content_type} are not understood here.",
    remedy: "Send `Content-Type: application/json`.",
  },
  ROUTE_NOT_FOUND: {
    sentence: "There is no {method} {path} here.",
    remedy: "Compare the path with the API reference.",
  },
  METHOD_NOT_ALLOWED: {
    sentence: "{path} does not take {method}; it takes {allowed}.",
    remedy: "Use one of the methods in the `Allow` header.",
  },
  INVALID_TOKEN: {
    sentence: "Access forbidden: {reason}",
    remedy:
      "Ask for a token at `POST /v1/accounts/{aid}/auth/token` and send it as `Authorization: Bearer …`. An API key is " +
      "taken by the operations whose `security` names it, and by no others.",
  },
  INSUFFICIENT_SCOPE: {
    sentence: "The token lacks a scope for this: one of {scopes} is needed.",
    remedy:
      "Give the API client a grant with one of the scopes and ask for a new token. A user's scopes follow from their role.",
  },
  ACCOUNT_NOT_GRANTED: {
    sentence: "The token gives no access to account {account_id}.",
    remedy: "Use a token whose audience names the account in the path.",
  },
  INVALID_CLIENT: {
    sentence: "The client id or the client secret is wrong.",
    remedy: "Send `Authorization: Basic base64(client_id:client_secret)` of a client that belongs to the account.",
  },
  AUDIENCE_NOT_GRANTED: {
    sentence: "The client has no grant for the audience {audience}.",
    remedy:
      "Ask for the audience `…/v1/accounts/{aid}` with the account id of the path, and give the client a grant for it.",
  },
  GRANT_TYPE_NOT_SUPPORTED: {
    sentence:
      "The grant type {grant_type} is not served here; client_credentials, password, mfa-oob and refresh_token are.",
    remedy: "An API client uses `client_credentials`; a user `password`, then `mfa-oob`, and `refresh_token` later.",
  },
  TOO_MANY_ATTEMPTS: {
    sentence: "Too many wrong secrets. Try again in {retry_after_s} seconds.",
    remedy: "Wait for the seconds in `Retry-After`. The right secret is answered all the same.",
  },
  SESSION_NOT_FOUND: {
    sentence: "There is no session {session_id}.",
    remedy: "Use the `id` that the creation of the session answered, with a token of the same account.",
  },
  TRANSACTION_NOT_FOUND: {
    sentence: "There is no transaction {transaction_id}.",
    remedy: "Use the `transaction_id` of the session, with a token of the same account.",
  },
  INCIDENT_NOT_FOUND: {
    sentence: "There is no incident {incident_id}.",
    remedy: "Use an `id` of `GET /v1/admin/incidents`, with a token of the same account.",
  },
  INCIDENT_DECIDED: {
    sentence: "The incident {incident_id} has been decided already: {outcome}.",
    remedy: "A decision stands. Read the incident to see who made it, and why.",
  },
  DECISION_NOT_ALLOWED: {
    sentence: "The incident cannot be decided {outcome}; it can be decided {allowed}.",
    remedy:
      "A payment or a refund whose end is not known is decided `paid` or `not_paid`, a capture, void or lapse without an " +
      "answer `accepted` or `refused`; everything else is `settled`.",
  },
  TERMINAL_NOT_FOUND: {
    sentence: "There is no terminal {terminal_id}.",
    remedy: "Use the `terminal_id` answered when the terminal was registered, with a token of the same account.",
  },
  SESSION_STARTED: {
    sentence: "The session's payment has begun and can no longer be changed.",
    remedy: "Cancel the session and create another one.",
  },
  SESSION_NOT_PAYABLE: {
    sentence: "The session cannot be paid: {reason}",
    remedy: "Create a new session.",
  },
  IDEMPOTENCY_KEY_INVALID: {
    sentence: "An Idempotency-Key has 1 to 255 visible characters.",
    remedy: "Send a UUID, the same one whenever you repeat the same request.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    sentence: "The Idempotency-Key {key} was used for another request.",
    remedy: "Use a new key for each new request, and the same key only to repeat one word for word.",
  },
  PROFILE_NOT_FOUND: {
    sentence: "There is no payment profile {profile_id}.",
    remedy: "Use the `profile_id` of a payment profile of the account.",
  },
  IN_PERSON_NOT_ENABLED: {
    sentence: "In-person payments are not enabled on the account.",
    remedy: "The operator of the server enables in-person payments on the account first.",
  },
  NO_METHOD_ENABLED: {
    sentence:
      "Neither the payment profile nor the request enables seitatech.in_person, so there is nothing to pay with.",
    remedy: "Enable Seitatech In-Person Payments on the payment profile.",
  },
  OTHER_METHODS_ENABLED: {
    sentence: "seitatech.in_person must be the only enabled payment method of the session; also enabled: {methods}.",
    remedy: "Use a payment profile that enables in-person payments and nothing else.",
  },
  STORE_FIELD_MISSING: {
    sentence:
      "An in-person payment needs order.store.id, order.store.terminal_id and order.store.payout_destination_id together; missing: {missing}.",
    remedy: "Add the missing fields: they say which terminal is to prompt and who is to be paid.",
  },
  TERMINAL_UNKNOWN: {
    sentence: "There is no terminal {terminal_id}.",
    remedy: "Use the `terminal_id` answered when the terminal was registered, such as T12345678-T0292.",
  },
  TERMINAL_NOT_LINKED: {
    sentence: "The terminal {terminal_id} is not linked to the store {store_id}.",
    remedy: "Use the store that the terminal stands in, or move the terminal to this store.",
  },
  TERMINAL_NOT_ACTIVE: {
    sentence: "The terminal {terminal_id} is {status} and cannot take payments.",
    remedy: "A terminal takes payments when its status is ACTIVE: finish its activation first.",
  },
  TERMINAL_BUSY: {
    sentence: "The terminal {terminal_id} is busy with {occupant}.",
    remedy:
      "Wait until that has ended, or cancel it if it is a sale. The answer names it, or the sale that is being refunded.",
  },
  TERMINAL_UNREACHABLE: {
    sentence:
      "The terminal {terminal_id} does not answer. The cancel is kept, and acted on when it returns unless a card was approved first.",
    remedy: "Do not take other payment yet: read the session until its transaction has left INITIATED and UNKNOWN.",
  },
  TERMINAL_CANNOT_AUTHORIZE: {
    sentence: "The terminal {terminal_id} cannot authorize now and capture later.",
    remedy: "Leave `configuration.auto_capture` out, or set it to true.",
  },
  TERMINAL_CANNOT_TAKE_PAYMENTS: {
    sentence: "The terminal {terminal_id} does not take payments.",
    remedy: "Use a terminal whose software shows purchases.",
  },
  STORE_UNKNOWN: {
    sentence: "There is no store {store_id}.",
    remedy: "Use the `store_id` you gave the store when you created it, not the generated id.",
  },
  STORE_NOT_ACTIVE: {
    sentence: "The store {store_id} is {status}.",
    remedy: "Use a store that has not been deleted.",
  },
  PAYOUT_DESTINATION_UNKNOWN: {
    sentence: "There is no payout destination {payout_destination_id}.",
    remedy: "Use the `payout_destination_id` that the store is linked to.",
  },
  PAYOUT_DESTINATION_NOT_LINKED: {
    sentence: "The payout destination {payout_destination_id} is not the one that the store {store_id} is linked to.",
    remedy: "Use the `payout_destination_id` that the store is linked to.",
  },
  PAYOUT_DESTINATION_NOT_ACTIVE: {
    sentence: "The payout destination {payout_destination_id} is {case_status} and cannot be paid out to.",
    remedy: "A payout destination takes payments when its case_status is ACTIVE.",
  },
  CURRENCY_UNKNOWN: {
    sentence: "{currency} is not a currency of ISO 4217.",
    remedy: "Send three capital letters, such as NOK.",
  },
  CURRENCY_NOT_TAKEN: {
    sentence: "The terminal {terminal_id} does not take {currency}; it takes {currencies}.",
    remedy: "Send the amount in a currency that the terminal takes.",
  },
  AMOUNT_MISMATCH: {
    sentence: "order.amount is {amount}, but the items and the shipping option add up to {sum}.",
    remedy:
      "Checked only where the header Dintero-Feature-Toggles asks for strict-session-amounts. Send amounts that add up, " +
      "or set order.partial_payment when only a part of the order is paid here.",
  },
  DUPLICATE_LINE_ID: {
    sentence: "The line_id {line_id} stands on more than one item.",
    remedy: "Give each item a line_id of its own: refunds by line need it.",
  },
  METADATA_KEY_RESERVED: {
    sentence: "The metadata key {key} begins with the reserved prefix {prefix}.",
    remedy: "Begin your own keys with `ext_`.",
  },
  SPLITS_MISSING: {
    sentence: "An empty list of splits means that they come at capture, which does not go with auto_capture.",
    remedy: "Send the splits with the order, or set configuration.auto_capture to false.",
  },
  CALLBACK_ADDRESS_REFUSED: {
    sentence: "Callbacks cannot be sent to {url}: {reason}",
    remedy:
      "Use a public HTTPS address. A server may let others through: see TAPLINE_CALLBACK_ALLOW in docs/operating.md.",
  },
  EXPIRES_AT_PASSED: {
    sentence: "expires_at is {expires_at}, which has passed.",
    remedy: "Leave expires_at out, or send a time to come.",
  },
  SESSION_CANCEL_CONFLICT: {
    sentence: "The session can no longer be cancelled: {reason}",
    remedy:
      "Read the session's transaction: the payment goes on or has ended. A captured payment is given back by a refund.",
  },
  ACCOUNT_IS_LIVE: {
    sentence: "Simulated terminals exist on test accounts (T…) only.",
    remedy: "Use the test account.",
  },
  SIMULATED_TERMINAL_NOT_FOUND: {
    sentence: "There is no simulated terminal {terminal_id} running here.",
    remedy: "Use the terminal_id of a simulated terminal of the account; `TAPLINE_SIMULATORS=off` turns them all off.",
  },
  NO_PROMPT: {
    sentence: "The terminal {terminal_id} shows nothing to {action}; waited {waited_s} seconds for a prompt.",
    remedy: "Start a sale on the terminal first, then play the person in front of it.",
  },
  SERVICE_UNAVAILABLE: {
    sentence: "The server cannot reach its database just now.",
    remedy: "Try again in a few seconds. Read before you repeat: the request may have been carried out.",
  },
  SERVER_STOPPING: {
    sentence: "The server is stopping.",
    remedy: "Send requests to another server process, or again when this one is back.",
  },
  INTERNAL_ERROR: {
    sentence: "Something went wrong here. The request id finds it in the log.",
    remedy: "Report it with the request id. Read before you repeat: the request may have been carried out.",
  },
} satisfies Record<string, RejectionRule>;

export type RejectionCode = keyof typeof rejections;

/** A nested error of the contract's error body (errors-and-conventions section 1). */
export interface FieldError {
  readonly code: string;
  readonly description: string;
  readonly path: string[];
  readonly message: string;
}

export type RejectionFacts = Readonly<Record<string, string | number>>;

export class Rejection extends Error {
  readonly code: RejectionCode;
  readonly facts: RejectionFacts;
  readonly errors: readonly FieldError[];
  /** Members that stand beside `code` and `message` in the error, for programs. */
  details: Readonly<Record<string, string>> = {};

  /** `field` is the path of the field to blame, such as `order.store.terminal_id`; a list where a name may hold a dot. */
  constructor(code: RejectionCode, facts: RejectionFacts = {}, field?: string | readonly string[]) {
    super(sentenceOf(code, facts));
    this.code = code;
    this.facts = facts;
    this.errors = field === undefined ? [] : [fieldError(code, field, this.message)];
  }

  /** Members that stand beside `error`, where the contract has them. */
  besides: Readonly<Record<string, string>> = {};

  beside(members: Readonly<Record<string, string>>): this {
    this.besides = members;
    return this;
  }

  with(details: Readonly<Record<string, string>>): this {
    this.details = details;
    return this;
  }

  static ofFields(reason: string, errors: readonly FieldError[]): Rejection {
    const rejection = new Rejection("INVALID_REQUEST_PARAMETER", { reason });
    return Object.assign(rejection, { errors });
  }
}

export function fieldError(code: string, field: string | readonly string[], message: string): FieldError {
  const path = typeof field === "string" ? field.split(".") : [...field];
  return { code, description: `${path.join(".")}: ${message}`, path, message };
}

function sentenceOf(code: RejectionCode, facts: RejectionFacts): string {
  return rejections[code].sentence.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? `{${name}}`));
}
