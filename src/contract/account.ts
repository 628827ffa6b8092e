/** Tokens, health, and the person in front of a simulated terminal. */
import Type, { type Static } from "typebox";
import { list, open, requiredText, text } from "./shapes.ts";

export const TokenRequest = open({
  grant_type: requiredText("`client_credentials`"),
  audience: requiredText("A name ending in /v1/accounts/{aid}; whatever host it names"),
});

export const Token = open({
  access_token: text("A signed JWT; send it as `Authorization: Bearer …`"),
  token_type: Type.Enum(["Bearer"]),
  expires_in: Type.Integer({ description: "Seconds" }),
});

export const JsonWebKeySet = open({ keys: list(open({})) }, "The public keys that tokens are checked with");

export const Health = open({ status: text() });

export const personActions = ["tap", "decline", "cancel", "offline", "online", "auto", "manual"] as const;

export const PersonCommand = open({
  action: Type.Enum([...personActions], {
    description:
      "tap: present a card that is approved (by amount); decline: present a card that the issuer declines; " +
      "cancel: press the red key; offline, online: pull and plug the network; auto, manual: who answers from now on",
  }),
});
export type PersonAction = (typeof personActions)[number];

export const SimulatedTerminalState = open({
  terminal_id: text(),
  mode: Type.Enum(["auto", "manual"], { description: "auto: answers by itself, by amount" }),
  network: Type.Enum(["online", "offline"]),
  screen: open({
    text: text("What the display says"),
    prompt_id: Type.Optional(text()),
    amount: Type.Optional(Type.Integer()),
    currency: Type.Optional(text()),
  }),
});
export type SimulatedTerminalState = Static<typeof SimulatedTerminalState>;
