/** Tapline's own PostgreSQL, with real processes: what is killed here is killed. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { appendFile, chmod, chown, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import pg from "pg";
import { StartupProblem } from "../../src/domain/startup-problem.ts";
import { linkLibraries, locateBinaries } from "../../src/storage/embedded/binaries.ts";
import { startEmbeddedPostgres } from "../../src/storage/embedded/embedded-postgres.ts";
import { isPostgresOn } from "../../src/storage/embedded/postmaster.ts";
import { systemClock } from "../../src/system-environment.ts";
import { OWNER_COMMAND, type Said } from "../support/embedded-owner-process.ts";
import {
  type Connection,
  endOwnersConnection,
  isRoot,
  linuxOnly,
  NOBODY,
  namespaces,
  nobodyReaches,
  postmasterPid,
  query,
  queryAgain,
  refusal,
  silent,
  start,
  started,
  startOwner,
  startProcess,
  startWithoutNamespaces,
  temporary,
  until,
  withDatabase,
} from "../support/embedded-scene.ts";

describe("a start", () => {
  it("makes a database that only this user reaches and that is durable", async (t) => {
    const directory = join(await temporary(t), "data");
    const postgres = await start(directory);
    const { connection } = postgres;
    const rows = await query(connection, "SELECT name, setting FROM pg_settings");
    const settings = new Map(rows.map((row) => [row.name, row.setting]));
    assert.equal(settings.get("fsync"), "on");
    assert.equal(settings.get("full_page_writes"), "on");
    assert.equal(settings.get("listen_addresses"), "");
    assert.equal(settings.get("server_encoding"), "UTF8");
    assert.deepEqual(await query(connection, "SELECT current_database() AS d, current_user AS u, upper('å') AS l"), [
      { d: "tapline", u: "tapline", l: "Å" },
    ]);
    const [locale] = await query(
      connection,
      "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'tapline'",
    );
    assert.deepEqual(locale, { datlocprovider: "b", datlocale: "C.UTF-8" });
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    assert.equal((await stat(join(connection.host, ".s.PGSQL.5432"))).mode & 0o777, 0o700);
    await postgres.stop();
    await postgres.stop();
    assert.equal(await isPostgresOn(join(directory, "postgres"), postgres.pid), false);
    assert.deepEqual((await readdir(directory)).sort(), ["postgres", "postgres.log"]);
  });

  it("after a stop finds what was kept", async (t) => {
    const directory = join(await temporary(t), "data");
    const first = await start(directory);
    await query(first.connection, "CREATE TABLE kept AS SELECT 42 AS answer");
    await first.stop();
    const second = await start(directory);
    assert.deepEqual(await query(second.connection, "SELECT answer FROM kept"), [{ answer: 42 }]);
    await second.stop();
  });

  it("puts the socket into a private folder where the path is too long for one", async (t) => {
    const parent = await temporary(t);
    const long = join(parent, "l".repeat(60), "l".repeat(60));
    const postgres = await start(long);
    t.after(() => rm(postgres.connection.host, { recursive: true, force: true }));
    assert.notEqual(postgres.connection.host, join(long, "postgres"));
    assert.equal((await stat(postgres.connection.host)).mode & 0o777, 0o700);
    assert.equal((await query(postgres.connection, "SELECT 1 AS one"))[0]?.one, 1);
    await postgres.stop();
    const again = await start(long);
    assert.equal(again.connection.host, postgres.connection.host);
    await again.stop();
  });

  it("recovers from an owner killed while it made the database", async (t) => {
    const directory = join(await temporary(t), "data");
    const owner = startProcess(directory);
    // initdb writes PG_VERSION early, so from here on there is half a database.
    const halfway = async () => {
      const names = await readdir(directory).catch(() => []);
      const unfinished = names.find((name) => name.startsWith("postgres.new-"));
      return unfinished !== undefined && (await readdir(join(directory, unfinished))).includes("PG_VERSION");
    };
    await until(halfway);
    await owner.kill();
    assert.equal((await readdir(directory)).includes("postgres"), false);
    const postgres = await start(directory);
    assert.equal((await query(postgres.connection, "SELECT 1 AS one"))[0]?.one, 1);
    await postgres.stop();
    // The orphaned initdb may have written on; what it left goes at the latest with the next start after its end.
    await until(async () => {
      await (await start(directory)).stop();
      return !(await readdir(directory)).some((name) => name.startsWith("postgres.new-"));
    });
  });

  it("is not misled by a process that goes by a dead postmaster's number", async (t) => {
    const directory = await withDatabase(t);
    const first = await start(directory);
    const pidFile = join(directory, "postgres/postmaster.pid");
    const written = await readFile(pidFile, "utf8");
    await first.stop();
    // The test runner's own process: alive, not ours to signal, and no PostgreSQL.
    writeFileSync(pidFile, written.replace(/^\d+/, String(process.ppid)));
    const second = await start(directory);
    assert.equal((await query(second.connection, "SELECT 1 AS one"))[0]?.one, 1);
    await second.stop();
  });

  it("makes the links that postinstall left out, also while others make them", async (t) => {
    const root = await temporary(t);
    await mkdir(join(root, "native/lib"), { recursive: true });
    const link = { source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" };
    await writeFile(join(root, "native/pg-symlinks.json"), JSON.stringify([link]));
    await Promise.all([linkLibraries(root), linkLibraries(root), linkLibraries(root)]);
    assert.equal(await readlink(join(root, "native/lib/libpq.so.5")), "libpq.so.5.18");
    // A folder that cannot be written to stands for a read-only one, which root would not notice.
    await rm(join(root, "native/lib"), { recursive: true });
    await linkLibraries(root);
  });

  it("does not keep its process alive", async (t) => {
    const directory = await withDatabase(t);
    const owner = startOwner([...OWNER_COMMAND, directory, "leave"]);
    assert.equal((await owner.outcome()).event, "running");
    await owner.end();
    assert.equal(owner.process.exitCode, 0);
  });
});

describe("a start is refused in one sentence", () => {
  const refused = (pattern: RegExp) => (error: unknown) => {
    assert.ok(error instanceof StartupProblem, String(error));
    assert.match(error.message, pattern);
    assert.match(error.message, /^[^\n]+\.$/);
    return true;
  };

  it("on a database of another major version", async (t) => {
    const directory = join(await temporary(t), "data");
    await mkdir(join(directory, "postgres"), { recursive: true });
    await writeFile(join(directory, "postgres/PG_VERSION"), "17\n");
    await assert.rejects(start(directory), refused(/made by PostgreSQL 17 .* brings PostgreSQL 18/));
  });

  it("on a folder of other things", async (t) => {
    const directory = join(await temporary(t), "data");
    await mkdir(join(directory, "postgres"), { recursive: true });
    await writeFile(join(directory, "postgres/holiday.jpg"), "");
    await assert.rejects(start(directory), refused(/holds files but no database/));
  });

  it("where the data directory is a file", async (t) => {
    const directory = join(await temporary(t), "data");
    await writeFile(directory, "");
    await assert.rejects(start(directory), refused(/is not a folder/));
  });

  it("where the data directory cannot be written", {
    skip: isRoot && !nobodyReaches && "the checkout is closed to other users here",
  }, async (t) => {
    const directory = join(await temporary(t), "data");
    await mkdir(directory);
    // Root may write anywhere, so as root somebody else tries.
    if (isRoot) {
      await chmod(dirname(directory), 0o755);
      const owner = startProcess(directory, { uid: NOBODY, gid: NOBODY });
      assert.match(refusal(await owner.outcome()), /may not use .*TAPLINE_DATA_DIR/);
      await owner.end();
      return;
    }
    await chmod(directory, 0o500);
    await assert.rejects(start(directory), refused(/may not use .*TAPLINE_DATA_DIR/));
  });

  it("on a platform without one", async () => {
    await assert.rejects(locateBinaries("win32-x64"), refused(/win32-x64; set DATABASE_URL/));
  });

  it("on a database whose settings are broken", async (t) => {
    const directory = await withDatabase(t);
    await (await start(directory)).stop();
    await writeFile(join(directory, "postgres/postgresql.conf"), "max_connections = many\n");
    await assert.rejects(start(directory), refused(/could not be started .*postgres\.log/));
  });
});

describe("one owner at a time", () => {
  it("refuses a second process soon, and the first goes on", async (t) => {
    const directory = await withDatabase(t);
    const first = await start(directory);
    const began = performance.now();
    const second = startProcess(directory);
    const sentence = refusal(await second.outcome());
    assert.ok(performance.now() - began < 5_000);
    assert.ok(sentence.includes(directory), sentence);
    assert.match(sentence, /stop the other one, or set TAPLINE_DATA_DIR or DATABASE_URL/);
    await second.end();
    assert.equal((await query(first.connection, "SELECT 1 AS one"))[0]?.one, 1);
    await first.stop();
  });

  it("lets one of two win that start at once on nothing", async (t) => {
    for (let round = 0; round < 2; round += 1) {
      const directory = join(await temporary(t), "data");
      const pair = [startProcess(directory), startProcess(directory)];
      const outcomes = await Promise.all(pair.map((owner) => owner.outcome()));
      assert.deepEqual(outcomes.map(({ event }) => event).sort(), ["refused", "running"], JSON.stringify(outcomes));
      assert.match(refusal(outcomes.find(({ event }) => event === "refused") as Said), /Another Tapline runs on/);
      const winner = outcomes.find(({ event }) => event === "running");
      assert.equal((await query(winner?.connection, "SELECT 1 AS one"))[0]?.one, 1);
      await Promise.all(pair.map((owner) => owner.stop()));
      assert.deepEqual((await readdir(directory)).sort(), ["postgres", "postgres.log"]);
    }
  });

  it("adopts the database of a killed owner, keeps it running and stops it", async (t) => {
    const directory = await withDatabase(t);
    const owner = startProcess(directory);
    const { pid, connection } = await owner.outcome();
    await query(connection, "CREATE TABLE kept AS SELECT 42 AS answer");
    await owner.kill();
    const heir = await start(directory);
    assert.equal(heir.pid, pid);
    assert.deepEqual(heir.connection, connection);
    process.kill(heir.pid, "SIGKILL");
    assert.deepEqual(await queryAgain(heir.connection, "SELECT answer FROM kept"), [{ answer: 42 }]);
    await until(() => heir.pid !== pid);
    await heir.stop();
    assert.equal(await isPostgresOn(join(directory, "postgres"), heir.pid), false);
  });

  it("stops an adopted database that never died", async (t) => {
    const directory = await withDatabase(t);
    const owner = startProcess(directory);
    await owner.outcome();
    await owner.kill();
    const heir = await start(directory);
    await heir.stop();
    assert.equal(await isPostgresOn(join(directory, "postgres"), heir.pid), false);
  });

  it("starts after its owner and the postmaster were killed together", async (t) => {
    const directory = await withDatabase(t);
    const owner = startProcess(directory);
    const { pid, connection } = await owner.outcome();
    await query(connection, "CREATE TABLE kept AS SELECT 42 AS answer");
    process.kill(pid as number, "SIGKILL");
    await owner.kill();
    const heir = await start(directory);
    assert.deepEqual(await query(heir.connection, "SELECT answer FROM kept"), [{ answer: 42 }]);
    await heir.stop();
  });

  it("gives way, and says so, when it was frozen and another took over", async (t) => {
    const directory = await withDatabase(t);
    const frozen = startProcess(directory);
    const { connection } = await frozen.outcome();
    process.kill(frozen.pid, "SIGSTOP");
    await query(connection, endOwnersConnection);
    const heir = await start(directory);
    process.kill(frozen.pid, "SIGCONT");
    const lost = await frozen.hear("lost");
    assert.equal(lost.name, "StartupProblem");
    assert.match(lost.message ?? "", /Another Tapline runs on/);
    await frozen.stop();
    assert.equal((await query(heir.connection, "SELECT 1 AS one"))[0]?.one, 1, "the loser left the database alone");
    await heir.stop();
  });
});

describe("supervision", () => {
  it("starts a killed postmaster again, where a pool finds it", async (t) => {
    const directory = await withDatabase(t);
    const postgres = await start(directory);
    const pool = new pg.Pool({ ...postgres.connection, max: 10 });
    pool.on("error", () => undefined);
    await pool.query("CREATE TABLE kept AS SELECT 42 AS answer");
    await Promise.all(Array.from({ length: 10 }, () => pool.query("SELECT pg_sleep(0.01)")));
    for (let round = 0; round < 3; round += 1) {
      const killed = postgres.pid;
      process.kill(killed, "SIGKILL");
      await until(() => postgres.pid !== killed);
      await until(() =>
        pool.query("SELECT answer FROM kept").then(
          ({ rows }) => rows[0].answer === 42,
          () => false,
        ),
      );
    }
    await pool.end();
    await postgres.stop();
  });

  it("starts it again beside a statement that outlives its postmaster", linuxOnly, async (t) => {
    const postgres = await start(await withDatabase(t));
    const client = new pg.Client({ ...postgres.connection });
    client.on("error", () => undefined);
    await client.connect();
    const busy = client.query("SELECT count(*) FROM generate_series(1, 1e11::bigint)").catch(() => undefined);
    const active = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%1e11%'";
    await until(async () => (await query(postgres.connection, active))[0]?.n === 2);
    process.kill(postgres.pid, "SIGKILL");
    await queryAgain(postgres.connection, "SELECT 1");
    await busy;
    await client.end();
    await postgres.stop();
  });

  it("takes the lock again when only its connection was ended", async (t) => {
    const directory = await withDatabase(t);
    const postgres = await start(directory);
    const { pid, connection } = postgres;
    await query(connection, endOwnersConnection);
    const owners = "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND granted";
    await until(async () => (await query(connection, owners))[0]?.n === 1);
    const second = startProcess(directory);
    assert.match(refusal(await second.outcome()), /Another Tapline runs on/);
    await second.end();
    assert.equal(postgres.pid, pid);
    await postgres.stop();
  });

  it("says that the database is lost when it cannot be started again", async (t) => {
    const directory = await withDatabase(t);
    const losses: StartupProblem[] = [];
    const postgres = await start(directory, (problem) => losses.push(problem));
    await writeFile(join(directory, "postgres/postgresql.conf"), "max_connections = many\n");
    process.kill(postgres.pid, "SIGKILL");
    await until(() => losses.length > 0);
    assert.ok(losses[0] instanceof StartupProblem);
    assert.match(losses[0].message, /could not be started/);
    await postgres.stop();
    assert.equal(losses.length, 1);
  });

  it("keeps PostgreSQL's log small and passes its grave lines on", async (t) => {
    const directory = await withDatabase(t);
    const warnings: unknown[] = [];
    const log = { ...silent, warn: (facts: Record<string, unknown>) => warnings.push(facts.postgres) };
    const onLost = (problem: StartupProblem) => assert.fail(problem.message);
    started.push(await startEmbeddedPostgres({ directory, clock: systemClock, log, onLost }));
    const path = join(directory, "postgres.log");
    await appendFile(path, "x".repeat(5 * 1024 * 1024));
    await appendFile(
      path,
      "\n2026-01-01 00:00:00.000 UTC [7] PANIC:  could not write to file: No space left on device\n",
    );
    await until(async () => (await stat(path)).size < 1024 * 1024);
    assert.deepEqual(warnings, ["PANIC:  could not write to file: No space left on device"]);
  });

  it("can be stopped while it starts the database again", async (t) => {
    const directory = await withDatabase(t);
    const postgres = await start(directory);
    process.kill(postgres.pid, "SIGKILL");
    await until(async () => !(await isPostgresOn(join(directory, "postgres"), postgres.pid)));
    await postgres.stop();
    const pid = await postmasterPid(directory);
    assert.ok(pid === undefined || !(await isPostgresOn(join(directory, "postgres"), pid)));
  });
});

describe("whoever runs it", linuxOnly, () => {
  it("an ordinary user", {
    skip: isRoot && !nobodyReaches && "the checkout is closed to other users here",
  }, async (t) => {
    const parent = await temporary(t);
    const directory = join(parent, "data");
    if (isRoot) await chown(parent, NOBODY, NOBODY);
    const owner = startProcess(directory, isRoot ? { uid: NOBODY, gid: NOBODY } : {});
    const { event, pid, connection } = await owner.outcome();
    assert.equal(event, "running");
    assert.equal((await query(connection, "SELECT 1 AS one"))[0]?.one, 1);
    process.kill(pid as number, "SIGKILL");
    assert.equal((await queryAgain(connection as Connection, "SELECT 1 AS one"))[0]?.one, 1);
    await owner.stop();
  });

  it("root, below a home of mode 0700", { skip: !isRoot && "this is not root" }, async (t) => {
    const home = await temporary(t);
    assert.equal((await stat(home)).mode & 0o777, 0o700);
    const postgres = await start(join(home, "data"));
    const status = await readFile(`/proc/${postgres.pid}/status`, "utf8");
    if (namespaces) assert.match(status, /^Uid:\t0\t/m, "outside its namespace the files and the process stay root's");
    assert.equal((await query(postgres.connection, "SELECT 1 AS one"))[0]?.one, 1);
    await postgres.stop();
  });

  it("root, on the database of another user", {
    skip: !nobodyReaches && "this is not root, or a closed checkout",
  }, async (t) => {
    const parent = await temporary(t);
    const directory = join(parent, "data");
    await chown(parent, NOBODY, NOBODY);
    const owner = startProcess(directory, { uid: NOBODY, gid: NOBODY });
    await owner.outcome();
    await owner.stop();
    const postgres = await start(directory);
    assert.match(await readFile(`/proc/${postgres.pid}/status`, "utf8"), /^Uid:\t65534\t/m);
    await postgres.stop();
  });

  const barred = isRoot ? !namespaces && "user namespaces are barred here already" : "this is not root";

  it("root, where namespaces are barred", { skip: barred || (!nobodyReaches && "a closed checkout") }, async (t) => {
    const parent = await temporary(t);
    const directory = join(parent, "data");
    await chmod(parent, 0o755);
    const owner = await startWithoutNamespaces(directory);
    const { event, pid } = await owner.outcome();
    assert.equal(event, "running", JSON.stringify(owner.said));
    assert.match(await readFile(`/proc/${pid}/status`, "utf8"), /^Uid:\t65534\t/m);
    // Open to the group that PostgreSQL now runs in, and to nobody else.
    assert.equal((await stat(directory)).mode & 0o777, 0o710);
    assert.equal((await stat(join(directory, "postgres"))).uid, NOBODY);
    process.kill(pid as number, "SIGKILL");
    await until(async () => ((await postmasterPid(directory)) ?? pid) !== pid);
    await owner.stop();
    const again = await start(directory);
    assert.match(
      await readFile(`/proc/${again.pid}/status`, "utf8"),
      /^Uid:\t65534\t/m,
      "the owner is still the owner",
    );
    await again.stop();
  });

  it("root, where namespaces are barred and nobody else gets there", {
    skip: barred || (!isRoot && "this is not root"),
  }, async (t) => {
    const directory = join(await temporary(t), "data");
    const owner = await startWithoutNamespaces(directory);
    assert.match(refusal(await owner.outcome()), /does not run as root.*ordinary user, or set DATABASE_URL/);
    assert.equal((await stat(directory)).mode & 0o777, 0o700, "what was tried was taken back");
    await owner.end();
  });
});
