import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { Rejection } from "../domain/rejections.ts";
import { type Database, ping } from "../storage/database.ts";

export const readHealth: Handler<Operations["readHealth"]> = async () => ({ status: "ok" });

/** Ready means: the database answers, and we are not on our way out. */
export const readReadiness =
  (db: Database, isStopping: () => boolean): Handler<Operations["readReadiness"]> =>
  async () => {
    if (isStopping()) throw new Rejection("SERVER_STOPPING");
    await ping(db);
    return { status: "ready" };
  };
