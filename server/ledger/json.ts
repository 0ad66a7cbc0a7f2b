/**
 * JSON without loss: integers beyond ±(2^53−1) are bigints, everything else is what `JSON.parse` gives. A
 * value that cannot be kept exactly stands as a `RefusedValue` in its place, so that it spoils only the event
 * it belongs to.
 */
export type JsonValue = null | boolean | number | bigint | string | RefusedValue | JsonValue[] | JsonObject;
export interface JsonObject {
  [name: string]: JsonValue;
}

/** Stands where a value was sent that cannot be kept exactly. */
export class RefusedValue {
  /** Why, as a sentence for the sender. */
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** The text is not JSON, or is nested too deep to be read. */
export class JsonSyntaxError extends Error {
  /** Where in the text, in UTF-16 code units. */
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(`${problem} at offset ${offset}`);
    this.name = 'JsonSyntaxError';
    this.offset = offset;
  }
}

/** Arrays and objects within one another that are still read. */
export const JSON_DEPTH_MAX = 1_000;

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
/** Forbidden inside strings. */
const CONTROL = /[\u0000-\u001f]/;
const WORDS: readonly (readonly [string, JsonValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const NAME_SHOWN_MAX = 64;

/**
 * Reads JSON text without losing anything. Lone surrogates stay in the strings (`canonicalJson` refuses
 * them). Throws `JsonSyntaxError`.
 *
 * Most texts hold nothing that `JSON.parse` would lose, and it is twice as fast as anything written in
 * JavaScript. So it reads first, and where a look at the outcome cannot rule out a loss, the exact parser
 * reads again.
 */
export function parseJson(text: string): JsonValue {
  if (text.length > UNCHECKED_LENGTH_MAX && nestsDeep(text)) return parseExactly(text);
  let value: JsonValue;
  try {
    // JSON.parse gives nothing outside JsonValue.
    value = JSON.parse(text) as JsonValue;
  } catch {
    return parseExactly(text);
  }
  return memberCount(value, 0) === memberSeparators(text) ? value : parseExactly(text);
}

/** Shorter texts cannot nest deep enough to cost `JSON.parse` more than a millisecond or so. */
const UNCHECKED_LENGTH_MAX = 16_384;

/** Whether brackets lie deeper than the limit: `JSON.parse` takes seconds for megabytes of them. */
function nestsDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) inString = !inString;
    else if (inString) continue;
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) depth += 1;
    else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth -= 1;
    if (depth > JSON_DEPTH_MAX) return true;
  }
  return false;
}

/**
 * Members in all objects of the value, or NaN where a number may have lost digits or the nesting is too deep.
 */
function memberCount(value: JsonValue, depth: number): number {
  if (typeof value === 'number')
    return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? 0 : NaN;
  if (typeof value !== 'object' || value === null) return 0;
  if (depth === JSON_DEPTH_MAX) return NaN;
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) {
      if (typeof element !== 'string') count += memberCount(element, depth + 1);
    }
    return count;
  }
  const members = value as JsonObject;
  for (const name in members) {
    const member = members[name];
    count += typeof member === 'string' || member === undefined ? 1 : 1 + memberCount(member, depth + 1);
  }
  return count;
}

/**
 * How many colons follow a quote: never fewer than the text has members. So a name given twice, which leaves
 * a member fewer in the value, never goes unseen; a string that begins with a colon only costs a second
 * reading.
 */
function memberSeparators(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    let before = at - 1;
    let code = text.charCodeAt(before);
    while (code === SPACE || code === NEWLINE || code === TAB || code === RETURN)
      code = text.charCodeAt(--before);
    if (code === QUOTE) count += 1;
  }
  return count;
}

/**
 * Reads JSON text exactly (RFC 8259), one character after another: the authority on what a text means.
 * `parseJson` is the quick way to the same value. Throws `JsonSyntaxError`.
 */
export function parseExactly(text: string): JsonValue {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class Parser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The value that begins here; `depth` arrays and objects are open around it. */
  value(depth: number): JsonValue {
    switch (this.next()) {
      case OPEN_BRACE:
        return this.object(depth + 1);
      case OPEN_BRACKET:
        return this.array(depth + 1);
      case QUOTE:
        return this.string();
      default:
        return this.scalar();
    }
  }

  end(): void {
    if (!Number.isNaN(this.next())) throw this.unexpected();
  }

  private object(depth: number): JsonValue {
    this.open(depth);
    const members: JsonObject = {};
    if (this.next() === CLOSE_BRACE) {
      this.at += 1;
      return members;
    }
    for (;;) {
      if (this.next() !== QUOTE) throw this.unexpected();
      const name = this.string();
      if (this.next() !== COLON) throw this.unexpected();
      this.at += 1;
      setMember(members, name, this.value(depth));
      if (this.closes(CLOSE_BRACE)) return members;
    }
  }

  private array(depth: number): JsonValue {
    this.open(depth);
    const elements: JsonValue[] = [];
    if (this.next() === CLOSE_BRACKET) {
      this.at += 1;
      return elements;
    }
    for (;;) {
      elements.push(this.value(depth));
      if (this.closes(CLOSE_BRACKET)) return elements;
    }
  }

  private open(depth: number): void {
    if (depth > JSON_DEPTH_MAX) throw new JsonSyntaxError(`Nested deeper than ${JSON_DEPTH_MAX}`, this.at);
    this.at += 1;
  }

  /** Takes the comma or the closing bracket that must follow an element. */
  private closes(bracket: number): boolean {
    const code = this.next();
    if (code !== COMMA && code !== bracket) throw this.unexpected();
    this.at += 1;
    return code === bracket;
  }

  private string(): string {
    const { text } = this;
    const start = this.at;
    const close = text.indexOf('"', start + 1);
    if (close === -1) throw new JsonSyntaxError('The string is not closed', start);
    const content = text.slice(start + 1, close);
    if (content.includes('\\')) return this.escapedString(start);
    const control = content.search(CONTROL);
    if (control !== -1) throw new JsonSyntaxError('Unescaped control character', start + 1 + control);
    this.at = close + 1;
    return content;
  }

  private escapedString(start: number): string {
    const { text } = this;
    let end = start + 1;
    for (let code = text.charCodeAt(end); code !== QUOTE; code = text.charCodeAt(end)) {
      if (Number.isNaN(code)) throw new JsonSyntaxError('The string is not closed', start);
      end += code === BACKSLASH ? 2 : 1;
    }
    this.at = end + 1;
    try {
      // A JSON string literal parses to a string.
      return JSON.parse(text.slice(start, end + 1)) as string;
    } catch {
      throw new JsonSyntaxError('The string is not valid', start);
    }
  }

  private scalar(): JsonValue {
    for (const [word, value] of WORDS) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    return this.number();
  }

  private number(): JsonValue {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    if (match === null) throw this.unexpected();
    const [digits, fraction, exponent] = match;
    this.at += digits.length;
    const value = Number(digits);
    if (!Number.isFinite(value)) return new RefusedValue('the number is too large for a double');
    const isInteger = fraction === undefined && exponent === undefined;
    return isInteger && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  }

  /** The code unit at the next place that is not white space; NaN at the end. */
  private next(): number {
    let code = this.text.charCodeAt(this.at);
    while (code === SPACE || code === NEWLINE || code === RETURN || code === TAB) {
      this.at += 1;
      code = this.text.charCodeAt(this.at);
    }
    return code;
  }

  private unexpected(): JsonSyntaxError {
    const found = this.text.codePointAt(this.at);
    if (found === undefined) return new JsonSyntaxError('The text ends too early', this.at);
    return new JsonSyntaxError(`Unexpected ${JSON.stringify(String.fromCodePoint(found))}`, this.at);
  }
}

function setMember(members: JsonObject, name: string, value: JsonValue): void {
  if (Object.hasOwn(members, name)) {
    const shown = JSON.stringify(name.slice(0, NAME_SHOWN_MAX));
    define(members, name, new RefusedValue(`the member ${shown} is given twice`));
  } else if (name === '__proto__') {
    define(members, name, value);
  } else {
    members[name] = value;
  }
}

/** As JSON.parse does it: an assignment to `__proto__` would set the prototype instead. */
function define(members: JsonObject, name: string, value: JsonValue): void {
  Object.defineProperty(members, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/**
 * The value as `JSON.stringify` can take it, every digit kept: bigints become raw JSON. Whatever has no
 * bigint in it is given back as it is. Throws an `Error` on a refused value, which must never come this far.
 */
export function toOutputJson(value: JsonValue): unknown {
  if (typeof value === 'bigint') return rawJson(value.toString());
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof RefusedValue) throw new Error(`A refused value cannot be given out: ${value.reason}`);
  if (Array.isArray(value)) {
    const elements = value.map(toOutputJson);
    return elements.every((element, i) => element === value[i]) ? value : elements;
  }
  const members = Object.entries(value).map(([name, member]) => [name, toOutputJson(member)] as const);
  return members.every(([name, member]) => member === value[name]) ? value : Object.fromEntries(members);
}

/** JSON text of the value with every digit of its bigints. Throws as `toOutputJson` does. */
export function stringifyJson(value: JsonValue): string {
  return JSON.stringify(toOutputJson(value));
}

/** In every engine we run on (V8 11.4 and later), but not yet in TypeScript's library. */
function rawJson(digits: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(digits);
}
