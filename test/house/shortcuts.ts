/** What is put off or switched off stays so: none of it in the tree. */
import { isCode, isProgramFolder, type SourceTree } from "./project.ts";
import { isPunct, isWord, readSource } from "./reading.ts";
import type { Token } from "./tokens.ts";

export function checkComments(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of tree) {
    for (const { text, line } of commentsOf(path, source)) {
      const later = /\b(TODO|FIXME|XXX|HACK)\b/.exec(text)?.[1];
      if (later) offences.push(`${path}:${line} says ${later}; do it now, or write it down as an issue.`);
      const silenced = /@ts-ignore|@ts-nocheck|biome-ignore/.exec(text)?.[0];
      if (silenced)
        offences.push(`${path}:${line} silences a checker with ${silenced}; write it so that the checker agrees.`);
    }
  }
  return offences;
}

function commentsOf(path: string, source: string): { text: string; line: number }[] {
  if (isCode(path)) return readSource(path, source).tokens.filter((token) => token.kind === "comment");
  if (!path.endsWith(".sql")) return [];
  const lines = source.split("\n").map((text, i) => ({ text, line: i + 1 }));
  return lines.filter(({ text }) => text.includes("--") || text.includes("/*"));
}

const testFunctions = new Set(["test", "it", "describe", "suite", "t", "context"]);
const switches = new Set(["only", "skip", "todo"]);

export function checkSwitchedOffTests(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of tree) {
    if (!isCode(path) || !isProgramFolder(path)) continue;
    const { code } = readSource(path, source);
    for (const [i, token] of code.entries()) {
      if (token.kind !== "word" || !testFunctions.has(token.text)) continue;
      const found = isPunct(code[i + 1], ".") ? code[i + 2] : switchInOptions(code, i);
      if (!found || !switches.has(found.text)) continue;
      offences.push(
        `${path}:${found.line} switches tests off with ${found.text}; make the test pass or remove it, and let all tests run.`,
      );
    }
  }
  return offences;
}

/**
 * `test("…", { skip: true }, …)`. A condition with its reason (`skip: !isRoot && "this is not root"`) is no shortcut: such
 * a test runs wherever it can, and says why where it cannot.
 */
function switchInOptions(code: readonly Token[], i: number): Token | undefined {
  if (!isPunct(code[i + 1], "(")) return undefined;
  const comma = isPunct(code[i + 3], ",") ? i + 3 : i + 1;
  if (!isPunct(code[comma + 1], "{")) return undefined;
  const end = code.findIndex((token, at) => at > comma && isPunct(token, "}"));
  const at = code.findIndex(
    (token, index) => index > comma && index < end && [...switches].some((name) => isWord(token, name)),
  );
  const found = code[at];
  const is_condition = found?.text === "skip" && code.slice(at, end).some((token) => token.text === "&");
  return is_condition ? undefined : found;
}
