/** A file is read in one go and a function on one screen (TigerBeetle's measure for functions). */
import { type SourceTree, under } from "./project.ts";
import { isPunct, isWord, readSource } from "./reading.ts";
import type { Token } from "./tokens.ts";

const fileLines = 350;
const functionLines = 70;

export function checkSizes(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of under(tree, "src", "sdk")) {
    if (isDerived(source)) continue;
    const lines = source.replace(/\n$/, "").split("\n").length;
    if (lines > fileLines) offences.push(`${path} has ${lines} lines; ${fileLines} is the limit: split by story.`);
    for (const found of readFunctions(readSource(path, source).code)) {
      if (found.lines <= functionLines) continue;
      offences.push(
        `${path}:${found.line} ${found.name} has ${found.lines} lines; ${functionLines} is the limit: give its phases functions of their own.`,
      );
    }
  }
  return offences;
}

/** Nobody reads a derived file for its story; it says in its head where it comes from. */
function isDerived(source: string): boolean {
  return source.split("\n").slice(0, 5).join("\n").includes("scripts/generate.ts");
}

interface FunctionSize {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** Every function with a body in braces. Tables of data have braces too, but no parameters before them, so they do not count. */
export function readFunctions(code: readonly Token[]): FunctionSize[] {
  const partner = pairBrackets(code);
  const functions: FunctionSize[] = [];
  for (const [open, token] of code.entries()) {
    const close = partner.get(open);
    if (!isPunct(token, "{") || close === undefined) continue;
    const start = functionStart(code, partner, open);
    if (start === undefined) continue;
    const line = code[start]?.line ?? token.line;
    const name = /^[\w$]+$/.test(code[start]?.text ?? "") ? (code[start]?.text ?? "") : "a function";
    functions.push({ name, line, lines: (code[close]?.line ?? line) - line + 1 });
  }
  return functions;
}

function pairBrackets(code: readonly Token[]): Map<number, number> {
  const partner = new Map<number, number>();
  const opened: number[] = [];
  for (const [i, token] of code.entries()) {
    if (token.kind !== "punct") continue;
    if (/^([([{]|\$\{)$/.test(token.text)) opened.push(i);
    else if (/^([)\]}]|\}\$)$/.test(token.text)) {
      const open = opened.pop();
      if (open === undefined) continue;
      partner.set(open, i);
      partner.set(i, open);
    }
  }
  return partner;
}

/** A parenthesis before a brace belongs to these, not to a function. */
const controlWords = new Set(["if", "for", "while", "switch", "catch", "with", "await"]);

/** The token that a function's name or, without one, its parameters begin with; undefined if this brace opens something else. */
function functionStart(code: readonly Token[], partner: ReadonlyMap<number, number>, open: number): number | undefined {
  const arrow = isPunct(code[open - 1], "=>");
  const beforeBody = arrow ? open - 2 : open - 1;
  const parenthesis = isPunct(code[beforeBody], ")");
  if (!arrow && !parenthesis) return undefined;
  const parameters = parenthesis ? partner.get(beforeBody) : beforeBody;
  if (parameters === undefined) return undefined;
  return arrow ? arrowStart(code, parameters) : methodStart(code, parameters);
}

/** `name = async (…) =>`, `name: (…) =>`, or an arrow that is passed on without a name. */
function arrowStart(code: readonly Token[], parameters: number): number {
  const first = isWord(code[parameters - 1], "async") ? parameters - 1 : parameters;
  const named = isPunct(code[first - 1], "=") || isPunct(code[first - 1], ":");
  return named && code[first - 2]?.kind === "word" ? first - 2 : first;
}

/** `function name(…)`, `name(…)`, `[name](…)`. */
function methodStart(code: readonly Token[], parameters: number): number | undefined {
  const before = code[parameters - 1];
  if (before?.kind !== "word") return isPunct(before, "]") || isPunct(before, "*") ? parameters : undefined;
  return controlWords.has(before.text) ? undefined : parameters - 1;
}
