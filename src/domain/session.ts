/**
 * What a request for a session comes to: the checks that need nothing but the request and its payment profile, and the
 * plan that follows. Rules R10 to R24 of the contract's in-person rules.
 */
import type { Configuration, CreateSessionFromProfile, PublishEntry } from "../contract/session.ts";
import type { Order } from "../contract/shapes.ts";
import { fullTerminalId } from "./ids.ts";
import { currencyExponents } from "./money.ts";
import type { PromptKind } from "./prompt.ts";
import { fieldError, Rejection } from "./rejections.ts";

/** How long a card may be presented, unless configured otherwise (the mission document's refunds say 120 s; Q-PROMPT-TIMEOUT). */
export const presentWithin_ms = 120_000;
/** How long a session can be paid unless it says itself (Q-EXPIRES). */
export const sessionLife_ms = 24 * 60 * 60 * 1000;

/** What the terminal is to be asked. */
export interface PaymentPlan {
  readonly kind: PromptKind;
  readonly store_id: string;
  readonly terminal_id: string;
  readonly payout_destination_id: string;
  readonly channel: "ecommerce" | "in_app" | "in_store";
  readonly deadline_at: number;
}

export interface SessionPlan {
  readonly configuration: Configuration;
  readonly expires_at: number;
  /** Absent where the payment is not started by itself, but by a call of its own (R12). */
  readonly payment?: PaymentPlan;
}

export interface SaleRules {
  /** The header Dintero-Feature-Toggles carried `strict-session-amounts`. */
  readonly strict_amounts: boolean;
  /** Other methods may stand beside in-person payments (R12). */
  readonly allow_mixed_methods: boolean;
  /** The account's currencies for in-person payments; all of them where it names none. */
  readonly in_person_currencies?: readonly string[] | null;
  readonly present_within_ms: number;
  /** Why a callback cannot be sent to this address, or `undefined` if it can. */
  readonly callbackRefusal: (url: string) => string | undefined;
}

/** The request, with or without a payment profile. */
export type AskedSession = Omit<CreateSessionFromProfile, "profile_id">;

/** Throws the `Rejection` of the first rule that is broken. */
export function planSession(
  account_id: string,
  asked: AskedSession,
  profile: Configuration,
  rules: SaleRules,
  now: number,
): SessionPlan {
  const merged = override(profile, asked.configuration ?? {}) as Configuration;
  const configuration = { ...merged, auto_capture: merged.auto_capture ?? true };
  const starts = startsByItself(configuration, rules.allow_mixed_methods);
  checkOrder(asked.order, rules.strict_amounts);
  checkCurrencyEnabled(asked.order.currency, rules.in_person_currencies);
  checkMetadata(asked.metadata ?? {});
  checkSplits(asked.order, configuration.auto_capture);
  checkCallback(asked.url.callback_url, rules);
  const expires_at = asked.expires_at === undefined ? now + sessionLife_ms : expiryOf(asked.expires_at, now);
  if (!starts) return { configuration, expires_at };
  const payment = planPayment(account_id, asked.order, configuration, expires_at, rules.present_within_ms, now);
  return { configuration, expires_at, payment };
}

/** The prompt that asks for an order's payment. Throws where the order does not say which terminal is to prompt. */
export function planPayment(
  account_id: string,
  order: Order,
  configuration: Configuration,
  expires_at: number,
  present_within_ms: number,
  now: number,
): PaymentPlan {
  const store = storeOf(order);
  return {
    kind: (configuration.auto_capture ?? true) ? "purchase" : "authorize",
    ...store,
    terminal_id: fullTerminalId(account_id, store.terminal_id),
    channel: configuration.channel ?? "in_store",
    deadline_at: Math.min(now + present_within_ms, expires_at),
  };
}

/** The database keeps years of four digits. */
const lastMoment = Date.parse("9999-12-31T23:59:59.999Z");

function expiryOf(text: string, now: number): number {
  const expires_at = Date.parse(text);
  // Some texts are times by their form and no time that is kept: a leap second, an offset without minutes.
  if (Number.isNaN(expires_at) || expires_at > lastMoment) {
    const problem = "must be a time such as 2027-01-31T12:00:00.000Z.";
    throw Rejection.ofFields(`expires_at ${problem}`, [fieldError("FORMAT", "expires_at", problem)]);
  }
  if (expires_at <= now) throw new Rejection("EXPIRES_AT_PASSED", { expires_at: text }, "expires_at");
  return expires_at;
}

/** The profile's members, each replaced by the request's where it has one; objects are merged, lists are replaced. */
export function override(base: object, above: object): object {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(above)) {
    const below = merged[key];
    merged[key] = isObject(below) && isObject(value) ? override(below, value) : value;
  }
  return merged;
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const inPerson = "seitatech.in_person";

/**
 * R7 and R12: in person must be enabled, and nothing else; where the account allows others beside it, the terminal is
 * asked at once only if an entry of `publish` says so.
 */
function startsByItself(configuration: Configuration, allow_mixed_methods: boolean): boolean {
  const methods = enabledMethods(configuration);
  const others = methods.filter((method) => method !== inPerson);
  if (others.length > 0 && !allow_mixed_methods) {
    throw new Rejection("OTHER_METHODS_ENABLED", { methods: others.join(", ") }, "configuration");
  }
  if (!methods.includes(inPerson)) throw new Rejection("NO_METHOD_ENABLED", {}, "profile_id");
  return others.length === 0 || (configuration.publish ?? []).some(isTerminalPush);
}

/** The contract's payment providers (sessions section 2.5); any other member of type `payment_type` is one as well. */
const providers = new Set(
  (
    "bambora collector dintero dintero_psp instabank klarna kravia netaxept payex santander seitatech swish two " +
    "vipps"
  ).split(" "),
);

/** `provider.product` of everything that is switched on. */
export function enabledMethods(configuration: Configuration): string[] {
  const methods = Object.entries(configuration).flatMap(([provider, settings]) => {
    if (!isObject(settings)) return [];
    if (!providers.has(provider) && !("type" in settings && settings.type === "payment_type")) return [];
    const products = Object.entries(settings).filter(([, product]) => isObject(product) && isEnabled(product));
    if (products.length > 0) return products.map(([product]) => `${provider}.${product}`);
    return isEnabled(settings) && provider !== "seitatech" ? [provider] : [];
  });
  // "All types that are active on the account": on this server that is in person alone.
  const wildcard = configuration.active_payment_types?.enabled === true;
  return wildcard && !methods.includes(inPerson) ? [...methods, inPerson] : methods;
}

const isEnabled = (settings: object): boolean => "enabled" in settings && settings.enabled === true;

/** R11: the three are required together. */
function storeOf(order: Order): { store_id: string; terminal_id: string; payout_destination_id: string } {
  const { id = "", terminal_id = "", payout_destination_id = "" } = order.store ?? {};
  const missing = Object.entries({ id, terminal_id, payout_destination_id })
    .filter(([, value]) => value === "")
    .map(([name]) => `order.store.${name}`);
  const [first] = missing;
  if (first !== undefined) throw new Rejection("STORE_FIELD_MISSING", { missing: missing.join(", ") }, first);
  return { store_id: id, terminal_id, payout_destination_id };
}

/** Does the account take in-person payments in this currency? Throws `CURRENCY_NOT_ENABLED`. */
export function checkCurrencyEnabled(currency: string, enabled: readonly string[] | null | undefined): void {
  if (!enabled || enabled.includes(currency)) return;
  throw new Rejection("CURRENCY_NOT_ENABLED", { currency, currencies: enabled.join(", ") }, "order.currency");
}

export function checkOrder(order: Order, strict_amounts: boolean): void {
  if (!currencyExponents.has(order.currency)) {
    throw new Rejection("CURRENCY_UNKNOWN", { currency: order.currency }, "order.currency");
  }
  const items = order.items ?? [];
  const seen = new Set<string>();
  for (const [index, { line_id }] of items.entries()) {
    if (line_id === undefined || line_id === "") continue;
    if (seen.has(line_id)) throw new Rejection("DUPLICATE_LINE_ID", { line_id }, `order.items.${index}.line_id`);
    seen.add(line_id);
  }
  if (strict_amounts) checkSum(order);
}

/** The order's amount is what its lines and the shipping come to. Throws `AMOUNT_MISMATCH`. */
export function checkSum({ amount, items = [], shipping_option, partial_payment = false }: Order): void {
  const sum = items.reduce((total, item) => total + (item.amount ?? 0), 0) + (shipping_option?.amount ?? 0);
  // An order that names no lines has nothing to add up.
  const nothingToAdd = items.length === 0 && shipping_option === undefined;
  if (nothingToAdd || amount === sum || (partial_payment && amount < sum)) return;
  throw new Rejection("AMOUNT_MISMATCH", { amount, sum }, "order.amount");
}

/** errors-and-conventions section 4. A prefix is a word: `event` and `event:x` are reserved, `eventual` is not. */
const reservedPrefixes =
  "dintero merchant session event payout gateway bambora collector instabank klarna kravia netaxept payex santander " +
  "swish vipps";
const reserved = new RegExp(`^(${reservedPrefixes.replaceAll(" ", "|")})(?![A-Za-z0-9])`);

function checkMetadata(metadata: object): void {
  for (const key of Object.keys(metadata)) {
    const prefix = reserved.exec(key)?.[1];
    if (prefix !== undefined) throw new Rejection("METADATA_KEY_RESERVED", { key, prefix }, ["metadata", key]);
  }
}

function checkSplits(order: Order, auto_capture: boolean): void {
  const index = (order.items ?? []).findIndex((item) => item.splits?.length === 0);
  if (index >= 0 && auto_capture) throw new Rejection("SPLITS_MISSING", {}, `order.items.${index}.splits`);
}

function checkCallback(callback_url: string | undefined, rules: SaleRules): void {
  if (callback_url === undefined || callback_url === "") return;
  const reason = rules.callbackRefusal(callback_url);
  if (reason !== undefined) {
    throw new Rejection("CALLBACK_ADDRESS_REFUSED", { url: callback_url, reason }, "url.callback_url");
  }
}

/** Is this entry an instruction to push to a terminal? Both orders of the two words mean the same (R16). */
export const isTerminalPush = ({ channel, type }: PublishEntry): boolean =>
  (channel === "terminal" && type === "push") || (channel === "push" && type === "terminal");
