/** What the server refused, in its own words. */
export interface FieldError {
  readonly code: string;
  readonly description: string;
  readonly path: readonly string[];
  readonly message: string;
}

/** An answer that is not a 2xx. `code` is for programs, `message` for people; `errors` names fields. */
export class TaplineError extends Error {
  override readonly name = "TaplineError";
  readonly status: number;
  readonly code: string | undefined;
  readonly errors: readonly FieldError[];
  /** Finds the request in the server's log. */
  readonly request_id: string | undefined;

  constructor(status: number, body: unknown, request_id: string | undefined) {
    const error = errorOf(body);
    super(error.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = error.code;
    this.errors = error.errors ?? [];
    this.request_id = request_id;
  }
}

/** The server could not be reached: whether the request was carried out is not known. Read before you repeat. */
export class TaplineUnreachable extends Error {
  override readonly name = "TaplineUnreachable";
}

function errorOf(body: unknown): { message?: string; code?: string; errors?: FieldError[] } {
  if (typeof body !== "object" || body === null || !("error" in body)) return {};
  const { error } = body;
  return typeof error === "object" && error !== null ? error : {};
}
