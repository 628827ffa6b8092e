import assert from "node:assert/strict";
import { test } from "node:test";
import { checkMachineTraces } from "../machine-traces.ts";
import { plant } from "../project.ts";

// Put together here, so that this file does not offend itself.
const path = (...names: string[]) => `/${names.join("/")}`;
const host = (...names: string[]) => names.join(".");

test("no file has a path of one machine", () => {
  for (const top of ["work", "root", "home"]) {
    assert.deepEqual(checkMachineTraces(plant({ "docs/x.md": `\nOpen \`${path(top, "main")}\`.` })), [
      `docs/x.md:2 has a path below ${path(top, "")}, a folder of one machine; write it from the root of the checkout.`,
    ]);
  }
  const innocent = `.${path("work", "a")} src${path("home", "a")} https://tapline.example${path("home", "a")} /homes/`;
  assert.deepEqual(checkMachineTraces(plant({ "docs/x.md": innocent })), []);
  assert.deepEqual(checkMachineTraces(plant({ "package-lock.json": path("root", "x") })), []);
});

test("no file names a package registry, the lockfile neither", () => {
  const name = host("registry", "npmjs", "org");
  assert.deepEqual(checkMachineTraces(plant({ "package-lock.json": `"resolved": "https://${name}/pg"` })), [
    `package-lock.json:1 names the registry ${name}; leave the registry to the machine's own settings.`,
  ]);
  assert.equal(
    checkMachineTraces(plant({ Dockerfile: `deb http://${host("deb", "debian", "org")}/debian` })).length,
    1,
  );
});
