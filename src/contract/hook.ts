/** Webhook subscriptions and what is delivered to them (contract/callbacks-and-webhooks part C). */
import Type, { type Static } from "typebox";
import { redeliveredMax, signingOverlapDefault_s, signingOverlapMax_s } from "../domain/hook.ts";
import { dateTime, entityMembers, list, open, requiredText, text } from "./shapes.ts";

export const HookSecretType = Type.Enum(["HMAC-SHA1", "AWS4-HMAC-SHA256", "Authorization"]);

const configMembers = {
  url: Type.String({
    format: "uri",
    minLength: 1,
    maxLength: 2000,
    description: "Where messages are posted to: a public address; no placeholder, and not this server",
  }),
  content_type: Type.Optional(Type.Enum(["application/json"])),
  insecure_ssl: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 1, default: 0, description: "1: the receiver's certificate is not verified" }),
  ),
};

const given = {
  events: Type.Array(requiredText(), {
    minItems: 1,
    maxItems: 100,
    description: "What it is told of; see docs/webhooks.md for all there is",
  }),
  active: Type.Optional(Type.Boolean({ default: true, description: "false: it is told of nothing but pings" })),
  fields: Type.Optional(
    Type.String({
      maxLength: 2000,
      description:
        "What a message shows, from its root: `a,b`, `a/b`, `a(b,c)`; `*` is any name. All of it if left out",
    }),
  ),
  exclude_fields: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
      maxItems: 100,
      description: "What a message leaves out: a name, wherever it stands, or a path from the root such as `a/b`",
    }),
  ),
};

export const NewHook = open({
  config: open({
    ...configMembers,
    secret: Type.Optional(
      open(
        {
          type: HookSecretType,
          value: Type.Optional(text("Of HMAC-SHA1 and Authorization")),
          aws_access_key_id: Type.Optional(text("Of AWS4-HMAC-SHA256, as the next three")),
          aws_secret_access_key: Type.Optional(text()),
          region: Type.Optional(text()),
          service: Type.Optional(text()),
        },
        "What messages are signed with besides, or shown as `Authorization`",
      ),
    ),
  }),
  ...given,
});
export type NewHook = Static<typeof NewHook>;

const hookMembers = {
  id: text("A UUID"),
  config: open({
    ...configMembers,
    secret: Type.Optional(open({ type: HookSecretType }, "Its kind; never its value")),
  }),
  ...given,
  ...entityMembers,
  former_until: Type.Optional(
    dateTime("Until then messages are signed with the signing secret before as well (additive)"),
  ),
  paused_at: Type.Optional(dateTime("Since then what comes is kept, and not sent (additive)")),
  paused_by: Type.Optional(text("The client, or `tapline` where the receiver failed too often (additive)")),
  failures: Type.Integer({ description: "Tries that failed one after the other (additive)" }),
  pending_deliveries: Type.Integer({ description: "What waits to be sent, or to be sent again (additive)" }),
};

export const Hook = open(hookMembers);
export type Hook = Static<typeof Hook>;

export const HookWithSecret = open({
  ...hookMembers,
  signing_secret: text(
    "What messages are signed with in the Standard Webhooks form: `whsec_` and 32 bytes in base64. Shown in this answer " +
      "and nowhere again (additive)",
  ),
});
export type HookWithSecret = Static<typeof HookWithSecret>;

export const SigningSecretRotation = open({
  overlap_s: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: signingOverlapMax_s,
      default: signingOverlapDefault_s,
      description: "How many seconds the secret before signs as well",
    }),
  ),
});

export const DeliveryStatus = Type.Enum(["PENDING", "DELIVERED", "REFUSED", "EXHAUSTED"], {
  description:
    "PENDING: to be sent, or sent again. DELIVERED: answered 2xx. REFUSED: the receiver does not want it, or its " +
    "subscription was deleted. EXHAUSTED: every try has failed",
});

const deliveryMembers = {
  id: text("A UUID, the same at every try"),
  event_delivery: text("As the header `event-delivery` and the message say it: the same as `id`"),
  created_at: dateTime(),
  status: Type.Optional(Type.Integer({ description: "The HTTP status of the last answer, once there is one" })),
  delivery_status: DeliveryStatus,
  event: text("The event's type (additive)"),
  event_id: text("The event's id (additive)"),
  attempts: Type.Integer({ description: "Tries that count against the limit (additive)" }),
  due_at: Type.Optional(dateTime("When it is sent next, of one that is PENDING (additive)")),
  finished_at: Type.Optional(dateTime("(additive)")),
};

export const HookDelivery = open(deliveryMembers);
export type HookDelivery = Static<typeof HookDelivery>;

const headers = open({}, "By their names in lower case");

const timing = {
  delivery_at: dateTime(),
  delivery_duration: Type.Integer({ description: "Milliseconds" }),
  delivery_success: Type.Boolean(),
};

export const HookDeliveryDetail = open({
  ...deliveryMembers,
  url: text(),
  request: open({ headers, body: open({}, "The message") }, "As it was last sent, or will be"),
  response: Type.Optional(open({ headers, body: text("Its beginning") }, "The last answer, once there is one")),
  details: Type.Optional(open(timing, "Of the last try, once there is one")),
  tries: list(
    open({
      ...timing,
      status: Type.Optional(Type.Integer({ description: "The HTTP status of the answer" })),
      problem: Type.Optional(text("Why there was no answer")),
    }),
  ),
});
export type HookDeliveryDetail = Static<typeof HookDeliveryDetail>;

export const Redelivery = open({
  from: Type.String({ format: "date-time", description: "Deliveries that were made then or later" }),
  to: Type.Optional(Type.String({ format: "date-time", description: "and not after" })),
  delivery_status: Type.Optional(
    Type.Array(Type.Enum(["DELIVERED", "REFUSED", "EXHAUSTED"]), {
      minItems: 1,
      description: "Any of these; all that have ended if left out",
    }),
  ),
  starting_after: Type.Optional(requiredText("Where the call before left off: its `starting_after`")),
});
export type Redelivery = Static<typeof Redelivery>;

export const Redelivered = open({
  redelivered: Type.Integer({ description: `How many are sent again; at most ${redeliveredMax}` }),
  starting_after: Type.Optional(text("There are more: send the same request with this to go on")),
});
