#!/usr/bin/env node
// `npx tapline`: the command line, on the Node that came with the packages.
import { fileURLToPath } from "node:url";
import { runOnOurNode } from "./launch.js";

runOnOurNode([fileURLToPath(new URL("../src/main.ts", import.meta.url)), ...process.argv.slice(2)]);
