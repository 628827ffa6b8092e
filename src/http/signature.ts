import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { Rejection } from "../domain/rejections.ts";
import { makeSignatureSecret } from "../flows/signature.ts";
import type { World } from "../flows/world.ts";
import { readSignatureSecret, type SignatureSecret } from "../storage/signature-secrets.ts";

export const readSignature =
  (world: World): Handler<Operations["readSignature"]> =>
  async ({ account_id }) => {
    const kept = await readSignatureSecret(world.db, account_id);
    if (kept === undefined) throw new Rejection("SIGNATURE_NOT_FOUND");
    return answerOf(kept);
  };

export const makeSignature =
  (world: World): Handler<Operations["makeSignature"]> =>
  async ({ account_id, client_id }) =>
    answerOf(await makeSignatureSecret(world, { account_id, client_id }));

const answerOf = ({ secret, ...kept }: SignatureSecret) => ({
  ...kept,
  signature: { type: "v0-hmac-sha256" as const, secret },
});
