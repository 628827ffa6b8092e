import assert from "node:assert/strict";
import { test } from "node:test";
import { checkNames } from "../names.ts";
import { plant } from "../project.ts";

function offences(...paths: string[]): string[] {
  return checkNames(plant(Object.fromEntries(paths.map((path) => [path, ""]))));
}

test("files and folders are in kebab-case", () => {
  assert.deepEqual(offences("src/flows/startSale.ts", "docs/decisions/0001_pg.md", "src/Flows/sale.ts"), [
    "src/flows/startSale.ts is not in kebab-case; name it like prompt-deadlines.ts.",
    "docs/decisions/0001_pg.md is not in kebab-case; name it like prompt-deadlines.ts.",
    "src/Flows is not in kebab-case; name it like prompt-deadlines.ts.",
  ]);
  const good = ["src/flows/sale.ts", "test/flows/sale.test.ts", "src/storage/migrations/0001_initial_tables.sql"];
  assert.deepEqual(offences(...good, "test/house/README.md", "ARCHITECTURE.md"), []);
});

test("a vague word is told once, however many files are below it", () => {
  assert.deepEqual(offences("src/utils/a.ts", "src/utils/b.ts", "src/http/session-manager.ts"), [
    'src/utils has "utils" in its name, which fits anything; name it after the thing or the flow in it.',
    'src/http/session-manager.ts has "manager" in its name, which fits anything; name it after the thing or the flow in it.',
  ]);
  assert.deepEqual(offences("docs/run-as-a-service.md", "src/domain/utility.ts"), []);
});
