/**
 * Settings, time, randomness and the database each come in by one door, so that a test or a simulation can stand in it.
 */
import { type SourceTree, under } from "./project.ts";
import { isPunct, isWord, readSource } from "./reading.ts";
import type { Token } from "./tokens.ts";

export function checkSettings(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of under(tree, "src")) {
    if (path === "src/config.ts") continue;
    const { code, imports } = readSource(path, source);
    const imported = imports.filter(({ specifier, names }) => specifier === "node:process" && names.some(isEnv));
    for (const { line } of [...code.filter((token, i) => isWord(token, "process") && readsEnv(code, i)), ...imported]) {
      offences.push(
        `${path}:${line} reads process.env; only src/config.ts does: add the setting there and take its value as an argument.`,
      );
    }
  }
  return offences;
}

function isEnv(name: string): boolean {
  return /^env\b/.test(name);
}

/** `process.env`, `process?.env`, `process["env"]`, `const { env } = process`. */
function readsEnv(code: readonly Token[], i: number): boolean {
  const after = code.slice(i + 1, i + 4).map((token) => token.text);
  if (/^(\.env|\?\.env|\[env)\b/.test(after.join(""))) return true;
  if (!isPunct(code[i - 1], "=") || !isPunct(code[i - 2], "}")) return false;
  const open = code.findLastIndex((token, at) => at < i && isPunct(token, "{"));
  return code.slice(open, i).some((token) => isWord(token, "env"));
}

const realTimeFiles = /^src\/(app\.ts|main\.ts|system-environment\.ts|cli\/.*)$/;
const clock = "take the Clock of src/domain/environment.ts as an argument";
const random = "take the random of src/domain/environment.ts as an argument";

/** What each asks of the machine. */
const machineCalls: readonly { call: string; instead: string }[] = [
  { call: "Date.now", instead: clock },
  { call: "performance.now", instead: clock },
  { call: "process.hrtime", instead: clock },
  { call: "Temporal.Now", instead: clock },
  { call: "setTimeout", instead: clock },
  { call: "setInterval", instead: clock },
  { call: "Math.random", instead: random },
  { call: "randomUUID", instead: random },
  { call: "randomBytes", instead: random },
  { call: "randomInt", instead: random },
  { call: "randomFill", instead: random },
  { call: "randomFillSync", instead: random },
  { call: "getRandomValues", instead: random },
];

export function checkMachineCalls(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of under(tree, "src")) {
    if (realTimeFiles.test(path)) continue;
    const { code, imports } = readSource(path, source);
    const tell = (line: number, call: string, instead: string) =>
      offences.push(`${path}:${line} uses ${call}, which a simulation cannot stand in for: ${instead}.`);
    for (const [i, token] of code.entries()) {
      const { call, instead } = machineCalls.find((entry) => isCallOf(code, i, entry.call)) ?? {};
      if (call && instead) tell(token.line, call, instead);
      if (isWord(token, "Date") && asksForNow(code, i)) tell(token.line, "Date without an argument", clock);
    }
    for (const { specifier, line } of imports) {
      if (/^node:timers\b/.test(specifier ?? "")) tell(line, String(specifier), clock);
    }
  }
  return offences;
}

function isCallOf(code: readonly Token[], i: number, call: string): boolean {
  const [first, member] = call.split(".");
  if (!isWord(code[i], first as string)) return false;
  if (member !== undefined) return isPunct(code[i + 1], ".") && isWord(code[i + 2], member);
  // A socket has a setTimeout of its own, which is no clock of ours; randomness is the machine's under any name.
  const object = isPunct(code[i - 1], ".") ? code[i - 2]?.text : "globalThis";
  return !call.startsWith("set") || ["globalThis", "window", "self"].includes(object ?? "");
}

/** `new Date()`, `new Date` and `Date()`. */
function asksForNow(code: readonly Token[], i: number): boolean {
  const isNew = isWord(code[i - 1], "new");
  if (!isPunct(code[i + 1], "(")) return isNew;
  return !isPunct(code[i - 1], ".") && (!isNew || isPunct(code[i + 2], ")"));
}

const browserFolders = ["src/domain", "src/contract", "src/simulator"];

/** Node's globals need no import, so the import table cannot see them. */
export function checkBrowserFolders(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of under(tree, ...browserFolders)) {
    const { code } = readSource(path, source);
    for (const [i, token] of code.entries()) {
      const global = ["process", "Buffer"].some((name) => isWord(token, name));
      if (global && isPunct(code[i + 1], ".") && !isPunct(code[i - 1], ".")) {
        offences.push(
          `${path}:${token.line} uses ${token.text}, which a browser lacks; use what Node and browsers share.`,
        );
      }
    }
  }
  return offences;
}

/** Upper-case keywords are SQL as we write it; in lower case more of the statement must follow, for prose begins like that too. */
const statements = [
  /^(SELECT|INSERT INTO|DELETE FROM|LOCK TABLE|TRUNCATE|LISTEN|NOTIFY|(CREATE|ALTER|DROP) (TABLE|INDEX|TYPE)) [^a-z]*[\w"*…(]/,
  /^select\b[\s\S]+?\bfrom [\w".]+( where|$| limit| order by|;)/,
  /^(insert into [\w".]+ ?\(|delete from [\w".]+( where|;|$))/,
  /^update [\w".]+( as \w+)? set [\w".]+ ?=/i,
  /^with (recursive )?\w+ ?(\([^)]*\) ?)?as (not )?(materialized )?\(/i,
];

export function checkSql(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of under(tree, "src")) {
    if (path.startsWith("src/storage/")) continue;
    for (const token of readSource(path, source).code) {
      if (token.kind !== "string" && token.kind !== "template") continue;
      if (isSql(token.text)) {
        offences.push(
          `${path}:${token.line} has SQL in it; all SQL is in src/storage: give the statement a function there.`,
        );
      }
    }
  }
  return offences;
}

function isSql(text: string): boolean {
  const plain = text
    .replace(/\\n/g, "\n")
    .replace(/--[^\n]*\n|\/\*[\s\S]*?\*\//g, " ")
    .replace(/\s+/g, " ")
    .trim();
  // A capital at the beginning is a sentence's.
  return !/^[A-Z][a-z]/.test(plain) && statements.some((statement) => statement.test(plain));
}
