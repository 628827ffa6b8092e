/** Payment profiles, the account's configuration, and the signature secret (contract/management sections 6 and 7). */
import Type, { type Static } from "typebox";
import { Checkbox, Configuration, Merchant } from "./session.ts";
import { dateTime, entityMembers, list, open, requiredText, text, uri } from "./shapes.ts";

const profileMembers = {
  description: requiredText("What it is for, to be told apart by people"),
  configuration: Configuration,
  merchant: Type.Optional(Merchant),
  url: Type.Optional(open({ merchant_terms_url: Type.Optional(uri()) })),
  checkboxes: Type.Optional(list(Checkbox)),
};

/**
 * It stands in paths, so that the names of folders will not do; and in an index: 255 characters are at most 1,020 bytes,
 * and PostgreSQL's limit for a key is 2,704.
 */
const ProfileId = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: "^(?!\\.{1,2}$)\\S(.*\\S)?$",
  description: "Yours to choose; generated where it is left out. No spaces around it",
});

export const NewPaymentProfile = open(
  { profile_id: Type.Optional(ProfileId), ...profileMembers },
  "What a sale begins with: the request's own `configuration` overrides it",
);
export type NewPaymentProfile = Static<typeof NewPaymentProfile>;

export const PaymentProfile = open(
  { id: text("The same as profile_id"), profile_id: text(), ...profileMembers, ...entityMembers },
  "A payment profile",
);
export type PaymentProfile = Static<typeof PaymentProfile>;

export const PaymentOption = open(
  {
    type: requiredText("`seitatech.in_person`: in-person payments are enabled on the account"),
    currencies: Type.Optional(list(text("ISO 4217"))),
    details: Type.Optional(
      open({ credentials: Type.Optional(open({}, "Shown where `includes=credentials` asks for it")) }),
    ),
  },
  "A way the account may be paid. All but `seitatech.in_person` are kept and given back, and not acted on",
);
export type PaymentOption = Static<typeof PaymentOption>;

export const AccountConfiguration = open({
  merchant: Type.Optional(Merchant),
  payment_options: Type.Optional(list(PaymentOption)),
  payout: Type.Optional(open({ payment_products: Type.Optional(list(open({}))) })),
  time_zone: Type.Optional(
    text("Where the account's days begin and end, such as Europe/Oslo: settlements are made for those (additive)"),
  ),
});
export type AccountConfiguration = Static<typeof AccountConfiguration>;

export const PutAccountConfiguration = open({ configuration: AccountConfiguration });

export const ConfiguredAccount = open({
  configuration: AccountConfiguration,
  created_at: Type.Optional(dateTime()),
  created_by: Type.Optional(text()),
  updated_at: Type.Optional(dateTime()),
  updated_by: Type.Optional(text()),
});

export const SignatureSecret = open({
  id: text(),
  created_at: dateTime(),
  created_by: text(),
  signature: open({
    type: Type.Enum(["v0-hmac-sha256"]),
    secret: text("The key of the HMAC in the header `Dintero-Signature`"),
  }),
});
