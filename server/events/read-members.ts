import { CanonicalError, canonicalJson } from '#server/ledger/canonical.ts';
import { type JsonValue, RefusedValue } from '#server/ledger/json.ts';
import { type EventError, kindOf } from './event-error.ts';
import { EVENT_DEPTH_MAX } from './limits.ts';
import type { TextMember } from './members.ts';

/** An object of an event that was sent, its members not looked at yet. */
export type Members = Readonly<Record<string, unknown>>;

/** Tells objects with members from lists, refused values and everything else. */
export function isMembers(value: unknown): value is Members {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RefusedValue)
  );
}

/**
 * Reads a text member and gives it as it stands in canonical JSON behind another member, `,"name":"value"`;
 * the empty string where it is absent or `null`, or has an error, which it adds to `errors`.
 *
 * @param parent name of the section the member is in; `null` at the top of the event
 */
export function readText(
  from: Members,
  member: TextMember,
  parent: string | null,
  errors: EventError[],
): string {
  const value = from[member.name];
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') {
    errors.push(wrongKind(at(parent, member.name), 'a string', value));
    return '';
  }
  const problem = problemOf(value, member);
  if (problem === null) return member.opening + canonicalJson(value);
  const path = at(parent, member.name);
  errors.push({ path, code: problem.code, message: `${path.join('.')} ${problem.what}` });
  return '';
}

/**
 * Reads a member that may be any JSON and gives its canonical JSON; the empty string where it has an error.
 *
 * @param path where it stands in the event; its length is the depth it stands at
 */
export function readAny(value: unknown, path: readonly string[], errors: EventError[]): string {
  try {
    // Values come from the exact parser or from GraphQL's JSON scalar, which gives the same; canonicalJson
    // refuses others.
    return canonicalJson(value as JsonValue, EVENT_DEPTH_MAX - path.length);
  } catch (cause) {
    if (!(cause instanceof CanonicalError)) throw cause;
    const name = path.join('.');
    errors.push(
      cause.kind === 'DEPTH'
        ? {
            path,
            code: 'EVENT_TOO_DEEP',
            message: `${name} nests deeper than the limit of ${EVENT_DEPTH_MAX}.`,
          }
        : { path: [...path, ...cause.path], code: 'JSON_VALUE_REFUSED', message: cause.reason },
    );
    return '';
  }
}

/** The error of a member whose value is not of the kind it must be. */
export function wrongKind(path: readonly string[], expected: string, value: unknown): EventError {
  if (value instanceof RefusedValue) return { path, code: 'JSON_VALUE_REFUSED', message: value.reason };
  const name = path.length === 0 ? 'An event' : path.join('.');
  return { path, code: 'EVENT_INVALID', message: `${name} must be ${expected}, not ${kindOf(value)}.` };
}

function at(parent: string | null, name: string): readonly string[] {
  return parent === null ? [name] : [parent, name];
}

interface TextProblem {
  readonly code: EventError['code'];
  /** Goes on behind the member's name. */
  readonly what: string;
}

function problemOf(value: string, { charactersMax, filled }: TextMember): TextProblem | null {
  if (!value.isWellFormed()) {
    return { code: 'JSON_VALUE_REFUSED', what: 'has a lone surrogate, which no Unicode text has.' };
  }
  if (value.length === 0 && filled) return { code: 'VALUE_EMPTY', what: 'must not be empty.' };
  if (charactersMax === null || value.length <= charactersMax) return null;
  const characters = codePoints(value);
  if (characters <= charactersMax) return null;
  return { code: 'VALUE_TOO_LONG', what: `has ${characters} characters; the limit is ${charactersMax}.` };
}

function codePoints(value: string): number {
  let count = 0;
  for (let index = 0; index < value.length; index++) {
    count += 1;
    if ((value.codePointAt(index) ?? 0) > 0xffff) index += 1;
  }
  return count;
}
