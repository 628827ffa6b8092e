/** Reads one source file into what the checkers look at: its tokens, its imports, and what is left of it at run time. */
import { stripTypeScriptTypes } from "node:module";
import { type Token, tokenize } from "./tokens.ts";

export interface Import {
  /** As written; a template's substitutions stand as `…`. Undefined when the path is computed. */
  readonly specifier: string | undefined;
  readonly line: number;
  /** Gone at run time. */
  readonly typeOnly: boolean;
  /** `import { type A }`: only types, yet Node loads the file for it. */
  readonly allNamesAreTypes: boolean;
  readonly reexport: boolean;
  readonly names: readonly string[];
}

export interface Reading {
  /** Everything as written, comments too. */
  readonly tokens: readonly Token[];
  /** What Node runs: no comments, no types. */
  readonly code: readonly Token[];
  readonly imports: readonly Import[];
  /** Why Node could not run the file, in its own words. */
  readonly fault: string | undefined;
}

const readings = new Map<string, { source: string; reading: Reading }>();

/** Checkers ask for the same files one after another, so a reading is kept as long as the text is the same. */
export function readSource(path: string, source: string): Reading {
  const kept = readings.get(path);
  if (kept?.source === source) return kept.reading;
  const tokens = tokenize(source);
  const { text, fault } = stripTypes(path, source);
  const code = tokenize(text).filter((token) => token.kind !== "comment");
  const reading = { tokens, code, imports: readImports(tokens, text), fault };
  readings.set(path, { source, reading });
  return reading;
}

/** Types become blanks of the same length, so offsets and lines stay true. Node does not read JSX; there nothing is stripped. */
function stripTypes(path: string, source: string): { text: string; fault: string | undefined } {
  if (path.endsWith(".tsx")) return { text: source, fault: undefined };
  const { emitWarning } = process;
  // The function is marked experimental; saying so in every test run would teach people to skip warnings.
  process.emitWarning = () => {};
  try {
    return { text: stripTypeScriptTypes(source), fault: undefined };
  } catch (error) {
    return { text: source, fault: String(error instanceof Error ? error.message : error).split("\n")[0] };
  } finally {
    process.emitWarning = emitWarning;
  }
}

function readImports(all: readonly Token[], stripped: string): Import[] {
  const tokens = all.filter((token) => token.kind !== "comment");
  const imports: Import[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== "word" || tokens[i - 1]?.text === ".") continue;
    if (token.text === "import" && isPunct(tokens[i + 1], "(")) imports.push(readDynamic(tokens, i, stripped));
    else if (token.text === "import" || token.text === "export") {
      const found = readStatic(tokens, i);
      if (found) imports.push(found);
    }
  }
  return imports;
}

function readDynamic(tokens: readonly Token[], i: number, stripped: string): Import {
  const token = tokens[i] as Token;
  const argument = tokens[i + 2];
  const written = argument?.kind === "string" || argument?.kind === "template";
  return {
    specifier: written && argument.text !== "…" ? argument.text : undefined,
    line: token.line,
    typeOnly: !stripped.startsWith("import", token.at),
    allNamesAreTypes: false,
    reexport: false,
    names: [],
  };
}

/** `import … from "x"`, `import "x"`, `export … from "x"`; anything else that begins with these words is no import. */
function readStatic(tokens: readonly Token[], start: number): Import | undefined {
  const token = tokens[start] as Token;
  const reexport = token.text === "export";
  let i = start + 1;
  const typeOnly = tokens[i]?.text === "type" && tokens[i + 1]?.text !== "," && !isDefaultNamedType(tokens, i);
  if (typeOnly) i++;
  if (reexport && !isPunct(tokens[i], "{") && !isPunct(tokens[i], "*")) return undefined;
  const clause: Token[] = [];
  for (; tokens[i] && tokens[i]?.kind !== "string"; i++) {
    const part = tokens[i] as Token;
    const allowed = part.kind === "word" || ["{", "}", ",", "*"].includes(part.text);
    if (!allowed) return undefined;
    // `export { a }` has no path: the list ends and no `from` follows.
    if (isPunct(part, "}") && tokens[i + 1]?.text !== "from") return undefined;
    clause.push(part);
  }
  const specifier = tokens[i];
  if (!specifier || (clause.length > 0 && clause.at(-1)?.text !== "from")) return undefined;
  return { specifier: specifier.text, line: token.line, typeOnly, reexport, ...readClause(clause) };
}

/** `import type from "x"` imports a default called `type`. */
function isDefaultNamedType(tokens: readonly Token[], i: number): boolean {
  return tokens[i + 1]?.text === "from" && tokens[i + 2]?.kind === "string";
}

function readClause(clause: readonly Token[]): { names: string[]; allNamesAreTypes: boolean } {
  const open = clause.findIndex((token) => isPunct(token, "{"));
  const names = clause
    .slice(open + 1)
    .map((token) => token.text)
    .join(" ")
    .replace(/ ?\} from$/, "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const types = names.filter((name) => /^type \w/.test(name) && !/^type as \w+$/.test(name));
  return { names, allNamesAreTypes: open === 0 && names.length > 0 && types.length === names.length };
}

export function isPunct(token: Token | undefined, text: string): boolean {
  return token?.kind === "punct" && token.text === text;
}

export function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === "word" && token.text === text;
}
