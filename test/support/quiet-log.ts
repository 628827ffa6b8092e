import type { Log } from "../../src/domain/environment.ts";

/** Takes every line and says nothing. */
export const quietLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
