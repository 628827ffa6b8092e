/** A file that nothing reaches is read, kept and searched for nothing. */
import { posix } from "node:path";
import { resolveImport } from "./layers.ts";
import { isCode, type SourceTree } from "./project.ts";
import { readSource } from "./reading.ts";

/** Where the project is entered. A file that only a test reaches is dead: the test keeps alive what nobody runs. */
const entries = ["src/main.ts", "sdk/src/index.ts"];
const entryFolders = /^(scripts|bench|web)\//;

/** Migrations are found by listing their folder. */
const foundOtherwise = /(\.sql|\.md)$/;

export function checkDeadFiles(tree: SourceTree): string[] {
  const alive = reach(tree, [...entries, ...[...tree.keys()].filter((path) => entryFolders.test(path))]);
  const offences = entries
    .filter((path) => !tree.has(path))
    .map((path) => `${path} does not exist, so nothing is reached from it; write it.`);
  for (const path of tree.keys()) {
    if (!/^(src|sdk\/src)\//.test(path) || foundOtherwise.test(path) || alive.has(path)) continue;
    offences.push(`${path} is reached from nowhere but tests, if at all; use it or remove it.`);
  }
  return [...offences, ...checkDeadTestFiles(tree)];
}

function checkDeadTestFiles(tree: SourceTree): string[] {
  const files = [...tree.keys()].filter((path) => path.startsWith("test/") && isCode(path));
  const named = files.filter((path) => tree.get("package.json")?.includes(path));
  const alive = reach(tree, [...files.filter((path) => path.endsWith(".test.ts")), ...named]);
  return files.filter((path) => !alive.has(path)).map((path) => `${path} is used by no test; use it or remove it.`);
}

/** Everything that these files lead to, the files themselves included. */
function reach(tree: SourceTree, from: readonly string[]): Set<string> {
  const reached = new Set(from.filter((path) => tree.has(path)));
  for (const path of reached) for (const next of leadsTo(tree, path)) reached.add(next);
  return reached;
}

/**
 * What a file imports, and what it names in a string: a worker or a program that is started is reached by its path, written
 * from the file that names it or from the root.
 */
function leadsTo(tree: SourceTree, path: string): string[] {
  if (!isCode(path)) return [];
  const { imports, tokens } = readSource(path, tree.get(path) ?? "");
  const imported = imports.map(({ specifier }) => {
    if (specifier === "@tapline/sdk") return "sdk/src/index.ts";
    return specifier === undefined ? undefined : resolveImport(path, specifier);
  });
  const named = tokens
    .filter((token) => (token.kind === "string" || token.kind === "template") && /\.\w+$/.test(token.text))
    .flatMap((token) => [posix.join(posix.dirname(path), token.text), posix.normalize(token.text)]);
  return [...imported, ...named].filter((next) => next !== undefined && tree.has(next)) as string[];
}
