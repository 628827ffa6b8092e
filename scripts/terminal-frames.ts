/** The frames of the terminal protocol as Markdown: for each its direction, its meaning, its members and an example. */
import type { TSchema } from "typebox";
import { Capabilities, serverFrames, terminalFrames } from "../src/contract/terminal-protocol.ts";
import { Card } from "../src/contract/transaction.ts";
import { code, json, table } from "./markdown.ts";
import { factMeaning, factNames } from "./terminal-facts.ts";
import { serverExamples, terminalExamples } from "./terminal-frame-examples.ts";

/** The keywords of JSON Schema that the frames use. */
interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: TSchema;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

export const terminalFrameSections = (): string => sections(terminalFrames, terminalExamples, "Terminal to server");

export const serverFrameSections = (): string => sections(serverFrames, serverExamples, "Server to terminal");

/** `heartbeat` goes both ways, so a heading says which way its frame goes. */
function sections(frames: Record<string, TSchema>, examples: Record<string, object>, direction: string): string {
  const origin = direction.split(" ")[0]?.toLowerCase();
  return Object.entries(frames)
    .map(([type, schema]) => {
      const meaning = (schema as Shape).description ?? "";
      return [
        `#### ${type} (from the ${origin})`,
        `${direction}. ${meaning}.`,
        memberTable(schema),
        json(examples[type]),
      ].join("\n\n");
    })
    .join("\n\n");
}

const columns = ["Member", "Type", "Required", "Meaning"];

const memberTable = (schema: TSchema): string => table(columns, rows(schema as Shape, ""));

function rows({ properties = {}, required = [] }: Shape, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const shape = schema as Shape;
    const row = [code(prefix + name), typeText(shape), required.includes(name) ? "yes" : "no", shape.description ?? ""];
    if (partOf(shape) !== undefined) return [row];
    const items = shape.items as Shape | undefined;
    return [row, ...rows(shape, `${prefix}${name}.`), ...rows(items ?? {}, `${prefix}${name}[].`)];
  });
}

function typeText(shape: Shape): string {
  const part = partOf(shape);
  if (part !== undefined) return `object, see [${part}](#${part})`;
  if (shape.const !== undefined) return code(JSON.stringify(shape.const));
  if (shape.enum !== undefined) return shape.enum.map((value) => code(JSON.stringify(value))).join(" or ");
  if (shape.type === "array") return `array of ${typeText((shape.items ?? {}) as Shape)}`;
  return [shape.type ?? "any", ...limits(shape)].join(", ");
}

function limits({ minimum, maximum, minLength, maxLength, pattern }: Shape): string[] {
  const all: string[] = [];
  if (minimum !== undefined) all.push(maximum === undefined ? `${minimum} or more` : `${minimum} to ${maximum}`);
  if (maxLength !== undefined) all.push(`${minLength ?? 0} to ${maxLength} characters`);
  if (pattern !== undefined) all.push(`matching ${code(pattern)}`);
  return all;
}

const facts = terminalFrames.result.properties.facts;
const parts: readonly (readonly [string, TSchema])[] = [
  ["capabilities", Capabilities],
  ["card", Card],
  ["facts", facts],
];

/** An optional member is a copy of its schema that shares the properties. */
const partOf = ({ properties }: Shape): string | undefined =>
  properties === undefined ? undefined : parts.find(([, schema]) => (schema as Shape).properties === properties)?.[0];

/** The objects that stand in several frames. */
export const partSections = (): string =>
  [
    `#### capabilities\n\n${memberTable(Capabilities)}`,
    "#### card\n\nOf an approved payment, and of a declined one where the terminal read the card. The number is masked " +
      `by the terminal.\n\n${memberTable(Card)}`,
    "#### facts\n\nAll are strings, and all are optional. Send those you have; a fact that is not listed is kept as " +
      `well.\n\n${table(
        ["Fact", "Meaning"],
        factNames.map((name) => [code(name), factMeaning(name)]),
      )}`,
  ].join("\n\n");
