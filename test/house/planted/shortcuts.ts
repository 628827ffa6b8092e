import assert from "node:assert/strict";
import { test } from "node:test";
import { plant } from "../project.ts";
import { checkComments, checkSwitchedOffTests } from "../shortcuts.ts";

test("nothing is put off in a comment", () => {
  for (const word of ["TODO", "FIXME", "XXX", "HACK"]) {
    const sentence = `src/flows/x.ts:2 says ${word}; do it now, or write it down as an issue.`;
    assert.deepEqual(checkComments(plant({ "src/flows/x.ts": `\n// ${word}: later\n` })), [sentence]);
    assert.deepEqual(checkComments(plant({ "src/flows/x.ts": `\n/* so: ${word} */\n` })), [sentence]);
  }
  const conditional = 'test("a", { skip: !isRoot && "this is not root" }, () => {});';
  assert.deepEqual(checkSwitchedOffTests(plant({ "test/api/x.test.ts": conditional })), []);
  const innocent = { "src/flows/x.ts": 'const word = "TODO"; // A mastodon is no todo.', "docs/x.md": "TODO" };
  assert.deepEqual(checkComments(plant(innocent)), []);
  assert.equal(checkComments(plant({ "src/storage/migrations/0001_a.sql": "-- FIXME" })).length, 1);
});

test("no checker is silenced", () => {
  for (const silencer of ["@ts-ignore", "@ts-nocheck", "biome-ignore"]) {
    assert.deepEqual(checkComments(plant({ "test/api/x.test.ts": `// ${silencer} because\nf();` })), [
      `test/api/x.test.ts:1 silences a checker with ${silencer}; write it so that the checker agrees.`,
    ]);
  }
});

test("no test is switched off", () => {
  const ways: [source: string, name: string][] = [
    ['test.only("a", () => {});', "only"],
    ['describe.skip("a", () => {});', "skip"],
    ["t.todo();", "todo"],
    ['test("a", { timeout: 5, skip: true }, () => {});', "skip"],
    ["test({ only: true }, () => {});", "only"],
  ];
  for (const [source, name] of ways) {
    const sentence = `test/api/x.test.ts:1 switches tests off with ${name}; make the test pass or remove it, and let all tests run.`;
    assert.deepEqual(checkSwitchedOffTests(plant({ "test/api/x.test.ts": source })), [sentence], source);
  }
  const conditional = 'test("a", { skip: !isRoot && "this is not root" }, () => {});';
  assert.deepEqual(checkSwitchedOffTests(plant({ "test/api/x.test.ts": conditional })), []);
  const innocent = 'test("a", { timeout: 5 }, () => { skip({ only: 1 }); }); const text = "test.only"; list.skip(2);';
  assert.deepEqual(checkSwitchedOffTests(plant({ "test/api/x.test.ts": innocent })), []);
});
