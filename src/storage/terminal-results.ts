/** What terminals said, word for word: the evidence. */
import type { TerminalResult } from "../domain/terminal.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import type { TerminalLink } from "./prompts.ts";

/** applied: it moved its prompt. The others changed nothing (see the table's comments). */
export type Verdict = "applied" | "late" | "orphan" | "foreign" | "contradiction" | "backwards" | "unreadable";

/** What every word of a terminal has: its key, and what it is about. */
export type KeyedWord = Pick<TerminalResult, "journal_id" | "sequence" | "prompt_id">;

export interface StoredWord {
  readonly sequence: number;
  readonly verdict: Verdict;
  readonly frame: Record<string, unknown>;
}

const known = statement(
  "known_result",
  `SELECT sequence, verdict, frame FROM terminal_results
   WHERE account_id = $1 AND terminal_id = $2 AND journal_id = $3 AND sequence >= $4 ORDER BY sequence LIMIT 1`,
);

/** The stored word with this key, or the next one after it: then this one runs backwards. */
export async function readWordFrom(
  reader: Reader,
  link: TerminalLink,
  word: KeyedWord,
): Promise<StoredWord | undefined> {
  const values = [link.account_id, link.terminal_id, word.journal_id, word.sequence];
  return (await reader.query<StoredWord>(known, values))[0];
}

const applied = statement(
  "applied_result",
  `SELECT sequence, verdict, frame FROM terminal_results
   WHERE account_id = $1 AND prompt_id = $2 AND verdict = 'applied' AND frame ->> 'type' = 'result'
   ORDER BY received_at DESC LIMIT 1`,
);

/** The word that moved a prompt last. */
export async function readAppliedWord(
  reader: Reader,
  account_id: string,
  prompt_id: string,
): Promise<StoredWord | undefined> {
  return (await reader.query<StoredWord>(applied, [account_id, prompt_id]))[0];
}

const store = statement(
  "store_result",
  `INSERT INTO terminal_results (account_id, terminal_id, journal_id, sequence, prompt_id, epoch, received_at, frame,
     verdict)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
   RETURNING (SELECT max(before.sequence) FROM terminal_results AS before
     WHERE before.account_id = $1 AND before.terminal_id = $2 AND before.journal_id = $3 AND before.sequence < $4)
     AS last_sequence`,
);

/** Answers the number of the journal's word before it, as far as we have them. */
export async function storeWord(
  tx: Tx,
  link: TerminalLink,
  word: KeyedWord,
  verdict: Verdict,
  now: string,
): Promise<number | undefined> {
  const { account_id, terminal_id, epoch } = link;
  const { journal_id, sequence, prompt_id } = word;
  const frame = JSON.stringify(word);
  const values = [account_id, terminal_id, journal_id, sequence, prompt_id, epoch, now, frame, verdict];
  const [stored] = await tx.query<{ last_sequence: number | null }>(store, values);
  return stored?.last_sequence ?? undefined;
}

const ofPrompts = statement(
  "results_of_prompts",
  `SELECT terminal_id, journal_id, sequence, prompt_id, epoch, received_at, verdict, frame FROM terminal_results
   WHERE account_id = $1 AND prompt_id = ANY($2::text[]) ORDER BY received_at, sequence`,
);

export interface EvidenceWord extends StoredWord {
  readonly terminal_id: string;
  readonly journal_id: string;
  readonly prompt_id: string;
  readonly epoch: number;
  readonly received_at: string;
}

/** Everything that was said about these prompts, in the order it came. */
export const readWordsAbout = (
  reader: Reader,
  account_id: string,
  prompt_ids: readonly string[],
): Promise<EvidenceWord[]> => reader.query(ofPrompts, [account_id, prompt_ids]);
