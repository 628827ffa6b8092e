/** Every setting, read from the environment once at start. Nobody else reads `process.env`. */
import { isIP } from "node:net";
import { resolve } from "node:path";
import { presentWithin_ms } from "./domain/session.ts";
import { StartupProblem } from "./domain/startup-problem.ts";

export interface Config {
  /** Your own PostgreSQL; without it the server runs one of its own in the data directory. */
  readonly database_url: string | undefined;
  readonly data_dir: string;
  readonly host: string;
  readonly port: number;
  /** The address clients reach the server by; stands in answers and tokens. */
  readonly public_url: string | undefined;
  /** Addresses and networks of proxies, whose `X-Forwarded-For` is believed. */
  readonly trusted_proxies: readonly string[];
  readonly simulators: boolean;
  readonly simulator_delay_ms: number;
  readonly callback_addresses: "public" | "any";
  /** Hosts and networks that are called all the same. */
  readonly callback_allow: readonly string[];
  /** Where set, the only ports that are called. */
  readonly callback_ports: readonly number[] | undefined;
  readonly callback_timeout_ms: number;
  readonly webhook_timeout_ms: number;
  readonly probe_every_ms: number;
  readonly log_level: "debug" | "info" | "warn" | "error";
  readonly present_within_ms: number;
  readonly refund_within_ms: number;
  readonly processing_ms: number;
  readonly stop_answer_ms: number;
  readonly incident_after_ms: number;
  readonly authorization_lapses_ms: number;
  readonly operation_ms: number;
}

export type Settings = Readonly<Record<string, string | undefined>>;

/** What `demo` sets where the environment does not. */
export const demoDefaults: Settings = { TAPLINE_CALLBACK_ADDRESSES: "any", TAPLINE_LOG_LEVEL: "warn" };

const day_ms = 24 * 60 * 60 * 1000;

/** Throws `StartupProblem` with a sentence that names the setting. */
export function readConfig(environment: Settings, defaults: Settings = {}): Config {
  const value = (name: string) => environment[name] || defaults[name];
  const seconds = (name: string, fallback_ms: number, max_ms = 3_600_000) =>
    wholeNumber(name, value(name), fallback_ms / 1000, 1, max_ms / 1000) * 1000;
  return {
    database_url: databaseUrl(value("DATABASE_URL")),
    data_dir: resolve(value("TAPLINE_DATA_DIR") ?? "data"),
    host: value("TAPLINE_HOST") ?? "127.0.0.1",
    port: wholeNumber("TAPLINE_PORT", value("TAPLINE_PORT"), 8080, 0, 65_535),
    public_url: publicUrl(value("TAPLINE_PUBLIC_URL")),
    trusted_proxies: networks("TAPLINE_TRUSTED_PROXIES", value("TAPLINE_TRUSTED_PROXIES")),
    simulators: oneOf("TAPLINE_SIMULATORS", value("TAPLINE_SIMULATORS"), ["on", "off"], "on") === "on",
    simulator_delay_ms: wholeNumber(
      "TAPLINE_SIMULATOR_DELAY_MS",
      value("TAPLINE_SIMULATOR_DELAY_MS"),
      1500,
      0,
      600_000,
    ),
    callback_addresses: oneOf(
      "TAPLINE_CALLBACK_ADDRESSES",
      value("TAPLINE_CALLBACK_ADDRESSES"),
      ["public", "any"],
      "public",
    ),
    callback_allow: hosts("TAPLINE_CALLBACK_ALLOW", value("TAPLINE_CALLBACK_ALLOW")),
    callback_ports: ports("TAPLINE_CALLBACK_PORTS", value("TAPLINE_CALLBACK_PORTS")),
    // R72, Q-WEBHOOK-TIMEOUT; the contract is silent about how a receiver that failed is asked whether it is back.
    callback_timeout_ms: seconds("TAPLINE_CALLBACK_TIMEOUT_S", 10_000, 60_000),
    webhook_timeout_ms: seconds("TAPLINE_WEBHOOK_TIMEOUT_S", 60_000, 120_000),
    probe_every_ms: seconds("TAPLINE_PROBE_EVERY_S", 60_000),
    log_level: oneOf("TAPLINE_LOG_LEVEL", value("TAPLINE_LOG_LEVEL"), ["debug", "info", "warn", "error"], "info"),
    // prompt-life: 120 s to present a card, 150 s for the result, 10 s for the answer to a stop.
    present_within_ms: seconds("TAPLINE_PRESENT_WITHIN_S", presentWithin_ms),
    // R58: 120 s for a refund, whether its terminal is offline, occupied or ignored.
    refund_within_ms: seconds("TAPLINE_REFUND_WITHIN_S", 120_000),
    processing_ms: seconds("TAPLINE_PROCESSING_S", 150_000),
    stop_answer_ms: seconds("TAPLINE_STOP_ANSWER_S", 10_000),
    // and 15 minutes until a person is told.
    incident_after_ms: seconds("TAPLINE_INCIDENT_AFTER_S", 900_000),
    // management section 4 leaves the window to us.
    operation_ms: seconds("TAPLINE_OPERATION_S", 60_000),
    // prompt-life section 7 leaves the time to the acquirer; seven days is what most of them keep an authorization.
    authorization_lapses_ms: seconds("TAPLINE_AUTHORIZATION_LAPSES_S", 7 * day_ms, 31 * day_ms),
  };
}

/** Where the command line finds its server: the environment, else what the demo wrote into its data directory. */
export interface ClientConfig {
  readonly data_dir: string;
  readonly url: string | undefined;
  readonly account_id: string | undefined;
  readonly client_id: string | undefined;
  readonly client_secret: string | undefined;
}

export function readClientConfig(environment: Settings): ClientConfig {
  return {
    data_dir: resolve(environment.TAPLINE_DATA_DIR || "data"),
    url: publicUrl(environment.TAPLINE_URL, "TAPLINE_URL"),
    account_id: environment.TAPLINE_ACCOUNT_ID || undefined,
    client_id: environment.TAPLINE_CLIENT_ID || undefined,
    client_secret: environment.TAPLINE_CLIENT_SECRET || undefined,
  };
}

export const processEnvironment = (): Settings => process.env;

function wholeNumber(name: string, text: string | undefined, fallback: number, min: number, max: number): number {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new StartupProblem(`${name} is "${text}": set it to a whole number from ${min} to ${max}.`);
}

function oneOf<const T extends string>(name: string, text: string | undefined, allowed: readonly T[], fallback: T): T {
  if (text === undefined) return fallback;
  const found = allowed.find((value) => value === text);
  if (found !== undefined) return found;
  throw new StartupProblem(`${name} is "${text}": set it to ${allowed.join(" or ")}.`);
}

const listed = (text: string | undefined): string[] => (text ?? "").split(/[\s,]+/).filter((part) => part !== "");

/** `till.internal`, `10.1.2.3`, `10.1.0.0/16`. */
function hosts(name: string, text: string | undefined): string[] {
  const isHost = (part: string) => {
    const [address = "", bits] = part.split("/");
    const family = isIP(address);
    if (bits === undefined) return family !== 0 || /^(?![\d.]+$)[a-z\d_-]+(\.[a-z\d_-]+)*\.?$/i.test(part);
    return family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
  };
  const found = listed(text);
  const wrong = found.find((part) => !isHost(part));
  if (wrong === undefined) return found;
  throw new StartupProblem(`${name} has "${wrong}": set it to names, addresses or networks such as 10.1.0.0/16.`);
}

function ports(name: string, text: string | undefined): number[] | undefined {
  const found = listed(text);
  return found.length === 0 ? undefined : found.map((part) => wholeNumber(name, part, 443, 1, 65_535));
}

function publicUrl(text: string | undefined, name = "TAPLINE_PUBLIC_URL"): string | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^https?:/.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  throw new StartupProblem(`${name} is "${text}": set it to an address such as https://pay.example.com.`);
}

function networks(name: string, text: string | undefined): string[] {
  const named = (text ?? "").split(",").flatMap((part) => part.trim() || []);
  const wrong = named.find((part) => !isNetwork(part));
  if (wrong === undefined) return named;
  throw new StartupProblem(
    `${name} holds "${wrong}": set it to addresses and networks with commas between, such as 10.0.0.7,192.168.0.0/16.`,
  );
}

/** An address, or an address and a number of bits. All of the internet is no proxy, so zero bits are none. */
function isNetwork(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || address.includes("%") || more.length > 0) return false;
  return bits === undefined || (/^[1-9]\d*$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function databaseUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  // The driver reads the rest; an address may name a socket's directory, which is no URL of the web's kind.
  if (/^postgres(ql)?:\/\//.test(text)) return text;
  throw new StartupProblem("DATABASE_URL is not an address such as postgres://user:password@host:5432/database.");
}
