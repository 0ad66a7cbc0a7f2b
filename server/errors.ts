/**
 * Every error code the appliance gives, in one table. `docs/ERRORS.md` is generated from it.
 *
 * `owner` tells who can do something about it; `retry` whether the same request may succeed later.
 */
export interface ErrorDescription {
  readonly status: number;
  readonly owner: 'client' | 'operator' | 'upstream' | 'us';
  readonly retry: boolean;
  readonly message: string;
}

const client = (status: number, message: string): ErrorDescription => ({
  status,
  owner: 'client',
  retry: false,
  message,
});
const operator = (status: number, message: string, retry = true): ErrorDescription => ({
  status,
  owner: 'operator',
  retry,
  message,
});

export const ERRORS = {
  // Requests
  BAD_USER_INPUT: client(400, 'An argument is not valid.'),
  BODY_INVALID: client(400, 'The body cannot be read.'),
  BODY_TOO_LARGE: client(413, 'The body is over the limit.'),
  MEDIA_TYPE_UNSUPPORTED: client(415, 'The content type is not one this route takes.'),
  METHOD_NOT_ALLOWED: client(405, 'The route does not take this method.'),
  ROUTE_NOT_FOUND: client(404, 'There is nothing here.'),
  BATCH_TOO_LARGE: client(400, 'More events than one request may carry.'),
  PAGE_TOO_LARGE: client(400, 'More records than one page may carry.'),
  CURSOR_INVALID: client(400, 'The cursor was not made by this server.'),
  QUERY_TOO_COMPLEX: client(400, 'The query is over the complexity limit.'),
  SEARCH_INVALID: client(400, 'The search cannot be read.'),
  SEARCH_TOO_EXPENSIVE: client(
    400,
    'The search takes longer than it may. Narrow it: a shorter time, another field, a longer prefix.',
  ),
  // Access
  UNAUTHENTICATED: client(401, 'No valid token was given.'),
  FORBIDDEN: client(403, 'The token lacks the scope for this.'),
  LEDGER_NOT_FOUND: client(404, 'There is no such ledger for this token.'),
  LEDGER_EXISTS: client(409, 'A ledger with this id exists.'),
  LEDGER_RESERVED: client(403, 'Only the appliance itself writes to this ledger.'),
  RECORD_NOT_FOUND: client(404, 'There is no such record in the ledger.'),
  RECORD_ERASED: client(404, 'The content of this record was erased.'),
  TOKEN_NOT_FOUND: client(404, 'There is no such token.'),
  QUARANTINED_EVENT_NOT_FOUND: client(404, 'There is no such quarantined event.'),
  QUARANTINED_EVENT_CLOSED: client(409, 'The quarantined event was replayed or discarded before.'),
  VIEW_NOT_FOUND: client(404, 'There is no such saved view.'),
  VIEWS_FULL: client(409, 'The ledger has as many saved views as it may have. Delete one first.'),
  VERIFICATION_NOT_FOUND: client(404, 'There is no such verification.'),
  EXPORT_NOT_FOUND: client(404, 'There is no such export.'),
  EXPORT_NOT_READY: client(409, 'The export is not at its end yet, or came to none.'),
  EXPORT_REMOVED: client(410, 'The file of this export was removed; make it anew.'),
  RANGE_INVALID: client(416, 'The file has no such range of bytes.'),
  TILE_NOT_FOUND: client(404, 'The ledger has no such tile yet.'),
  CHECKPOINT_PENDING: {
    status: 409,
    owner: 'operator',
    retry: true,
    message: 'No checkpoint covers this yet.',
  },
  // One event
  EVENT_INVALID: client(400, 'The event is not valid.'),
  EVENT_MEMBER_UNKNOWN: client(400, 'The event has a member that is not known here.'),
  EVENT_TOO_LARGE: client(400, 'The event is over the size limit.'),
  EVENT_TOO_DEEP: client(400, 'The event is nested deeper than the limit.'),
  EVENT_ID_CONFLICT: client(409, 'Another event with this id exists in the ledger.'),
  EVENT_SHAPE_UNKNOWN: client(400, 'The event has none of the known shapes.'),
  LEDGER_MISMATCH: client(400, 'The event names another ledger than the request.'),
  JSON_INVALID: client(400, 'The text is not JSON.'),
  JSON_VALUE_REFUSED: client(400, 'The JSON holds a value that cannot be kept exactly.'),
  TIMESTAMP_INVALID: client(400, 'The time is not an RFC 3339 time.'),
  VALUE_TOO_LONG: client(400, 'A value is longer than the limit.'),
  VALUE_EMPTY: client(400, 'A value is empty where it must not be.'),
  RECORD_PENDING: {
    status: 200,
    owner: 'operator',
    retry: true,
    message: 'The event is durably queued and was not recorded within the time to wait.',
  },
  EVENT_QUARANTINED: {
    status: 200,
    owner: 'operator',
    retry: false,
    message: 'The event was accepted, could not be recorded and is kept in quarantine.',
  },
  // The appliance
  QUEUE_FULL: operator(503, 'The queue is full. What gets this error was not kept.'),
  STORAGE_UNAVAILABLE: operator(503, 'The storage cannot be written. Nothing new is accepted until it can.'),
  APPLIANCE_READ_ONLY: operator(
    503,
    'The appliance is read-only because a ledger contradicts itself.',
    false,
  ),
  APPLIANCE_STOPPING: operator(503, 'The appliance is stopping.'),
  SEARCH_BUSY: operator(503, 'Too many searches are asked for at once.'),
  JOBS_FULL: operator(503, 'Too many verifications and exports of this ledger wait or run.'),
  INDEX_DAMAGED: operator(503, 'The search index is damaged and is being made anew.'),
  SIGNING_KEY_MISSING: operator(503, 'A ledger has no signing key in the data folder.', false),
  KEYS_PROTECTED: operator(
    503,
    'The keys of the data folder are protected, and what was given does not open them.',
    false,
  ),
  DATA_DIR_LOCKED: operator(503, 'Another process holds the data folder.', false),
  DATA_DIR_UNUSABLE: operator(503, 'The data folder cannot be used.', false),
  DATA_DIR_NEWER: operator(503, 'The data folder was written by a newer version.', false),
  CONFIG_INVALID: operator(503, 'A setting is not valid.', false),
  INTERNAL: { status: 500, owner: 'us', retry: true, message: 'Internal error' },
} as const satisfies Record<string, ErrorDescription>;

export type ErrorCode = keyof typeof ERRORS;

export interface AppErrorOptions {
  /** Says it in this case; the table's message otherwise. Public. */
  readonly message?: string;
  /** Where in the input, e.g. `['events', '3', 'actor', 'id']`. Public. */
  readonly path?: readonly string[];
  /** For the log only. */
  readonly cause?: unknown;
  /** Seconds after which a retry makes sense. */
  readonly retryAfterS?: number;
}

/** An error with a public code and message; its cause goes to the log only. */
export class AppError extends Error {
  readonly code: ErrorCode;
  /** Not called `path`: to GraphQL, an error with that is one it has already placed in the answer. */
  readonly inputPath: readonly string[];
  readonly retryAfterS: number | null;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(
      options.message ?? ERRORS[code].message,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.name = 'AppError';
    this.code = code;
    this.inputPath = options.path ?? [];
    this.retryAfterS = options.retryAfterS ?? (ERRORS[code].status === 503 ? 5 : null);
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** The ledger contradicts itself: recording stops and the appliance turns read-only. */
export class FatalError extends Error {
  readonly ledger: string;

  constructor(ledger: string, message: string) {
    super(message);
    this.name = 'FatalError';
    this.ledger = ledger;
  }
}
