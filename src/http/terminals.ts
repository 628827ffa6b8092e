import type { Call, Handler, Operation } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { fullTerminalId } from "../domain/ids.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { terminalOf } from "../flows/shown-set-up.ts";
import type { SimulatedDevices } from "../flows/simulated-enrolment.ts";
import { pairSimulated } from "../flows/simulated-pairing.ts";
import * as registration from "../flows/terminal-registration.ts";
import type { World } from "../flows/world.ts";
import { listTerminals as list, readTerminal as read } from "../storage/terminal-registry.ts";

const limitDefault = 10;

export const registerTerminal =
  (world: World, devices: SimulatedDevices): Handler<Operations["registerTerminal"]> =>
  async ({ account_id, client_id, body }) => {
    const terminal_id = await registration.registerTerminal(world, devices, { account_id, client_id }, body);
    return answered(world, { account_id, terminal_id });
  };

export const listTerminals =
  (world: World): Handler<Operations["listTerminals"]> =>
  async ({ account_id, query: { limit = limitDefault, includes, ...filter } }) => {
    const { starting_after } = filter;
    if (starting_after !== undefined && (await read(world.db, account_id, starting_after)) === undefined) {
      const problem = "is not the `starting_after` of a page of this list.";
      const error = fieldError("INVALID_VALUE", "starting_after", problem);
      throw Rejection.ofFields(error.description, [error]);
    }
    // One more than asked for tells whether there is another page.
    const rows = await list(world.db, account_id, { limit: limit + 1, ...filter });
    const terminals = rows.slice(0, limit).map((row) => terminalOf(row, includes));
    const last = rows.length > limit ? terminals.at(-1)?.terminal_id : undefined;
    return { terminals, ...(last === undefined ? {} : { starting_after: last }) };
  };

export const readTerminal =
  (world: World): Handler<Operations["readTerminal"]> =>
  async (call) => {
    const { account_id, terminal_id } = named(call);
    const terminal = await read(world.db, account_id, terminal_id);
    if (terminal === undefined) throw new Rejection("TERMINAL_NOT_FOUND", { terminal_id: call.params.terminal_id });
    return terminalOf(terminal, call.query.includes);
  };

export const changeTerminal =
  (world: World): Handler<Operations["changeTerminal"]> =>
  async (call) => {
    await registration.changeTerminal(world, named(call), call.body);
    return answered(world, named(call));
  };

type Act = (world: World, request: registration.TerminalRequest) => Promise<void>;

/** Does something to the terminal that the path names, and answers what it is then. */
export const doing =
  (act: Act) =>
  (world: World): Handler<Operations["deleteTerminal"]> =>
  async (call) => {
    await act(world, named(call));
    return answered(world, named(call));
  };

export const deleteTerminal = doing(registration.deleteTerminal);
export const pairSimulatedTerminal = (world: World, devices: SimulatedDevices) =>
  doing((_, request) => pairSimulated(world, devices, request))(world);
export const syncTerminal = doing(registration.syncTerminal);
export const deactivateTerminal = doing(registration.deactivateTerminal);
export const activateTerminal = doing(registration.activateTerminal);

/** The terminal of the path, by its full id. */
export function named({
  account_id,
  client_id,
  params,
}: Pick<Call<Operation>, "account_id" | "client_id"> & {
  readonly params: { readonly terminal_id: string };
}): registration.TerminalRequest {
  return { account_id, client_id, terminal_id: fullTerminalId(account_id, params.terminal_id) };
}

async function answered(world: World, { account_id, terminal_id }: { account_id: string; terminal_id: string }) {
  const terminal = await read(world.db, account_id, terminal_id);
  if (terminal === undefined) throw new Error(`Terminal ${terminal_id} is gone.`);
  return terminalOf(terminal);
}
