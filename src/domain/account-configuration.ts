/**
 * An account's configuration: which ways to pay it lists, and what of it is acted on (contract/management section 7).
 *
 * In-person payments are one option among others in the API, and two columns of the account's row in the database, where
 * sales are decided: whether they are enabled, and in which currencies.
 */
import type { AccountConfiguration, PaymentOption } from "../contract/profile.ts";
import { currencyExponents } from "./money.ts";
import { fieldError, Rejection } from "./rejections.ts";

/** What of a configuration decides sales. */
export interface InPersonSettings {
  readonly in_person_enabled: boolean;
  /** `null`: every currency that the terminal takes. */
  readonly in_person_currencies: readonly string[] | null;
}

const inPerson = "seitatech.in_person";
const isInPerson = ({ type }: PaymentOption): boolean => type === inPerson;

/** What the configuration says of in-person payments. Throws where it contradicts itself. */
export function inPersonSettings({ payment_options = [] }: AccountConfiguration): InPersonSettings {
  const [index, again] = payment_options.flatMap((option, at) => (isInPerson(option) ? [at] : []));
  if (again !== undefined) {
    throw refused(`configuration.payment_options.${again}.type`, `is ${inPerson} for the second time.`);
  }
  const option = index === undefined ? undefined : payment_options[index];
  if (option === undefined) return { in_person_enabled: false, in_person_currencies: null };
  const { currencies } = option;
  if (currencies === undefined) return { in_person_enabled: true, in_person_currencies: null };
  const field = `configuration.payment_options.${index}.currencies`;
  if (currencies.length === 0) {
    throw refused(field, "names no currency; leave it out to take every currency that the terminal takes.");
  }
  for (const [at, currency] of currencies.entries()) {
    if (!currencyExponents.has(currency)) throw new Rejection("CURRENCY_UNKNOWN", { currency }, `${field}.${at}`);
  }
  return { in_person_enabled: true, in_person_currencies: [...new Set(currencies)] };
}

function refused(field: string, problem: string): Rejection {
  return Rejection.ofFields(`${field} ${problem}`, [fieldError("INVALID_VALUE", field, problem)]);
}

/** The kept configuration with in-person payments as the account's row has them, whoever wrote that row last. */
export function withInPerson(kept: AccountConfiguration, settings: InPersonSettings): AccountConfiguration {
  const { in_person_enabled, in_person_currencies } = settings;
  const options = kept.payment_options ?? [];
  const others = options.filter((option) => !isInPerson(option));
  if (!in_person_enabled) return { ...kept, payment_options: others };
  const { currencies: _, ...option } = options.find(isInPerson) ?? { type: inPerson };
  const shown = in_person_currencies === null ? option : { ...option, currencies: [...in_person_currencies] };
  const has_place = options.some(isInPerson);
  const placed = has_place ? options.map((one) => (isInPerson(one) ? shown : one)) : [...others, shown];
  return { ...kept, payment_options: placed };
}

/** What was sent, over what is there. Credentials are not shown unless asked for, so what does not name them keeps them. */
export function changedConfiguration(before: AccountConfiguration, sent: AccountConfiguration): AccountConfiguration {
  if (sent.payment_options === undefined) return { ...before, ...sent };
  const kept = new Map(before.payment_options?.map(({ type, details }) => [type, details?.credentials]));
  const payment_options = sent.payment_options.map((option) => {
    const credentials = option.details?.credentials ?? kept.get(option.type);
    return credentials === undefined ? option : { ...option, details: { ...option.details, credentials } };
  });
  return { ...before, ...sent, payment_options };
}

/** As it is shown, and recorded: without what another provider would let somebody in with. */
export function withoutCredentials(configuration: AccountConfiguration): AccountConfiguration {
  const { payment_options } = configuration;
  if (payment_options === undefined) return configuration;
  const shown = payment_options.map((option) => {
    if (option.details === undefined) return option;
    const { credentials: _, ...details } = option.details;
    return { ...option, details };
  });
  return { ...configuration, payment_options: shown };
}
