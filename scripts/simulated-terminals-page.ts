/** The tables of docs/simulated-terminals.md: what each amount does, and what a person can be told to do. */
import { personActions } from "../src/contract/account.ts";
import type { Operation } from "../src/contract/operation.ts";
import { orderTrouble, playPerson, readSimulatedTerminal } from "../src/contract/operations/terminals.ts";
import { formatAmount } from "../src/domain/money.ts";
import { nextStatus, type PromptOutcome, posView } from "../src/domain/prompt.ts";
import { anyOtherAmount, type Script, scriptsByAmount } from "../src/simulator/amounts.ts";
import { troubleMeanings } from "../src/simulator/trouble.ts";
import { code, codes, table, withSections } from "./markdown.ts";

export const simulatedTerminalsPage = (before: string): string =>
  withSections(before, "docs/simulated-terminals.md", {
    amounts: table(
      ["`order.amount`", "As NOK", "What happens", "Response code", "Transaction", "Callback's `error`"],
      [
        ...[...scriptsByAmount].map(([amount, script]) => [
          code(String(amount)),
          formatAmount(amount, "NOK"),
          ...scriptCells(script),
        ]),
        ["any other", "", ...scriptCells(anyOtherAmount)],
      ],
    ),
    actions: table(
      ["Action", "What the person does"],
      personActions.map((action) => [code(action), actionMeanings[action]]),
    ),
    operations: table(
      ["Operation", "What it does", "Scopes: one of"],
      [readSimulatedTerminal, playPerson, orderTrouble].map(row),
    ),
    troubles: table(
      ["Trouble", "What goes wrong"],
      Object.entries(troubleMeanings).map(([kind, meaning]) => [code(kind), meaning]),
    ),
  });

function scriptCells(script: Script): string[] {
  const status = nextStatus("SHOWN", outcomeOf(script), false);
  const view = status === undefined ? undefined : posView(status, true);
  if (view === undefined) throw new Error(`No outcome follows from the script "${script.meaning}".`);
  const { transaction_status, callback_error } = view;
  return [
    script.meaning,
    script.act === "tap" ? code(script.answer.response_code) : "",
    code(transaction_status === "AUTHORIZED" ? "CAPTURED" : transaction_status),
    callback_error === undefined ? "" : code(callback_error),
  ];
}

/** What the terminal reports when the person and the host do what the script says. */
function outcomeOf({ act, answer }: Script): PromptOutcome {
  if (act === "cancel") return "cancelled";
  if (act === "ignore") return "timed_out";
  if (answer.approved) return "approved";
  return answer.unreachable === true ? "failed" : "declined";
}

const actionMeanings: Readonly<Record<(typeof personActions)[number], string>> = {
  tap: "Presents a card. The amount decides what comes of it, as in the table above.",
  decline: "Presents a card that the issuer declines.",
  cancel: "Presses the red key.",
  offline: "Pulls the network cable. What the terminal holds, it keeps.",
  online: "Plugs the network cable in again.",
  auto: "From now on the terminal is answered by itself, by the amount.",
  manual: "From now on the terminal waits until it is told what to do.",
};

const row = ({ method, path, summary, access }: Operation): string[] => [
  code(`${method} ${path}`),
  summary.replace(" (additive)", ""),
  Array.isArray(access) ? codes(access) : "",
];
