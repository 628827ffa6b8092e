/** `tapline serve`, for real use: nothing of the demo in it, and no calls to private addresses. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Tapline } from "@tapline/sdk";
import type { DemoFile } from "../../src/cli/demo-file.ts";
import type { Settings } from "../../src/config.ts";
import { type CliProcess, CliScene } from "../support/cli-process.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { until } from "../support/shop.ts";

let database: TestDatabase;
let scene: CliScene;
before(async () => {
  database = await makeDatabase({ migrated: false });
  scene = await CliScene.open();
  mkdirSync(scene.data_dir);
});
after(async () => {
  await scene.close();
  await database.close();
});

const file = () => join(scene.data_dir, "demo.json");

async function serve(): Promise<{ running: CliProcess; address: string }> {
  const running = scene.start(["serve"], { DATABASE_URL: database.url });
  const [line] = await running.said(/^\{.*"Tapline is serving"\}$/m);
  return { running, address: (JSON.parse(line) as { address: string }).address };
}

const keyOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid;

describe("tapline serve", () => {
  test("begins with no account, no client and no terminal, and writes no demo.json", async () => {
    const { running, address } = await serve();
    assert.equal((await fetch(`${address}/readyz`)).status, 200);
    for (const table of ["accounts", "api_clients", "terminals", "simulated_terminals"]) {
      assert.deepEqual(await database.sql(`SELECT FROM ${table}`), []);
    }
    assert.equal(existsSync(file()), false);
    assert.deepEqual((await running.stop("SIGTERM")).code, 0);
  });

  test("refuses callbacks to private addresses, signs with the newest key, and tells its log no secret", async () => {
    const demo_process = scene.start(["demo"], { DATABASE_URL: database.url });
    await demo_process.serving();
    const demo = JSON.parse(readFileSync(file(), "utf8")) as DemoFile;
    const { store_id, terminal_id, payout_destination_id, profile_id } = demo;
    const sale = {
      url: { return_url: "https://example.com", callback_url: "http://127.0.0.1:9/callback" },
      order: {
        amount: 100,
        currency: "NOK",
        merchant_reference: "order-1",
        items: [],
        store: { id: store_id, terminal_id, payout_destination_id },
      },
      profile_id,
    };
    const of_demo = await new Tapline(demo).token();
    await new Tapline(demo).sessions.createFromProfile(sale);
    assert.equal((await demo_process.stop("SIGTERM")).code, 0);

    const rotated = await scene.run(["keys", "rotate"], { DATABASE_URL: database.url });
    const kid = /^Tokens are signed with the key (\S+) from now on\.\n$/.exec(rotated.stdout)?.[1];
    assert.deepEqual([rotated.code, rotated.stderr], [0, ""]);

    const { running, address } = await serve();
    const tapline = new Tapline({ ...demo, base_url: address });
    await assert.rejects(tapline.sessions.createFromProfile(sale), { status: 400, code: "CALLBACK_ADDRESS_REFUSED" });

    // Signed with the new key from now on; what was signed before stays good.
    assert.equal(keyOf(await tapline.token()), kid);
    assert.notEqual(keyOf(of_demo), kid);
    const headers = { authorization: `Bearer ${of_demo}` };
    assert.equal((await fetch(`${address}/v1/transactions`, { headers })).status, 200);

    // Logged in lines of JSON, each with its time, and no secret in them.
    const { code, stdout, stderr } = await running.stop("SIGINT");
    assert.deepEqual([code, stderr], [0, ""]);
    for (const line of stdout.trim().split("\n")) assert.ok(Date.parse((JSON.parse(line) as { time: string }).time));
    assert.match(stdout, /"route":"\/v1\/accounts\/:oid\/auth\/token"/);
    for (const secret of [demo.client_secret, of_demo, await tapline.token()]) assert.ok(!stdout.includes(secret));
  });
});

describe("tapline serve under a Node that cannot become ours", () => {
  test("stops, and its database with it, when its launcher is killed", async () => {
    const data_dir = join(scene.folder, "launched");
    const program = fileURLToPath(new URL("../../bin/tapline.js", import.meta.url));
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, TAPLINE_PORT: "0", TAPLINE_DATA_DIR: data_dir };
    // As on a Node that has no process.execve: the server is a child of the launcher.
    const older = ["--import", "data:text/javascript,process.execve = undefined"];
    const launcher = spawn(process.execPath, [...older, program, "serve"], { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    launcher.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    await until(() => said.includes("Tapline is serving"));
    assert.notEqual(await scene.postgres(data_dir), undefined);
    launcher.kill("SIGKILL");
    await until(async () => (await scene.postgres(data_dir)) === undefined);
  });
});

describe("tapline demo on a database of one's own", () => {
  /** Runs with a database that nobody has used, and a data directory that `make` has made or not. */
  async function onNewDatabase(
    make: boolean,
    work: (settings: Settings, path: string) => Promise<void>,
  ): Promise<void> {
    const own = await makeDatabase({ migrated: false });
    const data_dir = mkdtempSync(join(scene.folder, "own-"));
    if (!make) rmdirSync(data_dir);
    try {
      await work({ DATABASE_URL: own.url, TAPLINE_DATA_DIR: data_dir }, join(data_dir, "demo.json"));
    } finally {
      await own.close();
    }
  }

  test("has its demo.json though it is killed in its first sale, and the next start uses it", async () => {
    await onNewDatabase(true, async (settings, path) => {
      const killed = scene.start(["demo"], { ...settings, TAPLINE_SIMULATOR_DELAY_MS: "60000" });
      await killed.said(/POST \/v1\/sessions-profile/);
      const written = readFileSync(path, "utf8");
      await killed.stop("SIGKILL");
      const next = scene.start(["demo"], settings);
      await next.serving();
      const demo = JSON.parse(readFileSync(path, "utf8")) as DemoFile;
      assert.equal(demo.client_secret, (JSON.parse(written) as DemoFile).client_secret);
      assert.match(await new Tapline(demo).token(), /^ey/);
      assert.equal((await next.stop("SIGTERM")).code, 0);
    });
  });

  test("shows its first sale though its public address leads elsewhere and callbacks may not come to this machine", async () => {
    const own = await makeDatabase({ migrated: false });
    const started = scene.start(["demo"], {
      DATABASE_URL: own.url,
      TAPLINE_DATA_DIR: join(scene.folder, "elsewhere"),
      TAPLINE_PORT: "0",
      TAPLINE_PUBLIC_URL: "http://127.0.0.1:1",
      TAPLINE_CALLBACK_ADDRESSES: "public",
    });
    try {
      await until(() => started.stdout.includes("Ctrl-C stops the server."));
      assert.match(started.stdout, /no callback: TAPLINE_CALLBACK_ADDRESSES=public keeps them from this machine/);
      assert.match(started.stdout, /^CAPTURED: 399\.00 NOK, Visa /m);
      assert.equal((await started.stop("SIGHUP")).code, 0);
    } finally {
      await started.stop("SIGKILL");
      await own.close();
    }
  });

  test("makes its data directory where there is none", async () => {
    await onNewDatabase(false, async (settings, path) => {
      const started = scene.start(["demo"], settings);
      try {
        await started.said(/^CAPTURED/m);
        await until(() => existsSync(path) || started.stderr !== "");
        assert.deepEqual([started.stderr, existsSync(path)], ["", true]);
        assert.equal(statSync(path).mode & 0o777, 0o600);
      } finally {
        await started.stop("SIGKILL");
      }
    });
  });
});
