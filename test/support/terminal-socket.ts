/** A WebSocket without a network, on which a connection can be tried in a test's own time. */
import { EventEmitter } from "node:events";
import type { WebSocket } from "ws";
import { readServerFrame, type ServerFrame } from "../../src/contract/terminal-protocol.ts";

export class HandSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly sent: ServerFrame[] = [];
  /** How the server ended the connection: by this close code, or without a word. */
  ended: number | "terminated" | undefined;

  send(text: string): void {
    this.sent.push(readServerFrame(text));
  }

  close(code: number): void {
    this.#end(code);
  }

  terminate(): void {
    this.#end("terminated");
  }

  /** A frame arrives. */
  say(frame: object): void {
    this.emit("message", Buffer.from(JSON.stringify(frame)));
  }

  /** As the server's side of the `ws` package. */
  get served(): WebSocket {
    return this as unknown as WebSocket;
  }

  #end(how: number | "terminated"): void {
    if (this.ended !== undefined) return;
    this.ended = how;
    this.readyState = 3;
    this.emit("close");
  }
}
