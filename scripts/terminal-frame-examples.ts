/**
 * One example of every frame of the terminal protocol, for its page: the sale of order-12345, and what may come after it.
 * A test reads each as the protocol reads it, and checks the proof in hello.
 */
import type { ServerFrame, TerminalFrame } from "../src/contract/terminal-protocol.ts";

type Examples<Frame extends { type: string }> = { readonly [F in Frame as F["type"]]: F };

/** The P-256 test key of RFC 6979 appendix A.2.5: everybody knows it, so it opens no door. */
export const exampleKey = {
  kty: "EC",
  crv: "P-256",
  d: "ya-p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyE",
  x: "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y",
  y: "eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk",
};

/** What a device posts to be paired, and a proof of it that verifies. */
export const pairingExample = { code: "7K3M-9QXA", serial_number: "SN-0042-7719", model: "Counter 5" };
export const pairingProof = "A4Ul4qJ8swQvbwnj-uHxn0kNTNfoVGEXiYfOiXR53Aa8PXHG8B6M6-KdgH-7gqAmwry1NyHGer5jjfzeO-KJ3w";

/** What a device posts to be given a code that it shows, and to agree to its terminal; both proofs verify. */
export const showingExample = { serial_number: "SN-0042-7719", model: "Counter 5" };
export const showingProof = "KsBWEOsGZR2LlKKc5WiIltgv4qScDSYR3miDcgRYtk8hSxMwY3emcrpEy7dLvEXKavtF1fTHegHFJSP-uzWxww";
export const agreeingExample = { pairing_id: "pair_0VKGmj3Rw8QdXc5NzTb2Hy", terminal_id: "T12345678-T0292" };
export const agreeingProof = "wjKGwEYJ13fQr7T5TM7bAAqxbZ9WBtXjZ3WGpk6I6TZ04PX8gpJqaQHM3CgvysH-batecbSgLomx3tmORQo5gQ";

const terminal_id = "T12345678-T0292";
const journal_id = "jr_0VKGmb2W9qYw5PzR7tNcLd";
const boot_id = "boot_0VKGmc4T1hRk8SxV3bQnJe";
const prompt_id = "pr_0VKGmd8Wq2LzNf5TbXc7Rk";
const reversal_id = "rv_0VKGmf1Jp6HsYd3WnZk9Tb";
const advice_id = "ad_0VKGmg5Lr4KxVc8QmTj2Hs";
const operation_id = "op_0VKGmh9Nt7PzWb6RfSd1Gy";

const sale = { amount: 39900, currency: "NOK" };

export const terminalExamples: Examples<TerminalFrame> = {
  hello: {
    type: "hello",
    protocol_version: 1,
    terminal_id,
    journal_id,
    boot_id,
    monotonic_ms: 84210,
    proof: "gplQArv8tCTq_j4xk3mfEG2OM4WXv6jy3FbAZmLQGJbWr7SsPo5yYbvZrpK_TMW9DgIXKGRjYW1wod-Tg-BEHA",
    device: { serial_number: "SN-0042-7719", model: "Counter 5", software: "3.2.0" },
    capabilities: {
      kinds: ["purchase", "authorize", "refund"],
      currencies: ["NOK", "SEK"],
      reverse: true,
      advice: true,
      operations: ["end_of_day", "send_logs"],
    },
    journal: [{ prompt_id: "pr_0VKGlz3Bv5GcTj7KwPd4Xn", step: "concluded" }],
  },
  heartbeat: { type: "heartbeat", boot_id, monotonic_ms: 87210 },
  shown: { type: "shown", prompt_id },
  card_presented: { type: "card_presented", prompt_id },
  too_late: { type: "too_late", prompt_id },
  standing: { type: "standing", prompt_id, step: "card_presented" },
  result: {
    type: "result",
    journal_id,
    sequence: 118,
    prompt_id,
    outcome: "approved",
    ...sale,
    card: {
      brand: "Visa",
      masked_pan: "476173******0416",
      expiry_date: "12/2030",
      type: "Debit Card",
      country: "NOR",
      entry_method: "contactless",
    },
    facts: {
      uniqueId: "20261122-000118",
      receiptNumber: "000118",
      responseCode: "00",
      applicationIdentifier: "A0000000031010",
      customerReceipt: "CUSTOMER COPY\nPURCHASE 399.00 NOK\nAPPROVED",
      merchantReceipt: "MERCHANT COPY\nPURCHASE 399.00 NOK\nAPPROVED",
    },
  },
  reversal_result: {
    type: "reversal_result",
    journal_id,
    sequence: 119,
    reversal_id,
    outcome: "reversed",
    facts: { responseCode: "00" },
  },
  advice_result: { type: "advice_result", journal_id, sequence: 120, advice_id, outcome: "accepted" },
  operation_result: {
    type: "operation_result",
    journal_id,
    sequence: 121,
    operation_id,
    outcome: "failed",
    reason: "The batch is closed already.",
  },
  not_supported: { type: "not_supported", of: "operation", id: operation_id },
};

export const serverExamples: Examples<ServerFrame> = {
  challenge: {
    type: "challenge",
    nonce: "KkI8Qx6cW1pVYb2nD7sGf3tLr9mZe5hJ0aUqSvRwXoT",
    protocol_versions: [1],
  },
  welcome: { type: "welcome", epoch: 42, heartbeat_every_ms: 3000, silence_limit_ms: 10000 },
  refused: {
    type: "refused",
    code: "PROOF_WRONG",
    sentence: "The terminal is not paired with this server, or its key is another one.",
  },
  heartbeat: { type: "heartbeat" },
  prompt: {
    type: "prompt",
    prompt_id,
    kind: "purchase",
    ...sale,
    boot_id,
    not_after_ms: 207500,
    merchant_reference: "order-12345",
  },
  stop: { type: "stop", prompt_id },
  inquire: { type: "inquire", prompt_id },
  acknowledge: { type: "acknowledge", journal_id, sequence: 118 },
  reverse: { type: "reverse", reversal_id, prompt_id, ...sale },
  advice: { type: "advice", advice_id, prompt_id, kind: "capture", ...sale },
  operation: { type: "operation", operation_id, operation: "end_of_day" },
};
