import type { ErrorCode } from '#server/errors.ts';
import { EVENT_ERRORS_MAX } from './limits.ts';

/** One thing that is wrong with one event. It is data: it never spoils the event's neighbours. */
export interface EventError {
  /** Member names from the event inwards, as the sender wrote them, e.g. `['actor', 'id']`. */
  readonly path: readonly string[];
  readonly code: ErrorCode;
  readonly message: string;
}

/** Shortens a list that a hostile event could make as long as itself. Says how many were left out. */
export function boundErrors(errors: readonly EventError[]): readonly EventError[] {
  if (errors.length <= EVENT_ERRORS_MAX) return errors;
  const rest = errors.length - EVENT_ERRORS_MAX + 1;
  const last: EventError = { path: [], code: 'EVENT_INVALID', message: `${rest} more errors are not listed.` };
  return [...errors.slice(0, EVENT_ERRORS_MAX - 1), last];
}

/** Names what a value is, for messages: never the value itself, which may be secret or huge. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'a string';
    case 'number':
    case 'bigint':
      return 'a number';
    case 'boolean':
      return 'a boolean';
    default:
      return 'an object';
  }
}
