/**
 * Housekeeping that the server asks for: the terminal closes its day at its host, or does as if it sent its logs, looked
 * for an update or opened its menu. Each is done once: asked again under the same id, the terminal says the same.
 */
import type { ServerFrame } from "../contract/terminal-protocol.ts";
import type { AfterApprovalParts } from "./after-approval.ts";
import { sendAnswer } from "./answer.ts";
import type { OperationConclusion } from "./journal.ts";

export interface OperationParts extends AfterApprovalParts {
  /** The terminal's clock, as ISO 8601. */
  readonly now: () => string;
}

type OperationFrame = Extract<ServerFrame, { type: "operation" }>;

/** Where the power goes before the result is on the journal, the server asks again, and the host knows the day it closed. */
export async function operate(parts: OperationParts, frame: OperationFrame): Promise<void> {
  const { clock, journal, troubles, send, suffer } = parts;
  const { operation_id } = frame;
  const before = journal.operation(operation_id);
  if (before !== undefined) return send(before);
  suffer(troubles.strike("received"));
  const result = await resultOf(parts, frame);
  suffer(troubles.strike("host_asked"));
  const said = await journal.concludeOperation({ operation_id, outcome: "completed", result });
  const trouble = troubles.strike("concluded");
  suffer(trouble);
  const otherwise: OperationConclusion = { operation_id, outcome: "failed", reason: "It says otherwise." };
  await sendAnswer(said, trouble, { clock, send, sayOtherwise: () => journal.concludeOperation(otherwise) });
  suffer(troubles.strike("sent"));
}

/** What each comes to. */
async function resultOf(
  { host, now }: OperationParts,
  { operation_id, operation }: OperationFrame,
): Promise<Record<string, unknown>> {
  switch (operation) {
    case "end_of_day":
      return endOfDay(await host.closeDay(operation_id, now()));
    case "send_logs":
      return { outcome: "sent" };
    case "check_update":
      return { outcome: "up_to_date" };
    case "open_menu":
      return { outcome: "opened" };
  }
}

type ClosedDay = Awaited<ReturnType<AfterApprovalParts["host"]["closeDay"]>>;

function endOfDay({ batch_id, last_end_of_day_at, totals }: ClosedDay): Record<string, unknown> {
  // Its day began when the one before it ended; of the first nobody wrote that down.
  const since = last_end_of_day_at === undefined ? {} : { start_of_day_at: last_end_of_day_at, last_end_of_day_at };
  const sale_amount = totals.purchases_amount - totals.reversals_amount;
  return { outcome: "accepted", batch_id, ...since, ...totals, sale_amount, tip_amount: 0 };
}
