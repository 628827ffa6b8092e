import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { fullTerminalId } from "../domain/ids.ts";
import { present } from "../domain/present.ts";
import { Rejection } from "../domain/rejections.ts";
import { decideIncident as decide } from "../flows/decision.ts";
import { incidentOf } from "../flows/shown-set-up.ts";
import type { World } from "../flows/world.ts";
import { type Advice, readAdvicesOf } from "../storage/advices.ts";
import { readCallbacksOf } from "../storage/deliveries.ts";
import { listIncidents as list, readIncidentsOf } from "../storage/incidents.ts";
import { readPromptsOf } from "../storage/prompts.ts";
import { type Refund, readRefundsOf } from "../storage/refunds.ts";
import { readReversalsOf } from "../storage/reversals.ts";
import { readWordsAbout } from "../storage/terminal-results.ts";
import { checkCursor } from "./pages.ts";

const limitDefault = 10;

export const listIncidents =
  (world: World): Handler<Operations["listIncidents"]> =>
  async ({ account_id, query: { limit = limitDefault, starting_after, open, kind, terminal_id } }) => {
    await checkCursor(world, "incidents", account_id, starting_after);
    const terminal = terminal_id === undefined ? undefined : fullTerminalId(account_id, terminal_id);
    const rows = await list(world.db, account_id, { limit, starting_after, open, kind, terminal_id: terminal });
    return rows.map(incidentOf);
  };

export const decideIncident =
  (world: World): Handler<Operations["decideIncident"]> =>
  async ({ account_id, client_id, params: { incident_id }, body: { outcome, reason } }) =>
    incidentOf(await decide(world, { account_id, client_id, incident_id, outcome, reason }));

export const readEvidence =
  (world: World): Handler<Operations["readEvidence"]> =>
  async ({ account_id, params: { transaction_id } }) => {
    const prompts = await readPromptsOf(world.db, account_id, transaction_id);
    if (prompts.length === 0) throw new Rejection("TRANSACTION_NOT_FOUND", { transaction_id });
    const reversals = await readReversalsOf(world.db, account_id, transaction_id);
    const refunds = await readRefundsOf(world.db, account_id, transaction_id);
    const advices = await readAdvicesOf(world.db, account_id, transaction_id);
    const about = [...prompts, ...reversals, ...advices].map(({ id }) => id);
    return {
      transaction_id,
      prompts: prompts.map(({ account_id: _, session_id: __, transaction_id: ___, ...prompt }) => present(prompt)),
      words: await readWordsAbout(world.db, account_id, about),
      reversals: reversals.map(({ account_id: _, ...reversal }) => present(reversal)),
      refunds: refunds.map(refundOf),
      advices: advices.map(adviceOf),
      callbacks: await readCallbacksOf(world.db, account_id, transaction_id),
      incidents: (await readIncidentsOf(world.db, account_id, transaction_id)).map(incidentOf),
    };
  };

const refundOf = ({ prompt_id, request_id, amount, reason, requested_by, outcome, told_at, reserved_amount }: Refund) =>
  present({ prompt_id, request_id, amount, reason, requested_by, outcome, told_at, reserved_amount });

const adviceOf = (advice: Advice) => {
  const { id, kind, terminal_id, amount, currency, status, request_id, requested_by, reason } = advice;
  const { created_at, sent_at, finished_at } = advice;
  const facts = { id, kind, terminal_id, amount, currency, status, request_id, requested_by, reason };
  return present({ ...facts, created_at, sent_at, finished_at });
};
