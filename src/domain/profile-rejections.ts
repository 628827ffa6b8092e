/** The refusals of payment profiles, account configuration and signature secrets. Part of `rejections`. */
export const profileRejections = {
  PAYMENT_PROFILE_NOT_FOUND: {
    sentence: "There is no payment profile {profile_id}.",
    remedy: "Use a `profile_id` of `GET /v1/admin/session/profiles`, with a token of the same account.",
  },
  PROFILE_ID_TAKEN: {
    sentence: "The profile id {profile_id} is taken, by a payment profile that is there or by one that was deleted.",
    remedy: "Choose another id, leave it out, or change the profile that is there with PUT. A deleted id stays taken.",
  },
  DEFAULT_PROFILE_STAYS: {
    sentence: "The payment profile default cannot be deleted: every account has it.",
    remedy: "Change it with PUT: a configuration that enables nothing is refused at the next sale.",
  },
  CURRENCY_NOT_ENABLED: {
    sentence: "In-person payments in {currency} are not enabled on the account; enabled are {currencies}.",
    remedy: "Use one of those, or add the currency to the payment option with `PUT /v1/admin/checkout`.",
  },
  SIGNATURE_NOT_FOUND: {
    sentence: "The account has no signature secret, so its callbacks carry no signature.",
    remedy: "Make one with `POST /v1/admin/signature`.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
