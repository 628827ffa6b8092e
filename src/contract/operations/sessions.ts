/** Sessions (contract/sessions). */
import Type from "typebox";
import { operation } from "../operation.ts";
import {
  CreatedSession,
  CreateSession,
  CreateSessionFromProfile,
  PaymentStarted,
  PaySession,
  Session,
  UpdateSession,
} from "../session.ts";
import { list, requiredText, text } from "../shapes.ts";
import { readCheckout, several, timeRange, waitSeconds, writeCheckout } from "./parameters.ts";

export const createSessionFromProfile = operation({
  id: "createSessionFromProfile",
  method: "POST",
  path: "/v1/sessions-profile",
  surface: "checkout",
  summary: "Start a sale: the named terminal prompts at once",
  description:
    "The payment profile's configuration is the base that the request's `configuration` overrides. The answer does " +
    "not wait for the card: the result comes by callback, or is read from the session's transaction.",
  access: writeCheckout,
  query: Type.Object({
    include_session: Type.Optional(Type.Boolean({ description: "Put the whole session in the answer" })),
  }),
  body: CreateSessionFromProfile,
  reply: CreatedSession,
  rejections: [
    "PROFILE_NOT_FOUND",
    "IN_PERSON_NOT_ENABLED",
    "NO_METHOD_ENABLED",
    "OTHER_METHODS_ENABLED",
    "STORE_FIELD_MISSING",
    "STORE_UNKNOWN",
    "STORE_NOT_ACTIVE",
    "TERMINAL_UNKNOWN",
    "TERMINAL_NOT_LINKED",
    "TERMINAL_NOT_ACTIVE",
    "TERMINAL_BUSY",
    "TERMINAL_CANNOT_AUTHORIZE",
    "TERMINAL_CANNOT_TAKE_PAYMENTS",
    "PAYOUT_DESTINATION_UNKNOWN",
    "PAYOUT_DESTINATION_NOT_LINKED",
    "PAYOUT_DESTINATION_NOT_ACTIVE",
    "CURRENCY_UNKNOWN",
    "CURRENCY_NOT_TAKEN",
    "CURRENCY_NOT_ENABLED",
    "AMOUNT_MISMATCH",
    "DUPLICATE_LINE_ID",
    "METADATA_KEY_RESERVED",
    "SPLITS_MISSING",
    "CALLBACK_ADDRESS_REFUSED",
    "EXPIRES_AT_PASSED",
    "IDEMPOTENCY_KEY_INVALID",
    "IDEMPOTENCY_KEY_REUSED",
  ],
});

export const createSession = operation({
  id: "createSession",
  method: "POST",
  path: "/v1/sessions",
  surface: "checkout",
  summary: "Start a sale with the whole configuration in the request",
  access: writeCheckout,
  query: createSessionFromProfile.query,
  body: CreateSession,
  reply: CreatedSession,
  rejections: createSessionFromProfile.rejections.filter((code) => code !== "PROFILE_NOT_FOUND"),
});

const sessionParams = Type.Object({ session_id: requiredText() });

export const updateSession = operation({
  id: "updateSession",
  method: "PUT",
  path: "/v1/sessions/{session_id}",
  surface: "checkout",
  summary: "Change a session's order before its payment begins",
  description: "In person the payment begins with the session, so this is for sessions with other methods beside it.",
  // The contract lists read:checkout for this write; write:checkout is taken as well (auth section 5).
  access: ["admin:checkout", "read:checkout", "write:checkout"],
  params: sessionParams,
  query: Type.Object({
    update_without_lock: Type.Optional(Type.Boolean()),
    force_shipping_address_callback: Type.Optional(Type.Boolean()),
  }),
  body: UpdateSession,
  reply: Session,
  rejections: ["SESSION_NOT_FOUND", "SESSION_STARTED", "AMOUNT_MISMATCH", "DUPLICATE_LINE_ID", "CURRENCY_UNKNOWN"],
});

export const paySession = operation({
  id: "paySession",
  method: "POST",
  path: "/v1/sessions/{session_id}/pay",
  surface: "checkout",
  summary: "Start the payment of a session that does not start by itself",
  access: writeCheckout,
  params: sessionParams,
  body: PaySession,
  reply: PaymentStarted,
  rejections: [
    "SESSION_NOT_FOUND",
    "SESSION_NOT_PAYABLE",
    "IN_PERSON_NOT_ENABLED",
    "STORE_FIELD_MISSING",
    "STORE_UNKNOWN",
    "STORE_NOT_ACTIVE",
    "TERMINAL_UNKNOWN",
    "TERMINAL_NOT_LINKED",
    "TERMINAL_NOT_ACTIVE",
    "TERMINAL_BUSY",
    "TERMINAL_CANNOT_AUTHORIZE",
    "TERMINAL_CANNOT_TAKE_PAYMENTS",
    "PAYOUT_DESTINATION_UNKNOWN",
    "PAYOUT_DESTINATION_NOT_LINKED",
    "PAYOUT_DESTINATION_NOT_ACTIVE",
    "CURRENCY_NOT_TAKEN",
    "CURRENCY_NOT_ENABLED",
  ],
});

export const readSession = operation({
  id: "readSession",
  method: "GET",
  path: "/v1/sessions/{session_id}",
  surface: "checkout",
  summary: "Read a session",
  access: readCheckout,
  params: sessionParams,
  query: Type.Object({
    includes: Type.Optional(
      several(
        Type.Enum(["events.request_headers", "initiating_system_request_headers"]),
        "Headers the session was asked for with",
      ),
    ),
    ...waitSeconds,
  }),
  reply: Session,
  rejections: ["SESSION_NOT_FOUND"],
});

export const cancelSession = operation({
  id: "cancelSession",
  method: "POST",
  path: "/v1/sessions/{session_id}/cancel",
  surface: "checkout",
  summary: "Call a payment off before the card is presented",
  description:
    "Asks the terminal and waits up to ten seconds. 200: called off, no money moved. 409: too late, the payment goes " +
    "on; or the terminal does not answer, and the cancel is kept, and acted on when it returns unless a card was approved first. Cancelling twice is 200.",
  access: writeCheckout,
  params: sessionParams,
  reply: Session,
  rejections: ["SESSION_NOT_FOUND", "SESSION_CANCEL_CONFLICT", "TERMINAL_UNREACHABLE"],
});

export const listSessions = operation({
  id: "listSessions",
  method: "GET",
  path: "/v1/sessions",
  surface: "checkout",
  summary: "List sessions, newest first",
  description: "A till that has lost its memory finds its sale by `terminal_id` and `open=true` (additive).",
  access: readCheckout,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The id of the last session received")),
    id: Type.Optional(several(text(), "Any of these")),
    transaction_id: Type.Optional(several(text(), "Any of these")),
    store_id: Type.Optional(several(text(), "Any of these")),
    "initiating_system.dintero_system_plugin_name": Type.Optional(several(text(), "Any of these")),
    ...timeRange("created_at"),
    search: Type.Optional(text("A reference, or `first last` of the customer")),
    payment_operation: Type.Optional(text("No in-person session has one")),
    terminal_id: Type.Optional(several(text(), "Any of these (additive)")),
    merchant_reference: Type.Optional(text("Exactly this one (additive)")),
    open: Type.Optional(
      Type.Boolean({ description: "true: its payment has not ended yet, UNKNOWN included (additive)" }),
    ),
  }),
  reply: list(Session),
  rejections: [],
});
