/** What a receiver reads of an event, in a webhook and in a stream (callbacks-and-webhooks C4). */

export interface ToldEvent {
  readonly account_id: string;
  readonly id: string;
  readonly type: string;
  readonly sequence: number | null;
  readonly members: Readonly<Record<string, unknown>>;
  readonly created_at: string;
}

/**
 * The message of an event. Additive beside the contract's members: `event_id`, the same for everybody and at every try;
 * `event_time`; and for a transaction's events `sequence`, which counts them from 1 without a gap, so that a receiver can
 * order them and knows what it misses.
 */
export function eventMessage(event: ToldEvent, event_delivery?: string): Record<string, unknown> {
  return {
    account_id: event.account_id,
    event: event.type,
    ...(event_delivery === undefined ? {} : { event_delivery }),
    event_id: event.id,
    event_time: event.created_at,
    ...(event.sequence === null ? {} : { sequence: event.sequence }),
    ...event.members,
  };
}
