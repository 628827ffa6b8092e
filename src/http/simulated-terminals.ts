import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { fullTerminalId, isTestAccount } from "../domain/ids.ts";
import { Rejection } from "../domain/rejections.ts";
import type { FindPerson, SimulatedPerson } from "../flows/simulated-person.ts";

/** How long a tap, a decline or a cancel waits for a prompt. */
const promptWait_ms = 10_000;

export const readSimulatedTerminal =
  (findPerson: FindPerson): Handler<Operations["readSimulatedTerminal"]> =>
  async ({ account_id, params }) =>
    personAt(findPerson, account_id, params.terminal_id).state();

export const playPerson =
  (findPerson: FindPerson): Handler<Operations["playPerson"]> =>
  async ({ account_id, params, body: { action } }) => {
    const person = personAt(findPerson, account_id, params.terminal_id);
    if (await person.play(action, promptWait_ms)) return person.state();
    throw new Rejection("NO_PROMPT", { terminal_id: params.terminal_id, action, waited_s: promptWait_ms / 1000 });
  };

export const orderTrouble =
  (findPerson: FindPerson): Handler<Operations["orderTrouble"]> =>
  async ({ account_id, params, body }) => {
    const person = personAt(findPerson, account_id, params.terminal_id);
    person.order(body);
    return person.state();
  };

function personAt(findPerson: FindPerson, account_id: string, terminal_id: string): SimulatedPerson {
  if (!isTestAccount(account_id)) throw new Rejection("ACCOUNT_IS_LIVE");
  const person = findPerson(account_id, fullTerminalId(account_id, terminal_id));
  if (person === undefined) throw new Rejection("SIMULATED_TERMINAL_NOT_FOUND", { terminal_id });
  return person;
}
