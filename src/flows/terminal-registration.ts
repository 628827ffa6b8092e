/**
 * A shop sets up its terminals: registers, moves, switches off and on, deletes. What is open on a terminal is never changed
 * by that: a prompt that was sent goes on to its end.
 */
import type { NewTerminal, TerminalChange } from "../contract/terminal.ts";
import { Rejection } from "../domain/rejections.ts";
import { checkModel, isSimulatedDevice } from "../domain/simulated-serial.ts";
import { nextTerminalStatus, readinessOf, statusReason, type TerminalAct } from "../domain/terminal-status.ts";
import type { Tx } from "../storage/database.ts";
import { dropPairingCode } from "../storage/pairing-codes.ts";
import {
  findBySerialNumber,
  findStore,
  type LockedTerminal,
  lockTerminal,
  lockTerminals,
  readNextNumber,
  updateTerminal,
} from "../storage/terminal-registry.ts";
import { type OpenWork, readOpenAndHeld, readOpenWork } from "../storage/terminal-work.ts";
import { insertTerminal } from "../storage/terminals.ts";
import { recordChange } from "./account-change.ts";
import { askToClose } from "./closing.ts";
import { raiseIncident } from "./incident.ts";
import { tellOfTerminal } from "./set-up-event.ts";
import { enrolSimulated, type SimulatedDevices } from "./simulated-enrolment.ts";
import { isoNow, type World } from "./world.ts";

interface Caller {
  readonly account_id: string;
  readonly client_id: string;
}

/** A terminal of the caller's, by its full id. */
export interface TerminalRequest extends Caller {
  readonly terminal_id: string;
}

/** Registers a terminal; a simulated one is switched on as well. Answers its id. */
export async function registerTerminal(
  world: World,
  devices: SimulatedDevices,
  { account_id, client_id }: Caller,
  asked: NewTerminal,
): Promise<string> {
  const { device_serial_number, device_model } = asked;
  const is_simulated = isSimulatedDevice(account_id, device_serial_number, device_model);
  const key = is_simulated ? await devices.makeKey() : undefined;
  const terminal_id = await world.db.transaction(async (tx) => {
    await lockTerminals(tx, account_id);
    const store_id = await placeIn(tx, account_id, asked.store_id);
    const other = await findBySerialNumber(tx, account_id, device_serial_number);
    if (other !== undefined) {
      const facts = { device_serial_number, terminal_id: other };
      throw new Rejection("SERIAL_NUMBER_TAKEN", facts, "device_serial_number");
    }
    const number = await readNextNumber(tx, account_id);
    if (number === null) throw new Rejection("TERMINAL_NUMBERS_USED_UP", { account_id });
    const terminal_id = `${account_id}-T${String(number).padStart(4, "0")}`;
    const place = { account_id, terminal_id, device_serial_number, store_id, created_by: client_id };
    const terminal = { ...place, members: membersOf(asked) };
    if (key !== undefined) await enrolSimulated(world, tx, terminal, key);
    else await insertTerminal(tx, { ...terminal, device_model, status: "PENDING" }, isoNow(world));
    const change = { device_serial_number, store_id, status: key === undefined ? "PENDING" : "ACTIVE" };
    await record(world, tx, { account_id, client_id, terminal_id }, "created", change);
    return terminal_id;
  });
  if (is_simulated) await switchOn(world, devices, { account_id, terminal_id });
  return terminal_id;
}

/** Here, or wherever simulated terminals run. What goes wrong with it, the sweep mends. */
export async function switchOn(
  world: World,
  devices: SimulatedDevices,
  terminal: { account_id: string; terminal_id: string },
): Promise<void> {
  await devices.takeOn().catch((error: unknown) => {
    world.log.warn({ ...terminal, problem: String(error) }, "a simulated terminal is switched on later");
  });
  world.bus.tell({ kind: "registered", ...terminal });
}

async function placeIn(tx: Tx, account_id: string, asked: string): Promise<string> {
  const store = await findStore(tx, account_id, asked);
  if (store === undefined) throw new Rejection("STORE_UNKNOWN", { store_id: asked }, "store_id");
  const { store_id, status } = store;
  if (status !== "ACTIVE") throw new Rejection("STORE_NOT_ACTIVE", { store_id: asked, status }, "store_id");
  return store_id;
}

/** Ours to write: a client that sends back what it read changes none of them. */
const writtenByUs: ReadonlySet<string> = new Set([
  ...["terminal_id", "device_serial_number", "device_model", "store_id", "status", "status_reason", "store", "device"],
  ...["created_at", "created_by", "updated_at", "updated_by", "deleted_at", "deleted_by"],
  ...["connected", "last_seen_at", "open_prompt"],
]);

const membersOf = (body: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !writtenByUs.has(name)));

/** Changes its model, or moves it. Throws `TERMINAL_HAS_OPEN_WORK` where something is open on one that is to be moved. */
export async function changeTerminal(world: World, request: TerminalRequest, asked: TerminalChange): Promise<void> {
  const { device_model, store_id, device_serial_number } = asked;
  await world.db.transaction(async (tx) => {
    const terminal = await lockOwn(tx, request);
    const registered = { terminal_id: terminal.terminal_id, device_serial_number: terminal.device_serial_number };
    if (device_serial_number !== undefined && device_serial_number !== terminal.device_serial_number) {
      throw new Rejection("SERIAL_NUMBER_FIXED", registered, "device_serial_number");
    }
    if (device_model !== undefined) checkModel(terminal.device_serial_number, device_model);
    const place = store_id === undefined ? terminal.store_id : await placeIfMoved(tx, terminal, store_id);
    const changed = {
      ...(device_model === undefined ? {} : { device_model }),
      ...(place === terminal.store_id ? {} : { store_id: place }),
      ...membersOf(asked),
    };
    const members = { ...terminal.members, ...membersOf(asked) };
    const after = { ...terminal, device_model: device_model ?? terminal.device_model, store_id: place, members };
    await write(world, tx, after, request);
    await record(world, tx, request, "updated", changed);
  });
}

async function placeIfMoved(tx: Tx, terminal: LockedTerminal, asked: string): Promise<string> {
  const { terminal_id } = terminal;
  const place = await findStore(tx, terminal.account_id, asked);
  // A terminal may be told to stand where it stands, whatever has become of the store.
  if (place?.store_id === terminal.store_id) return terminal.store_id;
  const store_id = await placeIn(tx, terminal.account_id, asked);
  const work = await readOpenWork(tx, terminal);
  if (work.length === 0) return store_id;
  const named = work.map(({ what, id, status }) => `${what} ${id} (${status})`).join(", ");
  throw new Rejection("TERMINAL_HAS_OPEN_WORK", { terminal_id, work: named }, "store_id");
}

/** It takes nothing new. What is open goes on, and a person is told to leave the device switched on; then it closes its day. */
export async function deleteTerminal(world: World, request: TerminalRequest): Promise<void> {
  const { account_id, terminal_id, client_id } = request;
  await world.db.transaction(async (tx) => {
    const terminal = await lockTerminal(tx, account_id, terminal_id);
    if (terminal === undefined) throw new Rejection("TERMINAL_NOT_FOUND", { terminal_id });
    if (terminal.status === "DELETED") return;
    const deleted = { deleted_at: isoNow(world), deleted_by: client_id };
    await write(world, tx, { ...led(terminal, "delete"), ...deleted }, request);
    await dropPairingCode(tx, terminal);
    await askToClose(world, tx, request);
    await record(world, tx, request, "deleted", { status: "DELETED" });
    const open = await readOpenAndHeld(tx, terminal);
    if (open.length > 0) await tellOfOpenWork(world, tx, request, open);
  });
}

async function tellOfOpenWork(world: World, tx: Tx, request: TerminalRequest, open: OpenWork[]): Promise<void> {
  const { account_id, terminal_id, client_id } = request;
  const about = { account_id, terminal_id, kind: "DELETED_WITH_OPEN_WORK", subject: terminal_id } as const;
  await raiseIncident(world, tx, { ...about, details: { deleted_by: client_id, open } });
}

export async function deactivateTerminal(world: World, request: TerminalRequest): Promise<void> {
  await act(world, request, "deactivate");
}

/** Throws `TERMINAL_STATUS_CONFLICT` where the terminal is not switched off, and lacks something. */
export async function activateTerminal(world: World, request: TerminalRequest): Promise<void> {
  await act(world, request, "activate");
}

async function act(world: World, request: TerminalRequest, on: "activate" | "deactivate"): Promise<void> {
  await world.db.transaction(async (tx) => {
    const terminal = await lockOwn(tx, request);
    const after = led(terminal, on);
    if (after.status === terminal.status) return;
    await write(world, tx, after, request);
    await record(world, tx, request, "updated", { status: after.status });
  });
}

/** The device is to fetch its configuration. With that and its first connection the terminal takes payments. */
export async function syncTerminal(world: World, request: TerminalRequest): Promise<void> {
  await world.db.transaction(async (tx) => {
    const terminal = await lockOwn(tx, request);
    // There is nobody yet who could check.
    if (terminal.device_id === null) return;
    const asked = { ...terminal, check_update_asked_at: isoNow(world) };
    const after = ledIfReady(asked);
    await write(world, tx, after, request);
    const { check_update_asked_at, status } = after;
    await record(world, tx, request, "updated", { check_update_asked_at, status });
  });
}

/** The terminal's device has said hello: where a check-update was asked for, the terminal is ready. */
export async function deviceConnected(
  world: World,
  { account_id, terminal_id }: { readonly account_id: string; readonly terminal_id: string },
): Promise<void> {
  const request = { account_id, terminal_id, client_id: "tapline" };
  await world.db.transaction(async (tx) => {
    const terminal = await lockTerminal(tx, account_id, terminal_id);
    const after = terminal && ledIfReady(terminal);
    if (after === undefined || after.status === terminal?.status) return;
    await write(world, tx, after, request);
    await record(world, tx, request, "updated", { status: after.status });
  });
}

/** Another account's terminal, and one that was deleted, read like one that never was. */
export async function lockOwn(tx: Tx, { account_id, terminal_id }: TerminalRequest): Promise<LockedTerminal> {
  const terminal = await lockTerminal(tx, account_id, terminal_id);
  if (terminal === undefined || terminal.status === "DELETED")
    throw new Rejection("TERMINAL_NOT_FOUND", { terminal_id });
  return terminal;
}

/** The terminal as this act leaves it, by the table. */
export function led(terminal: LockedTerminal, on: TerminalAct): LockedTerminal {
  const { terminal_id, status } = terminal;
  const next = nextTerminalStatus(status, on, readinessOf(terminal));
  if (next === undefined) throw new Rejection("TERMINAL_STATUS_CONFLICT", { terminal_id, status, act: on });
  return { ...terminal, status: next };
}

function ledIfReady(terminal: LockedTerminal): LockedTerminal {
  const readiness = readinessOf(terminal);
  const next = readiness === "ready" ? nextTerminalStatus(terminal.status, "updated", readiness) : undefined;
  return next === undefined ? terminal : { ...terminal, status: next };
}

export const write = (world: World, tx: Tx, terminal: LockedTerminal, { client_id }: Caller): Promise<void> =>
  updateTerminal(tx, { ...terminal, status_reason: statusReason(terminal.status) }, client_id, isoNow(world));

/** On record, and told. */
async function record(
  world: World,
  tx: Tx,
  { account_id, client_id, terminal_id }: TerminalRequest,
  action: "created" | "updated" | "deleted",
  change: object,
): Promise<void> {
  await tellOfTerminal(world, tx, { account_id, terminal_id }, action);
  await recordChange(world, tx, {
    account_id,
    changed_by: client_id,
    entity: "terminal",
    entity_id: terminal_id,
    action,
    change,
  });
}
