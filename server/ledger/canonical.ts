import {
  JSON_DEPTH_MAX,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  parseJson,
  RefusedValue,
} from './json.ts';

/** The value has no canonical JSON. */
export class CanonicalError extends Error {
  /** Why, as a sentence for the sender. */
  readonly reason: string;
  /** Member names and array positions from the value down to what is refused. */
  readonly path: string[];
  /** `DEPTH`: nested deeper than allowed. `VALUE`: something that cannot be kept exactly. */
  readonly kind: 'VALUE' | 'DEPTH';

  constructor(kind: 'VALUE' | 'DEPTH', reason: string, path: string[] = []) {
    super(reason);
    this.name = 'CanonicalError';
    this.kind = kind;
    this.reason = reason;
    this.path = path;
  }
}

/**
 * Canonical JSON: RFC 8785 (members in the order of their UTF-16 code units, numbers as ECMAScript writes them), with
 * one addition: a bigint keeps all its digits. Throws `CanonicalError` on lone surrogates, numbers that are not
 * finite, refused values, and where more than `depthMax` arrays and objects lie within one another.
 */
export function canonicalJson(value: JsonValue, depthMax: number = JSON_DEPTH_MAX): string {
  switch (typeof value) {
    case 'string':
      return stringJson(value);
    case 'number':
      return numberJson(value);
    case 'bigint':
      return value.toString();
    case 'boolean':
      return value ? 'true' : 'false';
    default:
  }
  if (value === null) return 'null';
  if (value instanceof RefusedValue) throw new CanonicalError('VALUE', value.reason);
  if (depthMax <= 0) throw new CanonicalError('DEPTH', 'the value is nested deeper than the limit');
  return Array.isArray(value) ? arrayJson(value, depthMax - 1) : objectJson(value, depthMax - 1);
}

/** Quotes, backslashes, control characters, and surrogates, which may be lone. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be escaped.
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/;

function stringJson(text: string): string {
  if (!SPECIAL.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new CanonicalError('VALUE', 'the string holds half of a surrogate pair');
  // ECMAScript's escapes are the ones RFC 8785 asks for.
  return JSON.stringify(text);
}

function numberJson(value: number): string {
  if (!Number.isFinite(value)) throw new CanonicalError('VALUE', 'the number is not finite');
  return `${value}`;
}

function arrayJson(elements: JsonValue[], depthMax: number): string {
  let text = '[';
  for (let i = 0; i < elements.length; i++) {
    if (i > 0) text += ',';
    // An array from the parser has no holes; from elsewhere they are undefined, and null in JSON.
    text += within(elements[i] ?? null, `${i}`, depthMax);
  }
  return `${text}]`;
}

function objectJson(members: JsonObject, depthMax: number): string {
  let text = '{';
  for (const name of sorted(Object.keys(members))) {
    const separator = text.length === 1 ? '' : ',';
    text += `${separator}${within(name, name, 0)}:${within(members[name] ?? null, name, depthMax)}`;
  }
  return `${text}}`;
}

/** Names what is refused on the way out: the path costs nothing until something is. */
function within(value: JsonValue, step: string, depthMax: number): string {
  try {
    return canonicalJson(value, depthMax);
  } catch (error) {
    if (error instanceof CanonicalError) error.path.unshift(step);
    throw error;
  }
}

const INSERTION_MAX = 12;

/** In the order of UTF-16 code units, in place. Few names are sorted faster by hand than by a native call. */
function sorted(names: string[]): string[] {
  if (names.length > INSERTION_MAX) return names.sort();
  for (let i = 1; i < names.length; i++) {
    const name = names[i] ?? '';
    let to = i;
    for (
      let before = names[to - 1];
      to > 0 && before !== undefined && before > name;
      before = names[to - 1]
    ) {
      names[to] = before;
      to -= 1;
    }
    names[to] = name;
  }
  return names;
}

/** Tells whether a text is canonical JSON, byte for byte. */
export function isCanonicalJson(text: string): boolean {
  try {
    return canonicalJson(parseJson(text)) === text;
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof CanonicalError) return false;
    throw error;
  }
}
