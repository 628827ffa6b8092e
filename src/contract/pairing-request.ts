/** A device that shows a code and waits to be paired (additive). */
import Type, { type Static } from "typebox";
import { dateTime, open, text } from "./shapes.ts";
import { PairingRequest } from "./terminal.ts";

const { public_jwk, proof, serial_number, model } = PairingRequest.properties;

export const NewPairing = open({ public_jwk, proof, serial_number, model });
export type NewPairing = Static<typeof NewPairing>;

export const OpenedPairing = open({
  pairing_id: text("Ask by it how far the pairing is"),
  code: text("To be shown to people: XXXX-XXXX"),
  expires_at: dateTime(),
  poll_every_s: Type.Integer({ description: "Ask no more often than that" }),
});

export const PairingPoll = open({
  proof,
  terminal_id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: "The device agrees to become this terminal's, which the answer before has named",
    }),
  ),
});

export const PairingStanding = open({
  pairing_id: text(),
  status: Type.Enum(["waiting", "claimed", "paired"], {
    description:
      "waiting: nobody has typed the code yet; claimed: somebody has, for the terminal named here, and the device is to " +
      "agree; paired: the device is that terminal's",
  }),
  expires_at: dateTime(),
  account_id: Type.Optional(text()),
  account_name: Type.Optional(text("To be shown to people")),
  terminal_id: Type.Optional(text()),
  store_id: Type.Optional(text()),
  device_id: Type.Optional(text()),
});

export const TypedCode = open({
  code: Type.String({ minLength: 1, maxLength: 32, description: "As the device shows it" }),
});

export const ClaimedDevice = open({
  terminal_id: text(),
  serial_number: text(),
  model: text(),
  expires_at: dateTime("Until then the device is to agree, which it does when it asks next"),
});
