/** An operator who sets up an account over the API: as a shop's `call`, with the scopes of account management. */
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Terminal } from "../../src/contract/terminal.ts";
import { signer } from "../../src/simulator/device-key.ts";
import { pairTerminal } from "../../src/simulator/pairing.ts";
import { tokenOf } from "./clients.ts";
import { HandTerminal } from "./honest-hand.ts";
import type { Answer, Shop } from "./shop.ts";

export interface Operator {
  readonly client_id: string;
  call<Body = ErrorBody>(method: string, path: string, body?: unknown): Promise<Answer<Body>>;
  /** Below `/v1/accounts/{aid}/terminals`. */
  terminals<Body = Terminal & ErrorBody>(method: string, path?: string, body?: unknown): Promise<Answer<Body>>;
  /** Registers a device in the demo's store; it must be taken. */
  register(device_serial_number: string, more?: object): Promise<Terminal>;
  /** Has a pairing code made. */
  codeFor(terminal_id: string): Promise<string>;
  /** A device of its own, paired with that terminal over the API. */
  pair(terminal: Pick<Terminal, "terminal_id" | "device_serial_number">): Promise<HandTerminal>;
  /** A terminal that was registered, paired and updated as a shop does it: it sells. */
  readyTerminal(): Promise<HandTerminal>;
}

const model = "Counter 5";
let ready = 0;

export async function operatorOf(
  shop: Shop,
  account_id: string = shop.demo.account_id,
  scopes: readonly ("admin:accounts" | "read:accounts" | "admin:checkout")[] = ["admin:accounts", "admin:checkout"],
): Promise<Operator> {
  const client_id = "operator";
  const token = await tokenOf(shop, { account_id, client_id, scopes });
  const call: Operator["call"] = (method, path, body) =>
    shop.call(method, path, body, { authorization: `Bearer ${token}` });
  const terminals: Operator["terminals"] = (method, path = "", body) =>
    call(method, `/v1/accounts/${account_id}/terminals${path}`, body);
  const operator: Operator = {
    client_id,
    call,
    terminals,
    codeFor: async (terminal_id) =>
      (await terminals<{ code: string }>("POST", `/${terminal_id}/pairing-code`)).body.code,
    pair: async ({ terminal_id, device_serial_number }) => {
      const facts = { code: await operator.codeFor(terminal_id), serial_number: device_serial_number, model };
      const { key, device_id } = await pairTerminal(shop.app.address, facts);
      const enrolled = { account_id, terminal_id, sign: await signer(key.private_jwk) };
      return new HandTerminal(shop.app.address, enrolled, `jr_${device_id}`);
    },
    readyTerminal: async () => {
      const terminal = await operator.pair(await operator.register(`READY-${++ready}`));
      await terminal.connect();
      const { body } = await terminals("POST", `/${terminal.terminal_id}/sync`);
      if (body.status !== "ACTIVE") throw new Error(`The terminal is not ready: ${JSON.stringify(body)}`);
      terminal.leave();
      return terminal;
    },
    register: async (device_serial_number, more = {}) => {
      const asked = { device_serial_number, store_id: shop.demo.store_id, ...more };
      const { status, body } = await terminals("POST", "", asked);
      if (status !== 200) throw new Error(`The terminal was refused: ${JSON.stringify(body)}`);
      return body;
    },
  };
  return operator;
}
