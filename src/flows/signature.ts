/** The life of the secret that callbacks are signed with: made, read, and made anew. */
import { newSecret, newUuid } from "../domain/ids.ts";
import { putSignatureSecret, type SignatureSecret } from "../storage/signature-secrets.ts";
import { recordChange } from "./account-change.ts";
import { isoNow, type World } from "./world.ts";

/** Makes a secret. From now on it alone signs: whoever checks signatures must have it before the next callback. */
export async function makeSignatureSecret(
  world: World,
  { account_id, client_id }: { readonly account_id: string; readonly client_id: string },
): Promise<SignatureSecret> {
  const id = newUuid(world.random);
  const made = { id, secret: newSecret(world.random), created_at: isoNow(world), created_by: client_id };
  await world.db.transaction(async (tx) => {
    const was_there = await putSignatureSecret(tx, account_id, made);
    const action = was_there ? "rotated" : "created";
    // Of a secret it is recorded that it was made, never what it is.
    await recordChange(world, tx, {
      account_id,
      changed_by: client_id,
      entity: "signature",
      entity_id: id,
      action,
      change: {},
    });
  });
  return made;
}
