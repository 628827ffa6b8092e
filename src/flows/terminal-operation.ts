/**
 * Housekeeping of a terminal (prompt-life section 8): it never moves money, and takes the terminal's seat while it lasts.
 *
 *   startOperation         a row and the seat, in one transaction; the terminal is told, now or when it is back in time
 *   takeOperationsToSend   over the terminal's connection, under one id
 *   concludeOperation      the terminal's answer; the seat is free for whoever waits
 *   endSilentOperations    no answer in time: TIMEOUT, and the seat is free as well
 */

import { newUuid } from "../domain/ids.ts";
import { busy } from "../domain/obstacles.ts";
import { Rejection } from "../domain/rejections.ts";
import {
  comparedBooks,
  type OperationAnswer,
  type OperationKind,
  refusalOfEndOfDay,
  refusalOfOperation,
} from "../domain/terminal-operation.ts";
import type { Tx } from "../storage/database.ts";
import { keepAnswer } from "../storage/idempotency-keys.ts";
import { freeSeat, type TerminalLink } from "../storage/prompts.ts";
import {
  claimOperations,
  endOperation,
  insertOperation,
  keepOperationAnswer,
  lockOperation,
  lockOperationSeat,
  type OperationEnd,
  type OperationSeat,
  readDueOperations,
  readOccupantSale,
  readTerminalBooks,
  readUnsentOperationsHere,
  type TerminalOperation,
} from "../storage/terminal-operations.ts";
import { readOpenWork } from "../storage/terminal-work.ts";
import { beginClosings } from "./closing.ts";
import { orKeptAnswer, type RequestKey } from "./idempotency.ts";
import { bringOperation } from "./reach.ts";
import { isoNow, type World } from "./world.ts";

export interface OperationRequest {
  readonly account_id: string;
  readonly client_id: string;
  /** The full id. */
  readonly terminal_id: string;
  readonly operation: OperationKind;
  readonly parameters?: object | undefined;
  readonly members: object;
  readonly idempotency?: RequestKey | undefined;
}

/** Throws `Rejection`; then nothing was written. A repeated request is answered as the first time. */
export const startOperation = (world: World, request: OperationRequest): Promise<TerminalOperation> =>
  orKeptAnswer(world, request, () => acceptOperation(world, request));

async function acceptOperation(world: World, request: OperationRequest): Promise<TerminalOperation> {
  const { account_id, terminal_id, client_id, operation, parameters, members, idempotency } = request;
  const id = newUuid(world.random);
  const { asked, connected_to } = await world.db.transaction(async (tx) => {
    const seat = await lockOperationSeat(tx, account_id, terminal_id);
    if (seat === undefined) throw new Rejection("TERMINAL_UNKNOWN", { terminal_id }, "terminal_id");
    await refuseUnlessFree(tx, request, seat);
    const deadline_at = new Date(world.clock.now() + world.limits.operation_ms).toISOString();
    const wanted = { account_id, id, terminal_id, operation, parameters, members, created_by: client_id, deadline_at };
    const asked = await insertOperation(tx, wanted, isoNow(world));
    if (idempotency !== undefined) await keepAnswer(tx, request, idempotency, asked, isoNow(world));
    return { asked, connected_to: seat.connected_to };
  });
  if (connected_to !== null) bringOperation(world, asked, connected_to);
  return asked;
}

async function refuseUnlessFree(tx: Tx, { account_id, operation }: OperationRequest, seat: OperationSeat) {
  const refusal = refusalOfOperation(operation, seat);
  if (refusal !== undefined) throw refusal;
  const { terminal_id, occupant_id } = seat;
  const no_sale = { occupant_prompt_kind: null, occupant_session_id: null, occupant_merchant_reference: null };
  const sale = occupant_id === null ? undefined : await readOccupantSale(tx, account_id, occupant_id);
  const is_busy = busy({ terminal_id }, { ...seat, ...(sale ?? no_sale) }, "terminal_id");
  if (is_busy !== undefined) throw is_busy;
  if (operation !== "end_of_day") return;
  const too_early = refusalOfEndOfDay(terminal_id, await readOpenWork(tx, { account_id, terminal_id }));
  if (too_early !== undefined) throw too_early;
}

/** What to send over this connection. */
export const takeOperationsToSend = (world: World, link: TerminalLink): Promise<TerminalOperation[]> =>
  world.db.atOnce((tx) => claimOperations(tx, link, isoNow(world)));

/** late: it had ended without this answer, which is kept and changes nothing. orphan: it is no operation of this terminal. */
export type OperationVerdict = "applied" | "late" | "orphan";

/** Applies an answer, in the transaction that stores it. */
export async function concludeOperation(
  world: World,
  tx: Tx,
  { account_id, terminal_id }: TerminalLink,
  operation_id: string,
  answer: OperationAnswer,
): Promise<OperationVerdict> {
  const asked = await lockOperation(tx, account_id, operation_id);
  if (asked === undefined || asked.terminal_id !== terminal_id) return "orphan";
  const now = isoNow(world);
  // The first word stands.
  if (asked.answered_at === null) await keepOperationAnswer(tx, asked, answer, now);
  if (asked.status !== "PENDING") return "late";
  await endOperation(tx, asked, await endBy(world, tx, asked, answer), now);
  await freeSeat(tx, asked);
  return "applied";
}

async function endBy(
  world: World,
  tx: Tx,
  asked: TerminalOperation,
  { outcome, reason, result = {} }: OperationAnswer,
): Promise<OperationEnd> {
  if (outcome === "failed") return { status: "FAILED", reason: reason ?? "The terminal gave no reason." };
  if (asked.operation !== "end_of_day") return { status: "COMPLETED", result };
  const books = comparedBooks(await readTerminalBooks(tx, asked), result);
  if (Object.keys(books.difference).length > 0) {
    const { account_id, terminal_id, id } = asked;
    const facts = { account_id, terminal_id, operation_id: id, difference: books.difference };
    world.log.warn(facts, "a terminal's end of day differs from the books");
  }
  return { status: "COMPLETED", result: { ...result, books } };
}

/** The terminal says that it cannot do this. */
export async function operationNotSupported(world: World, link: TerminalLink, operation_id: string): Promise<void> {
  const answer = { outcome: "failed", reason: "The terminal does not do this." } as const;
  await world.db.transaction((tx) => concludeOperation(world, tx, link, operation_id, answer));
  // The refund that waited has its turn.
  world.terminals.sendDue(link);
}

/** Sends what waits for terminals connected here, and gives up what nobody has answered in time. */
export async function tendOperations(world: World): Promise<void> {
  await endSilentOperations(world);
  await beginClosings(world);
  for (const terminal of await readUnsentOperationsHere(world.db, world.process_id)) {
    world.terminals.sendOperations(terminal);
  }
}

async function endSilentOperations(world: World): Promise<void> {
  for (const { account_id, id } of await readDueOperations(world.db, isoNow(world))) {
    await world.db.transaction(async (tx) => {
      const asked = await lockOperation(tx, account_id, id);
      if (asked === undefined || asked.status !== "PENDING") return;
      await endOperation(tx, asked, { status: "TIMEOUT" }, isoNow(world));
      await freeSeat(tx, asked);
    });
  }
}
