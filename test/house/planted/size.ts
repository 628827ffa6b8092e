import assert from "node:assert/strict";
import { test } from "node:test";
import { plant } from "../project.ts";
import { readSource } from "../reading.ts";
import { checkSizes, readFunctions } from "../size.ts";

const lines = (count: number, line: string) => `${line}\n`.repeat(count);

test("a file over the limit is told, one at the limit is not", () => {
  assert.deepEqual(checkSizes(plant({ "src/flows/x.ts": lines(351, "f();") })), [
    "src/flows/x.ts has 351 lines; 350 is the limit: split by story.",
  ]);
  assert.deepEqual(checkSizes(plant({ "src/flows/x.ts": lines(350, "f();"), "test/x.ts": lines(999, "f();") })), []);
});

test("a derived file may be as long as it gets", () => {
  const source = `// Derived by scripts/generate.ts.\n${lines(999, "f();")}`;
  assert.deepEqual(checkSizes(plant({ "sdk/src/types.ts": source })), []);
});

test("a function over the limit is told, in every way to write one", () => {
  const ways = [
    "export async function pay(a: { b: 1 }): Promise<{ c: 2 }> {",
    "export const pay = async (a: number): Promise<void> => {",
    "const all = { pay: (a) => {",
    "class Till { async pay(a: number): Promise<{ c: 2 }> {",
    "const pay = function (a) {",
  ];
  for (const way of ways) {
    const end = "}".repeat(way.split(/[{]\s*(?=pay|async pay)|[{]$/).length - 1);
    const source = `// A till.\n${way}\n${lines(69, "f();")}${end}\n`;
    const [told] = checkSizes(plant({ "src/flows/x.ts": source }));
    assert.match(
      told ?? "",
      /^src\/flows\/x\.ts:2 (pay|function) has 71 lines; 70 is the limit: give its phases functions of their own\.$/,
      way,
    );
    assert.deepEqual(checkSizes(plant({ "src/flows/x.ts": source.replace("f();\n", "") })), [], way);
  }
});

test("blocks, tables and classes are no functions", () => {
  const source = `
    if (a) { b(); } else if (c) { d(); }
    for await (const a of b) { c(); }
    try { a(); } catch (error) { b(); }
    const table = { a: { b: \`\${c}\` } };
    class Till extends Drawer { amount = 1; }
    items.map((item) => item.name);
    switch (a) { case 1: { b(); } }
  `;
  assert.deepEqual(readFunctions(readSource("src/x.ts", source).code), []);
});
