/** Sessions: the wish to be paid (contract/sessions). */
import Type, { type Static } from "typebox";
import { dateTime, email, GiftCard, list, Order, open, requiredText, text, uri } from "./shapes.ts";

const Url = open({
  return_url: Type.String({
    format: "uri",
    minLength: 1,
    description: "Where a customer's browser would go. In person there is none; the schema requires it all the same",
  }),
  callback_url: Type.Optional(uri("Called with the result; its query carries the options")),
  merchant_terms_url: Type.Optional(uri()),
});

export const PublishEntry = open({
  channel: Type.Optional(text("`terminal` or `push`")),
  type: Type.Optional(text("`push` or `terminal`; both orders of the two words are taken")),
  id: Type.Optional(text()),
  status: Type.Optional(Type.Enum(["sent", "skipped", "failed"], { description: "`failed`: not pushed yet" })),
  expires_at: Type.Optional(dateTime("Until when a prompt that was not pushed yet stays valid")),
});
export type PublishEntry = Static<typeof PublishEntry>;

const PaymentProduct = open({
  type: Type.Optional(text()),
  enabled: Type.Optional(Type.Boolean()),
  payability: Type.Optional(text()),
});

export const Configuration = open({
  auto_capture: Type.Optional(Type.Boolean({ description: "In person, true unless said otherwise" })),
  channel: Type.Optional(Type.Enum(["ecommerce", "in_app", "in_store"])),
  publish: Type.Optional(list(PublishEntry)),
  active_payment_types: Type.Optional(open({ enabled: Type.Optional(Type.Boolean()) })),
  default_payment_type: Type.Optional(text()),
  seitatech: Type.Optional(
    open({
      type: Type.Optional(text()),
      enabled: Type.Optional(Type.Boolean()),
      in_person: Type.Optional(PaymentProduct),
    }),
  ),
  payout: Type.Optional(open({ dynamic_payout_destination_ids: Type.Optional(list(open({}))) })),
});
export type Configuration = Static<typeof Configuration>;

const Customer = open({
  customer_id: Type.Optional(text()),
  email: Type.Optional(email()),
  phone_number: Type.Optional(text("E.123 with a leading +")),
  tokens: Type.Optional(open({})),
  gift_cards: Type.Optional(list(GiftCard)),
});

export const Merchant = open({
  name: requiredText(),
  logo_url: Type.String({ format: "uri", minLength: 1 }),
  website: Type.Optional(text()),
  email: Type.Optional(email()),
  phone_number: Type.Optional(text()),
  merchant_category_code: Type.Optional(text()),
  platform_type: Type.Optional(Type.Enum(["aggregator", "marketplace"])),
  country: Type.Optional(text()),
  postal_code: Type.Optional(text()),
  postal_place: Type.Optional(text()),
  address_line: Type.Optional(text()),
  address_line_2: Type.Optional(text()),
});

export const Checkbox = open({
  id: requiredText(),
  label: requiredText(),
  checked: Type.Optional(Type.Boolean()),
  required: Type.Optional(Type.Boolean()),
  link: Type.Optional(open({ url: Type.String({ format: "uri", minLength: 1 }), text: requiredText() })),
});

export const Metadata = Type.Object(
  {},
  {
    additionalProperties: Type.Union([Type.String(), Type.Number()]),
    description: "Texts and numbers of your own; begin the keys with `ext_`",
  },
);

const sessionWish = {
  url: Url,
  order: Order,
  customer: Type.Optional(Customer),
  configuration: Type.Optional(Configuration),
  express: Type.Optional(open({})),
  merchant: Type.Optional(Merchant),
  expires_at: Type.Optional(dateTime("When the session stops being payable; 24 hours on unless said otherwise")),
  checkboxes: Type.Optional(list(Checkbox)),
  metadata: Type.Optional(Metadata),
};

export const CreateSessionFromProfile = open(
  {
    ...sessionWish,
    profile_id: Type.String({
      minLength: 1,
      pattern: "^\\S(.*\\S)?$",
      description: "The payment profile; its configuration is the base that `configuration` overrides",
    }),
  },
  "What is to be paid, where, and whom to tell",
);
export type CreateSessionFromProfile = Static<typeof CreateSessionFromProfile>;

export const CreateSession = open(
  { ...sessionWish, configuration: Configuration },
  "As from a profile, with the whole configuration in the request",
);
export type CreateSession = Static<typeof CreateSession>;

export const UpdateSession = open({
  order: Type.Partial(Order, { additionalProperties: true, description: "What is not sent stays as it is" }),
  remove_lock: Type.Optional(Type.Boolean()),
});

export const PaySession = open({
  payment: open({ payment_product_type: Type.Enum(["seitatech.in_person"]) }),
});

export const PaymentStarted = open({
  success: Type.Boolean(),
  actions: list(open({})),
});

export const SessionEvent = open({
  id: text("Decimal counter within the session"),
  created_at: dateTime(),
  name: Type.Enum([
    "INITIATED",
    "PUSH_NOTIFICATION_SENT",
    "AUTHORIZED",
    "COMPLETED",
    "DECLINED",
    "FAILED",
    "UNKNOWN",
    "CANCELLED",
    "AUTH_CALLBACK_SENT",
    "UPDATE_SESSION",
  ]),
  request_id: Type.Optional(text()),
  request_headers: Type.Optional(open({})),
  details: Type.Optional(open({})),
});
export type SessionEvent = Static<typeof SessionEvent>;
export type SessionEventName = SessionEvent["name"];

export const Session = open(
  {
    id: text("{aid}.{22 letters and digits}"),
    ...sessionWish,
    profile_id: Type.Optional(text()),
    created_at: dateTime(),
    updated_at: dateTime(),
    expires_at: dateTime(),
    transaction_id: Type.Optional(text("The one transaction of the session, from the moment the terminal is asked")),
    events: list(SessionEvent),
    cancelled_at: Type.Optional(dateTime()),
    cancelled_by: Type.Optional(text()),
    initiating_system_request_headers: Type.Optional(open({})),
  },
  "A session has no status: its events, `cancelled_at` and its transaction tell",
);
export type Session = Static<typeof Session>;

export const CreatedSession = open({
  id: text("{aid}.{22 letters and digits}"),
  url: uri("The session's page; nobody needs it in person"),
  publish: list(PublishEntry),
  session: Type.Optional(Session),
});
export type CreatedSession = Static<typeof CreatedSession>;
