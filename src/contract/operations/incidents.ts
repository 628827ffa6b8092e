/** What only a person can settle, and the evidence for it (additive). */
import Type from "typebox";
import { Decision, Evidence, Incident, incidentKinds } from "../incident.ts";
import { operation } from "../operation.ts";
import { list, requiredText, text } from "../shapes.ts";
import { readCheckout, several } from "./parameters.ts";

export const readEvidence = operation({
  id: "readEvidence",
  method: "GET",
  path: "/v1/transactions/{transaction_id}/evidence",
  surface: "checkout",
  summary: "What was sent to the terminal, and what it said (additive)",
  access: readCheckout,
  params: Type.Object({ transaction_id: requiredText() }),
  reply: Evidence,
  rejections: ["TRANSACTION_NOT_FOUND"],
});

export const listIncidents = operation({
  id: "listIncidents",
  method: "GET",
  path: "/v1/admin/incidents",
  surface: "checkout",
  summary: "What only a person can settle, newest first (additive)",
  access: readCheckout,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The id of the last incident received")),
    open: Type.Optional(Type.Boolean({ description: "true: not decided yet. false: decided" })),
    kind: Type.Optional(several(Type.Enum([...incidentKinds]), "Any of these")),
    terminal_id: Type.Optional(text()),
  }),
  reply: list(Incident),
  rejections: [],
});

export const decideIncident = operation({
  id: "decideIncident",
  method: "POST",
  path: "/v1/admin/incidents/{incident_id}/decision",
  surface: "checkout",
  summary: "Record what a person found out (additive)",
  description:
    "`paid` and `not_paid` end a payment that reads UNKNOWN: its transaction gets its final status, and the callback " +
    "is sent. Should the terminal say otherwise later, that is an incident of its own.",
  access: ["admin:checkout"],
  params: Type.Object({ incident_id: requiredText() }),
  body: Decision,
  reply: Incident,
  rejections: ["INCIDENT_NOT_FOUND", "INCIDENT_DECIDED", "DECISION_NOT_ALLOWED"],
});
