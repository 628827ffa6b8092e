/**
 * What a terminal says, judged. Everything it says is stored before it is acknowledged, and a result is never refused for
 * its content: it would come back for ever (prompt-life section 5).
 *
 *   applied         the table has a way out for it, and it is taken
 *   late            the prompt had ended otherwise; an approval is reversed
 *   contradiction   another word than the terminal's first one; the first stands, and a person is told
 *   orphan          a prompt we do not know, or never sent; never reversed by itself
 *   foreign         from another journal than the prompt was sent to: no evidence
 *   backwards       below a key we already have: no evidence
 *   unreadable      not of the protocol but for its key
 */
import { maskCardNumbersDeep } from "../domain/card-data.ts";
import type { IncidentKind } from "../domain/incident.ts";
import { isFinal, nextStatus, type PromptEvent, type PromptStatus } from "../domain/prompt.ts";
import type { TerminalWord } from "../domain/sale-outcome.ts";
import type { AdviceResult, OperationResult, ReversalResult, TerminalResult } from "../domain/terminal.ts";
import { readAdvice } from "../storage/advices.ts";
import type { Tx } from "../storage/database.ts";
import { settleByEvidence } from "../storage/incidents.ts";
import { type LockedPrompt, lockPrompt, type Prompt, type TerminalLink } from "../storage/prompts.ts";
import {
  type KeyedWord,
  readAppliedWord,
  readWordFrom,
  type StoredWord,
  storeWord,
  type Verdict,
} from "../storage/terminal-results.ts";
import { concludeAdvice } from "./advice.ts";
import { checkOwner } from "./connection.ts";
import { raiseIncident, tellOfSettled } from "./incident.ts";
import { concludePrompt } from "./prompt.ts";
import { concludeReversal, issueReversal } from "./reversal.ts";
import { concludeOperation } from "./terminal-operation.ts";
import { isoNow, type World } from "./world.ts";

/** Stores and applies a result. When this returns it is on disk, and may be acknowledged. */
export async function takeResult(world: World, link: TerminalLink, said: TerminalResult): Promise<Verdict> {
  const { value, found_at } = maskCardNumbersDeep(said);
  const result = { ...value, ...keyOf(said) };
  const verdict = await world.db.transaction(async (tx) => {
    await checkOwner(tx, link);
    const prompt = await lockPrompt(tx, link.account_id, result.prompt_id);
    if (found_at.length > 0) await tellOfCardNumber(world, tx, link, result, found_at);
    const before = await readWordFrom(tx, link, result);
    if (before?.sequence === result.sequence) return saidAgain(world, tx, link, prompt, result, before);
    const judged = before === undefined ? await judge(tx, link, prompt, result) : "backwards";
    const verdict = typeof judged === "string" ? judged : "applied";
    await keepWord(world, tx, link, result, verdict);
    if (typeof judged === "string") await answerUnfit(world, tx, link, prompt, result, judged);
    else await apply(world, tx, judged.prompt, judged.status, result);
    return verdict;
  });
  world.hints.promptChanged(result.prompt_id);
  return verdict;
}

/** The terminal's word on a reversal: evidence as any other. */
export async function takeReversalResult(world: World, link: TerminalLink, said: ReversalResult): Promise<void> {
  const { value, found_at } = maskCardNumbersDeep(said);
  const { reversal_id, journal_id, sequence } = said;
  const result = { ...value, reversal_id, journal_id, sequence };
  const word = { ...result, prompt_id: result.reversal_id };
  await world.db.transaction(async (tx) => {
    await checkOwner(tx, link);
    if (found_at.length > 0) await tellOfCardNumber(world, tx, link, word, found_at);
    const before = await readWordFrom(tx, link, word);
    if (before?.sequence === result.sequence) return;
    if (before === undefined) {
      await keepWord(world, tx, link, word, "applied");
      return concludeReversal(world, tx, link, result);
    }
    await keepWord(world, tx, link, word, "backwards");
    await tell(world, tx, "SEQUENCE_BACKWARDS", link, undefined, word, { frame: word });
  });
  world.hints.eventWritten();
}

/** The host's answer to an advice: evidence as any other. Another answer than the first changes nothing. */
export async function takeAdviceResult(world: World, link: TerminalLink, said: AdviceResult): Promise<void> {
  const { value, found_at } = maskCardNumbersDeep(said);
  const { advice_id, journal_id, sequence } = said;
  const word = { ...value, advice_id, journal_id, sequence, prompt_id: advice_id };
  await world.db.transaction(async (tx) => {
    await checkOwner(tx, link);
    if (found_at.length > 0) await tellOfCardNumber(world, tx, link, word, found_at);
    const before = await readWordFrom(tx, link, word);
    if (before?.sequence === word.sequence) return;
    const advice = await readAdvice(tx, link.account_id, advice_id);
    const is_ours = advice?.terminal_id === link.terminal_id;
    const verdict = before !== undefined ? "backwards" : is_ours ? "applied" : "orphan";
    await keepWord(world, tx, link, word, verdict);
    const ids = { account_id: link.account_id, advice_id };
    const answer = { accepted: word.outcome === "accepted", reason: word.reason, facts: word.facts };
    const fits = verdict === "applied" && (await concludeAdvice(world, tx, ids, answer));
    const kind = verdict === "applied" ? "CONTRADICTION" : incidentOf[verdict];
    if (!fits && kind !== undefined) await tell(world, tx, kind, link, undefined, word, { frame: word });
  });
  world.hints.promptChanged(advice_id);
}

/** How an operation ended. Housekeeping moves no money: what comes late, or is about nothing of ours, is only kept. */
export async function takeOperationResult(world: World, link: TerminalLink, said: OperationResult): Promise<void> {
  const { value, found_at } = maskCardNumbersDeep(said);
  const { operation_id, journal_id, sequence } = said;
  const word = { ...value, operation_id, journal_id, sequence, prompt_id: operation_id };
  await world.db.transaction(async (tx) => {
    await checkOwner(tx, link);
    if (found_at.length > 0) await tellOfCardNumber(world, tx, link, word, found_at);
    const before = await readWordFrom(tx, link, word);
    if (before?.sequence === sequence) return;
    const { outcome, reason, result } = word;
    const answer = { outcome, reason, result };
    const verdict = before === undefined ? await concludeOperation(world, tx, link, operation_id, answer) : "backwards";
    await keepWord(world, tx, link, word, verdict);
    if (verdict === "backwards") await tell(world, tx, "SEQUENCE_BACKWARDS", link, undefined, word, { frame: word });
    else if (verdict !== "applied")
      world.log.warn({ ...link, operation_id, verdict }, "an operation's result was kept");
  });
}

/** A result that is not of the protocol, but carries its key: kept, acknowledged, and shown to a person. */
export async function takeUnreadableResult(world: World, link: TerminalLink, said: KeyedWord): Promise<void> {
  const { value, found_at } = maskCardNumbersDeep(said);
  const word = { ...value, ...keyOf(said) };
  await world.db.transaction(async (tx) => {
    await checkOwner(tx, link);
    if (found_at.length > 0) await tellOfCardNumber(world, tx, link, word, found_at);
    if ((await readWordFrom(tx, link, word))?.sequence === word.sequence) return;
    const prompt = await lockPrompt(tx, link.account_id, word.prompt_id);
    await keepWord(world, tx, link, word, "unreadable");
    await tell(world, tx, "UNREADABLE_RESULT", link, prompt, word, { frame: word });
  });
}

/**
 * Stores a word. Results are numbered without a gap and come in their order: where one is missing, the journal has lost it,
 * and it may have said otherwise. A person is told; what did come counts, as nothing better will.
 */
async function keepWord(world: World, tx: Tx, link: TerminalLink, word: KeyedWord, verdict: Verdict): Promise<void> {
  const last_sequence = await storeWord(tx, link, word, verdict, isoNow(world));
  const is_gap = last_sequence !== undefined && word.sequence > last_sequence + 1 && verdict !== "backwards";
  if (!is_gap) return;
  const details = { last_sequence, sequence: word.sequence, prompt_id: word.prompt_id };
  await tell(world, tx, "SEQUENCE_GAP", link, undefined, word, details);
}

/** The names of things are no card numbers, whatever they look like: by them the word is known. */
const keyOf = ({ journal_id, sequence, prompt_id }: KeyedWord): KeyedWord => ({ journal_id, sequence, prompt_id });

type Judgement = { readonly prompt: LockedPrompt; readonly status: PromptStatus } | Exclude<Verdict, "applied">;

async function judge(
  tx: Tx,
  link: TerminalLink,
  prompt: LockedPrompt | undefined,
  result: TerminalResult,
): Promise<Judgement> {
  if (prompt === undefined || prompt.terminal_id !== link.terminal_id) return "orphan";
  // By our books nothing was ever written to a connection: the books are older than the terminal's journal.
  if (prompt.sent_journal_id === null && result.outcome === "approved") return "orphan";
  if (prompt.sent_journal_id !== null && prompt.sent_journal_id !== result.journal_id) return "foreign";
  // It has approved another amount, and that is being taken back: nothing it says now makes that unsaid.
  const first = await readAppliedWord(tx, prompt.account_id, prompt.id);
  if (prompt.status === "UNRESOLVED" && first?.frame.outcome === "approved") {
    return isSameWord(first, result) ? "late" : "contradiction";
  }
  const status = nextStatus(prompt.status, eventOf(prompt, result), prompt.cancel_asked_at !== null);
  if (status !== undefined) return { prompt, status };
  if (!isFinal(prompt.status)) return "contradiction";
  const said_otherwise = first !== undefined && !isSameWord(first, result);
  const decided_otherwise = prompt.status === "APPROVED" && eventOf(prompt, result) !== "approved";
  return said_otherwise || decided_otherwise ? "contradiction" : "late";
}

/** An approval of another amount or currency than asked is no approval of ours. */
function eventOf(prompt: Prompt, result: TerminalResult): PromptEvent {
  if (result.outcome !== "approved") return result.outcome;
  if (!isOfWhatWasAsked(prompt, result)) return "approved_otherwise";
  // R64: the till has been told that this refund failed.
  return prompt.kind === "refund" && prompt.status === "UNRESOLVED" ? "approved_too_late" : "approved";
}

const isOfWhatWasAsked = (prompt: Prompt, { amount, currency }: TerminalResult): boolean =>
  amount === prompt.amount && currency === prompt.currency;

async function apply(
  world: World,
  tx: Tx,
  prompt: LockedPrompt,
  status: PromptStatus,
  result: TerminalResult,
): Promise<void> {
  if (status !== prompt.status) await concludePrompt(world, tx, prompt, status, wordOf(result));
  if (isFinal(status)) {
    if (prompt.status !== "UNRESOLVED") return;
    const settled = await settleByEvidence(tx, prompt, `The terminal reported ${result.outcome}.`, isoNow(world));
    return tellOfSettled(world, tx, prompt.account_id, settled);
  }
  if (result.outcome !== "approved") return;
  await issueReversal(world, tx, prompt, result);
  if (isOfWhatWasAsked(prompt, result)) return;
  const { amount, currency } = result;
  const details = { asked: { amount: prompt.amount, currency: prompt.currency }, approved: { amount, currency } };
  const cause = { account_id: prompt.account_id, terminal_id: prompt.terminal_id, prompt, details };
  await raiseIncident(world, tx, { ...cause, kind: "WRONG_AMOUNT", subject: prompt.id });
}

/** A result that changes nothing: what it asks of us all the same. */
async function answerUnfit(
  world: World,
  tx: Tx,
  link: TerminalLink,
  prompt: LockedPrompt | undefined,
  result: TerminalResult,
  verdict: Exclude<Verdict, "applied">,
): Promise<void> {
  const facts = { ...link, prompt_id: result.prompt_id, verdict, outcome: result.outcome };
  world.log.warn(facts, "a terminal's result changed nothing");
  const kind = incidentOf[verdict];
  if (kind !== undefined) await tell(world, tx, kind, link, prompt, result, { frame: result });
  const is_evidence = verdict === "late" || verdict === "contradiction";
  const taken_after_all = result.outcome === "approved" && prompt !== undefined && prompt.status !== "APPROVED";
  if (is_evidence && taken_after_all && isFinal(prompt.status)) await issueReversal(world, tx, prompt, result);
}

const incidentOf: Readonly<Record<Exclude<Verdict, "applied">, IncidentKind | undefined>> = {
  late: undefined,
  contradiction: "CONTRADICTION",
  orphan: "ORPHAN_RESULT",
  foreign: "FOREIGN_RESULT",
  backwards: "SEQUENCE_BACKWARDS",
  unreadable: "UNREADABLE_RESULT",
};

/** Two words are the same if they say the same about the same prompt: how it ended, and over how much. */
const isSameWord = ({ frame }: StoredWord, { prompt_id, outcome, amount, currency }: TerminalResult): boolean =>
  frame.prompt_id === prompt_id && frame.outcome === outcome && frame.amount === amount && frame.currency === currency;

/** The same key again is the same word, and needs no more than an acknowledgement; another word under it does. */
async function saidAgain(
  world: World,
  tx: Tx,
  link: TerminalLink,
  prompt: LockedPrompt | undefined,
  result: TerminalResult,
  before: StoredWord,
): Promise<Verdict> {
  if (!isSameWord(before, result))
    await tell(world, tx, "CONTRADICTION", link, prompt, result, { first: before.frame, second: result });
  return before.verdict;
}

function tellOfCardNumber(
  world: World,
  tx: Tx,
  link: TerminalLink,
  word: KeyedWord,
  fields: readonly string[],
): Promise<void> {
  world.log.error({ ...link, prompt_id: word.prompt_id, fields }, "a terminal sent what looks like a card number");
  return tell(world, tx, "CARD_NUMBER", link, undefined, word, { fields });
}

function tell(
  world: World,
  tx: Tx,
  kind: IncidentKind,
  { account_id, terminal_id }: TerminalLink,
  prompt: LockedPrompt | undefined,
  word: KeyedWord,
  details: object,
): Promise<void> {
  const subject = `${word.journal_id} ${word.sequence}`;
  return raiseIncident(world, tx, { account_id, terminal_id, kind, subject, prompt, details });
}

const wordOf = ({ outcome, reason, reason_code, card, facts }: TerminalResult): TerminalWord => ({
  was_shown: outcome === "timed_out",
  reason,
  reason_code,
  card,
  facts,
});
