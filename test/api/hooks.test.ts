/** Webhook subscriptions: made, read, tried out, paused, deleted, and what is delivered to them. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { eventTypes } from "../../src/contract/events.ts";
import type { Hook, HookDelivery, HookDeliveryDetail, HookWithSecret } from "../../src/contract/hook.ts";
import type { Incident } from "../../src/contract/incident.ts";
import { hooksMax } from "../../src/domain/hook.ts";
import { tokenOf } from "../support/clients.ts";
import { type HookReceiver, openHookReceiver, type ReceivedHook } from "../support/hook-receiver.ts";
import { type Onboarding, openOnboarding } from "../support/onboarding.ts";
import { type Answer, openShop, until } from "../support/shop.ts";
import { assertRefused, leavesNoTrace } from "./refusal.ts";

const hooks = "/hooks/subscriptions";
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let office: Onboarding;
let receiver: HookReceiver;
before(async () => {
  office = await openOnboarding();
  receiver = await openHookReceiver();
});
after(async () => {
  receiver.close();
  await office.shop.close();
});

type Change = { readonly config?: object; readonly [member: string]: unknown };

const hookBody = ({ config, ...change }: Change = {}): object => ({
  config: { url: receiver.address, ...config },
  events: ["account_store_add"],
  ...change,
});

const asked = <T>(method: string, path: string, body?: unknown, scope = "admin:hooks"): Promise<Answer<T>> =>
  office.manage<T>(method, `${hooks}${path}`, body, scope);
const create = (change?: Change): Promise<Answer<HookWithSecret>> => asked("POST", "", hookBody(change));

async function made(change?: Change): Promise<HookWithSecret> {
  const { status, body } = await create(change);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const read = async (id: string): Promise<Hook> => (await asked<Hook>("GET", `/${id}`)).body;
const remove = (id: string) => asked<Hook>("DELETE", `/${id}`);
const deliveriesOf = async (id: string, query = ""): Promise<HookDelivery[]> =>
  (await asked<HookDelivery[]>("GET", `/${id}/deliveries?limit=100&${query}`)).body;
const detailOf = async (id: string, delivery_id: string): Promise<HookDeliveryDetail> =>
  (await asked<HookDeliveryDetail>("GET", `/${id}/deliveries/${delivery_id}`)).body;
/** A hook may not show itself in its ping; it always says who it is. */
const pingsOf = (id: string) =>
  receiver.of("ping").filter(({ headers }) => headers["user-agent"]?.startsWith(`Dintero-Hook/${id.slice(0, 8)} `));
const refuses = (answer: Answer<unknown>, status: number, code: string, field?: string): void =>
  assertRefused(answer as never, { status, code, ...(field === undefined ? {} : { field }) });
const messageOf = (answer: Answer<unknown>): string => (answer.body as { error: { message: string } }).error.message;

/** When the receiver has what it was sent of itself. */
const pinged = (id: string, count = 1) => until(() => pingsOf(id).length >= count && pingsOf(id));

/** A subscription whose ping has come, and been recorded. */
async function tried(change?: Change): Promise<HookWithSecret> {
  const hook = await made(change);
  await pinged(hook.id);
  await until(async () =>
    (await deliveriesOf(hook.id)).every(({ delivery_status }) => delivery_status === "DELIVERED"),
  );
  return hook;
}

let stores = 0;
async function store(name = "Kiosken på Grünerløkka"): Promise<string> {
  const { body } = await office.manage<{ id: string }>("POST", "/stores", {
    store_id: `s-${++stores}`,
    store_name: name,
  });
  return body.id;
}
const storeOf = ({ body }: ReceivedHook): string => (body.store as { id: string }).id;
const told = (id: string) => (hook: ReceivedHook) => storeOf(hook) === id;

describe("a subscription", () => {
  test("is answered with what was sent, what is ours, and a signing secret that nothing shows again", async () => {
    const change = {
      events: ["checkout_transaction", "ping"],
      fields: "transaction(id,amount)",
      exclude_fields: ["customer_ip", "transaction/card"],
      ext_note: "ø",
      config: { insecure_ssl: 1, secret: { type: "HMAC-SHA1", value: "hemmelig" }, ext_owner: "kasse" },
    };
    const { id, created_at, updated_at, signing_secret, ...rest } = await made(change);
    assert.match(id, uuid);
    assert.ok(!Number.isNaN(Date.parse(created_at)) && created_at === updated_at);
    assert.match(signing_secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    const { config, ...sent } = change;
    assert.deepEqual(rest, {
      ...sent,
      config: { ...config, url: receiver.address, content_type: "application/json", secret: { type: "HMAC-SHA1" } },
      active: true,
      created_by: "office",
      updated_by: "office",
      failures: 0,
      pending_deliveries: 0,
    });
    const kept = await read(id);
    assert.deepEqual({ ...kept, pending_deliveries: 0 }, { id, created_at, updated_at, ...rest });
    assert.doesNotMatch(JSON.stringify([kept, await office.changes("hook", id)]), /hemmelig|whsec/);
    await remove(id);
  });

  test("is recorded, and so is all that is done with it", async () => {
    const { id } = await tried();
    const [delivery] = await deliveriesOf(id);
    await asked("POST", `/${id}/pause`);
    await asked("POST", `/${id}/resume`);
    await asked("POST", `/${id}/resume`);
    await asked("POST", `/${id}/rotate-secret`);
    await asked("POST", `/${id}/deliveries/${delivery?.id}/redeliver`);
    await remove(id);
    await remove(id);
    const changes = await office.changes("hook", id);
    assert.deepEqual(changes.map(({ action }) => action).reverse(), [
      ...["created", "updated", "updated", "rotated", "updated", "deleted"],
    ]);
    assert.ok(changes.every(({ changed_by }) => changed_by === "office"));
    const change = changes.reverse().map((each) => each.change);
    assert.deepEqual(change[1], { paused: true });
    assert.deepEqual(change[2], { paused: false });
    assert.deepEqual(change[4], { redelivered: 1, delivery_id: delivery?.id });
  });

  test("once deleted is listed only for whoever asks, and stays as it ended", async () => {
    const { id } = await tried();
    const deleted = await remove(id);
    assert.equal(deleted.status, 200);
    assert.equal(deleted.body.deleted_by, "office");
    assert.deepEqual((await remove(id)).body, deleted.body, "twice is as once");
    assert.deepEqual(await read(id), deleted.body);
    const listed = async (query: string) =>
      (await asked<Hook[]>("GET", `?limit=100${query}`)).body.map((hook) => hook.id);
    assert.ok(!(await listed("")).includes(id));
    assert.ok((await listed("&include_deleted=true")).includes(id));
    for (const act of ["ping", "pause", "resume", "rotate-secret"]) {
      refuses(await asked("POST", `/${id}/${act}`), 404, "HOOK_NOT_FOUND");
    }
  });

  test("is read by those who may read, and changed by those who may write", async () => {
    const { id } = await tried();
    assert.equal((await asked("GET", `/${id}`, undefined, "read:hooks")).status, 200);
    refuses(await asked("POST", `/${id}/ping`, undefined, "read:hooks"), 403, "INSUFFICIENT_SCOPE");
    assert.equal((await asked("POST", `/${id}/ping`, undefined, "write:hooks")).status, 204);
    refuses(await asked("GET", `/${id}`, undefined, "write:hooks"), 403, "INSUFFICIENT_SCOPE");
    await pinged(id, 2);
    await remove(id);
  });
});

describe("a subscription is refused by the field that is wrong, and nothing is written", () => {
  const aws = {
    type: "AWS4-HMAC-SHA256",
    aws_access_key_id: "AKID",
    aws_secret_access_key: "s",
    region: "eu-1",
    service: "x",
  };
  const rows: [what: string, change: Change, field: string][] = [
    ["no address", { config: { url: undefined } }, "config.url"],
    ["an empty address", { config: { url: "" } }, "config.url"],
    ["an address that is none", { config: { url: "receiver" } }, "config.url"],
    ["another content type", { config: { content_type: "application/xml" } }, "config.content_type"],
    ["a certificate looked at twice", { config: { insecure_ssl: 2 } }, "config.insecure_ssl"],
    ["a certificate looked at in words", { config: { insecure_ssl: "0" } }, "config.insecure_ssl"],
    ["no events", { events: [] }, "events"],
    ["events that are no list", { events: "ping" }, "events"],
    ["an event nobody knows", { events: ["ping", "terminal_exploded"] }, "events.1"],
    ["an event by its old name", { events: ["account_location_add"] }, "events.0"],
    ["active in words", { active: "yes" }, "active"],
    ["a mask that ends too early", { fields: "transaction(id" }, "fields"],
    ["an exclusion of two at once", { exclude_fields: ["ok", "a,b"] }, "exclude_fields.1"],
    ["an exclusion of everything", { exclude_fields: ["*"] }, "exclude_fields.0"],
    ["a secret of no kind", { config: { secret: { value: "x" } } }, "config.secret.type"],
    ["a secret of another kind", { config: { secret: { type: "HMAC-MD5", value: "x" } } }, "config.secret.type"],
    ["a secret without its value", { config: { secret: { type: "HMAC-SHA1" } } }, "config.secret.value"],
    ["an empty secret", { config: { secret: { type: "HMAC-SHA1", value: "" } } }, "config.secret.value"],
    [
      "an Authorization with a line's end",
      { config: { secret: { type: "Authorization", value: "a\r\nx: y" } } },
      "config.secret.value",
    ],
    ["an Authorization with ø", { config: { secret: { type: "Authorization", value: "ø" } } }, "config.secret.value"],
    ["an AWS secret without a region", { config: { secret: { ...aws, region: undefined } } }, "config.secret.region"],
    ["an AWS region with a slash", { config: { secret: { ...aws, region: "a/b" } } }, "config.secret.region"],
    ["an AWS secret with a value besides", { config: { secret: { ...aws, value: "x" } } }, "config.secret.value"],
    [
      "a secret with a member nobody knows",
      { config: { secret: { type: "HMAC-SHA1", value: "x", salt: "y" } } },
      "config.secret.salt",
    ],
  ];
  for (const [what, change, field] of rows) {
    test(`with ${what}`, async () => {
      const before = await asked<Hook[]>("GET", "?limit=100&include_deleted=true");
      refuses(await leavesNoTrace(office.shop, () => create(change)), 400, "INVALID_REQUEST_PARAMETER", field);
      const later = await asked<Hook[]>("GET", "?limit=100&include_deleted=true");
      assert.deepEqual(
        later.body.map(({ id }) => id),
        before.body.map(({ id }) => id),
      );
    });
  }

  test("with the position at which a mask cannot be read", async () => {
    assert.match(messageOf(await create({ fields: "a,b(c" })), / fields: lacks .* at position 6\.$/);
  });
  test("with the list of the events there are", async () => {
    const message = messageOf(await create({ events: ["nothing"] }));
    for (const type of eventTypes) assert.ok(message.includes(type), type);
  });
  test("with the kinds of addresses that nobody receives at, and its own", async () => {
    const own = office.shop.app.address;
    const refused = [
      "https://example.com/hook",
      "https://shop.example.org",
      "https://a.test/",
      "https://x.invalid",
      `${own}/x`,
    ];
    for (const url of refused) refuses(await create({ config: { url } }), 400, "HOOK_ADDRESS_REFUSED", "config.url");
    refuses(await create({ config: { url: "ftp://receiver.no/" } }), 400, "HOOK_ADDRESS_REFUSED", "config.url");
    refuses(await create({ config: { url: "https://u:p@receiver.no/" } }), 400, "HOOK_ADDRESS_REFUSED", "config.url");
  });
  test("and the answer to a secret that is wrong does not repeat it", async () => {
    const answer = await create({ config: { secret: { type: "Authorization", value: "hemmelig ø" } } });
    assert.doesNotMatch(JSON.stringify(answer.body), /hemmelig/);
  });
});

test("events of the contract that never happen here can be subscribed to all the same", async () => {
  const events = [
    "receipt_add",
    "shopping_order_update",
    "discount_campaign_add",
    "checkout_token_add",
    "cdd_case_update",
  ];
  const { id, ...hook } = await tried({ events });
  assert.deepEqual(hook.events, events);
  await remove(id);
});

test("an account has so many subscriptions and no more; a deleted one makes room", async () => {
  const shop = await openShop({ TAPLINE_SIMULATORS: "off" });
  const token = await tokenOf(shop, { account_id: "T12345678", client_id: "office", scopes: ["admin:hooks"] });
  const call = <T>(method: string, path: string, body?: object) =>
    shop.call<T>(method, `/v1/accounts/T12345678${hooks}${path}`, body, { authorization: `Bearer ${token}` });
  try {
    const answers = await Promise.all(
      Array.from({ length: hooksMax + 3 }, () => call<Hook>("POST", "", hookBody({ active: false }))),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, hooksMax);
    refuses(await call("POST", "", hookBody()), 409, "HOOK_LIMIT_REACHED");
    const counted = await call<Hook[]>("GET", "?total=true&limit=3");
    assert.equal(counted.headers.get("total-count"), String(hooksMax));
    assert.equal(counted.body.length, 3);
    assert.equal((await call("GET", "?limit=3")).headers.get("total-count"), null);
    const second = await call<Hook[]>("GET", `?limit=100&starting_after=${counted.body[2]?.id}`);
    assert.equal(second.body.length, hooksMax - 3);
    refuses(await call("GET", "?starting_after=nobody"), 400, "INVALID_REQUEST_PARAMETER", "starting_after");
    await call("DELETE", `/${counted.body[0]?.id}`);
    assert.equal((await call("POST", "", hookBody())).status, 200);
    const every = await call("GET", "?total=true&include_deleted=true");
    assert.equal(every.headers.get("total-count"), String(hooksMax + 1));
  } finally {
    await shop.close();
  }
});

describe("a ping", () => {
  test("comes at once when the subscription is made, shows it without its secrets, and is signed", async () => {
    const secret = { type: "HMAC-SHA1", value: "hemmelig" };
    const hook = await tried({ config: { secret }, events: ["account_store_add"] });
    const [ping] = await pinged(hook.id);
    assert.ok(ping);
    const { headers, text, body } = ping;
    assert.deepEqual(Object.keys(body), ["account_id", "event", "event_delivery", "event_id", "event_time", "hook"]);
    const { signing_secret, ...shown } = hook;
    assert.deepEqual(body.hook, shown);
    assert.equal(headers.event, "ping");
    assert.equal(headers["event-delivery"], body.event_delivery);
    assert.match(body.event_delivery, uuid);
    assert.equal(headers["event-signature"], createHmac("sha1", "hemmelig").update(text).digest("hex"));
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["user-agent"]?.split(" ")[0], `Dintero-Hook/${hook.id.slice(0, 8)}`);
    assert.equal(text, JSON.stringify(body), "compact, in one piece");
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`;
    const key = Buffer.from(signing_secret.slice("whsec_".length), "base64");
    assert.equal(headers["webhook-signature"], `v1,${createHmac("sha256", key).update(signed).digest("base64")}`);
    assert.equal(headers["webhook-id"], body.event_id);
    await remove(hook.id);
  });

  test("comes when it is asked for, to that subscription alone, to one that is not active too", async () => {
    const asleep = await tried({ active: false });
    const other = await tried();
    const answer = await asked("POST", `/${asleep.id}/ping`);
    assert.equal(answer.status, 204);
    assert.equal(answer.body, undefined);
    await pinged(asleep.id, 2);
    const told_later = await store();
    await until(() => receiver.of("account_store_add").some(told(told_later)));
    assert.equal(pingsOf(other.id).length, 1);
    assert.equal(receiver.of("account_store_add").filter(told(told_later)).length, 1, "one of the two is active");
    for (const { id } of [asleep, other]) await remove(id);
  });
});

describe("a delivery", () => {
  test("is listed and can be looked into: what was sent, what came back, every try", async () => {
    receiver.answer(200, "takk ø");
    const hook = await tried({ config: { secret: { type: "Authorization", value: "Bearer hemmelig" } } });
    receiver.answer(200);
    const [delivery, ...others] = await deliveriesOf(hook.id);
    assert.ok(delivery);
    assert.deepEqual(others, []);
    const [ping] = pingsOf(hook.id);
    assert.equal(ping?.headers.authorization, "Bearer hemmelig");
    const { created_at, finished_at, ...rest } = delivery;
    assert.ok(Date.parse(finished_at ?? "") >= Date.parse(created_at) - 1000);
    assert.deepEqual(rest, {
      id: ping?.body.event_delivery,
      event_delivery: ping?.body.event_delivery,
      event: "ping",
      event_id: ping?.body.event_id,
      delivery_status: "DELIVERED",
      status: 200,
      attempts: 1,
    });
    const detail = await detailOf(hook.id, delivery.id);
    assert.equal(detail.url, receiver.address);
    assert.deepEqual(detail.request.body, ping?.body);
    const { headers } = detail.request as { headers: Record<string, string> };
    assert.equal(headers["webhook-signature"], ping?.headers["webhook-signature"]);
    assert.equal(headers.authorization, "[redacted]");
    assert.doesNotMatch(JSON.stringify(detail), /hemmelig/);
    assert.equal(detail.response?.body, "takk ø");
    const { headers: answered } = detail.response as { headers: Record<string, string> };
    assert.equal(answered["content-type"], "text/plain");
    assert.equal(detail.details?.delivery_success, true);
    assert.ok((detail.details?.delivery_duration ?? -1) >= 0);
    assert.deepEqual(detail.tries, [{ ...detail.details, status: 200 }]);
    const secrets = await office.shop.database.sql(
      "SELECT FROM delivery_attempts WHERE request_headers::text ~ 'hemmelig'",
    );
    assert.equal(secrets.length, 0);
    await remove(hook.id);
  });

  test("that fails is to be sent again, and says what was answered", async () => {
    receiver.answer(500, "ikke nå");
    const hook = await made();
    const [delivery] = await until(async () => {
      const all = await deliveriesOf(hook.id);
      return all[0]?.status === 500 && all;
    });
    assert.equal(delivery?.delivery_status, "PENDING");
    assert.ok(Date.parse(delivery?.due_at ?? "") > Date.now());
    const detail = await detailOf(hook.id, delivery?.id ?? "");
    assert.equal(detail.details?.delivery_success, false);
    assert.equal((await read(hook.id)).failures, 1);
    assert.equal((await read(hook.id)).pending_deliveries, 1);
    receiver.answer(200);
    await remove(hook.id);
    // Deleting ends what waits.
    await until(async () => (await deliveriesOf(hook.id))[0]?.delivery_status === "REFUSED");
    const rows = await office.shop.database.sql<{ last_answer: string }>(
      "SELECT last_answer FROM deliveries WHERE hook_id = $1",
      [hook.id],
    );
    assert.deepEqual(rows, [{ last_answer: "The subscription was deleted." }]);
  });

  test("is found by its state and by its event, page by page", async () => {
    const hook = await tried();
    const made_now = [await store(), await store(), await store()];
    await until(
      async () => (await deliveriesOf(hook.id, "event=account_store_add&delivery_status=DELIVERED")).length === 3,
    );
    const all = await deliveriesOf(hook.id);
    assert.deepEqual(
      all.map(({ event }) => event),
      [...made_now.map(() => "account_store_add"), "ping"],
    );
    assert.deepEqual(
      (await deliveriesOf(hook.id, "event=ping")).map(({ id }) => id),
      [all[3]?.id],
    );
    assert.deepEqual(await deliveriesOf(hook.id, "delivery_status=EXHAUSTED,REFUSED"), []);
    const page = `/${hook.id}/deliveries?limit=2`;
    const first = (await asked<HookDelivery[]>("GET", page)).body;
    const second = (await asked<HookDelivery[]>("GET", `${page}&starting_after=${first[1]?.id}`)).body;
    assert.deepEqual([...first, ...second], all);
    refuses(await asked("GET", `${page}&starting_after=nobody`), 400, "INVALID_REQUEST_PARAMETER", "starting_after");
    refuses(await asked("GET", `/${hook.id}/deliveries?event=nothing`), 400, "INVALID_REQUEST_PARAMETER");
    const other = await tried();
    refuses(await asked("GET", `/${other.id}/deliveries/${all[0]?.id}`), 404, "HOOK_DELIVERY_NOT_FOUND");
    refuses(await asked("POST", `/${other.id}/deliveries/${all[0]?.id}/redeliver`), 404, "HOOK_DELIVERY_NOT_FOUND");
    for (const { id } of [hook, other]) await remove(id);
  });

  test("shows what the mask leaves of it, at every try the same", async () => {
    const hook = await tried({ fields: "store(id,store_name,address)", exclude_fields: ["postal_code"] });
    const address = { address_line: "Thorvald Meyers gate 1", postal_code: "0555" };
    const { body } = await office.manage<{ id: string }>("POST", "/stores", { store_name: "Løkka", address });
    const [first] = await until(() => {
      const sent = receiver.of("account_store_add").filter(told(body.id));
      return sent.length === 1 && sent;
    });
    const { account_id, event, event_delivery, event_id, event_time, ...shown } = first?.body ?? ({} as never);
    assert.deepEqual(shown, {
      store: { id: body.id, store_name: "Løkka", address: { address_line: "Thorvald Meyers gate 1" } },
    });
    assert.ok([account_id, event, event_delivery, event_id, event_time].every((member) => typeof member === "string"));
    assert.equal((await asked("POST", `/${hook.id}/deliveries/${event_delivery}/redeliver`)).status, 200);
    const again = await until(() => receiver.of("account_store_add").filter(told(body.id))[1]);
    assert.equal(again.text, first?.text);
    assert.deepEqual((await detailOf(hook.id, String(event_delivery))).request.body, first?.body);
    await remove(hook.id);
  });
});

describe("a pause", () => {
  test("keeps what comes, and a resumption sends it in the order in which it happened", async () => {
    const hook = await tried();
    const paused = await asked<Hook>("POST", `/${hook.id}/pause`);
    assert.equal(paused.status, 200);
    assert.equal(paused.body.paused_by, "office");
    assert.ok(paused.body.paused_at);
    assert.equal((await asked<Hook>("POST", `/${hook.id}/pause`)).body.paused_at, paused.body.paused_at);
    const kept: string[] = [];
    for (let n = 0; n < 5; n++) kept.push(await store());
    await until(async () => (await read(hook.id)).pending_deliveries === 5);
    assert.equal((await asked("POST", `/${hook.id}/ping`)).status, 204);
    assert.ok(!receiver.of("account_store_add").some((each) => kept.some((id) => told(id)(each))));
    const resumed = await asked<Hook>("POST", `/${hook.id}/resume`);
    assert.equal(resumed.body.paused_at, undefined);
    assert.equal(resumed.body.paused_by, undefined);
    const sent = await until(() => {
      const all = receiver.of("account_store_add").filter((each) => kept.some((id) => told(id)(each)));
      return all.length === 5 && all;
    });
    assert.deepEqual(sent.map(storeOf), kept);
    await pinged(hook.id, 2);
    await until(async () => (await read(hook.id)).pending_deliveries === 0);
    assert.equal((await asked("POST", `/${hook.id}/resume`)).status, 200, "of one that is not paused changes nothing");
    await remove(hook.id);
  });
});

describe("redelivery", () => {
  test("sends one again under its ids, with its tries anew", async () => {
    receiver.answer(400, "nei");
    const hook = await made();
    const [refused] = await until(async () => {
      const all = await deliveriesOf(hook.id);
      return all[0]?.delivery_status === "REFUSED" && all;
    });
    receiver.answer(200);
    const answer = await asked<HookDelivery>("POST", `/${hook.id}/deliveries/${refused?.id}/redeliver`);
    assert.equal(answer.body.id, refused?.id);
    assert.equal(answer.body.delivery_status, "PENDING");
    assert.equal(answer.body.attempts, 0);
    await until(async () => (await deliveriesOf(hook.id))[0]?.delivery_status === "DELIVERED");
    const [first, second] = await pinged(hook.id, 2);
    assert.equal(second?.headers["event-delivery"], first?.headers["event-delivery"]);
    assert.equal(second?.headers["webhook-id"], first?.headers["webhook-id"]);
    const { tries, attempts } = await detailOf(hook.id, refused?.id ?? "");
    assert.deepEqual(
      tries.map(({ status }) => status),
      [400, 200],
    );
    assert.equal(attempts, 1);
    await remove(hook.id);
  });

  test("of a time sends what ended then, in order, and what was asked for alone", async () => {
    const hook = await tried();
    receiver.answer(410);
    const ids: string[] = [];
    for (let n = 0; n < 4; n++) ids.push(await store());
    await until(async () => (await deliveriesOf(hook.id, "delivery_status=REFUSED")).length === 4);
    receiver.answer(200);
    const from = new Date(Date.now() - 3_600_000).toISOString();
    const path = `/${hook.id}/redeliver`;
    const count = receiver.received.length;
    const none = await asked("POST", path, { from, to: from });
    assert.deepEqual(none.body, { redelivered: 0 });
    const answer = await asked("POST", path, {
      from,
      to: new Date(Date.now() + 60_000).toISOString(),
      delivery_status: ["REFUSED"],
    });
    assert.deepEqual(answer.body, { redelivered: 4 });
    const sent = await until(() => receiver.received.length >= count + 4 && receiver.received.slice(count));
    assert.deepEqual(sent.map(storeOf), ids, "in order, and no ping");
    await until(async () => (await deliveriesOf(hook.id, "delivery_status=DELIVERED")).length === 5);
    assert.deepEqual((await asked("POST", path, { from })).body, { redelivered: 5 });
    await pinged(hook.id, 2);
    await until(async () => (await read(hook.id)).pending_deliveries === 0);
    const last = (await deliveriesOf(hook.id))[0]?.id;
    assert.deepEqual((await asked("POST", path, { from, starting_after: last })).body, { redelivered: 0 });
    refuses(await asked("POST", path, { from, starting_after: "nobody" }), 404, "HOOK_DELIVERY_NOT_FOUND");
    refuses(await asked("POST", path, { from: "yesterday" }), 400, "INVALID_REQUEST_PARAMETER", "from");
    refuses(await asked("POST", path, {}), 400, "INVALID_REQUEST_PARAMETER", "from");
    const before_from = new Date(Date.parse(from) - 1).toISOString();
    refuses(await asked("POST", path, { from, to: before_from }), 400, "INVALID_REQUEST_PARAMETER", "to");
    await remove(hook.id);
  });
});

test("a receiver that fails while it is sent something again is paused once it has failed ten times, and nothing is lost", async () => {
  const hook = await tried();
  const failing = async () => {
    const { body } = await office.shop.call<Incident[]>("GET", "/v1/admin/incidents?kind=RECEIVER_FAILING&limit=100");
    return body.filter(({ details }) => (details as { hook_id: string }).hook_id === hook.id);
  };
  receiver.answer(503);
  const from = new Date(Date.now() - 3_600_000).toISOString();
  assert.deepEqual((await asked("POST", `/${hook.id}/redeliver`, { from })).body, { redelivered: 1 });
  await until(async () => (await read(hook.id)).failures === 1);
  assert.equal((await read(hook.id)).paused_at, undefined, "one failure is none of its business");
  await office.shop.database.sql("UPDATE delivery_lanes SET failures = 9 WHERE id = $1", [hook.id]);
  await until(async () => (await read(hook.id)).paused_by === "tapline");
  const [incident, ...more] = await failing();
  assert.deepEqual([incident?.decided_at, more], [undefined, []]);
  receiver.answer(200);
  assert.equal((await asked("POST", `/${hook.id}/resume`)).status, 200);
  await pinged(hook.id, 3);
  const settled = await until(async () => (await failing()).find(({ decided_at }) => decided_at !== undefined));
  assert.equal(settled.id, incident?.id);
  assert.equal(settled.decided_by, "tapline");
  assert.equal((await read(hook.id)).pending_deliveries, 0);
  await remove(hook.id);
});

describe("a new signing secret", () => {
  const signatureOf = (secret: string, { headers, text }: ReturnType<HookReceiver["of"]>[number]): string => {
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`;
    return `v1,${createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
      .update(signed)
      .digest("base64")}`;
  };

  test("signs beside the one before, for a day unless something else is asked for", async () => {
    const hook = await tried();
    const { status, body } = await asked<HookWithSecret>("POST", `/${hook.id}/rotate-secret`);
    assert.equal(status, 200);
    assert.match(body.signing_secret, /^whsec_/);
    assert.notEqual(body.signing_secret, hook.signing_secret);
    const overlap_ms = Date.parse(body.former_until ?? "") - Date.parse(body.updated_at ?? "");
    assert.ok(Math.abs(overlap_ms - 86_400_000) < 1_000, String(overlap_ms));
    await asked("POST", `/${hook.id}/ping`);
    const ping = (await pinged(hook.id, 2))[1];
    assert.ok(ping);
    const both = [signatureOf(body.signing_secret, ping), signatureOf(hook.signing_secret, ping)];
    assert.equal(ping.headers["webhook-signature"], both.join(" "));
    await remove(hook.id);
  });

  test("signs alone where no overlap is wanted", async () => {
    const hook = await tried();
    const { body } = await asked<HookWithSecret>("POST", `/${hook.id}/rotate-secret`, { overlap_s: 0 });
    assert.equal(body.former_until, undefined);
    await asked("POST", `/${hook.id}/ping`);
    const ping = (await pinged(hook.id, 2))[1];
    assert.ok(ping);
    assert.equal(ping.headers["webhook-signature"], signatureOf(body.signing_secret, ping));
    refuses(
      await asked("POST", `/${hook.id}/rotate-secret`, { overlap_s: 604_801 }),
      400,
      "INVALID_REQUEST_PARAMETER",
      "overlap_s",
    );
    await remove(hook.id);
  });
});

test("another account's subscription is told of nothing, and cannot be told from one that never was", async () => {
  const { shop } = office;
  const mine = await tried();
  const token = await tokenOf(shop, { account_id: "T00000099", client_id: "stranger", scopes: ["admin:hooks"] });
  const call = <T>(method: string, path: string, body?: object): Promise<Answer<T>> =>
    shop.call<T>(method, `/v1/accounts/T00000099${hooks}${path}`, body, { authorization: `Bearer ${token}` });
  const theirs = await call<HookWithSecret>("POST", "", hookBody());
  assert.equal(theirs.status, 200);
  await pinged(theirs.body.id);
  const made_now = await store();
  await until(() => receiver.of("account_store_add").some(told(made_now)));
  assert.deepEqual(
    (await call<HookDelivery[]>("GET", `/${theirs.body.id}/deliveries`)).body.map(({ event }) => event),
    ["ping"],
  );
  assert.deepEqual(
    (await call<Hook[]>("GET", "?include_deleted=true")).body.map(({ id }) => id),
    [theirs.body.id],
  );
  refuses(await call("GET", `/${mine.id}`), 404, "HOOK_NOT_FOUND");
  refuses(await call("DELETE", `/${mine.id}`), 404, "HOOK_NOT_FOUND");
  assert.equal((await read(mine.id)).deleted_at, undefined);
  await remove(mine.id);
});
