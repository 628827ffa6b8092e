/** What stands in examples/ runs as it says, against a server that was empty a moment before. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CliScene } from "../support/cli-process.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";

const example = fileURLToPath(new URL("../../examples/from-empty-to-paid.js", import.meta.url));

let database: TestDatabase;
let scene: CliScene;
before(async () => {
  database = await makeDatabase({ migrated: false });
  scene = await CliScene.open();
});
after(async () => {
  await scene.close();
  await database.close();
});

describe("an empty server", () => {
  test("comes to a captured sale by API calls alone", async () => {
    const settings = { DATABASE_URL: database.url };
    const created = await scene.run(["account", "create", "--name", "Kaffe & Kø AS"], settings);
    assert.deepEqual([created.code, created.stderr], [0, ""]);
    const account_id = /\bT\d{8}\b/.exec(created.stdout)?.[0] ?? "";
    const secret = new RegExp(`${account_id}[^]*?client_secret:?\\s+(\\S+)`).exec(created.stdout)?.[1] ?? "";
    const running = scene.start(["serve"], settings);
    const [line] = await running.said(/^\{.*"Tapline is serving"\}$/m);
    const { stdout } = await promisify(execFile)(process.execPath, [example], {
      env: {
        TAPLINE_URL: (JSON.parse(line) as { address: string }).address,
        TAPLINE_ACCOUNT_ID: account_id,
        TAPLINE_CLIENT_ID: "admin",
        TAPLINE_CLIENT_SECRET: secret,
      },
    });
    assert.match(stdout, /^seller seller-1 is ACTIVE$/m);
    assert.match(stdout, /^terminal T\d{8}-T\d{4} in oslo-center is ACTIVE$/m);
    assert.match(stdout, /^CAPTURED: 399 NOK, Visa$/m);
    assert.equal((await running.stop("SIGTERM")).code, 0);
  });
});
