/** Every operation of the API. Adding one is one object here and one handler of the same name in `http/`. */
import Type from "typebox";
import { Health, JsonWebKeySet, PersonCommand, SimulatedTerminalState, Token, TokenRequest } from "./account.ts";
import { operation } from "./operation.ts";
import { CreatedSession, CreateSessionFromProfile, Session } from "./session.ts";
import { AccountId, list, requiredText, text } from "./shapes.ts";
import { Transaction, TransactionStatus } from "./transaction.ts";

const readCheckout = ["admin:checkout", "read:checkout"] as const;
const writeCheckout = ["admin:checkout", "write:checkout"] as const;

/** One value or several: `?status=A&status=B` and `?status=A,B` both mean either (errors-and-conventions section 5). */
const several = <T extends Type.TSchema>(item: T, description: string) => Type.Array(item, { description });

export const issueToken = operation({
  id: "issueToken",
  method: "POST",
  path: "/v1/accounts/{oid}/auth/token",
  surface: "accounts",
  summary: "Exchange a client id and secret for a token",
  description: "`Authorization: Basic base64(client_id:client_secret)`. Several tokens may be valid at once.",
  access: "client",
  params: Type.Object({ oid: requiredText("The account") }),
  body: TokenRequest,
  reply: Token,
  rejections: ["INVALID_CLIENT", "AUDIENCE_NOT_GRANTED", "GRANT_TYPE_NOT_SUPPORTED", "TOO_MANY_ATTEMPTS"],
});

export const readKeys = operation({
  id: "readKeys",
  method: "GET",
  path: "/v1/.well-known/jwks.json",
  surface: "server",
  summary: "The public keys that tokens are signed with",
  access: "anyone",
  reply: JsonWebKeySet,
  rejections: [],
});

export const createSessionFromProfile = operation({
  id: "createSessionFromProfile",
  method: "POST",
  path: "/v1/sessions-profile",
  surface: "checkout",
  summary: "Start a sale: the named terminal prompts at once",
  description:
    "The payment profile's configuration is the base that the request's `configuration` overrides. The answer does " +
    "not wait for the card: the result comes by callback, or is read from the session's transaction.",
  access: writeCheckout,
  query: Type.Object({
    include_session: Type.Optional(Type.Boolean({ description: "Put the whole session in the answer" })),
  }),
  body: CreateSessionFromProfile,
  reply: CreatedSession,
  rejections: [
    "PROFILE_NOT_FOUND",
    "IN_PERSON_NOT_ENABLED",
    "NO_METHOD_ENABLED",
    "OTHER_METHODS_ENABLED",
    "STORE_FIELD_MISSING",
    "STORE_UNKNOWN",
    "STORE_NOT_ACTIVE",
    "TERMINAL_UNKNOWN",
    "TERMINAL_NOT_LINKED",
    "TERMINAL_NOT_ACTIVE",
    "TERMINAL_BUSY",
    "TERMINAL_CANNOT_AUTHORIZE",
    "TERMINAL_CANNOT_TAKE_PAYMENTS",
    "PAYOUT_DESTINATION_UNKNOWN",
    "PAYOUT_DESTINATION_NOT_LINKED",
    "PAYOUT_DESTINATION_NOT_ACTIVE",
    "CURRENCY_UNKNOWN",
    "CURRENCY_NOT_TAKEN",
    "AMOUNT_MISMATCH",
    "DUPLICATE_LINE_ID",
    "METADATA_KEY_RESERVED",
    "SPLITS_MISSING",
    "CALLBACK_ADDRESS_REFUSED",
    "EXPIRES_AT_PASSED",
  ],
});

const sessionParams = Type.Object({ session_id: requiredText() });

export const readSession = operation({
  id: "readSession",
  method: "GET",
  path: "/v1/sessions/{session_id}",
  surface: "checkout",
  summary: "Read a session",
  access: readCheckout,
  params: sessionParams,
  query: Type.Object({
    includes: Type.Optional(
      several(
        Type.Enum(["events.request_headers", "initiating_system_request_headers"]),
        "Headers the session was asked for with",
      ),
    ),
  }),
  reply: Session,
  rejections: ["SESSION_NOT_FOUND"],
});

export const cancelSession = operation({
  id: "cancelSession",
  method: "POST",
  path: "/v1/sessions/{session_id}/cancel",
  surface: "checkout",
  summary: "Call a payment off before the card is presented",
  description:
    "Asks the terminal and waits up to ten seconds. 200: called off, no money moved. 409: too late, the payment goes " +
    "on; or the terminal does not answer, and the cancel is kept and acted on when it returns. Cancelling twice is 200.",
  access: writeCheckout,
  params: sessionParams,
  reply: Session,
  rejections: ["SESSION_NOT_FOUND", "SESSION_CANCEL_CONFLICT", "TERMINAL_UNREACHABLE"],
});

const transactionIncludes = Type.Enum([
  "card.payment_token",
  "card.recurrence_token",
  "session",
  "session.events.latest",
  "events.request_headers",
  "events.success.true",
  "initiating_system_request_headers",
]);

export const readTransaction = operation({
  id: "readTransaction",
  method: "GET",
  path: "/v1/transactions/{transaction_id}",
  surface: "checkout",
  summary: "Read a transaction",
  access: readCheckout,
  params: Type.Object({ transaction_id: requiredText() }),
  query: Type.Object({ includes: Type.Optional(several(transactionIncludes, "What else to put in the answer")) }),
  reply: Transaction,
  rejections: ["TRANSACTION_NOT_FOUND"],
});

export const listTransactions = operation({
  id: "listTransactions",
  method: "GET",
  path: "/v1/transactions",
  surface: "checkout",
  summary: "List transactions, newest first",
  access: readCheckout,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The id of the last transaction received")),
    status: Type.Optional(several(TransactionStatus, "Any of these")),
    terminal_id: Type.Optional(several(text(), "Any of these")),
    merchant_reference: Type.Optional(text("Exactly this one")),
    session_id: Type.Optional(several(text(), "Any of these")),
    includes: Type.Optional(several(Type.Enum(["events.success.true"]), "Only successful events")),
  }),
  reply: list(Transaction),
  rejections: [],
});

const simulatorParams = Type.Object({ aid: AccountId, terminal_id: requiredText() });

export const readSimulatedTerminal = operation({
  id: "readSimulatedTerminal",
  method: "GET",
  path: "/v1/accounts/{aid}/simulated-terminals/{terminal_id}",
  surface: "accounts",
  summary: "What a simulated terminal shows (additive)",
  access: ["admin:checkout", "read:checkout:/admin/terminals"],
  params: simulatorParams,
  reply: SimulatedTerminalState,
  rejections: ["ACCOUNT_IS_LIVE", "SIMULATED_TERMINAL_NOT_FOUND"],
});

export const playPerson = operation({
  id: "playPerson",
  method: "POST",
  path: "/v1/accounts/{aid}/simulated-terminals/{terminal_id}/person",
  surface: "accounts",
  summary: "Play the person in front of a simulated terminal (additive)",
  description: "`tap`, `decline` and `cancel` wait up to ten seconds for a prompt.",
  access: ["admin:checkout", "write:checkout:/admin/terminals"],
  params: simulatorParams,
  body: PersonCommand,
  reply: SimulatedTerminalState,
  rejections: ["ACCOUNT_IS_LIVE", "SIMULATED_TERMINAL_NOT_FOUND", "NO_PROMPT"],
});

export const readHealth = operation({
  id: "readHealth",
  method: "GET",
  path: "/healthz",
  surface: "server",
  summary: "Is the process alive",
  access: "anyone",
  reply: Health,
  rejections: [],
});

export const readReadiness = operation({
  id: "readReadiness",
  method: "GET",
  path: "/readyz",
  surface: "server",
  summary: "Can the server take a sale: it reaches its database and is not stopping",
  access: "anyone",
  reply: Health,
  rejections: ["SERVICE_UNAVAILABLE", "SERVER_STOPPING"],
});

export const operations = {
  issueToken,
  readKeys,
  createSessionFromProfile,
  readSession,
  cancelSession,
  readTransaction,
  listTransactions,
  readSimulatedTerminal,
  playPerson,
  readHealth,
  readReadiness,
};
export type Operations = typeof operations;
