/** Those who follow, over plain sockets: they note when an event arrives, and say so once all who are told of it have it. */
import { connect } from "node:net";

interface Opening {
  readonly port: number;
  readonly tokens: readonly string[];
  readonly streams: number;
}

/** Connections to one address would run out of ports near 28,000; so many addresses are enough for any number here. */
const addresses = 8;
/** Opened at the same time. */
const togetherMax = 200;

/** Arrivals of the event that is on its way, and how many there will be. */
let arrivals: number[] = [];
let followers: number[] = [];

function open({ port, tokens }: Opening, index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const account = index % tokens.length;
    const socket = connect({ port, host: `127.0.0.${1 + (index % addresses)}` });
    const request = `GET /v1/events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${tokens[account]}\r\n\r\n`;
    socket.on("connect", () => socket.write(request));
    socket.on("error", reject);
    let is_open = false;
    socket.on("data", (chunk) => {
      if (!is_open) {
        if (!chunk.includes(": listening")) return;
        is_open = true;
        resolve();
      } else if (chunk.includes("data:")) {
        arrivals.push(performance.timeOrigin + performance.now());
        if (arrivals.length < (followers[account] ?? 0)) return;
        process.send?.({ delays_at: arrivals });
        arrivals = [];
      }
    });
  });
}

process.on("disconnect", () => process.exit(0));
process.on("message", async (opening: Opening) => {
  followers = opening.tokens.map(() => 0);
  for (let index = 0; index < opening.streams; index += togetherMax) {
    const these = Array.from({ length: Math.min(togetherMax, opening.streams - index) }, (_, offset) => index + offset);
    for (const one of these) {
      const account = one % opening.tokens.length;
      followers[account] = (followers[account] ?? 0) + 1;
    }
    await Promise.all(these.map((one) => open(opening, one)));
  }
  process.send?.({ is_open: true });
});
