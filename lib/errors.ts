/**
 * One error class for the whole product and one table from its codes to HTTP.
 *
 * A code is part of the contract with browsers, agents and pipelines: add one here, never invent one at a call site.
 * The message is written for the person who reads it and must never hold a secret, a token or another organization's data.
 */
export const ERROR_STATUS = {
  "invalid-input": 400,
  unauthenticated: 401,
  "session-expired": 401,
  "signature-invalid": 401,
  "fresh-sign-in-required": 403,
  forbidden: 403,
  "not-found": 404,
  "method-not-allowed": 405,
  conflict: 409,
  replayed: 409,
  gone: 410,
  "too-large": 413,
  "unsupported-media-type": 415,
  "unsupported-version": 422,
  "secret-detected": 422,
  "rate-limited": 429,
  internal: 500,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

export interface ErrorDetail {
  /** Where the fault lies: a field (`body.name`), a file and line (`apps.yaml:12`), a header. */
  where: string;
  message: string;
}

export class RingfenceError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[];
  /** Seconds after which trying again makes sense; only for `rate-limited` and `unavailable`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: readonly ErrorDetail[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RingfenceError";
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}
