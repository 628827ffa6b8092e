/** What may be an API key that a caller has chosen. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apiKeyProblem, scopesOfKey } from "../../src/domain/api-key.ts";
import { newSecret } from "../../src/domain/ids.ts";
import { systemRandom } from "../../src/system-environment.ts";

describe("a key that a caller has chosen", () => {
  const cases: [what: string, api_key: string, problem: RegExp | undefined][] = [
    ["as long as ours", newSecret(systemRandom), undefined],
    ["of 64 hexadecimal digits", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", undefined],
    ["of base64 with its signs", `${"aB3+/9xYz0Q".repeat(4)}=`, undefined],
    ["that is empty", "", /at least 43/],
    ["one sign too short", newSecret(systemRandom).slice(1), /at least 43/],
    ["too long for a header", "0123456789ab".repeat(22), /at most 255/],
    ["of one letter", "a".repeat(64), /guessed/],
    ["of nine letters", "abcdefghi".repeat(6), /guessed/],
    ["with a space", `${"0123456789ab".repeat(4)} x`, /visible/],
    ["with a letter that no header carries", `${"0123456789ab".repeat(4)}ø`, /visible/],
    ["with a line break", `${"0123456789ab".repeat(4)}\n`, /visible/],
  ];
  for (const [what, api_key, problem] of cases) {
    test(`${what} is ${problem === undefined ? "taken" : "refused, and not repeated"}`, () => {
      const told = apiKeyProblem(api_key);
      if (problem === undefined) assert.equal(told, undefined);
      else {
        assert.match(told ?? "", problem);
        assert.ok(api_key === "" || !told?.includes(api_key));
      }
    });
  }
});

test("a key may do what it was made with, as far as its client may still do it", () => {
  assert.deepEqual(scopesOfKey({ scope: ["a", "b"], granted: ["b", "c"] }), ["b"]);
  assert.deepEqual(scopesOfKey({ scope: ["a"], granted: [] }), []);
});
