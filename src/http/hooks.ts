import { eventTypes, isSubscribable, silentEventTypes } from "../contract/events.ts";
import type { HookDeliveryDetail } from "../contract/hook.ts";
import { type Call, Counted, type Handler, type Operation } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { hookMessageBody } from "../domain/event-message.ts";
import { checkEvents, signingOverlapDefault_s } from "../domain/hook.ts";
import { present } from "../domain/present.ts";
import { Rejection } from "../domain/rejections.ts";
import * as flow from "../flows/hook.ts";
import { hookOf } from "../flows/shown-set-up.ts";
import type { World } from "../flows/world.ts";
import { readEventsAt } from "../storage/events.ts";
import {
  type DeliveryTry,
  type HookDelivery,
  listHookDeliveries as listDeliveries,
  readHookDelivery as readDelivery,
  readTries,
} from "../storage/hook-deliveries.ts";
import { countHooks, type Hook, listHooks as list, readHook as read } from "../storage/hooks.ts";
import { keptMembers } from "./kept-members.ts";
import { unknownCursor } from "./pages.ts";

/** All that can be done with a subscription. */
export const hookHandlers = (world: World) => ({
  createHook: createHook(world),
  listHooks: listHooks(world),
  readHook: readHook(world),
  deleteHook: doing(world, flow.deleteHook),
  pingHook: pingHook(world),
  pauseHook: doing(world, flow.pauseHook),
  resumeHook: doing(world, flow.resumeHook),
  rotateHookSecret: rotateHookSecret(world),
  listHookDeliveries: listHookDeliveries(world),
  readHookDelivery: readHookDelivery(world),
  redeliverHookDelivery: redeliverHookDelivery(world),
  redeliverHook: redeliverHook(world),
});

const limitDefault = 10;

const named = ({
  account_id,
  client_id,
  params: { hid: hook_id },
}: Pick<Call<Operation>, "account_id" | "client_id"> & {
  readonly params: { readonly hid: string };
}): flow.HookRequest => ({ account_id, client_id, hook_id });

const createHook =
  (world: World): Handler<Operations["createHook"]> =>
  async ({ account_id, client_id, body }) => {
    const { config, events, active = true, fields, exclude_fields, ...others } = body;
    checkEvents(events, isSubscribable, [...eventTypes, ...silentEventTypes]);
    const { url, content_type: _, secret, insecure_ssl = 0, ...of_config } = config;
    const members = { ...othersOf(others), ...(Object.keys(of_config).length === 0 ? {} : { config: of_config }) };
    const facts = { url, secret, insecure_ssl: insecure_ssl === 1, events, active, fields, exclude_fields, members };
    const { hook, signing_secret } = await flow.createHook(world, { account_id, client_id }, facts);
    return { ...hookOf(hook), signing_secret };
  };

/** What we alone say, and a client that sends back what it read does not change. */
const ours = new Set(["signing_secret", "former_until", "paused_at", "paused_by", "failures", "pending_deliveries"]);

const othersOf = (members: object): object =>
  Object.fromEntries(Object.entries(keptMembers(members)).filter(([name]) => !ours.has(name)));

const listHooks =
  (world: World): Handler<Operations["listHooks"]> =>
  async ({ account_id, query: { limit = limitDefault, starting_after, include_deleted = false, total = false } }) => {
    const rows = await list(world.db, account_id, { limit, starting_after, include_deleted });
    if (rows.length === 0 && starting_after !== undefined) {
      if ((await read(world.db, account_id, starting_after)) === undefined) throw unknownCursor();
    }
    const hooks = rows.map(hookOf);
    return total ? new Counted(hooks, await countHooks(world.db, account_id, include_deleted)) : hooks;
  };

const readHook =
  (world: World): Handler<Operations["readHook"]> =>
  async (call) =>
    hookOf(await found(world, named(call)));

async function found({ db }: World, { account_id, hook_id }: flow.HookRequest): Promise<Hook> {
  const hook = await read(db, account_id, hook_id);
  if (hook === undefined) throw new Rejection("HOOK_NOT_FOUND", { hook_id });
  return hook;
}

type Act = (world: World, request: flow.HookRequest) => Promise<Hook>;

/** Does something to the subscription that the path names, and answers what it is then. */
const doing =
  (world: World, act: Act): Handler<Operations["deleteHook"]> =>
  async (call) =>
    hookOf(await act(world, named(call)));

const pingHook =
  (world: World): Handler<Operations["pingHook"]> =>
  async (call) => {
    await flow.pingHook(world, named(call));
    return null;
  };

const rotateHookSecret =
  (world: World): Handler<Operations["rotateHookSecret"]> =>
  async (call) => {
    const { overlap_s = signingOverlapDefault_s } = call.body;
    const { hook, signing_secret } = await flow.rotateHookSecret(world, { ...named(call), overlap_s });
    return { ...hookOf(hook), signing_secret };
  };

const listHookDeliveries =
  (world: World): Handler<Operations["listHookDeliveries"]> =>
  async (call) => {
    const { account_id, hook_id } = named(call);
    const { limit = limitDefault, ...filter } = call.query;
    await found(world, named(call));
    const rows = await listDeliveries(world.db, account_id, hook_id, { limit, ...filter });
    const { starting_after } = filter;
    if (rows.length === 0 && starting_after !== undefined) {
      if ((await readDelivery(world.db, account_id, hook_id, starting_after)) === undefined) throw unknownCursor();
    }
    return rows.map(deliveryOf);
  };

const redeliverHookDelivery =
  (world: World): Handler<Operations["redeliverHookDelivery"]> =>
  async (call) =>
    deliveryOf(await flow.redeliverHookDelivery(world, { ...named(call), delivery_id: call.params.delivery_id }));

const hasEnded = ["DELIVERED", "REFUSED", "EXHAUSTED"];

const redeliverHook =
  (world: World): Handler<Operations["redeliverHook"]> =>
  async (call) => {
    const { from, to, delivery_status = hasEnded, starting_after } = call.body;
    const request = { ...named(call), from, to, delivery_status, starting_after };
    const { count, last_id } = await flow.redeliverHook(world, request);
    return { redelivered: count, ...(last_id === undefined ? {} : { starting_after: last_id }) };
  };

const readHookDelivery =
  (world: World): Handler<Operations["readHookDelivery"]> =>
  async (call) => {
    const { delivery_id } = call.params;
    const { account_id, hook_id } = named(call);
    const hook = await found(world, named(call));
    const delivery = await readDelivery(world.db, account_id, hook_id, delivery_id);
    const [event] = delivery === undefined ? [] : await readEventsAt(world.db, account_id, [delivery.event_position]);
    if (delivery === undefined || event === undefined) {
      throw new Rejection("HOOK_DELIVERY_NOT_FOUND", { hook_id, delivery_id });
    }
    const tries = await readTries(world.db, account_id, delivery_id);
    const body = JSON.parse(hookMessageBody(event, delivery_id, hook));
    return detailOf(delivery, tries, body);
  };

const deliveryOf = ({ event_position: _, url: __, due_at, ...delivery }: HookDelivery) => ({
  ...present(delivery),
  event_delivery: delivery.id,
  ...(delivery.delivery_status === "PENDING" ? { due_at } : {}),
});

function detailOf(delivery: HookDelivery, tries: readonly DeliveryTry[], body: object): HookDeliveryDetail {
  const last = tries.at(-1);
  const answered = tries.findLast(({ status }) => status !== null);
  const headers = last?.request_headers ?? { event: delivery.event, "event-delivery": delivery.id };
  return {
    ...deliveryOf(delivery),
    url: delivery.url,
    request: { headers, body },
    ...(answered === undefined
      ? {}
      : { response: { headers: answered.response_headers ?? {}, body: answered.response_body ?? "" } }),
    ...(last === undefined ? {} : { details: timingOf(last) }),
    tries: tries.map((each) => ({ ...timingOf(each), ...present({ status: each.status, problem: each.problem }) })),
  };
}

const timingOf = ({ started_at, duration_ms, status }: DeliveryTry) => ({
  delivery_at: started_at,
  delivery_duration: duration_ms,
  delivery_success: status !== null && status >= 200 && status < 300,
});
