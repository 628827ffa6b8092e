/**
 * A tokenizer for TypeScript, no more exact than the house rules need.
 *
 * TypeScript 7 exports no compiler API, and a regular expression over raw text cannot tell an import from a sentence about
 * imports. Tokens can: a checker that looks at words never trips over a string or a comment, and the other way round.
 */

export type TokenKind = "word" | "number" | "string" | "template" | "regex" | "comment" | "punct";

export interface Token {
  readonly kind: TokenKind;
  /** A string's or template's contents without its quotes; each substitution of a template stands as `…`. */
  text: string;
  readonly at: number;
  /** From 1. */
  readonly line: number;
}

const simple = new RegExp(
  [
    /(?<blank>\s+)/u,
    /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/|#![^\n]*)/u,
    /(?<word>[\p{ID_Start}$_][\p{ID_Continue}$]*)/u,
    /(?<number>\d[\w.]*)/u,
    /(?<string>"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?)/u,
    /(?<punct>=>|\.\.\.|[\s\S])/u,
  ]
    .map((part) => part.source)
    .join("|"),
  "uy",
);

const regex = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

/** After these words a slash begins a regular expression; after any other word it divides. */
const beforeRegex = new Set(
  "return typeof case in of delete void throw new else do await yield instanceof default".split(" "),
);

/** After these a value has ended, so a slash divides. A regular expression right after `if (…)` is misread; nobody writes it. */
const endsValue = new Set([")", "]", "}", "}$"]);

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;

  function add(kind: TokenKind, text: string, length: number): Token {
    const token = { kind, text, at, line };
    tokens.push(token);
    for (let i = at; i < at + length; i++) if (source[i] === "\n") line++;
    at += length;
    return token;
  }

  function slashBeginsRegex(): boolean {
    const last = tokens.findLast((token) => token.kind !== "comment");
    if (!last) return true;
    if (last.kind === "word") return beforeRegex.has(last.text);
    return last.kind === "punct" && !endsValue.has(last.text);
  }

  function scanTemplate(): void {
    const template = add("template", "", 1);
    let text = "";
    while (at < source.length && source[at] !== "`") {
      if (source.startsWith("${", at)) {
        add("punct", "${", 2);
        scan(true);
        add("punct", "}$", 1);
        text += "…";
      } else {
        const length = source[at] === "\\" ? 2 : 1;
        text += source.slice(at, at + length);
        if (source[at + length - 1] === "\n") line++;
        at += length;
      }
    }
    at++;
    template.text = text;
  }

  function scan(insideTemplate: boolean): void {
    let depth = 0;
    while (at < source.length) {
      const char = source[at];
      if (char === "`") {
        scanTemplate();
        continue;
      }
      if (char === "}" && insideTemplate && depth === 0) return;
      if (char === "{") depth++;
      if (char === "}") depth--;
      scanSimple(char === "/");
    }
  }

  function scanSimple(slash: boolean): void {
    simple.lastIndex = at;
    const found = simple.exec(source);
    const groups = found?.groups ?? {};
    const text = found?.[0] ?? source.slice(at, at + 1);
    if (slash && !groups.comment && slashBeginsRegex()) {
      regex.lastIndex = at;
      const literal = regex.exec(source)?.[0];
      if (literal) {
        add("regex", literal, literal.length);
        return;
      }
    }
    if (groups.blank) {
      for (const char of text) if (char === "\n") line++;
      at += text.length;
    } else if (groups.comment) add("comment", text, text.length);
    else if (groups.word) add("word", text, text.length);
    else if (groups.number) add("number", text, text.length);
    else if (groups.string) add("string", text.slice(1, text.at(-1) === text[0] ? -1 : undefined), text.length);
    else add("punct", text, text.length);
  }

  scan(false);
  return tokens;
}
