import { JSON_DEPTH_MAX } from './json.ts';

/** Where the members of an object lie in its bytes. */
export interface MemberList {
  /** Start of the name's quote, end of the value (exclusive), start of the value: three numbers a member. */
  readonly places: number[];
}

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const LOWER_U = 117;
const ASCII_MAX = 0x7f;
const CONTROL_MAX = 31;
const LETTER_MIN = 97;
/** Letters behind a backslash that stand for themselves or for a control character with a short form. */
const SHORT_ESCAPES = new Set(Array.from('"\\bfnrt', (letter) => letter.charCodeAt(0)));
/** Control characters that have a short form, and so no long one. */
const SHORT_CONTROLS = new Set([8, 9, 10, 12, 13]);
/** As many significant digits always survive a double; their shortest form is the one that was written. */
const EXACT_DIGITS_MAX = 15;
const LONG_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const INTEGER = /^-?\d+$/;
const WORDS = ['true', 'false', 'null'].map((word) => Array.from(word, (letter) => letter.charCodeAt(0)));

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads canonical JSON where it lies, as UTF-8, without making it a text: what `isCanonicalJson` tells of the
 * text this tells of its bytes, in half the time. Made once and used for one value after another.
 */
export class CanonicalBytes {
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private end = 0;
  /** The string that was taken last has an escape, or more than ASCII. */
  private isPlain = true;
  private isAscii = true;

  /**
   * Whether the bytes from `start` up to `end` are one canonical JSON value. Where that is an object its
   * members are added to `members`. Never throws.
   */
  isCanonical(bytes: Uint8Array, start: number, end: number, members: MemberList | null = null): boolean {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.isAscii = true;
    const isWhole = this.value(0, members) && this.at === end;
    return isWhole && (this.isAscii || isUtf8(bytes.subarray(start, end)));
  }

  private code(): number {
    return this.at < this.end ? (this.bytes[this.at] ?? 0) : 0;
  }

  private value(depth: number, members: MemberList | null): boolean {
    const code = this.code();
    if (code === QUOTE) return this.string();
    if (code === OPEN_BRACE) return depth < JSON_DEPTH_MAX && this.object(depth + 1, members);
    if (code === OPEN_BRACKET) return depth < JSON_DEPTH_MAX && this.array(depth + 1);
    return code >= LETTER_MIN ? this.word() : this.number();
  }

  private object(depth: number, members: MemberList | null): boolean {
    this.at += 1;
    if (this.take(CLOSE_BRACE)) return true;
    let before = -1;
    let beforeEnd = -1;
    let wasPlain = true;
    do {
      const start = this.at;
      if (!this.string()) return false;
      const end = this.at;
      const isPlain = this.isPlain;
      if (before >= 0 && !this.follows(before, beforeEnd, start, end, wasPlain && isPlain)) return false;
      [before, beforeEnd, wasPlain] = [start, end, isPlain];
      if (!this.take(COLON)) return false;
      const value = this.at;
      if (!this.value(depth, null)) return false;
      if (members !== null) members.places.push(start, this.at, value);
    } while (this.take(COMMA));
    return this.take(CLOSE_BRACE);
  }

  /** Whether the second name comes after the first in the order of their UTF-16 code units. */
  private follows(from: number, fromEnd: number, to: number, toEnd: number, arePlain: boolean): boolean {
    const { bytes } = this;
    if (!arePlain) return this.name(from, fromEnd) < this.name(to, toEnd);
    // Without their quotes. ASCII sorts alike as bytes and as code units.
    const length = Math.min(fromEnd - from, toEnd - to) - 2;
    for (let i = 1; i <= length; i++) {
      const less = (bytes[from + i] ?? 0) - (bytes[to + i] ?? 0);
      if (less !== 0) return less < 0;
    }
    return fromEnd - from < toEnd - to;
  }

  private name(start: number, end: number): string {
    // Valid escapes by now. What is not UTF-8 is refused at the end, whatever its order is.
    return JSON.parse(lenient.decode(this.bytes.subarray(start, end))) as string;
  }

  private array(depth: number): boolean {
    this.at += 1;
    if (this.take(CLOSE_BRACKET)) return true;
    do {
      if (!this.value(depth, null)) return false;
    } while (this.take(COMMA));
    return this.take(CLOSE_BRACKET);
  }

  private take(code: number): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== code) return false;
    this.at += 1;
    return true;
  }

  private string(): boolean {
    const { bytes, end } = this;
    if (!this.take(QUOTE)) return false;
    let isPlain = true;
    for (let at = this.at; at < end; at++) {
      const code = bytes[at] ?? 0;
      if (code === QUOTE) {
        this.at = at + 1;
        this.isPlain = isPlain;
        return true;
      }
      if (code === BACKSLASH) {
        const length = this.escapeLength(at);
        if (length === 0) return false;
        isPlain = false;
        at += length - 1;
      } else if (code > ASCII_MAX) {
        isPlain = false;
        this.isAscii = false;
      } else if (code <= CONTROL_MAX) {
        return false;
      }
    }
    return false;
  }

  /** How long the escape is that begins at `at`; 0 where it is not a canonical one. */
  private escapeLength(at: number): number {
    const { bytes, end } = this;
    const letter = at + 1 < end ? (bytes[at + 1] ?? 0) : 0;
    if (SHORT_ESCAPES.has(letter)) return 2;
    if (letter !== LOWER_U || at + 6 > end) return 0;
    if (bytes[at + 2] !== ZERO || bytes[at + 3] !== ZERO) return 0;
    const high = (bytes[at + 4] ?? 0) - ZERO;
    const low = hexDigit(bytes[at + 5] ?? 0);
    if ((high !== 0 && high !== 1) || low < 0 || SHORT_CONTROLS.has(high * 16 + low)) return 0;
    return 6;
  }

  private number(): boolean {
    const { bytes, end } = this;
    const start = this.at;
    let at = start;
    if (bytes[at] === MINUS) at += 1;
    const first = at;
    while (at < end && isDigit(bytes[at] ?? 0)) at += 1;
    const digits = at - first;
    const isZero = digits === 1 && bytes[first] === ZERO;
    const next = at < end ? (bytes[at] ?? 0) : 0;
    if (next !== POINT && next !== 69 && next !== 101) {
      // Minus zero is written 0.
      if (digits === 0 || digits > EXACT_DIGITS_MAX) return this.longNumber(start);
      if (bytes[first] === ZERO && (digits > 1 || first > start)) return false;
      this.at = at;
      return true;
    }
    if (next !== POINT || digits === 0 || isZero || bytes[first] === ZERO) return this.longNumber(start);
    const fraction = at + 1;
    at = fraction;
    while (at < end && isDigit(bytes[at] ?? 0)) at += 1;
    const isShort = at > fraction && digits + at - fraction <= EXACT_DIGITS_MAX;
    const after = at < end ? (bytes[at] ?? 0) : 0;
    if (!isShort || after === 69 || after === 101) return this.longNumber(start);
    this.at = at;
    return bytes[at - 1] !== ZERO;
  }

  /** Any number, by making it one. */
  private longNumber(start: number): boolean {
    const { bytes, end } = this;
    let digits = '';
    let at = start;
    for (; at < end; at++) {
      const code = bytes[at] ?? 0;
      if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET) break;
      digits += String.fromCharCode(code);
    }
    if (!LONG_NUMBER.test(digits)) return false;
    this.at = at;
    const value = Number(digits);
    const isBig = !Number.isSafeInteger(value) && Number.isFinite(value) && INTEGER.test(digits);
    return isBig || `${value}` === digits;
  }

  private word(): boolean {
    const { bytes, at, end } = this;
    for (const word of WORDS) {
      if (word[0] !== bytes[at]) continue;
      if (at + word.length > end) return false;
      for (let i = 1; i < word.length; i++) if (word[i] !== bytes[at + i]) return false;
      this.at = at + word.length;
      return true;
    }
    return false;
  }
}

const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    // Not UTF-8, so not JSON.
    return false;
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** Value of a lower-case hex digit; -1 for anything else. */
function hexDigit(code: number): number {
  if (isDigit(code)) return code - ZERO;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}
