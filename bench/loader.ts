/**
 * A load generator that costs little itself: prepared requests over plain sockets, one under way on each connection.
 */
import { connect } from "node:net";

export interface Load {
  readonly port: number;
  readonly connections: number;
  /** The next request to send, headers and all, or `undefined` when there are no more. */
  readonly next: () => Buffer | undefined;
}

export interface Measured {
  readonly answered: number;
  readonly seconds: number;
  /** Answers that were not 200, by status. */
  readonly others: ReadonlyMap<number, number>;
  /** Milliseconds from the request's first byte to the answer's last. */
  readonly latencies: Float64Array;
}

export async function run(load: Load): Promise<Measured> {
  const others = new Map<number, number>();
  const latencies: number[] = [];
  const began = performance.now();
  await Promise.all(Array.from({ length: load.connections }, () => oneConnection(load, others, latencies)));
  const seconds = (performance.now() - began) / 1000;
  return { answered: latencies.length, seconds, others, latencies: Float64Array.from(latencies).sort() };
}

function oneConnection(load: Load, others: Map<number, number>, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(load.port, "127.0.0.1");
    socket.setNoDelay(true);
    let sent_at = 0;
    let received = "";
    const sendNext = () => {
      const request = load.next();
      if (request === undefined) {
        socket.end();
        return resolve();
      }
      sent_at = performance.now();
      socket.write(request);
    };
    socket.on("connect", sendNext);
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      const status = wholeAnswer(received);
      if (status === undefined) return;
      latencies.push(performance.now() - sent_at);
      if (status !== 200) others.set(status, (others.get(status) ?? 0) + 1);
      received = "";
      sendNext();
    });
  });
}

/** The status of the answer, once all of it has come. */
function wholeAnswer(received: string): number | undefined {
  const head = received.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const length = /content-length: (\d+)/i.exec(received.slice(0, head))?.[1];
  if (length === undefined || received.length < head + 4 + Number(length)) return undefined;
  return Number(received.slice(9, 12));
}

export function post(port: number, path: string, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const lines = Object.entries({ host: `127.0.0.1:${port}`, "content-type": "application/json", ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}content-length: ${bytes.length}\r\n\r\n`), bytes]);
}
