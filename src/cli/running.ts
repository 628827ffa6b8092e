/** A server process from the command line: starts it, and stops it cleanly on SIGINT and SIGTERM. */
import { type App, makeLogger, startApp } from "../app.ts";
import type { Config } from "../config.ts";
import { systemClock, systemRandom } from "../system-environment.ts";

export async function startServer(config: Config, stream?: NodeJS.WritableStream): Promise<App> {
  const logger = makeLogger(config.log_level, stream);
  const app = await startApp({
    config,
    clock: systemClock,
    random: systemRandom,
    logger,
    onProgress: (sentence) => console.error(sentence),
    onLost: (problem) => {
      console.error(problem.message);
      process.exit(1);
    },
  });
  stopOnSignals(app);
  return app;
}

function stopOnSignals(app: App): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // Asked twice: whoever asks does not want to wait for what is under way.
    if (stopping) process.exit(1);
    stopping = true;
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`The server did not stop cleanly after ${signal}: ${error}`);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}
