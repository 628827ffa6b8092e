/** The test's side of embedded-owner.ts: starts it, as whatever user, and reads what it says. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Said {
  readonly event: string;
  readonly message?: string;
  readonly name?: string;
  readonly pid?: number;
  readonly connection?: { host: string; port: number; user: string; database: string };
}

export const OWNER_COMMAND = [process.execPath, fileURLToPath(new URL("./embedded-owner.ts", import.meta.url))];

export class OwnerProcess {
  readonly process: ChildProcess;
  readonly said: Said[] = [];
  readonly #ended: Promise<unknown>;
  #errors = "";
  #news: (() => void)[] = [];

  constructor(command: string[], options: SpawnOptions = {}) {
    const [file = "", ...args] = command;
    this.process = spawn(file, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
    this.#ended = once(this.process, "close");
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.process.stdin?.on("error", () => undefined);
    if (this.process.stdout === null) throw new Error("the owner has no output");
    createInterface({ input: this.process.stdout })
      .on("line", (line) => {
        this.said.push(JSON.parse(line));
        for (const look of this.#news.splice(0)) look();
      })
      .on("close", () => {
        for (const look of this.#news.splice(0)) look();
      });
  }

  get pid(): number {
    const { pid } = this.process;
    if (pid === undefined) throw new Error("the owner did not start");
    return pid;
  }

  /** The first thing said about one of `events`, said already or still to come. */
  async hear(...events: string[]): Promise<Said> {
    for (;;) {
      const found = this.said.find(({ event }) => events.includes(event));
      if (found) return found;
      if (this.process.stdout?.readableEnded) {
        throw new Error(`the owner ended without ${events}: ${JSON.stringify(this.said)} ${this.#errors}`);
      }
      await new Promise<void>((resolve) => this.#news.push(resolve));
    }
  }

  /** Whether it runs is all that is known of how a start went. */
  outcome(): Promise<Said> {
    return this.hear("running", "refused");
  }

  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.#ended;
  }

  async stop(): Promise<void> {
    this.process.stdin?.end("stop\n");
    await this.#ended;
  }

  async end(): Promise<void> {
    await this.#ended;
  }
}
