/**
 * Certificates for receivers in tests, written out in DER (X.690) as X.509 says (RFC 5280): a small authority, and whatever
 * it or a receiver itself signs.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

export interface Certified {
  readonly cert: string;
  readonly key: string;
}

const der = (tag: number, ...parts: readonly (Buffer | string | number[])[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(part as string))));
  const { length } = content;
  const bytes = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
};
const sequence = (...parts: readonly (Buffer | string | number[])[]): Buffer => der(0x30, ...parts);
const identifier = (...bytes: number[]): Buffer => der(0x06, bytes);
const octets = (...parts: Buffer[]): Buffer => der(0x04, ...parts);
const bits = (content: Buffer): Buffer => der(0x03, [0], content);
const truth = der(0x01, [0xff]);

const ecdsaWithSha256 = sequence(identifier(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const nameOf = (common_name: string): Buffer =>
  sequence(der(0x31, sequence(identifier(0x55, 0x04, 0x03), der(0x0c, common_name))));
const timeOf = (time: Date): Buffer => der(0x18, `${time.toISOString().replace(/[-:T]|\.\d+/g, "")}`);

interface Wanted {
  readonly name: string;
  readonly issuer: string;
  readonly until: Date;
  readonly signer: KeyObject;
  readonly public_key: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certificate({ name, issuer, until, signer, public_key, extensions }: Wanted): string {
  const facts = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(timeOf(new Date("2020-01-01T00:00:00Z")), timeOf(until)),
    nameOf(name),
    public_key.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const whole = sequence(facts, ecdsaWithSha256, bits(sign("sha256", facts, signer)));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

const authorityMayCertify = sequence(identifier(0x55, 0x1d, 0x13), truth, octets(sequence(truth)));
const namesAddress = (address: string): Buffer =>
  sequence(identifier(0x55, 0x1d, 0x11), octets(sequence(der(0x87, address.split(".").map(Number)))));
const namesHost = (host: string): Buffer => sequence(identifier(0x55, 0x1d, 0x11), octets(sequence(der(0x82, host))));

const far = new Date("2100-01-01T00:00:00Z");
const over = new Date("2021-01-01T00:00:00Z");
const newKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

const authority = newKeys();
const authorityName = "Tapline test authority";

/** Trusted by whoever is told to. */
export const authorityCertificate = certificate({
  ...{ name: authorityName, issuer: authorityName, until: far },
  ...{ signer: authority.privateKey, public_key: authority.publicKey, extensions: [authorityMayCertify] },
});

export type Flaw = "none" | "self-signed" | "expired" | "of another name";

/** For a receiver at 127.0.0.1. */
export function certify(flaw: Flaw): Certified {
  const { privateKey, publicKey } = newKeys();
  const name = "127.0.0.1";
  const is_own = flaw === "self-signed";
  const cert = certificate({
    name,
    issuer: is_own ? name : authorityName,
    until: flaw === "expired" ? over : far,
    signer: is_own ? privateKey : authority.privateKey,
    public_key: publicKey,
    extensions: [flaw === "of another name" ? namesHost("shop.example") : namesAddress(name)],
  });
  return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}
