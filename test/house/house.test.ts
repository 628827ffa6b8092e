/**
 * The house rules, kept by the project itself. Each failure is a list of sentences that say what to do.
 *
 * A checker that finds nothing may be a checker that looks at nothing, so each is first shown a small planted tree with the
 * offence in it. Those tests stand in `planted/` and run in this process: Node starts one for each file named `.test.ts`, and
 * starting thirteen took four times as long as everything they do.
 */
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { checkCircles } from "./circles.ts";
import { checkDeadFiles } from "./dead-files.ts";
import { checkDefaultExports, checkImportShapes } from "./import-shapes.ts";
import { checkLayers } from "./layers.ts";
import { checkMachineTraces } from "./machine-traces.ts";
import { checkNames } from "./names.ts";
import { checkBrowserFolders, checkMachineCalls, checkSettings, checkSql } from "./outside-world.ts";
import { checkDependencies, checkPackageImports } from "./packages.ts";
import "./planted/circles.ts";
import "./planted/dead-files.ts";
import "./planted/import-shapes.ts";
import "./planted/layers.ts";
import "./planted/machine-traces.ts";
import "./planted/names.ts";
import "./planted/outside-world.ts";
import "./planted/packages.ts";
import "./planted/project.ts";
import "./planted/reading.ts";
import "./planted/shortcuts.ts";
import "./planted/size.ts";
import "./planted/tokens.ts";
import { noOffences, projectTree, root } from "./project.ts";
import { checkComments, checkSwitchedOffTests } from "./shortcuts.ts";
import { checkSizes } from "./size.ts";

const tree = projectTree();

test("folders import only what the import table lets them", () => noOffences(checkLayers(tree)));
test("every npm package is imported by its owner alone", () => noOffences(checkPackageImports(tree)));
test("every dependency is exact, used, and reasoned for in a decision", () => noOffences(checkDependencies(tree)));
test("imports never go in a circle", () => noOffences(checkCircles(tree)));
test("every import says where the thing is", () => noOffences(checkImportShapes(tree)));
test("everything is exported by its name", () => noOffences(checkDefaultExports(tree)));
test("the environment is read in src/config.ts alone", () => noOffences(checkSettings(tree)));
test("time and randomness are arguments", () => noOffences(checkMachineCalls(tree)));
test("what runs in a browser uses no global of Node's", () => noOffences(checkBrowserFolders(tree)));
test("all SQL is in src/storage", () => noOffences(checkSql(tree)));
test("every file is reached", () => noOffences(checkDeadFiles(tree)));
test("files and functions keep their size", () => noOffences(checkSizes(tree)));
test("names are in kebab-case and say what they name", () => noOffences(checkNames(tree)));
test("nothing is put off and no checker silenced", () => noOffences(checkComments(tree)));
test("no test is switched off", () => noOffences(checkSwitchedOffTests(tree)));
test("no file carries a trace of one machine", () => noOffences(checkMachineTraces(tree)));

test("derived files are up to date", () => {
  if (!tree.has("scripts/generate.ts")) {
    noOffences(["scripts/generate.ts does not exist; write the script that makes the derived files."]);
  }
  const options = { cwd: root, encoding: "utf8", timeout: 60_000 } as const;
  const run = spawnSync(process.execPath, ["scripts/generate.ts", "--check"], options);
  if (run.status !== 0) {
    noOffences([
      "Derived files are out of date, or could not be derived; run node scripts/generate.ts and commit what it writes.",
      (run.stdout + run.stderr).trim(),
    ]);
  }
});
