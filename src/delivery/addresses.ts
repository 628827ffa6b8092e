/**
 * Where callbacks may go. A server that posts wherever it is told would let a stranger reach what only it can reach:
 * its own database, a cloud's metadata, the machines beside it.
 */

import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** public: HTTPS to public addresses alone, as the contract says. any: a developer's own machine too. */
export type AddressRule = "public" | "any";

/** Why nothing can be sent there, or `undefined`. Names are looked at when they are resolved, at delivery. */
export function addressRefusal(rule: AddressRule, url: string): string | undefined {
  const { protocol, hostname, username, password } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") return "only http and https addresses can be called.";
  if (username !== "" || password !== "") return "an address must not carry a user or a password.";
  if (rule === "any") return undefined;
  if (protocol !== "https:") return "only HTTPS is delivered to.";
  // The URL has already turned every spelling of an IPv4 address (decimal, octal, hexadecimal) into four numbers.
  const literal = /^\[(.*)\]$/.exec(hostname)?.[1] ?? (/^[\d.]+$/.test(hostname) ? hostname : undefined);
  if (literal !== undefined && ipaddr.isValid(literal))
    return isPublic(literal) ? undefined : "it is a private address.";
  const name = hostname.replace(/\.$/, "").toLowerCase();
  const is_local = name === "localhost" || name.endsWith(".localhost") || !name.includes(".");
  return is_local ? "it names this machine or one beside it." : undefined;
}

/** Unicast addresses of the open internet; an IPv4 address in IPv6 clothes counts as what it is. */
export function isPublic(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast") return false;
  // Of IPv6 only 2000::/3 is given out; the rest has many spellings for what is near (RFC 4291).
  return parsed.kind() === "ipv4" || parsed.match(ipaddr.parseCIDR("2000::/3") as [ipaddr.IPv6, number]);
}

/**
 * Resolves a name and refuses it if any of its addresses is private. The connection goes to what was checked: there is
 * no second look-up in which the answer could change.
 */
export function guardedLookup(rule: AddressRule): LookupFunction {
  return (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const refused = rule === "public" && addresses.some(({ address }) => !isPublic(address));
      const [first] = addresses;
      if (refused || first === undefined) {
        return callback(Object.assign(new Error("The name leads to a private address."), { code: "EPRIVATE" }), "", 0);
      }
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}
