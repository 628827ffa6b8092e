/** Transactions (contract/transactions). */
import Type from "typebox";
import { operation } from "../operation.ts";
import { list, minorUnits, open, requiredText, text } from "../shapes.ts";
import { Capture, Refund, Transaction, TransactionStatus } from "../transaction.ts";
import { readCheckout, several, timeRange, waitSeconds, writeCheckout } from "./parameters.ts";

const transactionIncludes = Type.Enum([
  "card.payment_token",
  "card.recurrence_token",
  "session",
  "session.events.latest",
  "events.request_headers",
  "events.success.true",
  "initiating_system_request_headers",
]);

export const readTransaction = operation({
  id: "readTransaction",
  method: "GET",
  path: "/v1/transactions/{transaction_id}",
  surface: "checkout",
  summary: "Read a transaction",
  access: readCheckout,
  params: Type.Object({ transaction_id: requiredText() }),
  query: Type.Object({
    includes: Type.Optional(several(transactionIncludes, "What else to put in the answer")),
    ...waitSeconds,
  }),
  reply: Transaction,
  rejections: ["TRANSACTION_NOT_FOUND"],
});

export const listTransactions = operation({
  id: "listTransactions",
  method: "GET",
  path: "/v1/transactions",
  surface: "checkout",
  summary: "List transactions, newest first",
  access: readCheckout,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The id of the last transaction received")),
    id: Type.Optional(several(text(), "Any of these")),
    status: Type.Optional(several(TransactionStatus, "Any of these")),
    payment_product: Type.Optional(several(text(), "Any of these")),
    payment_product_type: Type.Optional(several(text(), "Any of these")),
    card_brand: Type.Optional(several(text(), "Any of these")),
    channel: Type.Optional(several(Type.Enum(["ecommerce", "in_app", "in_store"]), "Any of these")),
    terminal_id: Type.Optional(several(text(), "Any of these")),
    store_id: Type.Optional(several(text(), "Any of these")),
    currency: Type.Optional(several(text(), "Any of these")),
    merchant_reference: Type.Optional(text("Exactly this one")),
    merchant_reference_2: Type.Optional(text("Exactly this one")),
    session_id: Type.Optional(several(text(), "Any of these")),
    payout_destination_id: Type.Optional(text("The seller, of the order, of the store or of a line's splits")),
    payout_correlation_id: Type.Optional(several(text(), "Any of these, of any event")),
    customer_id: Type.Optional(text("Exactly this one")),
    token_id: Type.Optional(several(text(), "No in-person payment has one")),
    payment_operation: Type.Optional(text("No in-person payment has one")),
    amount: Type.Optional(minorUnits("Exactly this amount")),
    "amount.gte": Type.Optional(minorUnits("Not less")),
    "amount.lte": Type.Optional(minorUnits("Not more")),
    ...timeRange("created_at"),
    ...timeRange("captured_at"),
    ...timeRange("refunded_at"),
    search: Type.Optional(text("A transaction id, session id, reference, phone, email, or `first last`")),
    includes: Type.Optional(several(Type.Enum(["events.success.true"]), "Only successful events")),
  }),
  reply: list(Transaction),
  rejections: [],
});

export const updateTransaction = operation({
  id: "updateTransaction",
  method: "PUT",
  path: "/v1/transactions/{transaction_id}",
  surface: "checkout",
  summary: "Change a transaction's second reference; nothing else of it can be changed",
  access: writeCheckout,
  params: Type.Object({ transaction_id: requiredText() }),
  body: open({ merchant_reference_2: requiredText() }),
  reply: Transaction,
  rejections: ["TRANSACTION_NOT_FOUND"],
});

const transactionParams = Type.Object({ transaction_id: requiredText() });
const eventRequestId =
  "The header `event-request-id` is the request_id of the INITIATE event; the event that ends it carries it as " +
  "`correlation_request_id`. Read the transaction, or be called back with `report_event`.";

export const refundTransaction = operation({
  id: "refundTransaction",
  method: "POST",
  path: "/v1/transactions/{transaction_id}/refund",
  surface: "checkout",
  summary: "Refund a payment, wholly or in part: the cardholder approves it on a terminal",
  description:
    "Always 202 for a valid terminal, online or not, free or occupied. The amount is reserved, and the terminal asks " +
    `for the card for 120 seconds at most. ${eventRequestId} Send an Idempotency-Key: a repeated refund without one is ` +
    "a second refund.",
  access: writeCheckout,
  params: transactionParams,
  body: Refund,
  reply: Transaction,
  accepted: "always",
  rejections: [
    "TRANSACTION_NOT_FOUND",
    "NOT_CAPTURED",
    "REFUND_OF_UNKNOWN",
    "ALREADY_REFUNDED",
    "AMOUNT_NOT_POSITIVE",
    "REFUND_EXCEEDS_REMAINING",
    "DUPLICATE_LINE_ID",
    "LINE_UNKNOWN",
    "LINE_AMOUNT_EXCEEDED",
    "LINE_QUANTITY_EXCEEDED",
    "LINES_MISMATCH",
    "REFUND_TERMINAL_MISSING",
    "TERMINAL_UNKNOWN",
    "TERMINAL_OF_ANOTHER_SELLER",
    "TERMINAL_NOT_ACTIVE",
    "TERMINAL_CANNOT_REFUND",
    "CURRENCY_NOT_TAKEN",
    "OPERATION_METADATA_INVALID",
    "IDEMPOTENCY_KEY_INVALID",
    "IDEMPOTENCY_KEY_REUSED",
  ],
});

export const captureTransaction = operation({
  id: "captureTransaction",
  method: "POST",
  path: "/v1/transactions/{transaction_id}/capture",
  surface: "checkout",
  summary: "Capture an authorization, wholly or in part",
  description:
    "The terminal's host holds the money and is asked through the terminal. 200: captured. 202: it has not answered " +
    `within ten seconds; it is asked until it does. ${eventRequestId}`,
  access: writeCheckout,
  params: transactionParams,
  body: Capture,
  reply: Transaction,
  accepted: "sometimes",
  rejections: [
    "TRANSACTION_NOT_FOUND",
    "NOTHING_TO_CAPTURE",
    "AMOUNT_NOT_POSITIVE",
    "CAPTURE_EXCEEDS_REMAINING",
    "DUPLICATE_LINE_ID",
    "LINE_UNKNOWN",
    "LINE_AMOUNT_EXCEEDED",
    "LINE_QUANTITY_EXCEEDED",
    "LINES_MISMATCH",
    "OPERATION_METADATA_INVALID",
    "OPERATION_UNDER_WAY",
    "REFUSED_BY_HOST",
    "IDEMPOTENCY_KEY_INVALID",
    "IDEMPOTENCY_KEY_REUSED",
  ],
});

export const voidTransaction = operation({
  id: "voidTransaction",
  method: "POST",
  path: "/v1/transactions/{transaction_id}/void",
  surface: "checkout",
  summary: "Let an authorization go that nothing has been captured of",
  description:
    "The terminal's host holds the money and is asked through the terminal. 200: voided. 202: it has not answered " +
    `within ten seconds; it is asked until it does. ${eventRequestId}`,
  access: writeCheckout,
  params: transactionParams,
  reply: Transaction,
  accepted: "sometimes",
  rejections: [
    "TRANSACTION_NOT_FOUND",
    "NOTHING_TO_VOID",
    "VOID_AFTER_CAPTURE",
    "OPERATION_UNDER_WAY",
    "REFUSED_BY_HOST",
    "IDEMPOTENCY_KEY_INVALID",
    "IDEMPOTENCY_KEY_REUSED",
  ],
});
