/** What happens, as it happens (additive). */
import Type from "typebox";
import { EventMessage, eventTypes } from "../events.ts";
import { operation } from "../operation.ts";
import { requiredText } from "../shapes.ts";
import { readCheckout, several } from "./parameters.ts";

const howItGoesOn =
  "A comment comes at once, and another every 15 seconds. Come back with the last `id` in `Last-Event-ID` when the stream " +
  "ends, and it goes on with the next event: nothing is missed and nothing comes twice.";

export const streamSessionEvents = operation({
  id: "streamSessionEvents",
  method: "GET",
  path: "/v1/sessions/{session_id}/events",
  surface: "checkout",
  summary: "Follow a session, from its first event on (additive)",
  description: howItGoesOn,
  access: readCheckout,
  params: Type.Object({ session_id: requiredText() }),
  reply: EventMessage,
  streams: true,
  rejections: ["SESSION_NOT_FOUND", "STREAM_PLACE_UNKNOWN", "EVENTS_FORGOTTEN", "SERVER_STOPPING"],
});

export const streamEvents = operation({
  id: "streamEvents",
  method: "GET",
  path: "/v1/events",
  surface: "checkout",
  summary: "Follow everything that happens in the account, from now on (additive)",
  description:
    `${howItGoesOn} The first comment says that it listens. Events about stores, sellers, terminals and settlements are ` +
    "shown to tokens with `read:accounts` or `admin:accounts` besides.",
  access: readCheckout,
  query: Type.Object({ type: Type.Optional(several(Type.Enum(eventTypes), "Any of these; all where it is left out")) }),
  reply: EventMessage,
  streams: true,
  rejections: ["STREAM_PLACE_UNKNOWN", "EVENTS_FORGOTTEN", "SERVER_STOPPING"],
});
