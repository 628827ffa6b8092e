// Finds the Node that came with the packages and becomes it. npm 10 and some of npm 11 do not put that Node on the path
// of scripts, so this is plain JavaScript that any Node since 20 can read.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const packages = [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`];
const program = process.platform === "win32" ? "node.exe" : "node";

function findNode() {
  const folder = fileURLToPath(new URL("../node_modules", import.meta.url));
  const found = packages.map((name) => resolve(folder, name, "bin", program)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  const here = `${process.platform} on ${process.arch}`;
  console.error(`There is no Node 26 for ${here} in ${folder}: run \`npm install\` without --omit=optional.`);
  process.exit(1);
}

/** Runs `args` on our Node in place of this process where the system can do that, else in a child with the same fate. */
export function runOnOurNode(args) {
  const node = findNode();
  if (process.execve !== undefined && process.platform !== "win32") {
    process.execve(node, [node, ...args], process.env);
  }
  // By the channel between them the child notices when this process is killed: a server stops then, as on SIGTERM.
  const child = spawn(node, args, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to both; the child would take a second one for impatience.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
