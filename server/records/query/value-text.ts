import type { Place, Report } from './query-problem.ts';

/** A text of a query as it is meant: quotes and escapes are undone. */
export interface ValueText extends Place {
  readonly text: string;
  readonly isQuoted: boolean;
  /** What stands between the stars that mean any characters; where there is none, the text alone. */
  readonly parts: readonly string[];
  /** As it was written. */
  readonly raw: string;
}

/** Reads text that is not in quotes. */
export function readUnquoted(raw: string, from: number, report: Report): ValueText {
  const parts: string[] = [];
  let part = '';
  let text = '';
  for (let at = 0; at < raw.length; at++) {
    let character = raw.charAt(at);
    if (character === '*') {
      parts.push(part);
      part = '';
    } else {
      if (character === '\\') {
        at += 1;
        character = escapedAt(raw, at, from, report);
      }
      part += character;
    }
    text += character;
  }
  parts.push(part);
  return { from, to: from + raw.length, text, isQuoted: false, parts: withoutRepeatedStars(parts), raw };
}

/** Reads text in quotes, also where the closing one is missing, which is reported. */
export function readQuoted(raw: string, from: number, report: Report): ValueText {
  let text = '';
  let at = 1;
  for (; at < raw.length && raw.charAt(at) !== '"'; at++) {
    if (raw.charAt(at) === '\\') at += 1;
    text += raw.charAt(at);
  }
  const place = { from, to: from + raw.length };
  if (at >= raw.length)
    report({ from, to: from + 1 }, 'The quotation mark is not closed: expected another ".');
  return { ...place, text, isQuoted: true, parts: [text], raw };
}

function escapedAt(raw: string, at: number, from: number, report: Report): string {
  if (at < raw.length) return raw.charAt(at);
  const place = { from: from + at - 1, to: from + at };
  report(place, 'Nothing stands behind \\: expected the character that it takes as it is, such as \\*.');
  return '';
}

/** Several stars side by side mean what one does. */
function withoutRepeatedStars(parts: readonly string[]): readonly string[] {
  const last = parts.length - 1;
  return parts.filter((part, at) => part !== '' || at === 0 || at === last);
}

/** Whether it is a star alone: anything. */
export function isAnything({ isQuoted, parts }: ValueText): boolean {
  return !isQuoted && parts.length === 2 && parts.every((part) => part === '');
}

/** An end of a range. */
export interface RangeEnd {
  readonly text: ValueText;
  readonly inclusive: boolean;
}

/** Ends of a range that are there; `null`: it is open. */
export interface ValueRange extends Place {
  readonly low: RangeEnd | null;
  readonly high: RangeEnd | null;
}

/** Exactly two dots, not escaped. */
const RANGE = /^((?:[^\\]|\\.)*?)(?<!\.)\.\.(?!\.)(.*)$/s;

/** Reads text such as `1..5` as a range, both ends inclusive; `null` where it is none. */
export function splitRange({ raw, from, to, isQuoted }: ValueText, report: Report): ValueRange | null {
  const [, low, high] = isQuoted ? [] : (RANGE.exec(raw) ?? []);
  if (low === undefined || high === undefined) return null;
  const readEnd = (text: string, at: number): RangeEnd | null =>
    text === '' ? null : rangeEnd(readUnquoted(text, at, report), true);
  return { from, to, low: readEnd(low, from), high: readEnd(high, to - high.length) };
}

/** A star alone is an open end. */
export function rangeEnd(text: ValueText, inclusive: boolean): RangeEnd | null {
  return isAnything(text) ? null : { text, inclusive };
}
