/** Transactions (contract/transactions). */
import Type from "typebox";
import { operation } from "../operation.ts";
import { list, open, requiredText, text } from "../shapes.ts";
import { Transaction, TransactionStatus } from "../transaction.ts";
import { readCheckout, several, timeRange, writeCheckout } from "./parameters.ts";

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
  query: Type.Object({ includes: Type.Optional(several(transactionIncludes, "What else to put in the answer")) }),
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
    amount: Type.Optional(Type.Integer({ description: "Exactly this amount" })),
    "amount.gte": Type.Optional(Type.Integer()),
    "amount.lte": Type.Optional(Type.Integer()),
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
