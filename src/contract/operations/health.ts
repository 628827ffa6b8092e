/** Is the server there. */

import { Health } from "../account.ts";
import { operation } from "../operation.ts";

export const readHealth = operation({
  id: "readHealth",
  method: "GET",
  path: "/healthz",
  surface: "server",
  summary: "Is the process alive",
  access: "anyone",
  reply: Health,
  rejections: [],
});

export const readReadiness = operation({
  id: "readReadiness",
  method: "GET",
  path: "/readyz",
  surface: "server",
  summary: "Can the server take a sale: it reaches its database and is not stopping",
  access: "anyone",
  reply: Health,
  rejections: ["SERVICE_UNAVAILABLE", "SERVER_STOPPING"],
});
