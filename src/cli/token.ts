import { reachApi } from "./api.ts";

/** `tapline token`: a token and nothing else, for use inside another command. */
export async function printToken(): Promise<void> {
  console.log(await reachApi().tapline.token());
}
