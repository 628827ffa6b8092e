import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCircles } from "../circles.ts";
import { plant } from "../project.ts";

test("a circle of imports is told once, by its shortest way", () => {
  const tree = plant({
    "src/flows/a.ts": 'import { b } from "./b.ts";',
    "src/flows/b.ts": 'import { c } from "./c.ts";',
    "src/flows/c.ts": 'import { a } from "./a.ts"; import { d } from "./d.ts";',
    "src/flows/d.ts": "export const d = 1;",
  });
  assert.deepEqual(checkCircles(tree), [
    "src/flows/a.ts → src/flows/b.ts → src/flows/c.ts → src/flows/a.ts is a circle of imports; move what they share into a file that imports neither, or pass one in as an argument.",
  ]);
});

test("a circle counts if one of its imports is there at run time", () => {
  const back = (how: string) => ({
    "src/flows/a.ts": 'import type { B } from "./b.ts";',
    "src/flows/b.ts": `${how} { A } from "./a.ts";`,
  });
  assert.equal(checkCircles(plant(back("import"))).length, 1);
  assert.deepEqual(checkCircles(plant(back("import type"))), []);
});

test("a file that imports itself is a circle", () => {
  assert.equal(checkCircles(plant({ "src/a.ts": 'import { a } from "./a.ts";' })).length, 1);
});

test("two ways down to the same file are no circle", () => {
  const tree = plant({
    "src/a.ts": 'import "./b.ts"; import "./c.ts";',
    "src/b.ts": 'import "./c.ts";',
    "src/c.ts": "",
  });
  assert.deepEqual(checkCircles(tree), []);
});
