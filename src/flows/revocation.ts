/**
 * A device ceases to be a terminal's: it was lost, or another one was paired. It is cut off wherever it is connected; what
 * it had not told the end of is left behind, with an incident for each; the terminal is free for another device.
 */
import { Rejection } from "../domain/rejections.ts";
import type { Tx } from "../storage/database.ts";
import { readOpenPrompts, type TerminalLink } from "../storage/prompts.ts";
import { lockTerminal } from "../storage/terminal-registry.ts";
import { readLeftBehind, readOpenWork } from "../storage/terminal-work.ts";
import { markDeviceRevoked, vacateSeat } from "../storage/terminals.ts";
import { recordChange } from "./account-change.ts";
import { raiseUnanswered } from "./advice.ts";
import { leaveBehind } from "./reconnection.ts";
import { leaveReversalsBehind } from "./reversal.ts";
import { tellOfTerminal } from "./set-up-event.ts";
import { led, type TerminalRequest, write } from "./terminal-registration.ts";
import { isoNow, type World } from "./world.ts";

interface Terminal {
  readonly account_id: string;
  readonly terminal_id: string;
}

/** Revokes the device that is paired now; without one, nothing changes. A deleted terminal's may still be cut off. */
export async function revokeDevice(world: World, request: TerminalRequest): Promise<void> {
  const left = await world.db.transaction(async (tx) => {
    const { account_id, terminal_id } = request;
    const terminal = await lockTerminal(tx, account_id, terminal_id);
    const is_deleted = terminal?.status === "DELETED";
    if (terminal === undefined || (is_deleted && terminal.device_id === null)) {
      throw new Rejection("TERMINAL_NOT_FOUND", { terminal_id });
    }
    if (terminal.device_id === null) return undefined;
    if (!is_deleted) await write(world, tx, { ...led(terminal, "revoked"), check_update_asked_at: null }, request);
    const link = await endDevice(world, tx, request);
    await tellOfTerminal(world, tx, request, "updated");
    return link;
  });
  if (left !== undefined) await cutOff(world, left);
}

/** In the transaction that changes the terminal. `undefined` where no device was paired. */
export async function endDevice(world: World, tx: Tx, request: TerminalRequest): Promise<TerminalLink | undefined> {
  const { account_id, terminal_id, client_id } = request;
  const device_id = await markDeviceRevoked(tx, request, client_id, isoNow(world));
  if (device_id === undefined) return undefined;
  const change = { terminal_id };
  const about = { account_id, changed_by: client_id, entity: "device", entity_id: device_id } as const;
  await recordChange(world, tx, { ...about, action: "revoked", change });
  return vacateSeat(tx, request, isoNow(world));
}

/** After the commit: whoever holds the device's connection ends it, and what it held becomes somebody's to settle. */
export async function cutOff(world: World, link: TerminalLink): Promise<void> {
  world.terminals.replaced(link, link.epoch);
  const { account_id, terminal_id, epoch } = link;
  world.bus.tell({ kind: "replaced", account_id, terminal_id, epoch });
  await leaveAllBehind(world, link);
}

async function leaveAllBehind(world: World, terminal: Terminal): Promise<void> {
  for (const prompt of await readOpenPrompts(world.db, terminal)) {
    // Nothing of it was ever written to a connection: it goes to the next device, or to its deadline.
    if (prompt.status !== "PENDING") await leaveBehind(world, prompt);
  }
  await leaveReversalsBehind(world, terminal, "");
  for (const { what, id } of await readOpenWork(world.db, terminal)) {
    if (what === "capture" || what === "void" || what === "lapse")
      await raiseUnanswered(world, terminal.account_id, id);
  }
}

/** A process may die between the revocation and its incidents. */
export async function leaveRevokedBehind(world: World): Promise<void> {
  for (const terminal of await readLeftBehind(world.db)) await leaveAllBehind(world, terminal);
}
