/**
 * What the server asks about an approval afterwards: to take it back (a reversal), or to tell the host that it is
 * captured, voided or lapses (an advice). Both are done once: asked again under the same id, the terminal says the same.
 */
import type { Trouble } from "../contract/account.ts";
import type { ServerFrame, TerminalFrame } from "../contract/terminal-protocol.ts";
import type { Clock } from "../domain/environment.ts";
import { sendAnswer } from "./answer.ts";
import type { CardHost, HostWord } from "./card-host.ts";
import type { AdviceFrame } from "./host-book.ts";
import type { AdviceConclusion, Journal } from "./journal.ts";
import type { Troubles } from "./trouble.ts";

export interface AfterApprovalParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly host: CardHost;
  readonly troubles: Troubles;
  readonly send: (frame: TerminalFrame) => void;
  /** The power or the network goes, if that is what was ordered. */
  readonly suffer: (trouble: Trouble | undefined) => void;
}

type ReverseFrame = Extract<ServerFrame, { type: "reverse" }>;

/** Takes back an approval at the host. */
export async function reverse(parts: AfterApprovalParts, { reversal_id, prompt_id }: ReverseFrame): Promise<void> {
  const { journal, host, troubles, send } = parts;
  const before = journal.reversal(reversal_id);
  if (before !== undefined) return send(before);
  const { refusal } = await host.reverse(prompt_id, () => troubles.refuses("reversal_refused"));
  const ended =
    refusal === undefined ? { outcome: "reversed" as const } : { outcome: "refused" as const, reason: refusal };
  send(await journal.concludeReversal({ reversal_id, ...ended }));
}

/**
 * Tells the host what became of its authorization. Nothing need be on the journal before the host is asked: where the
 * power goes in between, the server tells the same again, and the host knows whether it has heard it.
 */
export async function advise(parts: AfterApprovalParts, advice: AdviceFrame): Promise<void> {
  const { clock, journal, host, troubles, send, suffer } = parts;
  const { advice_id } = advice;
  const before = journal.advice(advice_id);
  if (before !== undefined) return send(before);
  suffer(troubles.strike("received"));
  const word = await host.advise(advice, () => troubles.refuses("advice_refused"));
  suffer(troubles.strike("host_asked"));
  const result = await journal.concludeAdvice({ advice_id, ...endOf(word) });
  const trouble = troubles.strike("concluded");
  suffer(trouble);
  const sayOtherwise = () => journal.concludeAdvice({ advice_id, ...otherwise(word) });
  await sendAnswer(result, trouble, { clock, send, sayOtherwise });
  suffer(troubles.strike("sent"));
}

type AdviceEnd = Omit<AdviceConclusion, "advice_id">;

const endOf = ({ refusal }: HostWord): AdviceEnd =>
  refusal === undefined ? { outcome: "accepted" } : { outcome: "refused", reason: refusal };

const otherwise = ({ refusal }: HostWord): AdviceEnd =>
  endOf({ refusal: refusal === undefined ? "It says otherwise." : undefined });
