/** A server process from the command line: starts it, and stops it cleanly on SIGINT, SIGTERM and SIGHUP. */
import { type App, startApp } from "../app.ts";
import type { Config } from "../config.ts";
import { makeLogger } from "../logger.ts";
import { systemClock, systemRandom } from "../system-environment.ts";

/** Starts the server and does what is to be done once it serves. If either fails, nothing of it goes on running. */
export async function runServer(
  config: Config,
  stream: NodeJS.WritableStream,
  begin: (app: App) => Promise<void>,
): Promise<void> {
  const starting = startApp({
    config,
    clock: systemClock,
    random: systemRandom,
    logger: makeLogger(config.log_level, stream),
    onProgress: (sentence) => console.error(sentence),
    onLost: (problem) => {
      console.error(problem.message);
      process.exit(1);
    },
  });
  const stop = stopOnSignals(starting);
  const app = await starting;
  await begin(app).catch(async (error: unknown) => {
    await app.close();
    // What fails because the server is being stopped is no failure; the process ends when it has stopped.
    if (!stop.asked) throw error;
  });
}

/** A supervisor that tells a whole group reaches us twice at once, by npm or a launcher too: that is one asking. */
const oneAsking_ms = 500;

/** From the first moment on: what is stopped while it still starts leaves nothing behind either. */
function stopOnSignals(starting: Promise<App>): { readonly asked: boolean } {
  const state = { asked: false };
  let asked_ms = 0;
  const stop = (signal: NodeJS.Signals) => {
    if (state.asked) {
      // Asked twice: whoever asks does not want to wait for what is under way.
      if (systemClock.monotonic() - asked_ms > oneAsking_ms) process.exit(1);
      return;
    }
    state.asked = true;
    asked_ms = systemClock.monotonic();
    const closed = starting.then((app) => app.close());
    closed.then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`The server did not stop cleanly after ${signal}: ${error}`);
        process.exit(1);
      },
    );
  };
  // A launcher that was killed cannot tell (bin/launch.js): its end is taken for the signal.
  process.on("disconnect", () => stop("SIGTERM"));
  process.channel?.unref();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  return state;
}
