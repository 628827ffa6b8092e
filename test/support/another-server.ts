/** Another process's server, as far as a process of its own makes no difference: what they share is the database. */
import { type App, startApp } from "../../src/app.ts";
import type { Config } from "../../src/config.ts";
import { makeLogger } from "../../src/logger.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import type { Shop } from "./shop.ts";

export const startAnother = ({ config }: Shop, change: Partial<Config> = {}): Promise<App> =>
  startApp({
    config: { ...config, port: 0, simulators: false, ...change },
    clock: systemClock,
    random: systemRandom,
    logger: makeLogger(config.log_level, process.stderr),
    onLost: (problem) => {
      throw problem;
    },
  });

/** The shop's API at another server's address. */
export const callsAt = ({ token }: Shop, { address }: App): Pick<Shop, "call"> => ({
  call: async (method, path, body, headers = {}) => {
    const json = body === undefined ? {} : { "content-type": "application/json" };
    const answer = await fetch(`${address}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...json, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  },
});
