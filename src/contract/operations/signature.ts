/** The secret that callbacks are signed with (contract/callbacks-and-webhooks A5). */
import { operation } from "../operation.ts";
import { SignatureSecret } from "../profile.ts";
import { readCheckout, writeCheckout } from "./parameters.ts";

export const readSignature = operation({
  id: "readSignature",
  method: "GET",
  path: "/v1/admin/signature",
  surface: "checkout",
  summary: "Read the secret that callbacks are signed with",
  access: readCheckout,
  api_key: true,
  reply: SignatureSecret,
  rejections: ["SIGNATURE_NOT_FOUND"],
});

export const makeSignature = operation({
  id: "makeSignature",
  method: "POST",
  path: "/v1/admin/signature",
  surface: "checkout",
  summary: "Make a secret that callbacks are signed with, in the place of the one that is there",
  description: "Whatever is sent from now on is signed with it, callbacks that are tried again included.",
  access: writeCheckout,
  api_key: true,
  reply: SignatureSecret,
  rejections: [],
});
