/** What is told: the types of events, and the message that receivers and followers get. */
import Type, { type Static } from "typebox";
import { AccountId, dateTime, open, text } from "./shapes.ts";

/**
 * Everything that is told of, to webhooks and in streams (callbacks-and-webhooks C3, C4). The name of the message's member
 * beside each type; types that the contract does not have are additive.
 */
export const eventMembers = {
  checkout_transaction: "transaction",
  checkout_authorization: "authorization",
  settlement_add: "settlement",
  account_add: "account",
  account_update: "account",
  account_store_add: "store",
  account_store_update: "store",
  account_store_delete: "store",
  account_payout_destination_add: "payout_destination",
  account_payout_destination_update: "payout_destination",
  account_payout_destination_delete: "payout_destination",
  approval_payout_destination_update: "payout_destination_case",
  account_terminal_add: "terminal",
  account_terminal_update: "terminal",
  account_terminal_delete: "terminal",
  incident_add: "incident",
  incident_update: "incident",
  payment_reversal: "reversal",
  ping: "hook",
  prompt_waiting: "prompt",
  prompt_sent: "prompt",
  prompt_shown: "prompt",
  prompt_processing: "prompt",
  prompt_unresolved: "prompt",
  prompt_approved: "prompt",
  prompt_declined: "prompt",
  prompt_cancelled: "prompt",
  prompt_expired: "prompt",
  prompt_failed: "prompt",
} as const;

export type EventType = keyof typeof eventMembers;

export const eventTypes = Object.keys(eventMembers) as EventType[];

/** What somebody must be allowed to read to be told of it. */
export const scopesToFollow = (type: string): readonly string[] =>
  /^(account|approval|settlement)_/.test(type)
    ? ["admin:accounts", "read:accounts"]
    : ["admin:checkout", "read:checkout"];

export const EventMessage = open(
  {
    account_id: AccountId,
    event: text("Its type"),
    event_delivery: Type.Optional(text("In a webhook: the delivery's id")),
    event_id: text("The same for everybody who is told, however often"),
    event_time: dateTime("When it happened"),
    sequence: Type.Optional(
      Type.Integer({
        description: "Of `checkout_transaction`: counts what was told of the transaction, without a gap",
      }),
    ),
    transaction: Type.Optional(open({}, "With `checkout_transaction`: how it stood then")),
    prompt: Type.Optional(open({}, "With `prompt_…`")),
  },
  "What has happened; the member named after its subject says how that stood then",
);
export type EventMessage = Static<typeof EventMessage>;
/**
 * Events of the contract's that never happen here, as they are of products that are not in person. A subscription to one
 * is taken, so that whoever subscribes to all there are is not refused.
 */
export const silentEventTypes = [
  ...["cdd_case_update", "approval_payout_destination_delete"],
  ...["checkout_token_add", "checkout_token_update", "checkout_token_delete"],
  ...["receipt_add", "receipt_update", "customer_add", "customer_update", "customer_delete"],
  ...["customer_change_password", "token_add", "token_remove", "transaction", "wallet_transaction"],
  ...["location_add", "location_update", "location_delete"],
] as const;

/** Of these the contract names the beginnings alone. */
const silentFamilies = /^(discount|shopping_draft|shopping_order)_[a-z_]+$/;

export const isSubscribable = (type: string): boolean =>
  ([...eventTypes, ...silentEventTypes] as readonly string[]).includes(type) || silentFamilies.test(type);
