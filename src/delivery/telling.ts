/** What was written is placed, and what was placed is sent: the two workers of a process, and how they wake each other. */
import type { GrownStream } from "../storage/events.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import { Placer } from "./placer.ts";
import { Sender } from "./sender.ts";

export interface TellingParts extends DeliveryParts {
  /** Streams have grown by what this process placed: whoever follows them here and elsewhere is to read on. */
  readonly onGrown: (streams: readonly GrownStream[]) => void;
}

export interface Telling {
  /** Something was written. */
  wake(): void;
  /** Another process has placed events: some may go out by a lane that is ours. */
  wakeSender(): void;
  /** Resolves when what is under way has been recorded. */
  stop(): Promise<void>;
}

export function startTelling(parts: TellingParts): Telling {
  const sender = new Sender(parts);
  const placer = new Placer({
    ...parts,
    onGrown: (streams) => {
      sender.wake();
      parts.onGrown(streams);
    },
  });
  placer.wake();
  sender.wake();
  return {
    wake: () => {
      placer.wake();
      sender.wake();
    },
    wakeSender: () => sender.wake(),
    stop: async () => {
      await placer.stop();
      await sender.stop();
    },
  };
}
