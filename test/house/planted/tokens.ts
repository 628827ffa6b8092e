import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenize } from "../tokens.ts";

function kinds(source: string): string[] {
  return tokenize(source).map((token) => `${token.kind} ${token.text}`);
}

test("a slash after a value divides, any other begins a regular expression", () => {
  assert.deepEqual(kinds("a / b"), ["word a", "punct /", "word b"]);
  assert.deepEqual(kinds('= /["/]/g'), ["punct =", 'regex /["/]/g']);
  assert.deepEqual(kinds("return /x/"), ["word return", "regex /x/"]);
  assert.deepEqual(
    kinds("(a) / 2 / c").filter((kind) => kind.startsWith("regex")),
    [],
  );
});

test("a template gives its text and the tokens of its substitutions", () => {
  assert.deepEqual(kinds(`\`a \${f({ b: \`c\${d}\` })} e\``), [
    "template a … e",
    "punct ${",
    "word f",
    "punct (",
    "punct {",
    "word b",
    "punct :",
    "template c…",
    "punct ${",
    "word d",
    "punct }$",
    "punct }",
    "punct )",
    "punct }$",
  ]);
});

test("a quote in a comment and a comment in a quote stay what they are", () => {
  assert.deepEqual(kinds(`"// no" // don't\n'\\''`), ["string // no", "comment // don't", "string \\'"]);
});

test("every token knows its line", () => {
  const tokens = tokenize(`a\n/* b\n*/ c \`\n\${d}\n\` e`);
  assert.deepEqual(
    tokens.filter((token) => token.kind === "word").map((token) => [token.text, token.line]),
    [
      ["a", 1],
      ["c", 3],
      ["d", 4],
      ["e", 5],
    ],
  );
});
