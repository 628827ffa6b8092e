/** The generated sections of docs/terminal-protocol.md; its words are written by hand. */
import { createHash } from "node:crypto";
import { readConfig } from "../src/config.ts";
import {
  pairingPath,
  pairingPollText,
  pairingRequestsPath,
  pairingRequestText,
  pairingText,
} from "../src/contract/terminal-protocol/pairing.ts";
import {
  connectPath,
  frameLimit_bytes,
  heartbeatEvery_ms,
  helloText,
  protocolVersion,
  silenceLimit_ms,
} from "../src/contract/terminal-protocol.ts";
import { deadlineGrace_ms } from "../src/flows/deadlines.ts";
import { pairingRequest, pollRequest, shownCodeRequest } from "../src/simulator/pairing.ts";
import { code, fenced, json, table, withSections } from "./markdown.ts";
import {
  agreeingExample,
  agreeingProof,
  exampleKey,
  pairingExample,
  pairingProof,
  serverExamples,
  showingExample,
  showingProof,
  terminalExamples,
} from "./terminal-frame-examples.ts";
import { partSections, serverFrameSections, terminalFrameSections } from "./terminal-frames.ts";

export const terminalProtocolPage = async (before: string): Promise<string> =>
  withSections(before, "docs/terminal-protocol.md", {
    proof: proof(),
    pairing: await pairing(),
    "shown-code": await shownCode(),
    limits: table(["What", "Limit"], limits()),
    "frames-from-terminal": terminalFrameSections(),
    "frames-from-server": serverFrameSections(),
    parts: partSections(),
  });

function proof(): string {
  const { challenge } = serverExamples;
  const { hello } = terminalExamples;
  const text = helloText(challenge.nonce, hello);
  return [
    "The key, as a JWK. It is the P-256 test key of RFC 6979 appendix A.2.5, which everybody knows: use it in tests only.",
    json(exampleKey),
    `The hello text, for the nonce ${code(challenge.nonce)}. It is ${text.length} bytes long, and no line break follows ` +
      "the last line:",
    fenced("text", text),
    "Its SHA-256, in hexadecimal:",
    fenced("text", createHash("sha256").update(text).digest("hex")),
    "A signature that verifies, r and s as 64 bytes in base64url. It is the one that a signer by RFC 6979 makes; other " +
      "signers make another one each time:",
    fenced("text", hello.proof),
  ].join("\n\n");
}

/** The request is made as the simulated terminal makes it. */
async function pairing(): Promise<string> {
  const { d: _, ...public_jwk } = exampleKey;
  const request = await pairingRequest(pairingExample, public_jwk, async () => pairingProof);
  return [
    `The pairing text, for the key of section 2.2 and the code ${code(pairingExample.code)}:`,
    fenced("text", pairingText(pairingExample)),
    `The body of ${code(`POST ${pairingPath}`)}:`,
    json(request),
  ].join("\n\n");
}

async function shownCode(): Promise<string> {
  const { d: _, ...public_jwk } = exampleKey;
  const request = await shownCodeRequest(showingExample, public_jwk, async () => showingProof);
  const agreement = await pollRequest(agreeingExample, async () => agreeingProof);
  return [
    "The request text, for the key of section 2.2:",
    fenced("text", pairingRequestText({ ...showingExample, public_jwk })),
    `The body of ${code(`POST ${pairingRequestsPath}`)}:`,
    json(request),
    "The poll text of a device that agrees:",
    fenced("text", pairingPollText(agreeingExample)),
    `The body of ${code(`POST ${pairingRequestsPath}/${agreeingExample.pairing_id}`)}:`,
    json(agreement),
  ].join("\n\n");
}

function limits(): string[][] {
  const { present_within_ms, stop_answer_ms, processing_ms } = readConfig({});
  return [
    ["Path", code(connectPath)],
    ["Protocol version", String(protocolVersion)],
    ["Size of a frame from the terminal", `${frameLimit_bytes} bytes`],
    ["Time between two heartbeats", `${heartbeatEvery_ms} ms`],
    ["Silence after which a link is dead", `${silenceLimit_ms} ms`],
    ["Time to present a card", `${present_within_ms} ms (default)`],
    ["The server acts on that deadline later by", `${deadlineGrace_ms} ms`],
    ["Time the server waits for the answer to `stop`", `${stop_answer_ms} ms (default)`],
    ["Time the server waits for a result after the card was presented", `${processing_ms} ms (default)`],
  ];
}
