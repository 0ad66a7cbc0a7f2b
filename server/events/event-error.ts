import { type AppError, type ErrorCode, ERRORS } from '#server/errors.ts';
import { EVENT_ERRORS_MAX } from './limits.ts';

/** One thing that is wrong with one event. It is data: it never spoils the event's neighbours. */
export interface EventError {
  /** Member names from the event inwards, as the sender wrote them, e.g. `['actor', 'id']`. */
  readonly path: readonly string[];
  readonly code: ErrorCode;
  readonly message: string;
}

/** Why an event was not kept though nothing is wrong with it: the appliance failed. */
export function failureOf({ code }: AppError, path: readonly string[] = []): EventError {
  return { path, code, message: ERRORS[code].message };
}

/** Whether a receipt has more errors than it lists: then looking for further ones helps nobody. */
export function isFull(errors: readonly EventError[]): boolean {
  return errors.length > EVENT_ERRORS_MAX;
}

/** Shortens a list that a hostile event could make as long as itself, and says so in its last entry. */
export function boundErrors(errors: readonly EventError[]): readonly EventError[] {
  if (!isFull(errors)) return errors;
  return [...errors.slice(0, EVENT_ERRORS_MAX - 1), MORE_ERRORS];
}

const MORE_ERRORS: EventError = {
  path: [],
  code: 'EVENT_INVALID',
  message: 'The event has more errors than are listed.',
};

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
