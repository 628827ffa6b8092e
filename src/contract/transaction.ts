/** Transactions: the money record, with its events (contract/transactions). */
import Type, { type Static } from "typebox";
import { Session } from "./session.ts";
import {
  Address,
  dateTime,
  list,
  minorUnits,
  OrderItem,
  open,
  ShippingOption,
  Store,
  TakenLine,
  text,
} from "./shapes.ts";

const statuses = [
  "INITIATED",
  "AUTHORIZED",
  "AUTHORIZATION_VOIDED",
  "CAPTURED",
  "PARTIALLY_CAPTURED",
  "PARTIALLY_CAPTURED_REFUNDED",
  "REFUNDED",
  "PARTIALLY_REFUNDED",
  "DECLINED",
  "FAILED",
  "UNKNOWN",
  "ON_HOLD",
] as const;

const SettlementStatus = Type.Enum(["NOT_SETTLED", "PENDING_SETTLEMENT", "PARTIALLY_SETTLED", "SETTLED"], {
  description:
    "NOT_SETTLED: nothing is captured. PENDING_SETTLEMENT: captured, and waiting for the day's settlement. " +
    "PARTIALLY_SETTLED: some of what was captured or paid back waits. SETTLED: none does",
});

export const TransactionStatus = Type.Enum([...statuses]);

export const Card = open({
  brand: Type.Optional(text("e.g. Visa")),
  masked_pan: Type.Optional(text("First six and last four digits, e.g. 476173******0416")),
  expiry_date: Type.Optional(text("MM/YYYY")),
  type: Type.Optional(text("Credit, Debit, Prepaid")),
  region: Type.Optional(text()),
  country: Type.Optional(text("ISO 3166-1")),
  product_platform: Type.Optional(text()),
  issuing_bank: Type.Optional(text()),
  acquirer_stan: Type.Optional(text()),
  acquirer_terminal_id: Type.Optional(text()),
  acquirer_transaction_time: Type.Optional(text()),
  payment_system_type: Type.Optional(text()),
  entry_method: Type.Optional(Type.Enum(["chip", "contactless", "magstripe"])),
});
export type Card = Static<typeof Card>;

const EventError = open({
  code: Type.Optional(text()),
  message: text(),
  type: Type.Optional(list(text())),
  result_code: Type.Optional(text()),
});

const EventSettlements = open(
  {
    events: list(
      open({
        settlement_id: text(),
        provider_reference: text(),
        event_correlation_id: Type.Optional(text("The payout_correlation_id of the CAPTURE or REFUND")),
        amount: minorUnits("capture - refund - fee"),
        capture: minorUnits("Captured"),
        refund: minorUnits("Paid back"),
        fee: minorUnits("0"),
      }),
    ),
    settlement_status: SettlementStatus,
  },
  "Of a SETTLEMENT: the captures and refunds that stand in a settlement now",
);

export const TransactionEvent = open({
  id: text("Decimal counter within the transaction"),
  event: Type.Enum([
    "INITIALIZE",
    "AUTHORIZE",
    "CAPTURE",
    "REFUND",
    "VOID",
    "INITIATE_REFUND",
    "INITIATE_VOID",
    "INITIATE_CAPTURE",
    "SETTLEMENT",
  ]),
  transaction_status: Type.Enum([...statuses], { description: "The state after the event" }),
  success: Type.Boolean(),
  amount: Type.Optional(minorUnits("Authorized, captured or refunded")),
  items: Type.Optional(list(OrderItem)),
  created_at: dateTime(),
  created_by: Type.Optional(text()),
  request_id: Type.Optional(text()),
  correlation_request_id: Type.Optional(text("The request_id of the INITIATE event that this one ends")),
  event_reference: Type.Optional(text()),
  metadata: Type.Optional(
    Type.Unsafe<Record<string, unknown>>(open({}, "Receipts and host data under `seitatech:*`, as texts")),
  ),
  error: Type.Optional(EventError),
  correction: Type.Optional(open({})),
  settlements: Type.Optional(EventSettlements),
  request_headers: Type.Optional(open({})),
});
export type TransactionEvent = Static<typeof TransactionEvent>;

const operationMembers = {
  items: Type.Optional(list(TakenLine)),
  metadata: Type.Optional(
    Type.Record(Type.String(), Type.String({ maxLength: 256 }), { description: "Keys begin with `ext_`" }),
  ),
};

export const Refund = open({
  amount: minorUnits("At least 1, and no more than was captured, less refunds made and under way"),
  terminal_id: Type.Optional(
    text("Required: the terminal where the cardholder approves. Any active one of the same seller will do"),
  ),
  reason: Type.Optional(text()),
  refund_reference: Type.Optional(text("Becomes the events' event_reference")),
  ...operationMembers,
});

export const Capture = open({
  amount: minorUnits("At least 1, and no more than is left of the authorization"),
  capture_reference: Type.Optional(text("Becomes the events' event_reference")),
  final_capture: Type.Optional(Type.Boolean({ description: "Not used in person: the rest lapses" })),
  ...operationMembers,
});

export const Transaction = open({
  id: text("{aid}.{22 letters and digits}"),
  payment_product: text(),
  payment_product_type: text(),
  amount: minorUnits("The whole amount; it never changes"),
  currency: text("ISO 4217"),
  status: TransactionStatus,
  channel: Type.Enum(["ecommerce", "in_app", "in_store"]),
  merchant_reference: text(),
  merchant_reference_2: Type.Optional(text()),
  payout_destination_id: Type.Optional(text()),
  settlement_status: SettlementStatus,
  customer: Type.Optional(open({})),
  shipping_address: Type.Optional(Address),
  billing_address: Type.Optional(Address),
  shipping_option: Type.Optional(ShippingOption),
  store: Type.Optional(Store),
  items: list(OrderItem),
  url: open({ redirect_url: Type.Optional(text()), callback_url: Type.Optional(text()) }),
  events: list(TransactionEvent),
  session_id: text(),
  session: Type.Optional(Session),
  card: Type.Optional(Card),
  metadata: Type.Optional(open({})),
  checkboxes: Type.Optional(list(open({}))),
  initiating_system_request_headers: Type.Optional(open({})),
  created_at: dateTime(),
  updated_at: dateTime(),
});
export type Transaction = Static<typeof Transaction>;
