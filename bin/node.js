#!/usr/bin/env node
// `node bin/node.js <arguments>`: any program on the Node that came with the packages.
import { runOnOurNode } from "./launch.js";

runOnOurNode(process.argv.slice(2));
