/** A refusal, caught; it must tell its whole sentence and, where a field is to blame, name it. */
import assert from "node:assert/strict";
import { Rejection } from "../../src/domain/rejections.ts";

/** What `work` refuses. Fails if it refuses nothing, or throws anything else. */
export function refused(work: () => unknown): Rejection {
  try {
    work();
  } catch (error) {
    if (error instanceof Rejection) return told(error);
    throw error;
  }
  assert.fail("It was not refused.");
}

/** The refusal, if its sentence is whole. */
export function told(rejection: Rejection): Rejection {
  assert.doesNotMatch(rejection.message, /\{\w+\}|undefined|null|NaN/);
  return rejection;
}

export const fieldsOf = (rejection: Rejection): string[] => rejection.errors.map(({ path }) => path.join("."));
