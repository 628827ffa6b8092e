/** What an account may be paid with (contract/management section 7). */
import Type from "typebox";
import { operation } from "../operation.ts";
import { ConfiguredAccount, PutAccountConfiguration } from "../profile.ts";
import { readCheckout, several } from "./parameters.ts";

export const readAccountConfiguration = operation({
  id: "readAccountConfiguration",
  method: "GET",
  path: "/v1/admin/checkout",
  surface: "checkout",
  summary: "Read the account's configuration: what it may be paid with",
  access: readCheckout,
  api_key: true,
  query: Type.Object({
    includes: Type.Optional(several(Type.Enum(["credentials"]), "The payment options' `details.credentials` too")),
  }),
  reply: ConfiguredAccount,
  rejections: [],
});

export const putAccountConfiguration = operation({
  id: "putAccountConfiguration",
  method: "PUT",
  path: "/v1/admin/checkout",
  surface: "checkout",
  summary: "Change the account's configuration: it holds from the next sale on",
  description:
    "A member of `configuration` that is not sent stays as it is. `payment_options` is replaced whole: in-person " +
    "payments are enabled while `seitatech.in_person` is among them, in its `currencies` if it names any. An option's " +
    "`details.credentials` that are not sent are kept.",
  access: ["admin:checkout"],
  api_key: true,
  body: PutAccountConfiguration,
  reply: ConfiguredAccount,
  rejections: ["CURRENCY_UNKNOWN"],
});
