import { rotateKeys as rotate } from "../beside-server.ts";
import { processEnvironment, readConfig } from "../config.ts";
import { systemClock } from "../system-environment.ts";

/** `tapline keys rotate`. */
export async function rotateKeys(): Promise<void> {
  const kid = await rotate(readConfig(processEnvironment()), systemClock);
  console.log(`Tokens are signed with the key ${kid} from now on.`);
}
