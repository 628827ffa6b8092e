/** The log: structured lines, facts first, then the sentence. */
import { type Logger, pino, stdTimeFunctions } from "pino";

/** Structured lines; what could hold a secret or a card is never written, wherever it stands. */
export function makeLogger(level: string, stream?: NodeJS.WritableStream): Logger {
  const secret =
    "authorization secret client_secret access_token refresh_token mfa_token password otp private_jwk card proof".split(
      " ",
    );
  return pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: "[redacted]" },
    },
    stream ?? process.stdout,
  );
}
