/** Which addresses are one place. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../../src/domain/network-address.ts";

const cases: [address: string, place: string][] = [
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::1", "0:0:0:0::/64"],
  ["2001:db8:0:7:a:b:c:d", "2001:db8:0:7::/64"],
  ["2001:0DB8:0000:0007:000a:b:c:d", "2001:db8:0:7::/64"],
  ["2001:db8::7:0:0:0:1", "2001:db8:0:7::/64"],
  ["2001:db8:0:7::", "2001:db8:0:7::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
];
for (const [address, place] of cases) {
  test(`${address} is in ${place}`, () => assert.equal(placeOf(address), place));
}
