/** Guessing what is too long to be guessed: a client's secret, or an invitation's token. */
import { countTry } from "./minute-count.ts";
import type { World } from "./world.ts";

/** Wrong secrets of one client within a minute before it is told to wait (field-clients: at least 10). */
const wrongMax = 10;

/** Counts a wrong secret. Answers for how many seconds the client is to wait, 0 if it may try again at once. */
export const countWrongSecret = async (world: World, account_id: string, client_id: string): Promise<number> =>
  (await countTry(world, `${account_id} ${client_id}`, wrongMax)).wait_s ?? 0;

/** Counts an invitation's wrong token. No client's name holds the character NUL. */
export const countWrongInvitation = async (world: World, address: string): Promise<number> =>
  (await countTry(world, `invitation\0${address}`, wrongMax)).wait_s ?? 0;
