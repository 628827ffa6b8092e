/** One request to somebody else's server: bounded in time and size, no redirects followed. */
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { type AddressRule, addressRefusal, guardedLookup } from "./addresses.ts";

export interface Message {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What came back: a status, or the sentence that says why none did. */
export type Answer = { readonly status: number } | { readonly problem: string; readonly refused: boolean };

/** Of an answer's body nothing is needed: past so much the connection is dropped, and the status counts. */
const bodyMax_bytes = 64 * 1024;

export type Post = (message: Message, timeout_ms: number) => Promise<Answer>;

/** Connections are kept and used again. A literal private address is refused here; a name when it is resolved. */
export function makePost(rule: AddressRule): Post {
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 32 }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 32 }),
  };
  const lookup = guardedLookup(rule);
  return (message, timeout_ms) =>
    new Promise((resolve) => {
      const refusal = addressRefusal(rule, message.url);
      if (refusal !== undefined) return resolve({ problem: refusal, refused: true });
      const secure = message.url.startsWith("https:");
      const body = message.body === null ? undefined : Buffer.from(message.body);
      const headers = { ...message.headers, ...(body === undefined ? {} : { "content-length": body.length }) };
      const signal = AbortSignal.timeout(timeout_ms);
      const options = { method: message.method, headers, lookup, signal };
      const request = secure
        ? httpsRequest(message.url, { ...options, agent: agents.https })
        : httpRequest(message.url, { ...options, agent: agents.http });
      request.on("error", (error) => resolve(problemOf(error, signal.aborted, timeout_ms)));
      request.on("response", (response) => {
        let read = 0;
        response.on("data", (chunk: Buffer) => {
          read += chunk.length;
          if (read > bodyMax_bytes) response.destroy();
        });
        response.on("error", () => {});
        response.on("close", () => resolve({ status: response.statusCode ?? 0 }));
      });
      request.end(body);
    });
}

function problemOf(error: Error, timed_out: boolean, timeout_ms: number): Answer {
  if (timed_out) return { problem: `no answer within ${timeout_ms / 1000} s`, refused: false };
  const refused = "code" in error && error.code === "EPRIVATE";
  return { problem: error.message || String(error), refused };
}
