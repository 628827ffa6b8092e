import assert from "node:assert/strict";
import { test } from "node:test";
import { checkBrowserFolders, checkMachineCalls, checkSettings, checkSql } from "../outside-world.ts";
import { plant } from "../project.ts";

test("process.env is read in src/config.ts alone, however it is written", () => {
  const ways = [
    "const a = process.env.A;",
    'const a = process["env"].A;',
    "const { env } = process;",
    "const all = { ...process.env };",
    'import { env } from "node:process";',
  ];
  for (const way of ways) {
    const sentence =
      "src/http/x.ts:1 reads process.env; only src/config.ts does: add the setting there and take its value as an argument.";
    assert.deepEqual(checkSettings(plant({ "src/http/x.ts": way })), [sentence], way);
    assert.deepEqual(checkSettings(plant({ "src/config.ts": way, "test/cli/x.test.ts": way })), [], way);
  }
  const innocent = "// process.env is for config\nconst text = 'process.env'; process.exit(0); process.envelope;";
  assert.deepEqual(checkSettings(plant({ "src/http/x.ts": innocent })), []);
});

test("time and randomness are taken from the machine by its few files alone", () => {
  const ways: [source: string, call: string][] = [
    ["Date.now()", "Date.now"],
    ["const at = new Date();", "Date without an argument"],
    ["const at = new Date;", "Date without an argument"],
    ["const at = Date();", "Date without an argument"],
    ["performance.now()", "performance.now"],
    ["Math.random()", "Math.random"],
    ["setTimeout(f, 1)", "setTimeout"],
    ["globalThis.setTimeout(f, 1)", "setTimeout"],
    ["const later = setInterval;", "setInterval"],
    ["crypto.randomUUID()", "randomUUID"],
    ['import nodeCrypto from "node:crypto"; nodeCrypto.randomBytes(16);', "randomBytes"],
    ['import { randomBytes } from "node:crypto";', "randomBytes"],
    ['import { setTimeout as wait } from "node:timers/promises";', "node:timers/promises"],
  ];
  for (const [source, call] of ways) {
    const told = checkMachineCalls(plant({ "src/flows/x.ts": source }));
    assert.ok(
      told.some((offence) =>
        offence.startsWith(`src/flows/x.ts:1 uses ${call}, which a simulation cannot stand in for: `),
      ),
      `${source} is told as ${told}`,
    );
    const allowed = { "src/app.ts": source, "src/cli/x.ts": source, "src/system-environment.ts": source };
    assert.deepEqual(checkMachineCalls(plant(allowed)), [], source);
  }
});

test("a date with an argument, a socket's own timeout and a type are no clock", () => {
  const source = `
    const at = new Date(clock.now());
    socket.setTimeout(5_000);
    type Wait = typeof setTimeout;
    // Date.now() would step.
    const random = environment.random(16);
    const spoken = \`Date.now() \${at}\`;
  `;
  assert.deepEqual(checkMachineCalls(plant({ "src/terminals/x.ts": source })), []);
  const inside = `const spoken = \`\${Date.now()}\`;`;
  assert.equal(checkMachineCalls(plant({ "src/terminals/x.ts": inside })).length, 1);
});

test("what runs in a browser uses no global of Node's", () => {
  const source = 'const a = Buffer.from("a"); this.process.next(); const b: Buffer = process(a);';
  assert.deepEqual(checkBrowserFolders(plant({ "src/simulator/x.ts": source, "src/http/x.ts": source })), [
    "src/simulator/x.ts:1 uses Buffer, which a browser lacks; use what Node and browsers share.",
  ]);
});

test("SQL is in src/storage alone", () => {
  const statements = [
    '"SELECT 1"',
    "`\n  SELECT *\n  FROM sessions`",
    "`-- The oldest first.\nSELECT id FROM prompts`",
    "`INSERT INTO sessions (id) VALUES ($1)`",
    "'UPDATE prompts SET status = $1'",
    "`update prompts as p set status = 'x'`",
    '"DELETE FROM sessions WHERE id = $1"',
    "`WITH due AS (SELECT 1) SELECT 2`",
    '"select id from sessions where id = $1"',
    '"NOTIFY prompts"',
  ];
  for (const statement of statements) {
    const source = `await db.query(${statement});`;
    const [offence] = checkSql(plant({ "src/flows/x.ts": source }));
    const sentence = "src/flows/x.ts:1 has SQL in it; all SQL is in src/storage: give the statement a function there.";
    assert.equal(offence, sentence, statement);
    assert.deepEqual(checkSql(plant({ "src/storage/x.ts": source })), []);
  }
});

test("a sentence is no SQL", () => {
  const sentences = [
    '"Select a terminal from the list."',
    '"Update the store and set its name."',
    '"With payment as (part of) the sale"',
    '"select"',
    '"SELECT"',
    '"NOTIFY"',
    '"DELETE"',
  ];
  for (const sentence of sentences) {
    assert.deepEqual(checkSql(plant({ "src/flows/x.ts": `say(${sentence});` })), [], sentence);
  }
});
