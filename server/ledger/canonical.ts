import { JSON_DEPTH_MAX, type JsonObject, type JsonValue, RefusedValue } from './json.ts';

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
 * Canonical JSON: RFC 8785 (members in the order of their UTF-16 code units, numbers as ECMAScript writes
 * them), with one addition: a bigint keeps all its digits. Throws `CanonicalError` on lone surrogates,
 * numbers that are not finite, refused values, and where more than `depthMax` arrays and objects lie within
 * one another.
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
    if (text.length > 1) text += ',';
    text += nameJson(name) + within(members[name] ?? null, name, depthMax);
  }
  return `${text}}`;
}

/** Names recur from event to event: those seen first are looked up instead of escaped again. */
const knownNames = new Map<string, string>();
const KNOWN_NAMES_MAX = 1_024;
const KNOWN_NAME_LENGTH_MAX = 32;

/** A member's name with its colon. */
function nameJson(name: string): string {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const json = `${within(name, name, 0)}:`;
  if (knownNames.size < KNOWN_NAMES_MAX && name.length <= KNOWN_NAME_LENGTH_MAX) knownNames.set(name, json);
  return json;
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

/**
 * Tells whether a text is canonical JSON, byte for byte: whether parsing and writing it again would give the
 * same text. Reads it once and builds nothing, so that verification can afford it for every section. Never
 * throws.
 */
export function isCanonicalJson(text: string): boolean {
  // Escapes of canonical JSON are ASCII, so the text is well-formed exactly where its strings are.
  if (!text.isWellFormed()) return false;
  const scan = new CanonicalScan(text);
  return scan.value(0) && scan.atEnd();
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const CONTROL_MAX = 31;
const LETTER_MIN = 97;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const INTEGER = /^-?\d+$/;
/** The only escapes: short where there is a short form, else lower-case hex of a control character. */
const ESCAPE = /\\(?:["\\bfnrt]|u00(?:0[0-7be-f]|1[0-9a-f]))/y;
const WORDS = ['true', 'false', 'null'];

/**
 * Each method takes what it is named after, where it stands here in its canonical form, and tells whether it
 * did.
 */
class CanonicalScan {
  private readonly text: string;
  private at = 0;
  /** Whether the last string had an escape. */
  private escaped = false;

  constructor(text: string) {
    this.text = text;
  }

  atEnd(): boolean {
    return this.at === this.text.length;
  }

  value(depth: number): boolean {
    const code = this.text.charCodeAt(this.at);
    if (code === QUOTE) return this.string();
    if (code === OPEN_BRACE) return depth < JSON_DEPTH_MAX && this.object(depth + 1);
    if (code === OPEN_BRACKET) return depth < JSON_DEPTH_MAX && this.array(depth + 1);
    return code >= LETTER_MIN ? this.word() : this.number();
  }

  private object(depth: number): boolean {
    this.at += 1;
    if (this.take(CLOSE_BRACE)) return true;
    let before: string | null = null;
    do {
      const start = this.at;
      if (!this.string()) return false;
      const name = this.name(start);
      if (before !== null && before >= name) return false;
      before = name;
      if (!this.take(COLON) || !this.value(depth)) return false;
    } while (this.take(COMMA));
    return this.take(CLOSE_BRACE);
  }

  private array(depth: number): boolean {
    this.at += 1;
    if (this.take(CLOSE_BRACKET)) return true;
    do {
      if (!this.value(depth)) return false;
    } while (this.take(COMMA));
    return this.take(CLOSE_BRACKET);
  }

  private take(code: number): boolean {
    if (this.text.charCodeAt(this.at) !== code) return false;
    this.at += 1;
    return true;
  }

  private string(): boolean {
    const { text } = this;
    if (!this.take(QUOTE)) return false;
    this.escaped = false;
    for (let at = this.at; ; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.at = at + 1;
        return true;
      }
      if (code === BACKSLASH) {
        ESCAPE.lastIndex = at;
        if (!ESCAPE.test(text)) return false;
        this.escaped = true;
        at = ESCAPE.lastIndex - 1;
      } else if (!(code > CONTROL_MAX)) {
        // A control character, or NaN: the end of the text.
        return false;
      }
    }
  }

  /**
   * The string that began at `start` and was just taken. Its escapes are valid, so that it parses to a
   * string.
   */
  private name(start: number): string {
    if (!this.escaped) return this.text.slice(start + 1, this.at - 1);
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private number(): boolean {
    NUMBER.lastIndex = this.at;
    const digits = NUMBER.exec(this.text)?.[0];
    if (digits === undefined) return false;
    this.at += digits.length;
    const value = Number(digits);
    const isBig = !Number.isSafeInteger(value) && Number.isFinite(value) && INTEGER.test(digits);
    return isBig || `${value}` === digits;
  }

  private word(): boolean {
    const word = WORDS.find((one) => this.text.startsWith(one, this.at));
    this.at += word?.length ?? 0;
    return word !== undefined;
  }
}
