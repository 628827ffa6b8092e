/** The postmaster, PostgreSQL's first process: how it is started, recognised among other processes, and ended. */
import type { ChildProcess } from "node:child_process";
import { execFile } from "node:child_process";
import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Clock } from "../../domain/environment.ts";
import type { Binaries } from "./binaries.ts";
import { launch, type OperatingUser } from "./operating-user.ts";
import { PORT, socketPath } from "./socket-folder.ts";

/** What a postmaster writes about itself into its cluster. */
export interface PostmasterFile {
  readonly pid: number;
  /** Empty while it is starting. */
  readonly socketFolder: string;
}

/** On the command line these outrank every configuration file, so a file cannot turn durability off. */
const SETTINGS = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  listen_addresses: "",
  port: String(PORT),
  unix_socket_permissions: "0700",
  max_connections: "100",
  // For a machine of 1 GB and up; the operating system's cache does the rest.
  shared_buffers: "128MB",
  max_wal_size: "1GB",
  // Short statements on few rows: parallel workers would only take processors from payments, and their memory comes
  // from /dev/shm, which is 64 MB in a container.
  max_parallel_workers_per_gather: "0",
  jit: "off",
  timezone: "UTC",
  // The log tells of the server's own life. Failed statements are the business of whoever sent them, and their
  // details could hold what customers typed.
  logging_collector: "off",
  log_destination: "stderr",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] ",
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_checkpoints: "off",
};

export interface PostmasterPlace {
  readonly cluster: string;
  readonly socketFolder: string;
  /** An open file that its log goes to. */
  readonly log_fd: number;
}

/**
 * Starts a postmaster that outlives this process if it must: in a session of its own, since Ctrl-C in a terminal goes
 * to the whole foreground group and the database has to be there while the server drains.
 */
export function startPostmaster(user: OperatingUser, binaries: Binaries, place: PostmasterPlace): ChildProcess {
  // The setting is a list; quoted, a folder with a comma in its name is one folder.
  const folder = `"${place.socketFolder.replaceAll('"', '""')}"`;
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: folder });
  const args = ["-D", place.cluster, ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const child = launch(user, binaries.postgres, args, {
    detached: true,
    stdio: ["ignore", place.log_fd, place.log_fd],
  });
  child.unref();
  return child;
}

/** The file of the postmaster that runs on `cluster`; nothing if none does, whatever a file left behind says. */
export async function findPostmaster(cluster: string): Promise<PostmasterFile | undefined> {
  const file = await readPostmasterFile(cluster);
  return file && (await isPostgresOn(cluster, file.pid)) ? file : undefined;
}

async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  // PostgreSQL documents the order of the lines in src/include/utils/pidfile.h: the fifth is the socket's folder.
  return Number.isInteger(pid) && pid > 1 ? { pid, socketFolder: lines[4]?.trim() ?? "" } : undefined;
}

/**
 * Whether process `pid` is a PostgreSQL process at work in `cluster`. Process numbers are used again, and in a
 * container after a crash they nearly always are; so nothing is signalled on a number alone.
 */
export async function isPostgresOn(cluster: string, pid: number): Promise<boolean> {
  if (process.platform !== "linux") {
    const shown = await promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(() => undefined);
    const command = shown?.stdout ?? "";
    return command.includes("postgres") && command.includes(`-D ${cluster} `);
  }
  // PostgreSQL processes work in their cluster. A process that has ended but was not collected has no folder any more.
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => "");
  if (folder !== cluster) return false;
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return name.trim() === "postgres";
}

/**
 * Removes the lock files of a postmaster that is gone where PostgreSQL would not: it takes any process that now goes
 * by the number in them for that postmaster. Safe only while no PostgreSQL process of any kind is at work in the
 * cluster, which is looked up in /proc; elsewhere they are left alone.
 */
export async function removeStaleLockFiles(cluster: string, socketFolder: string): Promise<void> {
  if (process.platform !== "linux") return;
  const file = await readPostmasterFile(cluster);
  if (!file || !(await isProcess(file.pid))) return;
  if ((await postgresProcessesOn(cluster)).length > 0) return;
  const now = await readPostmasterFile(cluster);
  if (now?.pid !== file.pid) return;
  await rm(join(cluster, "postmaster.pid"), { force: true });
  await rm(`${socketPath(socketFolder)}.lock`, { force: true });
}

/**
 * Ends what a killed postmaster left behind. Its processes go by themselves once they are idle, but one that is busy
 * with a long statement does not look up until then, and no postmaster can start beside it. Only while there is none.
 */
export async function endLeftovers(cluster: string): Promise<void> {
  if (process.platform !== "linux") return;
  for (const pid of await postgresProcessesOn(cluster)) sendSignal(pid, "SIGQUIT");
}

async function postgresProcessesOn(cluster: string): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await readdir("/proc")) {
    if (/^\d+$/.test(name) && (await isPostgresOn(cluster, Number(name)))) pids.push(Number(name));
  }
  return pids;
}

async function isProcess(pid: number): Promise<boolean> {
  return readFile(`/proc/${pid}/comm`).then(
    () => true,
    () => false,
  );
}

/** A fast shutdown flushes everything first; on a slow disk that takes a while. */
const FAST_SHUTDOWN_MS = 30_000;
/** An immediate one ends at once; the next start replays the log. */
const IMMEDIATE_SHUTDOWN_MS = 5_000;

/** Ends the process that `isRunning` watches: politely, then at once. Returns whether it has ended. */
export async function endPostmaster(pid: number, isRunning: () => Promise<boolean>, clock: Clock): Promise<boolean> {
  const stages = [
    { signal: "SIGINT", patience_ms: FAST_SHUTDOWN_MS },
    { signal: "SIGQUIT", patience_ms: IMMEDIATE_SHUTDOWN_MS },
  ] as const;
  for (const { signal, patience_ms } of stages) {
    const start = clock.monotonic();
    if (!(await isRunning())) return true;
    sendSignal(pid, signal);
    while (clock.monotonic() - start < patience_ms) {
      if (!(await isRunning())) return true;
      await clock.wait(20);
    }
  }
  return !(await isRunning());
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended since it was looked up, or is another user's; whether it still runs is seen by the caller.
  }
}
