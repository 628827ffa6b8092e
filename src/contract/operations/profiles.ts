/** Payment profiles (contract/management section 6). */
import Type from "typebox";
import { operation } from "../operation.ts";
import { NewPaymentProfile, PaymentProfile } from "../profile.ts";
import { list, requiredText, text } from "../shapes.ts";
import { readCheckout, writeCheckout } from "./parameters.ts";

const profileParams = Type.Object({ profile_id: requiredText() });

export const listProfiles = operation({
  id: "listProfiles",
  method: "GET",
  path: "/v1/admin/session/profiles",
  surface: "checkout",
  summary: "List payment profiles, newest first",
  access: ["admin:checkout"],
  api_key: true,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The id of the last profile received")),
  }),
  reply: list(PaymentProfile),
  rejections: [],
});

export const createProfile = operation({
  id: "createProfile",
  method: "POST",
  path: "/v1/admin/session/profiles",
  surface: "checkout",
  summary: "Create a payment profile",
  // The contract lists read:checkout for this write; write:checkout is taken as well (auth section 5).
  access: ["admin:checkout", "read:checkout", "write:checkout"],
  api_key: true,
  body: NewPaymentProfile,
  reply: PaymentProfile,
  rejections: ["PROFILE_ID_TAKEN"],
});

export const readProfile = operation({
  id: "readProfile",
  method: "GET",
  path: "/v1/admin/session/profiles/{profile_id}",
  surface: "checkout",
  summary: "Read a payment profile",
  access: readCheckout,
  api_key: true,
  params: profileParams,
  reply: PaymentProfile,
  rejections: ["PAYMENT_PROFILE_NOT_FOUND"],
});

export const putProfile = operation({
  id: "putProfile",
  method: "PUT",
  path: "/v1/admin/session/profiles/{profile_id}",
  surface: "checkout",
  summary: "Replace a payment profile: it holds from the next sale on",
  description: "What is not sent is gone. Sales that have begun go on as they were planned.",
  access: writeCheckout,
  api_key: true,
  params: profileParams,
  body: NewPaymentProfile,
  reply: PaymentProfile,
  rejections: ["PAYMENT_PROFILE_NOT_FOUND"],
});

export const deleteProfile = operation({
  id: "deleteProfile",
  method: "DELETE",
  path: "/v1/admin/session/profiles/{profile_id}",
  surface: "checkout",
  summary: "Delete a payment profile: the next sale that names it is refused",
  description: "Its id stays taken, so that old sessions never seem to be of another profile. `default` stays.",
  access: writeCheckout,
  api_key: true,
  params: profileParams,
  reply: PaymentProfile,
  rejections: ["PAYMENT_PROFILE_NOT_FOUND", "DEFAULT_PROFILE_STAYS"],
});
