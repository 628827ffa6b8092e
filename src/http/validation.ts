/** Requests are validated as sent. Only a query, which arrives as text, has its numbers and lists read from the text. */
import Ajv, { type ErrorObject } from "ajv";
import addFormats from "ajv-formats";
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { type FieldError, fieldError, Rejection } from "../domain/rejections.ts";

const common = { removeAdditional: false, allErrors: true, strict: false } as const;

function validator(options: { coerceTypes: false | "array" }): Ajv.default {
  const ajv = new Ajv.default({ ...common, ...options });
  addFormats.default(ajv, ["date-time", "email"]);
  // Optional addresses may be empty; a required one has a minimal length besides (field-clients).
  ajv.addFormat("uri", (text) => text === "" || (/^[a-z][a-z0-9+.-]*:/i.test(text) && URL.canParse(text)));
  ajv.addFormat("email", (text) => text === "" || /^[^\s@]+@[^\s@]+$/.test(text));
  return ajv;
}

const bodies = validator({ coerceTypes: false });
const queries = validator({ coerceTypes: "array" });

export const compileValidation: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validate = (httpPart === "querystring" ? queries : bodies).compile(schema);
  return (data) => {
    if (validate(data)) return { value: data };
    return { error: rejectionOf(validate.errors ?? []) };
  };
};

/** A handful says enough; a hostile body could earn thousands. */
const errorsMax = 20;

function rejectionOf(errors: ErrorObject[]): Rejection {
  const fields = errors.filter(({ keyword }) => keyword !== "anyOf").slice(0, errorsMax);
  const described = (fields.length > 0 ? fields : errors.slice(0, errorsMax)).map(describe);
  return Rejection.ofFields(described.map((error) => error.description).join(" "), described);
}

function describe({ keyword, instancePath, params, message }: ErrorObject): FieldError {
  const inside = instancePath.split("/").slice(1).map(unescaped);
  const missing = keyword === "required" ? [String(params.missingProperty)] : [];
  if (keyword === "additionalProperties") missing.push(String(params.additionalProperty));
  const path = [...inside, ...missing];
  const field = path.length === 0 ? ["body"] : path;
  return fieldError(keyword.toUpperCase(), field, sentence(keyword, params, message));
}

const unescaped = (part: string): string => part.replaceAll("~1", "/").replaceAll("~0", "~");

function sentence(keyword: string, params: Record<string, unknown>, message = "is not valid"): string {
  switch (keyword) {
    case "required":
      return "is required.";
    case "additionalProperties":
      return "is not known here.";
    case "type":
      return `must be ${article(String(params.type))}.`;
    case "enum":
      return `must be one of ${(params.allowedValues as unknown[]).join(", ")}.`;
    case "minimum":
      return `must be at least ${params.limit}.`;
    case "maximum":
      return `must be at most ${params.limit}.`;
    case "maxLength":
      return `must be at most ${params.limit} characters.`;
    case "minLength":
      return "must not be empty.";
    case "format":
      return `must be a valid ${params.format}.`;
    default:
      return `${message}.`;
  }
}

const article = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`);

/** `?status=A,B` and `?status[]=A` are written by clients in the field as well as `?status=A&status=B`. */
export function spreadQuery(query: Record<string, unknown>, schema: TSchema | undefined): Record<string, unknown> {
  const properties = (schema as { properties?: Record<string, { type?: string }> } | undefined)?.properties ?? {};
  const spread: Record<string, unknown> = {};
  for (const [written, value] of Object.entries(query)) {
    const name = written.replace(/\[\]$/, "");
    spread[name] =
      properties[name]?.type === "array" ? [value].flat().flatMap((part) => String(part).split(",")) : value;
  }
  return spread;
}
