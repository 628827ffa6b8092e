/** What a webhook subscription may say: where it goes, what its messages are signed with, and what of them is shown. */
import { isProblem, type MaskProblem, parseExcluded, parseFields } from "./field-mask.ts";
import { type FieldError, fieldError, Rejection } from "./rejections.ts";

/**
 * Every event is written once more for each subscription that wants it. Twenty is what GitHub allows for one event; an
 * account that needs more has one receiver that hands on.
 */
export const hooksMax = 20;

/** The overlap of a rotated secret: a day unless something else is asked for, at most a week (as of a client's). */
export const signingOverlapDefault_s = 86_400;
export const signingOverlapMax_s = 604_800;

/** Deliveries that one call sends again; whoever wants more calls again. */
export const redeliveredMax = 1_000;

/** Names that RFC 2606 and RFC 6761 keep for examples and tests: nobody receives anything there. */
const placeholders = ["example.com", "example.net", "example.org", "example", "test", "invalid"];

const isWithin = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`);

/** Why nothing of ours can be received there, or `undefined`; whether it can be reached at all is the delivery's to say. */
export function receiverProblem(url: string, public_url: string): string | undefined {
  const host = new URL(url).hostname.replace(/\.$/, "");
  if (placeholders.some((domain) => isWithin(host, domain))) return "it is a placeholder, which nobody receives at.";
  const { host: ours } = new URL(public_url);
  return new URL(url).host === ours ? "it is this server's own address." : undefined;
}

export interface SentSecret {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** What each kind of secret is made of (C2). */
const secretMembers: Readonly<Record<string, readonly string[]>> = {
  "HMAC-SHA1": ["value"],
  Authorization: ["value"],
  "AWS4-HMAC-SHA256": ["aws_access_key_id", "aws_secret_access_key", "region", "service"],
};

/** What stands in a header as it is: another sign would make the request impossible to send. */
const headerText = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
/** What stands between the slashes of an AWS credential. */
const credentialPart = /^[\w.-]+$/;
const secretMemberMax = 2_000;

function memberProblem(type: string, name: string, value: unknown): string | undefined {
  if (value === undefined) return `is required of a secret of type ${type}.`;
  if (typeof value !== "string") return "must be a string.";
  if (value === "") return "must not be empty.";
  if (value.length > secretMemberMax) return `must be at most ${secretMemberMax} characters.`;
  if (type === "Authorization" && !headerText.test(value)) {
    return "must be visible ASCII characters, with spaces only between them: it is sent as a header.";
  }
  const is_credential = type === "AWS4-HMAC-SHA256" && name !== "aws_secret_access_key";
  if (is_credential && !credentialPart.test(value)) return "must be letters, digits, dots, hyphens and underscores.";
  return undefined;
}

/** Throws where a member is missing, wrong, or none of its kind's: a secret is neither kept in part nor given back. */
export function checkSecret(secret: SentSecret): void {
  const { type, ...sent } = secret;
  const wanted = secretMembers[type] ?? [];
  const errors: FieldError[] = [];
  for (const name of wanted) {
    const problem = memberProblem(type, name, sent[name]);
    if (problem !== undefined) errors.push(fieldError("INVALID_VALUE", ["config", "secret", name], problem));
  }
  for (const name of Object.keys(sent)) {
    const problem = `is no member of a secret of type ${type}.`;
    if (!wanted.includes(name)) errors.push(fieldError("UNKNOWN", ["config", "secret", name], problem));
  }
  refuseFields(errors);
}

/** Throws where a mask cannot be read, with the field and the position. */
export function checkMasks(fields: string | undefined, exclude_fields: readonly string[] = []): void {
  const errors: FieldError[] = [];
  const problemOf = (path: string[], { problem, position }: MaskProblem) =>
    errors.push(fieldError("INVALID_VALUE", path, `${problem}, at position ${position}.`));
  const mask = fields === undefined || fields === "" ? undefined : parseFields(fields);
  if (mask !== undefined && isProblem(mask)) problemOf(["fields"], mask);
  for (const [index, text] of exclude_fields.entries()) {
    const parts = parseExcluded(text);
    if (isProblem(parts)) problemOf(["exclude_fields", String(index)], parts);
  }
  refuseFields(errors);
}

/** Throws where an event is none that can be subscribed to; the error lists those that there are. */
export function checkEvents(
  events: readonly string[],
  isKnown: (type: string) => boolean,
  known: readonly string[],
): void {
  refuseFields(
    events.flatMap((type, index) => {
      const problem = `is no event. There are ${known.join(", ")}.`;
      return isKnown(type) ? [] : [fieldError("UNKNOWN", ["events", String(index)], problem)];
    }),
  );
}

function refuseFields(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw Rejection.ofFields(errors.map(({ description }) => description).join(" "), errors);
}
