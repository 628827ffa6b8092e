/** What a receiver reads of an event, in a webhook and in a stream (callbacks-and-webhooks C4). */
import { isProblem, kept, parseExcluded, parseFields, withoutExcluded } from "./field-mask.ts";

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

/** What a subscription wants to see of the messages. */
export interface MessageMask {
  readonly fields: string | null;
  readonly exclude_fields: readonly string[] | null;
}

/** Whatever a receiver leaves out, it is told what a message is. */
const alwaysTold = new Set(["account_id", "event", "event_delivery", "event_id", "event_time", "sequence"]);

/** The body of a hook's message: the same at every try, compact, in one piece. The masks were checked when they were set. */
export function hookMessageBody(event: ToldEvent, event_delivery: string, mask: MessageMask): string {
  const message = eventMessage(event, event_delivery);
  const told = Object.fromEntries(Object.entries(message).filter(([name]) => alwaysTold.has(name)));
  return JSON.stringify({ ...told, ...(masked(message, mask) as object), ...told });
}

function masked(message: Record<string, unknown>, { fields, exclude_fields }: MessageMask): unknown {
  const mask = fields === null || fields === "" ? undefined : parseFields(fields);
  const excluded = (exclude_fields ?? []).map(parseExcluded).flatMap((parts) => ("problem" in parts ? [] : [parts]));
  const shown = mask === undefined || isProblem(mask) ? message : kept(message, mask);
  return withoutExcluded(shown, excluded);
}
