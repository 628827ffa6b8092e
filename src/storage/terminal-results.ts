/** What terminals said, word for word: the evidence. */
import type { TerminalResult } from "../domain/terminal.ts";
import { type Reader, statement, type Tx } from "./database.ts";
import type { TerminalLink } from "./prompts.ts";

/** applied: it moved its prompt. The others changed nothing (see the table's comment). */
export type Verdict = "applied" | "late" | "orphan" | "foreign";

const known = statement(
  "known_result",
  `SELECT verdict FROM terminal_results
   WHERE account_id = $1 AND terminal_id = $2 AND journal_id = $3 AND sequence = $4`,
);

/** What became of this result when it came before, or `undefined` if it is new. */
export async function readVerdict(
  reader: Reader,
  link: TerminalLink,
  result: TerminalResult,
): Promise<Verdict | undefined> {
  const values = [link.account_id, link.terminal_id, result.journal_id, result.sequence];
  return (await reader.query<{ verdict: Verdict }>(known, values))[0]?.verdict;
}

const store = statement(
  "store_result",
  `INSERT INTO terminal_results (account_id, terminal_id, journal_id, sequence, prompt_id, epoch, received_at, frame,
     verdict)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
);

export async function storeResult(
  tx: Tx,
  link: TerminalLink,
  result: TerminalResult,
  verdict: Verdict,
  now: string,
): Promise<void> {
  const { account_id, terminal_id, epoch } = link;
  const { journal_id, sequence, prompt_id } = result;
  const frame = JSON.stringify(result);
  await tx.query(store, [account_id, terminal_id, journal_id, sequence, prompt_id, epoch, now, frame, verdict]);
}
