/** Keeps the import table: which file imports which, and which of Node's modules. */
import { posix } from "node:path";
import { type ImportRow, importTable } from "./import-table.ts";
import { isCode, type SourceTree } from "./project.ts";
import { type Import, readSource } from "./reading.ts";

export function checkLayers(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of tree) {
    const row = rowOf(path);
    if (row === undefined) continue;
    if (/\.([cm][jt]s|jsx?)$/.test(path))
      offences.push(`${path} is not TypeScript as the checkers read it; name it .ts.`);
    if (!isCode(path)) continue;
    const rules = importTable[row];
    if (!rules) {
      offences.push(`${path} belongs to no row of test/house/import-table.ts; move it into a folder that has one.`);
      continue;
    }
    const { imports, fault } = readSource(path, source);
    if (fault) offences.push(`${path} cannot be run by Node as it is (${fault}); write it with erasable syntax only.`);
    for (const found of imports) {
      const offence = offenceOf(path, row, rules, found);
      if (offence) offences.push(offence);
    }
  }
  return offences;
}

function offenceOf(path: string, row: string, rules: ImportRow, found: Import): string | undefined {
  const { specifier } = found;
  if (specifier === undefined) return undefined;
  if (specifier.startsWith("node:")) {
    if (rules.builtins === "all" || rules.builtins.includes(specifier as `node:${string}`)) return undefined;
    const allowed = rules.builtins.length === 0 ? "none" : `only ${rules.builtins.join(", ")}`;
    return `${path} imports ${specifier}; of Node's own modules ${row} may import ${allowed}, for ${rules.reason}: ${rules.instead}.`;
  }
  const target = resolveImport(path, specifier);
  if (target === undefined) return undefined;
  const targetRow = rowOf(target) ?? target.split("/")[0];
  if (targetRow === row || rules.mayImport.some((entry) => covers(entry, target))) return undefined;
  if (found.typeOnly && targetRow === "contract" && path.startsWith("src/")) return undefined;
  const allowed = rules.mayImport.length === 0 ? "nothing but its own files" : rules.mayImport.join(", ");
  return `${path} imports ${target}; ${row} may import ${allowed}: ${rules.instead}.`;
}

/** The row a file belongs to; undefined where the table does not reach. */
export function rowOf(path: string): string | undefined {
  const [top, second] = path.split("/");
  if (top === "web" || top === "sdk") return top;
  return top === "src" ? second : undefined;
}

function covers(entry: string, target: string): boolean {
  const base = entry === "sdk" || entry === "web" ? entry : `src/${entry}`;
  return target === base || target === `${base}.ts` || target.startsWith(`${base}/`);
}

/** The path from the root that a relative import leads to; undefined for packages. */
export function resolveImport(from: string, specifier: string): string | undefined {
  return /^\.\.?(\/|$)/.test(specifier) ? posix.join(posix.dirname(from), specifier) : undefined;
}
