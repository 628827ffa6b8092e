/**
 * Taking back an approval that came after we had said otherwise (prompt-life section 5).
 *
 *   issueReversal          a row, in the transaction that stores the late result, before that is acknowledged
 *   takeReversalsToSend    the terminal is asked over its connection, before its next prompt
 *   concludeReversal       its answer: reversed, refused (an incident), or still at it
 *
 * A reversal adds no AUTHORIZE, CAPTURE or REFUND event: clients sum those.
 */
import { newId } from "../domain/ids.ts";
import type { ReversalResult, TerminalResult } from "../domain/terminal.ts";
import type { Tx } from "../storage/database.ts";
import { settleByEvidence } from "../storage/incidents.ts";
import { freeSeat, type LockedPrompt, lockPrompt, type TerminalLink } from "../storage/prompts.ts";
import {
  askReversalsAgain,
  claimReversals,
  insertReversal,
  lockReversal,
  type Reversal,
  readReversalsLeftBehind,
  readSilentReversals,
  seatReversal,
  updateReversal,
} from "../storage/reversals.ts";
import { raiseIncident, tellOfSettled } from "./incident.ts";
import { endPrompt } from "./prompt.ts";
import { isoNow, type World } from "./world.ts";

export async function issueReversal(
  world: World,
  tx: Tx,
  prompt: LockedPrompt,
  { journal_id, amount = prompt.amount, currency = prompt.currency }: TerminalResult,
): Promise<void> {
  const id = newId("rev", world.clock.now(), world.random);
  const is_new = await insertReversal(tx, prompt, { id, journal_id, amount, currency }, isoNow(world));
  if (!is_new) return;
  await seatReversal(tx, { ...prompt, id }, isoNow(world));
  const { account_id, terminal_id, transaction_id } = prompt;
  world.log.warn({ account_id, terminal_id, transaction_id, reversal_id: id }, "a late approval is being reversed");
}

/** What to send over this connection: each reversal once for a connection, the oldest first. */
export async function takeReversalsToSend(world: World, link: TerminalLink): Promise<Reversal[]> {
  return world.db.atOnce((tx) => claimReversals(tx, link, isoNow(world)));
}

/** Applies the terminal's word on a reversal, in the transaction that stores it. */
export async function concludeReversal(
  world: World,
  tx: Tx,
  { account_id }: TerminalLink,
  result: ReversalResult,
): Promise<void> {
  const reversal = await lockReversal(tx, account_id, result.reversal_id);
  // Another journal's word is no evidence; a reversal that has ended has ended.
  if (reversal === undefined || reversal.journal_id !== result.journal_id || reversal.finished_at !== null) return;
  if (result.outcome === "in_progress") return;
  await endReversal(world, tx, reversal, result.outcome === "reversed" ? "REVERSED" : "REFUSED", result.reason);
}

/** The terminal said with its hello that it takes nothing back: it is not asked, and a person is told at once. */
export async function reversalsNotSupported(world: World, link: TerminalLink): Promise<void> {
  for (const { id } of await takeReversalsToSend(world, link)) await reversalNotSupported(world, link, id);
}

/** The terminal answered that it cannot do this. */
export async function reversalNotSupported(world: World, link: TerminalLink, reversal_id: string): Promise<void> {
  await world.db.transaction(async (tx) => {
    const reversal = await lockReversal(tx, link.account_id, reversal_id);
    if (reversal === undefined || reversal.terminal_id !== link.terminal_id || reversal.finished_at !== null) return;
    await endReversal(world, tx, reversal, "REFUSED", "The terminal cannot take an approval back.");
  });
}

async function endReversal(
  world: World,
  tx: Tx,
  reversal: Reversal,
  status: "REVERSED" | "REFUSED",
  reason: string | undefined,
): Promise<void> {
  // The prompt's lock comes before the seat's, as everywhere.
  const prompt = await lockPrompt(tx, reversal.account_id, reversal.prompt_id);
  await updateReversal(tx, reversal, { status, reason: reason ?? null }, isoNow(world));
  if (status === "REFUSED") {
    const details = { amount: reversal.amount, currency: reversal.currency, reason: reason ?? "" };
    await raiseIncident(world, tx, { ...reversal, kind: "REVERSAL_REFUSED", subject: reversal.id, prompt, details });
    // The terminal has said its last word about it: what is left is a person's to decide, and the terminal is free.
    if (prompt?.status === "UNRESOLVED") await freeSeat(tx, prompt);
  } else if (prompt?.status === "UNRESOLVED") {
    // A payment of another amount than was asked, or a refund that came too late, has been taken back: now it is known
    // that no money moved.
    await endPrompt(world, tx, prompt, "failed");
  }
  await freeSeat(tx, reversal);
  const answered = { ...reversal, id: reversal.prompt_id };
  const words = `The terminal reported the reversal ${status}.`;
  const settled = await settleByEvidence(tx, answered, words, isoNow(world));
  await tellOfSettled(world, tx, reversal.account_id, settled);
}

/** How long a host takes to take money back; asking again sooner would only add to the noise. */
const patience_ms = 2_000;

/** Asks the connected terminals again for what they have not answered, or are still at. */
export async function askReversalsAgainHere(world: World): Promise<void> {
  const asked_before = new Date(world.clock.now() - patience_ms).toISOString();
  const terminals = await world.db.atOnce((tx) => askReversalsAgain(tx, world.process_id, asked_before));
  for (const terminal of terminals) world.terminals.sendReversals(terminal);
}

/** The device that holds the approval is gone: its successor is free, and a person is told. */
export async function leaveReversalsBehind(
  world: World,
  terminal: Pick<TerminalLink, "account_id" | "terminal_id">,
  journal_id: string,
): Promise<void> {
  for (const { account_id, id } of await readReversalsLeftBehind(world.db, terminal, journal_id)) {
    await leaveUnresolved(world, account_id, id);
  }
}

/** A reversal that nobody has answered for so long is not known to have happened, and a person is told. */
const silence_ms = 15 * 60 * 1000;

export async function raiseSilentReversals(world: World): Promise<void> {
  const issued_before = new Date(world.clock.now() - silence_ms).toISOString();
  for (const { account_id, id } of await readSilentReversals(world.db, issued_before)) {
    await leaveUnresolved(world, account_id, id);
  }
}

async function leaveUnresolved(world: World, account_id: string, reversal_id: string): Promise<void> {
  await world.db.transaction(async (tx) => {
    const reversal = await lockReversal(tx, account_id, reversal_id);
    if (reversal === undefined || (reversal.status !== "ISSUED" && reversal.status !== "SENT")) return;
    await updateReversal(tx, reversal, { status: "UNRESOLVED", reason: null }, isoNow(world));
    await freeSeat(tx, reversal);
    const prompt = { ...reversal, id: reversal.prompt_id };
    const details = { amount: reversal.amount, currency: reversal.currency };
    await raiseIncident(world, tx, { ...reversal, kind: "REVERSAL_UNRESOLVED", subject: reversal_id, prompt, details });
  });
}
