/** Terminals, as the account management shows them; what a till asks before it sells is additive. */
import Type, { type Static } from "typebox";
import { dateTime, open, text } from "./shapes.ts";

export const Terminal = open({
  terminal_id: text("{aid}-T{4 digits}"),
  device_serial_number: text(),
  device_model: Type.Optional(text()),
  store_id: text(),
  status: Type.Enum(["DELETED", "PENDING", "ACTION_REQUIRED", "ACTIVE", "INACTIVE"]),
  status_reason: Type.Optional(text()),
  created_at: dateTime(),
  connected: Type.Boolean({ description: "Is it connected to this server now" }),
  last_seen_at: Type.Optional(dateTime("When it last connected or went")),
  open_prompt: Type.Optional(
    open(
      { session_id: text(), merchant_reference: text(), status: text(), amount: Type.Integer(), currency: text() },
      "The sale that is open on it",
    ),
  ),
});
export type Terminal = Static<typeof Terminal>;
