/** One request to somebody else's server: bounded in time and size, no redirects followed. */
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { AddressGuard } from "./addresses.ts";
import type { Message } from "./message.ts";

/** What came back, or the sentence that says why nothing did. */
export type Answer = Answered | NotAnswered;

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Its beginning, for whoever looks for the fault. */
  readonly body: string;
}

export interface NotAnswered {
  readonly problem: string;
  /** By our own rules, and the same whenever it is tried. */
  readonly refused: boolean;
}

/** Of an answer's body little is needed: past so much the connection is dropped, and the status counts. */
const bodyMax_bytes = 64 * 1024;
const bodyKept_bytes = 4 * 1024;
const headersMax_bytes = 16 * 1024;
/** A sentence may quote what a stranger's certificate says. */
const problemMax = 500;
/** A connection that nobody has used for so long is closed: before a server closes it in the moment of its next use. */
const keptFor_ms = 4_000;

/** `given_up`: whoever waits for the answer does so no longer. */
export type Post = (message: Message, given_up?: AbortSignal) => Promise<Answer>;

/**
 * Connections are kept and used again, for the same name and port alone; each was checked when it was made. What can be
 * seen in the address is refused here; what a name leads to, when it is looked up. `ca`: trusted instead of the usual.
 */
export function makePost(guard: AddressGuard, { ca }: { readonly ca?: string } = {}): Post {
  const kept = { keepAlive: true, maxFreeSockets: 8, timeout: keptFor_ms };
  const http = new HttpAgent(kept);
  const https = new HttpsAgent({ ...kept, ...(ca === undefined ? {} : { ca }) });
  // Of its own: no connection that was made without a look at the certificate is used by anybody who wants one.
  const unchecked = new HttpsAgent({ ...kept, rejectUnauthorized: false });
  const begin = (message: Message, signal: AbortSignal): ClientRequest => {
    const { method, insecure_ssl } = message;
    const length = message.body === null ? {} : { "content-length": Buffer.byteLength(message.body) };
    const headers = { ...message.headers, ...length };
    const options = { method, headers, lookup: guard.lookup, signal, maxHeaderSize: headersMax_bytes };
    if (!message.url.startsWith("https:")) return httpRequest(message.url, { ...options, agent: http });
    return httpsRequest(message.url, { ...options, agent: insecure_ssl ? unchecked : https });
  };
  return async (message, given_up) => {
    const refusal = guard.refusal(message.url, message.account_id);
    if (refusal !== undefined) return { problem: refusal, refused: true };
    const deadline = AbortSignal.timeout(message.timeout_ms);
    return exchange(begin(message, deadline), message, deadline, given_up);
  };
}

/** From connect to the end of the body, all within the message's limit. */
function exchange(
  request: ClientRequest,
  { body, timeout_ms }: Message,
  deadline: AbortSignal,
  given_up: AbortSignal | undefined,
): Promise<Answer> {
  return new Promise((resolve) => {
    let response: IncomingMessage | undefined;
    const leave = () => request.destroy(new Error("nobody waits for the answer any more"));
    const end = (answer: Answer) => {
      given_up?.removeEventListener("abort", leave);
      resolve(answer);
    };
    given_up?.addEventListener("abort", leave);
    request.on("error", (error) => {
      if (response === undefined) end(problemOf(error, deadline.aborted, timeout_ms));
    });
    request.on("response", (answered) => {
      response = answered;
      readBody(answered, (beginning) => end(answerOf(answered, beginning)));
    });
    // 101: it wants to speak another protocol. Without a listener the request would end in nothing at all.
    request.on("upgrade", (answered, socket) => {
      socket.destroy();
      end(answerOf(answered, ""));
    });
    // Whatever else may end a request.
    request.on("close", () => {
      if (response === undefined) end({ problem: "the connection was closed without an answer.", refused: false });
    });
    if (given_up?.aborted === true) leave();
    request.end(body ?? undefined);
  });
}

/** The beginning of the body. One that breaks off, is too long or too slow changes nothing: the status has come. */
function readBody(response: IncomingMessage, onEnd: (beginning: string) => void): void {
  let read = 0;
  const kept: Buffer[] = [];
  response.on("data", (chunk: Buffer) => {
    if (read < bodyKept_bytes) kept.push(chunk.subarray(0, bodyKept_bytes - read));
    read += chunk.length;
    if (read > bodyMax_bytes) response.destroy();
  });
  response.on("error", () => {});
  // A character that was cut in two at the end is left out.
  response.on("close", () => onEnd(storable(new TextDecoder().decode(Buffer.concat(kept), { stream: true }))));
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, body: string): Answered {
  // What lets somebody into the receiver's own pages is not ours to keep.
  const kept = "set-cookie" in headers ? { ...headers, "set-cookie": "[redacted]" } : headers;
  return { status: statusCode, headers: kept, body };
}

function problemOf(error: Error, timed_out: boolean, timeout_ms: number): NotAnswered {
  if (timed_out) return { problem: `no answer within ${timeout_ms / 1000} s`, refused: false };
  const all = error instanceof AggregateError ? error.errors : [error];
  const words = all.map((one: unknown) => (one instanceof Error && one.message) || String(one)).join(", ");
  return { problem: storable(words).slice(0, problemMax).toWellFormed(), refused: false };
}

/** PostgreSQL takes no NUL in a text. */
const storable = (text: string): string => text.replaceAll("\0", "");
