import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { addressRefusal, guardedLookup, isPublic } from "../../src/delivery/addresses.ts";

describe("an address on the open internet", () => {
  const rows: [string, boolean, string][] = [
    ["8.8.8.8", true, "an IPv4 address"],
    ["172.32.0.1", true, "the first after a private range"],
    ["2606:4700::1111", true, "an IPv6 address"],
    ["::ffff:8.8.8.8", true, "a public IPv4 address in IPv6 clothes"],
    ["10.0.0.1", false, "a private network"],
    ["172.16.0.1", false, "a private network's first"],
    ["172.31.255.255", false, "a private network's last"],
    ["192.168.1.1", false, "a home's network"],
    ["127.0.0.1", false, "this machine"],
    ["127.255.255.254", false, "this machine by another number"],
    ["0.0.0.0", false, "no address at all, which is this machine"],
    ["169.254.169.254", false, "a cloud's metadata"],
    ["100.64.0.1", false, "behind a carrier's gateway"],
    ["192.0.0.1", false, "reserved for protocols"],
    ["192.0.2.1", false, "reserved for documents"],
    ["198.18.0.1", false, "reserved for measurements"],
    ["224.0.0.1", false, "many at once"],
    ["240.0.0.1", false, "reserved for later"],
    ["255.255.255.255", false, "everybody"],
    ["::", false, "no IPv6 address at all"],
    ["::1", false, "this machine in IPv6"],
    ["::ffff:10.0.0.1", false, "a private IPv4 address in IPv6 clothes"],
    ["::ffff:7f00:1", false, "this machine in IPv6 clothes, in hexadecimal"],
    ["64:ff9b::10.0.0.1", false, "a private IPv4 address behind a translator"],
    ["2002:a00:1::1", false, "a private IPv4 address in a tunnel"],
    ["2001::1", false, "a tunnel to anywhere"],
    ["fc00::1", false, "a private IPv6 network"],
    ["fd12:3456::1", false, "a private IPv6 network of one's own making"],
    ["fe80::1", false, "this link"],
    ["fe80::1%eth0", false, "this link by its name"],
    ["fec0::1", false, "a site, as it was once written"],
    ["ff02::1", false, "many at once in IPv6"],
    ["2001:db8::1", false, "reserved for documents in IPv6"],
  ];
  for (const [address, open, what] of rows) {
    test(`${what}, ${address}: ${open ? "yes" : "no"}`, () => assert.equal(isPublic(address), open));
  }

  test("an IPv4 address counts as what it is, in IPv6 clothes too", () => {
    fc.assert(fc.property(fc.ipV4(), (address) => assert.equal(isPublic(`::ffff:${address}`), isPublic(address))));
  });

  test("an IPv4 address in the oldest IPv6 clothes is none, however it is spelled", () => {
    assert.equal(isPublic("::127.0.0.1"), false);
    assert.equal(isPublic("::7f00:1"), false);
  });
});

describe("where callbacks may go", () => {
  const notHttp = "only http and https addresses can be called.";
  const named = "an address must not carry a user or a password.";
  const notHttps = "only HTTPS is delivered to.";
  const inside = "it is a private address.";
  const beside = "it names this machine or one beside it.";
  /** The refusal where only public addresses are called, and where a developer's own machine is too. */
  const rows: [string, string | undefined, string | undefined][] = [
    ["https://shop.example/callback?method=POST", undefined, undefined],
    ["https://shop.example:8443/", undefined, undefined],
    ["https://8.8.8.8/", undefined, undefined],
    ["https://[2606:4700::1111]/", undefined, undefined],
    ["http://shop.example/", notHttps, undefined],
    ["http://127.0.0.1:9000/", notHttps, undefined],
    ["https://127.0.0.1/", inside, undefined],
    ["https://127.1/", inside, undefined],
    ["https://2130706433/", inside, undefined],
    ["https://0x7f000001/", inside, undefined],
    ["https://0177.0.0.1/", inside, undefined],
    ["https://127.0.0.1./", inside, undefined],
    ["https://10.1.2.3/", inside, undefined],
    ["https://169.254.169.254/latest/meta-data", inside, undefined],
    ["https://[::1]/", inside, undefined],
    ["https://[::ffff:127.0.0.1]/", inside, undefined],
    ["https://[fd00::1]:8443/", inside, undefined],
    ["https://localhost/", beside, undefined],
    ["https://LOCALHOST:8443/", beside, undefined],
    ["https://localhost./", beside, undefined],
    ["https://till.localhost/", beside, undefined],
    ["https://till.localhost./", beside, undefined],
    ["https://postgres/", beside, undefined],
    ["https://localhost.shop.example/", undefined, undefined],
    ["https://till:secret@shop.example/", named, named],
    ["https://till@shop.example/", named, named],
    ["https://:secret@shop.example/", named, named],
    ["ftp://shop.example/", notHttp, notHttp],
    ["file:///etc/passwd", notHttp, notHttp],
    ["javascript:alert(1)", notHttp, notHttp],
  ];
  for (const [url, in_public, anywhere] of rows) {
    test(`${url}: ${in_public ?? "yes"}`, () => assert.equal(addressRefusal("public", url), in_public));
    test(`${url} from a developer's server: ${anywhere ?? "yes"}`, () => {
      assert.equal(addressRefusal("any", url), anywhere);
    });
  }

  test("every address that can be written is judged, one of dots alone too", () => {
    for (const url of ["https://./", "https://.../", "https://-/", "https://1.example/", "https://[::]/"]) {
      assert.doesNotThrow(() => addressRefusal("public", url), url);
    }
    fc.assert(fc.property(fc.webUrl(), (url) => assert.equal(addressRefusal("any", url), undefined)));
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ["http"] }), (url) =>
        assert.equal(addressRefusal("public", url), notHttps),
      ),
    );
  });

  test("no IPv4 address that is not public, however it is written", () => {
    const parts = fc.tuple(fc.constantFrom(10, 127, 169, 192, 8), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(parts, ([a, b, c, d]) => {
        const whole = ((a * 256 + b) * 256 + c) * 256 + d;
        const open = isPublic(`${a}.${b}.${c}.${d}`);
        const spellings = [`${a}.${b}.${c}.${d}`, String(whole), `0x${whole.toString(16)}`, `${a}.${b}.${c * 256 + d}`];
        for (const host of spellings) {
          assert.equal(addressRefusal("public", `https://${host}/`), open ? undefined : inside, host);
        }
      }),
    );
  });
});

describe("a name that is looked up", () => {
  /** An address is its own name: nobody is asked for it. */
  const lookUp = (rule: "public" | "any", name: string, all: boolean) =>
    new Promise<unknown>((resolve) => {
      guardedLookup(rule)(name, { all }, (error, address, family) => {
        resolve(error === null ? { address, family } : { code: error.code, message: error.message });
      });
    });
  const refused = { code: "EPRIVATE", message: "The name leads to a private address." };

  test("is refused if it leads to a private address", async () => {
    for (const address of ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"]) {
      assert.deepEqual(await lookUp("public", address, false), refused, address);
      assert.deepEqual(await lookUp("public", address, true), refused, address);
    }
  });
  test("is answered with the very address that was looked at", async () => {
    assert.deepEqual(await lookUp("public", "8.8.8.8", false), { address: "8.8.8.8", family: 4 });
    assert.deepEqual(await lookUp("public", "2606:4700::1111", false), { address: "2606:4700::1111", family: 6 });
    assert.deepEqual(await lookUp("public", "8.8.8.8", true), {
      address: [{ address: "8.8.8.8", family: 4 }],
      family: undefined,
    });
  });
  test("may lead anywhere from a developer's server", async () => {
    assert.deepEqual(await lookUp("any", "127.0.0.1", false), { address: "127.0.0.1", family: 4 });
  });
});
