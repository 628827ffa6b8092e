/** A client for the Tapline API. It needs `fetch` and nothing else. */
import { TaplineError, TaplineUnreachable } from "./errors.ts";
import { type FollowOptions, follow, type StreamedEvent } from "./follow.ts";
import type {
  Capture,
  CreatedSession,
  CreateSessionFromProfile,
  PersonCommand,
  Refund,
  Session,
  SimulatedTerminalState,
  Token,
  Transaction,
} from "./types.ts";

export interface TaplineOptions {
  /** Where the server is, such as http://127.0.0.1:8080; with or without /v1. */
  readonly base_url: string;
  readonly account_id: string;
  readonly client_id: string;
  readonly client_secret: string;
  /** For tests, proxies and time limits. */
  readonly fetch?: typeof fetch;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

export interface TransactionFilter {
  readonly limit?: number;
  readonly starting_after?: string;
  readonly status?: readonly Transaction["status"][];
  readonly terminal_id?: readonly string[];
  readonly merchant_reference?: string;
  readonly session_id?: readonly string[];
}

export interface ReadOptions {
  /** Wait for up to so many seconds (60 at most) until nothing of the payment is under way any more. */
  readonly wait_s?: number;
}

export interface OperationOptions {
  /** Made and kept before the request is sent: under it, a repeated request is the same refund, capture or void. */
  readonly idempotency_key?: string;
}

/** What a refund, a capture or a void was answered. */
export interface OperationAnswer {
  readonly transaction: Transaction;
  /**
   * Set where the operation is accepted and not finished, as every refund is: the event that ends it carries this as
   * `correlation_request_id`, and `success`.
   */
  readonly event_request_id?: string;
}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
type Headers = Readonly<Record<string, string>>;
type Answered = { readonly value: unknown; readonly headers: Response["headers"] };

export class Tapline {
  readonly #options: TaplineOptions;
  readonly #base_url: string;
  #token: { readonly value: string; readonly renew_at: number } | undefined;

  constructor(options: TaplineOptions) {
    this.#options = options;
    this.#base_url = options.base_url.replace(/\/+$/, "").replace(/\/v1$/, "");
  }

  /** A token that is good for at least half its life. */
  async token(): Promise<string> {
    const now = (this.#options.now ?? Date.now)();
    if (this.#token !== undefined && now < this.#token.renew_at) return this.#token.value;
    const { account_id, client_id, client_secret } = this.#options;
    const path = `/v1/accounts/${account_id}/auth/token`;
    const authorization = `Basic ${base64(`${client_id}:${client_secret}`)}`;
    const audience = `${this.#base_url}/v1/accounts/${account_id}`;
    const body = { grant_type: "client_credentials", audience };
    const token = (await this.#fetch("POST", path, { authorization }, body)).value as Token;
    this.#token = { value: token.access_token, renew_at: now + token.expires_in * 500 };
    return token.access_token;
  }

  readonly sessions = {
    /** Starts a sale: the terminal that the order names prompts at once. */
    createFromProfile: (body: CreateSessionFromProfile): Promise<CreatedSession> =>
      this.#call("POST", "/v1/sessions-profile", {}, body),
    read: (session_id: string, query: ReadOptions = {}): Promise<Session> =>
      this.#call("GET", `/v1/sessions/${encodeURIComponent(session_id)}`, { ...query }),
    /** What happens to the session, from its first event on or after `lastEventId`. Comes back by itself when it breaks. */
    events: (session_id: string, options: FollowOptions = {}): AsyncIterable<StreamedEvent> =>
      this.#follow(`/v1/sessions/${encodeURIComponent(session_id)}/events`, options),
    /** Calls the payment off. Throws a `TaplineError` of status 409 when it is too late, or not known yet. */
    cancel: (session_id: string): Promise<Session> =>
      this.#call("POST", `/v1/sessions/${encodeURIComponent(session_id)}/cancel`),
  };

  readonly transactions = {
    read: (transaction_id: string, query: ReadOptions & { includes?: readonly string[] } = {}): Promise<Transaction> =>
      this.#call("GET", `/v1/transactions/${encodeURIComponent(transaction_id)}`, { ...query }),
    /** Newest first; `starting_after` is the last id of the page before. */
    list: (filter: TransactionFilter = {}): Promise<Transaction[]> =>
      this.#call("GET", "/v1/transactions", { ...filter }),
    /** Accepted is not refunded: the cardholder approves on the terminal that the body names. Send a key. */
    refund: (transaction_id: string, body: Refund, options?: OperationOptions): Promise<OperationAnswer> =>
      this.#operate("refund", transaction_id, body, options),
    /** Captures what was authorized, wholly or in part. */
    capture: (transaction_id: string, body: Capture, options?: OperationOptions): Promise<OperationAnswer> =>
      this.#operate("capture", transaction_id, body, options),
    /** Lets an authorization go that nothing has been captured of. */
    void: (transaction_id: string, options?: OperationOptions): Promise<OperationAnswer> =>
      this.#operate("void", transaction_id, undefined, options),
  };

  /** What happens in the account, from now on or after `lastEventId`; of these types, or all. */
  events({ types, ...options }: FollowOptions & { types?: readonly string[] } = {}): AsyncIterable<StreamedEvent> {
    return this.#follow(`/v1/events${queryText({ type: types })}`, options);
  }

  /** Simulated terminals of test accounts. */
  readonly simulatedTerminals = {
    read: (terminal_id: string): Promise<SimulatedTerminalState> => this.#call("GET", this.#simulated(terminal_id)),
    /** Plays the person in front of it. `tap`, `decline` and `cancel` wait up to ten seconds for a prompt. */
    play: (terminal_id: string, action: PersonCommand["action"]): Promise<SimulatedTerminalState> =>
      this.#call("POST", `${this.#simulated(terminal_id)}/person`, {}, { action }),
  };

  #simulated(terminal_id: string): string {
    return `/v1/accounts/${this.#options.account_id}/simulated-terminals/${encodeURIComponent(terminal_id)}`;
  }

  async #operate(
    operation: "refund" | "capture" | "void",
    transaction_id: string,
    body: Refund | Capture | undefined,
    { idempotency_key }: OperationOptions = {},
  ): Promise<OperationAnswer> {
    const path = `/v1/transactions/${encodeURIComponent(transaction_id)}/${operation}`;
    const key = idempotency_key === undefined ? {} : { "idempotency-key": idempotency_key };
    const { value, headers } = await this.#authorized("POST", path, body, key);
    const event_request_id = headers.get("event-request-id");
    const transaction = value as Transaction;
    return event_request_id === null ? { transaction } : { transaction, event_request_id };
  }

  async #call<Answer>(method: string, path: string, query: Query = {}, body?: unknown): Promise<Answer> {
    return (await this.#authorized(method, path + queryText(query), body)).value as Answer;
  }

  #authorized(method: string, path: string, body: unknown, headers: Headers = {}): Promise<Answered> {
    return this.#withToken((authorization) => this.#fetch(method, path, { ...headers, authorization }, body));
  }

  async #withToken<Answer>(ask: (authorization: string) => Promise<Answer>): Promise<Answer> {
    const token = await this.token();
    try {
      return await ask(`Bearer ${token}`);
    } catch (error) {
      if (!(error instanceof TaplineError) || error.status !== 401) throw error;
      // The server's keys may have changed. A refused token did nothing, so the call is safe to make again.
      this.#token = undefined;
      return await ask(`Bearer ${await this.token()}`);
    }
  }

  #follow(path: string, options: FollowOptions): AsyncIterable<StreamedEvent> {
    const open = (last_event_id: string | undefined, signal: AbortSignal) =>
      this.#withToken(async (authorization) => {
        const place = last_event_id === undefined ? {} : { "last-event-id": last_event_id };
        const headers = { accept: "text/event-stream", authorization, ...place };
        const answer = await this.#send(path, { headers, signal });
        if (answer.headers.get("content-type")?.startsWith("text/event-stream")) return answer;
        await this.#read(answer);
        throw this.#unreachable(new TypeError("What was answered is no stream of events."));
      });
    return follow(open, options);
  }

  async #fetch(method: string, path: string, given: Headers, body: unknown): Promise<Answered> {
    const headers = { ...given, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.#read(await this.#send(path, { method, headers, ...text }));
  }

  #send(path: string, request: RequestInit): Promise<Response> {
    const send = this.#options.fetch ?? fetch;
    return send(this.#base_url + path, request).catch((cause) => {
      throw this.#unreachable(cause);
    });
  }

  async #read(answer: Response): Promise<Answered> {
    const content = await answer.text().catch((cause) => {
      throw this.#unreachable(cause);
    });
    const value = parsed(content);
    if (!answer.ok) throw new TaplineError(answer.status, value, answer.headers.get("x-request-id") ?? undefined);
    return { value, headers: answer.headers };
  }

  #unreachable(cause: unknown): TaplineUnreachable {
    return new TaplineUnreachable(`No answer from ${this.#base_url}: is the server running there?`, { cause });
  }
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value ?? []].flat()) parameters.append(name, String(one));
  }
  return parameters.size === 0 ? "" : `?${parameters}`;
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

/** Ids and secrets are plain ASCII; other texts are sent as UTF-8. */
const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
