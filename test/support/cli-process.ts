/** The command line as people run it: a process of its own, with nothing in its environment but what a test sets. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Settings } from "../../src/config.ts";
import { isPostgresOn } from "../../src/storage/embedded/postmaster.ts";
import { until } from "./shop.ts";

const main = fileURLToPath(new URL("../../bin/tapline.js", import.meta.url));

/** Less than a test's own patience, so that what was said instead is told. */
const patience_ms = 9_500;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class CliProcess {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  stdout = "";
  stderr = "";

  constructor(args: readonly string[], settings: Settings, folder: string, user?: number) {
    const { PATH, HOME, TMPDIR } = process.env;
    this.#process = spawn(process.execPath, [main, ...args], {
      cwd: folder,
      env: { PATH, HOME, TMPDIR, TAPLINE_PORT: "0", TAPLINE_SIMULATOR_DELAY_MS: "0", ...settings },
      stdio: ["ignore", "pipe", "pipe"],
      ...(user === undefined ? {} : { uid: user, gid: user }),
    });
    this.#ended = once(this.#process, "close");
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Waits until it has said so on its standard output. */
  async said(words: RegExp): Promise<RegExpExecArray> {
    const began = performance.now();
    return until(() => {
      const found = words.exec(this.stdout);
      if (found !== null) return found;
      const late = performance.now() - began > patience_ms;
      assert.ok(this.isRunning && !late, `It did not say ${words}:\n${this.stdout}\n${this.stderr}`);
      return undefined;
    });
  }

  /** Where it serves, once it does, with its demo complete. */
  async serving(): Promise<string> {
    const [, address = ""] = await this.said(/^Serving at (http:\S+), data in .*$/m);
    await this.said(/Ctrl-C stops the server/);
    return address;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async end(): Promise<Ended> {
    await this.#ended;
    const { stdout, stderr } = this;
    return { code: this.#process.exitCode, stdout, stderr };
  }

  /** Ends it with a signal and waits for it. */
  async stop(name: NodeJS.Signals): Promise<Ended> {
    this.signal(name);
    return this.end();
  }
}

/** A folder to run in, and all that was started there. */
export class CliScene {
  readonly folder: string;
  readonly data_dir: string;
  readonly #started: CliProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.data_dir = join(folder, "data");
  }

  static async open(): Promise<CliScene> {
    return new CliScene(await mkdtemp(join(tmpdir(), "cli-")));
  }

  start(args: readonly string[], settings: Settings = {}, user?: number): CliProcess {
    const started = new CliProcess(args, { TAPLINE_DATA_DIR: this.data_dir, ...settings }, this.folder, user);
    this.#started.push(started);
    return started;
  }

  /** Runs a command to its end. */
  run(args: readonly string[], settings: Settings = {}, user?: number): Promise<Ended> {
    return this.start(args, settings, user).end();
  }

  /** The process number of the scene's own PostgreSQL, if one runs. */
  async postgres(data_dir = this.data_dir): Promise<number | undefined> {
    const cluster = join(data_dir, "postgres");
    try {
      const pid = Number(readFileSync(join(cluster, "postmaster.pid"), "utf8").split("\n")[0]);
      return (await isPostgresOn(cluster, pid)) ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#started.map((one) => one.stop("SIGKILL")));
    const pid = await this.postgres();
    if (pid !== undefined) {
      process.kill(pid, "SIGQUIT");
      await until(async () => (await this.postgres()) === undefined);
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A refusal as people see it: one sentence on standard error, a code that is not 0, and no stack trace. */
export function refusal({ code, stderr }: Ended): string {
  assert.equal(code, 1, stderr);
  const sentences = stderr.replace("Creating the database…\n", "");
  assert.match(sentences, /^[^\n]+[.)]\n$/);
  assert.doesNotMatch(stderr, /\bat .*:\d+:\d+|Error:|node:internal/);
  return sentences.trim();
}
