import { audit } from "../beside-server.ts";
import { processEnvironment, readConfig } from "../config.ts";
import { type AuditReport, emptyReport } from "../domain/audit.ts";
import { StartupProblem } from "../domain/startup-problem.ts";
import { systemClock } from "../system-environment.ts";

/** `tapline audit`: differences and summary on standard output, progress on standard error. */
export async function runAudit(): Promise<void> {
  const config = readConfig(processEnvironment());
  const report = emptyReport();
  const progress = sayProgress(report);
  const stopping = stopOnSignals();
  try {
    await audit(config, systemClock, report, stopping.check);
  } finally {
    progress.cancel();
  }
  for (const sentence of report.sentences) console.log(sentence);
  const untold = report.differences - report.sentences.length;
  if (untold > 0) console.log(`And ${untold} more.`);
  console.log(summaryOf(report));
  if (report.differences > 0) process.exitCode = 1;
}

function summaryOf(report: AuditReport): string {
  const { transactions, events, prompts, refunds, advices, sessions, differences } = report;
  const verdict = differences === 0 ? "the books are whole." : `${counted(differences, "difference")}.`;
  const rest = [counted(prompts, "prompt"), counted(refunds, "refund"), counted(advices, "advice")].join(", ");
  const read = `${counted(transactions, "transaction")} with ${counted(events, "event")}`;
  return `Audited ${read}, ${rest} and ${counted(sessions, "session")}: ${verdict}`;
}

const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

/** A person is told at least every two seconds; a page on a slow disk may hold the timer up for a part of the other. */
const sayEvery_ms = 1_000;

function sayProgress(report: AuditReport): { cancel(): void } {
  const say = () => {
    const { transactions, prompts, differences } = report;
    const read = `${counted(transactions, "transaction")} and ${counted(prompts, "prompt")}`;
    console.error(`Audited ${read} so far: ${counted(differences, "difference")}.`);
    timer = systemClock.after(sayEvery_ms, say);
  };
  let timer = systemClock.after(sayEvery_ms, say);
  return { cancel: () => timer.cancel() };
}

/** Asked once, it ends after the page it is at, so that a database it has started is stopped; asked twice, at once. */
function stopOnSignals(): { check(): void } {
  let asked = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      asked = true;
    });
  }
  return {
    check: () => {
      if (asked) throw new StartupProblem("The audit was stopped before its end: it vouches for nothing.");
    },
  };
}
