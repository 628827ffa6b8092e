/** Reads a JSON body exactly as it was sent: nothing is coerced, and what the database could not keep is refused. */
import { isUtf8 } from "node:buffer";
import { fieldError, Rejection } from "../domain/rejections.ts";

/** An order nests four or five deep; the limit keeps a hostile body from exhausting the stack. */
const depthMax = 32;

/** The body, with members that are `null` left out: in this API null means absent (field-clients). */
export function readJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new Rejection("INVALID_JSON", { reason: "it is not UTF-8." });
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new Rejection("INVALID_JSON", { reason: `${(error as Error).message}.` });
  }
  return body === null ? undefined : clean(body, []);
}

function clean(value: unknown, path: string[]): unknown {
  if (typeof value === "string") return checkedText(value, path);
  // 1e999 is JSON by its form and no number that can be kept.
  if (typeof value === "number" && !Number.isFinite(value)) refuse(path, "is not a number that can be kept.");
  if (typeof value !== "object" || value === null) return value;
  if (path.length >= depthMax) refuse(path, `nests deeper than ${depthMax} levels.`);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = clean(value[index], [...path, String(index)]);
    return value;
  }
  const members = value as Record<string, unknown>;
  for (const [name, member] of Object.entries(members)) {
    checkedText(name, [...path, printable(name)]);
    if (name === "__proto__") refuse([...path, name], "is not a name for a member.");
    if (member === null) delete members[name];
    else members[name] = clean(member, [...path, name]);
  }
  return members;
}

/** PostgreSQL keeps neither the character NUL nor half a surrogate pair. */
function checkedText(text: string, path: string[]): string {
  if (text.includes("\0") || !text.isWellFormed()) refuse(path, "holds a character that no text can hold.");
  return text;
}

const printable = (name: string): string => name.toWellFormed().replaceAll("\0", "\ufffd");

function refuse(path: string[], problem: string): never {
  const field = path.length === 0 ? ["body"] : path;
  throw Rejection.ofFields(`${field.join(".")} ${problem}`, [fieldError("INVALID_VALUE", field, problem)]);
}
