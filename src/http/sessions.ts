import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { Rejection } from "../domain/rejections.ts";
import { cancelSession as cancel } from "../flows/cancellation.ts";
import { startSale } from "../flows/sale.ts";
import type { World } from "../flows/world.ts";
import { readSession as read } from "../storage/sessions.ts";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What the contract keeps of the calling system (errors-and-conventions section 3). */
const keptHeaders = [
  "dintero-system-name",
  "dintero-system-version",
  "dintero-system-plugin-name",
  "dintero-system-plugin-version",
  "dintero-checkout-instance-id",
  "user-agent",
];

export const createSessionFromProfile =
  (world: World): Handler<Operations["createSessionFromProfile"]> =>
  async ({ account_id, client_id, request_id, headers, query, body }) => {
    const { session_id, publish } = await startSale(world, {
      account_id,
      client_id,
      request_id,
      body,
      strict_amounts: toggles(headers).includes("strict-session-amounts"),
      request_headers: systemHeaders(headers),
    });
    const answer = { id: session_id, url: `${world.public_url}/v1/view/${session_id}`, publish };
    if (query.include_session !== true) return answer;
    const session = await read(world.db, account_id, session_id);
    return session === undefined ? answer : { ...answer, session };
  };

export const readSession =
  (world: World): Handler<Operations["readSession"]> =>
  async ({ account_id, params: { session_id }, query: { includes = [] } }) => {
    const session = await read(world.db, account_id, session_id, {
      event_headers: includes.includes("events.request_headers"),
      initiating_headers: includes.includes("initiating_system_request_headers"),
    });
    if (session === undefined) throw new Rejection("SESSION_NOT_FOUND", { session_id });
    return session;
  };

export const cancelSession =
  (world: World): Handler<Operations["cancelSession"]> =>
  ({ account_id, client_id, params: { session_id } }) =>
    cancel(world, { account_id, client_id, session_id });

const toggles = (headers: Headers): string[] =>
  [headers["dintero-feature-toggles"] ?? []].flat().flatMap((value) => value.split(/[\s,;]+/));

function systemHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = [headers[name] ?? []].flat().join(", ");
    // Headers are bytes to HTTP; what is no text is not kept.
    if (value !== "" && !value.includes("\0")) kept[name] = value;
  }
  return kept;
}
