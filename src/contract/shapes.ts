/** Shapes that several operations share. Where a member's source matters, the contract page is named beside it. */
import Type, { type Static, type TProperties } from "typebox";
import { accountIdPattern } from "../domain/ids.ts";
import { amountMax } from "../domain/money.ts";

/** An object that keeps members we do not know: they are stored and given back (field-clients). */
export const open = <P extends TProperties>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: true, ...(description === undefined ? {} : { description }) });

/** Any text. An empty one is allowed where the member is optional: clients in the field send them. */
export const text = (description?: string) => Type.String(description === undefined ? {} : { description });

export const requiredText = (description?: string) =>
  Type.String({ minLength: 1, ...(description === undefined ? {} : { description }) });

/** An address. Our `uri` and `email` formats take an empty text; a required one says `minLength: 1` besides. */
export const uri = (description?: string) =>
  Type.String({ format: "uri", ...(description === undefined ? {} : { description }) });

export const email = () => Type.String({ format: "email" });

export const dateTime = (description?: string) =>
  Type.String({ format: "date-time", ...(description === undefined ? {} : { description }) });

/** Minor units; may be negative on a discount line. */
export const minorUnits = (description: string) =>
  Type.Integer({ minimum: -amountMax - 1, maximum: amountMax, description });

export const amount = (description: string) => Type.Integer({ minimum: 1, maximum: amountMax, description });

export const list = <T extends Type.TSchema>(item: T) => Type.Array(item);

export const AccountId = Type.String({ pattern: accountIdPattern, description: "T or P and eight digits" });

/** Who made and changed it, of everything that is set up (management section 1). */
export const entityMembers = {
  created_at: dateTime(),
  created_by: Type.Optional(text()),
  updated_at: Type.Optional(dateTime()),
  updated_by: Type.Optional(text()),
  deleted_at: Type.Optional(dateTime()),
  deleted_by: Type.Optional(text()),
};

export const Address = open({
  first_name: Type.Optional(text()),
  last_name: Type.Optional(text()),
  address_line: Type.Optional(text()),
  address_line_2: Type.Optional(text()),
  co_address: Type.Optional(text()),
  business_name: Type.Optional(text()),
  postal_code: Type.Optional(text()),
  postal_place: Type.Optional(text()),
  country: Type.Optional(text("ISO 3166-1 alpha-2")),
  phone_number: Type.Optional(text("E.123 with a leading +")),
  email: Type.Optional(email()),
  latitude: Type.Optional(Type.Number()),
  longitude: Type.Optional(Type.Number()),
  comment: Type.Optional(text()),
  organization_number: Type.Optional(text()),
  organization_type: Type.Optional(text()),
  customer_reference: Type.Optional(text()),
  cost_center: Type.Optional(text()),
});

const storeFields = {
  name: Type.Optional(text()),
  business_name: Type.Optional(text()),
  chain: Type.Optional(text()),
  email: Type.Optional(email()),
  gln: Type.Optional(text()),
  organization_number: Type.Optional(text()),
  phone_number: Type.Optional(text()),
  mcc: Type.Optional(text("ISO 18245, four digits")),
  bax: Type.Optional(text()),
  address: Type.Optional(Address),
};

export const Store = open(
  {
    id: Type.Optional(text("The merchant's store_id, not the generated id")),
    terminal_id: Type.Optional(text("The terminal that prompts, e.g. T12345678-T0292 or T0292")),
    payout_destination_id: Type.Optional(text("The seller: the payout destination that the store is linked to")),
    ...storeFields,
  },
  "Where the payment happens. In person, `id`, `terminal_id` and `payout_destination_id` are required together.",
);

const DiscountLine = open({
  amount: Type.Optional(minorUnits("Discount")),
  percentage: Type.Optional(Type.Number()),
  discount_type: Type.Optional(
    Type.Enum(["customer", "periodic", "manual", "loyalty", "total", "employee", "external"]),
  ),
  discount_id: Type.Optional(text()),
  description: Type.Optional(text()),
  line_id: Type.Optional(Type.Number()),
});

export const OrderItem = open({
  id: Type.Optional(text("SKU")),
  line_id: Type.Optional(text("Unique among the items; refunds and captures name it")),
  description: Type.Optional(text()),
  quantity: Type.Optional(Type.Number({ description: "May be decimal" })),
  amount: Type.Optional(minorUnits("Total of the line, VAT and discounts included")),
  vat_amount: Type.Optional(minorUnits("For display")),
  vat: Type.Optional(Type.Number({ description: "Percent, at most two decimals" })),
  groups: Type.Optional(list(open({ id: requiredText(), name: Type.Optional(text()) }))),
  type: Type.Optional(Type.Enum(["physical", "digital", "service", "gift_card", "shipping", "surcharge"])),
  unit_volume: Type.Optional(Type.Number()),
  unit_weight: Type.Optional(Type.Number()),
  unit_dimensional_weight: Type.Optional(Type.Number()),
  splits: Type.Optional(list(open({ payout_destination_id: requiredText(), amount: minorUnits("Share of the line") }))),
  fee_split: Type.Optional(open({ type: Type.Enum(["proportional"]), destinations: Type.Optional(list(text())) })),
  thumbnail_url: Type.Optional(uri()),
  emd: Type.Optional(open({})),
  store: Type.Optional(Store),
  eligible_for_discount: Type.Optional(Type.Boolean()),
  discount_lines: Type.Optional(list(DiscountLine)),
});
export type OrderItem = Static<typeof OrderItem>;

/** A line of which some is captured or refunded. */
export const TakenLine = open({
  ...OrderItem.properties,
  line_id: requiredText("A line of the order"),
  amount: minorUnits("What of the line is captured or refunded"),
});
export type TakenLine = Static<typeof TakenLine>;

export const ShippingOption = open({
  id: requiredText(),
  line_id: requiredText(),
  amount: minorUnits("Shipping, VAT included"),
  title: requiredText(),
  operator: text(),
  vat: Type.Optional(Type.Number()),
  vat_amount: Type.Optional(minorUnits("For display")),
  description: Type.Optional(text()),
  delivery_method: Type.Optional(Type.Enum(["delivery", "pick_up", "unspecified", "none"])),
});

export type ShippingOption = Static<typeof ShippingOption>;

export const GiftCard = open({
  type: Type.Enum(["dintero.wallets"]),
  card_id: requiredText(),
  amount: minorUnits("Amount taken from the card"),
  masked_card_token: Type.Optional(text()),
});

export const Order = open({
  amount: amount("To pay, VAT and discounts included, in minor units: 39900 is 399.00 NOK"),
  currency: requiredText("ISO 4217"),
  // An index holds it whole: 500 characters are at most 2,000 bytes, and PostgreSQL's limit for a key is 2,704.
  merchant_reference: Type.String({
    minLength: 1,
    maxLength: 500,
    description: "Your reference of the order; duplicates are allowed",
  }),
  vat_amount: Type.Optional(minorUnits("For display")),
  merchant_reference_2: Type.Optional(text()),
  event_reference: Type.Optional(text("Default reference of capture and refund events")),
  payout_destination_id: Type.Optional(text("The seller the order belongs to")),
  partial_payment: Type.Optional(Type.Boolean({ description: "The amount may be lower than the sum of the items" })),
  items: Type.Optional(list(OrderItem)),
  shipping_option: Type.Optional(ShippingOption),
  shipping_address: Type.Optional(Address),
  billing_address: Type.Optional(Address),
  store: Type.Optional(Store),
  discount_lines: Type.Optional(list(DiscountLine)),
  discount_codes: Type.Optional(list(text())),
  gift_cards: Type.Optional(list(GiftCard)),
});
export type Order = Static<typeof Order>;

export const ErrorBody = Type.Object(
  {
    mfa_token: Type.Optional(text("With mfa_required: what the one-time code is sent with")),
    error: open({
      message: requiredText("For people"),
      code: Type.Optional(text("For programs; listed on the error page")),
      session_id: Type.Optional(text("With TERMINAL_BUSY: the sale that is open there, if it is yours")),
      merchant_reference: Type.Optional(text("With TERMINAL_BUSY: the reference of that sale")),
      errors: Type.Optional(
        list(
          open({
            code: text(),
            description: text("Field and expectation in one sentence"),
            path: list(text()),
            message: text(),
          }),
        ),
      ),
    }),
  },
  { description: "Every answer that is not a 2xx" },
);
export type ErrorBody = Static<typeof ErrorBody>;
