/** Tokens, health, and the person in front of a simulated terminal. */
import Type, { type Static } from "typebox";
import { list, open, requiredText, text } from "./shapes.ts";

export const TokenRequest = open({
  grant_type: requiredText(
    "`client_credentials` for an API client; `password`, `mfa-oob` and `refresh_token` for a user",
  ),
  audience: Type.Optional(
    requiredText("A name ending in /v1/accounts/{aid}; whatever host it names. An API client must send it"),
  ),
  username: Type.Optional(text("With `password`: the user's email address")),
  password: Type.Optional(text("With `password`")),
  mfa_token: Type.Optional(text("With `mfa-oob`: of the answer to `password`; or in the Bearer header")),
  otp: Type.Optional(text("With `mfa-oob`: the six digits that the authenticator shows")),
  oob_code: Type.Optional(text("The same as `otp`")),
  refresh_token: Type.Optional(text("With `refresh_token`")),
});

export const Token = open({
  access_token: text("A signed JWT; send it as `Authorization: Bearer …`"),
  token_type: Type.Enum(["Bearer"]),
  expires_in: Type.Integer({ description: "Seconds" }),
  refresh_token: Type.Optional(text("For a user: good for one use, and no longer than 30 days after they signed in")),
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

/** What can go wrong with a simulated terminal, to order. docs/simulated-terminals.md says what each does. */
export const Trouble = Type.Object({
  kind: Type.Enum([
    "power_cut",
    "link_cut",
    "answer_lost",
    "answer_late",
    "answer_twice",
    "answer_different",
    "journal_wiped",
    "reversal_refused",
    "advice_refused",
  ]),
  at: Type.Enum(["received", "shown", "card_presented", "host_asked", "concluded", "sent"], {
    description:
      "The step it strikes at, of the next prompt or advice. The answers' troubles strike when there is a result, and " +
      "the refusals when the host is asked, whatever is named here",
  }),
  for_ms: Type.Integer({ minimum: 0, maximum: 600_000, description: "How long it lasts, or how late the answer is" }),
});
export type Trouble = Static<typeof Trouble>;

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
