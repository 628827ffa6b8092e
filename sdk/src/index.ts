export {
  type OperationAnswer,
  type OperationOptions,
  type ReadOptions,
  Tapline,
  type TaplineOptions,
  type TransactionFilter,
} from "./client.ts";
export { type FieldError, TaplineError, TaplineUnreachable } from "./errors.ts";
export type { FollowOptions, StreamedEvent } from "./follow.ts";
export type * from "./types.ts";
export { type ReceivedWebhook, type SignedWebhook, signWebhook, verifyWebhook, WebhookRefused } from "./webhooks.ts";
