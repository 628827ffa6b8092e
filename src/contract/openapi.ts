/**
 * The API as an OpenAPI 3.1 document, made from the operations and their schemas. `scripts/generate.ts` writes it to
 * `openapi.json`. The HTTP status of a code is known in `http/` alone, so it comes in as an argument.
 */
import type { TSchema } from "typebox";
import { type RejectionCode, rejections } from "../domain/rejections.ts";
import type { Scope } from "../domain/scopes.ts";
import * as account from "./account.ts";
import * as events from "./events.ts";
import * as hook from "./hook.ts";
import type { Operation } from "./operation.ts";
import { operations } from "./operations.ts";
import * as profile from "./profile.ts";
import * as session from "./session.ts";
import * as shapes from "./shapes.ts";
import * as transaction from "./transaction.ts";

type Json = { readonly [member: string]: unknown };

const isSchema = (value: unknown): value is TSchema => typeof value === "object" && value !== null && "~kind" in value;

/** Every schema that has a name of its own: the name it is exported by. */
export const namedSchemas: ReadonlyMap<string, TSchema> = new Map(
  [shapes, session, transaction, account, profile, events, hook]
    .flatMap((module) => Object.entries(module))
    .filter((entry): entry is [string, TSchema] => isSchema(entry[1]))
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);

/**
 * What a schema is known by. An optional member is a copy of its schema, and shares with it the object that holds its
 * members; an enumeration is known by its values, whatever the member's description says.
 */
function identityOf(schema: TSchema): unknown {
  const { properties, patternProperties, enum: values } = schema as Json;
  return values === undefined ? (properties ?? patternProperties ?? schema) : JSON.stringify(values);
}

const nameByIdentity = new Map([...namedSchemas].map(([name, schema]) => [identityOf(schema), name]));

/** The name of a schema that has one. */
export const nameOfSchema = (schema: TSchema): string | undefined => nameByIdentity.get(identityOf(schema));

export interface ApiFacts {
  /** The server's version. */
  readonly version: string;
  readonly statusOf: (code: RejectionCode) => number;
}

export function openApiDocument({ version, statusOf }: ApiFacts): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "Tapline API",
      version,
      summary: "In-person card payments: the in-person part of the Dintero Checkout API, on a server of your own",
      description: introduction.join("\n\n"),
      license: { name: "Apache 2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The server that this document comes from" }],
    tags: Object.entries(tagDescriptions).map(([name, description]) => ({ name, description })),
    paths: pathsOf(statusOf),
    components: {
      schemas: Object.fromEntries([...namedSchemas].map(([name, schema]) => [name, written(schema)])),
      headers: {
        RequestId: { description: "Names the request in the server's log", schema: { type: "string" } },
        TotalCount: { description: "How many there are in all, where `total=true` asks", schema: { type: "integer" } },
        EventRequestId: {
          description: "The request_id of the INITIATE event, and the correlation_request_id of the one that ends it",
          schema: { type: "string" },
        },
      },
      securitySchemes,
    },
  };
}

const introduction = [
  "Every operation tagged `checkout` answers under `/v1/accounts/{aid}/payments` as well: " +
    "`POST /v1/accounts/{aid}/payments/sessions-profile` is `POST /v1/sessions-profile`. The account in the path must " +
    "be the token's. Those paths are not repeated below.",
  "Amounts are whole numbers in minor units: 39900 is 399.00 NOK. Times are ISO 8601 in UTC.",
  "Members that are not described here are kept and given back. A member that is `null` counts as absent.",
  "A list in the query is written as `?status=A&status=B` or `?status=A,B`; both mean either.",
  "Every answer that is not a 2xx has an error body, and its `code` stands in docs/errors.md. Every answer has the " +
    "header `x-request-id`.",
];

const tagDescriptions: Readonly<Record<Operation["surface"], string>> = {
  checkout: "Sessions and transactions. The account is the token's.",
  accounts: "What belongs to one account, which stands in the path.",
  server: "The server itself. Nobody needs to say who they are.",
};

const scopeMeanings: Readonly<Record<Scope, string>> = {
  "admin:checkout": "Everything in checkout",
  "write:checkout": "Create and cancel sessions; capture, void and refund transactions",
  "read:checkout": "Read sessions, transactions and payment profiles",
  "write:checkout:/admin/terminals": "Give terminals something to do",
  "read:checkout:/admin/terminals": "Read what terminals do",
  "admin:accounts": "Everything in account management",
  "write:accounts": "Change stores, terminals and payout destinations",
  "read:accounts": "Read stores, terminals and payout destinations",
  "write:accounts:/management/settings/approvals": "Create payout destinations",
  "write:accounts:/fund-transfers": "Move funds between payout destinations",
  "admin:payout": "Everything about payouts",
  "write:payout": "Move funds",
  "admin:hooks": "Everything about webhooks",
  "write:hooks": "Change webhook subscriptions",
  "read:hooks": "Read webhook subscriptions",
};

/** A URL has no place for a parameter, so the token's address is shown for one account. */
const securitySchemes: Json = {
  token: {
    type: "oauth2",
    description:
      "A token, sent as `Authorization: Bearer …`. It is had from `issueToken`; put your account in the place of " +
      "T12345678. Where an operation names several scopes, one of them is enough.",
    flows: { clientCredentials: { tokenUrl: "/v1/accounts/T12345678/auth/token", scopes: scopeMeanings } },
  },
  api_key: {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description:
      "A key of `createApiKey`, in the place of a token, where the operation names it. It needs the same scopes",
  },
  client: { type: "http", scheme: "basic", description: "The client id and the client secret" },
};

interface RequestHeader {
  readonly name: string;
  readonly description: string;
}

/** Told by the calling system about itself; kept on the session and its events (errors-and-conventions section 3). */
const systemHeaders: readonly RequestHeader[] = [
  { name: "Dintero-System-Name", description: "The calling system" },
  { name: "Dintero-System-Version", description: "Its version" },
  { name: "Dintero-System-Plugin-Name", description: "The plugin in it that calls" },
  { name: "Dintero-System-Plugin-Version", description: "The plugin's version" },
];

const featureToggles: RequestHeader = {
  name: "Dintero-Feature-Toggles",
  description:
    "A list, separated by commas. `strict-session-amounts`: `order.amount` must be the sum of the items and the " +
    "shipping option.",
};

const idempotencyKey: RequestHeader = {
  name: "Idempotency-Key",
  description:
    "A UUID that you make and keep before you send the request. The same request with the same key is carried out once " +
    "and answered as the first time; the key is kept for 24 hours.",
};

const lastEventId: RequestHeader = {
  name: "Last-Event-ID",
  description: "The id of the last event you have got: the stream goes on with the next one",
};

const requestHeaders: Readonly<Record<string, readonly RequestHeader[]>> = {
  createSessionFromProfile: [...systemHeaders, featureToggles, idempotencyKey],
  createSession: [...systemHeaders, featureToggles, idempotencyKey],
  cancelSession: systemHeaders,
  refundTransaction: [...systemHeaders, idempotencyKey],
  captureTransaction: [...systemHeaders, idempotencyKey],
  voidTransaction: [...systemHeaders, idempotencyKey],
  streamSessionEvents: [lastEventId],
  streamEvents: [lastEventId],
};

/**
 * The codes that an operation can answer: its own, then those of the door that every request comes through.
 */
export function rejectionsOf(operation: Operation): RejectionCode[] {
  const { access, method } = operation;
  const general: RejectionCode[] = ["INVALID_REQUEST_PARAMETER"];
  if (method !== "GET") general.push("INVALID_JSON", "BODY_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE");
  if (Array.isArray(access)) general.push("INVALID_TOKEN", "INSUFFICIENT_SCOPE", "ACCOUNT_NOT_GRANTED");
  general.push("ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED", "INTERNAL_ERROR");
  // What anyone may ask is answered without the database.
  if (access !== "anyone") general.push("SERVICE_UNAVAILABLE");
  return [...new Set([...operation.rejections, ...general])];
}

function pathsOf(statusOf: ApiFacts["statusOf"]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of Object.values(operations) as Operation[]) {
    const methods = paths[operation.path] ?? {};
    paths[operation.path] = methods;
    methods[operation.method.toLowerCase()] = operationObject(operation, statusOf);
  }
  return paths;
}

function operationObject(operation: Operation, statusOf: ApiFacts["statusOf"]): Json {
  const { id, surface, summary, body, body_optional } = operation;
  const parameters = parametersOf(operation);
  return {
    operationId: id,
    tags: [surface],
    summary,
    ...descriptionOf(operation),
    security: securityOf(operation),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: body_optional !== true, content: jsonOf(body) } }),
    responses: {
      ...answersOf(operation),
      ...refusalsOf(operation, statusOf),
    },
  };
}

function answersOf({ accepted, streams, reply, created, media_type, no_content, counted }: Operation): Json {
  if (no_content) return { 204: { description: "Done", headers: answerHeaders } };
  if (streams) {
    const description =
      "Server-Sent Events: `id` is the event's place in the account's stream, `event` its type, `data` this";
    return {
      200: { description, headers: answerHeaders, content: { "text/event-stream": { schema: referred(reply) } } },
    };
  }
  const content = media_type === undefined ? jsonOf(reply) : { [media_type]: { schema: referred(reply) } };
  const count = counted ? { "total-count": { $ref: "#/components/headers/TotalCount" } } : {};
  const done = { [created ? 201 : 200]: { description: "Done", headers: { ...answerHeaders, ...count }, content } };
  if (accepted === undefined) return done;
  const headers = { ...answerHeaders, "event-request-id": { $ref: "#/components/headers/EventRequestId" } };
  const begun = { 202: { description: "Accepted, and not finished", headers, content } };
  return accepted === "always" ? begun : { ...done, ...begun };
}

/** With the contract's other paths for the same operation, which are not repeated as paths. */
function descriptionOf({ description, also_at }: Operation): Json {
  const elsewhere = [also_at ?? []].flat().map((path) => `\`${path}\``);
  const also = elsewhere.length === 0 ? [] : [`Also answers at ${elsewhere.join(" and ")}.`];
  const sentences = [description ?? [], also].flat();
  return sentences.length === 0 ? {} : { description: sentences.join(" ") };
}

const answerHeaders: Json = { "x-request-id": { $ref: "#/components/headers/RequestId" } };

const jsonOf = (schema: TSchema): Json => ({ "application/json": { schema: referred(schema) } });

/** One scope of those listed is enough, so each is a requirement of its own; a key with one of them is another. */
function securityOf({ access, api_key }: Operation): Json[] {
  if (access === "anyone") return [];
  if (access === "client") return [{ client: [] }];
  return [...access.map((scope) => ({ token: [scope] })), ...(api_key === true ? [{ api_key: [] }] : [])];
}

function parametersOf({ id, params, query }: Operation): Json[] {
  return [
    ...members(params).map(([name, schema]) => parameter("path", name, true, schema)),
    ...members(query).map(([name, schema]) => parameter("query", name, isRequired(query, name), schema)),
    ...(requestHeaders[id] ?? []).map(({ name, description }) =>
      parameter("header", name, false, { type: "string", description }),
    ),
  ];
}

const members = (schema: TSchema | undefined): [string, TSchema][] =>
  Object.entries((schema as { properties?: Record<string, TSchema> } | undefined)?.properties ?? {});

const isRequired = (schema: TSchema | undefined, name: string): boolean =>
  (schema as { required?: string[] } | undefined)?.required?.includes(name) ?? false;

/** A parameter's description belongs to the parameter: few readers look into its schema. */
function parameter(place: "path" | "query" | "header", name: string, required: boolean, schema: TSchema): Json {
  const { description, ...type } = referred(schema);
  return { name, in: place, required, ...(description === undefined ? {} : { description }), schema: type };
}

/** One answer for each HTTP status, with the codes that come with it. */
function refusalsOf(operation: Operation, statusOf: ApiFacts["statusOf"]): Json {
  const codes = Object.groupBy(rejectionsOf(operation), statusOf);
  return Object.fromEntries(
    Object.entries(codes).map(([status, ofStatus = []]) => [
      status,
      {
        description: ofStatus.map((code) => `- \`${code}\`: ${rejections[code].sentence}`).join("\n"),
        headers: answerHeaders,
        content: jsonOf(shapes.ErrorBody),
      },
    ]),
  );
}

/** The schema, or where it has a name a reference to it. */
function referred(schema: TSchema): Json {
  const name = nameOfSchema(schema);
  if (name === undefined) return written(schema);
  const { description } = schema as Json;
  const theirs = (namedSchemas.get(name) as Json | undefined)?.description;
  const $ref = `#/components/schemas/${name}`;
  return description === undefined || description === theirs ? { $ref } : { $ref, description };
}

/** The schema written out, with references inside it. What OpenAPI tools handle poorly is said in another way. */
function written(schema: TSchema): Json {
  const { properties, items, anyOf, patternProperties, additionalProperties, ...rest } = schema as {
    readonly [member: string]: unknown;
    readonly properties?: Record<string, TSchema>;
    readonly items?: TSchema;
    readonly anyOf?: TSchema[];
    readonly patternProperties?: Record<string, TSchema>;
    readonly additionalProperties?: boolean | TSchema;
  };
  const [everyMember] = Object.values(patternProperties ?? {});
  const others = everyMember ?? additionalProperties;
  return {
    // An enumeration of texts says that it holds texts.
    ...(rest.enum === undefined ? {} : { type: "string" }),
    ...rest,
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, referred(one)])) }),
    ...(items === undefined ? {} : { items: referred(items) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(referred) }),
    ...(others === undefined ? {} : { additionalProperties: isSchema(others) ? referred(others) : others }),
  };
}
