/** What every benchmark stands on: a PostgreSQL of its own in a temporary folder, and child processes that end with it. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../src/storage/embedded/embedded-postgres.ts";
import { systemClock } from "../src/system-environment.ts";

export interface Stage {
  /** Makes a new database and answers its address. */
  database(name: string): Promise<string>;
  /** Runs a file of this folder in a process of its own. */
  start(file: string, environment: Record<string, string>): ChildProcess;
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Ends everything that was started, whatever becomes of `measure`. */
export async function onStage(measure: (stage: Stage) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "tapline-bench-"));
  const postgres = await startEmbeddedPostgres({
    directory,
    clock: systemClock,
    log: quiet,
    onLost: (problem) => {
      throw problem;
    },
  });
  const children: ChildProcess[] = [];
  const { host, port, user } = postgres.connection;
  try {
    await measure({
      database: async (name) => {
        const admin = new pg.Client({ ...postgres.connection });
        await admin.connect();
        await admin.query(`CREATE DATABASE ${name}`);
        await admin.end();
        return `postgres://${user}@/${name}?host=${encodeURIComponent(host)}&port=${port}`;
      },
      start: (file, environment) => {
        const child = fork(join(import.meta.dirname, file), { env: { ...process.env, ...environment } });
        children.push(child);
        return child;
      },
    });
  } finally {
    for (const child of children.toReversed()) await stopped(child);
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** A child of a benchmark ends when its parent lets go of it. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((exited) => child.once("exit", exited));
  child.disconnect();
  await gone;
}

/** The first thing a child says. */
export function firstWord<Said>(child: ChildProcess): Promise<Said> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as Said));
    child.once("exit", (code) => reject(new Error(`A process of the benchmark ended with ${code}.`)));
  });
}
