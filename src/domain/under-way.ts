/** Whether something of a payment is still under way: what a till that waits for the result waits for. */

/** As much of a transaction as it takes; the contract's transaction has it. */
export interface PaymentInView {
  readonly status: string;
  readonly events: readonly {
    readonly event: string;
    readonly request_id?: string | undefined;
    readonly correlation_request_id?: string | undefined;
  }[];
}

/**
 * A card is awaited or read, or a refund, capture or void was accepted and has no outcome event yet. `UNKNOWN` is an
 * answer: nobody can tell how long it stays.
 */
export function isUnderWay({ status, events }: PaymentInView): boolean {
  if (status === "INITIATED") return true;
  const ended = new Set(events.map(({ correlation_request_id }) => correlation_request_id));
  return events.some(({ event, request_id }) => event.startsWith("INITIATE_") && !ended.has(request_id));
}

/** As much of a session whose payment has not begun. */
export interface UnstartedSession {
  readonly expires_at: string;
  readonly cancelled_at?: string | undefined;
}

/** Whether its payment may still begin. */
export const mayStillBegin = ({ expires_at, cancelled_at }: UnstartedSession, now: number): boolean =>
  cancelled_at === undefined && Date.parse(expires_at) > now;
