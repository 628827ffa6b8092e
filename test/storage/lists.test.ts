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
import { account_id, other_account, type PlantedList, plantedLists } from "./planted-lists.ts";

const rows = Number(process.env.TAPLINE_ROWS ?? 300);
const is_large = rows >= 100_000;
const pageTime_ms = 10;

let shop: Shop;
let authorization: string;
/** The next number of each list's rows; one planting may be several lists'. */
const planted = new Map<PlantedList, number>();

before(async () => {
  shop = await openBareShop();
  const made = { account_id: other_account, name: "Other", in_person_enabled: true };
  await shop.app.world.db.transaction((tx) => insertAccount(tx, made, new Date().toISOString()));
  authorization = `Bearer ${await tokenOf(shop, { account_id, client_id: "reader", scopes })}`;
  for (const list of Object.values(plantedLists)) {
    await plant(list, account_id, 1, rows);
    await plant(list, other_account, 1, 50);
    planted.set(list, rows + 1);
  }
  await shop.database.sql("ANALYZE");
});
after(() => shop.close());

async function plant(list: PlantedList, account: string, from: number, to: number): Promise<void> {
  for (const text of list.plant) await shop.database.sql(text, [account, from, to]);
}

/** So many rows more, newer than all that are there. Sales are both a session and a transaction. */
async function add(list: PlantedList, count: number): Promise<void> {
  const owner = list.plant.length > 0 ? list : (plantedLists.sessions as PlantedList);
  const from = planted.get(owner) ?? rows + 1;
  await plant(owner, account_id, from, from + count - 1);
  planted.set(owner, from + count);
}

type Row = Readonly<Record<string, unknown>>;

interface Page {
  readonly ids: string[];
  readonly cursor: string | undefined;
}

const pathOf = ({ operation }: PlantedList): string => operation.path.replace("{aid}", account_id);

const get = (list: PlantedList, query: string): Promise<Answer<ErrorBody>> =>
  shop.call("GET", `${pathOf(list)}?${query}`, undefined, { authorization });

async function page(list: PlantedList, query: string): Promise<Page> {
  const { status, body } = await get(list, query);
  assert.equal(status, 200, JSON.stringify(body));
  const answer = body as unknown as Row & Row[];
  const found = (list.named === undefined ? answer : answer[list.named]) as Row[];
  const ids = found.map((row) => String(row.id));
  return { ids, cursor: list.named === undefined ? ids.at(-1) : (answer.starting_after as string | undefined) };
}

/** Page by page to the end; `between` runs after each page. */
async function walk(list: PlantedList, query: string, between?: () => Promise<void>): Promise<string[]> {
  const walked: string[] = [];
  let next = await page(list, query);
  while (next.ids.length > 0) {
    walked.push(...next.ids);
    await between?.();
    if (next.cursor === undefined) break;
    next = await page(list, `${query}&starting_after=${encodeURIComponent(next.cursor)}`);
  }
  return walked;
}

const numberOf = (id: string): number => Number(/\d{20}$/.exec(id)?.[0]);
const numbersOf = (ids: readonly string[]): number[] => ids.map(numberOf);
const parameterOf = (query: string): string => query.split("=")[0] ?? "";

/** Of the rows that were there from the beginning those that are meant, newest first; no more than a page of a large list. */
function meantRows(...meant: ((n: number) => boolean)[]): number[] {
  const found: number[] = [];
  for (let n = rows; n >= 1 && found.length < (is_large ? 100 : rows); n--) {
    if (meant.every((each) => each(n))) found.push(n);
  }
  return found;
}

const found = async (list: PlantedList, query: string): Promise<number[]> => {
  const ids = is_large ? (await page(list, `limit=100&${query}`)).ids : await walk(list, `limit=100&${query}`);
  return numbersOf(ids);
};

for (const [name, list] of Object.entries(plantedLists)) {
  describe(`the list of ${name}`, () => {
    describe("is filtered", () => {
      for (const [query, meant] of list.filters) {
        test(`by ${query}`, async () => {
          const expected = meantRows(meant);
          const can_find = !/^(token_id|payment_operation|payment_product=vipps)/.test(query);
          assert.equal(expected.length > 0, can_find, "a filter that finds nothing among these rows shows nothing");
          assert.deepEqual(await found(list, query), expected);
        });
      }

      test("by every parameter that it has, all of them tried here", () => {
        const { query } = list.operation as Operation;
        const walking = ["limit", "starting_after", "includes"];
        const parameters = Object.keys((query as unknown as { properties: object }).properties);
        const tried = new Set(list.filters.map(([each]) => parameterOf(each)));
        assert.deepEqual(
          parameters.filter((parameter) => !walking.includes(parameter) && !tried.has(parameter)),
          [],
        );
      });

      for (const [index, [first, meant]] of list.filters.entries()) {
        const others = list.filters.slice(index + 1).filter(([second]) => parameterOf(second) !== parameterOf(first));
        if (others.length === 0) continue;
        test(`by ${first} and each other one together`, async () => {
          for (const [second, also] of others) {
            assert.deepEqual(await found(list, `${first}&${second}`), meantRows(meant, also), second);
          }
        });
      }
    });

    test("has ten rows unless it is asked for 1 to 100, newest first", async () => {
      const all = await page(list, "limit=100");
      assert.equal(all.ids.length, 100);
      assert.deepEqual((await page(list, "")).ids, all.ids.slice(0, 10));
      assert.deepEqual((await page(list, "limit=1")).ids, all.ids.slice(0, 1));
      const numbers = numbersOf(all.ids).filter((n) => !Number.isNaN(n));
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => b - a),
      );
    });

    for (const limit of ["0", "101", "-1", "1.5", "ten", ""]) {
      test(`is not to be had with limit=${limit}`, async () => {
        const refusal = { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "limit" };
        assertRefused(await get(list, `limit=${limit}`), refusal);
      });
    }

    test("of an account tells nothing of another's rows, under the same ids", async () => {
      const token = await tokenOf(shop, { account_id: other_account, client_id: "reader", scopes });
      const path = `${(list.operation as Operation).path.replace("{aid}", other_account)}?limit=100`;
      const { body } = await shop.call<unknown>("GET", path, undefined, { authorization: `Bearer ${token}` });
      const theirs = (list.named === undefined ? body : (body as Row)[list.named]) as Row[];
      const numbers = theirs.map(({ id }) => numberOf(String(id))).filter((n) => !Number.isNaN(n));
      assert.deepEqual(
        numbers,
        Array.from({ length: 50 }, (_, index) => 50 - index),
      );
      assert.doesNotMatch(JSON.stringify(theirs), new RegExp(account_id));
    });

    test("is carried out by an index, whichever page it is", async (t) => {
      const before = await walk(list, "limit=100");
      const last = encodeURIComponent(before.at(-11) ?? "");
      const middle = encodeURIComponent(before[Math.floor(before.length / 2)] ?? "");
      const pages: [query: string, looks_through: boolean][] = [
        ["", false],
        [`starting_after=${middle}`, false],
        [`starting_after=${last}`, false],
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
        assert.ok(before.length >= rows, `${before.length} rows`);
        assert.deepEqual(await walk(list, `limit=${limit}`, () => add(list, 2)), before);
        assert.ok((await walk(list, "limit=100")).length > before.length, "rows were added");
      }
    });
  }
});

test("no list of the API is missing here", () => {
  const lists = (Object.values(operations) as Operation[]).filter(
    ({ query }) => "starting_after" in ((query as { properties?: object } | undefined)?.properties ?? {}),
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
