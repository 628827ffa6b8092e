/** What the API takes and answers. Written by scripts/generate.ts from src/contract. */

export interface AccountConfiguration {
  merchant?: Merchant;
  payment_options?: PaymentOption[];
  payout?: {
    payment_products?: Record<string, unknown>[];
    [member: string]: unknown;
  };
  /** Where the account's days begin and end, such as Europe/Oslo: settlements are made for those (additive) */
  time_zone?: string;
  [member: string]: unknown;
}

/** T or P and eight digits */
export type AccountId = string;

export interface Address {
  first_name?: string;
  last_name?: string;
  address_line?: string;
  address_line_2?: string;
  co_address?: string;
  business_name?: string;
  postal_code?: string;
  postal_place?: string;
  /** ISO 3166-1 alpha-2 */
  country?: string;
  /** E.123 with a leading + */
  phone_number?: string;
  email?: string;
  latitude?: number;
  longitude?: number;
  comment?: string;
  organization_number?: string;
  organization_type?: string;
  customer_reference?: string;
  cost_center?: string;
  [member: string]: unknown;
}

export interface Capture {
  /** At least 1, and no more than is left of the authorization */
  amount: number;
  /** Becomes the events' event_reference */
  capture_reference?: string;
  /** Not used in person: the rest lapses */
  final_capture?: boolean;
  items?: TakenLine[];
  /** Keys begin with `ext_` */
  metadata?: Record<string, unknown>;
  [member: string]: unknown;
}

export interface Card {
  /** e.g. Visa */
  brand?: string;
  /** First six and last four digits, e.g. 476173******0416 */
  masked_pan?: string;
  /** MM/YYYY */
  expiry_date?: string;
  /** Credit, Debit, Prepaid */
  type?: string;
  region?: string;
  /** ISO 3166-1 */
  country?: string;
  product_platform?: string;
  issuing_bank?: string;
  acquirer_stan?: string;
  acquirer_terminal_id?: string;
  acquirer_transaction_time?: string;
  payment_system_type?: string;
  entry_method?: "chip" | "contactless" | "magstripe";
  [member: string]: unknown;
}

export interface Checkbox {
  id: string;
  label: string;
  checked?: boolean;
  required?: boolean;
  link?: {
    url: string;
    text: string;
    [member: string]: unknown;
  };
  [member: string]: unknown;
}

export interface Configuration {
  /** In person, true unless said otherwise */
  auto_capture?: boolean;
  channel?: "ecommerce" | "in_app" | "in_store";
  publish?: PublishEntry[];
  active_payment_types?: {
    enabled?: boolean;
    [member: string]: unknown;
  };
  default_payment_type?: string;
  seitatech?: {
    type?: string;
    enabled?: boolean;
    in_person?: {
      type?: string;
      enabled?: boolean;
      payability?: string;
      [member: string]: unknown;
    };
    [member: string]: unknown;
  };
  payout?: {
    dynamic_payout_destination_ids?: Record<string, unknown>[];
    [member: string]: unknown;
  };
  [member: string]: unknown;
}

export interface ConfiguredAccount {
  configuration: AccountConfiguration;
  created_at?: string;
  created_by?: string;
  updated_at?: string;
  updated_by?: string;
  [member: string]: unknown;
}

/** As from a profile, with the whole configuration in the request */
export interface CreateSession {
  url: {
    /** Where a customer's browser would go. In person there is none; the schema requires it all the same */
    return_url: string;
    /** Called with the result; its query carries the options */
    callback_url?: string;
    merchant_terms_url?: string;
    [member: string]: unknown;
  };
  order: Order;
  customer?: {
    customer_id?: string;
    email?: string;
    /** E.123 with a leading + */
    phone_number?: string;
    tokens?: Record<string, unknown>;
    gift_cards?: GiftCard[];
    [member: string]: unknown;
  };
  configuration: Configuration;
  express?: Record<string, unknown>;
  merchant?: Merchant;
  /** When the session stops being payable; 24 hours on unless said otherwise */
  expires_at?: string;
  checkboxes?: Checkbox[];
  metadata?: Metadata;
  [member: string]: unknown;
}

/** What is to be paid, where, and whom to tell */
export interface CreateSessionFromProfile {
  url: {
    /** Where a customer's browser would go. In person there is none; the schema requires it all the same */
    return_url: string;
    /** Called with the result; its query carries the options */
    callback_url?: string;
    merchant_terms_url?: string;
    [member: string]: unknown;
  };
  order: Order;
  customer?: {
    customer_id?: string;
    email?: string;
    /** E.123 with a leading + */
    phone_number?: string;
    tokens?: Record<string, unknown>;
    gift_cards?: GiftCard[];
    [member: string]: unknown;
  };
  configuration?: Configuration;
  express?: Record<string, unknown>;
  merchant?: Merchant;
  /** When the session stops being payable; 24 hours on unless said otherwise */
  expires_at?: string;
  checkboxes?: Checkbox[];
  metadata?: Metadata;
  /** The payment profile; its configuration is the base that `configuration` overrides */
  profile_id: string;
  [member: string]: unknown;
}

export interface CreatedSession {
  /** {aid}.{22 letters and digits} */
  id: string;
  /** The session's page; nobody needs it in person */
  url: string;
  publish: PublishEntry[];
  session?: Session;
  [member: string]: unknown;
}

/**
 * PENDING: to be sent, or sent again. DELIVERED: answered 2xx. REFUSED: the receiver does not want it, or its
 * subscription was deleted. EXHAUSTED: every try has failed
 */
export type DeliveryStatus = "PENDING" | "DELIVERED" | "REFUSED" | "EXHAUSTED";

/** Every answer that is not a 2xx */
export interface ErrorBody {
  /** With mfa_required: what the one-time code is sent with */
  mfa_token?: string;
  error: {
    /** For people */
    message: string;
    /** For programs; listed on the error page */
    code?: string;
    /** With TERMINAL_BUSY: the sale that is open there, if it is yours */
    session_id?: string;
    /** With TERMINAL_BUSY: the reference of that sale */
    merchant_reference?: string;
    errors?: {
      code: string;
      /** Field and expectation in one sentence */
      description: string;
      path: string[];
      message: string;
      [member: string]: unknown;
    }[];
    [member: string]: unknown;
  };
}

/** What has happened; the member named after its subject says how that stood then */
export interface EventMessage {
  account_id: AccountId;
  /** Its type */
  event: string;
  /** In a webhook: the delivery's id */
  event_delivery?: string;
  /** The same for everybody who is told, however often */
  event_id: string;
  /** When it happened */
  event_time: string;
  /** Of `checkout_transaction`: counts what was told of the transaction, without a gap */
  sequence?: number;
  /** With `checkout_transaction`: how it stood then */
  transaction?: Record<string, unknown>;
  /** With `prompt_…` */
  prompt?: Record<string, unknown>;
  [member: string]: unknown;
}

export interface GiftCard {
  type: "dintero.wallets";
  card_id: string;
  /** Amount taken from the card */
  amount: number;
  masked_card_token?: string;
  [member: string]: unknown;
}

export interface Health {
  status: string;
  [member: string]: unknown;
}

export interface Hook {
  /** A UUID */
  id: string;
  config: {
    /** Where messages are posted to: a public address; no placeholder, and not this server */
    url: string;
    content_type?: "application/json";
    /** 1: the receiver's certificate is not verified */
    insecure_ssl?: number;
    /** Its kind; never its value */
    secret?: {
      type: HookSecretType;
      [member: string]: unknown;
    };
    [member: string]: unknown;
  };
  /** What it is told of; see docs/webhooks.md for all there is */
  events: string[];
  /** false: it is told of nothing but pings */
  active?: boolean;
  /** What a message shows, from its root: `a,b`, `a/b`, `a(b,c)`; `*` is any name. All of it if left out */
  fields?: string;
  /** What a message leaves out: a name, wherever it stands, or a path from the root such as `a/b` */
  exclude_fields?: string[];
  created_at: string;
  created_by?: string;
  updated_at?: string;
  updated_by?: string;
  deleted_at?: string;
  deleted_by?: string;
  /** Until then messages are signed with the signing secret before as well (additive) */
  former_until?: string;
  /** Since then what comes is kept, and not sent (additive) */
  paused_at?: string;
  /** The client, or `tapline` where the receiver failed too often (additive) */
  paused_by?: string;
  /** Tries that failed one after the other (additive) */
  failures: number;
  /** What waits to be sent, or to be sent again (additive) */
  pending_deliveries: number;
  [member: string]: unknown;
}

export interface HookDelivery {
  /** A UUID, the same at every try */
  id: string;
  /** As the header `event-delivery` and the message say it: the same as `id` */
  event_delivery: string;
  created_at: string;
  /** The HTTP status of the last answer, once there is one */
  status?: number;
  delivery_status: DeliveryStatus;
  /** The event's type (additive) */
  event: string;
  /** The event's id (additive) */
  event_id: string;
  /** Tries that count against the limit (additive) */
  attempts: number;
  /** When it is sent next, of one that is PENDING (additive) */
  due_at?: string;
  /** (additive) */
  finished_at?: string;
  [member: string]: unknown;
}

export interface HookDeliveryDetail {
  /** A UUID, the same at every try */
  id: string;
  /** As the header `event-delivery` and the message say it: the same as `id` */
  event_delivery: string;
  created_at: string;
  /** The HTTP status of the last answer, once there is one */
  status?: number;
  delivery_status: DeliveryStatus;
  /** The event's type (additive) */
  event: string;
  /** The event's id (additive) */
  event_id: string;
  /** Tries that count against the limit (additive) */
  attempts: number;
  /** When it is sent next, of one that is PENDING (additive) */
  due_at?: string;
  /** (additive) */
  finished_at?: string;
  url: string;
  /** As it was last sent, or will be */
  request: {
    /** By their names in lower case */
    headers: Record<string, unknown>;
    /** The message */
    body: Record<string, unknown>;
    [member: string]: unknown;
  };
  /** The last answer, once there is one */
  response?: {
    /** By their names in lower case */
    headers: Record<string, unknown>;
    /** Its beginning */
    body: string;
    [member: string]: unknown;
  };
  /** Of the last try, once there is one */
  details?: {
    delivery_at: string;
    /** Milliseconds */
    delivery_duration: number;
    delivery_success: boolean;
    [member: string]: unknown;
  };
  tries: {
    delivery_at: string;
    /** Milliseconds */
    delivery_duration: number;
    delivery_success: boolean;
    /** The HTTP status of the answer */
    status?: number;
    /** Why there was no answer */
    problem?: string;
    [member: string]: unknown;
  }[];
  [member: string]: unknown;
}

export type HookSecretType = "HMAC-SHA1" | "AWS4-HMAC-SHA256" | "Authorization";

export interface HookWithSecret {
  /** A UUID */
  id: string;
  config: {
    /** Where messages are posted to: a public address; no placeholder, and not this server */
    url: string;
    content_type?: "application/json";
    /** 1: the receiver's certificate is not verified */
    insecure_ssl?: number;
    /** Its kind; never its value */
    secret?: {
      type: HookSecretType;
      [member: string]: unknown;
    };
    [member: string]: unknown;
  };
  /** What it is told of; see docs/webhooks.md for all there is */
  events: string[];
  /** false: it is told of nothing but pings */
  active?: boolean;
  /** What a message shows, from its root: `a,b`, `a/b`, `a(b,c)`; `*` is any name. All of it if left out */
  fields?: string;
  /** What a message leaves out: a name, wherever it stands, or a path from the root such as `a/b` */
  exclude_fields?: string[];
  created_at: string;
  created_by?: string;
  updated_at?: string;
  updated_by?: string;
  deleted_at?: string;
  deleted_by?: string;
  /** Until then messages are signed with the signing secret before as well (additive) */
  former_until?: string;
  /** Since then what comes is kept, and not sent (additive) */
  paused_at?: string;
  /** The client, or `tapline` where the receiver failed too often (additive) */
  paused_by?: string;
  /** Tries that failed one after the other (additive) */
  failures: number;
  /** What waits to be sent, or to be sent again (additive) */
  pending_deliveries: number;
  /**
   * What messages are signed with in the Standard Webhooks form: `whsec_` and 32 bytes in base64. Shown in this answer
   * and nowhere again (additive)
   */
  signing_secret: string;
  [member: string]: unknown;
}

/** The public keys that tokens are checked with */
export interface JsonWebKeySet {
  keys: Record<string, unknown>[];
  [member: string]: unknown;
}

export interface Merchant {
  name: string;
  logo_url: string;
  website?: string;
  email?: string;
  phone_number?: string;
  merchant_category_code?: string;
  platform_type?: "aggregator" | "marketplace";
  country?: string;
  postal_code?: string;
  postal_place?: string;
  address_line?: string;
  address_line_2?: string;
  [member: string]: unknown;
}

/** Texts and numbers of your own; begin the keys with `ext_` */
export type Metadata = Record<string, string | number>;

export interface NewHook {
  config: {
    /** Where messages are posted to: a public address; no placeholder, and not this server */
    url: string;
    content_type?: "application/json";
    /** 1: the receiver's certificate is not verified */
    insecure_ssl?: number;
    /** What messages are signed with besides, or shown as `Authorization` */
    secret?: {
      type: HookSecretType;
      /** Of HMAC-SHA1 and Authorization */
      value?: string;
      /** Of AWS4-HMAC-SHA256, as the next three */
      aws_access_key_id?: string;
      aws_secret_access_key?: string;
      region?: string;
      service?: string;
      [member: string]: unknown;
    };
    [member: string]: unknown;
  };
  /** What it is told of; see docs/webhooks.md for all there is */
  events: string[];
  /** false: it is told of nothing but pings */
  active?: boolean;
  /** What a message shows, from its root: `a,b`, `a/b`, `a(b,c)`; `*` is any name. All of it if left out */
  fields?: string;
  /** What a message leaves out: a name, wherever it stands, or a path from the root such as `a/b` */
  exclude_fields?: string[];
  [member: string]: unknown;
}

/** What a sale begins with: the request's own `configuration` overrides it */
export interface NewPaymentProfile {
  /** Yours to choose; generated where it is left out. No spaces around it */
  profile_id?: string;
  /** What it is for, to be told apart by people */
  description: string;
  configuration: Configuration;
  merchant?: Merchant;
  url?: {
    merchant_terms_url?: string;
    [member: string]: unknown;
  };
  checkboxes?: Checkbox[];
  [member: string]: unknown;
}

export interface Order {
  /** To pay, VAT and discounts included, in minor units: 39900 is 399.00 NOK */
  amount: number;
  /** ISO 4217 */
  currency: string;
  /** Your reference of the order; duplicates are allowed */
  merchant_reference: string;
  /** For display */
  vat_amount?: number;
  merchant_reference_2?: string;
  /** Default reference of capture and refund events */
  event_reference?: string;
  /** The seller the order belongs to */
  payout_destination_id?: string;
  /** The amount may be lower than the sum of the items */
  partial_payment?: boolean;
  items?: OrderItem[];
  shipping_option?: ShippingOption;
  shipping_address?: Address;
  billing_address?: Address;
  store?: Store;
  discount_lines?: {
    /** Discount */
    amount?: number;
    percentage?: number;
    discount_type?: "customer" | "periodic" | "manual" | "loyalty" | "total" | "employee" | "external";
    discount_id?: string;
    description?: string;
    line_id?: number;
    [member: string]: unknown;
  }[];
  discount_codes?: string[];
  gift_cards?: GiftCard[];
  [member: string]: unknown;
}

export interface OrderItem {
  /** SKU */
  id?: string;
  /** Unique among the items; refunds and captures name it */
  line_id?: string;
  description?: string;
  /** May be decimal */
  quantity?: number;
  /** Total of the line, VAT and discounts included */
  amount?: number;
  /** For display */
  vat_amount?: number;
  /** Percent, at most two decimals */
  vat?: number;
  groups?: {
    id: string;
    name?: string;
    [member: string]: unknown;
  }[];
  type?: "physical" | "digital" | "service" | "gift_card" | "shipping" | "surcharge";
  unit_volume?: number;
  unit_weight?: number;
  unit_dimensional_weight?: number;
  splits?: {
    payout_destination_id: string;
    /** Share of the line */
    amount: number;
    [member: string]: unknown;
  }[];
  fee_split?: {
    type: "proportional";
    destinations?: string[];
    [member: string]: unknown;
  };
  thumbnail_url?: string;
  emd?: Record<string, unknown>;
  store?: Store;
  eligible_for_discount?: boolean;
  discount_lines?: {
    /** Discount */
    amount?: number;
    percentage?: number;
    discount_type?: "customer" | "periodic" | "manual" | "loyalty" | "total" | "employee" | "external";
    discount_id?: string;
    description?: string;
    line_id?: number;
    [member: string]: unknown;
  }[];
  [member: string]: unknown;
}

export interface PaySession {
  payment: {
    payment_product_type: "seitatech.in_person";
    [member: string]: unknown;
  };
  [member: string]: unknown;
}

/** A way the account may be paid. All but `seitatech.in_person` are kept and given back, and not acted on */
export interface PaymentOption {
  /** `seitatech.in_person`: in-person payments are enabled on the account */
  type: string;
  currencies?: string[];
  details?: {
    /** Shown where `includes=credentials` asks for it */
    credentials?: Record<string, unknown>;
    [member: string]: unknown;
  };
  [member: string]: unknown;
}

/** A payment profile */
export interface PaymentProfile {
  /** The same as profile_id */
  id: string;
  profile_id: string;
  /** What it is for, to be told apart by people */
  description: string;
  configuration: Configuration;
  merchant?: Merchant;
  url?: {
    merchant_terms_url?: string;
    [member: string]: unknown;
  };
  checkboxes?: Checkbox[];
  created_at: string;
  created_by?: string;
  updated_at?: string;
  updated_by?: string;
  deleted_at?: string;
  deleted_by?: string;
  [member: string]: unknown;
}

export interface PaymentStarted {
  success: boolean;
  actions: Record<string, unknown>[];
  [member: string]: unknown;
}

export interface PersonCommand {
  /**
   * tap: present a card that is approved (by amount); decline: present a card that the issuer declines; cancel: press
   * the red key; offline, online: pull and plug the network; auto, manual: who answers from now on
   */
  action: "tap" | "decline" | "cancel" | "offline" | "online" | "auto" | "manual";
  [member: string]: unknown;
}

export interface PublishEntry {
  /** `terminal` or `push` */
  channel?: string;
  /** `push` or `terminal`; both orders of the two words are taken */
  type?: string;
  id?: string;
  /** `failed`: not pushed yet */
  status?: "sent" | "skipped" | "failed";
  /** Until when a prompt that was not pushed yet stays valid */
  expires_at?: string;
  [member: string]: unknown;
}

export interface PutAccountConfiguration {
  configuration: AccountConfiguration;
  [member: string]: unknown;
}

export interface Redelivered {
  /** How many are sent again; at most 1000 */
  redelivered: number;
  /** There are more: send the same request with this to go on */
  starting_after?: string;
  [member: string]: unknown;
}

export interface Redelivery {
  /** Deliveries that were made then or later */
  from: string;
  /** and not after */
  to?: string;
  /** Any of these; all that have ended if left out */
  delivery_status?: ("DELIVERED" | "REFUSED" | "EXHAUSTED")[];
  /** Where the call before left off: its `starting_after` */
  starting_after?: string;
  [member: string]: unknown;
}

export interface Refund {
  /** At least 1, and no more than was captured, less refunds made and under way */
  amount: number;
  /** Required: the terminal where the cardholder approves. Any active one of the same seller will do */
  terminal_id?: string;
  reason?: string;
  /** Becomes the events' event_reference */
  refund_reference?: string;
  items?: TakenLine[];
  /** Keys begin with `ext_` */
  metadata?: Record<string, unknown>;
  [member: string]: unknown;
}

/** A session has no status: its events, `cancelled_at` and its transaction tell */
export interface Session {
  /** {aid}.{22 letters and digits} */
  id: string;
  url: {
    /** Where a customer's browser would go. In person there is none; the schema requires it all the same */
    return_url: string;
    /** Called with the result; its query carries the options */
    callback_url?: string;
    merchant_terms_url?: string;
    [member: string]: unknown;
  };
  order: Order;
  customer?: {
    customer_id?: string;
    email?: string;
    /** E.123 with a leading + */
    phone_number?: string;
    tokens?: Record<string, unknown>;
    gift_cards?: GiftCard[];
    [member: string]: unknown;
  };
  configuration?: Configuration;
  express?: Record<string, unknown>;
  merchant?: Merchant;
  expires_at: string;
  checkboxes?: Checkbox[];
  metadata?: Metadata;
  profile_id?: string;
  created_at: string;
  updated_at: string;
  /** The one transaction of the session, from the moment the terminal is asked */
  transaction_id?: string;
  events: SessionEvent[];
  cancelled_at?: string;
  cancelled_by?: string;
  initiating_system_request_headers?: Record<string, unknown>;
  [member: string]: unknown;
}

export interface SessionEvent {
  /** Decimal counter within the session */
  id: string;
  created_at: string;
  name:
    | "INITIATED"
    | "PUSH_NOTIFICATION_SENT"
    | "AUTHORIZED"
    | "COMPLETED"
    | "DECLINED"
    | "FAILED"
    | "UNKNOWN"
    | "CANCELLED"
    | "AUTH_CALLBACK_SENT"
    | "UPDATE_SESSION";
  request_id?: string;
  request_headers?: Record<string, unknown>;
  details?: Record<string, unknown>;
  [member: string]: unknown;
}

export interface ShippingOption {
  id: string;
  line_id: string;
  /** Shipping, VAT included */
  amount: number;
  title: string;
  operator: string;
  vat?: number;
  /** For display */
  vat_amount?: number;
  description?: string;
  delivery_method?: "delivery" | "pick_up" | "unspecified" | "none";
  [member: string]: unknown;
}

export interface SignatureSecret {
  id: string;
  created_at: string;
  created_by: string;
  signature: {
    type: "v0-hmac-sha256";
    /** The key of the HMAC in the header `Dintero-Signature` */
    secret: string;
    [member: string]: unknown;
  };
  [member: string]: unknown;
}

export interface SigningSecretRotation {
  /** How many seconds the secret before signs as well */
  overlap_s?: number;
  [member: string]: unknown;
}

export interface SimulatedTerminalState {
  terminal_id: string;
  /** auto: answers by itself, by amount */
  mode: "auto" | "manual";
  network: "online" | "offline";
  screen: {
    /** What the display says */
    text: string;
    prompt_id?: string;
    amount?: number;
    currency?: string;
    [member: string]: unknown;
  };
  [member: string]: unknown;
}

/** Where the payment happens. In person, `id`, `terminal_id` and `payout_destination_id` are required together. */
export interface Store {
  /** The merchant's store_id, not the generated id */
  id?: string;
  /** The terminal that prompts, e.g. T12345678-T0292 or T0292 */
  terminal_id?: string;
  /** The seller: the payout destination that the store is linked to */
  payout_destination_id?: string;
  name?: string;
  business_name?: string;
  chain?: string;
  email?: string;
  gln?: string;
  organization_number?: string;
  phone_number?: string;
  /** ISO 18245, four digits */
  mcc?: string;
  bax?: string;
  address?: Address;
  [member: string]: unknown;
}

export interface TakenLine {
  /** SKU */
  id?: string;
  /** A line of the order */
  line_id: string;
  description?: string;
  /** May be decimal */
  quantity?: number;
  /** What of the line is captured or refunded */
  amount: number;
  /** For display */
  vat_amount?: number;
  /** Percent, at most two decimals */
  vat?: number;
  groups?: {
    id: string;
    name?: string;
    [member: string]: unknown;
  }[];
  type?: "physical" | "digital" | "service" | "gift_card" | "shipping" | "surcharge";
  unit_volume?: number;
  unit_weight?: number;
  unit_dimensional_weight?: number;
  splits?: {
    payout_destination_id: string;
    /** Share of the line */
    amount: number;
    [member: string]: unknown;
  }[];
  fee_split?: {
    type: "proportional";
    destinations?: string[];
    [member: string]: unknown;
  };
  thumbnail_url?: string;
  emd?: Record<string, unknown>;
  store?: Store;
  eligible_for_discount?: boolean;
  discount_lines?: {
    /** Discount */
    amount?: number;
    percentage?: number;
    discount_type?: "customer" | "periodic" | "manual" | "loyalty" | "total" | "employee" | "external";
    discount_id?: string;
    description?: string;
    line_id?: number;
    [member: string]: unknown;
  }[];
  [member: string]: unknown;
}

export interface Token {
  /** A signed JWT; send it as `Authorization: Bearer …` */
  access_token: string;
  token_type: "Bearer";
  /** Seconds */
  expires_in: number;
  /** For a user: good for one use, and no longer than 30 days after they signed in */
  refresh_token?: string;
  [member: string]: unknown;
}

export interface TokenRequest {
  /** `client_credentials` for an API client; `password`, `mfa-oob` and `refresh_token` for a user */
  grant_type: string;
  /** A name ending in /v1/accounts/{aid}; whatever host it names. An API client must send it */
  audience?: string;
  /** With `password`: the user's email address */
  username?: string;
  /** With `password` */
  password?: string;
  /** With `mfa-oob`: of the answer to `password`; or in the Bearer header */
  mfa_token?: string;
  /** With `mfa-oob`: the six digits that the authenticator shows */
  otp?: string;
  /** The same as `otp` */
  oob_code?: string;
  /** With `refresh_token` */
  refresh_token?: string;
  [member: string]: unknown;
}

export interface Transaction {
  /** {aid}.{22 letters and digits} */
  id: string;
  payment_product: string;
  payment_product_type: string;
  /** The whole amount; it never changes */
  amount: number;
  /** ISO 4217 */
  currency: string;
  status: TransactionStatus;
  channel: "ecommerce" | "in_app" | "in_store";
  merchant_reference: string;
  merchant_reference_2?: string;
  payout_destination_id?: string;
  /**
   * NOT_SETTLED: nothing is captured. PENDING_SETTLEMENT: captured, and waiting for the day's settlement.
   * PARTIALLY_SETTLED: some of what was captured or paid back waits. SETTLED: none does
   */
  settlement_status: "NOT_SETTLED" | "PENDING_SETTLEMENT" | "PARTIALLY_SETTLED" | "SETTLED";
  customer?: Record<string, unknown>;
  shipping_address?: Address;
  billing_address?: Address;
  shipping_option?: ShippingOption;
  store?: Store;
  items: OrderItem[];
  url: {
    redirect_url?: string;
    callback_url?: string;
    [member: string]: unknown;
  };
  events: TransactionEvent[];
  session_id: string;
  session?: Session;
  card?: Card;
  metadata?: Record<string, unknown>;
  checkboxes?: Record<string, unknown>[];
  initiating_system_request_headers?: Record<string, unknown>;
  created_at: string;
  updated_at: string;
  [member: string]: unknown;
}

export interface TransactionEvent {
  /** Decimal counter within the transaction */
  id: string;
  event:
    | "INITIALIZE"
    | "AUTHORIZE"
    | "CAPTURE"
    | "REFUND"
    | "VOID"
    | "INITIATE_REFUND"
    | "INITIATE_VOID"
    | "INITIATE_CAPTURE"
    | "SETTLEMENT";
  /** The state after the event */
  transaction_status: TransactionStatus;
  success: boolean;
  /** Authorized, captured or refunded */
  amount?: number;
  items?: OrderItem[];
  created_at: string;
  created_by?: string;
  request_id?: string;
  /** The request_id of the INITIATE event that this one ends */
  correlation_request_id?: string;
  event_reference?: string;
  /** Receipts and host data under `seitatech:*`, as texts */
  metadata?: Record<string, unknown>;
  error?: {
    code?: string;
    message: string;
    type?: string[];
    result_code?: string;
    [member: string]: unknown;
  };
  correction?: Record<string, unknown>;
  /** Of a SETTLEMENT: the captures and refunds that stand in a settlement now */
  settlements?: {
    events: {
      settlement_id: string;
      provider_reference: string;
      /** The payout_correlation_id of the CAPTURE or REFUND */
      event_correlation_id?: string;
      /** capture - refund - fee */
      amount: number;
      /** Captured */
      capture: number;
      /** Paid back */
      refund: number;
      /** 0 */
      fee: number;
      [member: string]: unknown;
    }[];
    /**
     * NOT_SETTLED: nothing is captured. PENDING_SETTLEMENT: captured, and waiting for the day's settlement.
     * PARTIALLY_SETTLED: some of what was captured or paid back waits. SETTLED: none does
     */
    settlement_status: "NOT_SETTLED" | "PENDING_SETTLEMENT" | "PARTIALLY_SETTLED" | "SETTLED";
    [member: string]: unknown;
  };
  request_headers?: Record<string, unknown>;
  [member: string]: unknown;
}

export type TransactionStatus =
  | "INITIATED"
  | "AUTHORIZED"
  | "AUTHORIZATION_VOIDED"
  | "CAPTURED"
  | "PARTIALLY_CAPTURED"
  | "PARTIALLY_CAPTURED_REFUNDED"
  | "REFUNDED"
  | "PARTIALLY_REFUNDED"
  | "DECLINED"
  | "FAILED"
  | "UNKNOWN"
  | "ON_HOLD";

export interface Trouble {
  kind:
    | "power_cut"
    | "link_cut"
    | "answer_lost"
    | "answer_late"
    | "answer_twice"
    | "answer_different"
    | "journal_wiped"
    | "reversal_refused"
    | "advice_refused";
  /**
   * The step it strikes at, of the next prompt or advice. The answers' troubles strike when there is a result, and the
   * refusals when the host is asked, whatever is named here
   */
  at: "received" | "shown" | "card_presented" | "host_asked" | "concluded" | "sent";
  /** How long it lasts, or how late the answer is */
  for_ms: number;
}

export interface UpdateSession {
  /** What is not sent stays as it is */
  order: {
    /** To pay, VAT and discounts included, in minor units: 39900 is 399.00 NOK */
    amount?: number;
    /** ISO 4217 */
    currency?: string;
    /** Your reference of the order; duplicates are allowed */
    merchant_reference?: string;
    /** For display */
    vat_amount?: number;
    merchant_reference_2?: string;
    /** Default reference of capture and refund events */
    event_reference?: string;
    /** The seller the order belongs to */
    payout_destination_id?: string;
    /** The amount may be lower than the sum of the items */
    partial_payment?: boolean;
    items?: OrderItem[];
    shipping_option?: ShippingOption;
    shipping_address?: Address;
    billing_address?: Address;
    store?: Store;
    discount_lines?: {
      /** Discount */
      amount?: number;
      percentage?: number;
      discount_type?: "customer" | "periodic" | "manual" | "loyalty" | "total" | "employee" | "external";
      discount_id?: string;
      description?: string;
      line_id?: number;
      [member: string]: unknown;
    }[];
    discount_codes?: string[];
    gift_cards?: GiftCard[];
    [member: string]: unknown;
  };
  remove_lock?: boolean;
  [member: string]: unknown;
}
