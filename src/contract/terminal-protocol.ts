/**
 * The terminal protocol, version 1: JSON text frames over one WebSocket, which the terminal opens.
 *
 * docs/terminal-protocol.md tells the story for terminal makers; its tables are made from this file. What counts as
 * evidence, and why, is prompt-life section 4.
 */
import Type, { type Static, type TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { Card } from "./transaction.ts";

export const protocolVersion = 1;
export const connectPath = "/v1/terminals/connect";
/** Receipts are the largest part of a frame: two of two parts at a few kilobytes each. */
export const frameLimit_bytes = 65_536;
/** A terminal sends a heartbeat so often, */
export const heartbeatEvery_ms = 3_000;
/** and a link silent for so long is dead, on both sides. */
export const silenceLimit_ms = 10_000;

/** An id is printable ASCII without spaces: it stands in logs, in keys and on receipts. */
const id = (description: string) => Type.String({ pattern: "^[\\x21-\\x7e]{1,128}$", description });
const promptId = id("The prompt");
const journalKey = {
  journal_id: id("The journal the result stands in"),
  sequence: Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: "Its number there; results are numbered without a gap, from 1",
  }),
};
const minor = Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: "Minor units" });
const currency = Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217" });
const factKeys = [
  "uniqueId",
  "receiptNumber",
  "outcome",
  "outcomeReason",
  "customerReceipt",
  "customerReceiptPart2",
  "merchantReceipt",
  "merchantReceiptPart2",
  "responseCode",
  "reasonCode",
  "actionCode",
  "field41",
  "field42",
  "applicationIdentifier",
  "aip",
  "atc",
  "cid",
  "cvm",
  "tvr",
  "tsi",
  "acquirer",
  "authorizer",
  "archiveId",
  "serviceIdentifier",
  "batchId",
  "batchUuid",
  "merchantCategoryCode",
  "languageCode",
  "transactionType",
  "terminalSerialNumber",
  "saleAmount",
  "posReferenceData",
  "conlonToken",
] as const;

/** Receipts, EMV and host data; each becomes `seitatech:<key>` in the event's metadata (transactions section 6). */
const Facts = Type.Object(
  Object.fromEntries(factKeys.map((key) => [key, Type.Optional(Type.String())])) as Record<
    (typeof factKeys)[number],
    Type.TOptional<Type.TString>
  >,
  { additionalProperties: Type.String(), description: "Receipts, EMV and host data, all as texts" },
);

export const Capabilities = Type.Object(
  {
    kinds: Type.Array(Type.Enum(["purchase", "authorize", "refund"]), { description: "Prompts it can show" }),
    currencies: Type.Array(currency, { description: "Currencies it takes" }),
    reverse: Type.Boolean({ description: "Can take back an approval" }),
    advice: Type.Boolean({ description: "Can tell its host of a capture, a void or a lapse" }),
    operations: Type.Array(Type.Enum(["end_of_day", "send_logs", "check_update", "open_menu"])),
  },
  { additionalProperties: true, description: "What the terminal can do" },
);
export type Capabilities = Static<typeof Capabilities>;

const frame = <T extends string, P extends Type.TProperties>(type: T, properties: P, description: string) =>
  Type.Object({ type: Type.Literal(type), ...properties }, { additionalProperties: true, description });

export const terminalFrames = {
  hello: frame(
    "hello",
    {
      protocol_version: Type.Literal(protocolVersion),
      terminal_id: id("e.g. T12345678-T0292"),
      journal_id: id("Made when the device was paired or wiped, and kept until the next time"),
      boot_id: id("Made at every start of the terminal's software"),
      monotonic_ms: Type.Number({ minimum: 0, description: "The terminal's monotonic clock, now" }),
      proof: Type.String({
        minLength: 1,
        maxLength: 256,
        description: "ECDSA P-256 with SHA-256 over the hello text, r and s as 64 bytes, base64url",
      }),
      device: Type.Object(
        { serial_number: id("Printed on the device"), model: Type.String(), software: Type.String() },
        { additionalProperties: true },
      ),
      capabilities: Capabilities,
      journal: Type.Array(
        Type.Object({
          prompt_id: promptId,
          step: Type.Enum(["received", "shown", "card_presented", "concluded"]),
        }),
        { description: "Every prompt in the journal whose result has not been acknowledged" },
      ),
    },
    "The first frame of a terminal: who it is, proof of it, and what its journal holds",
  ),
  heartbeat: frame(
    "heartbeat",
    { boot_id: id("As in hello"), monotonic_ms: Type.Number({ minimum: 0, description: "Its monotonic clock, now" }) },
    "I am here, and this is my clock. Answered with `heartbeat`",
  ),
  shown: frame("shown", { prompt_id: promptId }, "The prompt is on the screen"),
  card_presented: frame("card_presented", { prompt_id: promptId }, "A card was presented: from here money may move"),
  too_late: frame(
    "too_late",
    { prompt_id: promptId },
    "Answer to `stop`: a card was presented, the result will follow",
  ),
  standing: frame(
    "standing",
    { prompt_id: promptId, step: Type.Enum(["received", "shown", "card_presented"]) },
    "Answer to `inquire`, or to a prompt the journal knows: it has no result yet, and stands here",
  ),
  result: frame(
    "result",
    {
      ...journalKey,
      prompt_id: promptId,
      outcome: Type.Enum(["approved", "declined", "cancelled", "stopped", "not_shown", "timed_out", "failed"]),
      reason: Type.Optional(Type.String({ description: "Why it was not approved, for people" })),
      reason_code: Type.Optional(Type.String({ description: "One of the contract's error types, if one fits" })),
      amount: Type.Optional(minor),
      currency: Type.Optional(currency),
      card: Type.Optional(Card),
      facts: Type.Optional(Facts),
    },
    "How a prompt ended. Sent again after every hello until it is acknowledged",
  ),
  reversal_result: frame(
    "reversal_result",
    {
      ...journalKey,
      reversal_id: id("The reversal"),
      outcome: Type.Enum(["reversed", "refused", "in_progress"]),
      reason: Type.Optional(Type.String()),
      facts: Type.Optional(Facts),
    },
    "How a reversal ended",
  ),
  advice_result: frame(
    "advice_result",
    {
      ...journalKey,
      advice_id: id("The advice"),
      outcome: Type.Enum(["accepted", "refused"]),
      reason: Type.Optional(Type.String()),
      facts: Type.Optional(Facts),
    },
    "What the host said to an advice",
  ),
  operation_result: frame(
    "operation_result",
    {
      ...journalKey,
      operation_id: id("The operation"),
      outcome: Type.Enum(["completed", "failed"]),
      reason: Type.Optional(Type.String()),
      result: Type.Optional(Type.Object({}, { additionalProperties: true })),
    },
    "How a terminal operation ended",
  ),
  not_supported: frame(
    "not_supported",
    {
      of: Type.String({ description: "The type of the frame that was not understood" }),
      id: Type.Optional(Type.String()),
    },
    "The terminal does not know this frame, or cannot do what it asks",
  ),
};

export const serverFrames = {
  challenge: frame(
    "challenge",
    {
      nonce: id("Fresh for every connection; part of the hello text"),
      protocol_versions: Type.Array(Type.Integer(), { description: "What the server speaks" }),
    },
    "The first frame of the server",
  ),
  welcome: frame(
    "welcome",
    {
      epoch: Type.Integer({ description: "The number of this connection; it only grows" }),
      heartbeat_every_ms: Type.Integer(),
      silence_limit_ms: Type.Integer(),
    },
    "The proof holds, and this connection is now the terminal's only one",
  ),
  refused: frame(
    "refused",
    {
      code: Type.Enum([
        "PROOF_WRONG",
        "PROTOCOL_VERSION",
        "FRAME_NOT_UNDERSTOOD",
        "REPLACED",
        "TERMINAL_DELETED",
        "STOPPING",
      ]),
      sentence: Type.String(),
    },
    "The connection ends, and why. The close code is 4000 where trying again may help, else 4003",
  ),
  heartbeat: frame("heartbeat", {}, "Answer to `heartbeat`"),
  prompt: frame(
    "prompt",
    {
      prompt_id: promptId,
      kind: Type.Enum(["purchase", "authorize", "refund"]),
      amount: minor,
      currency,
      boot_id: id("Valid in this boot of the terminal only"),
      not_after_ms: Type.Number({
        description: "In the terminal's monotonic clock. Past it, no card may be accepted any more",
      }),
      merchant_reference: Type.Optional(Type.String({ description: "For the receipt" })),
      original: Type.Optional(
        Type.Object({ unique_id: Type.Optional(Type.String()) }, { description: "Of a refund: the payment" }),
      ),
    },
    "Show this to the cardholder. No tip, no partial approval, no currency conversion, no offline approval",
  ),
  stop: frame(
    "stop",
    { prompt_id: promptId },
    "Call it off, if no card was presented. Answered with a `stopped` result, the result it has, or `too_late`",
  ),
  inquire: frame(
    "inquire",
    { prompt_id: promptId },
    "Where does it stand? Answered with its result or `standing`. A prompt never seen is first refused for good in " +
      "the journal, then answered with a `not_shown` result",
  ),
  acknowledge: frame("acknowledge", journalKey, "The result is on our disk. It may leave the queue, not the journal"),
  reverse: frame(
    "reverse",
    { reversal_id: id("Idempotent by this id"), prompt_id: promptId, amount: minor, currency },
    "Take back the approval of that prompt",
  ),
  advice: frame(
    "advice",
    {
      advice_id: id("Idempotent by this id"),
      prompt_id: promptId,
      kind: Type.Enum(["capture", "void", "lapse"]),
      amount: minor,
      currency,
    },
    "Tell the host about an authorization it gave",
  ),
  operation: frame(
    "operation",
    {
      operation_id: id("Idempotent by this id"),
      operation: Type.Enum(["end_of_day", "send_logs", "check_update", "open_menu"]),
      parameters: Type.Optional(Type.Object({}, { additionalProperties: true })),
    },
    "Housekeeping; never money",
  ),
};

type FrameOf<T extends Record<string, TSchema>> = { [K in keyof T]: Static<T[K]> }[keyof T];
export type TerminalFrame = FrameOf<typeof terminalFrames>;
export type ServerFrame = FrameOf<typeof serverFrames>;
export type Hello = Static<typeof terminalFrames.hello>;
export type Result = Static<typeof terminalFrames.result>;
export type ReversalResult = Static<typeof terminalFrames.reversal_result>;
export type JournalStep = Hello["journal"][number]["step"];
export type PromptFrame = Static<typeof serverFrames.prompt>;

/** The text that a device signs in hello: one fact a line, so that no two hellos share it. */
export function helloText(nonce: string, hello: Pick<Hello, "terminal_id" | "journal_id" | "boot_id">): string {
  return ["tapline-terminal-hello", protocolVersion, nonce, hello.terminal_id, hello.journal_id, hello.boot_id].join(
    "\n",
  );
}

/** A frame that is not of the protocol. The sentence names the field; `frame` is what was sent, if it was JSON. */
export class FrameProblem extends Error {
  readonly frame: unknown;
  constructor(sentence: string, frame?: unknown) {
    super(sentence);
    this.frame = frame;
  }
}

const checks = (frames: Record<string, TSchema>): ReadonlyMap<string, Validator> =>
  new Map(Object.entries(frames).map(([type, schema]) => [type, Compile(schema)]));
const terminalChecks = checks(terminalFrames);
const serverChecks = checks(serverFrames);

/** What a terminal sent, checked. Throws `FrameProblem`. */
export const readTerminalFrame = (data: string): TerminalFrame => readFrame(data, terminalChecks) as TerminalFrame;

/** What the server sent, checked. Throws `FrameProblem`. */
export const readServerFrame = (data: string): ServerFrame => readFrame(data, serverChecks) as ServerFrame;

function readFrame(data: string, known: ReadonlyMap<string, Validator>): unknown {
  let frame: unknown;
  try {
    frame = JSON.parse(data);
  } catch {
    throw new FrameProblem("The frame is not JSON.");
  }
  const type = typeof frame === "object" && frame !== null && "type" in frame ? frame.type : undefined;
  const check = typeof type === "string" ? known.get(type) : undefined;
  if (check === undefined) throw new FrameProblem(`There is no frame of type ${JSON.stringify(type)}.`, frame);
  if (check.Check(frame)) return frame;
  const [first] = check.Errors(frame);
  throw new FrameProblem(`${type}${first?.instancePath ?? ""}: ${first?.message ?? "not of the protocol"}.`, frame);
}
