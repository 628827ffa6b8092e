/**
 * The two workers that tell what happened, on a real database and the real network of this machine, with an account whose
 * hooks and callbacks go to receivers of the test.
 */
import { randomBytes } from "node:crypto";
import { AddressGuard } from "../../src/delivery/addresses.ts";
import { type DeliveryLimits, type DeliveryParts, deliveryLimits } from "../../src/delivery/delivery-parts.ts";
import { makePost, type Post } from "../../src/delivery/post.ts";
import { startTelling, type Telling } from "../../src/delivery/telling.ts";
import { newId, newUuid } from "../../src/domain/ids.ts";
import { insertCallback } from "../../src/storage/deliveries.ts";
import { insertEvent } from "../../src/storage/events.ts";
import { insertIncident, settleReceiverIncident } from "../../src/storage/incidents.ts";
import { recordProcessSeen } from "../../src/storage/server-processes.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { account_id, plantAccount } from "../storage/planted.ts";
import { authorityCertificate } from "./certificates.ts";
import { makeDatabase, type TestDatabase } from "./database.ts";
import { quietLog } from "./quiet-log.ts";
import { until } from "./shop.ts";

export interface DeliveryRow {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly attempts: number;
  readonly tries: number;
  readonly last_answer: string | null;
  readonly event_position: number | null;
}

export interface AttemptRow {
  readonly status: number | null;
  readonly problem: string | null;
  readonly request_headers: Record<string, string>;
  readonly response_headers: Record<string, string> | null;
  readonly response_body: string | null;
}

/** Short, so that a test waits for no real limit. */
const shortLimits: Partial<DeliveryLimits> = {
  callback_timeout_ms: 400,
  webhook_timeout_ms: 500,
  probe_every_ms: 150,
};

export class TellingScene {
  readonly database: TestDatabase;
  readonly limits: DeliveryLimits;
  readonly process_id: string;
  readonly #post: Post;
  #telling: Telling | undefined;

  private constructor(database: TestDatabase, limits: Partial<DeliveryLimits>, process_id: string) {
    this.database = database;
    this.limits = { ...deliveryLimits, ...shortLimits, ...limits };
    this.process_id = process_id;
    this.#post = makePost(new AddressGuard({ addresses: "any" }), { ca: authorityCertificate });
  }

  static async open(limits: Partial<DeliveryLimits> = {}): Promise<TellingScene> {
    const database = await makeDatabase();
    await plantAccount(database);
    const scene = new TellingScene(database, limits, "process_one");
    await scene.start();
    return scene;
  }

  /** Another process on the same database. */
  async beside(process_id: string): Promise<TellingScene> {
    const scene = new TellingScene(this.database, this.limits, process_id);
    await scene.start();
    return scene;
  }

  async start(): Promise<void> {
    const { process_id } = this;
    await this.database.db.atOnce((tx) => recordProcessSeen(tx, process_id, new Date().toISOString()));
    this.#telling = startTelling({ ...this.parts, onGrown: () => {} });
  }

  get parts(): DeliveryParts {
    const { process_id, limits } = this;
    return {
      ...{ db: this.database.db, clock: systemClock, random: systemRandom, log: quietLog, process_id, limits },
      post: this.#post,
      raise: async (tx, { account_id, kind, subject, details }) => {
        const id = newId("inc", Date.now(), systemRandom);
        await insertIncident(tx, { account_id, id, kind, subject, details }, new Date().toISOString());
      },
      settle: async (tx, lane, reason) => {
        await settleReceiverIncident(tx, lane, reason, new Date().toISOString());
      },
    };
  }

  async stop(): Promise<void> {
    await this.#telling?.stop();
    this.#telling = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.database.close();
  }

  wake(): void {
    this.#telling?.wake();
  }

  /** A subscription to `account_update`. */
  async addHook(url: string, change: { insecure_ssl?: boolean; secret?: object } = {}): Promise<string> {
    const { insecure_ssl = false, secret = null } = change;
    const id = newUuid(systemRandom);
    const signing_secret = `whsec_${randomBytes(24).toString("base64")}`;
    await this.database.sql(
      `INSERT INTO hooks (account_id, id, url, secret, insecure_ssl, events, active, signing_secret, created_at,
         created_by, updated_at, updated_by)
       VALUES ($1, $2, $3, $4, $5, '{account_update}', true, $6, now(), 'till', now(), 'till')`,
      [account_id, id, url, secret, insecure_ssl, signing_secret],
    );
    await this.database.sql("INSERT INTO delivery_lanes (account_id, id, hook_id) VALUES ($1, $2, $2)", [
      account_id,
      id,
    ]);
    return id;
  }

  /** Something happens so often: every hook is to be told of each. */
  async tell(times = 1): Promise<void> {
    await this.database.db.transaction(async (tx) => {
      for (let time = 0; time < times; time++) {
        const id = newId("evt", Date.now(), systemRandom);
        const members = { account: { account_id, time } };
        await insertEvent(tx, {
          account_id,
          id,
          type: "account_update",
          members,
          created_at: new Date().toISOString(),
        });
      }
    });
    this.wake();
  }

  /** A callback that is due now. Answers its id. */
  async callBack(url: string, method: "GET" | "POST" = "POST"): Promise<string> {
    const id = newUuid(systemRandom);
    const now = new Date().toISOString();
    const about = { session_id: "session_1", transaction_id: "transaction_1", transaction_event_id: 3 };
    const lane_id = new URL(url).origin;
    const body = method === "POST" ? '{"id":"transaction_1"}' : null;
    await this.database.db.atOnce((tx) =>
      insertCallback(tx, { account_id, id, lane_id, ...about, method, url, body, due_at: now }, now),
    );
    this.wake();
    return id;
  }

  async delivery(id: string): Promise<DeliveryRow> {
    const [row] = await this.database.sql<DeliveryRow>("SELECT * FROM deliveries WHERE id = $1", [id]);
    if (row === undefined) throw new Error(`There is no delivery ${id}.`);
    return row;
  }

  deliveriesOf(lane_id: string): Promise<DeliveryRow[]> {
    return this.database.sql<DeliveryRow>(
      "SELECT * FROM deliveries WHERE lane_id = $1 ORDER BY event_position, created_at",
      [lane_id],
    );
  }

  attemptsOf(delivery_id: string): Promise<AttemptRow[]> {
    return this.database.sql<AttemptRow>("SELECT * FROM delivery_attempts WHERE delivery_id = $1 ORDER BY try", [
      delivery_id,
    ]);
  }

  async lane(id: string): Promise<Record<string, unknown>> {
    const [row] = await this.database.sql("SELECT * FROM delivery_lanes WHERE id = $1", [id]);
    return row ?? {};
  }

  incidents(): Promise<{ kind: string; subject: string; outcome: string | null; details: Record<string, unknown> }[]> {
    return this.database.sql("SELECT kind, subject, outcome, details FROM incidents ORDER BY id");
  }

  /** What waits for its next try is due now. */
  async hurry(): Promise<void> {
    await this.database.sql("UPDATE deliveries SET due_at = now() WHERE status = 'PENDING' AND due_at > now()");
    this.wake();
  }

  /** Waits until so many tries of the delivery were made. */
  triedTimes(id: string, tries: number): Promise<DeliveryRow> {
    return until(async () => {
      const row = await this.delivery(id);
      return row.tries >= tries && row;
    });
  }
}
