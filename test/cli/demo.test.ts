/**
 * `tapline demo` over its life on one data directory: made, stopped, found again, killed, and found again. The tests stand
 * in the order of that life.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Tapline } from "@tapline/sdk";
import type { DemoFile } from "../../src/cli/demo-file.ts";
import { run } from "../../src/cli/program.ts";
import type { Settings } from "../../src/config.ts";
import { isPostgresOn } from "../../src/storage/embedded/postmaster.ts";
import { type CliProcess, CliScene, refusal } from "../support/cli-process.ts";
import { until } from "../support/shop.ts";

let scene: CliScene;
before(async () => {
  scene = await CliScene.open();
});
after(() => scene.close());

const path = () => join(scene.data_dir, "demo.json");
const readDemo = (): DemoFile => JSON.parse(readFileSync(path(), "utf8")) as DemoFile;
const saleOf = ({ store_id, terminal_id, payout_destination_id, profile_id }: DemoFile) => ({
  url: { return_url: "https://example.com" },
  order: {
    amount: 39900,
    currency: "NOK",
    merchant_reference: "order-of-a-test",
    items: [],
    store: { id: store_id, terminal_id, payout_destination_id },
  },
  profile_id,
});

async function untilEnded(tapline: Tapline, session_id: string, status: string): Promise<void> {
  const { transaction_id = "" } = await tapline.sessions.read(session_id);
  await until(async () => (await tapline.transactions.read(transaction_id)).status === status);
}

/** A sale through the API, until it has been paid. */
async function sell(demo = readDemo()): Promise<void> {
  const tapline = new Tapline(demo);
  const { id } = await tapline.sessions.createFromProfile(saleOf(demo));
  await untilEnded(tapline, id, "CAPTURED");
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

describe("tapline demo", () => {
  let running: CliProcess;
  let port = "0";
  let written = { text: "", at: 0 };
  const remember = () => {
    written = { text: readFileSync(path(), "utf8"), at: statSync(path()).mtimeMs };
  };
  const start = async (settings: Settings = {}): Promise<void> => {
    running = scene.start(["demo"], { TAPLINE_PORT: port, ...settings });
    port = new URL(await running.serving()).port;
  };

  test("makes everything on its first start and shows a first sale: prompted, tapped, CAPTURED, called back", async () => {
    // Long enough for the demo, which looks every 20 ms, to see the prompt on the screen.
    await start({ TAPLINE_SIMULATOR_DELAY_MS: "150" });
    assert.match(running.stdout, /POST \/v1\/sessions-profile {3}200, session T12345678\./);
    assert.match(running.stdout, /terminal T12345678-T0292 shows "Present card: 399\.00 NOK"/);
    assert.match(running.stdout, /callback {2}GET \/payment\/callback\?.*transaction_id=T12345678\./);
    assert.match(running.stdout, /^CAPTURED: 399\.00 NOK, Visa 476173\*{6}0416$/m);
    assert.match(running.stdout, /│ SIMULATED: NO MONEY MOVED/);
    assert.equal(running.stderr, "Creating the database…\n");
  });

  test("writes how it is reached for its owner's eyes only", () => {
    assert.equal(statSync(path()).mode & 0o777, 0o600);
    assert.equal(statSync(scene.data_dir).mode & 0o777, 0o700);
    const { client_secret, base_url, ...ids } = readDemo();
    assert.match(client_secret, /^[0-9A-Za-z]{43}$/);
    assert.equal(base_url, `http://127.0.0.1:${port}`);
    assert.deepEqual(ids, {
      account_id: "T12345678",
      client_id: "demo-client",
      profile_id: "in-person",
      store_id: "oslo-center",
      terminal_id: "T12345678-T0292",
      payout_destination_id: "seller-1",
    });
    assert.ok(!existsSync(`${path()}.new`));
    assert.ok(!running.stdout.includes(client_secret));
    remember();
  });

  test("prints a line for the next sale that makes one", async () => {
    const body = /-d '(\{.*\})'/.exec(running.stdout)?.[1] ?? "";
    const demo = readDemo();
    const { code, stdout: token, stderr } = await scene.run(["token"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const answer = await fetch(`${demo.base_url}/v1/sessions-profile`, {
      method: "POST",
      headers: { authorization: `Bearer ${token.trim()}`, "content-type": "application/json" },
      body,
    });
    assert.equal(answer.status, 200);
    await untilEnded(new Tapline(demo), ((await answer.json()) as { id: string }).id, "CAPTURED");
  });

  test("lets the person at the terminal be played from another window", async () => {
    const play = async (action: string) => {
      const { code, stdout, stderr } = await scene.run(["terminal", action]);
      assert.deepEqual([code, stderr], [0, ""]);
      return stdout;
    };
    assert.match(await play("manual"), /^T12345678-T0292: manual, online; the screen says ".*"\.\n$/);
    const demo = readDemo();
    const tapline = new Tapline(demo);
    const { id } = await tapline.sessions.createFromProfile(saleOf(demo));
    assert.equal(await play("tap"), 'T12345678-T0292: manual, online; the screen says "Approved".\n');
    await untilEnded(tapline, id, "CAPTURED");
  });

  test("lets the person do all else that a person does", async (t) => {
    const said = t.mock.method(console, "log", () => {});
    process.env.TAPLINE_DATA_DIR = scene.data_dir;
    // In this process, as starting one for each takes longer than everything it does.
    const play = async (...args: string[]) => {
      await run(["node", "tapline", "terminal", ...args]);
      return String(said.mock.calls.at(-1)?.arguments[0]);
    };
    try {
      const demo = readDemo();
      const tapline = new Tapline(demo);
      const declined = await tapline.sessions.createFromProfile(saleOf(demo));
      assert.match(await play("decline", "T12345678-T0292"), /: manual, online; the screen says "Declined"\.$/);
      await untilEnded(tapline, declined.id, "DECLINED");
      const cancelled = await tapline.sessions.createFromProfile(saleOf(demo));
      assert.match(await play("cancel"), /: manual, online; the screen says "Cancelled"\.$/);
      await untilEnded(tapline, cancelled.id, "DECLINED");
      assert.match(await play("offline"), /: manual, offline;/);
      assert.match(await play("online"), /: manual, online;/);
      assert.match(await play("auto"), /: auto, online;/);
    } finally {
      delete process.env.TAPLINE_DATA_DIR;
    }
  });

  test("refuses a second server on the same data directory, and is not disturbed by it", async () => {
    const second = await scene.run(["demo"]);
    assert.match(refusal(second), /^Another Tapline runs on the data directory .*data; stop the other one, or set /);
    await sell();
    assert.equal(readFileSync(path(), "utf8"), written.text);
  });

  test("signs with a new key when told to while it runs", async () => {
    const { code, stdout, stderr } = await scene.run(["keys", "rotate"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^Tokens are signed with the key \S+ from now on\.\n$/);
  });

  test("serves again when its database was killed under it", async () => {
    const pid = await scene.postgres();
    assert.ok(pid !== undefined);
    process.kill(pid, "SIGKILL");
    const { base_url } = readDemo();
    await until(async () => {
      const now = await scene.postgres();
      return now !== undefined && now !== pid && (await fetch(`${base_url}/readyz`)).status === 200;
    });
    await until(async () => {
      const { terminal_id } = readDemo();
      return (await new Tapline(readDemo()).simulatedTerminals.read(terminal_id)).screen.prompt_id === undefined;
    });
    await sell();
    assert.ok(running.isRunning);
  });

  /** Ends the demo with a signal, and looks for what it may have left behind. */
  async function stopsCleanly(signal: NodeJS.Signals): Promise<void> {
    const pid = await scene.postgres();
    assert.ok(pid !== undefined);
    const said = running.stderr;
    assert.deepEqual(await running.stop(signal), { code: 0, stdout: running.stdout, stderr: said });
    assert.equal(await scene.postgres(), undefined);
    assert.equal(await isPostgresOn(join(scene.data_dir, "postgres"), pid), false);
    assert.equal(await isFree(Number(port)), true);
  }

  test("stops cleanly on SIGTERM: code 0, its database gone, its port free", () => stopsCleanly("SIGTERM"));

  test("finds everything when it is started again, and has nothing to write", async () => {
    await start();
    assert.doesNotMatch(running.stdout, /A first sale|no demo\.json/);
    assert.equal(running.stderr, "");
    assert.deepEqual([readFileSync(path(), "utf8"), statSync(path()).mtimeMs], [written.text, written.at]);
    await sell();
  });

  test("finds everything after it was killed, and writes its new address where that has changed, and nothing else", async () => {
    const pid = await scene.postgres();
    await running.stop("SIGKILL");
    assert.equal(await scene.postgres(), pid);
    const old = readDemo();
    port = "0";
    await start();
    assert.notEqual(readDemo().base_url, old.base_url);
    assert.deepEqual(readDemo(), { ...old, base_url: `http://127.0.0.1:${port}` });
    assert.equal(statSync(path()).mode & 0o777, 0o600);
    await sell();
  });

  test("stops cleanly on a SIGINT that reaches it twice at once, as from a terminal and a launcher", () => {
    running.signal("SIGINT");
    return stopsCleanly("SIGINT");
  });

  test("leaves no database running when it is stopped while it still starts", async () => {
    const started = scene.start(["demo"]);
    const socket = join(scene.data_dir, "postgres", ".s.PGSQL.5432");
    await until(() => existsSync(socket));
    await started.stop("SIGINT");
    await until(async () => (await scene.postgres()) === undefined);
  });

  test("makes a new secret where demo.json was lost, says so, and keeps the data", async () => {
    const old = readDemo();
    rmSync(path());
    await start();
    const words =
      "There was no demo.json for the account that is here: its client has a new secret, and an old one no longer works.";
    assert.ok(running.stdout.includes(`\n${words}\n`));
    assert.doesNotMatch(running.stdout, /A first sale/);
    const demo = readDemo();
    assert.notEqual(demo.client_secret, old.client_secret);
    await assert.rejects(new Tapline({ ...demo, client_secret: old.client_secret }).token(), {
      code: "INVALID_CLIENT",
    });
    assert.ok((await new Tapline(demo).transactions.list({ limit: 100 })).length >= 5);
    await sell();
  });
});
