/** `<data dir>/demo.json`: how programs and people reach the demo. Readable by its owner only. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartupProblem } from "../domain/startup-problem.ts";

export interface DemoFile {
  readonly base_url: string;
  readonly account_id: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly profile_id: string;
  readonly store_id: string;
  readonly terminal_id: string;
  readonly payout_destination_id: string;
}

const pathIn = (data_dir: string): string => join(data_dir, "demo.json");

/** `undefined` if there is none, or if it is no demo file any more. */
export function readDemoFile(data_dir: string): DemoFile | undefined {
  try {
    const file = JSON.parse(readFileSync(pathIn(data_dir), "utf8")) as DemoFile;
    return typeof file.client_secret === "string" && typeof file.base_url === "string" ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Written whole or not at all, and only where something changed. */
export function writeDemoFile(data_dir: string, file: DemoFile): void {
  if (JSON.stringify(readDemoFile(data_dir)) === JSON.stringify(file)) return;
  const path = pathIn(data_dir);
  try {
    mkdirSync(data_dir, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new StartupProblem(`Cannot write ${path} (${(error as Error).message}): make the directory writable.`);
  }
}
