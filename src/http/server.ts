/** The HTTP edge: routes from the contract, one error body for everything, a request id on every answer. */
import type { Socket } from "node:net";
import { finished, Readable } from "node:stream";
import cors from "@fastify/cors";
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { Accepted, type Call, Counted, type Operation, Streamed, TextDocument } from "../contract/operation.ts";
import { newUuid } from "../domain/ids.ts";
import { Rejection } from "../domain/rejections.ts";
import { ApiKeyStandings } from "./api-key-standings.ts";
import { authenticate, type Caller, checkAccount } from "./authentication.ts";
import { callerNetwork } from "./caller-network.ts";
import { ClientStandings } from "./client-standings.ts";
import { EventHub } from "./event-hub.ts";
import { EventStreams } from "./event-streams.ts";
import { readJsonBody } from "./json-body.ts";
import { bodyMax_bytes, refusalOf } from "./refusals.ts";
import { type Api, type GuardedApi, type Route, routesOf } from "./routes.ts";
import { compileValidation, spreadQuery } from "./validation.ts";

declare module "fastify" {
  interface FastifyRequest {
    claims: Caller | null;
  }
}

/** An id of any length that fits a request's head is an id: one that is not there, if it is too long to be. */
const paramMax = 8_192;

/** `trusted_proxies`: whose word is taken, in `X-Forwarded-For`, for where a request came from. */
export async function buildServer(
  parts: Api,
  logger: FastifyBaseLogger,
  trusted_proxies: readonly string[],
  hub = new EventHub(parts.world),
): Promise<FastifyInstance> {
  const { world } = parts;
  const standings = new ClientStandings(world.db, world.clock);
  const api = { ...parts, hub, standings, api_keys: new ApiKeyStandings(world.db, world.clock) };
  const streams = new EventStreams(hub, world);
  const app = fastify({
    loggerInstance: logger,
    trustProxy: trusted_proxies.length === 0 ? false : [...trusted_proxies],
    // One line for each request, with our ids, in place of the framework's two.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => newUuid(world.random),
    bodyLimit: bodyMax_bytes,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: paramMax },
    frameworkErrors: (error, request, reply) => sendRefusal(error, request, reply as FastifyReply),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, newUuid(world.random)),
    // A request without a host is answered like any other, with our error body where it is wrong.
    http: { requireHostHeader: false },
    requestTimeout: 30_000,
  });
  app.decorateRequest("claims", null);
  app.setValidatorCompiler(compileValidation);
  readBodies(app);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    if (request.headers.host === undefined && request.raw.httpVersion === "1.1") {
      throw new Rejection("INVALID_REQUEST_PARAMETER", { reason: "the Host header is missing." });
    }
    if (request.url.includes("%00")) {
      throw new Rejection("INVALID_REQUEST_PARAMETER", { reason: "the path holds a character that no text can hold." });
    }
  });
  // The contract allows calls from any page; a token, never a cookie, says who calls.
  await app.register(cors, {
    origin: "*",
    methods: ["GET", "POST", "PUT", "DELETE"],
    exposedHeaders: [...exposedHeaders],
    maxAge: 86_400,
    // An OPTIONS that is no browser's question gets an answer as well.
    strictPreflight: false,
  });
  // A connection that is kept for a next request would hold up a stop for as long as it is kept.
  app.addHook("onSend", async (_request, reply) => {
    if (api.isStopping()) reply.header("connection", "close");
  });
  app.addHook("onResponse", async (request, reply) => logRequest(request, reply));
  // What is open would hold up a stop as well.
  app.addHook("preClose", async () => hub.stop());
  app.setErrorHandler(sendRefusal);
  const routes = routesOf(api);
  app.setNotFoundHandler((request, reply) => sendRefusal(notFound(routes, request), request, reply));
  for (const route of routes) addRoute(app, api, streams, route);
  app.server.on("checkExpectation", (_request, response) => {
    const reason = "what Expect asks for is not known here.";
    const { body } = refusalOf(new Rejection("INVALID_REQUEST_PARAMETER", { reason }));
    const text = JSON.stringify(body);
    const headers = { "content-type": "application/json; charset=utf-8", "content-length": text.length };
    response.writeHead(417, { ...everyAnswer(newUuid(world.random)), ...headers }).end(text);
  });
  return app;
}

/** Operations that take no body accept whatever clients in the field send them: nothing, null, [] or {}. */
function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, async (_request: FastifyRequest, body: Buffer) =>
    readJsonBody(body),
  );
  app.addContentTypeParser("*", { parseAs: "buffer" }, async (request: FastifyRequest, body: Buffer) => {
    if (body.length === 0) return undefined;
    throw new Rejection("UNSUPPORTED_MEDIA_TYPE", { content_type: request.headers["content-type"] ?? "unknown" });
  });
}

function addRoute(app: FastifyInstance, api: GuardedApi, streams: EventStreams, route: Route): void {
  const { operation, url, handle } = route;
  app.route({
    method: operation.method,
    url,
    schema: {
      ...(operation.query === undefined ? {} : { querystring: operation.query }),
      ...(operation.body === undefined ? {} : { body: operation.body }),
      ...(operation.media_type === undefined ? { response: { "2xx": operation.reply } } : {}),
    },
    onRequest: async (request) => {
      if (operation.access === "anyone" || operation.access === "client") return;
      const claims = await authenticate(api, operation, request.headers);
      const { aid, oid } = request.params as { aid?: string; oid?: string };
      checkAccount(claims, aid ?? oid);
      request.claims = claims;
    },
    preValidation: async (request) => {
      request.query = spreadQuery(request.query as Record<string, unknown>, operation.query);
      if (operation.body !== undefined && request.body === undefined) {
        if (!operation.body_optional) throw new Rejection("INVALID_JSON", { reason: "there is none." });
        request.body = {};
      }
    },
    handler: async (request, reply) => {
      const answer = await handle(callOf(operation, request, reply));
      if (answer instanceof Streamed) {
        return streams.open(answer, reply, () => authenticate(api, operation, request.headers));
      }
      if (answer instanceof TextDocument) return sendDocument(reply, operation, answer);
      if (operation.created) reply.code(201);
      if (operation.no_content) return reply.code(204).send();
      if (answer instanceof Counted) {
        reply.header("total-count", answer.total);
        return answer.answer;
      }
      if (!(answer instanceof Accepted)) return answer;
      reply.code(202).header("event-request-id", answer.event_request_id);
      return answer.answer;
    },
  });
}

/** As an attachment: a browser saves it under its name, and takes it for nothing else. */
function sendDocument(reply: FastifyReply, { media_type }: Operation, { name, parts }: TextDocument): FastifyReply {
  return reply
    .type(`${media_type}; charset=utf-8`)
    .header("content-disposition", `attachment; filename="${name.replaceAll(/[^\w.-]/g, "_")}"`)
    .header("x-content-type-options", "nosniff")
    .send(Readable.from(parts));
}

function callOf(operation: Operation, request: FastifyRequest, { raw }: FastifyReply): Call<Operation> {
  return {
    account_id: request.claims?.account_id ?? "",
    client_id: request.claims?.client_id ?? "",
    scopes: request.claims?.scopes ?? [],
    request_id: request.id,
    headers: request.headers,
    address: callerNetwork(request.ip),
    whenAnswered: (work: () => void) => void finished(raw, work),
    params: request.params,
    query: request.query,
    body: operation.body === undefined ? undefined : request.body,
    onEnd: (work: () => void) => void raw.once("close", work),
  } as Call<Operation>;
}

/** What a page of another origin may read of an answer. */
const exposedHeaders = ["x-request-id", "event-request-id", "retry-after", "total-count"];

/** What also those answers carry that no route has seen. */
const everyAnswer = (request_id: string) => ({
  "x-request-id": request_id,
  "access-control-allow-origin": "*",
  "access-control-expose-headers": exposedHeaders.join(", "),
});

function sendRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOf(error);
  if (refusal.fault) request.log.error({ request_id: request.id, err: error }, "a request failed");
  // A plain string: an error is never shaped by a reply schema, and never without its body.
  return reply
    .code(refusal.status)
    .headers({ ...refusal.headers, ...everyAnswer(request.id) })
    .type("application/json; charset=utf-8")
    .serializer(String)
    .send(JSON.stringify(refusal.body));
}

function notFound(routes: readonly Route[], { method, url }: FastifyRequest): Rejection {
  const path = url.split("?")[0]?.replace(/(.)\/$/, "$1") ?? "";
  const taken = routes.filter((route) => matches(route.url, path)).map((route) => route.operation.method);
  if (taken.length === 0) return new Rejection("ROUTE_NOT_FOUND", { method, path });
  return new Rejection("METHOD_NOT_ALLOWED", { method, path, allowed: [...new Set(taken)].join(", ") });
}

function matches(route_url: string, path: string): boolean {
  const pattern = route_url.split("/");
  const parts = path.split("/");
  return (
    pattern.length === parts.length && pattern.every((part, index) => part.startsWith(":") || part === parts[index])
  );
}

/** What is no HTTP at all is answered with the error body too, as far as it can be. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket, request_id: string): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const message = "The request is not valid HTTP, or its headers are too large.";
  const body = JSON.stringify({ error: { code: "INVALID_REQUEST_PARAMETER", message } });
  const headers = {
    ...everyAnswer(request_id),
    "content-type": "application/json; charset=utf-8",
    "content-length": body.length,
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join("")}\r\n${body}`);
}

function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const { account_id, client_id, api_key_id } = request.claims ?? {};
  const ids = { request_id: request.id, account_id, client_id, api_key_id };
  const { session_id, transaction_id } = request.params as Record<string, string | undefined>;
  request.log.info(
    {
      ...ids,
      session_id,
      transaction_id,
      method: request.method,
      route: request.routeOptions.url ?? "none",
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
    },
    "request",
  );
}
