import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { fullTerminalId } from "../domain/ids.ts";
import { Rejection } from "../domain/rejections.ts";
import { cancelSession as cancel } from "../flows/cancellation.ts";
import { startSale } from "../flows/sale.ts";
import { paySession as pay, updateSession as update } from "../flows/session.ts";
import type { World } from "../flows/world.ts";
import { listSessions as list, readSession as read } from "../storage/sessions.ts";
import type { EventHub } from "./event-hub.ts";
import { requestKey } from "./idempotency-key.ts";
import { sessionAtRest } from "./long-poll.ts";
import { checkCursor } from "./pages.ts";
import { type Headers, systemHeaders } from "./system-headers.ts";
import { withTimes } from "./times.ts";

type Create = Handler<Operations["createSession"]> | Handler<Operations["createSessionFromProfile"]>;

/** From a profile or not, a session is created in one way. */
const create =
  (operation: "createSession" | "createSessionFromProfile") =>
  (world: World) =>
  async (call: Parameters<Create>[0]) => {
    const { account_id, client_id, request_id, headers, query, body, whenAnswered } = call;
    const { session_id, publish } = await startSale(world, {
      account_id,
      client_id,
      request_id,
      body,
      whenAnswered,
      strict_amounts: toggles(headers).includes("strict-session-amounts"),
      idempotency: requestKey(operation, headers, body),
      request_headers: systemHeaders(headers),
    });
    const answer = { id: session_id, url: `${world.public_url}/v1/view/${session_id}`, publish };
    if (query.include_session !== true) return answer;
    const session = await read(world.db, account_id, session_id);
    return session === undefined ? answer : { ...answer, session };
  };

export const createSession = create("createSession");
export const createSessionFromProfile = create("createSessionFromProfile");

export const updateSession =
  (world: World): Handler<Operations["updateSession"]> =>
  ({ account_id, client_id, request_id, params: { session_id }, body: { order } }) =>
    update(world, { account_id, client_id, request_id, session_id, order });

export const paySession =
  (world: World): Handler<Operations["paySession"]> =>
  async ({ account_id, client_id, request_id, params: { session_id }, whenAnswered }) => {
    await pay(world, { account_id, client_id, request_id, session_id, whenAnswered });
    return { success: true, actions: [] };
  };

export const readSession =
  (world: World, hub: EventHub): Handler<Operations["readSession"]> =>
  async ({ account_id, params: { session_id }, query: { includes = [], wait_s = 0 }, onEnd }) => {
    if (wait_s > 0) await sessionAtRest(world, hub, { account_id, session_id, wait_s, onEnd });
    const session = await read(world.db, account_id, session_id, {
      event_headers: includes.includes("events.request_headers"),
      initiating_headers: includes.includes("initiating_system_request_headers"),
    });
    if (session === undefined) throw new Rejection("SESSION_NOT_FOUND", { session_id });
    return session;
  };

const limitDefault = 10;

export const listSessions =
  (world: World): Handler<Operations["listSessions"]> =>
  async ({ account_id, query }) => {
    const { limit = limitDefault, terminal_id, ...filter } = withTimes(query);
    await checkCursor(world, "sessions", account_id, filter.starting_after);
    return list(world.db, account_id, {
      ...filter,
      limit,
      terminal_id: terminal_id?.map((id) => fullTerminalId(account_id, id)),
      plugin_name: filter["initiating_system.dintero_system_plugin_name"],
    });
  };

export const cancelSession =
  (world: World): Handler<Operations["cancelSession"]> =>
  ({ account_id, client_id, request_id, params: { session_id } }) =>
    cancel(world, { account_id, client_id, request_id, session_id });

const toggles = (headers: Headers): string[] =>
  [headers["dintero-feature-toggles"] ?? []].flat().flatMap((value) => value.split(/[\s,;]+/));
