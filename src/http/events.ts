import { scopesToFollow } from "../contract/events.ts";
import { type Handler, Streamed } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import type { World } from "../flows/world.ts";
import { readStreamExtent, type StreamExtent } from "../storage/events.ts";
import { readSession } from "../storage/sessions.ts";

export const streamSessionEvents =
  (world: World): Handler<Operations["streamSessionEvents"]> =>
  async ({ account_id, scopes, headers, params: { session_id } }) => {
    const session = await readSession(world.db, account_id, session_id);
    if (session === undefined) throw new Rejection("SESSION_NOT_FOUND", { session_id });
    const extent = await readStreamExtent(world.db, account_id);
    const asked = lastEventId(headers["last-event-id"]);
    const is_older = extent.forgotten_until !== null && session.created_at <= extent.forgotten_until;
    if (asked === undefined && is_older) {
      throw new Rejection("EVENTS_FORGOTTEN", { reason: "the session is older than what is kept." });
    }
    if (asked !== undefined) checkPlace(asked, is_older ? extent : { ...extent, forgotten_position: 0 });
    const shows = (type: string) => isReadable(type, scopes);
    return new Streamed({ account_id, session_id, after: asked ?? 0, tells_place: asked !== undefined, shows });
  };

export const streamEvents =
  (world: World): Handler<Operations["streamEvents"]> =>
  async ({ account_id, scopes, headers, query: { type: types } }) => {
    const barred = types?.find((type) => !isReadable(type, scopes));
    if (barred !== undefined) throw new Rejection("INSUFFICIENT_SCOPE", { scopes: scopesToFollow(barred).join(", ") });
    const asked = lastEventId(headers["last-event-id"]);
    const extent = await readStreamExtent(world.db, account_id);
    if (asked !== undefined) checkPlace(asked, extent);
    const wanted = types === undefined ? undefined : new Set<string>(types);
    const shows = (type: string) => (wanted?.has(type) ?? true) && isReadable(type, scopes);
    const after = asked ?? extent.last_position;
    return new Streamed({ account_id, session_id: undefined, after, tells_place: true, shows });
  };

const isReadable = (type: string, scopes: readonly string[]): boolean =>
  scopesToFollow(type).some((scope) => scopes.includes(scope));

/** A place is a whole number that JSON can hold. */
function lastEventId(sent: string | string[] | undefined): number | undefined {
  if (sent === undefined) return undefined;
  const text = [sent].flat().join();
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const problem = "must be the id of an event of this stream.";
  throw Rejection.ofFields(`Last-Event-ID ${problem}`, [fieldError("FORMAT", "Last-Event-ID", problem)]);
}

function checkPlace(position: number, { last_position, forgotten_position }: StreamExtent): void {
  if (position > last_position) throw new Rejection("STREAM_PLACE_UNKNOWN", { position, last_position });
  if (position < forgotten_position) {
    const reason = `what is kept begins after ${forgotten_position}, and the Last-Event-ID is ${position}.`;
    throw new Rejection("EVENTS_FORGOTTEN", { reason });
  }
}
