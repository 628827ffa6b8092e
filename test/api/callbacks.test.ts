/** Telling the merchant's own server how a payment ended: what is sent, when it is sent again, and when it is not. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Evidence } from "../../src/contract/incident.ts";
import type { Session } from "../../src/contract/session.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { openShop, type ReceivedCallback, type SaleChange, type Shop } from "../support/shop.ts";

const declinedAmount = 990100;
const cancelledAmount = 990400;
const failedAmount = 990600;

interface Delivery {
  readonly status: string;
  readonly attempts: number;
  readonly last_answer: string | null;
  readonly method: string;
  /** From the payment's end to the first try, and to the last answer. */
  readonly delay_s: number;
  readonly took_s: number | null;
}

const deliveriesOf = ({ database }: Shop, session_id: string) =>
  database.sql<Delivery>(
    `SELECT status, attempts, last_answer, method, extract(epoch FROM due_at - created_at)::float AS delay_s,
       extract(epoch FROM finished_at - created_at)::float AS took_s
     FROM deliveries WHERE session_id = $1`,
    [session_id],
  );

const deliveryOf = (shop: Shop, session_id: string, seen: (delivery: Delivery) => boolean) =>
  shop.until(async () => (await deliveriesOf(shop, session_id)).find(seen));

const read = async (shop: Shop, session_id: string): Promise<Session> =>
  (await shop.call<Session>("GET", `/v1/sessions/${session_id}`)).body;

/** A sale that the person answers by amount, once it has ended. */
async function sold(shop: Shop, callback_url: string | undefined, change: SaleChange = {}): Promise<Transaction> {
  const { status, body } = await shop.create({ ...change, url: { callback_url } });
  assert.equal(status, 200, JSON.stringify(body));
  return shop.ended(body.id);
}

describe("a callback", { concurrency: true }, () => {
  describe("whose receiver is there", { concurrency: 1 }, () => {
    let shop: Shop;
    before(async () => {
      shop = await openShop();
    });
    after(() => shop.close());

    /** The callback of this sale, when it has come. */
    const received = (session_id: string): Promise<ReceivedCallback> =>
      shop.until(() => shop.callbacks.find(({ url }) => [...url.searchParams.values()].includes(session_id)));
    const at = (query: string) => `${shop.callback_url}${query}`;

    test("is a GET with the result behind the merchant's own parameters", async () => {
      const reference = { order: { merchant_reference: "order 1 & 2/æ" } };
      const sale = await sold(shop, at("?shop=oslo&till=4&till=5&method=GET&delay_callback=0"), reference);
      const { method, url, headers, body } = await received(sale.session_id);
      assert.equal(method, "GET");
      assert.equal(body, "");
      assert.equal(headers["content-type"], undefined);
      assert.deepEqual(
        [...url.searchParams],
        [
          ["shop", "oslo"],
          ["till", "4"],
          ["till", "5"],
          ["method", "GET"],
          ["delay_callback", "0"],
          ["transaction_id", sale.id],
          ["session_id", sale.session_id],
          ["merchant_reference", "order 1 & 2/æ"],
          ["time", sale.created_at],
        ],
      );
    });

    test("has a form-encoded query: a colon as %3A, a space as +", async () => {
      const sale = await sold(shop, at(""), { order: { merchant_reference: "order 7:1" } });
      const { search } = (await received(sale.session_id)).url;
      assert.match(search, /merchant_reference=order\+7%3A1(&|$)/);
      assert.match(search, /time=\d{4}-\d\d-\d\dT\d\d%3A\d\d%3A\d\d\.\d{3}Z(&|$)/);
    });

    test("is delivered once, and stands on the session with the event that it told of", async () => {
      const sale = await sold(shop, at(""));
      const delivery = await deliveryOf(shop, sale.session_id, ({ status }) => status === "DELIVERED");
      assert.deepEqual([delivery.attempts, delivery.last_answer], [1, "HTTP 200"]);
      const event = (await read(shop, sale.session_id)).events.at(-1);
      assert.equal(event?.name, "AUTH_CALLBACK_SENT");
      const capture = sale.events.find(({ event }) => event === "CAPTURE");
      assert.deepEqual(event?.details, { transaction_event_id: capture?.id });
      const callbacks = shop.callbacks.filter(({ url }) => url.searchParams.get("session_id") === sale.session_id);
      assert.equal(callbacks.length, 1);
    });

    test("is found in the payment's evidence, with every try", async () => {
      const sale = await sold(shop, at("?till=4"));
      await deliveryOf(shop, sale.session_id, ({ status }) => status === "DELIVERED");
      const { body } = await shop.call<Evidence>("GET", `/v1/transactions/${sale.id}/evidence`);
      const [callback, ...more] = body.callbacks;
      const { headers } = await received(sale.session_id);
      assert.deepEqual(
        [callback?.id, callback?.status, callback?.tries.map(({ status }) => status), more],
        [headers["event-delivery"], "DELIVERED", [200], []],
      );
    });

    for (const query of ["?sid_parameter_name=sid", "?sid_parameter_name=sid&method=POST"]) {
      test(`calls the session's id sid, with ${query}`, async () => {
        const sale = await sold(shop, at(query));
        const { searchParams } = (await received(sale.session_id)).url;
        assert.equal(searchParams.get("sid"), sale.session_id);
        assert.ok(!searchParams.has("session_id"));
      });
    }

    test("is a POST of the transaction in compact JSON, just as it reads", async () => {
      const sale = await sold(shop, at("?method=POST"));
      const { method, url, headers, body } = await received(sale.session_id);
      assert.equal(method, "POST");
      assert.match(headers["content-type"] ?? "", /^application\/json/);
      assert.equal(headers["content-length"], String(Buffer.byteLength(body)));
      assert.equal(url.searchParams.get("transaction_id"), sale.id);
      const transaction = JSON.parse(body);
      assert.equal(JSON.stringify(transaction), body, "no blanks, in one piece");
      assert.deepEqual(transaction, sale);
      assert.equal(transaction.status, "CAPTURED");
      assert.ok(!("session" in transaction));
    });

    test("brings the session in its body where that is asked for", async () => {
      const sale = await sold(shop, at("?method=POST&includes=session"), { metadata: { ext_till: 4 } });
      const { session, ...transaction } = JSON.parse((await received(sale.session_id)).body);
      assert.deepEqual(transaction, sale);
      await deliveryOf(shop, sale.session_id, ({ status }) => status === "DELIVERED");
      const { events, updated_at, ...now } = await read(shop, sale.session_id);
      assert.deepEqual(session, { ...now, updated_at: session.updated_at, events: events.slice(0, -1) });
      assert.ok(session.updated_at <= updated_at);
    });

    const errors: [what: string, amount: number, error: string][] = [
      ["declined by the issuer", declinedAmount, "authorization"],
      ["cancelled on the terminal", cancelledAmount, "cancelled"],
      ["that failed for a technical reason", failedAmount, "failed"],
    ];
    for (const [what, amount, error] of errors) {
      test(`tells of a payment ${what} as error=${error}, where that is asked for`, async () => {
        const sale = await sold(shop, at("?report_error=true"), { order: { amount } });
        const { searchParams } = (await received(sale.session_id)).url;
        assert.equal(searchParams.get("error"), error);
        assert.equal(searchParams.get("transaction_id"), sale.id);
        assert.equal(searchParams.get("report_error"), "true");
      });

      test(`tells of a payment ${what} in its body as well`, async () => {
        const sale = await sold(shop, at("?report_error=true&method=POST"), { order: { amount } });
        assert.deepEqual(JSON.parse((await received(sale.session_id)).body), sale);
        assert.equal(sale.status, amount === failedAmount ? "FAILED" : "DECLINED");
      });

      for (const query of ["", "?report_error=false", "?report_error=", "?report_event=REFUND"]) {
        test(`is not made for a payment ${what} with "${query}"`, async () => {
          const sale = await sold(shop, at(query), { order: { amount } });
          assert.deepEqual(await deliveriesOf(shop, sale.session_id), []);
        });
      }
    }

    for (const callback_url of [undefined, ""]) {
      test(`is not made where there is no address (${JSON.stringify(callback_url)})`, async () => {
        const sale = await sold(shop, callback_url);
        assert.equal(sale.status, "CAPTURED");
        assert.deepEqual(await deliveriesOf(shop, sale.session_id), []);
      });
    }

    const delays: [delay: string, delay_s: number][] = [
      ["120", 60],
      ["60", 60],
      ["45", 45],
      ["-5", 0],
      ["soon", 0],
    ];
    for (const [delay, delay_s] of delays) {
      test(`with delay_callback=${delay} is first tried after ${delay_s} seconds`, async () => {
        const sale = await sold(shop, at(`?delay_callback=${delay}`));
        const [delivery] = await deliveriesOf(shop, sale.session_id);
        assert.equal(delivery?.delay_s, delay_s);
        if (delay_s > 0) assert.deepEqual([delivery?.status, delivery?.attempts], ["PENDING", 0]);
        else await received(sale.session_id);
      });
    }

    test("waits for its delay, and comes then", async () => {
      const sale = await sold(shop, at("?delay_callback=1"));
      const delivery = await deliveryOf(shop, sale.session_id, ({ status }) => status === "DELIVERED");
      assert.ok((delivery.took_s ?? 0) >= 1, `${delivery.took_s} s`);
    });
  });

  describe("whose receiver has troubles of its own", { concurrency: true }, () => {
    let shop: Shop;
    let receiver: Receiver;
    before(async () => {
      shop = await openShop();
      receiver = await openReceiver();
    });
    after(async () => {
      receiver.close();
      await shop.close();
    });

    /** Sales go one after the other, over the one terminal; what becomes of their callbacks is waited for together. */
    let terminal: Promise<unknown> = Promise.resolve();
    const soldInTurn = (callback_url: string): Promise<Transaction> => {
      const sale = terminal.then(() => sold(shop, callback_url));
      terminal = sale.catch(() => {});
      return sale;
    };

    for (const answer of [500, 503, 599]) {
      test(`is made again after a ${answer}, with the same event-delivery, and arrives`, async () => {
        const { url, requests } = receiver.at(`again-${answer}`, [answer, 200]);
        const sale = await soldInTurn(`${url}?method=POST`);
        await shop.until(() => requests.length > 0);
        const tried = await deliveryOf(shop, sale.session_id, ({ attempts }) => attempts === 1);
        assert.deepEqual([tried.status, tried.last_answer], ["PENDING", `HTTP ${answer}`]);
        const delivered = await deliveryOf(shop, sale.session_id, ({ status }) => status !== "PENDING");
        assert.deepEqual([delivered.status, delivered.attempts, delivered.last_answer], ["DELIVERED", 2, "HTTP 200"]);
        assert.equal(requests.length, 2);
        const [first, second] = requests;
        assert.match(String(first?.headers["event-delivery"]), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        assert.equal(second?.headers["event-delivery"], first?.headers["event-delivery"]);
        assert.deepEqual([second?.url, second?.body], [first?.url, first?.body]);
        const names = (await read(shop, sale.session_id)).events.map(({ name }) => name);
        assert.equal(names.filter((name) => name === "AUTH_CALLBACK_SENT").length, 1);
      });
    }

    test("is made again when the connection broke before an answer", async () => {
      const { url, requests } = receiver.at("broken", ["hang up", 204]);
      const sale = await soldInTurn(url);
      const delivered = await deliveryOf(shop, sale.session_id, ({ status }) => status !== "PENDING");
      assert.deepEqual([delivered.status, delivered.attempts, delivered.last_answer], ["DELIVERED", 2, "HTTP 204"]);
      assert.equal(requests.length, 2);
    });

    test("is made again when nobody was there to take it", async () => {
      const absent = await openReceiver();
      const { port } = absent;
      absent.close();
      const sale = await soldInTurn(`http://127.0.0.1:${port}/late`);
      const refused = await deliveryOf(shop, sale.session_id, ({ attempts }) => attempts === 1);
      assert.equal(refused.status, "PENDING");
      assert.match(refused.last_answer ?? "", /ECONNREFUSED/);
      const back = await openReceiver(port);
      const { requests } = back.at("late", [200]);
      const delivered = await deliveryOf(shop, sale.session_id, ({ status }) => status !== "PENDING");
      assert.deepEqual([delivered.status, delivered.attempts], ["DELIVERED", 2]);
      assert.equal(requests.length, 1);
      back.close();
    });

    for (const answer of [400, 404, 410, 499]) {
      test(`is not made again after a ${answer}: the receiver means it`, async () => {
        const { url, requests } = receiver.at(`refused-${answer}`, [answer]);
        const sale = await soldInTurn(url);
        const refused = await deliveryOf(shop, sale.session_id, ({ attempts }) => attempts > 0);
        assert.deepEqual([refused.status, refused.attempts, refused.last_answer], ["REFUSED", 1, `HTTP ${answer}`]);
        assert.equal(requests.length, 1);
        const names = (await read(shop, sale.session_id)).events.map(({ name }) => name);
        assert.ok(!names.includes("AUTH_CALLBACK_SENT"));
      });
    }

    for (const answer of [301, 302, 307]) {
      test(`does not follow a ${answer}, and is not made again`, async () => {
        const elsewhere = receiver.at(`elsewhere-${answer}`, [200]);
        const { url, requests } = receiver.at(`moved-${answer}`, [answer], elsewhere.url);
        const sale = await soldInTurn(url);
        const refused = await deliveryOf(shop, sale.session_id, ({ attempts }) => attempts > 0);
        assert.deepEqual([refused.status, refused.attempts], ["REFUSED", 1]);
        assert.deepEqual([requests.length, elsewhere.requests.length], [1, 0]);
      });
    }

    test("is not kept waiting by another, whose receiver is slow", async () => {
      const slow = receiver.at("slow", ["wait", 200]);
      const quick = receiver.at("quick", [200]);
      const late = await soldInTurn(slow.url);
      await shop.until(() => slow.requests.length === 1);
      const sale = await soldInTurn(quick.url);
      await deliveryOf(shop, sale.session_id, ({ status }) => status === "DELIVERED");
      assert.equal((await deliveriesOf(shop, late.session_id))[0]?.attempts, 0, "the slow one is still waited for");
      slow.release();
      await deliveryOf(shop, late.session_id, ({ status }) => status === "DELIVERED");
      assert.equal(slow.requests.length, 1);
    });
  });

  describe("of a sale whose terminal stays away", () => {
    let shop: Shop;
    before(async () => {
      shop = await openShop({ TAPLINE_PRESENT_WITHIN_S: "1" });
    });
    after(() => shop.close());

    test("tells of it as error=failed when the time limit is over", async () => {
      await shop.play("offline");
      await shop.until(async () => {
        const [seat] = await shop.database.sql("SELECT connected_to FROM terminal_seats");
        return seat?.connected_to === null;
      });
      const sale = await sold(shop, `${shop.callback_url}?report_error=true`);
      assert.equal(sale.status, "FAILED");
      const callback = await shop.until(() => shop.callbacks[0]);
      assert.equal(callback.url.searchParams.get("error"), "failed");
      const [seat] = await shop.database.sql("SELECT occupant_id FROM terminal_seats");
      assert.equal(seat?.occupant_id, null);
      const names = (await read(shop, sale.session_id)).events.map(({ name }) => name);
      assert.deepEqual(names.slice(0, 2), ["INITIATED", "FAILED"]);
    });
  });
});

/** A merchant's server that answers each path as it is told, one answer after the other. */
interface Receiver {
  readonly port: number;
  at(
    name: string,
    answers: ReceiverAnswer[],
    location?: string,
  ): { url: string; requests: ReceivedRequest[]; release(): void };
  close(): void;
}
type ReceiverAnswer = number | "hang up" | "wait";

interface ReceivedRequest {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

interface Place {
  readonly requests: ReceivedRequest[];
  readonly answers: ReceiverAnswer[];
  readonly location: string | undefined;
  readonly held: ServerResponse[];
}

async function openReceiver(port = 0): Promise<Receiver> {
  const places = new Map<string, Place>();
  const server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const place = places.get(new URL(request.url ?? "/", "http://receiver").pathname);
    if (place === undefined) return response.writeHead(404).end();
    place.requests.push({ url: request.url ?? "", headers: request.headers, body });
    const answer = place.answers.shift() ?? 404;
    if (answer === "hang up") return request.socket.destroy();
    if (answer === "wait") return place.held.push(response);
    response.writeHead(answer, place.location === undefined ? {} : { location: place.location }).end("{}");
  });
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  const taken = (server.address() as AddressInfo).port;
  return {
    port: taken,
    at: (name, answers, location) => {
      const place: Place = { requests: [], answers, location, held: [] };
      places.set(`/${name}`, place);
      const release = () => {
        for (const response of place.held.splice(0)) response.end();
      };
      return { url: `http://127.0.0.1:${taken}/${name}`, requests: place.requests, release };
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
