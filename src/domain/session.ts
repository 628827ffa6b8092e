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

export interface SalePlan {
  readonly kind: PromptKind;
  readonly store_id: string;
  readonly terminal_id: string;
  readonly payout_destination_id: string;
  readonly configuration: Configuration;
  readonly channel: "ecommerce" | "in_app" | "in_store";
  readonly expires_at: number;
  readonly deadline_at: number;
}

export interface SaleRules {
  /** The header Dintero-Feature-Toggles carried `strict-session-amounts`. */
  readonly strict_amounts: boolean;
  readonly present_within_ms: number;
  /** Why a callback cannot be sent to this address, or `undefined` if it can. */
  readonly callbackRefusal: (url: string) => string | undefined;
}

/** Throws the `Rejection` of the first rule that is broken. */
export function planSale(
  account_id: string,
  asked: CreateSessionFromProfile,
  profile: Configuration,
  rules: SaleRules,
  now: number,
): SalePlan {
  const configuration = override(profile, asked.configuration ?? {}) as Configuration;
  checkMethods(configuration);
  const store = storeOf(asked.order);
  checkOrder(asked.order, rules.strict_amounts);
  checkMetadata(asked.metadata ?? {});
  const auto_capture = configuration.auto_capture ?? true;
  checkSplits(asked.order, auto_capture);
  checkCallback(asked.url.callback_url, rules);
  const expires_at = asked.expires_at === undefined ? now + sessionLife_ms : expiryOf(asked.expires_at, now);
  return {
    kind: auto_capture ? "purchase" : "authorize",
    ...store,
    terminal_id: fullTerminalId(account_id, store.terminal_id),
    configuration: { ...configuration, auto_capture },
    channel: configuration.channel ?? "in_store",
    expires_at,
    deadline_at: Math.min(now + rules.present_within_ms, expires_at),
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

/** R7 and R12: in person must be enabled, and nothing else. */
function checkMethods(configuration: Configuration): void {
  const methods = enabledMethods(configuration);
  const others = methods.filter((method) => method !== inPerson);
  if (others.length > 0) {
    throw new Rejection("OTHER_METHODS_ENABLED", { methods: others.join(", ") }, "configuration");
  }
  if (methods.length === 0) throw new Rejection("NO_METHOD_ENABLED", {}, "profile_id");
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

function checkOrder(order: Order, strict_amounts: boolean): void {
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

function checkSum({ amount, items = [], shipping_option, partial_payment = false }: Order): void {
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
