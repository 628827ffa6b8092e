/** What cannot go well ends with one sentence that says what to do, a code that is not 0, and nothing left running. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { demoDefaults, readClientConfig, readConfig, type Settings } from "../../src/config.ts";
import { StartupProblem } from "../../src/domain/startup-problem.ts";
import { CliScene, refusal } from "../support/cli-process.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { until } from "../support/shop.ts";

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

describe("a setting", () => {
  const wrong: [name: string, value: string, sentence: string][] = [
    ["TAPLINE_PORT", "abc", 'TAPLINE_PORT is "abc": set it to a whole number from 0 to 65535.'],
    ["TAPLINE_PORT", "65536", 'TAPLINE_PORT is "65536": set it to a whole number from 0 to 65535.'],
    ["TAPLINE_PORT", "-1", 'TAPLINE_PORT is "-1": set it to a whole number from 0 to 65535.'],
    ["TAPLINE_PORT", "80.5", 'TAPLINE_PORT is "80.5": set it to a whole number from 0 to 65535.'],
    ["TAPLINE_PORT", " 8080", 'TAPLINE_PORT is " 8080": set it to a whole number from 0 to 65535.'],
    ["TAPLINE_SIMULATORS", "yes", 'TAPLINE_SIMULATORS is "yes": set it to on or off.'],
    [
      "TAPLINE_SIMULATOR_DELAY_MS",
      "1e3",
      'TAPLINE_SIMULATOR_DELAY_MS is "1e3": set it to a whole number from 0 to 600000.',
    ],
    [
      "TAPLINE_CALLBACK_ALLOW",
      "till.internal, 10.1.0.0/33",
      'TAPLINE_CALLBACK_ALLOW has "10.1.0.0/33": set it to names, addresses or networks such as 10.1.0.0/16.',
    ],
    [
      "TAPLINE_CALLBACK_PORTS",
      "443, https",
      'TAPLINE_CALLBACK_PORTS is "https": set it to a whole number from 1 to 65535.',
    ],
    ["TAPLINE_CALLBACK_ADDRESSES", "all", 'TAPLINE_CALLBACK_ADDRESSES is "all": set it to public or any.'],
    ["TAPLINE_LOG_LEVEL", "loud", 'TAPLINE_LOG_LEVEL is "loud": set it to debug or info or warn or error.'],
    ["TAPLINE_PRESENT_WITHIN_S", "0", 'TAPLINE_PRESENT_WITHIN_S is "0": set it to a whole number from 1 to 3600.'],
    ["TAPLINE_PROCESSING_S", "3601", 'TAPLINE_PROCESSING_S is "3601": set it to a whole number from 1 to 3600.'],
    ["TAPLINE_STOP_ANSWER_S", "ten", 'TAPLINE_STOP_ANSWER_S is "ten": set it to a whole number from 1 to 3600.'],
    ...["proxy", "10.0.0.7,proxy", "10.0.0.0/33", "0.0.0.0/0", "10.0.0.0/8/8", "fe80::1%eth0", "2001:db8::/129"].map(
      (value): [name: string, value: string, sentence: string] => [
        "TAPLINE_TRUSTED_PROXIES",
        value,
        `TAPLINE_TRUSTED_PROXIES holds "${value.split(",").at(-1)}": set it to addresses and networks with commas between, such as 10.0.0.7,192.168.0.0/16.`,
      ],
    ),
    [
      "TAPLINE_PUBLIC_URL",
      "pay.example.com",
      'TAPLINE_PUBLIC_URL is "pay.example.com": set it to an address such as https://pay.example.com.',
    ],
    [
      "DATABASE_URL",
      "mysql://localhost/tapline",
      "DATABASE_URL is not an address such as postgres://user:password@host:5432/database.",
    ],
  ];
  for (const [name, value, sentence] of wrong) {
    test(`that is wrong is named, with what it may be: ${name}=${value}`, () => {
      for (const defaults of [{}, demoDefaults]) {
        assert.throws(
          () => readConfig({ [name]: value }, defaults),
          (problem) => problem instanceof StartupProblem && problem.message === sentence,
        );
      }
    });
  }

  test("that is wrong never repeats a password", () => {
    assert.throws(
      () => readConfig({ DATABASE_URL: "mysql://tapline:hunter2@localhost/tapline" }),
      (problem) => problem instanceof StartupProblem && !problem.message.includes("hunter2"),
    );
  });

  test("that is left out, or empty, is what the documentation says", () => {
    const expected = {
      database_url: undefined,
      host: "127.0.0.1",
      port: 8080,
      public_url: undefined,
      trusted_proxies: [],
      simulators: true,
      simulator_delay_ms: 1500,
      callback_addresses: "public",
      callback_allow: [],
      callback_ports: undefined,
      callback_timeout_ms: 10_000,
      webhook_timeout_ms: 60_000,
      probe_every_ms: 60_000,
      log_level: "info",
      present_within_ms: 120_000,
      refund_within_ms: 120_000,
      authorization_lapses_ms: 604_800_000,
      processing_ms: 150_000,
      stop_answer_ms: 10_000,
      incident_after_ms: 900_000,
      operation_ms: 60_000,
    };
    const names = ["TAPLINE_PORT", "TAPLINE_HOST", "TAPLINE_SIMULATORS", "TAPLINE_LOG_LEVEL", "DATABASE_URL"];
    const { data_dir, ...config } = readConfig({});
    assert.deepEqual(config, expected);
    assert.equal(data_dir, join(process.cwd(), "data"));
    const { data_dir: _, ...empty } = readConfig(Object.fromEntries(names.map((name) => [name, ""])));
    assert.deepEqual(empty, expected);
  });

  test("of trusted proxies holds addresses and networks, with spaces or without", () => {
    const { trusted_proxies } = readConfig({ TAPLINE_TRUSTED_PROXIES: "10.0.0.7, 192.168.0.0/16,2001:db8::/32," });
    assert.deepEqual(trusted_proxies, ["10.0.0.7", "192.168.0.0/16", "2001:db8::/32"]);
  });

  test("of the demo's own stands behind what is set", () => {
    assert.equal(readConfig({}, demoDefaults).callback_addresses, "any");
    assert.equal(readConfig({ TAPLINE_CALLBACK_ADDRESSES: "public" }, demoDefaults).callback_addresses, "public");
  });

  test("of an address counts with and without its last slash", () => {
    assert.equal(readConfig({ TAPLINE_PUBLIC_URL: "https://pay.example.com//" }).public_url, "https://pay.example.com");
    assert.equal(readClientConfig({ TAPLINE_URL: "http://localhost:8080/" }).url, "http://localhost:8080");
  });
});

describe("the command line", { concurrency: 3 }, () => {
  let taken: Server;
  let port = 0;
  before(async () => {
    taken = createServer();
    await new Promise<void>((listening) => taken.listen(0, "127.0.0.1", listening));
    const address = taken.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  after(() => {
    taken.close();
  });

  const notThere = join("sub", "demo");
  const refused: { what: string; args: string[]; settings: () => Settings; sentence: RegExp }[] = [
    {
      what: "a setting that is wrong",
      args: ["serve"],
      settings: () => ({ TAPLINE_PORT: "abc" }),
      sentence: /^TAPLINE_PORT is "abc": set it to a whole number from 0 to 65535\.$/,
    },
    {
      what: "a port that is taken",
      args: ["serve"],
      settings: () => ({ DATABASE_URL: database.url, TAPLINE_PORT: String(port) }),
      sentence: /^Port \d+ of 127\.0\.0\.1 is taken: stop what uses it, or set TAPLINE_PORT to another one\.$/,
    },
    {
      what: "a host that is not this machine",
      args: ["demo"],
      settings: () => ({ DATABASE_URL: database.url, TAPLINE_HOST: "192.0.2.1" }),
      sentence: /^Cannot listen on 192\.0\.2\.1:0 \(EADDRNOTAVAIL\): set TAPLINE_HOST and TAPLINE_PORT\.$/,
    },
    {
      what: "a database that does not answer",
      args: ["demo"],
      settings: () => ({ DATABASE_URL: "postgres://tapline:hunter2@127.0.0.1:1/tapline" }),
      sentence:
        /^The database of DATABASE_URL cannot be reached \((?!.*hunter2).*\): check the address and start it\.$/,
    },
    {
      what: "a database that does not exist",
      args: ["serve"],
      settings: () => ({ DATABASE_URL: database.url.replace(/test_\w+/, "no_such_database") }),
      sentence: /^The database of DATABASE_URL refuses the connection \(.*\): check the address and start it\.$/,
    },
    {
      what: "a data directory that is a file",
      args: ["demo"],
      settings: () => {
        const file = join(scene.folder, "a-file");
        writeFileSync(file, "");
        return { TAPLINE_DATA_DIR: file };
      },
      sentence:
        /a-file is not a folder \(\w+\); move it away, or set TAPLINE_DATA_DIR to a folder for Tapline's data\.$/,
    },
    {
      what: "a command that needs the demo, where there is none",
      args: ["token"],
      settings: () => ({ TAPLINE_DATA_DIR: join(scene.folder, notThere) }),
      sentence: /^There is no demo\.json in .*demo: run `npm start` first, or set TAPLINE_URL, TAPLINE_ACCOUNT_ID, /,
    },
    {
      what: "a demo.json that is none any more",
      args: ["terminal", "tap"],
      settings: () => {
        const data_dir = join(scene.folder, "broken");
        mkdirSync(data_dir);
        writeFileSync(join(data_dir, "demo.json"), '{"base_url": "http://');
        return { TAPLINE_DATA_DIR: data_dir };
      },
      sentence: /^There is no demo\.json in .*broken: run `npm start` first/,
    },
    {
      what: "a server that is not running",
      args: ["terminal", "tap", "T12345678-T0292"],
      settings: () => ({ TAPLINE_URL: "http://127.0.0.1:1", TAPLINE_CLIENT_ID: "c", TAPLINE_CLIENT_SECRET: "s" }),
      sentence: /^No answer from http:\/\/127\.0\.0\.1:1: is the server running there\?$/,
    },
  ];
  for (const { what, args, settings, sentence } of refused) {
    test(`refuses ${what}, in one sentence`, async () => {
      const ended = await scene.run(args, settings());
      assert.equal(ended.code, 1, ended.stderr);
      assert.match(ended.stderr, /^[^\n]+\n$/);
      assert.match(ended.stderr.trim(), sentence);
      assert.doesNotMatch(ended.stdout, /^ +at /m);
    });
  }

  // Root may write anywhere, so as root somebody else tries, where the checkout lets them read it.
  const user = process.geteuid?.() === 0 ? 65534 : undefined;
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const reaches = { uid: user, gid: user, cwd: "/" };
  const unreadable = user !== undefined && spawnSync(process.execPath, ["--check", main], reaches).status !== 0;
  test("refuses a data directory that it may not write to, in one sentence", {
    skip: unreadable && "another user cannot read this checkout, and root may write everywhere",
  }, async () => {
    const closed = join(scene.folder, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o555);
    chmodSync(dirname(closed), 0o755);
    const ended = await scene.run(["demo"], { TAPLINE_DATA_DIR: join(closed, "data") }, user);
    assert.match(
      refusal(ended),
      /^Tapline may not use .*closed.* \(EACCES\); give the folder to the user that Tapline/,
    );
  });

  const misspelt: { what: string; args: string[]; words: RegExp }[] = [
    { what: "an action that nobody can do", args: ["terminal", "dance"], words: /It is one of tap, decline, cancel, / },
    { what: "a command that is none", args: ["sell"], words: /unknown command 'sell'/ },
  ];
  for (const { what, args, words } of misspelt) {
    test(`refuses ${what}, and says what there is`, async () => {
      const { code, stdout, stderr } = await scene.run(args);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, words);
      assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/);
    });
  }

  test("says what to do where the Node that comes with it is missing", async () => {
    const copy = join(scene.folder, "copy", "bin");
    cpSync(fileURLToPath(new URL("../../bin", import.meta.url)), copy, { recursive: true });
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(copy, "tapline.js"), "--help"]);
    assert.deepEqual([status, stdout.toString()], [1, ""]);
    assert.match(
      stderr.toString(),
      /^There is no Node 26 for .* in .*: run `npm install` without --omit=optional\.\n$/,
    );
  });

  test("tells what it can do", async () => {
    const { code, stdout, stderr } = await scene.run(["--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    for (const command of ["demo", "serve", "terminal <action> [terminal_id]", "token", "keys", "audit"]) {
      assert.ok(stdout.includes(`\n  ${command} `), command);
    }
  });
});

describe("a demo that cannot be finished", () => {
  const unfinished: { what: string; settings: () => Settings; sentence: RegExp }[] = [
    {
      what: "because its file cannot be written",
      settings: () => {
        const data_dir = join(scene.folder, "unwritable");
        mkdirSync(join(data_dir, "demo.json"), { recursive: true });
        return { TAPLINE_DATA_DIR: data_dir };
      },
      sentence: /^Cannot write .*demo\.json \(.*\): make the directory writable\.$/m,
    },
  ];
  for (const { what, settings, sentence } of unfinished) {
    test(`ends with its sentence, not half-way: ${what}`, async () => {
      const own = await makeDatabase({ migrated: false });
      const started = scene.start(["demo"], { DATABASE_URL: own.url, ...settings() });
      try {
        await until(() => sentence.test(started.stderr));
        const ended = await Promise.race([started.end(), new Promise<undefined>((late) => setTimeout(late, 2_000))]);
        assert.equal(ended?.code, 1, "it still runs");
      } finally {
        await started.stop("SIGKILL");
        await own.close();
      }
    });
  }
});
