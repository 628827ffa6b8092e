/** One request to somebody else's server: bounded in time and size, no redirects followed. */
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { type AddressRule, addressRefusal, guardedLookup } from "./addresses.ts";
import type { Message } from "./message.ts";

/** What came back, or the sentence that says why nothing did. */
export type Answer = Answered | { readonly problem: string; readonly refused: boolean };

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Its beginning, for whoever looks for the fault. */
  readonly body: string;
}

/** Of an answer's body little is needed: past so much the connection is dropped, and the status counts. */
const bodyMax_bytes = 64 * 1024;
const bodyKept_bytes = 4 * 1024;

export type Post = (message: Message) => Promise<Answer>;

/** Connections are kept and used again. A literal private address is refused here; a name when it is resolved. */
export function makePost(rule: AddressRule): Post {
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 32 }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 32 }),
  };
  const lookup = guardedLookup(rule);
  return (message) =>
    new Promise((resolve) => {
      const refusal = addressRefusal(rule, message.url);
      if (refusal !== undefined) return resolve({ problem: refusal, refused: true });
      const secure = message.url.startsWith("https:");
      const body = message.body === null ? undefined : Buffer.from(message.body);
      const headers = { ...message.headers, ...(body === undefined ? {} : { "content-length": body.length }) };
      const { timeout_ms } = message;
      const signal = AbortSignal.timeout(timeout_ms);
      const options = { method: message.method, headers, lookup, signal };
      const request = secure
        ? httpsRequest(message.url, { ...options, agent: agents.https })
        : httpRequest(message.url, { ...options, agent: agents.http });
      request.on("error", (error) => resolve(problemOf(error, signal.aborted, timeout_ms)));
      request.on("response", (response) => {
        let read = 0;
        const kept: Buffer[] = [];
        response.on("data", (chunk: Buffer) => {
          if (read < bodyKept_bytes) kept.push(chunk);
          read += chunk.length;
          if (read > bodyMax_bytes) response.destroy();
        });
        response.on("error", () => {});
        response.on("close", () => {
          const text = Buffer.concat(kept).subarray(0, bodyKept_bytes).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text.replaceAll("\0", "") });
        });
      });
      request.end(body);
    });
}

function problemOf(error: Error, timed_out: boolean, timeout_ms: number): Answer {
  if (timed_out) return { problem: `no answer within ${timeout_ms / 1000} s`, refused: false };
  const refused = "code" in error && error.code === "EPRIVATE";
  return { problem: error.message || String(error), refused };
}
