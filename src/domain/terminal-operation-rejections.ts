/** The refusals of what a terminal is asked for beside payments. Part of `rejections`. */
export const terminalOperationRejections = {
  TERMINAL_OPERATION_NOT_FOUND: {
    sentence: "There is no terminal operation {operation_id}.",
    remedy: "Use the `id` that the operation was answered with, with a token of the same account.",
  },
  TERMINAL_NOT_PAIRED: {
    sentence: "The terminal {terminal_id} has no device that could do this.",
    remedy: "Pair a device with the terminal first.",
  },
  OPERATION_NOT_SUPPORTED: {
    sentence: "The terminal {terminal_id} does not do {operation}. It does: {operations}.",
    remedy: "Ask for one of those, or use a terminal that can.",
  },
  END_OF_DAY_TOO_EARLY: {
    sentence: "The day of the terminal {terminal_id} cannot be closed yet. Open: {work}.",
    remedy: "Wait until that has ended, cancel it, or decide its incident. Then ask again.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
