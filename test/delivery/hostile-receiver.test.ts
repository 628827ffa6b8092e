/**
 * Receivers that misbehave: each case ends as the contract says (R72 for callbacks, C5 for webhooks), and whoever stands
 * beside gets its own in time. TAPLINE_REAL_LIMITS=1 waits for the contract's ten seconds as well.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { certify, type Flaw } from "../support/certificates.ts";
import {
  type Behaviour,
  behaviours,
  closeReceivers,
  openReceiver,
  type Receiver,
} from "../support/hostile-receiver.ts";
import { until } from "../support/shop.ts";
import { type DeliveryRow, TellingScene } from "../support/telling-scene.ts";

const upgrade = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: smoke-signals\r\n\r\n";
const elsewhere = "http://127.0.0.1:9/elsewhere";

interface Case {
  readonly what: string;
  readonly behave: Behaviour;
  readonly flaw?: Flaw;
  readonly callback: string;
  /** Where it differs from the callback's. */
  readonly webhook?: string;
  readonly answer: RegExp;
}

const late = /^no answer within 0\.[45] s$/;

const cases: readonly Case[] = [
  { what: "answers 200", behave: behaviours.answers(200), callback: "DELIVERED", answer: /^HTTP 200$/ },
  { what: "answers 500", behave: behaviours.answers(500), callback: "PENDING", answer: /^HTTP 500$/ },
  { what: "hangs", behave: behaviours.hangs, callback: "PENDING", answer: late },
  { what: "answers too late", behave: behaviours.answersAfter(900), callback: "PENDING", answer: late },
  { what: "resets the connection", behave: behaviours.resets, callback: "PENDING", answer: /ECONNRESET|hang up/ },
  { what: "closes without an answer", behave: behaviours.closes, callback: "PENDING", answer: /hang up|closed/ },
  { what: "closes in its header", behave: behaviours.closesInHeader, callback: "PENDING", answer: /./ },
  {
    what: "closes in the body of a 200: the status has come",
    behave: behaviours.closesInBody(200),
    callback: "DELIVERED",
    answer: /^HTTP 200$/,
  },
  {
    what: "closes in the body of a 500",
    behave: behaviours.closesInBody(500),
    callback: "PENDING",
    answer: /^HTTP 500$/,
  },
  {
    what: "trickles the body of a 200: the status has come",
    behave: behaviours.tricklesBody,
    callback: "DELIVERED",
    answer: /^HTTP 200$/,
  },
  { what: "trickles its header", behave: behaviours.tricklesHeader, callback: "PENDING", answer: late },
  {
    what: "sends a gigabyte: the status has come",
    behave: behaviours.sendsGigabyte,
    callback: "DELIVERED",
    answer: /^HTTP 200$/,
  },
  { what: "sends a huge header", behave: behaviours.sendsHugeHeader, callback: "PENDING", answer: /[Hh]eader/ },
  { what: "speaks no HTTP", behave: behaviours.saysNonsense, callback: "PENDING", answer: /Parse Error/ },
  {
    what: "redirects",
    behave: behaviours.redirects(elsewhere),
    callback: "REFUSED",
    webhook: "PENDING",
    answer: /^HTTP 307$/,
  },
  {
    what: "answers 101 and wants another protocol",
    behave: behaviours.says(upgrade),
    callback: "PENDING",
    answer: /^HTTP 101$/,
  },
  {
    what: "answers 101 and wants nothing",
    behave: behaviours.says("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    callback: "PENDING",
    answer: /^HTTP 101$/,
  },
  {
    what: "says 100 before its 200",
    behave: behaviours.says(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
    ),
    callback: "DELIVERED",
    answer: /^HTTP 200$/,
  },
  { what: "says 100 and nothing more", behave: behaviours.saysContinueForever, callback: "PENDING", answer: late },
  {
    what: "has a certificate of our authority's",
    behave: behaviours.answers(200),
    flaw: "none",
    callback: "DELIVERED",
    answer: /^HTTP 200$/,
  },
  {
    what: "has signed its certificate itself",
    behave: behaviours.answers(200),
    flaw: "self-signed",
    callback: "PENDING",
    answer: /self-signed/,
  },
  {
    what: "has a certificate that has expired",
    behave: behaviours.answers(200),
    flaw: "expired",
    callback: "PENDING",
    answer: /expired/,
  },
  {
    what: "has another's certificate",
    behave: behaviours.answers(200),
    flaw: "of another name",
    callback: "PENDING",
    answer: /does not match/,
  },
];

describe("a receiver that", { concurrency: 4 }, () => {
  let scene: TellingScene;
  let good: Receiver;
  before(async () => {
    scene = await TellingScene.open();
    good = await openReceiver(behaviours.answers(204));
  });
  after(async () => {
    await closeReceivers();
    await scene.close();
  });

  for (const { what, behave, flaw, callback, webhook = callback, answer } of cases) {
    test(`${what}: a callback is ${callback} then, a webhook ${webhook}, and another receiver has had its own`, async () => {
      const receiver = await openReceiver(behave, flaw === undefined ? undefined : certify(flaw));
      const hook_id = await scene.addHook(receiver.url);
      const id = await scene.callBack(receiver.url);
      await scene.tell();
      const beside = await scene.callBack(good.url);
      const arrived = await until(async () => {
        const row = await scene.delivery(beside);
        return row.status === "DELIVERED" && row;
      });
      assert.equal(arrived.attempts, 1);
      const hooked = await until(async () => (await scene.deliveriesOf(hook_id))[0]);
      for (const [tried, status] of [
        [await scene.triedTimes(id, 1), callback],
        [await scene.triedTimes(hooked.id, 1), webhook],
      ] as const) {
        assert.deepEqual([tried.status, tried.attempts], [status, 1], tried.last_answer ?? "");
        assert.match(tried.last_answer ?? "", answer);
      }
      if (behave === behaviours.sendsGigabyte) {
        assert.ok(receiver.written < 64 * 1024 ** 2, `${receiver.written} bytes were taken`);
        const [attempt] = await scene.attemptsOf(id);
        assert.equal(attempt?.response_body?.length, 4096);
      }
      await scene.database.sql("UPDATE hooks SET active = false WHERE id = $1", [hook_id]);
    });
  }
});

describe("a receiver", () => {
  let scene: TellingScene;
  before(async () => {
    scene = await TellingScene.open();
  });
  after(async () => {
    await closeReceivers();
    await scene.close();
  });
  const ended = (id: string, status: string): Promise<DeliveryRow> =>
    until(async () => {
      const row = await scene.delivery(id);
      return row.status === status && row;
    });

  test("that answers 500 three times is asked a fourth time, under the same delivery id", async () => {
    const receiver = await openReceiver(behaviours.answersFirst(500, 3));
    const id = await scene.callBack(receiver.url);
    for (let tries = 1; tries <= 3; tries++) {
      assert.equal((await scene.triedTimes(id, tries)).status, "PENDING");
      await scene.hurry();
    }
    assert.equal((await ended(id, "DELIVERED")).attempts, 4);
    assert.deepEqual(new Set(receiver.received.map(({ headers }) => headers["event-delivery"])), new Set([id]));
  });

  test("whose certificate nobody shall look at is delivered to, and its hook alone", async () => {
    const receiver = await openReceiver(behaviours.answers(200), certify("self-signed"));
    const unchecked = await scene.addHook(receiver.url, { insecure_ssl: true });
    const checked = await scene.addHook(receiver.url);
    for (let time = 1; time <= 3; time++) {
      await scene.tell();
      await until(
        async () => (await scene.deliveriesOf(unchecked)).filter((one) => one.status === "DELIVERED")[time - 1],
      );
    }
    const refused = await until(async () => {
      const rows = await scene.deliveriesOf(checked);
      return rows.length === 3 && rows.every(({ tries }) => tries > 0) && rows;
    });
    for (const row of refused) assert.match(`${row.status} ${row.last_answer}`, /^PENDING .*self-signed/);
    assert.equal(receiver.received.length, 3);
    await scene.database.sql("UPDATE hooks SET active = false");
  });

  test("is asked again and again over the same connection", async () => {
    const ports = new Set<number | undefined>();
    const receiver = await openReceiver((answer) => {
      ports.add(answer.socket.remotePort);
      answer.end();
    });
    for (let time = 1; time <= 5; time++) await ended(await scene.callBack(receiver.url), "DELIVERED");
    assert.equal(ports.size, 1);
  });

  test("may answer what no database takes, and keeps its cookies and its own secret to itself", async () => {
    const bytes = Buffer.concat([
      Buffer.from("a\0b\u{1F600}"),
      Buffer.from([0xff, 0xed, 0xa0, 0x80]),
      Buffer.from("ø"),
    ]);
    const receiver = await openReceiver((answer) =>
      answer.writeHead(500, { "set-cookie": "let-me-in=1", "x-said": "blåbær" }).end(bytes),
    );
    const secret = { type: "Authorization", value: "Bearer very-secret" };
    const hook_id = await scene.addHook(receiver.url, { secret });
    await scene.tell();
    const hooked = await until(async () => (await scene.deliveriesOf(hook_id))[0]);
    await scene.triedTimes(hooked.id, 1);
    const [attempt] = await scene.attemptsOf(hooked.id);
    assert.equal(receiver.received[0]?.headers.authorization, "Bearer very-secret");
    assert.equal(attempt?.request_headers.authorization, "[redacted]");
    assert.equal(attempt?.response_headers?.["set-cookie"], "[redacted]");
    assert.match(attempt?.response_body ?? "", /^ab\u{1F600}\uFFFD+ø$/u);
    await scene.database.sql("UPDATE hooks SET active = false");
  });

  test("that hangs keeps nobody else waiting, however many there are, and no stop either", async () => {
    const patient = await TellingScene.open({ callback_timeout_ms: 60_000, stop_within_ms: 50 });
    const good = await openReceiver(behaviours.answers(200));
    const hanging = await Promise.all(Array.from({ length: 30 }, () => openReceiver(behaviours.hangs)));
    const held = await Promise.all(hanging.map(({ url }) => patient.callBack(url)));
    await until(() => hanging.every(({ received }) => received.length > 0));
    for (let time = 1; time <= 20; time++) {
      const id = await patient.callBack(good.url);
      await until(async () => (await patient.delivery(id)).status === "DELIVERED");
    }
    const began = performance.now();
    await patient.stop();
    const took_ms = performance.now() - began;
    assert.ok(took_ms < 5_000, `the stop took ${took_ms} ms`);
    for (const id of held) {
      const { status, tries } = await patient.delivery(id);
      assert.deepEqual([status, tries], ["PENDING", 0], "nobody knows what became of it, so it is tried again");
    }
    const lanes = await patient.database.sql("SELECT FROM delivery_lanes WHERE held_by IS NOT NULL");
    assert.equal(lanes.length, 0);
    await patient.close();
  });

  test("that has ten seconds to answer a callback is waited for no longer", {
    skip: process.env.TAPLINE_REAL_LIMITS !== "1" && "TAPLINE_REAL_LIMITS=1 waits for it",
  }, async () => {
    const real = await TellingScene.open({ callback_timeout_ms: 10_000 });
    const receiver = await openReceiver(behaviours.answersAfter(11_000));
    const id = await real.callBack(receiver.url);
    await new Promise((over) => setTimeout(over, 10_500));
    const row = await real.delivery(id);
    assert.deepEqual([row.status, row.last_answer], ["PENDING", "no answer within 10 s"]);
    await real.close();
  });
});
