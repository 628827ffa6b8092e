/** What the tests of the embedded PostgreSQL stand on: folders, databases in them, owners, users, and patience. */
import assert from "node:assert/strict";
import { type SpawnOptions, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import pg from "pg";
import type { StartupProblem } from "../../src/domain/startup-problem.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/storage/embedded/embedded-postgres.ts";
import { isPostgresOn } from "../../src/storage/embedded/postmaster.ts";
import { systemClock } from "../../src/system-environment.ts";
import { OWNER_COMMAND, OwnerProcess, type Said } from "./embedded-owner-process.ts";

export const NOBODY = 65534;
export const isRoot = process.geteuid?.() === 0;
/** Whether another user could run Tapline from this checkout: a home of mode 0700 above it would be in the way. */
export const nobodyReaches =
  isRoot &&
  spawnSync(process.execPath, ["--check", OWNER_COMMAND[1] as string], { uid: NOBODY, gid: NOBODY, cwd: "/" })
    .status === 0;

export const namespaces =
  isRoot && spawnSync("unshare", ["--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, "true"]).status === 0;

export const linuxOnly = { skip: process.platform !== "linux" && "this is told by /proc" };

export const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** What the tests have started, to be ended before a test's folder goes, however the test came out. */
export const started: { stop(): Promise<void> }[] = [];

/** A new folder of mode 0700, as a root user's home is, gone after the test with whatever still runs in it. */
export async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "embedded-"));
  t.after(async () => {
    for (const running of started.splice(0)) await running.stop();
    await endDatabase(join(folder, "data"));
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A data directory with a database in it already: made once, copied for each test that is not about the making. */
export async function withDatabase(t: TestContext): Promise<string> {
  const directory = join(await temporary(t), "data");
  await cp(await seed(), directory, { recursive: true });
  return directory;
}

let seeded: Promise<string> | undefined;

function seed(): Promise<string> {
  seeded ??= (async () => {
    const directory = await mkdtemp(join(tmpdir(), "embedded-seed-"));
    await (await start(directory)).stop();
    return directory;
  })();
  return seeded;
}

after(async () => {
  if (seeded !== undefined) await rm(await seeded, { recursive: true, force: true });
});

export function startOwner(command: string[], options: SpawnOptions = {}): OwnerProcess {
  const owner = new OwnerProcess(command, options);
  started.push({ stop: () => owner.kill() });
  return owner;
}

export function startProcess(directory: string, options: SpawnOptions = {}): OwnerProcess {
  return startOwner([...OWNER_COMMAND, directory], options);
}

/** Ends the postmaster on `directory` if the test has left one, after making sure that it is one. */
async function endDatabase(directory: string): Promise<void> {
  const cluster = join(directory, "postgres");
  const pid = await postmasterPid(directory);
  if (pid === undefined || !(await isPostgresOn(cluster, pid))) return;
  process.kill(pid, "SIGQUIT");
  await until(async () => !(await isPostgresOn(cluster, pid)));
}

export async function postmasterPid(directory: string): Promise<number | undefined> {
  const text = await readFile(join(directory, "postgres/postmaster.pid"), "utf8").catch(() => "");
  return Number(text.split("\n")[0]) || undefined;
}

export async function until(condition: () => boolean | Promise<boolean>, patience_ms = 20_000): Promise<void> {
  const deadline = performance.now() + patience_ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not so within ${patience_ms} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Starts one in the test's own process. */
export async function start(
  directory: string,
  onLost = (problem: StartupProblem): void => assert.fail(problem.message),
) {
  const postgres = await startEmbeddedPostgres({ directory, clock: systemClock, log: silent, onLost });
  started.push(postgres);
  return postgres;
}

export type Connection = EmbeddedPostgres["connection"];

export async function query(connection: Connection | undefined, text: string): Promise<Record<string, unknown>[]> {
  assert.ok(connection);
  const client = new pg.Client({ ...connection });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** The answer of a database that may have to be started again first. */
export async function queryAgain(connection: Connection, text: string): Promise<Record<string, unknown>[]> {
  let rows: Record<string, unknown>[] | undefined;
  await until(async () => {
    rows = await query(connection, text).catch(() => undefined);
    return rows !== undefined;
  });
  return rows ?? [];
}

export const endOwnersConnection =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tapline owner'";

export function refusal(said: Said): string {
  assert.equal(said.event, "refused", JSON.stringify(said));
  assert.equal(said.name, "StartupProblem", JSON.stringify(said));
  return said.message ?? "";
}

/**
 * An owner that is root among all the other users, as in a container, and may make no user namespace, as under Docker's
 * seccomp profile: in a namespace that maps every user to itself, namespaces below it are limited to none.
 */
export async function startWithoutNamespaces(directory: string): Promise<OwnerProcess> {
  const inside = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
  // Once the users are mapped it is root, but gets root's rights only by running another program.
  const outside = `read mapped; exec sh -c '${inside}' sh "$@"`;
  const owner = startOwner(["unshare", "--user", "sh", "-c", outside, "sh", ...OWNER_COMMAND, directory]);
  await until(async () => (await readFile(`/proc/${owner.pid}/comm`, "utf8")).trim() === "sh");
  writeFileSync(`/proc/${owner.pid}/uid_map`, "0 0 65536\n");
  writeFileSync(`/proc/${owner.pid}/gid_map`, "0 0 65536\n");
  owner.process.stdin?.write("mapped\n");
  return owner;
}
