/** What an account's set-up, its incidents and its reversals tell of: as they can be read, once for each change. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventTypes } from "../../src/contract/events.ts";
import type { Incident } from "../../src/contract/incident.ts";
import type { AccountStore } from "../../src/contract/store.ts";
import type { Terminal } from "../../src/contract/terminal.ts";
import { evidenceOf, sold } from "../support/honest-shop.ts";
import { type HookReceiver, openHookReceiver, type ReceivedHook } from "../support/hook-receiver.ts";
import { type Onboarding, openOnboarding, sellerBody } from "../support/onboarding.ts";
import { operatorOf } from "../support/operator.ts";
import { until } from "../support/shop.ts";

let office: Onboarding;
let receiver: HookReceiver;
before(async () => {
  office = await openOnboarding();
  receiver = await openHookReceiver();
  const body = { config: { url: receiver.address }, events: eventTypes };
  const { status } = await office.manage("POST", "/hooks/subscriptions", body, "admin:hooks");
  assert.equal(status, 200);
  await until(() => receiver.of("ping").length === 1);
});
after(async () => {
  receiver.close();
  await office.shop.close();
});

/** What a change has told of, once it has: the events' types, and the member that each shows. */
async function toldBy(change: () => Promise<unknown>, count: number): Promise<[type: string, shown: unknown][]> {
  const before = receiver.received.length;
  await change();
  const told = await until(() => receiver.received.length >= before + count && receiver.received.slice(before));
  assert.equal(told.length, count, told.map(({ body }) => body.event).join(", "));
  return told.sort((a, b) => timeOf(a) - timeOf(b)).map(({ body }) => [body.event, shownBy(body)]);
}

const timeOf = ({ body }: ReceivedHook): number => Date.parse(String(body.event_time));
const common = ["account_id", "event", "event_delivery", "event_id", "event_time", "sequence"];

function shownBy(body: ReceivedHook["body"]): unknown {
  const members = Object.keys(body).filter((name) => !common.includes(name));
  assert.equal(members.length, 1, members.join(", "));
  return body[members[0] ?? ""];
}

/** What the first of them shows. */
function shownIn<T>([first]: readonly [string, unknown][]): T {
  assert.ok(first !== undefined);
  return first[1] as T;
}

const typesOf = (told: readonly [string, unknown][]): string[] => told.map(([type]) => type);

describe("a store", () => {
  test("tells that it was made, changed and deleted, as it can be read then", async () => {
    const store_name = "Kiosken på Grünerløkka";
    const made = await toldBy(() => office.manage("POST", "/stores", { store_id: "told", store_name }), 1);
    const read = async () => (await office.manage<AccountStore>("GET", "/stores/told")).body;
    assert.deepEqual(made, [["account_store_add", await read()]]);
    const changed = await toldBy(() => office.manage("PUT", "/stores/told", { store_name: "Ø" }), 1);
    assert.deepEqual(changed, [["account_store_update", await read()]]);
    const deleted = await toldBy(() => office.manage("DELETE", "/stores/told"), 1);
    assert.deepEqual(deleted, [["account_store_delete", await read()]]);
  });

  test("that did not change, and one that was refused, tell of nothing", async () => {
    await toldBy(() => office.manage("POST", "/stores", { store_id: "still" }), 1);
    await office.manage("PUT", "/stores/still", {});
    assert.equal((await office.manage("POST", "/stores", { store_id: "still" })).status, 409);
    const next = await toldBy(() => office.manage("POST", "/stores", { store_id: "next" }), 1);
    assert.equal(shownIn<AccountStore>(next).store_id, "next");
  });
});

describe("a payout destination", () => {
  test("tells that it was made and changed, and of what was decided about it", async () => {
    const made = await toldBy(() => office.manage("POST", "/payout-destinations", sellerBody("told")), 1);
    assert.deepEqual(typesOf(made), ["account_payout_destination_add"]);
    const path = "/payout-destinations/told";
    const changed = await toldBy(() => office.manage("PUT", path, { name: "Løkka AS" }), 1);
    assert.deepEqual(typesOf(changed), ["account_payout_destination_update"]);
    const decision = { case_status: "ACTIVE", reason: "Papers seen" };
    const decided = await toldBy(() => office.manage("POST", `${path}/decision`, decision), 2);
    const byType = new Map(decided);
    const seller = byType.get("account_payout_destination_update") as Record<string, unknown>;
    const { stores, terminals, number_of_stores, number_of_terminals, ...read } = (await office.manage("GET", path))
      .body;
    assert.deepEqual(seller, read);
    assert.deepEqual([stores, terminals, number_of_stores, number_of_terminals], [[], [], 0, 0]);
    const decided_case = byType.get("approval_payout_destination_update") as Record<string, unknown>;
    const { id, payout_destination_id, payout_reference, case_status } = decided_case;
    assert.deepEqual([payout_destination_id, payout_reference, case_status], ["told", "Tapline", "ACTIVE"]);
    assert.equal(id, read.id);
  });

  test("that is ACTIVE tells of the stores that it fills, too", async () => {
    await toldBy(() => office.seller("filler"), 2);
    await toldBy(() => office.store("filled", "filler"), 1);
    const change = { phone_number: "+4722222222" };
    const told = new Map(await toldBy(() => office.manage("PUT", "/payout-destinations/filler", change), 2));
    assert.equal((told.get("account_store_update") as AccountStore).phone_number, "+4722222222");
    assert.ok(told.has("account_payout_destination_update"));
  });
});

describe("a terminal", () => {
  test("tells that it was registered, paired, changed, cut off and deleted", async () => {
    const operator = await operatorOf(office.shop);
    await toldBy(() => office.manage("POST", "/stores", { store_id: "for-terminals" }), 1);
    const serial = { device_serial_number: "TOLD-1", store_id: "for-terminals" };
    let terminal_id = "";
    const registered = await toldBy(async () => {
      terminal_id = (await office.manage<Terminal>("POST", "/terminals", serial)).body.terminal_id;
    }, 1);
    const path = `/terminals/${terminal_id}`;
    const read = async () => (await office.manage<Terminal>("GET", path)).body;
    assert.deepEqual(registered, [["account_terminal_add", await read()]]);
    const paired = await toldBy(
      () => operator.pair({ terminal_id, device_serial_number: serial.device_serial_number }),
      1,
    );
    assert.deepEqual(paired, [["account_terminal_update", await read()]]);
    assert.ok(shownIn<Terminal>(paired).device);
    const changed = await toldBy(() => office.manage("PUT", path, { device_model: "S1P2" }), 1);
    assert.deepEqual(changed, [["account_terminal_update", await read()]]);
    const revoked = await toldBy(() => office.manage("DELETE", `${path}/device`), 1);
    assert.equal(shownIn<Terminal>(revoked).device, undefined);
    assert.equal(shownIn<Terminal>(revoked).status, "PENDING");
    const deleted = await toldBy(() => office.manage("DELETE", path), 1);
    assert.deepEqual(deleted, [["account_terminal_delete", await read()]]);
  });
});

test("an account tells that its configuration was changed, without its credentials", async () => {
  const { shop, account_id } = office;
  const details = { credentials: { api_key: "hemmelig" } };
  const merchant = { name: "Kaffe & Kø", logo_url: "https://kaffe.example.com/logo.png" };
  const payment_options = [{ type: "seitatech.in_person" }, { type: "vipps", details }];
  const told = await toldBy(async () => {
    const { status } = await shop.call("PUT", "/v1/admin/checkout", { configuration: { merchant, payment_options } });
    assert.equal(status, 200);
  }, 1);
  const account = told[0]?.[1] as { id: string; configuration: object };
  const { body } = await shop.call<{ configuration: object }>("GET", "/v1/admin/checkout");
  assert.equal(told[0]?.[0], "account_update");
  assert.equal(account.id, account_id);
  assert.deepEqual(account.configuration, body.configuration);
  assert.doesNotMatch(JSON.stringify(told), /hemmelig/);
});

describe("a late approval", () => {
  test("tells of every step of its reversal, and of the incident that a refused one leaves until it is decided", async () => {
    const { shop } = office;
    const terminal = await office.terminal(shop.demo.store_id);
    const link = await terminal.connect();
    try {
      const session_id = await sold(shop, terminal.terminal_id);
      const prompt = await link.expect("prompt");
      link.send({ type: "shown", prompt_id: prompt.prompt_id });
      link.send(terminal.result(prompt.prompt_id, "timed_out"));
      await link.expect("acknowledge");
      link.send(terminal.approval(prompt));
      const { reversal_id } = await link.expect("reverse");
      await link.expect("acknowledge");
      link.send(terminal.reversal(reversal_id, "refused", "kortet er ukjent"));
      await link.expect("acknowledge");
      const steps = await until(() => receiver.of("payment_reversal").length >= 3 && receiver.of("payment_reversal"));
      const shown = steps.map(({ body }) => body.reversal as Record<string, unknown>);
      assert.deepEqual(shown.map(({ status }) => status).sort(), ["ISSUED", "REFUSED", "SENT"]);
      assert.equal(new Set(steps.map(({ body }) => body.event_id)).size, 3);
      const refused = shown.find(({ status }) => status === "REFUSED");
      const [evidence] = (await evidenceOf(shop, session_id)).reversals;
      const { sent_epoch: _, ...known } = evidence as Record<string, unknown>;
      assert.deepEqual(refused, known);
      assert.equal(refused?.reason, "kortet er ukjent");
      const added = await until(() => receiver.of("incident_add").find(isOf("REVERSAL_REFUSED")));
      const incident = added.body.incident as Incident;
      assert.equal(incident.session_id, session_id);
      assert.ok(incident.remedy.length > 0);
      const decision = { outcome: "settled", reason: "Paid back by hand" };
      const { body } = await shop.call<Incident>("POST", `/v1/admin/incidents/${incident.id}/decision`, decision);
      const updated = await until(() => receiver.of("incident_update").find(isOf("REVERSAL_REFUSED")));
      assert.deepEqual(updated.body.incident, body);
      const inStream = await shop.database.sql<{ type: string }>(
        "SELECT type FROM events WHERE session_id = $1 AND type LIKE 'payment_rev%' ORDER BY position",
        [session_id],
      );
      assert.equal(inStream.length, 3, "the session's own stream has them");
    } finally {
      terminal.leave();
    }
  });
});

const isOf =
  (kind: Incident["kind"]) =>
  ({ body }: ReceivedHook): boolean =>
    (body.incident as Incident).kind === kind;
