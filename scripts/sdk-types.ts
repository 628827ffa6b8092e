/**
 * The SDK's types, printed from the contract's schemas: the SDK imports nothing, so it gets them written out. The layout
 * is the formatter's, which would otherwise change the file on the next run.
 */
import type { TSchema } from "typebox";
import { namedSchemas, nameOfSchema } from "../src/contract/openapi.ts";

/** The keywords of JSON Schema that the contract uses, as far as they mean something to a type. */
interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly TSchema[];
  readonly items?: TSchema;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

const lineWidth = 120;

export function sdkTypes(): string {
  const declarations = [...namedSchemas].map(([name, schema]) => declaration(name, schema as Shape));
  return `/** What the API takes and answers. Written by scripts/generate.ts from src/contract. */\n\n${declarations.join("\n")}`;
}

function declaration(name: string, shape: Shape): string {
  const comment = docComment(shape.description, "");
  if (Object.keys(shape.properties ?? {}).length > 0)
    return `${comment}export interface ${name} ${members(shape, "")}\n`;
  return `${comment}${statement(`export type ${name} =`, typeText(shape, ""), "")}`;
}

function members({ properties = {}, required = [], additionalProperties }: Shape, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, schema]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    const head = `${inner}${key}${required.includes(name) ? "" : "?"}:`;
    return docComment(commentOn(schema), inner) + statement(head, referred(schema, inner), inner);
  });
  // What the server adds later is there, and is nobody's known member.
  if (additionalProperties === true) lines.push(`${inner}[member: string]: unknown;\n`);
  return `{\n${lines.join("")}${indent}}`;
}

/** A named type says the same about itself where it is declared. */
function commentOn(schema: TSchema): string | undefined {
  const { description } = schema as Shape;
  const name = nameOfSchema(schema);
  const theirs = name === undefined ? undefined : (namedSchemas.get(name) as Shape).description;
  return description === theirs ? undefined : description;
}

const referred = (schema: TSchema, indent: string): string => nameOfSchema(schema) ?? typeText(schema as Shape, indent);

function typeText(shape: Shape, indent: string): string {
  if (shape.enum !== undefined) return shape.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.anyOf !== undefined) return shape.anyOf.map((one) => referred(one, indent)).join(" | ");
  switch (shape.type) {
    case "string":
    case "number":
    case "boolean":
      return shape.type;
    case "integer":
      return "number";
    case "array":
      return arrayText(shape, indent);
    case "object":
      return objectText(shape, indent);
    case undefined:
      return "unknown";
    default:
      throw new Error(`scripts/sdk-types.ts has no type for ${JSON.stringify(shape)}.`);
  }
}

function arrayText({ items }: Shape, indent: string): string {
  const item = items === undefined ? "unknown" : referred(items, indent);
  const isUnion = item.includes(" | ") && !item.startsWith("{");
  return isUnion ? `(${item})[]` : `${item}[]`;
}

function objectText(shape: Shape, indent: string): string {
  const { additionalProperties } = shape;
  if (typeof additionalProperties === "object" && additionalProperties !== null) {
    return `Record<string, ${referred(additionalProperties as TSchema, indent)}>`;
  }
  if (Object.keys(shape.properties ?? {}).length === 0) return "Record<string, unknown>";
  return members(shape, indent);
}

/** `head type;`, where it fits on a line; else a union has a line for each of its types. */
function statement(head: string, type: string, indent: string): string {
  const line = `${head} ${type};`;
  if (line.length <= lineWidth || !type.includes(" | ") || type.includes("\n")) return `${line}\n`;
  const choices = type.split(" | ").map((choice) => `\n${indent}  | ${choice}`);
  return `${head}${choices.join("")};\n`;
}

function docComment(text: string | undefined, indent: string): string {
  if (text === undefined) return "";
  const line = `${indent}/** ${text} */`;
  if (line.length <= lineWidth) return `${line}\n`;
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (`${indent} *${longer}`.length <= lineWidth) lines[lines.length - 1] = longer;
    else lines.push(` ${word}`);
  }
  return `${indent}/**\n${lines.map((part) => `${indent} *${part}\n`).join("")}${indent} */\n`;
}
