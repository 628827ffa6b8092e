/**
 * Every list of the API, over rows that are known by their numbers: its pages, its cursor while rows are added, its
 * filters alone and in pairs, and how PostgreSQL carries a page out.
 *
 * TAPLINE_ROWS=100000 plants so many, and then the plans and times are those of a large account, and are held to.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Operation } from "../../src/contract/operation.ts";
import { operations } from "../../src/contract/operations.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import { scopes } from "../../src/domain/scopes.ts";
import { insertAccount } from "../../src/storage/accounts.ts";
import { type Statement, statement } from "../../src/storage/database.ts";
import { assertRefused } from "../api/refusal.ts";
import { tokenOf } from "../support/clients.ts";
import { openBareShop } from "../support/honest-shop.ts";
import type { Answer, Shop } from "../support/shop.ts";
import { plantedLists } from "./planted-lists.ts";
import { account_id, type Meant, other_account, type PlantedList, timeOf } from "./planted-rows.ts";
import { reader } from "./planted-set-up.ts";

const rows = Number(process.env.TAPLINE_ROWS ?? 300);
const is_large = rows >= 100_000;
const pageTime_ms = 10;

let shop: Shop;
let authorization: string;
/** The next number of each planting's rows; one planting may be several lists'. */
const planted = new Map<PlantedList["plant"], number>();

before(async () => {
  shop = await openBareShop();
  for (const account of [account_id, other_account]) {
    const made = { account_id: account, name: "Planted", in_person_enabled: true };
    await shop.app.world.db.transaction((tx) => insertAccount(tx, made, timeOf(0)));
  }
  for (const { plant: statements } of Object.values(plantedLists)) {
    if (planted.has(statements)) continue;
    await plant(statements, account_id, 1, rows);
    await plant(statements, other_account, 1, 50);
    planted.set(statements, rows + 1);
  }
  authorization = await asReader(account_id);
  await shop.database.sql("ANALYZE");
});
after(() => shop.close());

/** A planted client: the accounts hold nothing else. */
const asReader = async (account: string): Promise<string> =>
  `Bearer ${await tokenOf(shop, { account_id: account, client_id: reader, scopes })}`;

async function plant(statements: readonly string[], account: string, from: number, to: number): Promise<void> {
  for (const text of statements) await shop.database.sql(text, [account, from, to]);
}

/** So many rows more, newer than all that are there. */
async function add({ plant: statements }: PlantedList, count: number): Promise<void> {
  const from = planted.get(statements) ?? rows + 1;
  await plant(statements, account_id, from, from + count - 1);
  planted.set(statements, from + count);
}

type Row = Readonly<Record<string, unknown>>;

interface Page {
  readonly ids: string[];
  readonly cursor: string | undefined;
}

const pathOf = ({ operation, within = {} }: PlantedList, account = account_id): string =>
  operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => within[name] ?? account);

const get = (list: PlantedList, query: string): Promise<Answer<ErrorBody>> =>
  shop.call("GET", `${pathOf(list)}?${query}`, undefined, { authorization });

async function page(list: PlantedList, query: string): Promise<Page> {
  const { status, body } = await get(list, query);
  assert.equal(status, 200, JSON.stringify(body));
  const ids = idsOf(list, body);
  if (list.cursor !== undefined) return { ids, cursor: list.cursor.of(body) };
  return { ids, cursor: list.named === undefined ? ids.at(-1) : (body as unknown as Row).starting_after?.toString() };
}

const startingAfter = ({ cursor }: PlantedList, key: string): string =>
  cursor === undefined ? `starting_after=${encodeURIComponent(key)}` : cursor.after(key);

function idsOf({ named, key = "id" }: PlantedList, body: unknown): string[] {
  const found = (named === undefined ? body : (body as Row)[named]) as Row[];
  return found.map((row) => String(row[key]));
}

/** Page by page to the end; `between` runs after each page. */
async function walk(list: PlantedList, query: string, between?: () => Promise<void>): Promise<string[]> {
  const walked: string[] = [];
  let next = await page(list, query);
  while (next.ids.length > 0) {
    walked.push(...next.ids);
    await between?.();
    if (next.cursor === undefined) break;
    next = await page(list, `${query}&${startingAfter(list, next.cursor)}`);
  }
  return walked;
}

/** NaN of what nobody planted. */
const numbersOf = ({ row_0 }: PlantedList, ids: readonly string[]): number[] =>
  ids.map((id) => (id === row_0 ? 0 : Number(/\d{20}$/.exec(id)?.[0])));
const parameterOf = (query: string): string => query.split("=")[0] ?? "";

type Filter = PlantedList["filters"][number];

const firstOf = ({ row_0 }: PlantedList): number => (row_0 === undefined ? 1 : 0);

/** Of the rows that the list shows if it is asked so. */
function isShown({ hidden }: PlantedList, asked: readonly Filter[]): Meant {
  const all = hidden === undefined || asked.some(([query]) => parameterOf(query) === hidden.unless);
  return (n) => all || !hidden.rows(n);
}

/** Of the rows that were there from the beginning those that are meant, newest first; no more than a page of a large list. */
function meantRows(list: PlantedList, ...asked: Filter[]): number[] {
  const is_shown = isShown(list, asked);
  const found: number[] = [];
  for (let n = rows; n >= firstOf(list) && found.length < (is_large ? 100 : rows); n--) {
    if (is_shown(n) && asked.every(([, meant]) => meant(n))) found.push(n);
  }
  return found;
}

const found = async (list: PlantedList, query: string): Promise<number[]> => {
  const ids = is_large ? (await page(list, `limit=100&${query}`)).ids : await walk(list, `limit=100&${query}`);
  return numbersOf(list, ids);
};

for (const [name, list] of Object.entries(plantedLists)) {
  describe(`the list of ${name}`, () => {
    test(`holds each of the account's rows once${list.hidden === undefined ? "" : ", and no deleted one"}`, async () => {
      assert.deepEqual(await found(list, ""), meantRows(list));
    });

    describe("is filtered", () => {
      for (const filter of list.filters) {
        const [query] = filter;
        test(`by ${query}`, async () => {
          const expected = meantRows(list, filter);
          const can_find = !/^(token_id|payment_operation|payment_product=vipps|payment_provider=vipps)/.test(query);
          assert.equal(expected.length > 0, can_find, "a filter that finds nothing among these rows shows nothing");
          assert.deepEqual(await found(list, query), expected);
        });
      }

      test("by every parameter that it has, all of them tried here", () => {
        const { query } = list.operation as Operation;
        const isWalking = (parameter: string) => /^(limit|includes|starting_after(_id|_date)?)$/.test(parameter);
        const parameters = Object.keys((query as unknown as { properties: object }).properties);
        const tried = new Set(list.filters.map(([each]) => parameterOf(each)));
        assert.deepEqual(
          parameters.filter((parameter) => !isWalking(parameter) && !tried.has(parameter)),
          [],
        );
      });

      for (const [index, filter] of list.filters.entries()) {
        const [first] = filter;
        const others = list.filters.slice(index + 1).filter(([second]) => parameterOf(second) !== parameterOf(first));
        if (others.length === 0) continue;
        test(`by ${first} and each other one together`, async () => {
          for (const other of others) {
            const [second] = other;
            assert.deepEqual(await found(list, `${first}&${second}`), meantRows(list, filter, other), second);
          }
        });
      }
    });

    const { limit_default = 10, limit_max = 100 } = list;
    test(`has ${limit_default} rows unless it is asked for 1 to ${limit_max}, newest first`, async () => {
      const all = await page(list, "limit=100");
      assert.deepEqual(numbersOf(list, all.ids), meantRows(list).slice(0, 100));
      assert.equal(all.ids.length, 100);
      assert.deepEqual((await page(list, "")).ids, all.ids.slice(0, limit_default));
      assert.deepEqual((await page(list, "limit=1")).ids, all.ids.slice(0, 1));
    });

    for (const limit of ["0", String(limit_max + 1), "-1", "1.5", "ten", ""]) {
      test(`is not to be had with limit=${limit}`, async () => {
        const refusal = { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "limit" };
        assertRefused(await get(list, `limit=${limit}`), refusal);
      });
    }

    test("does not go on from a row that never was: an empty page would read like its end", async () => {
      const nowhere = startingAfter(list, "never");
      const refusal = { status: 400, code: "INVALID_REQUEST_PARAMETER", field: nowhere.split("=", 1)[0] ?? "" };
      assertRefused(await get(list, nowhere), refusal);
    });

    test("of an account tells nothing of another's rows, under the same ids", async () => {
      const headers = { authorization: await asReader(other_account) };
      const { body } = await shop.call<unknown>("GET", `${pathOf(list, other_account)}?limit=100`, undefined, headers);
      const fifty = Array.from({ length: 51 - firstOf(list) }, (_, index) => 50 - index);
      assert.deepEqual(numbersOf(list, idsOf(list, body)), fifty.filter(isShown(list, [])));
      assert.doesNotMatch(JSON.stringify(body), new RegExp(account_id));
    });

    test("is carried out by an index, whichever page it is", async (t) => {
      const before = await walk(list, "limit=100");
      const last = startingAfter(list, before.at(-11) ?? "");
      const middle = startingAfter(list, before[Math.floor(before.length / 2)] ?? "");
      const pages: [query: string, looks_through: boolean][] = [
        ["", false],
        [middle, false],
        [last, false],
        ["limit=100", false],
        ...(list.also_measured ?? []).map((query): [string, boolean] => [query, false]),
        ...list.filters.map(([query]): [string, boolean] => [
          query,
          [query, parameterOf(query)].some((each) => list.looks_through?.includes(each)),
        ]),
      ];
      for (const [query, looks_through] of pages) {
        const { nodes, median_ms } = await planOf(list, query);
        const node_text = [...new Set(nodes)].join(", ");
        t.diagnostic(
          `${name}?${query}: ${median_ms.toFixed(2)} ms${looks_through ? ", looked through" : ""}: ${node_text}`,
        );
        if (looks_through && is_large) continue;
        assert.ok(!nodes.some((node) => /^Seq Scan/.test(node)), `${query}: ${node_text}`);
        assert.ok(nodes.some((node) => /Index/.test(node)) || nodes.length === 0, `${query}: ${node_text}`);
        if (is_large) assert.ok(median_ms < pageTime_ms, `${query}: ${median_ms} ms`);
      }
    });
  });
}

/** Last of all, because they add rows: sales are rows of two lists. */
describe("while rows are added", () => {
  for (const [name, list] of Object.entries(plantedLists)) {
    test(`the list of ${name} is walked without a gap or a repetition, by pages of any size`, async () => {
      for (const limit of is_large ? [100] : [7, 100]) {
        const before = await walk(list, `limit=${is_large ? 100 : 33}`);
        assert.equal(new Set(before).size, before.length);
        const shown = Array.from({ length: rows }, (_, index) => index + 1).filter(isShown(list, []));
        assert.ok(before.length >= shown.length, `${before.length} rows`);
        // Of a large account the first pages tell as much as all thousand.
        let additions = is_large ? 20 : Number.POSITIVE_INFINITY;
        const adding = async () => {
          if (additions-- > 0) await add(list, 2);
        };
        assert.deepEqual(await walk(list, `limit=${limit}`, adding), before);
        assert.ok((await walk(list, "limit=100")).length > before.length, "rows were added");
      }
    });
  }
});

test("no list of the API is missing here", () => {
  const lists = (Object.values(operations) as Operation[]).filter(({ query }) =>
    Object.keys((query as { properties?: object } | undefined)?.properties ?? {}).some((parameter) =>
      parameter.startsWith("starting_after"),
    ),
  );
  const here = new Set(Object.values(plantedLists).map(({ operation }) => operation.id));
  assert.deepEqual(
    lists.map(({ id }) => id).filter((id) => !here.has(id as never)),
    [],
  );
});

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly Plans?: readonly Plan[];
}

interface Explained {
  readonly "QUERY PLAN": readonly { readonly Plan: Plan; readonly "Execution Time": number }[];
}

/** The statements that the server runs for this page, carried out five times by themselves. */
async function planOf(list: PlantedList, query: string): Promise<{ nodes: string[]; median_ms: number }> {
  const asked = await statementsOf(() => page(list, query));
  const nodes: string[] = [];
  let median_ms = 0;
  for (const [each, values] of asked) {
    const runs = await explain(each, values);
    const times = runs.map((run) => run["Execution Time"]).sort((a, b) => a - b);
    median_ms += times[2] ?? Number.NaN;
    nodes.push(...(runs[0] === undefined ? [] : scansOf(runs[0].Plan)));
  }
  return { nodes, median_ms };
}

type Asked = readonly [statement: Statement, values: readonly unknown[]];

/** Listens at the server's door to its database. */
async function statementsOf(act: () => Promise<unknown>): Promise<Asked[]> {
  const db = shop.app.world.db as { query: (asked: Statement, values: readonly unknown[]) => Promise<unknown[]> };
  const { query } = db;
  const heard: Asked[] = [];
  db.query = (asked, values) => {
    // Sweeps pass by here as well; they ask of no account in particular.
    if (values[0] === account_id && /ORDER BY[^)]*LIMIT \$\d/.test(asked.text)) heard.push([asked, values]);
    return query(asked, values);
  };
  try {
    await act();
  } finally {
    db.query = query;
  }
  assert.equal(heard.length, 1, "a page is one statement");
  return heard;
}

async function explain({ name, text }: Statement, values: readonly unknown[]): Promise<Explained["QUERY PLAN"]> {
  // A statement with a name is planned once for all values; one without is planned for its own.
  const mode = name === "" ? "force_custom_plan" : "force_generic_plan";
  return shop.database.db.transaction(async (tx) => {
    const run = <Found>(sql: string) => tx.query<Found>(statement("", sql), []);
    await run(`SET LOCAL plan_cache_mode = ${mode}`);
    // Of few rows a whole table is read soonest: then it is only asked whether an index would do.
    if (!is_large) await run("SET LOCAL enable_seqscan = off");
    await run(`PREPARE page AS ${text}`);
    const runs: Explained["QUERY PLAN"][number][] = [];
    for (let time = 0; time < 5; time++) {
      const execute = `EXECUTE page(${values.map(literal).join(", ")})`;
      const [answer] = await run<Explained>(`EXPLAIN (ANALYZE, FORMAT JSON) ${execute}`);
      runs.push(...(answer?.["QUERY PLAN"] ?? []));
    }
    await run("DEALLOCATE page");
    return runs;
  });
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value)) return literal(`{${value.map((each) => JSON.stringify(each)).join(",")}}`);
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

function scansOf(plan: Plan): string[] {
  const scan = /Scan/.test(plan["Node Type"]) && (plan["Relation Name"] ?? plan["Index Name"]) !== undefined;
  const what = plan["Index Name"] ?? plan["Relation Name"];
  return [...(scan ? [`${plan["Node Type"]} ${what}`] : []), ...(plan.Plans ?? []).flatMap(scansOf)];
}
