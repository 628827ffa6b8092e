// Receives webhooks: checks who sent them, takes each event once, and never goes back to an older state of a payment. Any
// Node since 20 runs it:
//
//   WEBHOOK_SECRET=whsec_… PORT=8081 node examples/webhook-receiver.js
//
// WEBHOOK_SECRET is the `signing_secret` that the creation of the subscription answered.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const { WEBHOOK_SECRET = "", PORT = "8081" } = process.env;
const key = Buffer.from(WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");
const timeTolerance_s = 300;

// Over the bytes as they came: a body that was parsed and written again is another one.
function isGenuine(headers, bytes) {
  const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signatures = "" } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(time)) <= timeTolerance_s)) return false;
  const expected = createHmac("sha256", key).update(`${id}.${time}.`).update(bytes).digest();
  // Two signatures while the secret is being rotated: one of them is enough.
  return signatures.split(" ").some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return signature.startsWith("v1,") && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

// In a shop both stand in its database, and are written in the transaction that acts on the event.
const taken = new Set();
const newest = new Map();

function take({ event, event_id, sequence, transaction }) {
  if (taken.has(event_id)) return "again, and nothing to do";
  taken.add(event_id);
  if (event !== "checkout_transaction") return "taken";
  // Messages overtake each other. The highest sequence is how the payment stands now.
  if (sequence <= (newest.get(transaction.id) ?? 0)) return "older than what is known";
  newest.set(transaction.id, sequence);
  return `${transaction.merchant_reference} is ${transaction.status}`;
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (!isGenuine(request.headers, bytes)) return response.writeHead(401).end();
  const message = JSON.parse(bytes.toString("utf8"));
  console.log(`${message.event} ${message.sequence ?? ""}: ${take(message)}`);
  // 2xx once it is safely stored. Anything else is sent again, but for 400 and 410: those mean "never again".
  response.writeHead(204).end();
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`listening on port ${server.address().port}`));
