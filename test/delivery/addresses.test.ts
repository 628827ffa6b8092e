import assert from "node:assert/strict";
import { isIP } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AddressGuard, type AddressRule, isPublic } from "../../src/delivery/addresses.ts";

const refusalOf = (rule: AddressRule | AddressRule["addresses"], url: string, account_id = "T12345678") =>
  new AddressGuard(typeof rule === "string" ? { addresses: rule } : rule).refusal(url, account_id);

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
    ["https://127.0.0.1:443/", inside, undefined],
    ["https://127.1/", inside, undefined],
    ["https://2130706433/", inside, undefined],
    ["https://0x7f000001/", inside, undefined],
    ["https://0177.0.0.1/", inside, undefined],
    ["https://127.0.0.1./", inside, undefined],
    ["https://10.1.2.3/", inside, undefined],
    ["https://169.254.169.254/latest/meta-data", inside, undefined],
    ["https://10.255.255.255/", inside, undefined],
    ["https://[64:ff9b::7f00:1]/", inside, undefined],
    ["https://[2002:7f00:1::]/", inside, undefined],
    ["https://[fe80::1]/", inside, undefined],
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
    test(`${url}: ${in_public ?? "yes"}`, () => assert.equal(refusalOf("public", url), in_public));
    test(`${url} from a developer's server: ${anywhere ?? "yes"}`, () => {
      assert.equal(refusalOf("any", url), anywhere);
    });
  }

  test("every address that can be written is judged, one of dots alone too", () => {
    for (const url of ["https://./", "https://.../", "https://-/", "https://1.example/", "https://[::]/"]) {
      assert.doesNotThrow(() => refusalOf("public", url), url);
    }
    fc.assert(fc.property(fc.webUrl(), (url) => assert.equal(refusalOf("any", url), undefined)));
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ["http"] }), (url) => assert.equal(refusalOf("public", url), notHttps)),
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
          assert.equal(refusalOf("public", `https://${host}/`), open ? undefined : inside, host);
        }
      }),
    );
  });
});

describe("a port", () => {
  test("on which no web server listens is not called, a developer's own apart", () => {
    for (const port of [0, 22, 25, 53, 445, 3306, 5432, 6379, 11211]) {
      const url = `https://shop.example:${port}/`;
      assert.equal(refusalOf("public", url), `port ${port} is not a web server's.`);
      assert.equal(refusalOf("any", url), undefined);
    }
    for (const port of [443, 80, 8443, 8080, 9443]) {
      assert.equal(refusalOf("public", `https://shop.example:${port}/`), undefined);
    }
  });
  test("that is not among the configured ones is not called, wherever", () => {
    for (const addresses of ["public", "any"] as const) {
      const rule = { addresses, ports: [443, 5432] };
      const other = "port 8443 is not among those that are called.";
      assert.equal(refusalOf(rule, "https://shop.example:8443/"), other);
      assert.equal(refusalOf(rule, "https://shop.example/"), undefined);
      assert.equal(refusalOf(rule, "https://shop.example:5432/"), undefined, "who names a port wants it");
    }
    const plain = refusalOf({ addresses: "any", ports: [443] }, "http://shop.example/");
    assert.equal(plain, "port 80 is not among those that are called.");
  });
});

describe("what real payments are told of", () => {
  test("goes out by HTTPS alone, from a developer's server too", () => {
    const notHttps = "only HTTPS is delivered to.";
    assert.equal(refusalOf("any", "http://shop.example/", "P12345678"), notHttps);
    assert.equal(refusalOf("any", "http://127.0.0.1:9000/", "P12345678"), notHttps);
    assert.equal(refusalOf("any", "https://127.0.0.1:9000/", "P12345678"), undefined);
    assert.equal(refusalOf("public", "https://shop.example/", "P12345678"), undefined);
  });
});

describe("what is let through", () => {
  const rule = {
    addresses: "public",
    allow: ["till.internal", "postgres", "10.1.0.0/16", "fd00:1::/32", "192.168.7.9"],
  } as const;
  test("is let through by its name, its address or its network, and nothing beside it is", () => {
    for (const host of ["till.internal", "TILL.internal.", "postgres", "10.1.255.255", "[fd00:1::9]", "192.168.7.9"]) {
      assert.equal(refusalOf(rule, `https://${host}/`), undefined, host);
    }
    assert.equal(refusalOf(rule, "https://[::ffff:10.1.2.3]/"), undefined, "in IPv6 clothes");
    for (const host of ["10.2.0.0", "10.0.255.255", "[fd00:2::1]", "192.168.7.8", "127.0.0.1", "[::1]"]) {
      assert.equal(refusalOf(rule, `https://${host}/`), "it is a private address.", host);
    }
    assert.equal(refusalOf(rule, "https://redis/"), "it names this machine or one beside it.");
  });
  test("is called by HTTPS, like all else", () => {
    assert.equal(refusalOf(rule, "http://till.internal/"), "only HTTPS is delivered to.");
  });
});

describe("a name that is looked up", () => {
  interface Looked {
    readonly addresses?: readonly string[];
    readonly problem?: string;
  }
  /** Looks a name up that leads to one answer after the other. */
  const guarded = (rule: AddressRule, answers: readonly (readonly string[])[]) => {
    let asked = 0;
    const guard = new AddressGuard(rule, (_name, callback) => {
      const addresses = answers[asked++] ?? [];
      callback(
        null,
        addresses.map((address) => ({ address, family: isIP(address) })),
      );
    });
    const lookUp = (name: string, all = true, family = 0) =>
      new Promise<Looked>((resolve) => {
        guard.lookup(name, { all, family }, (error, found) => {
          if (error !== null) resolve({ problem: error.message });
          else resolve({ addresses: typeof found === "string" ? [found] : found.map(({ address }) => address) });
        });
      });
    return { lookUp, asked: () => asked };
  };
  const refused = { problem: "The name leads to a private address." };
  const open = { addresses: "public" } as const;

  test("is refused if it leads to a private address, be it one of many", async () => {
    for (const address of [
      "127.0.0.1",
      "10.0.0.1",
      "169.254.169.254",
      "::1",
      "fd00::1",
      "::ffff:10.0.0.1",
      "0.0.0.0",
    ]) {
      for (const answer of [[address], ["8.8.8.8", address], [address, "2606:4700::1111"]]) {
        assert.deepEqual(await guarded(open, [answer]).lookUp("shop.example"), refused, String(answer));
        assert.deepEqual(await guarded(open, [answer]).lookUp("shop.example", false), refused, String(answer));
      }
    }
  });
  test("is refused for an address that nobody would have connected to", async () => {
    assert.deepEqual(await guarded(open, [["8.8.8.8", "fd00::1"]]).lookUp("shop.example", true, 4), refused);
  });
  test("is answered with the very addresses that were looked at, and asked for once", async () => {
    const { lookUp, asked } = guarded(open, [["8.8.8.8", "2606:4700::1111"], ["127.0.0.1"]]);
    assert.deepEqual(await lookUp("shop.example"), { addresses: ["8.8.8.8", "2606:4700::1111"] });
    assert.equal(asked(), 1);
    assert.deepEqual(await lookUp("shop.example"), refused, "it is looked at anew for the next connection");
  });
  test("is answered in the family that is asked for", async () => {
    const both = ["2606:4700::1111", "8.8.8.8"];
    assert.deepEqual(await guarded(open, [both]).lookUp("shop.example", false, 4), { addresses: ["8.8.8.8"] });
    assert.deepEqual(await guarded(open, [both]).lookUp("shop.example", false), { addresses: ["2606:4700::1111"] });
    assert.deepEqual(await guarded(open, [[]]).lookUp("shop.example"), { problem: "The name has no address." });
  });
  test("may lead anywhere from a developer's server, and where it or its network is let through", async () => {
    assert.deepEqual(await guarded({ addresses: "any" }, [["127.0.0.1"]]).lookUp("till"), { addresses: ["127.0.0.1"] });
    const rule = { addresses: "public", allow: ["till.internal", "10.1.0.0/16"] } as const;
    assert.deepEqual(await guarded(rule, [["10.9.9.9"]]).lookUp("till.internal"), { addresses: ["10.9.9.9"] });
    assert.deepEqual(await guarded(rule, [["10.1.9.9"]]).lookUp("shop.example"), { addresses: ["10.1.9.9"] });
    assert.deepEqual(await guarded(rule, [["10.2.9.9"]]).lookUp("shop.example"), refused);
  });
  test("of this machine's own is known without asking anybody", async () => {
    const guard = new AddressGuard({ addresses: "any" });
    const found = await new Promise((resolve) => {
      guard.lookup("localhost", { all: false, family: 4 }, (error, address) => resolve(error ?? address));
    });
    assert.equal(found, "127.0.0.1");
  });
});
