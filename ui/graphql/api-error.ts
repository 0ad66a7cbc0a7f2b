/** The appliance refused, or did not answer. */
export class ApiError extends Error {
  /** A code of the appliance (docs/ERRORS.md); `UNREACHABLE` where there is no answer from it. */
  readonly code: string;
  /** What else it says of the error, e.g. where in a search the mistake is. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.details = details;
  }
}

/** The error for the person, whatever was thrown. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError('UNKNOWN', error instanceof Error ? error.message : String(error));
}
