import type { Sha256 } from '#server/ledger/hash.ts';
import { SALT_BYTES, SECTION_NAMES } from '#server/ledger/section.ts';
import type { Instant } from '#server/ports/condition.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { addressKey } from './address.ts';
import { numberKey } from './number-key.ts';
import { detached, type PathNode, type PathTree } from './path.ts';
import type { TermKind } from './term.ts';

/**
 * Takes one leaf: where it is, what kind of term it gives, and the text of that. The text is the string
 * itself for `s`, the key for `n` and `i`, the digest for `d`, the path's last name for `!`, and empty for
 * other kinds. It may be cut out of the section's text, which then lives as long.
 */
export type LeafVisitor = (path: PathNode, kind: TermKind, text: string) => void;

/**
 * Gives every leaf of a record's content to `visit`, in the order in which they lie there; `!` once for each
 * path.
 *
 * @returns when it happened; when it was recorded, where the content does not tell any more
 */
export function readLeaves(
  sha256: Sha256,
  record: ContentRecord,
  paths: PathTree,
  visit: LeafVisitor,
): Instant {
  paths.records += 1;
  const reader = new LeafReader(sha256, paths, visit);
  for (const name of SECTION_NAMES) {
    const bytes = record.sections.get(name);
    if (bytes !== undefined) reader.section(paths.root.member(name), bytes);
  }
  return reader.occurred ?? { ms: record.recordedAt, nanos: 0 };
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const LETTER_F = 102;
const LETTER_N = 110;
const LETTER_T = 116;

/** Arrays whose JSON is no longer have their digests remembered, up to DIGESTS_MAX of them. */
const REMEMBERED_LENGTH_MAX = 128;
const DIGESTS_MAX = 4_096;

/**
 * Reads the canonical JSON of sections and visits leaves on the way, without making objects of it first. As
 * it is canonical there is no white space, and a string without a backslash means what it says.
 */
class LeafReader {
  occurred: Instant | null = null;
  private readonly sha256: Sha256;
  private readonly paths: PathTree;
  private readonly visit: LeafVisitor;
  private bytes: Uint8Array = new Uint8Array(0);
  private text = '';
  private at = 0;
  /** Where the next backslash is, at or behind `at`; infinite where there is none. */
  private backslash = 0;

  constructor(sha256: Sha256, paths: PathTree, visit: LeafVisitor) {
    this.sha256 = sha256;
    this.paths = paths;
    this.visit = visit;
  }

  section(path: PathNode, bytes: Uint8Array): void {
    this.bytes = bytes;
    this.text = decode(bytes);
    this.at = path.opening.length + 1;
    this.backslash = -1;
    this.findBackslash();
    if (!this.text.startsWith(path.opening, 1)) return;
    try {
      this.value(path);
    } catch (error) {
      // These are not the bytes that were recorded, as verification tells. What could be read of them counts.
      if (!(error instanceof UnreadableSection)) throw error;
    }
  }

  private value(path: PathNode): void {
    switch (this.text.charCodeAt(this.at)) {
      case QUOTE:
        this.stringLeaf(path);
        return;
      case OPEN_BRACE:
        this.object(path);
        return;
      case OPEN_BRACKET:
        this.array(path);
        return;
      case LETTER_T:
        this.word('true', path, 't');
        return;
      case LETTER_F:
        this.word('false', path, 'f');
        return;
      case LETTER_N:
        this.word('null', path, 'z');
        return;
      default:
        this.number(path);
    }
  }

  private object(path: PathNode): void {
    this.at += 1;
    if (this.text.charCodeAt(this.at) === CLOSE_BRACE) {
      this.at += 1;
      this.leaf(path, 'o', '');
      return;
    }
    let before: PathNode | null = null;
    do {
      const expected: PathNode | null = before === null ? path.firstMember : before.nextMember;
      const member = this.member(path, expected);
      if (member !== expected) {
        if (before === null) path.firstMember = member;
        else before.nextMember = member;
      }
      this.value(member);
      before = member;
    } while (this.goesOn(CLOSE_BRACE));
  }

  /** Takes a member's name with its colon. */
  private member(path: PathNode, expected: PathNode | null): PathNode {
    if (expected !== null && this.text.startsWith(expected.opening, this.at)) {
      this.at += expected.opening.length;
      if (this.backslash < this.at) this.findBackslash();
      return expected;
    }
    if (this.text.charCodeAt(this.at) !== QUOTE) throw new UnreadableSection();
    const member = path.member(this.string());
    if (this.text.charCodeAt(this.at) !== COLON) throw new UnreadableSection();
    this.at += 1;
    return member;
  }

  private array(path: PathNode): void {
    const start = this.at;
    this.at += 1;
    if (this.text.charCodeAt(this.at) === CLOSE_BRACKET) {
      this.at += 1;
      this.leaf(path, 'a', '');
    } else {
      const elements = path.elements();
      do this.value(elements);
      while (this.goesOn(CLOSE_BRACKET));
    }
    this.leaf(path, 'd', this.digest(start, this.at));
  }

  /** Takes the comma before another member or element, or the bracket behind the last one. */
  private goesOn(bracket: number): boolean {
    const code = this.text.charCodeAt(this.at);
    if (code !== COMMA && code !== bracket) throw new UnreadableSection();
    this.at += 1;
    return code === COMMA;
  }

  private stringLeaf(path: PathNode): void {
    const text = this.string();
    if (path.holds === 'TIME') {
      if (path.name === 'occurredAt') this.occurred = readInstant(text);
      return;
    }
    this.leaf(path, 's', text);
    if (path.holds !== 'ADDRESS') return;
    const key = addressKey(text);
    if (key !== null) this.visit(path, 'i', key);
  }

  private string(): string {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    if (end === -1) throw new UnreadableSection();
    if (this.backslash > end) {
      this.at = end + 1;
      return this.text.slice(start + 1, end);
    }
    end = start + 1;
    for (let code = this.text.charCodeAt(end); code !== QUOTE; code = this.text.charCodeAt(end)) {
      if (Number.isNaN(code)) throw new UnreadableSection();
      end += code === BACKSLASH ? 2 : 1;
    }
    this.at = end + 1;
    this.findBackslash();
    return parseString(this.text.slice(start, end + 1));
  }

  private findBackslash(): void {
    const found = this.text.indexOf('\\', this.at);
    this.backslash = found === -1 ? Number.POSITIVE_INFINITY : found;
  }

  private number(path: PathNode): void {
    const start = this.at;
    let end = start;
    for (let code = this.text.charCodeAt(end); endsNoNumber(code); code = this.text.charCodeAt(end)) end += 1;
    const key = numberKey(this.text.slice(start, end));
    if (key === null) throw new UnreadableSection();
    this.at = end;
    this.leaf(path, 'n', key);
  }

  private word(word: string, path: PathNode, kind: TermKind): void {
    if (!this.text.startsWith(word, this.at)) throw new UnreadableSection();
    this.at += word.length;
    if (kind === 'z') this.visit(path, kind, '');
    else this.leaf(path, kind, '');
  }

  private leaf(path: PathNode, kind: TermKind, text: string): void {
    if (path.lastPresent !== this.paths.records) {
      path.lastPresent = this.paths.records;
      this.visit(path, '!', path.name);
    }
    this.visit(path, kind, text);
  }

  /** SHA-256 of the canonical JSON that lies between two places. */
  private digest(start: number, end: number): string {
    if (end - start > REMEMBERED_LENGTH_MAX) return this.newDigest(start, end);
    const json = this.text.slice(start, end);
    const known = this.paths.digests.get(json);
    if (known !== undefined) return known;
    const digest = this.newDigest(start, end);
    if (this.paths.digests.size < DIGESTS_MAX) this.paths.digests.set(detached(json), digest);
    return digest;
  }

  private newDigest(start: number, end: number): string {
    const isAscii = this.text.length === this.bytes.length - SALT_BYTES;
    return this.sha256(
      isAscii
        ? this.bytes.subarray(SALT_BYTES + start, SALT_BYTES + end)
        : Buffer.from(this.text.slice(start, end)),
    );
  }
}

/** The bytes are not what the ledger writes for a section. */
class UnreadableSection extends Error {}

/** `false` at the end of the text too. */
function endsNoNumber(code: number): boolean {
  return code >= 0 && code !== COMMA && code !== CLOSE_BRACE && code !== CLOSE_BRACKET;
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', SALT_BYTES);
}

function parseString(json: string): string {
  try {
    // A JSON string literal parses to a string.
    return JSON.parse(json) as string;
  } catch {
    throw new UnreadableSection();
  }
}

const UTC_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z$/;
const DAY_MS = 86_400_000;
const LEAP_SECOND = 60;

/**
 * The point in time of a text as the ledger writes times: in UTC with 3 to 9 fractional digits. `null` for
 * any other text.
 */
export function readInstant(text: string): Instant | null {
  if (!UTC_TIME.test(text)) return null;
  const time = digits(text, 11, 13) * 3_600_000 + digits(text, 14, 16) * 60_000;
  const start = days(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)) * DAY_MS + time;
  const second = digits(text, 17, 19);
  if (second === LEAP_SECOND) return { ms: start + 59_999, nanos: 999_999 };
  const fraction = text.length - 1 - 23;
  const nanos = fraction === 0 ? 0 : digits(text, 23, 23 + fraction) * 10 ** (6 - fraction);
  return { ms: start + second * 1000 + digits(text, 20, 23), nanos };
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + text.charCodeAt(at) - 48;
  return value;
}

/**
 * Days since the epoch of a date of the Gregorian calendar; years begin in March here, so that they end with
 * the leap day.
 */
function days(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leapDays + dayOfYear - 719_468;
}
