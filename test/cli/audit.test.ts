/** `tapline audit`, as an operator runs it: beside a server, without one, and where there is nothing to audit. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readMigrations } from "../../src/storage/migrations.ts";
import { CliScene, type Ended, refusal } from "../support/cli-process.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { openShop, type Shop, until } from "../support/shop.ts";

let scene: CliScene;
before(async () => {
  scene = await CliScene.open();
});
after(() => scene.close());

/** On a machine that is busy it may have said how far it is: nobody is refused or helped by that. */
const progress = /^Audited .* so far: .*\n/gm;
const quiet = (ended: Ended): Ended => ({ ...ended, stderr: ended.stderr.replace(progress, "") });

const whole =
  /^Audited 1 transaction with 3 events, 1 prompt, 0 refunds, 0 advices and 1 session: the books are whole\.\n$/;

describe("tapline audit on the server's own database", () => {
  test("finds the books of a real sale whole, while the server runs and when it is stopped", async () => {
    const demo = scene.start(["demo"]);
    await demo.serving();
    const beside = quiet(await scene.run(["audit"]));
    assert.deepEqual([beside.code, beside.stderr], [0, ""]);
    assert.match(beside.stdout, whole);
    assert.ok(demo.isRunning);
    await demo.stop("SIGTERM");
    const alone = quiet(await scene.run(["audit"]));
    assert.deepEqual([alone.code, alone.stderr], [0, ""]);
    assert.match(alone.stdout, whole);
    assert.equal(await scene.postgres(), undefined);
  });

  test("makes none where there is none", async () => {
    const nowhere = join(scene.folder, "nowhere");
    const sentence = refusal(quiet(await scene.run(["audit"], { TAPLINE_DATA_DIR: nowhere })));
    assert.match(
      sentence,
      /^There is no database in .*nowhere: set TAPLINE_DATA_DIR to the server's data, or DATABASE_URL\.$/,
    );
    assert.equal(existsSync(nowhere), false);
  });
});

describe("tapline audit on another database", () => {
  let database: TestDatabase;
  const audit = async () => quiet(await scene.run(["audit"], { DATABASE_URL: database.url }));
  const newest = Math.max(...readMigrations().map(({ version }) => version));
  before(async () => {
    database = await makeDatabase();
  });
  after(() => database.close());

  test("finds empty books whole", async () => {
    const { code, stdout, stderr } = await audit();
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^Audited 0 transactions with 0 events, .* and 0 sessions: the books are whole\.\n$/);
  });

  test("refuses one that a newer server has written", async () => {
    await database.sql("INSERT INTO schema_migrations VALUES (9999, 'of_tomorrow', now())");
    const sentence = refusal(await audit());
    assert.match(
      sentence,
      /^The database is at schema version 9999, this server knows \d+: start a newer Tapline on it\.$/,
    );
    await database.sql("DELETE FROM schema_migrations WHERE version = 9999");
  });

  test("refuses one that an older server has written, and leaves it as it is", async () => {
    await database.sql("DELETE FROM schema_migrations WHERE version = $1", [newest]);
    assert.match(
      refusal(await audit()),
      new RegExp(`^The database is at schema version ${newest - 1}, this Tapline reads`),
    );
    assert.equal((await database.sql("SELECT FROM schema_migrations")).length, newest - 1);
    await database.sql("INSERT INTO schema_migrations VALUES ($1, 'again', now())", [newest]);
  });

  test("refuses one that holds no Tapline, and puts nothing into it", async () => {
    const bare = await makeDatabase({ migrated: false });
    try {
      const sentence = refusal(quiet(await scene.run(["audit"], { DATABASE_URL: bare.url })));
      assert.equal(sentence, "The database holds no Tapline: check the address, or start the server on it once.");
      assert.deepEqual(await bare.sql("SELECT FROM pg_tables WHERE schemaname = 'public'"), []);
    } finally {
      await bare.close();
    }
  });

  test("refuses one that cannot be reached", async () => {
    const settings = { DATABASE_URL: "postgres://tapline:hunter2@127.0.0.1:1/tapline" };
    assert.match(
      refusal(quiet(await scene.run(["audit"], settings))),
      /^The database of DATABASE_URL cannot be reached \(/,
    );
  });

  test("lists a hundred differences and says how many more there are", async () => {
    await database.sql(
      `INSERT INTO sessions (account_id, id, transaction_id, merchant_reference, url, "order", configuration, members,
         request_headers, created_by, created_at, updated_at, expires_at)
       SELECT 'T12345678', 'session-' || number, 'gone', 'm', '{}', '{}', '{}', '{}', '{}', 'c', now(), now(),
         now() + interval '1 day'
       FROM generate_series(1, 103) AS number`,
    );
    const { code, stdout } = await audit();
    const lines = stdout.trimEnd().split("\n");
    assert.equal(code, 1);
    assert.equal(lines.filter((line) => line.startsWith("Session session-")).length, 100);
    assert.equal(lines.at(-2), "And 3 more.");
    assert.match(lines.at(-1) ?? "", /and 103 sessions: 103 differences\.$/);
    await database.sql("DELETE FROM sessions");
  });
});

describe("tapline audit beside a server that sells", () => {
  let shop: Shop;
  let transaction_id = "";
  const audit = () => scene.start(["audit"], { DATABASE_URL: shop.database.url });
  before(async () => {
    shop = await openShop();
    await shop.play("auto");
    const { body } = await shop.create();
    transaction_id = (await shop.ended(body.id)).id;
  });
  after(() => shop.close());

  /** Holds a table so that nobody can read it, until the returned function is called. */
  async function hold(): Promise<() => void> {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await new Promise<void>((held, failed) => {
      shop.database.db
        .transaction(async (tx) => {
          await tx.query({ name: "", text: "LOCK TABLE advices IN ACCESS EXCLUSIVE MODE" }, []);
          held();
          await released;
        })
        .catch(failed);
    });
    return release;
  }

  test("says how far it is for as long as it takes", async () => {
    const release = await hold();
    try {
      const running = audit();
      await until(() => running.stderr.split("\n").length > 2);
      assert.match(running.stderr, /^(Audited \d+ transactions? and \d+ prompts? so far: 0 differences\.\n)+$/);
      release();
      const { code, stdout } = await running.end();
      assert.equal(code, 0);
      assert.match(stdout, whole);
    } finally {
      release();
    }
  });

  test("ends when it is told to, and vouches for nothing", async () => {
    const release = await hold();
    try {
      const running = audit();
      await until(() => running.stderr !== "");
      running.signal("SIGINT");
      release();
      const { code, stdout, stderr } = await running.end();
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^The audit was stopped before its end: it vouches for nothing\.$/m);
    } finally {
      release();
    }
  });

  test("lists what was changed behind the server's back", async () => {
    const { sql } = shop.database;
    await sql("ALTER TABLE transactions DROP CONSTRAINT status_follows_from_amounts");
    await sql("UPDATE transactions SET refunded_amount = 900 WHERE id = $1", [transaction_id]);
    await sql("ALTER TABLE prompts DISABLE TRIGGER prompt_step");
    await sql("UPDATE prompts SET status = 'DECLINED'");
    const { code, stdout, stderr } = quiet(await audit().end());
    assert.deepEqual([code, stderr], [1, ""]);
    const [first, second, summary] = stdout.split("\n");
    assert.equal(first, `Transaction ${transaction_id}: its row has refunded_amount 900, its events add up to 0.`);
    assert.match(
      second ?? "",
      new RegExp(`^Transaction ${transaction_id}: its row reads CAPTURED, its prompt pr_\\w+ is DECLINED\\.$`),
    );
    assert.match(summary ?? "", /^Audited 1 transaction with 3 events, .*: 2 differences\.$/);
  });
});
