/** The table of docs/incidents.md: every kind of incident, what it means and what to do. */
import { allowedDecisions, type IncidentKind, incidentRules } from "../src/domain/incident.ts";
import { code, table, withSections } from "./markdown.ts";

export const incidentsPage = (before: string): string =>
  withSections(before, "docs/incidents.md", {
    kinds: table(
      ["Kind", "What has happened", "What to do"],
      Object.entries(incidentRules).map(([kind, { meaning, remedy }]) => [code(kind), meaning, remedy]),
    ),
    decisions: table(
      ["An incident about", "can be decided"],
      [
        ["the end of a payment, or of a refund, that is not known", decisions("UNRESOLVED_PAYMENT", true)],
        ["a capture, a void or a lapse that is not answered", decisions("ADVICE_UNANSWERED", true)],
        ["anything else", decisions("CONTRADICTION", false)],
      ],
    ),
  });

const decisions = (kind: IncidentKind, is_open: boolean): string =>
  allowedDecisions(kind, { prompt_is_unresolved: is_open, advice_is_open: is_open }).map(code).join(" or ");
