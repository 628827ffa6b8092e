/** Terminals, as the account management shows them; what a till asks before it sells is additive. */
import Type, { type Static } from "typebox";
import { dateTime, entityMembers, list, open, text } from "./shapes.ts";

export const TerminalStatus = Type.Enum(["DELETED", "PENDING", "ACTION_REQUIRED", "ACTIVE", "INACTIVE"]);

/** The models of the contract; the sixth is ours for simulated terminals. */
export const DeviceModel = Type.Enum(["SATURN1000", "Saturn_S1F4_Pro", "S1P2", "S1MINI2", "S1U2", "SIMULATED"]);

export const Terminal = open({
  terminal_id: text("{aid}-T{4 digits}"),
  device_serial_number: text(),
  device_model: Type.Optional(text()),
  store_id: text("The merchant's store_id"),
  status: TerminalStatus,
  status_reason: Type.Optional(text("CHECK_UPDATE with ACTION_REQUIRED")),
  store: Type.Optional(
    open({ id: text("The generated id"), store_name: Type.Optional(text()) }, "With `includes=store`"),
  ),
  ...entityMembers,
  device: Type.Optional(
    open(
      { device_id: text(), paired_at: dateTime(), model: Type.Optional(text()) },
      "The device that is paired now (additive)",
    ),
  ),
  connected: Type.Boolean({ description: "Is it connected to this server now (additive)" }),
  last_seen_at: Type.Optional(dateTime("When it last connected or went (additive)")),
  open_prompt: Type.Optional(
    open(
      { session_id: text(), merchant_reference: text(), status: text(), amount: Type.Integer(), currency: text() },
      "The sale or refund that is open on it (additive)",
    ),
  ),
});
export type Terminal = Static<typeof Terminal>;

export const TerminalList = open({
  terminals: list(Terminal),
  starting_after: Type.Optional(text("Send it to get the next page; absent on the last one")),
});
export type TerminalList = Static<typeof TerminalList>;

export const NewTerminal = open({
  device_serial_number: Type.String({
    pattern: "^[\\x21-\\x7e]{1,128}$",
    description:
      "As printed on the device. `SIMULATED-{aid}-` and three digits: a simulated terminal, on T accounts only",
  }),
  store_id: Type.String({ minLength: 1, description: "The merchant's store_id, or the generated id" }),
  device_model: Type.Optional(DeviceModel),
});
export type NewTerminal = Static<typeof NewTerminal>;

export const TerminalChange = open({
  device_model: Type.Optional(DeviceModel),
  store_id: Type.Optional(Type.String({ minLength: 1, description: "The store it is moved to, by either id" })),
  device_serial_number: Type.Optional(text("Stays as it is; may be sent back")),
});
export type TerminalChange = Static<typeof TerminalChange>;

export const PairingCode = open({
  code: text("Shown once: XXXX-XXXX"),
  expires_at: dateTime(),
});

export const PairingRequest = open({
  code: Type.String({ minLength: 1, maxLength: 32, description: "As it was typed on the device" }),
  public_jwk: open(
    {
      kty: Type.Literal("EC"),
      crv: Type.Literal("P-256"),
      x: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
      y: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
    },
    "The public half of the device's key",
  ),
  proof: Type.String({ minLength: 1, maxLength: 256, description: "Over the pairing text, with that key" }),
  serial_number: Type.String({ pattern: "^[\\x21-\\x7e]{1,128}$", description: "As printed on the device" }),
  model: Type.String({ pattern: "^[\\x20-\\x7e]{1,128}$" }),
});
export type PairingRequest = Static<typeof PairingRequest>;

export const Paired = open({ terminal_id: text(), account_id: text(), device_id: text() });
