/** What an operation of the API is, as data. Routes, validation, documentation and types are made from it. */
import type { Static, TObject, TSchema } from "typebox";
import type { RejectionCode } from "../domain/rejections.ts";
import type { Scope } from "../domain/scopes.ts";

export interface Operation {
  /** camelCase, verb first; the handler has the same name. */
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With `/v1`, and `{name}` for a parameter. */
  readonly path: string;
  /** Other paths of the contract's for the same operation; not repeated in openapi.json. */
  readonly also_at?: string | readonly string[];
  /** `checkout` operations also answer under /v1/accounts/{aid}/payments (auth section 1). */
  readonly surface: "checkout" | "accounts" | "server";
  readonly summary: string;
  readonly description?: string;
  /** Who may: nobody needs to say who they are, a client with its secret, or a token with one of these scopes. */
  readonly access: "anyone" | "client" | readonly Scope[];
  /** A key in `x-api-key` says who calls as well as a token does (auth section 4). */
  readonly api_key?: true;
  readonly params?: TObject;
  readonly query?: TObject;
  readonly body?: TSchema;
  /** No body at all is taken as `{}`. */
  readonly body_optional?: true;
  readonly reply: TSchema;
  /** Done is answered 201. */
  readonly created?: true;
  /** The answer is a text of this type, handed out as it is made, where it is not JSON. */
  readonly media_type?: "text/csv";
  /** Done is answered 204, without a body. */
  readonly no_content?: true;
  /** The answer may say how many there are in all, in the header `total-count`. */
  readonly counted?: true;
  /** It may, or will always, be answered 202: accepted and not finished, with the header `event-request-id`. */
  readonly accepted?: "sometimes" | "always";
  /** The answer is a stream of Server-Sent Events; `reply` is the message that each carries as its data. */
  readonly streams?: true;
  readonly rejections: readonly RejectionCode[];
}

/** Keeps the literal types of an operation, so that its handler is typed by its schemas. */
export const operation = <const O extends Operation>(definition: O): O => definition;

type Part<O extends Operation, K extends "params" | "query" | "body"> = O[K] extends TSchema ? Static<O[K]> : undefined;

/** What a handler is given: who calls, and what they sent, validated. */
export interface Call<O extends Operation> {
  readonly account_id: string;
  readonly client_id: string;
  /** Those of the token that are good. */
  readonly scopes: readonly string[];
  /** A UUID; on the answer, in every log line, and in the events the request causes. */
  readonly request_id: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Where the request came from: an IPv4 address, or the network of an IPv6 one. */
  readonly address: string;
  /** Runs `work` once the answer has gone out to the network, or cannot any more. */
  readonly whenAnswered?: (work: () => void) => void;
  readonly params: Part<O, "params">;
  readonly query: Part<O, "query">;
  readonly body: Part<O, "body">;
  /** `work` is done once the answer is whole, or the client has hung up. */
  readonly onEnd: (work: () => void) => void;
}

/** The answer 202. */
export class Accepted<Answer> {
  readonly answer: Answer;
  /** The request_id of the INITIATE event; the event that ends it carries it as correlation_request_id. */
  readonly event_request_id: string;

  constructor(answer: Answer, event_request_id: string) {
    this.answer = answer;
    this.event_request_id = event_request_id;
  }
}

/** An answer that is not JSON: its parts, made as fast as the caller takes them. */
export class TextDocument {
  readonly name: string;
  readonly parts: AsyncIterable<string>;

  constructor(name: string, parts: AsyncIterable<string>) {
    this.name = name;
    this.parts = parts;
  }
}

/** The answer that goes on: what an account's stream holds beyond a place, written as it comes. */
export class Streamed {
  readonly account_id: string;
  /** Of this session alone. */
  readonly session_id: string | undefined;
  readonly after: number;
  /** Whether the client is told where it begins, to go on from there should it break before the first event. */
  readonly tells_place: boolean;
  readonly shows: (type: string) => boolean;

  constructor(place: Streamed) {
    this.account_id = place.account_id;
    this.session_id = place.session_id;
    this.after = place.after;
    this.tells_place = place.tells_place;
    this.shows = place.shows;
  }
}

/** A page of a list, and how many there are in all. */
export class Counted<Answer> {
  readonly answer: Answer;
  readonly total: number;

  constructor(answer: Answer, total: number) {
    this.answer = answer;
    this.total = total;
  }
}

type Answer<O extends Operation> = O["media_type"] extends string
  ? TextDocument
  : O["streams"] extends true
    ? Streamed
    : O["counted"] extends true
      ? Static<O["reply"]> | Counted<Static<O["reply"]>>
      : O["accepted"] extends string
        ? Static<O["reply"]> | Accepted<Static<O["reply"]>>
        : Static<O["reply"]>;

export type Handler<O extends Operation> = (call: Call<O>) => Promise<Answer<O>>;
