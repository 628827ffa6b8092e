/**
 * A webhook subscription is made, tried out, paused, given a new secret, deleted; and what it was told is told again. What is
 * to be told, and when, is delivery's.
 */
import { checkMasks, checkSecret, hooksMax, receiverProblem, redeliveredMax, type SentSecret } from "../domain/hook.ts";
import { newUuid } from "../domain/ids.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { withoutQuery } from "../domain/without-query.ts";
import { lockAccount } from "../storage/accounts.ts";
import type { Tx } from "../storage/database.ts";
import { type HookDelivery, readHookDelivery, redeliver, redeliverMany } from "../storage/hook-deliveries.ts";
import {
  countHooks,
  type Hook,
  insertHook,
  type LockedHook,
  lockHook,
  markHookDeleted,
  type NewHook,
  readHook,
  replaceSigningSecret,
  touchHook,
} from "../storage/hooks.ts";
import { type HookSecret, pauseLane, resumeLane } from "../storage/lanes.ts";
import { recordChange } from "./account-change.ts";
import { tellOf } from "./event.ts";
import { settleReceiver } from "./incident.ts";
import { hookOf } from "./shown-set-up.ts";
import { isoNow, type World } from "./world.ts";

interface Caller {
  readonly account_id: string;
  readonly client_id: string;
}

export interface HookRequest extends Caller {
  readonly hook_id: string;
}

export interface HookFacts extends Pick<NewHook, "url" | "insecure_ssl" | "events" | "active" | "members"> {
  readonly secret: SentSecret | undefined;
  readonly fields: string | undefined;
  readonly exclude_fields: readonly string[] | undefined;
}

export interface SecretHook {
  readonly hook: Hook;
  /** Answered here and nowhere again. */
  readonly signing_secret: string;
}

/** Makes the subscription, and tells it of itself: a ping. */
export async function createHook(
  world: World,
  { account_id, client_id }: Caller,
  asked: HookFacts,
): Promise<SecretHook> {
  const { secret, url, fields, exclude_fields } = asked;
  checkUrl(world, account_id, url);
  if (secret !== undefined) checkSecret(secret);
  checkMasks(fields, exclude_fields);
  const id = newUuid(world.random);
  const signing_secret = newSigningSecret(world);
  const hook = await world.db.transaction(async (tx) => {
    await lockAccount(tx, account_id);
    if ((await countHooks(tx, account_id, false)) >= hooksMax) {
      throw new Rejection("HOOK_LIMIT_REACHED", { limit: hooksMax });
    }
    const masks = { fields: fields ?? null, exclude_fields: exclude_fields ?? null };
    const made = { ...asked, ...masks, secret: (secret as HookSecret | undefined) ?? null };
    await insertHook(tx, { ...made, account_id, id, signing_secret, created_by: client_id }, isoNow(world));
    const { events, active } = asked;
    const change = { url: withoutQuery(url), events, active, ...(fields === undefined ? {} : { fields }) };
    await record(world, tx, { account_id, client_id, hook_id: id }, "created", change);
    return ping(world, tx, { account_id, hook_id: id });
  });
  world.hints.eventWritten();
  return { hook, signing_secret };
}

function checkUrl(world: World, account_id: string, url: string): void {
  const reason = world.callbackRefusal(url, account_id) ?? receiverProblem(url, world.public_url);
  if (reason !== undefined)
    throw new Rejection("HOOK_ADDRESS_REFUSED", { url: withoutQuery(url), reason }, "config.url");
}

/** As the Standard Webhooks specification has it: 32 random bytes. */
const newSigningSecret = ({ random }: World): string => `whsec_${Buffer.from(random(32)).toString("base64")}`;

async function ping(
  world: World,
  tx: Tx,
  { account_id, hook_id }: Pick<HookRequest, "account_id" | "hook_id">,
): Promise<Hook> {
  const hook = await readHook(tx, account_id, hook_id);
  if (hook === undefined) throw new Error(`There is no hook ${hook_id}.`);
  await tellOf(world, tx, { account_id, type: "ping", hook_id, members: { hook: hookOf(hook) } });
  return hook;
}

export async function pingHook(world: World, request: HookRequest): Promise<void> {
  await changing(world, request, (tx) => ping(world, tx, request));
}

/** Deleting it again is answered with the subscription as it is. */
export async function deleteHook(world: World, request: HookRequest): Promise<Hook> {
  const { account_id, hook_id: id, client_id: changed_by } = request;
  const deleted = await world.db.transaction(async (tx) => {
    const hook = await lockHook(tx, account_id, id);
    if (hook === undefined) throw new Rejection("HOOK_NOT_FOUND", { hook_id: id });
    if (hook.deleted_at !== null) return asItIs(tx, request);
    await markHookDeleted(tx, { account_id, id, changed_by }, isoNow(world));
    await settleReceiver(world, tx, hook, "The subscription was deleted.");
    await record(world, tx, request, "deleted", { url: withoutQuery(hook.url) });
    return asItIs(tx, request);
  });
  world.hints.eventWritten();
  return deleted;
}

/** Until it is resumed. A pause by a person outlasts the server's own. */
export const pauseHook = (world: World, request: HookRequest): Promise<Hook> =>
  changing(world, request, async (tx, hook) => {
    const { account_id, hook_id: id, client_id: paused_by } = request;
    if (hook.paused_at !== null && hook.paused_by === paused_by) return;
    const now = isoNow(world);
    await pauseLane(tx, { account_id, id }, { paused_by, probe_at: null, now });
    await touchHook(tx, { account_id, id, changed_by: paused_by }, now);
    await record(world, tx, request, "updated", { paused: true });
  });

/** What was kept is sent in order, whoever paused it. */
export const resumeHook = (world: World, request: HookRequest): Promise<Hook> =>
  changing(world, request, async (tx) => {
    const { account_id, hook_id: id, client_id: changed_by } = request;
    if (!(await resumeLane(tx, { account_id, id }, null))) return;
    await touchHook(tx, { account_id, id, changed_by }, isoNow(world));
    await record(world, tx, request, "updated", { paused: false });
  });

/** The secret before signs beside the new one for `overlap_s`, so that a receiver can be given the new one first. */
export async function rotateHookSecret(
  world: World,
  request: HookRequest & { readonly overlap_s: number },
): Promise<SecretHook> {
  const { account_id, hook_id: id, client_id: changed_by, overlap_s } = request;
  const signing_secret = newSigningSecret(world);
  const hook = await changing(world, request, async (tx) => {
    const until = new Date(world.clock.now() + overlap_s * 1000).toISOString();
    const former_until = overlap_s === 0 ? null : until;
    await replaceSigningSecret(tx, { account_id, id, changed_by }, { signing_secret, former_until }, isoNow(world));
    const change = { signing_secret: "not recorded", ...(former_until === null ? {} : { former_until }) };
    await record(world, tx, request, "rotated", change);
  });
  return { hook, signing_secret };
}

export async function redeliverHookDelivery(
  world: World,
  request: HookRequest & { readonly delivery_id: string },
): Promise<HookDelivery> {
  const { account_id, hook_id, delivery_id } = request;
  let delivery: HookDelivery | undefined;
  await changing(world, request, async (tx) => {
    if (!(await redeliver(tx, account_id, hook_id, delivery_id, isoNow(world)))) throw noDelivery(request);
    delivery = await readHookDelivery(tx, account_id, hook_id, delivery_id);
    await record(world, tx, request, "updated", { redelivered: 1, delivery_id });
  });
  if (delivery === undefined) throw noDelivery(request);
  return delivery;
}

export interface RedeliveryRequest extends HookRequest {
  readonly from: string;
  readonly to: string | undefined;
  readonly delivery_status: readonly string[];
  readonly starting_after: string | undefined;
}

/** So many at once; `last_id` where there are more, to go on from. */
export async function redeliverHook(
  world: World,
  request: RedeliveryRequest,
): Promise<{ count: number; last_id?: string }> {
  const { account_id, hook_id, from, to, delivery_status, starting_after } = request;
  if (to !== undefined && Date.parse(to) < Date.parse(from)) {
    const problem = "is before from.";
    throw Rejection.ofFields(`to ${problem}`, [fieldError("INVALID_VALUE", "to", problem)]);
  }
  let sent: { count: number; last_id: string | undefined } = { count: 0, last_id: undefined };
  await changing(world, request, async (tx) => {
    if (
      starting_after !== undefined &&
      (await readHookDelivery(tx, account_id, hook_id, starting_after)) === undefined
    ) {
      throw noDelivery({ hook_id, delivery_id: starting_after });
    }
    const place = { starting_after: starting_after ?? null, limit: redeliveredMax };
    const range = { from, to: to ?? null, delivery_status, ...place };
    sent = await redeliverMany(tx, account_id, hook_id, range, isoNow(world));
    if (sent.count === 0) return;
    const asked = { from, ...(to === undefined ? {} : { to }), delivery_status };
    await record(world, tx, request, "updated", { redelivered: sent.count, ...asked });
  });
  const { count, last_id } = sent;
  return count === redeliveredMax && last_id !== undefined ? { count, last_id } : { count };
}

const noDelivery = ({ hook_id, delivery_id }: { readonly hook_id: string; readonly delivery_id: string }): Rejection =>
  new Rejection("HOOK_DELIVERY_NOT_FOUND", { hook_id, delivery_id });

/** Under the subscription's lock. Answers it as it is then, and has what is to be sent looked for. */
async function changing(
  world: World,
  request: HookRequest,
  change: (tx: Tx, hook: LockedHook) => Promise<unknown>,
): Promise<Hook> {
  const hook = await world.db.transaction(async (tx) => {
    const { account_id, hook_id } = request;
    const before = await lockHook(tx, account_id, hook_id);
    if (before === undefined || before.deleted_at !== null) throw new Rejection("HOOK_NOT_FOUND", { hook_id });
    await change(tx, before);
    return asItIs(tx, request);
  });
  world.hints.eventWritten();
  return hook;
}

async function asItIs(tx: Tx, { account_id, hook_id }: HookRequest): Promise<Hook> {
  const hook = await readHook(tx, account_id, hook_id);
  if (hook === undefined) throw new Error(`The hook ${hook_id} is gone under its lock.`);
  return hook;
}

function record(
  world: World,
  tx: Tx,
  { account_id, client_id, hook_id }: HookRequest,
  action: "created" | "updated" | "deleted" | "rotated",
  change: object,
): Promise<void> {
  const about = { account_id, changed_by: client_id, entity: "hook", entity_id: hook_id } as const;
  return recordChange(world, tx, { ...about, action, change });
}
