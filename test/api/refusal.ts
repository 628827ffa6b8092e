/** What every refusal must be, whatever it refuses: one error body, a request id, and nothing written. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Answer, Shop } from "../support/shop.ts";

export interface Refusal {
  readonly status: number;
  readonly code?: string;
  /** The field to blame, dotted, or its path where a name in it has a dot. */
  readonly field?: string | readonly string[];
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function assertRefused(answer: Answer<ErrorBody>, refusal: Refusal): void {
  const { status, headers, body } = answer;
  assert.equal(status, refusal.status, JSON.stringify(body));
  assertErrorBody(answer);
  if (refusal.code !== undefined) assert.equal(body.error.code, refusal.code, body.error.message);
  if (refusal.field === undefined) return;
  const path = typeof refusal.field === "string" ? refusal.field.split(".") : refusal.field;
  const errors = body.error.errors ?? [];
  assert.notEqual(errors.length, 0, "no field is named");
  for (const error of errors) {
    assert.deepEqual(error.path, path);
    assert.ok(error.description.includes(path.join(".")), error.description);
  }
  assert.match(headers.get("content-type") ?? "", /charset=utf-8/);
}

/** A 4xx as clients in the field depend on it (field-clients): JSON, a code, a sentence that is whole, a request id. */
export function assertErrorBody({ status, headers, body }: Answer<ErrorBody>): void {
  assert.ok(status >= 400 && status < 500, `${status} ${JSON.stringify(body)}`);
  assert.match(headers.get("content-type") ?? "", /^application\/json\b/);
  assert.match(headers.get("x-request-id") ?? "no request id", uuid);
  assert.match(body.error.code ?? "no code", /^([A-Z_]+|mfa_required)$/);
  assert.match(body.error.message, /\S/);
  assert.doesNotMatch(body.error.message, /\{\w+\}/, "a fact is missing from the sentence");
  for (const { description, path } of body.error.errors ?? []) {
    assert.match(description, /^[^:\s]+/, "the sentence begins with the field");
    assert.ok(path.length > 0 && path.every((name) => name !== ""), `the path ${JSON.stringify(path)} names no field`);
  }
}

/** Runs `act`, and checks that it left no row behind and took no terminal. */
export async function leavesNoTrace<T>(shop: Shop, act: () => Promise<T>): Promise<T> {
  const before = await traces(shop);
  const result = await act();
  assert.deepEqual(await traces(shop), before);
  return result;
}

async function traces({ database }: Shop): Promise<unknown> {
  const tables = ["sessions", "session_events", "transactions", "transaction_events", "prompts", "deliveries"];
  const counts = tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`);
  const seats = "(SELECT count(*) FROM terminal_seats WHERE occupant_id IS NOT NULL) AS taken_terminals";
  return (await database.sql(`SELECT ${[...counts, seats].join(", ")}`))[0];
}

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** Sends exactly this: no token, no content type, no JSON but what the test says. */
export async function send(
  { app }: Shop,
  { method, path, headers = {}, body }: RawRequest,
): Promise<Answer<ErrorBody>> {
  const answer = await fetch(`${app.address}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  return answerOf(answer.status, answer.headers, await answer.text());
}

/** Writes these bytes to a connection of its own, and reads until the server closes it. */
export async function sendBytes({ app }: Shop, bytes: string): Promise<Answer<ErrorBody>> {
  const { hostname, port } = new URL(app.address);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(5_000, () => socket.destroy(new Error("The server neither answers nor closes the connection.")));
  socket.write(bytes);
  let received = "";
  for await (const chunk of socket) received += String(chunk);
  const [head = "", ...rest] = received.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers = new Headers(
    lines.map((line): [string, string] => [line.split(": ")[0] ?? "", line.split(": ")[1] ?? ""]),
  );
  return answerOf(Number(statusLine.split(" ")[1]), headers, rest.join("\r\n\r\n"));
}

function answerOf(status: number, headers: Headers, text: string): Answer<ErrorBody> {
  try {
    return { status, headers, body: JSON.parse(text) };
  } catch {
    assert.fail(`The answer, a ${status}, has no JSON body: ${JSON.stringify(text)}`);
  }
}
