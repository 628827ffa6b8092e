/** The test's side of a process that is there to be killed: starts it, hears what it says, and knows who ended it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Said {
  readonly event: string;
  readonly [fact: string]: unknown;
}

export interface KillableOptions {
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly onSaid?: (said: Said) => void;
  /** It ended, and nobody here had asked it to. */
  readonly onDeath: (how: string) => void;
}

/** Of what it wrote to its standard error, so much is kept. */
const errorsKept = 60_000;

export class KillableProcess {
  readonly #process: ChildProcess;
  readonly #said: Said[] = [];
  readonly #ended: Promise<unknown>;
  #errors = "";
  #wanted = true;
  #is_over = false;
  #news: (() => void)[] = [];

  /** `program` is a file beside this one. */
  constructor(program: string, { args = [], env, onSaid, onDeath }: KillableOptions) {
    const path = fileURLToPath(new URL(program, import.meta.url));
    this.#process = spawn(process.execPath, [path, ...args], {
      // Nothing of the test run's own settings: a DATABASE_URL here would be the wrong one there.
      env: { PATH: process.env.PATH ?? "", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const { stdin, stdout, stderr } = this.#process;
    if (stdin === null || stdout === null || stderr === null) throw new Error(`${program} has no pipes.`);
    stdin.on("error", () => {});
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-errorsKept);
    });
    createInterface({ input: stdout }).on("line", (line) => {
      // A kill in the middle of a line leaves half of it.
      if (!line.endsWith("}")) return;
      const said = JSON.parse(line) as Said;
      this.#said.push(said);
      onSaid?.(said);
      this.#wake();
    });
    this.#ended = once(this.#process, "close").then(() => {
      this.#is_over = true;
      this.#wake();
      const { exitCode, signalCode } = this.#process;
      if (this.#wanted) onDeath(`${program} ended by itself (${exitCode ?? signalCode}): ${this.#errors}`);
    });
  }

  get errors(): string {
    return this.#errors;
  }

  get isOver(): boolean {
    return this.#is_over;
  }

  /** What it says of `event`, said already or still to come. `undefined` if it ends without. */
  async hear(event: string): Promise<Said | undefined> {
    for (;;) {
      const found = this.#said.find((said) => said.event === event);
      if (found !== undefined || this.#is_over) return found;
      await new Promise<void>((look) => this.#news.push(look));
    }
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.#wanted = false;
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  #wake(): void {
    for (const look of this.#news.splice(0)) look();
  }
}
