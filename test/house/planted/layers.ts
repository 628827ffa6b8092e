import assert from "node:assert/strict";
import { test } from "node:test";
import { importTable } from "../import-table.ts";
import { checkLayers } from "../layers.ts";
import { plant } from "../project.ts";

function offences(path: string, source: string): string[] {
  return checkLayers(plant({ [path]: source }));
}

test("http may not import a driver", () => {
  assert.deepEqual(offences("src/http/x.ts", 'import { y } from "../terminals/y.ts";'), [
    "src/http/x.ts imports src/terminals/y.ts; http may import domain, contract, storage, flows: move the call into a flow or pass it in from app.ts.",
  ]);
});

test("an import below the first line, one that runs later and one of a type count like any other", () => {
  const source = `
    const later = () => import("../http/y.ts");
    export { y } from "../http/y.ts";
    import type { Y } from "../http/y.ts";
  `;
  assert.equal(offences("src/flows/x.ts", source).length, 3);
});

test("types of the contract are for all of src, its values are not", () => {
  assert.deepEqual(offences("src/domain/x.ts", 'import type { A } from "../contract/a.ts";'), []);
  assert.deepEqual(offences("src/domain/x.ts", 'import { a } from "../contract/a.ts";'), [
    "src/domain/x.ts imports src/contract/a.ts; domain may import nothing but its own files: take what it needs as an argument.",
  ]);
  assert.equal(offences("sdk/src/x.ts", 'import type { A } from "../../src/contract/a.ts";').length, 1);
});

test("the simulator knows the terminal protocol and nothing else of the contract", () => {
  const source =
    'import { a } from "../contract/terminal-protocol.ts"; import { b } from "../contract/terminal-protocol/b.ts";';
  assert.deepEqual(offences("src/simulator/x.ts", source), []);
  assert.equal(offences("src/simulator/x.ts", 'import { a } from "../contract/webhooks.ts";').length, 1);
});

test("Node's own modules stay out of what runs in a browser", () => {
  assert.deepEqual(offences("src/simulator/x.ts", 'import { EventEmitter } from "node:events";'), [
    "src/simulator/x.ts imports node:events; of Node's own modules simulator may import none, for the simulated terminal runs in a browser and knows only what a terminal knows: say it over the terminal protocol, or pass it in from cli, app.ts or web.",
  ]);
  assert.deepEqual(offences("src/flows/x.ts", 'import { createHash } from "node:crypto";'), []);
  assert.equal(offences("src/flows/x.ts", 'import { readFile } from "node:fs";').length, 1);
  assert.deepEqual(offences("src/storage/x.ts", 'import { readFile } from "node:fs";'), []);
});

test("only the command line knows app.ts, and app.ts knows everything but the command line", () => {
  assert.deepEqual(offences("src/cli/serve.ts", 'import { buildApp } from "../app.ts";'), []);
  assert.equal(offences("src/http/x.ts", 'import { buildApp } from "../app.ts";').length, 1);
  assert.equal(offences("src/app.ts", 'import { serve } from "./cli/serve.ts";').length, 1);
  assert.deepEqual(offences("src/app.ts", 'import { startSale } from "./flows/sale.ts";'), []);
  assert.equal(offences("src/http/x.ts", 'import { systemClock } from "../system-environment.ts";').length, 1);
});

test("src imports nothing from the tests, and no folder escapes the table", () => {
  assert.equal(offences("src/flows/x.ts", 'import { y } from "../../test/support/y.ts";').length, 1);
  assert.deepEqual(offences("src/queue/x.ts", ""), [
    "src/queue/x.ts belongs to no row of test/house/import-table.ts; move it into a folder that has one.",
  ]);
});

test("no file slips past by its ending", () => {
  assert.deepEqual(offences("src/http/x.mjs", 'import "../cli/serve.ts";'), [
    "src/http/x.mjs is not TypeScript as the checkers read it; name it .ts.",
  ]);
});

test("a file with syntax that leaves traces at run time is told", () => {
  const [offence] = offences("src/domain/x.ts", "export enum A { b }");
  assert.match(
    offence ?? "",
    /^src\/domain\/x\.ts cannot be run by Node as it is \(.*enum.*\); write it with erasable/,
  );
});

test("the table itself has no circle, and names only its own rows", () => {
  const done = new Set<string>();
  function visit(row: string, above: readonly string[]): void {
    assert.ok(!above.includes(row), `The import table goes in a circle: ${[...above, row].join(" → ")}.`);
    if (done.has(row)) return;
    const rules = importTable[row.split("/")[0] ?? ""];
    assert.ok(rules, `${above.at(-1)} may import ${row}, which has no row of its own.`);
    for (const next of rules.mayImport) visit(next, [...above, row]);
    done.add(row);
  }
  for (const row of Object.keys(importTable)) visit(row, []);
});
