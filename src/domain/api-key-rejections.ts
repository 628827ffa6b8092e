/** The refusals about keys of the checkout's administration. Part of `rejections`. */
export const apiKeyRejections = {
  API_KEY_NOT_FOUND: {
    sentence: "There is no API key {api_key_id}.",
    remedy: "Use the `id` that the key's creation answered, not the key itself; `GET /v1/admin/api-keys` lists them.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
