/**
 * Writes every file that is derived from something else. With `--check` it writes nothing, and exits with 1 if a file is
 * not what it would have written.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../src/contract/openapi.ts";
import { statusOfRejection } from "../src/http/refusals.ts";
import { databaseSchema } from "./database-schema.ts";
import { errorPage } from "./error-page.ts";
import { incidentsPage } from "./incidents-page.ts";
import { sdkTypes } from "./sdk-types.ts";
import { simulatedTerminalsPage } from "./simulated-terminals-page.ts";
import { statesPage } from "./states-page.ts";
import { statesPicture } from "./states-picture.ts";
import { terminalProtocolPage } from "./terminal-protocol-page.ts";

interface DerivedFile {
  readonly path: string;
  /** The whole text, made from the text that is there now where a part of it is written by hand. */
  readonly make: (before: string) => string | Promise<string>;
}

const root = fileURLToPath(new URL("../", import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };

const openApi = openApiDocument({ version, statusOf: (code) => statusOfRejection[code] });

const derivedFiles: readonly DerivedFile[] = [
  { path: "openapi.json", make: () => `${JSON.stringify(openApi, null, 2)}\n` },
  { path: "docs/errors.md", make: errorPage },
  { path: "docs/incidents.md", make: incidentsPage },
  { path: "docs/states.md", make: statesPage },
  { path: "docs/states.svg", make: statesPicture },
  { path: "docs/terminal-protocol.md", make: terminalProtocolPage },
  { path: "docs/simulated-terminals.md", make: simulatedTerminalsPage },
  { path: "sdk/src/types.ts", make: sdkTypes },
  { path: "src/storage/schema.sql", make: databaseSchema },
];

const check_only = process.argv.includes("--check");
let differences = 0;

for (const { path, make } of derivedFiles) {
  const file = root + path;
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const after = await make(before);
  if (after === before) continue;
  differences++;
  if (check_only) {
    console.error(`${path} is out of date: run npm run generate.`);
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, after);
    console.log(`${path} written.`);
  }
}

if (check_only && differences > 0) process.exitCode = 1;
