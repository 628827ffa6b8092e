/**
 * Who may import whom. Folders import downwards only, so that each can be read knowing just the ones it names.
 *
 * A row is a folder of `src` (or a file in `src` itself, or a package beside it). A folder may always import its own files,
 * and `import type` from `contract` is allowed everywhere in `src`, so that a wire shape is declared once. `test`,
 * `scripts` and `bench` have no row: they look at everything, and nothing looks at them.
 */

export interface ImportRow {
  /** Rows, or part of one (`contract/terminal-protocol` is that file or that folder). */
  readonly mayImport: readonly string[];
  /** Which of Node's own modules. */
  readonly builtins: "all" | readonly `node:${string}`[];
  readonly reason: string;
  /** What to do about an offence; it ends the sentence "x imports y; the folder may import …: ". */
  readonly instead: string;
}

export const importTable: Readonly<Record<string, ImportRow>> = {
  domain: {
    mayImport: [],
    builtins: [],
    reason: "rules are pure, so that a table of cases can test them and a browser can run them",
    instead: "take what it needs as an argument",
  },
  contract: {
    mayImport: ["domain"],
    builtins: [],
    reason: "the public surfaces are data that other programs read, in a browser too",
    instead: "keep only data here and put the work where the contract is read",
  },
  storage: {
    mayImport: ["domain"],
    builtins: "all",
    reason: "statements know rows and rules, and nobody who asks for them",
    instead: "take the value as an argument, or move the decision into a flow",
  },
  flows: {
    mayImport: ["domain", "storage"],
    builtins: ["node:crypto"],
    reason: "a flow is told in the trade's words and must not know by which door it was called",
    instead: "declare a port in flows and let app.ts pass in what implements it",
  },
  http: {
    mayImport: ["domain", "contract", "storage", "flows"],
    builtins: "all",
    reason: "a route translates a request into one flow; it does not know terminals or deliveries",
    instead: "move the call into a flow or pass it in from app.ts",
  },
  terminals: {
    mayImport: ["domain", "contract", "storage", "flows"],
    builtins: "all",
    reason: "a driver implements flows' port, and nobody but app.ts knows which drivers there are",
    instead: "move the call into a flow or pass it in from app.ts",
  },
  delivery: {
    mayImport: ["domain", "contract", "storage"],
    builtins: "all",
    reason: "delivery carries what has already happened, so it starts no flow",
    instead: "write the fact as a row in a flow and read that row here, or pass the call in from app.ts",
  },
  maintenance: {
    mayImport: ["domain", "storage", "flows"],
    builtins: [],
    reason: "a sweep finds what is due and calls the flow that a person would have called",
    instead: "move the call into a flow or pass it in from app.ts",
  },
  simulator: {
    mayImport: ["domain", "contract/terminal-protocol"],
    builtins: [],
    reason: "the simulated terminal runs in a browser and knows only what a terminal knows",
    instead: "say it over the terminal protocol, or pass it in from cli, app.ts or web",
  },
  cli: {
    mayImport: [
      ...["app.ts", "beside-server.ts", "config.ts", "logger.ts", "system-environment.ts"],
      ...["domain", "storage", "simulator"],
    ],
    builtins: "all",
    reason: "a command is a customer of the API, except where it starts the server itself",
    instead: "go through @tapline/sdk, or let app.ts offer it",
  },
  "main.ts": {
    mayImport: ["cli", "config.ts", "system-environment.ts"],
    builtins: [],
    reason: "the entry only hands over to the command line",
    instead: "move the work into a command in cli",
  },
  "app.ts": {
    mayImport: [
      ...["domain", "contract", "storage", "flows", "http", "terminals", "delivery", "maintenance", "simulator"],
      ...["config.ts", "system-environment.ts", "simulator-host.ts", "server-database.ts"],
    ],
    builtins: "all",
    reason: "it puts the parts together and is the only file that knows them all",
    instead: "let the command hand it in",
  },
  "server-database.ts": {
    mayImport: ["domain", "storage", "config.ts", "logger.ts"],
    builtins: [],
    reason: "the server, and commands beside it, open the same database in the same way",
    instead: "take it as an argument",
  },
  "beside-server.ts": {
    mayImport: ["domain", "storage", "flows", "http", "config.ts", "server-database.ts"],
    builtins: [],
    reason: "a command beside the server works on its database by the flows that the server has",
    instead: "let the running server offer it in its API",
  },
  "logger.ts": {
    mayImport: [],
    builtins: [],
    reason: "whoever starts something makes the log, and everybody else is handed it",
    instead: "take the log as an argument",
  },
  "simulator-host.ts": {
    mayImport: ["domain", "storage", "flows", "simulator"],
    builtins: [],
    reason: "it lends simulated terminals a durable journal, and they must not know whose",
    instead: "let app.ts pass it in",
  },
  "config.ts": {
    mayImport: ["domain"],
    builtins: "all",
    reason: "the settings are checked once, before any part exists",
    instead: "return the plain value and let app.ts make something of it",
  },
  "system-environment.ts": {
    mayImport: ["domain"],
    builtins: "all",
    reason: "the real clock and randomness, so the one thing a simulation replaces",
    instead: "leave here only what the Environment of domain asks for",
  },
  web: {
    mayImport: ["sdk", "simulator"],
    builtins: [],
    reason: "the backoffice has no private door: it uses the public API",
    instead: "ask the API for it through @tapline/sdk",
  },
  sdk: {
    mayImport: [],
    builtins: [],
    reason: "it is published alone, needs only fetch, and runs in a browser",
    instead: "let scripts/generate.ts write what it needs into sdk/src, or write it out there",
  },
};
