/** What a flow works with, handed in as one plain object by `app.ts`; a test or a simulation hands in its own. */
import type { Environment } from "../domain/environment.ts";
import type { Bus } from "../storage/bus.ts";
import type { Database } from "../storage/database.ts";
import type { Profile } from "../storage/profiles.ts";
import type { SaleWriter } from "../storage/sale-writer.ts";
import type { Hints } from "./hints.ts";
import type { TerminalDriver } from "./terminal-driver.ts";

export interface Limits {
  /** How long a card may be presented. */
  readonly present_within_ms: number;
  /** How long a refund may take until a card is presented, its wait for an occupied terminal included. */
  readonly refund_within_ms: number;
  /** How long an answer to `stop` is waited for; then we do not know. */
  readonly stop_answer_ms: number;
  /** How long after the card was presented a result is waited for; then we do not know. */
  readonly processing_ms: number;
  /** How long a terminal may take to answer an operation; then it is given up. */
  readonly operation_ms: number;
  /** How long an authorization is kept for its capture; then the rest lapses. */
  readonly authorization_lapses_ms: number;
  /** How long a payment stays unresolved before a person is told as well. */
  readonly incident_after_ms: number;
}

export interface World extends Environment {
  readonly db: Database;
  readonly sales: SaleWriter;
  /** This server process, among those that share the database. */
  readonly process_id: string;
  readonly public_url: string;
  readonly limits: Limits;
  readonly terminals: TerminalDriver;
  readonly hints: Hints;
  /** Hints to the other processes that share the database. */
  readonly bus: Pick<Bus, "tell">;
  /** Profiles by account and id, as last read. Safe to be old: the creating statement checks the revision. */
  readonly profiles: Map<string, Profile>;
  /** Why nothing of this account's can be sent to this address, or `undefined` if it can. */
  readonly callbackRefusal: (url: string, account_id: string) => string | undefined;
}

export const isoNow = (world: Pick<Environment, "clock">): string => new Date(world.clock.now()).toISOString();
