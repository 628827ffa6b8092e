/**
 * Where callbacks and webhooks may go. A server that posts wherever it is told would let a stranger reach what only it can
 * reach: its own database, a cloud's metadata, the machines beside it.
 */
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { isTestAccount } from "../domain/ids.ts";
import { type Resolve, resolveName } from "./names.ts";

export interface AddressRule {
  /** public: HTTPS to public addresses alone, as the contract says. any: a developer's own machine too. */
  readonly addresses: "public" | "any";
  /** Let through all the same: names, addresses and networks (`till.internal`, `10.1.2.3`, `10.1.0.0/16`). */
  readonly allow?: readonly string[];
  /** Where named, no other ports. */
  readonly ports?: readonly number[] | undefined;
}

/** Ports on which something listens that is no web server; most of them from the list of the Fetch standard. */
const otherServices = new Set([
  ...[0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109],
  ...[
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530,
  ],
  ...[531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 2379],
  ...[3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697],
  ...[9042, 10080, 11211, 27017],
]);

export class AddressGuard {
  readonly #rule: AddressRule;
  readonly #resolve: Resolve;
  readonly #names = new Set<string>();
  readonly #networks: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];

  constructor(rule: AddressRule, resolve: Resolve = resolveName) {
    this.#rule = rule;
    this.#resolve = resolve;
    for (const allowed of rule.allow ?? []) {
      if (ipaddr.isValidCIDR(allowed)) this.#networks.push(ipaddr.parseCIDR(allowed));
      else if (ipaddr.isValid(allowed)) this.#networks.push(whole(ipaddr.process(allowed)));
      else this.#names.add(plainName(allowed));
    }
  }

  /** Why nothing can be sent there for this account, or `undefined`. What a name leads to is looked at at delivery. */
  refusal(url: string, account_id: string): string | undefined {
    const { protocol, hostname, port, username, password } = new URL(url);
    const { addresses, ports } = this.#rule;
    const secure = protocol === "https:";
    if (!secure && protocol !== "http:") return "only http and https addresses can be called.";
    if (username !== "" || password !== "") return "an address must not carry a user or a password.";
    // Real money is never told of in the clear, whatever a developer allows.
    if (!secure && (addresses === "public" || !isTestAccount(account_id))) return "only HTTPS is delivered to.";
    const number = port === "" ? (secure ? 443 : 80) : Number(port);
    if (ports !== undefined && !ports.includes(number)) return `port ${number} is not among those that are called.`;
    if (addresses === "any") return undefined;
    if (ports === undefined && otherServices.has(number)) return `port ${number} is not a web server's.`;
    return this.#hostRefusal(hostname);
  }

  #hostRefusal(hostname: string): string | undefined {
    // The URL has already turned every spelling of an IPv4 address (decimal, octal, hexadecimal) into four numbers.
    const literal = /^\[(.*)\]$/.exec(hostname)?.[1] ?? (/^[\d.]+$/.test(hostname) ? hostname : undefined);
    if (literal !== undefined && ipaddr.isValid(literal)) {
      return this.#isOpen(literal) ? undefined : "it is a private address.";
    }
    const name = plainName(hostname);
    if (this.#names.has(name)) return undefined;
    const is_local = name === "localhost" || name.endsWith(".localhost") || !name.includes(".");
    return is_local ? "it names this machine or one beside it." : undefined;
  }

  /** Public, or let through. */
  #isOpen(address: string): boolean {
    if (this.#rule.addresses === "any" || isPublic(address)) return true;
    const parsed = ipaddr.process(address);
    return this.#networks.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits));
  }

  /**
   * Looks a name up for a connection, and refuses it if any of its addresses is private. The connection goes to what was
   * looked at here: there is no second look-up in which the answer could change.
   */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname, (error, found) => {
      if (error !== null) return callback(error, "", 0);
      const is_named = this.#names.has(plainName(hostname));
      if (!is_named && found.some(({ address }) => !this.#isOpen(address))) {
        return callback(Object.assign(new Error("The name leads to a private address."), { code: "EPRIVATE" }), "", 0);
      }
      const addresses = found.filter(({ family }) => isOfFamily(options.family, family));
      const [first] = addresses;
      if (first === undefined) {
        return callback(Object.assign(new Error("The name has no address."), { code: "ENOTFOUND" }), "", 0);
      }
      if (options.all === true) return callback(null, [...addresses]);
      return callback(null, first.address, first.family);
    });
  };
}

/** Unicast addresses of the open internet; an IPv4 address in IPv6 clothes counts as what it is. */
export function isPublic(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast") return false;
  // Of IPv6 only 2000::/3 is given out; the rest has many spellings for what is near (RFC 4291).
  return parsed.kind() === "ipv4" || parsed.match(ipaddr.parseCIDR("2000::/3") as [ipaddr.IPv6, number]);
}

const whole = (address: ipaddr.IPv4 | ipaddr.IPv6): [ipaddr.IPv4 | ipaddr.IPv6, number] => [
  address,
  address.kind() === "ipv4" ? 32 : 128,
];

const plainName = (name: string): string => name.replace(/\.$/, "").toLowerCase();

/** Where no family is asked for, any is taken. */
const isOfFamily = (asked: number | string | undefined, family: number): boolean =>
  asked === undefined || asked === 0 || String(asked).endsWith(String(family));
