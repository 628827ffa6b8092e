import assert from "node:assert/strict";
import { test } from "node:test";
import { noOffences, projectTree } from "../project.ts";

test("offences fail with their sentences, one a line, and nothing else", () => {
  assert.throws(() => noOffences(["One is wrong; mend it.", "Two is wrong; mend it."]), {
    message: "One is wrong; mend it.\nTwo is wrong; mend it.",
  });
  noOffences([]);
});

test("the real tree is all there, and nothing that git ignores is in it", () => {
  const paths = [...projectTree().keys()];
  for (const path of ["package.json", "src/domain/environment.ts", "test/house/house.test.ts"]) {
    assert.ok(paths.includes(path), `${path} is not looked at.`);
  }
  assert.ok(!paths.some((path) => path.includes("node_modules/")));
});
