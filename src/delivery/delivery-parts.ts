/** What the workers of a process are given. */
import type { Environment } from "../domain/environment.ts";
import type { Database, Tx } from "../storage/database.ts";
import type { Lane } from "../storage/lanes.ts";
import type { Post } from "./post.ts";

/** What only a person can settle. */
export interface Trouble {
  readonly account_id: string;
  readonly kind: "DELIVERY_EXHAUSTED" | "RECEIVER_FAILING";
  readonly subject: string;
  readonly session_id?: string | undefined;
  readonly transaction_id?: string | undefined;
  readonly details: object;
}

export interface DeliveryLimits {
  /** From the first byte of the connection to the last of the answer. */
  readonly callback_timeout_ms: number;
  readonly webhook_timeout_ms: number;
  /** A hook whose tries have failed so often one after the other is paused. */
  readonly failures_max: number;
  /** How often a paused hook's receiver is asked whether it is back, in the end; at first sooner (retry.ts). */
  readonly probe_every_ms: number;
  /** Lanes worked on at once. */
  readonly lanes_max: number;
  /** So long a lane is worked on while others wait for their turn. */
  readonly turn_ms: number;
  /** So long a stop waits for receivers. */
  readonly stop_within_ms: number;
}

export const deliveryLimits: DeliveryLimits = {
  // The contract's limit for a callback (R72), and for a webhook (Q-WEBHOOK-TIMEOUT).
  callback_timeout_ms: 10_000,
  webhook_timeout_ms: 60_000,
  failures_max: 10,
  probe_every_ms: 60_000,
  // A lane costs some kilobytes and, while something is under way, up to eight sockets.
  lanes_max: 512,
  turn_ms: 5_000,
  stop_within_ms: 3_000,
};

export interface DeliveryParts extends Environment {
  readonly db: Database;
  readonly process_id: string;
  readonly post: Post;
  readonly limits: DeliveryLimits;
  /** Tells a person, in the transaction that found it out. */
  readonly raise: (tx: Tx, trouble: Trouble) => Promise<void>;
  /** A hook's receiver answers again: what a person was told of it is settled. */
  readonly settle: (tx: Tx, lane: Pick<Lane, "account_id" | "id">, reason: string) => Promise<void>;
}
