/** The terminal protocol's page: its examples are of the protocol, its proof verifies, and it leaves nothing out. */
import assert from "node:assert/strict";
import { verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { factMeaning, factNames } from "../../scripts/terminal-facts.ts";
import {
  agreeingExample,
  agreeingProof,
  exampleKey,
  pairingExample,
  pairingProof,
  serverExamples,
  showingExample,
  showingProof,
  terminalExamples,
} from "../../scripts/terminal-frame-examples.ts";
import { pairingPollText, pairingRequestText, pairingText } from "../../src/contract/terminal-protocol/pairing.ts";
import {
  connectPath,
  helloText,
  readServerFrame,
  readTerminalFrame,
  serverFrames,
  terminalFrames,
} from "../../src/contract/terminal-protocol.ts";
import { signer } from "../../src/simulator/device-key.ts";

const page = readFileSync(new URL("../../docs/terminal-protocol.md", import.meta.url), "utf8");

/** As the server checks it: r and s, 64 bytes, over exactly these bytes. */
function verifies(text: string, proof: string): boolean {
  const { d: _, ...public_jwk } = exampleKey;
  return verify(
    "sha256",
    Buffer.from(text),
    { key: public_jwk, format: "jwk", dsaEncoding: "ieee-p1363" },
    Buffer.from(proof, "base64url"),
  );
}

describe("the examples of the terminal protocol's page", () => {
  test("are frames that the other side takes, one of each type", () => {
    assert.deepEqual(Object.keys(terminalExamples), Object.keys(terminalFrames));
    for (const [type, example] of Object.entries(terminalExamples)) {
      assert.equal(readTerminalFrame(JSON.stringify(example)).type, type);
    }
    assert.deepEqual(Object.keys(serverExamples), Object.keys(serverFrames));
    for (const [type, example] of Object.entries(serverExamples)) {
      assert.equal(readServerFrame(JSON.stringify(example)).type, type);
    }
  });

  test("stand on the page as they are", () => {
    const blocks = [...page.matchAll(/```json\n([\s\S]*?)\n```/g)].map(([, text]) => JSON.parse(text ?? "") as object);
    for (const example of [...Object.values(terminalExamples), ...Object.values(serverExamples), exampleKey]) {
      assert.ok(
        blocks.some((block) => JSON.stringify(block) === JSON.stringify(example)),
        JSON.stringify(example),
      );
    }
  });

  test("tell of one sale", () => {
    const { prompt, acknowledge } = serverExamples;
    const { hello, result } = terminalExamples;
    assert.deepEqual([result.prompt_id, result.amount, result.currency], [prompt.prompt_id, prompt.amount, "NOK"]);
    assert.deepEqual([acknowledge.journal_id, acknowledge.sequence], [hello.journal_id, result.sequence]);
    assert.equal(prompt.boot_id, hello.boot_id);
  });
});

describe("the proof on the page", () => {
  const { nonce } = serverExamples.challenge;
  const { hello } = terminalExamples;
  const text = helloText(nonce, hello);

  test("verifies over the hello text, which stands on the page", () => {
    assert.equal(Buffer.from(hello.proof, "base64url").length, 64);
    assert.ok(verifies(text, hello.proof));
    assert.ok(page.includes(`\`\`\`text\n${text}\n\`\`\``));
    assert.ok(page.includes(`\`\`\`text\n${hello.proof}\n\`\`\``));
  });

  test("holds for this connection, this terminal, this journal and this boot alone", () => {
    assert.equal(verifies(helloText("another", hello), hello.proof), false);
    for (const name of ["terminal_id", "journal_id", "boot_id"] as const) {
      assert.equal(verifies(helloText(nonce, { ...hello, [name]: "another" }), hello.proof), false, name);
    }
    assert.equal(verifies(`${text}\n`, hello.proof), false);
  });

  test("can be made from the key on the page", async () => {
    const sign = await signer(exampleKey);
    assert.ok(verifies(text, await sign(text)));
  });
});

describe("the proofs of a device that is paired", () => {
  const { d: _, ...public_jwk } = exampleKey;
  const texts: [what: string, text: string, proof: string][] = [
    ["by a code that was typed on it", pairingText(pairingExample), pairingProof],
    ["to be given a code that it shows", pairingRequestText({ ...showingExample, public_jwk }), showingProof],
    ["to agree to its terminal", pairingPollText(agreeingExample), agreeingProof],
  ];
  for (const [what, text, proof] of texts) {
    test(`${what} verifies, and stands on the page with its text`, () => {
      assert.ok(verifies(text, proof));
      assert.ok(page.includes(`\`\`\`text\n${text}\n\`\`\``), text);
      assert.ok(page.includes(`"proof": "${proof}"`));
    });
  }
});

describe("the words of the page", () => {
  test("name the address, and every frame, outcome, step and code", () => {
    assert.ok(page.includes(connectPath));
    const { outcome } = terminalFrames.result.properties;
    const { step } = terminalFrames.standing.properties;
    const { code } = serverFrames.refused.properties;
    const values = [outcome, step, code].flatMap((schema) => (schema as unknown as { enum: string[] }).enum);
    const names = [...Object.keys(terminalFrames), ...Object.keys(serverFrames), ...values];
    const byHand = page.replaceAll(/<!-- generated: [\s\S]*?<!-- \/generated -->/g, "");
    for (const name of names) assert.ok(byHand.includes(`\`${name}\``), `the page's own words do not name ${name}`);
  });

  test("give every fact a meaning", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    for (const name of factNames) {
      const found = rows.some((row) => row.startsWith(`| \`${name}\` `) && row.includes(` ${factMeaning(name)} `));
      assert.ok(found, name);
    }
  });
});
