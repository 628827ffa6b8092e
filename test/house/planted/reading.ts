import assert from "node:assert/strict";
import { test } from "node:test";
import { readSource } from "../reading.ts";

function imports(source: string): string[] {
  return readSource("src/x.ts", source).imports.map(
    (found) =>
      `${found.typeOnly ? "type" : "runtime"} ${found.specifier ?? "computed"}${found.reexport ? " again" : ""}`,
  );
}

test("every way to write an import is read", () => {
  const cases: [source: string, read: string[]][] = [
    ['import a from "a";', ["runtime a"]],
    ['import "a";', ["runtime a"]],
    ['import * as a from "a";', ["runtime a"]],
    ['import a, { b as c } from "a";', ["runtime a"]],
    ['import type { A } from "a";', ["type a"]],
    ['import type A from "a";', ["type a"]],
    ['import type * as A from "a";', ["type a"]],
    ['import type from "a";', ["runtime a"]],
    ['import { type A } from "a";', ["runtime a"]],
    ['import data from "./a.json" with { type: "json" };', ["runtime ./a.json"]],
    ['export { a } from "a";', ["runtime a again"]],
    ['export * from "a";', ["runtime a again"]],
    ['export type { A } from "a";', ["type a again"]],
    ['const a = await import("a");', ["runtime a"]],
    ['type A = import("a").A;', ["type a"]],
    [`await import(\`a/\${b}\`);`, ["runtime a/…"]],
    ["await import(name);", ["runtime computed"]],
  ];
  for (const [source, read] of cases) assert.deepEqual(imports(source), read, source);
});

test("what only looks like an import is left alone", () => {
  const source = `
    // import a from "a";
    const text = 'import a from "a"';
    export { text };
    export const from = "a";
    export function read(): string { return "x"; }
    export type Shape = { import: "a" };
    const here = import.meta.url;
  `;
  assert.deepEqual(imports(source), []);
});

test("an import of nothing but inline types is known, for Node loads the file all the same", () => {
  const inline = (source: string) => readSource("src/x.ts", source).imports.map((found) => found.allNamesAreTypes);
  assert.deepEqual(inline('import { type A, type B as C } from "a";'), [true]);
  assert.deepEqual(inline('import { type A, b } from "a";'), [false]);
  assert.deepEqual(inline('import a, { type B } from "a";'), [false]);
});

test("types are gone from the code, and the lines stay", () => {
  const { code } = readSource("src/x.ts", "type A = {\n  b: 1;\n};\nconst c: A = d as A;");
  assert.deepEqual(
    code.map((token) => token.text),
    ["const", "c", "=", "d", ";"],
  );
  assert.equal(code[0]?.line, 4);
});

test("a file that Node cannot run says why", () => {
  assert.match(readSource("src/x.ts", "enum A { b }").fault ?? "", /enum/);
});
