/** Imports say where a thing is: no barrels in between, no aliases, nothing found by its name at run time. */
import { isCode, isProgramFolder, type SourceTree, under } from "./project.ts";
import { isPunct, isWord, readSource } from "./reading.ts";
import type { Token } from "./tokens.ts";

/** A published package needs one door; inside the project everything is imported from where it is declared. */
const packageDoors = ["sdk/src/index.ts"];

export function checkImportShapes(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of tree) {
    if (!isCode(path) || !isProgramFolder(path)) continue;
    const { tokens, imports } = readSource(path, source);
    if (!packageDoors.includes(path) && isBarrel(tokens)) {
      offences.push(`${path} only re-exports; remove it and import from where things are declared.`);
    }
    for (const { specifier, line, allNamesAreTypes } of imports) {
      const computed = specifier === undefined || /^\..*…/.test(specifier);
      if (computed && /^(src|sdk)\//.test(path)) {
        offences.push(`${path}:${line} computes what it imports; write each import out.`);
      } else if (/^([#~/]|@\/|src\/)/.test(specifier ?? "")) {
        offences.push(`${path}:${line} imports "${specifier}" by an alias; write the relative path.`);
      } else if (allNamesAreTypes) {
        offences.push(`${path}:${line} loads "${specifier}" at run time only for types; write import type.`);
      }
    }
  }
  return [...offences, ...checkAliasSettings(tree)];
}

function checkAliasSettings(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, text] of tree) {
    if (/(^|\/)tsconfig[\w.-]*\.json$/.test(path) && /"(paths|baseUrl|rootDirs)"\s*:/.test(text)) {
      offences.push(`${path} sets path aliases; remove them and write relative paths.`);
    }
    if (/(^|\/)package\.json$/.test(path) && "imports" in (JSON.parse(text) as object)) {
      offences.push(`${path} sets path aliases under "imports"; remove them and write relative paths.`);
    }
  }
  return offences;
}

/** Something is exported, and nothing in the file is its own. */
function isBarrel(all: readonly Token[]): boolean {
  const tokens = all.filter((token) => token.kind !== "comment");
  let reexports = 0;
  let i = 0;
  while (i < tokens.length) {
    const token = tokens[i];
    const next = isWord(tokens[i + 1], "type") ? tokens[i + 2] : tokens[i + 1];
    if (isPunct(token, ";")) i++;
    else if (isWord(token, "import") && !isPunct(next, "(") && !isPunct(next, ".")) i = endOfPath(tokens, i);
    else if (isWord(token, "export") && (isPunct(next, "{") || isPunct(next, "*"))) {
      reexports++;
      const close = tokens.findIndex((other, at) => at > i && isPunct(other, "}"));
      const list = isPunct(next, "{") && !isWord(tokens[close + 1], "from");
      i = list ? close + 1 : endOfPath(tokens, i);
    } else return false;
  }
  return reexports > 0;
}

/** Past the path and its attributes: `from "./a.json" with { type: "json" }`. */
function endOfPath(tokens: readonly Token[], start: number): number {
  const path = tokens.findIndex((token, at) => at > start && token.kind === "string");
  if (path < 0) return tokens.length;
  if (!isWord(tokens[path + 1], "with")) return path + 1;
  return tokens.findIndex((token, at) => at > path && isPunct(token, "}")) + 1;
}

/** Exported here and nowhere else, so the two ways to write it are told alike. */
export function checkDefaultExports(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of under(tree, "src", "sdk")) {
    const { tokens } = readSource(path, source);
    for (const [i, token] of tokens.entries()) {
      if (!isWord(token, "default")) continue;
      const exported = isWord(tokens[i - 1], "export");
      const renamed = isWord(tokens[i - 1], "as") && /^[},]$/.test(tokens[i + 1]?.text ?? "");
      if (exported || (renamed && !isInImport(tokens, i))) {
        offences.push(`${path}:${token.line} exports a default; export it by its name.`);
      }
    }
  }
  return offences;
}

function isInImport(tokens: readonly Token[], i: number): boolean {
  const opening = tokens.slice(0, i).findLast((token) => isWord(token, "import") || isWord(token, "export"));
  return isWord(opening, "import");
}
