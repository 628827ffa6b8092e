import { TaplineError, TaplineUnreachable } from "@tapline/sdk";

/** The sentence for a person, where the error is not a fault of the program. */
export function explained(error: unknown): string | undefined {
  if (error instanceof TaplineUnreachable) return error.message;
  if (error instanceof TaplineError)
    return error.code === undefined ? error.message : `${error.message} (${error.code})`;
  return undefined;
}
