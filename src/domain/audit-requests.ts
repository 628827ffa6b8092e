/** The second half of an audit: what was asked for after the payment, and the one outcome of each request. */
import {
  type AuditedAdvice,
  type AuditedEvent,
  type AuditedPrompt,
  type AuditedRefund,
  type AuditedTransaction,
  belongingDifferences,
  isOpen,
  nameOf,
} from "./audited.ts";
import type { TransactionEventName } from "./transaction.ts";

/** What each request ends in. */
const outcomeOf: Readonly<Partial<Record<TransactionEventName, TransactionEventName>>> = {
  INITIATE_REFUND: "REFUND",
  INITIATE_CAPTURE: "CAPTURE",
  INITIATE_VOID: "VOID",
};

/** A lapse tells the host the same as a void: the rest of the authorization is given up. */
const eventOf = ({ kind }: AuditedAdvice): "CAPTURE" | "VOID" => (kind === "capture" ? "CAPTURE" : "VOID");

export function requestDifferences(books: AuditedTransaction): string[] {
  return [
    ...books.events.flatMap((event) => initiationDifferences(books, event)),
    ...books.events.flatMap((event) => correlationDifferences(books, event)),
    ...books.refunds.flatMap((refund) => refundDifferences(books, refund)),
    ...bookingDifferences(books),
    ...promptDifferences(books),
    ...books.advices.flatMap((advice) => adviceDifferences(books, advice)),
    ...ownerDifferences(books),
  ];
}

/** Every INITIATE event has the row that says what was asked, and is ended once at most. */
function initiationDifferences({ events, refunds, advices }: AuditedTransaction, event: AuditedEvent): string[] {
  const ends_in = outcomeOf[event.event];
  if (ends_in === undefined) return [];
  if (!event.success || event.request_id === null) return [`${nameOf(event)} has failed or names no request`];
  const asked =
    ends_in === "REFUND"
      ? refunds.filter(({ request_id }) => request_id === event.request_id)
      : advices.filter((advice) => ends_in === eventOf(advice) && isInitiatedBy(advice, event));
  const found = asked.length === 1 ? [] : [`${nameOf(event)} belongs to ${asked.length} rows of what was asked for`];
  const ends = events.filter(({ correlation_request_id }) => correlation_request_id === event.request_id);
  if (ends.length > 1) found.push(`${nameOf(event)} is ended ${ends.length} times`);
  return found;
}

const isInitiatedBy = ({ initiated, request_id }: AuditedAdvice, event: AuditedEvent): boolean =>
  initiated && request_id === event.request_id;

/** An outcome ends a request of its own kind that came before it. */
function correlationDifferences({ events }: AuditedTransaction, event: AuditedEvent): string[] {
  const { correlation_request_id } = event;
  if (correlation_request_id === null) return [];
  const begun = events.some(
    (before) =>
      outcomeOf[before.event] === event.event && before.request_id === correlation_request_id && before.id < event.id,
  );
  return begun ? [] : [`${nameOf(event)} ends the request ${correlation_request_id}, which nothing before it began`];
}

function refundDifferences(books: AuditedTransaction, refund: AuditedRefund): string[] {
  const { prompt_id, request_id, amount, outcome } = refund;
  const found: string[] = [];
  const begun = books.events.find((event) => event.event === "INITIATE_REFUND" && event.request_id === request_id);
  if (begun === undefined) found.push(`its refund ${prompt_id} has no INITIATE_REFUND`);
  else if (begun.amount !== amount) found.push(`${nameOf(begun)} is of ${begun.amount}, its refund of ${amount}`);
  const ended = books.events.find(
    ({ event, correlation_request_id }) => event === "REFUND" && correlation_request_id === request_id,
  );
  const told = ended === undefined ? null : ended.success ? "SUCCEEDED" : "FAILED";
  if (outcome !== told) {
    found.push(`its refund ${prompt_id} is ${outcome ?? "not told"}, its events make it ${told ?? "not told"}`);
  }
  if (ended?.success && ended.amount !== amount) {
    found.push(`${nameOf(ended)} is of ${ended.amount}, its refund of ${amount}`);
  }
  const prompt = books.prompts.find(({ id }) => id === prompt_id);
  if (prompt === undefined) found.push(`its refund ${prompt_id} has no prompt`);
  else found.push(...standingDifferences(refund, prompt));
  return found;
}

/** What was told and what is reserved, against how far the cardholder's prompt has come (prompt-life section 6). */
function standingDifferences(refund: AuditedRefund, prompt: AuditedPrompt): string[] {
  const { prompt_id, amount, outcome, reserved_amount } = refund;
  const found: string[] = [];
  const is = `its refund's prompt ${prompt_id} is ${prompt.status}`;
  if (prompt.kind !== "refund") found.push(`its refund's prompt ${prompt_id} is a ${prompt.kind}`);
  if (prompt.amount !== amount) found.push(`its refund's prompt ${prompt_id} is of ${prompt.amount}, not ${amount}`);
  // An APPROVED one was told SUCCEEDED; or FAILED, while nobody knew, and was booked by a person: see bookings.
  const told = isOpen(prompt) ? null : prompt.status === "APPROVED" ? (outcome ?? "SUCCEEDED") : "FAILED";
  if (outcome !== told) found.push(`${is}, and ${outcome === null ? "nothing was told" : `${outcome} was told`}`);
  // While nobody knows whether money moved, nobody may promise it again.
  const reserved = isOpen(prompt) || prompt.status === "UNRESOLVED" ? amount : 0;
  if (reserved_amount !== reserved) found.push(`${is}, and ${reserved_amount} of ${amount} is reserved`);
  return found;
}

/**
 * A REFUND that answers no request is what a person booked after a failure had been told: exactly one for every refund
 * that was told FAILED and whose prompt is APPROVED after all.
 */
function bookingDifferences({ events, refunds, prompts }: AuditedTransaction): string[] {
  const bookings = events.filter(
    ({ event, success, correlation_request_id }) => event === "REFUND" && success && correlation_request_id === null,
  );
  const found: string[] = [];
  for (const { prompt_id, outcome, amount } of refunds) {
    const is_approved = prompts.some(({ id, status }) => id === prompt_id && status === "APPROVED");
    if (outcome !== "FAILED" || !is_approved) continue;
    const booked = bookings.findIndex((booking) => booking.amount === amount);
    if (booked >= 0) bookings.splice(booked, 1);
    else found.push(`its refund ${prompt_id} was told FAILED, its prompt is APPROVED, and no REFUND books it`);
  }
  return [...found, ...bookings.map((booking) => `${nameOf(booking)} ends no request, and no refund was booked by it`)];
}

function promptDifferences(books: AuditedTransaction): string[] {
  const ofRefunds = books.prompts.filter(({ kind }) => kind === "refund");
  return ofRefunds.flatMap((prompt) => {
    const has_refund = books.refunds.some(({ prompt_id }) => prompt_id === prompt.id);
    const found = belongingDifferences(books, prompt);
    return has_refund ? found : [...found, `its prompt ${prompt.id} is a refund's, and there is no such refund`];
  });
}

/** What the terminal's host was told, against what was written on its answer (prompt-life section 7). */
function adviceDifferences(books: AuditedTransaction, advice: AuditedAdvice): string[] {
  const { id, prompt_id, kind, amount, status, request_id, initiated } = advice;
  const found: string[] = [];
  const authorization = books.prompts.find((prompt) => prompt.id === prompt_id);
  if (authorization?.kind !== "authorize") found.push(`its ${kind} ${id} is told of no authorization of its own`);
  const begun = books.events.some(
    (event) => outcomeOf[event.event] === eventOf(advice) && event.request_id === request_id,
  );
  if (begun !== initiated) {
    found.push(
      `its ${kind} ${id} ${begun ? "has an INITIATE event and should have none" : "lacks its INITIATE event"}`,
    );
  }
  const ends = books.events.filter((event) => isOutcomeOf(advice, event));
  const expected = ends.length === 0 ? "not answered" : ends[0]?.success ? "ACCEPTED" : "REFUSED";
  const is_told = status === "ACCEPTED" || status === "REFUSED" ? status : "not answered";
  if (expected !== is_told) found.push(`its ${kind} ${id} is ${status}, its events make it ${expected}`);
  if (ends.length > 1) found.push(`its ${kind} ${id} is ended ${ends.length} times`);
  for (const event of ends) {
    if (event.success && event.amount !== amount) {
      found.push(`${nameOf(event)} is of ${event.amount}, its ${kind} of ${amount}`);
    }
  }
  return found;
}

function isOutcomeOf(advice: AuditedAdvice, event: AuditedEvent): boolean {
  if (event.event !== eventOf(advice)) return false;
  const answers = advice.initiated ? event.correlation_request_id : event.request_id;
  return answers === advice.request_id;
}

/** Of an authorization nothing is captured or given up but by an advice; a purchase is captured by its own approval. */
function ownerDifferences({ events, advices, prompts }: AuditedTransaction): string[] {
  if (!prompts.some(({ kind }) => kind === "authorize")) return [];
  return events
    .filter(({ event, success }) => success && (event === "CAPTURE" || event === "VOID"))
    .filter((event) => !advices.some((advice) => isOutcomeOf(advice, event)))
    .map((event) => `${nameOf(event)} was written, and the terminal's host was told of none`);
}
