/** The table of docs/incidents.md: every kind of incident, what it means and what to do. */
import { allowedDecisions, incidentRules } from "../src/domain/incident.ts";
import { code, table, withSections } from "./markdown.ts";

export const incidentsPage = (before: string): string =>
  withSections(before, "docs/incidents.md", {
    kinds: table(
      ["Kind", "What has happened", "What to do"],
      Object.entries(incidentRules).map(([kind, { meaning, remedy }]) => [code(kind), meaning, remedy]),
    ),
    decisions: table(
      ["While the payment reads", "it can be decided"],
      [
        ["`UNKNOWN`", allowedDecisions(true).map(code).join(" or ")],
        ["anything else", allowedDecisions(false).map(code).join(" or ")],
      ],
    ),
  });
