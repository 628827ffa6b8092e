/**
 * `tapline listen`: shows each event as it comes, and posts it to a program on this machine as a webhook would be. For
 * developers: it needs no public address, and no subscription.
 */
import { createHmac } from "node:crypto";
import { type EventMessage, type StreamedEvent, signWebhook } from "@tapline/sdk";
import { eventLine } from "../domain/event-line.ts";
import { newUuid } from "../domain/ids.ts";
import { StartupProblem } from "../domain/startup-problem.ts";
import { systemClock, systemRandom } from "../system-environment.ts";
import { reachApi } from "./api.ts";
import { explained } from "./explained.ts";

export interface ListenOptions {
  readonly forwardTo?: string;
  readonly session?: string;
  readonly type?: string[];
  readonly json?: boolean;
  /** The hook's own secret: its HMAC-SHA1 of the body is sent besides. */
  readonly secret?: string;
  readonly signingSecret?: string;
}

/** Tries of one event; then the next has its turn, and a receiver that is down holds nothing up for long. */
const triesMax = 4;
const firstPause_ms = 500;
/** The server's own limit for a webhook. */
const timeout_ms = 60_000;

export async function listen(options: ListenOptions): Promise<void> {
  const { session, type: types, json = false } = options;
  const receiver = options.forwardTo === undefined ? undefined : receiverAt(options.forwardTo, options);
  const { tapline } = reachApi();
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => ending.abort());
  // A launcher that was killed cannot tell (bin/launch.js).
  process.once("disconnect", () => ending.abort());
  const following = { signal: ending.signal, ...sayWhetherItListens(session) };
  if (receiver !== undefined) console.error(receiver.introduction);
  const events =
    session === undefined
      ? tapline.events({ ...following, ...(types === undefined ? {} : { types }) })
      : tapline.sessions.events(session, following);
  for await (const event of events) {
    if (types !== undefined && !types.includes(event.type)) continue;
    console.log(json ? JSON.stringify(event.data) : lineOf(event));
    if (receiver !== undefined) await receiver.forward(event, ending.signal);
  }
  // A connection that is kept for a next request would hold the process for seconds.
  process.exit(0);
}

/** Each change once, however often it is tried in between. */
function sayWhetherItListens(session: string | undefined) {
  let said = "";
  const say = (sentence: string) => {
    if (sentence !== said) console.error(sentence);
    said = sentence;
  };
  let is_open = false;
  let was_open = false;
  return {
    onOpen: () => {
      const whom = session === undefined ? "" : ` to ${session}`;
      say(was_open ? "Listening again." : `Listening${whom}; Ctrl-C ends it.`);
      is_open = true;
      was_open = true;
    },
    onBreak: (problem: unknown) => {
      if (is_open) say("The connection broke; coming back, nothing will be missed.");
      else if (!was_open) say(`${explained(problem) ?? String(problem)} Trying again.`);
      is_open = false;
    },
  };
}

function lineOf({ type, data }: StreamedEvent): string {
  return `${data.event_time.slice(11, 23)}  ${type.padEnd(22)}  ${eventLine(type, data)}`;
}

interface Receiver {
  readonly introduction: string;
  forward(event: StreamedEvent, signal: AbortSignal): Promise<void>;
}

function receiverAt(url: string, { secret, signingSecret }: ListenOptions): Receiver {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new StartupProblem(`--forward-to is "${url}": give an address such as http://127.0.0.1:3000/webhooks.`);
  }
  if (signingSecret !== undefined && !/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(signingSecret)) {
    throw new StartupProblem("--signing-secret is whsec_ and base64; left out, one is made and printed.");
  }
  const signing_secret = signingSecret ?? `whsec_${Buffer.from(systemRandom(32)).toString("base64")}`;
  return {
    introduction: `Forwarding to ${url}, signed with ${signing_secret}`,
    forward: async (event, signal) => {
      const delivery_id = newUuid(systemRandom);
      for (let tries = 1; tries <= triesMax && !signal.aborted; tries++) {
        const began_ms = systemClock.monotonic();
        const message = await messageOf(event.data, delivery_id, signing_secret, secret);
        const { told, is_taken } = await post(url, message, signal);
        if (signal.aborted) return;
        const took_ms = Math.round(systemClock.monotonic() - began_ms);
        console.error(`${" ".repeat(14)}→ ${told} in ${took_ms} ms${is_taken ? "" : `, try ${tries} of ${triesMax}`}`);
        if (is_taken) return;
        if (tries < triesMax) await Promise.race([systemClock.wait(firstPause_ms * 2 ** (tries - 1)), aborted(signal)]);
      }
    },
  };
}

/** The message that the server would post to a hook, with its headers; signed anew for each try. */
async function messageOf(
  data: EventMessage,
  delivery_id: string,
  signing_secret: string,
  secret: string | undefined,
): Promise<{ readonly headers: Record<string, string>; readonly body: string }> {
  const { account_id, event, ...members } = data;
  const body = JSON.stringify({ account_id, event, event_delivery: delivery_id, ...members });
  const timestamp = Math.floor(systemClock.now() / 1_000);
  const headers = {
    "content-type": "application/json",
    "user-agent": "Dintero-Hook/listen Tapline",
    event,
    "event-delivery": delivery_id,
    ...(await signWebhook({ id: data.event_id, timestamp, body, secret: signing_secret })),
    ...(secret === undefined ? {} : { "event-signature": createHmac("sha1", secret).update(body).digest("hex") }),
  };
  return { headers, body };
}

/** Redirects are not followed, and nothing but a 2xx is taken, as for a webhook. */
async function post(
  url: string,
  message: { readonly headers: Record<string, string>; readonly body: string },
  signal: AbortSignal,
): Promise<{ told: string; is_taken: boolean }> {
  try {
    const limits = AbortSignal.any([signal, AbortSignal.timeout(timeout_ms)]);
    const answer = await fetch(url, { ...message, method: "POST", redirect: "manual", signal: limits });
    await answer.body?.cancel();
    return { told: String(answer.status), is_taken: answer.ok };
  } catch (error) {
    const { cause = error } = error as Error;
    const reason = (cause as { code?: string }).code ?? (cause as Error).message;
    return { told: `no answer (${reason})`, is_taken: false };
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
