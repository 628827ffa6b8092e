/**
 * AWS Signature Version 4 of a POST with a JSON body, by AWS's published rules ("Create a signed AWS API request"). It signs
 * three headers, the address and a digest of the body, for whoever receives webhooks behind an AWS service.
 */
import { createHash, createHmac } from "node:crypto";

export interface AwsCredentials {
  readonly aws_access_key_id: string;
  readonly aws_secret_access_key: string;
  readonly region: string;
  readonly service: string;
}

export interface SignedPost {
  readonly url: string;
  readonly body: string;
  readonly content_type: string;
}

const algorithm = "AWS4-HMAC-SHA256";
const signedHeaders = "content-type;host;x-amz-date";

/** The headers that sign a request made at `now`. AWS takes a time that is at most five minutes off. */
export function awsSignatureHeaders(
  credentials: AwsCredentials,
  { url, body, content_type }: SignedPost,
  now: number,
): { "x-amz-date": string; authorization: string } {
  const { aws_access_key_id, aws_secret_access_key, region, service } = credentials;
  const { host, pathname, searchParams } = new URL(url);
  // 20150830T123600Z
  const at = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const day = at.slice(0, 8);
  const canonical = [
    "POST",
    canonicalPath(pathname),
    canonicalQuery(searchParams),
    `content-type:${content_type}`,
    `host:${host}`,
    `x-amz-date:${at}`,
    "",
    signedHeaders,
    sha256(body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = [algorithm, at, scope, sha256(canonical)].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (before, part) => hmac(before, part),
    `AWS4${aws_secret_access_key}`,
  );
  const signature = createHmac("sha256", key).update(text).digest("hex");
  const credential = `Credential=${aws_access_key_id}/${scope}`;
  return {
    "x-amz-date": at,
    authorization: `${algorithm} ${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  };
}

/** The path as it is sent, each part of it encoded once more: so all services want it but S3, which takes no messages. */
const canonicalPath = (path: string): string => path.split("/").map(encoded).join("/");

/** By name, then by value, as they are once encoded. */
function canonicalQuery(query: URLSearchParams): string {
  const pairs = [...query].map(([name, value]): [string, string] => [encoded(name), encoded(value)]);
  const inOrder = pairs.sort(([a, b], [c, d]) => (a === c ? compared(b, d) : compared(a, c)));
  return inOrder.map(([name, value]) => `${name}=${value}`).join("&");
}

const compared = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** RFC 3986: also what JavaScript leaves as it is. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
