/** docs/errors.md: every refusal, what to do about it, and which operations answer it. */
import { STATUS_CODES } from "node:http";
import { rejectionsOf } from "../src/contract/openapi.ts";
import type { Operation } from "../src/contract/operation.ts";
import { operations } from "../src/contract/operations.ts";
import type { ErrorBody } from "../src/contract/shapes.ts";
import { fieldError, Rejection, type RejectionCode, rejections } from "../src/domain/rejections.ts";
import { refusalOf, statusOfRejection } from "../src/http/refusals.ts";
import { code, codes, json, table } from "./markdown.ts";

const everyOperation = Object.values(operations) as Operation[];
const everyCode = Object.keys(rejections) as RejectionCode[];
const everyStatus = [...new Set(Object.values(statusOfRejection))].sort((a, b) => a - b);

export function errorPage(): string {
  const parts = [
    "# Errors",
    "<!-- Written by scripts/generate.ts from src/domain/rejections.ts and src/http/refusals.ts. -->",
    ...introduction(),
    ...everyStatus.flatMap(statusSection),
  ];
  return `${parts.join("\n\n")}\n`;
}

const introduction = (): string[] => [
  "Every answer that is not a 2xx is JSON with an `error` in it. This holds for unknown paths and for faults of the " +
    "server as well.",
  json(invalidRequest),
  table(
    ["Member", "Meaning"],
    [
      [code("error.code"), "For programs. It is one of the codes on this page, and it never changes its meaning."],
      [code("error.message"), "For people: one sentence. Its wording may change. Words in braces below are filled in."],
      [
        code("error.errors"),
        "Only where fields are to blame. Each entry has `code`, `description` (field and expectation in one sentence), " +
          "`path` (the field, name by name) and `message`.",
      ],
    ],
  ),
  "Some errors carry more members. `TERMINAL_BUSY` names the open sale by `session_id` and `merchant_reference`:",
  json(busyTerminal),
  "`mfa_required` is spelled as the contract has it, and its `mfa_token` stands beside `error`.",
  "A program should decide by `code`, and by the HTTP status where it does not know the code: new codes may come. The " +
    "header `x-request-id` of the answer finds the request in the server's log.",
  "A declined or cancelled card is not an error. It is an outcome: the request is answered with 200, and the " +
    "transaction's status tells. See [states](states.md).",
];

const amountTooLow = fieldError("MINIMUM", "order.amount", "must be at least 1.");
const invalidRequest: ErrorBody = refusalOf(Rejection.ofFields(amountTooLow.description, [amountTooLow])).body;

const busyTerminal: ErrorBody = refusalOf(
  new Rejection(
    "TERMINAL_BUSY",
    {
      terminal_id: "T12345678-T0292",
      occupant: "the sale order-12344 (session T12345678.0VKGmb2W9qYw5PzR7tNcLd)",
    },
    "order.store.terminal_id",
  ).with({ session_id: "T12345678.0VKGmb2W9qYw5PzR7tNcLd", merchant_reference: "order-12344" }),
).body;

const codesOf = (status: number): RejectionCode[] => everyCode.filter((one) => statusOfRejection[one] === status);

const statusSection = (status: number): string[] => [
  `## ${status} ${STATUS_CODES[status]}`,
  ...codesOf(status).flatMap(codeSection),
];

function codeSection(one: RejectionCode): string[] {
  const { sentence, remedy } = rejections[one];
  return [`### ${one}`, `> ${sentence}`, `What to do: ${remedy}`, `Answered by: ${answeredBy(one)}`];
}

/** What no operation answers, because there was none for the request. */
const answeredByPaths: Partial<Record<RejectionCode, string>> = {
  ROUTE_NOT_FOUND: "every path that no operation has.",
  METHOD_NOT_ALLOWED: "every path of an operation, for the other methods.",
};

function answeredBy(one: RejectionCode): string {
  const elsewhere = answeredByPaths[one];
  if (elsewhere !== undefined) return elsewhere;
  const those = everyOperation.filter((operation) => rejectionsOf(operation).includes(one));
  const withToken = everyOperation.filter(({ access }) => Array.isArray(access));
  if (those.length === everyOperation.length) return "every operation.";
  if (those.length === withToken.length && withToken.every((each) => those.includes(each))) {
    return "every operation that takes a token.";
  }
  return `${codes(those.map(({ id }) => id))}.`;
}
