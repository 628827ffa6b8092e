/** The refusals of webhook subscriptions. Part of `rejections`. */
export const hookRejections = {
  HOOK_NOT_FOUND: {
    sentence: "There is no webhook subscription {hook_id}.",
    remedy:
      "Use the `id` that the creation of the subscription answered, with a token of the same account. One that was " +
      "deleted can be read, and nothing else be done with it.",
  },
  HOOK_DELIVERY_NOT_FOUND: {
    sentence: "There is no delivery {delivery_id} of the subscription {hook_id}.",
    remedy: "Use an `id` of the subscription's deliveries. Deliveries are forgotten together with their events.",
  },
  HOOK_ADDRESS_REFUSED: {
    sentence: "Webhooks cannot be sent to {url}: {reason}",
    remedy:
      "Use a public HTTPS address of your own. A developer's server may allow private addresses: see " +
      "TAPLINE_CALLBACK_ADDRESSES.",
  },
  HOOK_LIMIT_REACHED: {
    sentence: "The account has {limit} webhook subscriptions, and can have no more.",
    remedy: "Delete one that is not needed any more, or subscribe one address to several events.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
