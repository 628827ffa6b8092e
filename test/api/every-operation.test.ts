/**
 * What holds for every operation that asks for a token, made from the table of operations: a new one is covered by
 * itself. Where its path names something that no account of this test has yet, the test says so.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TSchema } from "typebox";
import type { Operation } from "../../src/contract/operation.ts";
import { operations } from "../../src/contract/operations.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { newUuid } from "../../src/domain/ids.ts";
import { scopes } from "../../src/domain/scopes.ts";
import { TokenKeys } from "../../src/http/token-keys.ts";
import { compileValidation } from "../../src/http/validation.ts";
import { insertAccount } from "../../src/storage/accounts.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { insertRow } from "../storage/planted.ts";
import { plantApiKey } from "../support/api-keys.ts";
import { tokenOf as plantedToken } from "../support/clients.ts";
import { openShop, type Shop } from "../support/shop.ts";
import { assertErrorBody } from "./refusal.ts";

const theirs = "T12345678";
const ours = "T00000042";
const nobodys = "T99999999";
const client_id = "somebody";

const withToken = (Object.values(operations) as Operation[]).filter(({ access }) => Array.isArray(access));

let shop: Shop;
/** A token of our account, with every scope there is: it may do everything, at home. */
let our_token: string;
let their_token: string;
let expired: string;
/** A key of our account that may do everything. */
let our_key: string;
let their_key: string;
/** Keys of theirs that are good for nothing, by what is wrong with them. */
let bad_keys: [problem: string, api_key: string][];

before(async () => {
  shop = await openShop();
  const now = new Date().toISOString();
  await shop.app.world.db.transaction((tx) =>
    insertAccount(tx, { account_id: ours, name: "Ours", in_person_enabled: true }, now),
  );
  await plant();
  our_token = await tokenOf(ours, scopes);
  their_token = await tokenOf(theirs, scopes);
  const yesterday = { ...systemClock, now: () => Date.now() - 48 * 60 * 60 * 1000 };
  const keys = new TokenKeys(shop.app.world.db, yesterday, () => shop.app.address);
  await keys.load();
  expired = await keys.sign({ account_id: theirs, client_id, scopes }, "test");
  await plantKeys();
});
after(() => shop.close());

const tokenOf = (account_id: string, granted: readonly string[]): Promise<string> =>
  plantedToken(shop, { account_id, client_id, scopes: granted });

async function plantKeys(): Promise<void> {
  our_key = await plantApiKey(shop, { account_id: ours, client_id });
  const of_theirs = { account_id: theirs, client_id };
  their_key = await plantApiKey(shop, of_theirs);
  const past = new Date(Date.now() - 1_000);
  bad_keys = [
    ["unknown", `nobodys-${"0123456789".repeat(6)}`],
    ["empty", ""],
    ["deleted", await plantApiKey(shop, { ...of_theirs, deleted_at: past })],
    ["expired", await plantApiKey(shop, { ...of_theirs, expires_at: past })],
    ["rotated away", await plantApiKey(shop, { ...of_theirs, retires_at: past })],
  ];
}

/** What their account has: a sale on the screen, which rests there, and an incident. The demo has the rest. */
async function plant(): Promise<void> {
  await shop.play("manual");
  await shop.create();
  await shop.until(async () => (await shop.database.sql("SELECT FROM prompts WHERE status = 'SHOWN'")).length === 1);
  const incident = { kind: "ORPHAN_RESULT", subject: "planted", details: {}, created_at: new Date() };
  await insertRow(shop.database, "incidents", { account_id: theirs, id: "inc_00000000planted", ...incident });
  const ended = { operation: "send_logs", status: "TIMEOUT", created_by: "x", updated_by: "x" };
  const times = { created_at: new Date(), updated_at: new Date(), deadline_at: new Date() };
  const asked = { account_id: theirs, id: newUuid(systemRandom), terminal_id: `${theirs}-T0292`, ...ended, ...times };
  await insertRow(shop.database, "terminal_operations", asked);
  const user = { id: `user_${"0".repeat(18)}Them`, email: "them@example.com", email_key: "them@example.com" };
  const invited = { role: "cashier", created_by: "x", created_at: new Date() };
  await insertRow(shop.database, "users", { account_id: theirs, ...user, ...invited });
  const day = { start_at: new Date(Date.now() - 86_400_000), end_at: new Date() };
  const places = { payout_destination_id: "seller-1", store_id: "oslo-center" };
  const made = { provider_reference: "planted", created_at: new Date(), updated_at: new Date() };
  const settlement = { account_id: theirs, id: newUuid(systemRandom), ...places, ...day, ...made };
  await insertRow(shop.database, "settlements", { ...settlement, settled_at: new Date() });
  await plantHook();
}

/** A subscription, and what was delivered to it. */
async function plantHook(): Promise<void> {
  const [id, delivery_id, url, created_at] = [
    newUuid(systemRandom),
    newUuid(systemRandom),
    "https://a.test/",
    new Date(),
  ];
  const by = { created_at, created_by: "x", updated_at: created_at, updated_by: "x" };
  const told = { url, insecure_ssl: false, events: ["ping"], active: true, signing_secret: "whsec_planted" };
  await insertRow(shop.database, "hooks", { account_id: theirs, id, ...told, ...by });
  await insertRow(shop.database, "delivery_lanes", { account_id: theirs, id, hook_id: id });
  const event = { account_id: theirs, position: 1_000_000, id: "evt_planted", type: "ping", hook_id: id, body: "{}" };
  await insertRow(shop.database, "events", { ...event, created_at });
  const sent = { kind: "webhook", lane_id: id, hook_id: id, event_position: 1_000_000, method: "POST", url };
  const ended = { status: "DELIVERED", due_at: created_at, created_at, finished_at: created_at };
  await insertRow(shop.database, "deliveries", { account_id: theirs, id: delivery_id, ...sent, ...ended });
}

interface Sent {
  readonly status: number;
  readonly text: string;
  /** Those that say nothing of this one request. */
  readonly headers: [name: string, value: string][];
}

interface Credentials {
  readonly token?: string | undefined;
  readonly api_key?: string | undefined;
}

const send = (method: string, path: string, token?: string, body?: string): Promise<Sent> =>
  sendWith({ token }, method, path, body);

async function sendWith({ token, api_key }: Credentials, method: string, path: string, body?: string): Promise<Sent> {
  const answer = await fetch(`${shop.app.address}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(api_key === undefined ? {} : { "x-api-key": api_key }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await textOf(answer);
  if (answer.status >= 400) {
    assertErrorBody({ status: answer.status, headers: answer.headers, body: JSON.parse(text) as ErrorBody });
  }
  const headers = [...answer.headers].filter(([name]) => name !== "x-request-id" && name !== "date");
  return { status: answer.status, text, headers };
}

/** Of a stream, which goes on, what comes at once. */
async function textOf(answer: Response): Promise<string> {
  if (answer.headers.get("content-type") !== "text/event-stream") return answer.text();
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

const codeOf = ({ text }: Sent): string | undefined => (JSON.parse(text) as ErrorBody).error.code;

/** Every path that an operation answers at; the account in it, where there is one, is still to be filled in. */
function pathsOf({ path, also_at, surface }: Operation): string[] {
  const alias = surface === "checkout" ? [path.replace("/v1", "/v1/accounts/{aid}/payments")] : [];
  return [path, ...[also_at ?? []].flat(), ...alias];
}

/** The contract names the account in a path by either. */
const isAccount = (name: string): boolean => name === "aid" || name === "oid";

const fill = (path: string, aid: string, ids: Readonly<Record<string, string>>): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(isAccount(name) ? aid : (ids[name] ?? "any")));

const idsIn = (path: string): string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name).filter((name) => !isAccount(name));

/**
 * Something of their account's that a parameter such as `store_id` can name: from the table of stores, or else from any
 * table that has it in its key.
 */
async function theirIdFor(written: string, path: string): Promise<string> {
  const parameter = written === "hid" ? "hook_id" : written;
  // A bare {id} is of what the path names before it.
  const before = /([\w-]+)\/\{id\}/.exec(path)?.[1]?.replaceAll("-", "_");
  const plural =
    parameter === "id" && before !== undefined
      ? before
      : `${parameter.replace(/_id$/, "").replace(/(?<![aeiou])y$/, "ie")}s`;
  const candidates = await shop.database.sql<{ name: string; column: string }>(
    `SELECT key.table_name AS name, key.column_name AS column
     FROM information_schema.key_column_usage AS key
     JOIN information_schema.table_constraints AS found USING (constraint_schema, constraint_name)
     WHERE found.constraint_type IN ('PRIMARY KEY', 'UNIQUE') AND key.table_schema = 'public'
       AND (key.column_name = $1 OR (key.column_name = 'id' AND key.table_name LIKE '%' || $2))
       AND EXISTS (SELECT FROM information_schema.columns AS owner
         WHERE owner.table_name = key.table_name AND owner.column_name = 'account_id')
     ORDER BY key.table_name LIKE '%' || $2 DESC, key.table_name`,
    [parameter, plural],
  );
  for (const { name, column } of candidates) {
    // An id that both accounts have, such as a profile's `default`, is each one's own.
    const text = `SELECT "${column}" AS id FROM "${name}" WHERE account_id = $1
      AND "${column}" NOT IN (SELECT "${column}" FROM "${name}" WHERE account_id = $2) LIMIT 1`;
    const [row] = await shop.database.sql<{ id: string }>(text, [theirs, ours]);
    if (row !== undefined) return String(row.id);
  }
  return assert.fail(`Account ${theirs} has nothing that {${parameter}} could name: let plant() make one.`);
}

/** As long, of the same form, and nobody's. */
function neverWas(id: string): string {
  const tail = id.slice(-4).replaceAll(/[0-9a-zA-Z]/g, (sign) => {
    if (/\d/.test(sign)) return String((Number(sign) + 5) % 10);
    const next = (letters: string) => letters.charAt((letters.indexOf(sign) + 1) % letters.length);
    return [..."abcdef"].includes(sign) ? next("abcdef") : /[g-z]/.test(sign) ? next("ghijklmnopqrstuvwxyz") : "A";
  });
  return `${id.slice(0, -4)}${tail}`;
}

/** Texts that a pattern or a format may want. */
const texts = ["x", "1", "NOK", "https://a.example.com/", "a@example.com", "2027-01-31T12:00:00.000Z", theirs];

type Schema = TSchema & {
  readonly [keyword: string]: unknown;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
};

/** A small value that a schema takes: what it requires, and the ids it has a place for. */
function example(schema: Schema): unknown {
  const { type, properties = {}, required = [], anyOf, items, minimum = 1, minItems = 0, minLength = 0 } = schema;
  if (schema.enum !== undefined) return (schema.enum as unknown[])[0];
  if (schema.const !== undefined) return schema.const;
  if (anyOf !== undefined) return example((anyOf as Schema[])[0] as Schema);
  if (type === "object") {
    const named = Object.entries(properties).filter(([name]) => required.includes(name) || name === "terminal_id");
    return Object.fromEntries(named.map(([name, member]) => [name, example(member)]));
  }
  if (type === "array") return Array.from({ length: Number(minItems) }, () => example(items as Schema));
  if (type === "boolean") return true;
  if (type === "integer" || type === "number") return minimum;
  const right = texts.find((text) => isTaken(schema, text.padEnd(Number(minLength), "x")));
  return (right ?? "x").padEnd(Number(minLength), "x");
}

const isTaken = (schema: TSchema, value: unknown): boolean => {
  const validate = compileValidation({ schema, method: "POST", url: "/", httpPart: "body" });
  return !("error" in (validate(value) as object));
};

function bodyOf({ id, body }: Operation): string | undefined {
  if (body === undefined) return undefined;
  const value = example(body as Schema);
  assert.ok(isTaken(body, value), `${id} does not take ${JSON.stringify(value)}: let example() make what it takes.`);
  return JSON.stringify(value);
}

/** All that is in the database, but for what passes with time. */
async function everything(): Promise<Record<string, string>> {
  const tables = await shop.database.sql<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_name NOT IN (
       'server_processes', 'clock_steps', 'settlement_calendars')`,
  );
  const digests = tables.map(
    ({ name }) =>
      `SELECT '${name}' AS name, count(*) || ' ' || coalesce(md5(string_agg(row, '' ORDER BY row)), '') AS digest
       FROM (SELECT (to_jsonb(t) - 'last_seen_at')::text AS row FROM "${name}" AS t) AS rows`,
  );
  const rows = await shop.database.sql<{ name: string; digest: string }>(digests.join(" UNION ALL "));
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
}

async function writesNothing(act: () => Promise<void>): Promise<void> {
  const before = await everything();
  await act();
  assert.deepEqual(await everything(), before);
}

for (const operation of withToken) {
  const { id, method, access, path, body, surface } = operation;
  // Nothing that is JSON: whoever may not come in is told so before anybody reads what they bring.
  const garbage = body === undefined ? undefined : "{";

  describe(`${id}, ${method} ${path}`, () => {
    const refused: [who: string, token: () => Promise<string> | string | undefined, status: number, code: string][] = [
      ["without a token", () => undefined, 401, "INVALID_TOKEN"],
      ["with a token that has expired", () => expired, 401, "INVALID_TOKEN"],
      [
        "with every scope but its own",
        () =>
          tokenOf(
            theirs,
            scopes.filter((scope) => !access.includes(scope)),
          ),
        403,
        "INSUFFICIENT_SCOPE",
      ],
    ];
    for (const [who, token, status, code] of refused) {
      test(`${who} is refused, before the body is read, and writes nothing`, () =>
        writesNothing(async () => {
          for (const each of pathsOf(operation)) {
            const answer = await send(method, fill(each, theirs, {}), await token(), garbage);
            assert.deepEqual([answer.status, codeOf(answer)], [status, code], each);
          }
        }));
    }

    const byKey = (api_key: string, each = path): Promise<Sent> =>
      sendWith({ api_key }, method, fill(each, theirs, {}), garbage);
    if (operation.api_key === true) {
      test("with an API key that is not good is refused, whatever is wrong with it, and writes nothing", () =>
        writesNothing(async () => {
          const answers = new Set<string>();
          for (const each of pathsOf(operation)) {
            for (const [problem, api_key] of bad_keys) {
              const answer = await byKey(api_key, each);
              assert.deepEqual([answer.status, codeOf(answer)], [401, "INVALID_TOKEN"], `${problem} ${each}`);
              answers.add(JSON.stringify(answer));
            }
          }
          assert.equal(answers.size, 1, [...answers].join("\n"));
        }));

      test("with an API key that has every scope but its own is refused, and writes nothing", async () => {
        const scope = scopes.filter((one) => !access.includes(one));
        const api_key = await plantApiKey(shop, { account_id: theirs, client_id, scope });
        await writesNothing(async () => {
          for (const each of pathsOf(operation)) {
            const answer = await byKey(api_key, each);
            assert.deepEqual([answer.status, codeOf(answer)], [403, "INSUFFICIENT_SCOPE"], each);
          }
        });
      });

      test("with an API key of another account is refused in their path, and tells nothing of theirs in its own", async () => {
        await writesNothing(async () => {
          for (const each of pathsOf(operation).filter((one) => /\{[ao]id\}/.test(one))) {
            const answer = await byKey(our_key, each);
            assert.deepEqual([answer.status, codeOf(answer)], [403, "ACCOUNT_NOT_GRANTED"], each);
          }
        });
        if (method !== "GET") return;
        const { text } = await byKey(our_key);
        assert.doesNotMatch(text, new RegExp(`${theirs}|seller-1|planted`));
      });

      test("with a good API key is let in; a token that is sent beside it counts, and not the key", async () => {
        for (const each of pathsOf(operation)) {
          const answer = await byKey(their_key, each);
          assert.ok(answer.status !== 401 && answer.status !== 403, `${each}: ${answer.text}`);
        }
        const both = { token: expired, api_key: their_key };
        const answer = await sendWith(both, method, fill(path, theirs, {}), garbage);
        assert.deepEqual([answer.status, codeOf(answer)], [401, "INVALID_TOKEN"]);
      });
    } else {
      test("with an API key that may do everything is refused as without anything, and writes nothing", () =>
        writesNothing(async () => {
          for (const each of pathsOf(operation)) {
            const without = await send(method, fill(each, theirs, {}), undefined, garbage);
            assert.deepEqual(await byKey(their_key, each), without, each);
          }
        }));
    }

    const ofAccount = pathsOf(operation).filter((each) => /\{[ao]id\}/.test(each));
    if (ofAccount.length > 0) {
      test("in an account that is not the token's is refused alike, whether that account exists or not", () =>
        writesNothing(async () => {
          for (const each of ofAccount) {
            const real = await send(method, fill(each, theirs, {}), our_token, garbage);
            const unreal = await send(method, fill(each, nobodys, {}), our_token, garbage);
            assert.deepEqual([real.status, codeOf(real)], [403, "ACCOUNT_NOT_GRANTED"]);
            assert.deepEqual({ ...real, text: real.text.replaceAll(theirs, nobodys) }, unreal);
          }
        }));
    }

    if (idsIn(path).length > 0) {
      test("of what another account has answers as of what never was, byte for byte, and writes nothing", async () => {
        const names = [...new Set(pathsOf(operation).flatMap(idsIn))];
        const ids = Object.fromEntries(
          await Promise.all(names.map(async (name) => [name, await theirIdFor(name, path)])),
        );
        const never = Object.fromEntries(Object.entries(ids).map(([name, one]) => [name, neverWas(String(one))]));
        const asked = bodyOf(operation);
        await writesNothing(async () => {
          for (const each of pathsOf(operation)) {
            const real = await send(method, fill(each, ours, ids), our_token, asked);
            const unreal = await send(method, fill(each, ours, never), our_token, asked);
            assert.equal(real.status, 404, real.text);
            const text = Object.entries(ids).reduce(
              (told, [name, one]) => told.replaceAll(String(one), String(never[name])),
              real.text,
            );
            assert.deepEqual({ ...real, text }, unreal, each);
          }
        });
        if (method !== "GET") return;
        const at_home = await send(method, fill(path, theirs, ids), their_token);
        assert.equal(at_home.status, 200, `it is there for its own account: ${at_home.text}`);
      });
    } else if (method === "GET" && surface === "checkout") {
      test("with another account's token tells nothing of theirs, and writes nothing", () =>
        writesNothing(async () => {
          const { status, text } = await send(method, path, our_token);
          assert.ok(status === 200 || status === 404, text);
          assert.doesNotMatch(text, new RegExp(`${theirs}|order-12345|seller-1|planted`));
        }));
    }
  });
}

test("there is a sale on their screen, so that what was asked about could have been told or changed", async () => {
  const { body } = await shop.call<Transaction[]>("GET", "/v1/transactions");
  assert.deepEqual(
    body.map(({ status }) => status),
    ["INITIATED"],
  );
});
