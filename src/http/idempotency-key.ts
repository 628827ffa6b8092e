/** The Idempotency-Key header, and what makes two requests the same. */
import { createHash } from "node:crypto";
import { Rejection } from "../domain/rejections.ts";
import type { RequestKey } from "../flows/idempotency.ts";

/** A UUID is what is meant; any visible text is taken, up to the length of the longest keys in the field. */
const form = /^[\x21-\x7e]{1,255}$/;

export function requestKey(
  operation: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: unknown,
): RequestKey | undefined {
  const key = headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || !form.test(key)) throw new Rejection("IDEMPOTENCY_KEY_INVALID");
  return { operation, key, request_sha256: createHash("sha256").update(JSON.stringify(body)).digest("hex") };
}
