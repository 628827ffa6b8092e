/** Where a caller is, for the limits by address. */
import ipaddr from "ipaddr.js";

/** What one customer of a provider is given at least (RFC 6177): 2^64 addresses are one place, not so many strangers. */
const ipv6Network_bits = 64;

/** An IPv4 address as it is, in whatever spelling it came; of an IPv6 address its network. */
export function callerNetwork(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  const network = parsed.toByteArray().map((byte, index) => (index * 8 < ipv6Network_bits ? byte : 0));
  return `${ipaddr.fromByteArray(network)}/${ipv6Network_bits}`;
}
