/**
 * Every limit of the HTTP door. Each is tested at the limit and one past it. Limits of one event:
 * `server/events`.
 */

/** Most bytes in the body of one request; over it 413. In NDJSON it holds for each line instead. */
export const BODY_BYTES_MAX = 10_000_000;

/** Most bytes in the body of a sign-in. */
export const SESSION_BODY_BYTES_MAX = 4_096;

/** Longest that the body of one request may take to arrive; NDJSON streams may take for ever. */
export const BODY_WAIT_MS = 60_000;

/** Most bytes in one message over a WebSocket. */
export const MESSAGE_BYTES_MAX = BODY_BYTES_MAX;

/** Operations that one WebSocket may have under way. */
export const SOCKET_OPERATIONS_MAX = 100;

/** Lexical tokens in one GraphQL document. */
export const TOKENS_MAX = 20_000;

/**
 * Fields inside one another, in an operation with its fragments. Introspection has a depth limit of its own.
 */
export const DEPTH_MAX = 12;

/** Aliases in one operation with its fragments. */
export const ALIASES_MAX = 30;

/** Directives in one operation with its fragments. */
export const DIRECTIVES_MAX = 50;

/** Fields at the top of one operation. */
export const ROOT_FIELDS_MAX = 20;

/** Events that one NDJSON submission may hold, and bytes of text after which it is sent on with fewer. */
export const LINES_MAX = 1_000;
export const LINES_BYTES_MAX = 4_000_000;

/** Submissions of one NDJSON stream that may be under way. */
export const SUBMISSIONS_MAX = 4;

/**
 * How long a refused request may go on sending before its connection is cut, so that it can read the answer.
 */
export const LINGER_MS = 2_000;

/** Most brackets inside one another in a GraphQL document, values written into it included. */
export const DOCUMENT_NESTING_MAX = 200;
