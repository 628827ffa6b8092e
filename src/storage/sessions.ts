/** Sessions, as rows and as the API shows them. */
import type { Session, SessionEvent, SessionEventName } from "../contract/session.ts";
import { type Reader, statement, type Tx } from "./database.ts";

interface SessionRow {
  readonly id: string;
  readonly profile_id: string | null;
  readonly transaction_id: string | null;
  readonly url: Session["url"];
  readonly order: Session["order"];
  readonly configuration: NonNullable<Session["configuration"]>;
  readonly members: Record<string, unknown> & { metadata?: Session["metadata"] };
  readonly request_headers: Record<string, string>;
  readonly created_at: string;
  readonly updated_at: string;
  readonly expires_at: string;
  readonly cancelled_at: string | null;
  readonly cancelled_by: string | null;
  readonly events: SessionEvent[];
}

const read = statement(
  "read_session",
  `SELECT id, profile_id, transaction_id, url, "order", configuration, members, request_headers, created_at, updated_at,
     expires_at, cancelled_at, cancelled_by,
     (SELECT json_agg(json_strip_nulls(json_build_object('id', event.id::text, 'created_at', iso(event.created_at),
         'name', event.name, 'request_id', event.request_id, 'details', event.details)) ORDER BY event.id)
      FROM session_events AS event
      WHERE event.account_id = session.account_id AND event.session_id = session.id) AS events
   FROM sessions AS session WHERE account_id = $1 AND id = $2`,
);

export interface SessionIncludes {
  readonly event_headers: boolean;
  readonly initiating_headers: boolean;
}

export async function readSession(
  reader: Reader,
  account_id: string,
  session_id: string,
  includes: SessionIncludes = { event_headers: false, initiating_headers: false },
): Promise<Session | undefined> {
  const [row] = await reader.query<SessionRow>(read, [account_id, session_id]);
  return row === undefined ? undefined : sessionOf(row, includes);
}

/** Members that are the server's to say; a till that sends one of these names has said nothing. */
const serverMembers = new Set([
  ...["id", "created_at", "updated_at", "events", "transaction_id", "cancelled_at", "cancelled_by"],
  ...["initiating_system_request_headers", "customer_ip", "user_agent", "payment_operation"],
]);

function sessionOf(row: SessionRow, includes: SessionIncludes): Session {
  const { metadata, ...members } = row.members;
  const theirs = Object.entries(members).filter(([name]) => !serverMembers.has(name));
  return {
    ...Object.fromEntries(theirs),
    id: row.id,
    url: row.url,
    order: row.order,
    configuration: row.configuration,
    metadata: { ...metadata, ...(row.profile_id === null ? {} : { "session:profile_id": row.profile_id }) },
    ...(row.profile_id === null ? {} : { profile_id: row.profile_id }),
    ...(row.transaction_id === null ? {} : { transaction_id: row.transaction_id }),
    created_at: row.created_at,
    updated_at: row.updated_at,
    expires_at: row.expires_at,
    ...(row.cancelled_at === null ? {} : { cancelled_at: row.cancelled_at }),
    ...(row.cancelled_by === null ? {} : { cancelled_by: row.cancelled_by }),
    // The request headers belong to the request that made the session: its first event.
    events: row.events.map((event) =>
      includes.event_headers && event.id === "1" ? { ...event, request_headers: row.request_headers } : event,
    ),
    ...(includes.initiating_headers ? { initiating_system_request_headers: row.request_headers } : {}),
  };
}

const append = statement(
  "append_session_event",
  `WITH counted AS (
     UPDATE sessions SET event_count = event_count + 1, updated_at = $4 WHERE account_id = $1 AND id = $2
     RETURNING event_count)
   INSERT INTO session_events (account_id, session_id, id, name, created_at, details)
   SELECT $1, $2, event_count, $3, $4, $5 FROM counted`,
);

export async function appendSessionEvent(
  tx: Tx,
  event: { account_id: string; session_id: string; name: SessionEventName; now: string; details?: object },
): Promise<void> {
  await tx.query(append, [event.account_id, event.session_id, event.name, event.now, event.details ?? null]);
}
