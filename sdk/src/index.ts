export {
  type OperationAnswer,
  type OperationOptions,
  Tapline,
  type TaplineOptions,
  type TransactionFilter,
} from "./client.ts";
export { type FieldError, TaplineError, TaplineUnreachable } from "./errors.ts";
export type * from "./types.ts";
