import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDeadFiles } from "../dead-files.ts";
import { plant } from "../project.ts";

const alive = {
  "src/main.ts": 'import "./cli/serve.ts";',
  "src/cli/serve.ts": 'import { Tapline } from "@tapline/sdk"; import type { A } from "../domain/a.ts";',
  "src/domain/a.ts": "export type A = 1;",
  "src/storage/migrations/0001_initial.sql": "",
  "sdk/src/index.ts": 'export const load = () => import("./client.ts");',
  "sdk/src/client.ts": "",
  "test/support/database.ts": "",
  "test/domain/a.test.ts": 'import "../support/database.ts";',
};

test("what the entries lead to is alive", () => {
  assert.deepEqual(checkDeadFiles(plant(alive)), []);
});

test("a file that nothing imports is dead", () => {
  assert.deepEqual(checkDeadFiles(plant({ ...alive, "src/domain/b.ts": "" })), [
    "src/domain/b.ts is reached from nowhere but tests, if at all; use it or remove it.",
  ]);
});

test("a file is not kept alive by its test, nor two files by each other", () => {
  const dead = {
    "src/domain/b.ts": 'import "./c.ts";',
    "src/domain/c.ts": 'import "./b.ts";',
    "test/domain/b.test.ts": 'import "../../src/domain/b.ts";',
  };
  assert.equal(checkDeadFiles(plant({ ...alive, ...dead })).length, 2);
});

test("scripts and measurements keep a file alive, and so does its path in a string", () => {
  const reached = {
    "src/contract/document.ts": "",
    "scripts/generate.ts": 'import "../src/contract/document.ts";',
    "src/cli/worker.ts": "",
    "bench/create.ts": 'new Worker(new URL("../src/cli/worker.ts", import.meta.url));',
  };
  assert.deepEqual(checkDeadFiles(plant({ ...alive, ...reached })), []);
});

test("what supports the tests is used by one, or named in package.json", () => {
  assert.deepEqual(checkDeadFiles(plant({ ...alive, "test/support/old.ts": "" })), [
    "test/support/old.ts is used by no test; use it or remove it.",
  ]);
  const named = {
    "test/support/setup.ts": "",
    "package.json": '{ "scripts": { "test": "node test/support/setup.ts" } }',
  };
  assert.deepEqual(checkDeadFiles(plant({ ...alive, ...named })), []);
});

test("a missing entry is told", () => {
  const { "src/main.ts": _, ...rest } = alive;
  assert.equal(checkDeadFiles(plant(rest))[0], "src/main.ts does not exist, so nothing is reached from it; write it.");
});
