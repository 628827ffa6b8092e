/** The project's files as the checkers see them, real or planted, and the way an offence is told. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Path from the root, with forward slashes, to the file's text. Files that are not text have none. */
export type SourceTree = ReadonlyMap<string, string>;

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Every file that is in git or would be with `git add .`, so that an offence is told before it is committed. */
export function projectTree(): SourceTree {
  const tree = new Map<string, string>();
  for (const path of listFiles()) {
    if (!existsSync(root + path)) continue;
    const text = readFileSync(root + path, "utf8");
    tree.set(path, text.includes("\0") ? "" : text);
  }
  return tree;
}

function listFiles(): string[] {
  const args = ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const git = spawnSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (git.status === 0) return [...new Set(git.stdout.split("\0").filter((path) => path !== ""))].sort();
  // A downloaded archive is no repository, and a container may lack git; what is there beyond these folders was in git.
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !/(^|\/)(node_modules|data|\.git)(\/|$)/.test(path) && statSync(root + path).isFile())
    .sort();
}

/** A small tree for a test of a checker. */
export function plant(files: Record<string, string>): SourceTree {
  return new Map(Object.entries(files));
}

/** Each offence is one sentence that says what to do, so the sentences are all there is to print. */
export function noOffences(offences: readonly string[]): void {
  if (offences.length > 0) assert.fail(offences.join("\n"));
}

export function isCode(path: string): boolean {
  return /\.tsx?$/.test(path);
}

/** The folders that hold our programs; documents have freer names. */
export function isProgramFolder(path: string): boolean {
  return /^(src|sdk|web|test|bench|scripts)\//.test(path);
}

export function under(tree: SourceTree, ...folders: string[]): [path: string, source: string][] {
  return [...tree].filter(([path]) => isCode(path) && folders.some((folder) => path.startsWith(`${folder}/`)));
}
